"""Defects of the headers that a caller gives a content."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from conformance.storage import Object, Reader, RestrictionDissatisfied, Writer

from .base import METADATA, Defective, defect
from .generated import ignores

HEADERS = ("cache_control", "content_encoding", "content_language")

for _pair in HEADERS:
    ignores(__name__, "write", _pair, trips=("headers.write",), on=METADATA)
    ignores(
        __name__,
        "create_multipart",
        _pair,
        trips=("headers.complete_multipart",),
        like="apache/opendal#5430",
        on=METADATA,
    )


class Describing(Defective):
    """What is told of objects is altered, in stat and in every answer."""

    def told(self, o: Object) -> Object:
        """Return what is said of an object."""
        raise NotImplementedError

    def stat(self, path: str, **pairs: Any) -> Object:
        return self.told(super().stat(path, **pairs))

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return int(super().read(path, w, **pairs))

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return int(super().write(path, r, size, **pairs))


@defect(trips=("headers.write",), on=METADATA)
class HeadersInLowerCase(Describing):
    """The languages of a content are told in lower case."""

    def told(self, o: Object) -> Object:
        return replace(o, content_language=o.content_language and o.content_language.lower())


@defect(trips=("headers.write",), on=METADATA)
class CacheControlWithoutBlanks(Describing):
    """cache_control is told without the blanks between its parts."""

    def told(self, o: Object) -> Object:
        return replace(o, cache_control=o.cache_control and o.cache_control.replace(" ", ""))


@defect(trips=("headers.write",), on=METADATA)
class EncodingIsUndone(Defective):
    """A read decodes what content_encoding says: the client's HTTP library does so by default."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        found, data = self.look(path), self.content(path)
        if found and data and found.content_encoding == "gzip" and data[:2] == b"\x1f\x8b":
            plain = gzip.decompress(data)
            w.write(plain)
            return len(plain)
        return super().read(path, w, **pairs)


@defect(trips=("headers.cleared", "headers.write"), like="apache/ozone#6273", on=METADATA)
class HeadersOutliveOverwrite(Defective):
    """The headers of an older object are kept where an overwrite gives none."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        before = self.look(path)
        kept = {name: getattr(before, name) for name in HEADERS if before is not None and getattr(before, name)}
        return int(super().write(path, r, size, **{**kept, **pairs}))


class Dropping(Defective):
    """The destination of a copy or a move is written anew."""

    def renewed(self, path: str, **headers: Any) -> None:
        """Write the object at ``path`` again with these headers."""
        found, data = self.look(path), self.content(path)
        if found is not None and data is not None:
            self.put(path, data, found, **{name: value for name, value in headers.items() if value})


@defect(trips=("headers.copy",), on=METADATA)
class CopyDropsHeaders(Dropping):
    """A copy has type, disposition and user metadata of its source, and no other header."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        super().copy(src, dst, **pairs)
        self.renewed(dst)
        return None


@defect(trips=("headers.copy",), on=METADATA)
class CopyKeepsHeadersOfDestination(Dropping):
    """A copy has the headers of the object that it replaces."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        before = self.look(dst)
        super().copy(src, dst, **pairs)
        if before is not None and src != dst:
            self.renewed(dst, **{name: getattr(before, name) for name in HEADERS})
        return None


@defect(trips=("headers.move",), on=("memory",))
class MoveDropsHeaders(Dropping):
    """An object that is moved keeps type, disposition and user metadata, and no other header."""

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        super().move(src, dst, **pairs)
        self.renewed(dst)
        return None


@defect(trips=("headers.copy_replaces",), on=METADATA)
class CopyMergesMetadata(Defective):
    """Metadata given to copy are added to those of the source."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        found = self.look(src)
        if found is not None and "user_metadata" in pairs:
            pairs["user_metadata"] = {**found.user_metadata, **pairs["user_metadata"]}
        super().copy(src, dst, **pairs)
        return None


@defect(trips=("headers.copy_replaces",), on=METADATA)
class CopyRedescribesSource(Dropping):
    """Metadata given to copy are given to the source too: both share them."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        made = super().copy(src, dst, **pairs)
        data = self.content(src)
        if data is not None and "user_metadata" in pairs and src != dst:
            self.inner.write(src, io.BytesIO(data), len(data), user_metadata=pairs["user_metadata"])
        return made


@defect(trips=("headers.copy_replaces",), on=METADATA)
class CopyOntoItselfKeepsMetadata(Defective):
    """Metadata given to a copy of an object onto itself are ignored: there is nothing to copy."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        return None if src == dst and self.look(src) is not None else super().copy(src, dst, **pairs)


ignores(__name__, "copy", "user_metadata", trips=("headers.copy_replaces",), on=METADATA)
ignores(__name__, "copy", "content_type", trips=("headers.copy_replaces",), on=METADATA)


def _type(alter: Callable[[str], str]) -> Callable[[Any, Object], Object]:
    def told(self: Describing, o: Object) -> Object:
        return replace(o, content_type=o.content_type and alter(o.content_type))

    return told


@defect(trips=("headers.content_type", "write.content_type"), on=METADATA)
class TypeWithoutParameters(Describing):
    """A content type is told without its parameters."""

    told = _type(lambda value: value.partition(";")[0])


@defect(trips=("headers.content_type", "write.content_type"), on=METADATA)
class TypeWithoutQuotes(Describing):
    """A content type is told without the quotes in its parameters."""

    told = _type(lambda value: value.replace('"', ""))


@defect(trips=("headers.content_type",), on=METADATA)
class TypeWithOneParameter(Describing):
    """A content type is told with its first parameter only."""

    told = _type(lambda value: ";".join(value.split(";")[:2]))


@defect(trips=("headers.content_type",), on=METADATA)
class EmptyObjectHasNoType(Describing):
    """The content type of an empty object is not told."""

    def told(self, o: Object) -> Object:
        return o if o.content_length else replace(o, content_type=None)


@defect(trips=("headers.content_type", "write.content_disposition"), on=METADATA)
class DispositionIsDecoded(Describing):
    """The file name in a disposition is told decoded."""

    def told(self, o: Object) -> Object:
        return replace(o, content_disposition=o.content_disposition and unquote(o.content_disposition))


@defect(trips=("headers.metadata_names",), on=("memory",))
class NamesOfOneCaseLoseValue(Describing):
    """Of two metadata whose names differ in case the value is lost."""

    def told(self, o: Object) -> Object:
        folded = [name.lower() for name in o.user_metadata]
        return replace(
            o,
            user_metadata={
                name: "" if folded.count(name.lower()) > 1 else value for name, value in o.user_metadata.items()
            },
        )


@defect(trips=("headers.metadata_names",), on=METADATA)
class NamesOfOneCaseAreRefusedLate(Defective):
    """Metadata whose names differ in case are refused when the object has been stored."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        names = [name.lower() for name in pairs.get("user_metadata", {})]
        told = super().write(path, r, size, **pairs)
        if len(set(names)) != len(names):
            raise RestrictionDissatisfied("two names differ only in case")
        return told
