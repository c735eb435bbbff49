"""Defects of what is longer or larger than a service takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.storage import Features, Reader, RestrictionDissatisfied, StorageMeta, Writer

from .base import NATIVE, Defective, defect


class Cutting(Defective):
    """Names are cut at ``limit`` bytes, wherever a path is taken."""

    limit = 255

    def cut(self, path: str) -> str:
        """Return the path with each of its names cut."""
        return "/".join(name.encode()[: self.limit].decode(errors="ignore") for name in path.split("/"))

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        first, *others = arguments or ("",)
        if isinstance(first, str):
            arguments = (self.cut(first), *others) if arguments else ()
        answer = super().call(op, *arguments, **pairs)
        return int(answer) if isinstance(answer, int) else answer


@defect(trips=("paths.too_long",))
class NamesCutAt255(Cutting):
    """A name of more than 255 bytes is cut, so that two that begin alike are one object."""


@defect(trips=("paths.too_long", "paths.long"))
class NamesCutAt250(Cutting):
    """A name is cut so that a suffix of five bytes still fits behind it."""

    limit = 250


@defect(trips=("paths.too_long",), on=NATIVE)
class LongNameIsRefusedLate(Cutting):
    """A name that is too long is refused when an object of its first bytes has been written."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if self.cut(path) == path:
            return super().write(path, r, size, **pairs)
        self.put(self.cut(path), b"")
        raise RestrictionDissatisfied("the name is too long")

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        return Defective.call(self, op, *arguments, **pairs)


class Large(Defective):
    """A storage that declares to take large objects, of no more than 20 MiB so that this takes no time."""

    def features(self) -> Features:
        return replace(super().features(), large_objects=True)

    def metadata(self) -> StorageMeta:
        known = super().metadata()
        return replace(known, restrictions=replace(known.restrictions, write_size_maximum=20 * 1024 * 1024))


@defect(trips=("large.streamed",), on=("memory",), profile="deep")
class LengthIn24Bits(Large):
    """An object is cut to the length that 24 bits count, as others are to that of 32."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        super().write(path, r, size, **pairs)
        self.spoil(path, lambda data: data[: size % (1 << 24)] if size >= 1 << 24 else data)
        return size


@defect(trips=("large.streamed",), on=("memory",), profile="deep")
class BlocksOfLargeObjectsSwapped(Large):
    """Two blocks of a large object change places: pieces are uploaded side by side and put down as they arrive."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        super().write(path, r, size, **pairs)
        block = 8 * 1024 * 1024
        self.spoil(path, lambda d: d[block : 2 * block] + d[:block] + d[2 * block :] if size > 2 * block else d)
        return size


@defect(trips=("large.streamed",), on=("memory",), profile="deep")
class LargeReadCountsBlocks(Large):
    """The number that a read of a large object returns counts its blocks."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        count = super().read(path, w, **pairs)
        return count if count < 1 << 24 else count >> 12
