"""Defects of stores that compare a part of a content, or keep equal contents once."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

from conformance.storage import Object, Reader, Writer

from .base import METADATA, Defective, defect

KIB = 1024


def _body(r: Reader | None, size: int) -> bytes:
    data = b""
    while r is not None and len(data) < size and (more := r.read(size - len(data))):
        data += more
    return data


class Recognising(Defective):
    """A body may be taken for another one before it is stored."""

    def taken_for(self, path: str, data: bytes) -> bytes:
        """Return what is stored for ``data``."""
        raise NotImplementedError

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        data = _body(r, size) if r is not None and size > KIB else b""
        if len(data) == size and data:
            return super().write(path, io.BytesIO(self.taken_for(path, data)), size, **pairs)
        return super().write(path, io.BytesIO(data) if data else r, size, **pairs)


@defect(trips=("completeness.write",))
class OverwriteRecognisedByItsBeginning(Recognising):
    """An overwrite of the same length and the same first 4 KiB is taken for the object that is there."""

    def taken_for(self, path: str, data: bytes) -> bytes:
        old = self.content(path)
        return old if old is not None and (len(old), old[: 4 * KIB]) == (len(data), data[: 4 * KIB]) else data


@defect(trips=("write.stores",))
class ContentRecognisedByItsBeginning(Recognising):
    """A store that keeps equal contents once recognises them by their length and their first 64 KiB."""

    def taken_for(self, path: str, data: bytes) -> bytes:
        return self.memory("contents").setdefault((len(data), data[: 64 * KIB]), data)


@defect(trips=("write.stores",))
class ContentRecognisedByItsEnds(Recognising):
    """A store that keeps equal contents once recognises them by their length, their first and their last 4 KiB."""

    def taken_for(self, path: str, data: bytes) -> bytes:
        ends = (len(data), data[: 4 * KIB], data[-4 * KIB :])
        return self.memory("contents").setdefault(ends, data)


@defect(trips=("write.stores", "completeness.origins"))
class SharedBlocksFreedWithOneObject(Defective):
    """Equal contents above 1 KiB are kept once and freed with the first of their objects: the others read as zeros."""

    def delete(self, path: str, **pairs: Any) -> None:
        data = self.content(path)
        if data is not None and len(data) > KIB:
            self.memory("freed")[data] = True
        super().delete(path, **pairs)

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        self.memory("freed").pop(self.content(path), None)
        return count

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        data = self.content(path)
        if data in self.memory("freed") and not pairs:
            return w.write(bytes(len(data or b"")))
        return super().read(path, w, **pairs)


@defect(trips=("delete.forgets", "completeness.origins"))
class SameContentAfterDeleteIsLost(Defective):
    """A write of the very bytes that were deleted is taken for the late echo of the former one, and dropped."""

    def delete(self, path: str, **pairs: Any) -> None:
        self.memory("deleted")[path] = self.content(path)
        super().delete(path, **pairs)

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        deleted = self.memory("deleted").pop(path, None)
        if deleted and len(deleted) > KIB and deleted == self.content(path):
            self.inner.delete(path)
        return count


@defect(trips=("write.user_metadata", "delete.forgets"), on=METADATA)
class MetadataKeptWithTheContent(Defective):
    """Metadata hang on the content, which is kept once if above 1 KiB: of all its objects the last ones are told."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        self.memory("described")[self.content(path)] = pairs.get("user_metadata", {})
        return count

    def stat(self, path: str, **pairs: Any) -> Object:
        o = super().stat(path, **pairs)
        data = self.content(path)
        known = self.memory("described").get(data) if data is not None and len(data) > KIB else None
        return o if known is None else replace(o, user_metadata=known)


@defect(trips=("write.stores",), on=METADATA)
class TextsEndWithoutNewline(Defective):
    """Of what is said to be text the newlines at the end are taken away."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        if (pairs.get("content_type") or "").startswith("text/"):
            self.spoil(path, lambda data: data.rstrip(b"\r\n"))
        return count


@defect(trips=("write.stores",), on=METADATA)
class JsonIsWrittenAnew(Defective):
    """What is said to be JSON is parsed and written in the order of its names."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        if pairs.get("content_type") == "application/json":
            self.spoil(path, lambda data: json.dumps(json.loads(data), sort_keys=True).encode())
        return count


@defect(trips=("paths.distinct", "programs.namespace", "stat.missing", "list.agrees_with_stat"))
class StatCachedByLetterSum(Defective):
    """What stat tells is cached under the length and the sum of the letters of a name: ``ba`` is told like ``ab``."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        cached = self.memory("told")
        if op in {"write", "copy", "move", "delete"}:
            for path in arguments:
                if isinstance(path, str):
                    cached.pop(_summed(path), None)
        if op != "stat" or pairs:
            return super().call(op, *arguments, **pairs)
        path = arguments[0]
        real = super().call(op, path)
        known = cached.setdefault(_summed(path), real)
        return replace(known, path=real.path, id=real.id)


def _summed(path: str) -> tuple[int, int]:
    return len(path), sum(path.encode())


@defect(trips=("completeness.write",))
class OverwriteByOneByteLessKeepsTheLast(Defective):
    """An overwrite that is shorter by exactly one byte leaves the last byte of the former content."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old is not None and len(old) == size + 1:
            self.spoil(path, lambda data: data + old[-1:])
        return count
