"""Defects that show only when several operations come together: state that lingers, wears out or runs over."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import Object, ObjectNotExist, Part, Reader, Unexpected, Writer

from .base import NATIVE, Defective, Tee, defect
from .keys import Keyed

NAMESPACE = "programs.namespace"


@defect(trips=(NAMESPACE, "completeness.write", "write.stores"))
class ThirdWriteLost(Defective):
    """From the third write to a path on, writes are lost."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        times = self.memory("times")
        times[path] = times.get(path, 0) + 1
        if times[path] > 2 and old is not None:
            self.spoil(path, lambda _: old)
        return count


@defect(trips=(NAMESPACE, "copy.independent"))
class CopiedObjectCannotBeDeleted(Defective):
    """An object that was copied cannot be deleted any more: the copy holds on to it."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        self.memory("pinned")[src] = True

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs or path not in self.memory("pinned"):
            super().delete(path, **pairs)


@defect(trips=(NAMESPACE, "copy.content", "copy.independent"))
class CopyOfFirstContent(Defective):
    """copy copies the content that its source had when it was copied first."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        first = self.memory("first").setdefault(src, self.content(dst))
        if src != dst and first is not None:
            self.spoil(dst, lambda _: first)


@defect(trips=(NAMESPACE, "move.first_class"))
class MovingBackRestoresOldContent(Defective):
    """Moving an object back to where it came from restores what it held there."""

    def move(self, src: str, dst: str) -> None:
        before = self.content(src)
        super().move(src, dst)
        old = self.memory("held").get(dst)
        self.memory("held")[src] = before
        if old is not None and src != dst:
            self.spoil(dst, lambda _: old)


@defect(trips=(NAMESPACE, "delete.forgets"), on=NATIVE, needs=("create_dir",))
class NameOfDeletedDirectoryBlocked(Defective):
    """Where a directory was deleted no object can be written."""

    def create_dir(self, path: str) -> Object:
        self.memory("was")[path.rstrip("/")] = True
        return super().create_dir(path)

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if path in self.memory("was") and self.look(path) is None:
            raise Unexpected("the name is taken by a directory")
        return super().write(path, r, size, **pairs)


@defect(trips=("programs.many_keys", "list.complete", "paths.distinct"))
class EleventhObjectEvictsFirst(Defective):
    """More than ten objects are not kept: with the eleventh the first is gone."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        kept = self.memory("kept")
        kept[path] = True
        if len(kept) > 10:
            oldest = next(iter(kept))
            del kept[oldest]
            self.inner.delete(oldest)
        return count

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        self.memory("kept").pop(path, None)


@defect(trips=("programs.second_client", "paths.every_client", "list.current"))
class OwnWritesSurviveForeignDeletes(Defective):
    """A client goes on to read what it wrote itself, after another client has deleted it."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        count = super().write(path, tee, size, **pairs)
        self.__dict__.setdefault("own", {})[path] = b"" if tee is None else tee.data
        return count

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        self.__dict__.setdefault("own", {}).pop(path, None)

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        own: bytes | None = self.__dict__.setdefault("own", {}).get(path)
        if own is None or pairs or self.look(path) is not None:
            return super().read(path, w, **pairs)
        w.write(own)
        return len(own)


@defect(trips=("programs.uploads", "multipart.reupload_replaces"))
class ThirdUploadOfPartIgnored(Defective):
    """A part can be replaced once; what is uploaded for its index after that is ignored."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        key = (o.multipart_id, index)
        tee = None if r is None else Tee(r)
        result = super().write_multipart(o, tee, size, index, **pairs)
        taken = self.memory("taken").setdefault(key, [])
        taken.append(b"" if tee is None else tee.data)
        if len(taken) > 2:
            return size, self.inner.write_multipart(o, io.BytesIO(taken[1]), len(taken[1]), index)[1]
        return result


@defect(trips=("programs.uploads", "completeness.create_multipart", "multipart.list_fresh_empty"))
class PartsOfAbortedUploadReturn(Defective):
    """After an abort the next upload to the path begins with the parts of the aborted one."""

    def delete(self, path: str, **pairs: Any) -> None:
        if "multipart_id" in pairs and pairs["multipart_id"] in self.memory("parts"):
            self.memory("left")[path] = self.memory("parts").pop(pairs["multipart_id"])
        super().delete(path, **pairs)

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        for index, data in self.memory("left").pop(path, {}).items():
            self.inner.write_multipart(o, io.BytesIO(data), len(data), index)
        return o

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        tee = None if r is None else Tee(r)
        result = super().write_multipart(o, tee, size, index, **pairs)
        self.memory("parts").setdefault(o.multipart_id, {})[index] = b"" if tee is None else tee.data
        return result


@defect(trips=("multipart.complete_ordinary",))
class RangesEndAtPartBoundaries(Defective):
    """A range read from a completed object ends at the end of the part that it begins in."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = sorted(parts)
        super().complete_multipart(o, given)
        self.memory("bounds")[o.path] = [sum(part.size for part in given[: at + 1]) for at in range(len(given))]

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        self.memory("bounds").pop(path, None)
        return super().write(path, r, size, **pairs)

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        offset = pairs.get("offset") or 0
        after = [bound for bound in self.memory("bounds").get(path, []) if bound > offset]
        if pairs.get("size") and offset >= 0 and after:
            pairs["size"] = min(pairs["size"], after[0] - offset)
        return super().read(path, w, **pairs)


@defect(trips=("multipart.complete_ordinary", "programs.uploads"))
class CompletedObjectCannotBeDeleted(Defective):
    """A completed object cannot be deleted."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("completed")[o.path] = True

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs or path not in self.memory("completed"):
            super().delete(path, **pairs)


@defect(trips=("multipart.complete_ordinary", "programs.uploads"), needs=("copy",))
class CompletedObjectCannotBeCopied(Defective):
    """A completed object is not found by copy."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("completed")[o.path] = True

    def copy(self, src: str, dst: str) -> None:
        if src in self.memory("completed") and self.look(src) is not None:
            raise ObjectNotExist
        super().copy(src, dst)


@defect(trips=("features.loose_pairs",), on=("flat",))
class LoosePairsRefused(Defective):
    """Optional arguments that are not supported are refused, although they are declared to be ignored."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        unknown = set(pairs) - self.features().pairs.get(op, frozenset())
        if unknown:
            raise Unexpected(f"unsupported: {sorted(unknown)}")
        return super().call(op, *arguments, **pairs)


@defect(trips=("paths.backslash",), on=("flat",))
class BackslashKept(Keyed):
    """A backslash is taken as an ordinary character, although it is declared to separate."""

    def key(self, path: str) -> str:
        return path.replace("\\", "\uff3c")


@defect(trips=("paths.backslash",), on=("flat",))
class BackslashListedAsWritten(Defective):
    """What was written through a backslash is listed with it."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        self.memory("written")[path.replace("\\", "/")] = path
        return super().write(path, r, size, **pairs)

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (replace(o, path=self.memory("written").get(o.path, o.path)) for o in super().list(path, **pairs))


@defect(trips=("completeness.origins", NAMESPACE, "delete.removes"))
class FirstDeleteOfCopyIgnored(Defective):
    """What copy made is still there after it was deleted for the first time."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        self.memory("copies")[dst] = True

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs or not self.memory("copies").pop(path, False):
            super().delete(path, **pairs)


@defect(trips=("completeness.origins", NAMESPACE, "delete.only_one"))
class DeletingSourceDeletesCopy(Defective):
    """Deleting what was copied deletes the copy too: both share their bytes."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        self.memory("copies")[src] = dst

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        copy = self.memory("copies").pop(path, None)
        if copy is not None and not pairs and copy != path:
            super().delete(copy)


@defect(
    trips=(
        "programs.growing",
        "append.write",
        "append.apart",
        "completeness.create_append",
        "completeness.commit_append",
        "delete.forgets",
    )
)
class AppendObjectRemembersItsPredecessor(Defective):
    """A new append object begins with the bytes of the one that was committed at its path before."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        o = super().create_append(path, **pairs)
        self.memory("before")[path] = self.memory("committed").get(path)
        return o

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        before = self.memory("before").pop(o.path, None)
        if before and size:
            self.inner.write_append(o, io.BytesIO(before), len(before))
        return super().write_append(o, r, size, **pairs)

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        self.memory("committed")[o.path] = self.content(o.path)
