"""Defects of objects under construction: appends, blocks and pages."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import (
    Block,
    ListMode,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    RestrictionDissatisfied,
    StorageError,
    Unexpected,
    Writer,
)

from .base import NATIVE, Defective, Tee, defect

UPSTREAM = "beyondstorage/go-storage: services/"
MEMORY = ("memory",)


# Append objects


@defect(trips=("append.offset",), on=NATIVE, needs=("write_append",), like=UPSTREAM + "memory, writeAppend")
class AppendOffsetStays(Defective):
    """append_offset is 0 for ever."""

    def stat(self, path: str, **pairs: Any) -> Object:
        o = super().stat(path, **pairs)
        return o if o.append_offset is None else replace(o, append_offset=0)


class Committing(Defective):
    """Knows which append objects are not committed, and which were."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        o = super().create_append(path, **pairs)
        self.memory("open")[path] = True
        return o

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        self.memory("open").pop(o.path, None)


@defect(trips=("append.before_commit",), on=NATIVE)
class UncommittedAppendUnreadable(Committing):
    """Append objects carry the mode read, but cannot be read before they are committed."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if path in self.memory("open"):
            raise ObjectNotExist("not committed")
        return super().read(path, w, **pairs)


@defect(trips=("append.before_commit",), on=NATIVE)
class LastByteOfAppendBuffered(Committing):
    """Before the commit the last byte appended cannot be read yet."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        data = self.content(path)
        if path not in self.memory("open") or not data:
            return super().read(path, w, **pairs)
        w.write(data[:-1])
        return len(data) - 1


class CommittedOnce(Defective):
    """Knows the append objects that were committed."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        self.memory("committed").pop(path, None)
        return super().create_append(path, **pairs)

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        self.memory("committed")[o.path] = self.memory("committed").get(o.path, 0) + 1


@defect(trips=("append.commit_again",), on=NATIVE)
class SecondCommitEmpties(CommittedOnce):
    """A second commit makes an empty object of what was not appended since."""

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        if self.memory("committed")[o.path] == 2:
            self.spoil(o.path, lambda _: b"")


@defect(trips=("append.commit_again",), on=NATIVE)
class SecondCommitDeletes(CommittedOnce):
    """A second commit is refused and costs the object."""

    def commit_append(self, o: Object) -> None:
        if ObjectMode.APPEND in o.mode and self.memory("committed").get(o.path):
            self.inner.delete(o.path)
            raise Unexpected("committed already")
        super().commit_append(o)


@defect(trips=("append.after_commit", "append.reopened"), on=NATIVE)
class AppendAfterCommitLost(CommittedOnce):
    """An append after the commit succeeds and is lost."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        if ObjectMode.APPEND in o.mode and self.memory("committed").get(o.path):
            return size
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.after_commit", "append.reopened"), on=NATIVE)
class AppendAfterCommitBeginsAnew(CommittedOnce):
    """An append after the commit replaces what was committed."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        if ObjectMode.APPEND in o.mode and self.memory("committed").get(o.path):
            self.create_append(o.path)
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.reopened",), on=NATIVE)
class OnlyOwnAppendObjectsTaken(Defective):
    """A client appends only to what it created itself: the position of the tail lives in its memory."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        self.__dict__.setdefault("own", set()).add(path)
        return super().create_append(path, **pairs)

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        if ObjectMode.APPEND in o.mode and o.path not in self.__dict__.get("own", ()):
            raise ObjectModeInvalid(expected=ObjectMode.APPEND, actual=ObjectMode.READ)
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.total_size_maximum",), on=MEMORY)
class TotalSizeNotEnforced(Defective):
    """What is above the published total size is dropped without a word."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write_append(o, r, size, **pairs)
        except RestrictionDissatisfied as error:
            if "total" not in str(error):
                raise
            return size


@defect(trips=("append.total_size_maximum",), on=MEMORY)
class TotalSizeReachedRefused(Defective):
    """The last append that fits into the total size is refused: the maximum is taken as one less."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        whole = self.metadata().restrictions.append_total_size_maximum or 0
        if ObjectMode.APPEND in o.mode and len(self.content(o.path) or b"") + size >= whole:
            raise RestrictionDissatisfied("total size")
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.number_maximum",), on=MEMORY, profile="deep")
class NumberOfAppendsNotEnforced(Defective):
    """Appends above the published number are dropped without a word."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write_append(o, r, size, **pairs)
        except RestrictionDissatisfied as error:
            if "number" not in str(error):
                raise
            return size


@defect(trips=("append.write",), on=NATIVE, like=UPSTREAM + "memory, writeAppend")
class AppendReadsOnce(Defective):
    """The reader of an append is asked once: short reads truncate."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        data = b"" if r is None or ObjectMode.APPEND not in o.mode else r.read(size)
        if not data:
            return super().write_append(o, r, size, **pairs)
        super().write_append(o, io.BytesIO(data), len(data), **pairs)
        return size


@defect(trips=("append.exact_size",), on=NATIVE, like=UPSTREAM + "memory, writeAppend")
class AppendReaderFailureIsEnd(Defective):
    """A reader of an append that raises is taken for one that ends: what it gave is appended."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write_append(o, tee, size, **pairs)
        except StorageError:
            if tee is None or not tee.failed:
                raise
            self.inner.write_append(o, io.BytesIO(tee.data), len(tee.data))
            return size


@defect(trips=("append.content_type",), on=MEMORY)
class AppendContentTypeDropped(Defective):
    """create_append takes a content type and does not keep it."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        pairs.pop("content_type", None)
        return super().create_append(path, **pairs)


@defect(trips=("append.content_md5",), on=MEMORY, like=UPSTREAM + "azblob, writeAppend")
class AppendMd5Ignored(Defective):
    """A wrong content_md5 of an append is accepted."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        pairs.pop("content_md5", None)
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.callback",), on=MEMORY)
class AppendCallbackMissing(Defective):
    """io_callback of an append is accepted and never called."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        pairs.pop("io_callback", None)
        return super().write_append(o, r, size, **pairs)


# Block and page objects


@defect(trips=("block.listed",), on=MEMORY)
class CombinedBlocksStayListed(Defective):
    """A block object that was combined is listed in mode block ever after."""

    def combine_block(self, o: Object, bids: Iterable[str], **pairs: Any) -> Object | None:
        told = super().combine_block(o, bids, **pairs)
        self.memory("combined")[o.path] = o
        return told

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        yield from super().list(path, **pairs)
        if pairs.get("list_mode") == ListMode.BLOCK:
            yield from (o for name, o in self.memory("combined").items() if name.startswith(path))


@defect(trips=("block.listed",), on=MEMORY)
class BlockListingIgnoresPrefix(Defective):
    """A listing in mode block shows all block objects, whatever the prefix."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return super().list("" if pairs.get("list_mode") == ListMode.BLOCK else path, **pairs)


@defect(trips=("block.listed",), on=MEMORY)
class BlockObjectsListedAsReadable(Defective):
    """Block objects are listed with mode read."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = super().list(path, **pairs)
        return (replace(o, mode=ObjectMode.READ) if ObjectMode.BLOCK in o.mode else o for o in found)


@defect(trips=("block.second_client",), on=MEMORY)
class BlocksOfThisClientOnly(Defective):
    """A client lists only the blocks that it wrote itself."""

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        count = super().write_block(o, r, size, bid)
        self.__dict__.setdefault("own", set()).add((o.path, bid))
        return count

    def list_block(self, o: Object) -> Iterator[Block]:
        own = self.__dict__.get("own", set())
        return (block for block in super().list_block(o) if (o.path, block.id) in own)


@defect(trips=("block.exact_size",), on=MEMORY)
class BlockTakesWholeReader(Defective):
    """write_block stores its reader to the end."""

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        count = super().write_block(o, tee := None if r is None else Tee(r), size, bid)
        if tee is not None and tee.read():
            self.inner.write_block(o, io.BytesIO(tee.data), len(tee.data), bid)
        return count


@defect(trips=("block.exact_size",), on=MEMORY)
class FailedBlockStored(Defective):
    """Of a block whose reader fails what came is stored."""

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write_block(o, tee, size, bid)
        except StorageError:
            if tee is not None and (tee.failed or tee.ended):
                self.inner.write_block(o, io.BytesIO(tee.data), len(tee.data), bid)
            raise


@defect(trips=("page.exact_size",), on=NATIVE)
class PageTakesWholeReader(Defective):
    """write_page writes its reader to the end."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        count = super().write_page(o, r, size, offset)
        if r is not None and (rest := r.read()):
            self.inner.write_page(o, io.BytesIO(rest), len(rest), offset + size)
        return count


@defect(trips=("page.exact_size",), on=NATIVE)
class FailedPageWritten(Defective):
    """Of a page whose reader fails what came is written."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write_page(o, tee, size, offset)
        except StorageError:
            if tee is not None and tee.data:
                self.inner.write_page(o, io.BytesIO(tee.data), len(tee.data), offset)
            raise


@defect(trips=("page.extends",), on=NATIVE)
class PageWriteCutAtTheEnd(Defective):
    """Of a write over the end only what lies before the end is stored."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        end = len(self.content(o.path) or b"") if ObjectMode.PAGE in o.mode else 0
        super().write_page(o, r, end - offset if 0 <= offset < end < offset + size else size, offset)
        return size
