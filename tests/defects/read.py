"""Defects of read: which bytes are delivered, and how many are said to be."""

from __future__ import annotations

import io
from typing import Any

from conformance.storage import ObjectMode, ObjectNotExist, StorageError, Unexpected, Writer

from .base import Defective, defect


class Delivering(Defective):
    """Another range than the one asked for, or other bytes, are delivered."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        """Return the optional arguments that are passed on, for an object of ``length`` bytes."""
        raise NotImplementedError

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        data = self.content(path)
        return super().read(path, w, **(pairs if data is None else self.ranged(pairs, len(data))))


@defect(trips=("read.range", "read.size"), like="apache/opendal#5807")
class RangeEndInclusive(Delivering):
    """A range delivers one byte more than asked for: its end is taken as included."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {**pairs, "size": pairs["size"] + 1} if pairs.get("size") else pairs


@defect(trips=("read.offset", "read.range"))
class OffsetFromOne(Delivering):
    """Offsets are counted from 1."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {**pairs, "offset": pairs["offset"] - 1} if pairs.get("offset", 0) > 0 else pairs


@defect(trips=("read.offset", "read.range"))
class OffsetIgnored(Delivering):
    """The offset is accepted and ignored."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {name: value for name, value in pairs.items() if name != "offset"}


@defect(trips=("read.size", "read.range"), like="beyondstorage/go-storage#959")
class SizeIgnored(Delivering):
    """The size is accepted and ignored."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {name: value for name, value in pairs.items() if name != "size"}


@defect(trips=("read.range",), like="stackshy/cloudemu#761")
class OffsetIgnoredWithSize(Delivering):
    """The offset is ignored when a size is given too."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {name: value for name, value in pairs.items() if name != "offset" or "size" not in pairs}


@defect(trips=("read.range",))
class SizeIsEnd(Delivering):
    """The size is taken as the position at which to end."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        if pairs.get("offset") and pairs.get("size"):
            return {**pairs, "size": max(pairs["size"] - pairs["offset"], 0)}
        return pairs


@defect(trips=("read.size_zero",), like="beyondstorage/go-storage: services/azblob, read")
class SizeZeroReadsAll(Delivering):
    """Size 0 delivers everything."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {name: value for name, value in pairs.items() if name != "size" or value != 0}


@defect(trips=("read.beyond_end",))
class OffsetBeyondEndReadsAll(Delivering):
    """An offset behind the end delivers the whole object."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {} if (pairs.get("offset") or 0) >= max(length, 1) else pairs


@defect(trips=("read.beyond_end",))
class OffsetBeyondEndReadsLastByte(Delivering):
    """An offset at the end delivers the last byte."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {"offset": length - 1} if length and (pairs.get("offset") or 0) >= length else pairs


@defect(trips=("read.beyond_end", "errors.taxonomy"), like="beyondstorage/go-storage: services/memory, read")
class OffsetBeyondEndCrashes(Delivering):
    """An offset behind the end lets an IndexError out."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        if (pairs.get("offset") or 0) > length:
            raise IndexError("slice bounds out of range")
        return pairs


@defect(trips=("read.size_beyond_end",), like="apache/arrow-rs#6749")
class SizeBeyondEndRaises(Delivering):
    """A size that reaches behind the end is an error."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        if (pairs.get("offset") or 0) + (pairs.get("size") or 0) > length:
            raise Unexpected("unexpected end of file")
        return pairs


@defect(trips=("read.size_beyond_end",), like="beyondstorage/go-storage: services/memory, read")
class SizeBeyondEndPadded(Defective):
    """A size that reaches behind the end is filled up with zeros from the slack of the buffer."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        count = super().read(path, w, **pairs)
        slack = min(max((pairs.get("size") or 0) - count, 0), 8)
        w.write(bytes(slack))
        return count + slack


@defect(trips=("read.negative",))
class NegativeOffsetFromEnd(Delivering):
    """A negative offset counts from the end."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        offset = pairs.get("offset") or 0
        return {**pairs, "offset": max(length + offset, 0)} if offset < 0 else pairs


@defect(trips=("read.negative",))
class NegativeSizeReadsAll(Delivering):
    """A negative size delivers everything."""

    def ranged(self, pairs: dict[str, Any], length: int) -> dict[str, Any]:
        return {name: value for name, value in pairs.items() if name != "size" or (value or 0) >= 0}


@defect(trips=("read.missing", "delete.removes"))
class MissingReadsEmpty(Defective):
    """Reading where there is no object delivers nothing and succeeds."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        try:
            return super().read(path, w, **pairs)
        except ObjectNotExist:
            return 0


@defect(trips=("read.missing",), like="beyondstorage/go-storage: services/minio, read")
class MissingReadsEmptyForSizeZero(Defective):
    """Reading size 0 where there is no object succeeds: it is opened lazily."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return 0 if pairs.get("size") == 0 else super().read(path, w, **pairs)


@defect(trips=("read.missing",))
class MissingRangeIsUnexpected(Defective):
    """Reading a range where there is no object is Unexpected."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        try:
            return super().read(path, w, **pairs)
        except ObjectNotExist:
            if pairs:
                raise Unexpected("range not satisfiable") from None
            raise


@defect(
    trips=("read.directory", "object_mode.honest_dir"),
    like="beyondstorage/go-storage: services/memory, read",
    needs=("create_dir",),
)
class DirectoryReadsEmpty(Defective):
    """Reading a directory delivers nothing and succeeds."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if self.look(path, object_mode=ObjectMode.DIR) is not None and self.content(path) is None:
            return 0
        return super().read(path, w, **pairs)


@defect(trips=("read.whole",))
class ReadReturnsLessThanDelivered(Defective):
    """read delivers everything and returns one less than there are."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return max(super().read(path, w, **pairs) - 1, 0)


@defect(trips=("read.range", "read.size", "read.offset"), like="apache/arrow-rs#5272")
class RangeReturnsLengthOfObject(Defective):
    """A range returns the length of the object as the number of bytes."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        count = super().read(path, w, **pairs)
        return len(self.content(path) or b"") if pairs.get("offset") or pairs.get("size") else count


@defect(trips=("read.whole",))
class LastByteUnread(Defective):
    """The last byte of objects above 4096 bytes is not delivered."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        data = self.content(path)
        if data is not None and len(data) > 4096 and not pairs:
            return super().read(path, w, size=len(data) - 1)
        return super().read(path, w, **pairs)


@defect(trips=("read.callback",))
class ReadCallbackMissing(Defective):
    """io_callback of read is accepted and never called."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return super().read(path, w, **{n: v for n, v in pairs.items() if n != "io_callback"})


@defect(trips=("read.callback",), like="beyondstorage/go-storage: services/hdfs, read")
class ReadCallbackMissingForRanges(Defective):
    """io_callback of read is not called when a size is given."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if pairs.get("size") is not None:
            pairs.pop("io_callback", None)
        return super().read(path, w, **pairs)


@defect(trips=("read.changes_nothing",))
class ReadConsumes(Defective):
    """An object can be read once; the second read delivers nothing."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        seen = self.memory("read")
        count = super().read(path, io.BytesIO() if path in seen else w, **pairs)
        first = path not in seen
        seen[path] = True
        return count if first else 0


@defect(trips=("read.changes_nothing",))
class RangeReadTouchesObject(Defective):
    """Reading a range rewrites the object without its metadata."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        count = super().read(path, w, **pairs)
        data = self.content(path)
        if data is not None and (pairs.get("offset") or pairs.get("size")):
            self.put(path, data)
        return count


@defect(trips=("read.whole",))
class UnreadableAfterFailedRead(Defective):
    """After a failed read of a range the next read of any object is refused."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if self.shared.pop("failed", False):
            raise Unexpected("the connection is broken")
        try:
            return super().read(path, w, **pairs)
        except StorageError:
            self.shared["failed"] = True
            raise
