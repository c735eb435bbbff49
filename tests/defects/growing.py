"""Defects of objects that grow: append, block and page objects."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import Block, Object, ObjectMode, Reader, StorageError

from .base import Defective, Tee, defect

# Append objects


@defect(trips=("append.create",))
class AppendHandleTellsOffsetOne(Defective):
    """create_append returns an object that tells the offset 1."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        return replace(super().create_append(path, **pairs), append_offset=1)


@defect(trips=("append.write", "append.commit"))
class AppendReplaces(Defective):
    """Every append replaces what was appended before."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        count = super().write_append(o, tee, size, **pairs)
        if tee is not None and tee.data:
            self.inner.create_append(o.path)
            self.inner.write_append(o, io.BytesIO(tee.data), len(tee.data))
        return count


@defect(trips=("append.commit",))
class CommitReversesAppends(Defective):
    """commit_append puts the appends together in the wrong order."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        self.memory("appends").pop(path, None)
        return super().create_append(path, **pairs)

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        count = super().write_append(o, tee, size, **pairs)
        self.memory("appends").setdefault(o.path, []).append(b"" if tee is None else tee.data)
        return count

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        self.spoil(o.path, lambda _: b"".join(reversed(self.memory("appends").get(o.path, []))))


@defect(trips=("append.write",))
class AppendReturnsTotal(Defective):
    """write_append returns the length of the object."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        total = self.memory("total")
        total[o.path] = total.get(o.path, 0) + super().write_append(o, r, size, **pairs)
        return total[o.path]


@defect(trips=("append.empty",))
class EmptyAppendCannotBeCommitted(Defective):
    """An append object without any append disappears with its commit."""

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        if self.content(o.path) == b"":
            self.inner.delete(o.path)


@defect(trips=("append.exact_size",), like="beyondstorage/go-storage: services/dropbox, writeAppend")
class AppendTakesWholeReader(Defective):
    """write_append stores its reader to the end."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write_append(o, r, size, **pairs)
        if r is not None and (rest := r.read()):
            super().write_append(o, io.BytesIO(rest), len(rest))
        return count


@defect(trips=("append.exact_size",))
class AppendShortReaderAccepted(Defective):
    """write_append stores what a reader has that ends early, and succeeds."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write_append(o, tee, size, **pairs)
        except StorageError:
            if tee is None or not tee.ended:
                raise
            self.inner.write_append(o, io.BytesIO(tee.data), len(tee.data))
            return size


@defect(trips=("append.size_maximum", "metadata.append_size_enforced"), on=("memory",))
class AppendMaximumCheckedAfterReading(Defective):
    """An append above the published maximum is read before it is refused, and its beginning stored."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        maximum = self.metadata().restrictions.append_size_maximum
        if maximum is not None and (size > maximum or size < 0) and r is not None and ObjectMode.APPEND in o.mode:
            data = r.read(16)
            self.inner.write_append(o, io.BytesIO(data), len(data))
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.apart",))
class AppendsShareTail(Defective):
    """An append goes to the append object created last, whichever is named."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        o = super().create_append(path, **pairs)
        self.shared["latest"] = o
        return o

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        latest = self.shared.get("latest", o)
        known = ObjectMode.APPEND in o.mode and self.look(latest.path) is not None
        return super().write_append(latest if known else o, r, size, **pairs)


# Block objects


@defect(trips=("block.create",))
class BlockHandleWithoutMode(Defective):
    """create_block returns a handle of mode read, without block."""

    def create_block(self, path: str) -> Object:
        o = super().create_block(path)
        return replace(o, mode=ObjectMode.READ)


@defect(trips=("block.write",))
class BlockSizeZero(Defective):
    """Blocks are listed with size 0."""

    def list_block(self, o: Object) -> Iterator[Block]:
        return (block._replace(size=0) for block in super().list_block(o))


@defect(trips=("block.list",))
class LastBlockUnlisted(Defective):
    """The last block is not listed when there are several."""

    def list_block(self, o: Object) -> Iterator[Block]:
        found = list(super().list_block(o))
        return iter(found[:-1] if len(found) > 1 else found)


@defect(trips=("block.combine",))
class BlocksCombinedByName(Defective):
    """Blocks are put together in the order of their ids."""

    def combine_block(self, o: Object, bids: Iterable[str]) -> None:
        super().combine_block(o, sorted(bids))


@defect(trips=("block.replaces",))
class BlockWrittenOnceOnly(Defective):
    """A block written again keeps its first content."""

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        tee = None if r is None else Tee(r)
        count = super().write_block(o, tee, size, bid)
        first = self.memory("first").setdefault((o.path, bid), b"" if tee is None else tee.data)
        self.inner.write_block(o, io.BytesIO(first), len(first), bid)
        return count


@defect(trips=("block.only_named",))
class UnnamedBlocksIncluded(Defective):
    """Blocks that are not named are put behind those that are."""

    def combine_block(self, o: Object, bids: Iterable[str]) -> None:
        named = list(bids)
        if ObjectMode.BLOCK in o.mode:
            named += [block.id for block in self.inner.list_block(o) if block.id not in named]
        super().combine_block(o, named)


@defect(trips=("block.unknown_id",))
class UnknownBlocksSkipped(Defective):
    """Blocks that were never written are left out without a word."""

    def combine_block(self, o: Object, bids: Iterable[str]) -> None:
        named = list(bids)
        if ObjectMode.BLOCK in o.mode:
            known = {block.id for block in self.inner.list_block(o)}
            named = [bid for bid in named if bid in known]
        super().combine_block(o, named)


@defect(trips=("block.hidden",))
class BlocksVisibleAtOnce(Defective):
    """A block is the object as soon as it is written."""

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        tee = None if r is None else Tee(r)
        count = super().write_block(o, tee, size, bid)
        self.put(o.path, b"" if tee is None else tee.data)
        return count


# Page objects


@defect(trips=("page.create",))
class PageHandleWithoutMode(Defective):
    """create_page returns an object of mode read."""

    def create_page(self, path: str) -> Object:
        return replace(super().create_page(path), mode=ObjectMode.READ)


@defect(trips=("page.write",))
class PageOffsetIgnored(Defective):
    """write_page writes at the beginning, whatever the offset."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        return super().write_page(o, r, size, 0)


@defect(trips=("page.overlap",))
class PageWriteTruncates(Defective):
    """write_page cuts the object behind what it writes."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        count = super().write_page(o, r, size, offset)
        data = self.content(o.path) or b""
        if size and data[offset + size :]:
            self.inner.create_page(o.path)
            self.inner.write_page(o, io.BytesIO(data), offset + size, 0)
        return count


@defect(trips=("page.overlap",))
class FirstPageWriteWins(Defective):
    """Where writes overlap, the earlier stays."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        before = (self.content(o.path) or b"") if ObjectMode.PAGE in o.mode else b""
        count = super().write_page(o, r, size, offset)
        if kept := before[offset : offset + size]:
            self.inner.write_page(o, io.BytesIO(kept), len(kept), offset)
        return count


@defect(trips=("page.gap",))
class PageGapFilledWithOnes(Defective):
    """What was never written reads as ones."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        before = (self.content(o.path) or b"") if ObjectMode.PAGE in o.mode else b""
        count = super().write_page(o, r, size, offset)
        if size and offset > len(before):
            gap = b"\xff" * (offset - len(before))
            self.inner.write_page(o, io.BytesIO(gap), len(gap), len(before))
        return count
