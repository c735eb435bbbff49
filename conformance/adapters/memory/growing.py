"""The memory storage's objects that grow: appended to, written in pages, combined of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.conditions import Conditions
from conformance.adapters.memory.client import RESTRICTIONS, MemoryClient
from conformance.adapters.memory.tree import NO_HEADERS, File, Headers, Names
from conformance.adapters.streams import check_size, exactly, verified
from conformance.storage import (
    Block,
    IoCallback,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class MemoryGrowing(MemoryClient):
    """Appender, blocker and pager."""

    # appender

    def create_append(
        self,
        path: str,
        *,
        content_type: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Put an empty append object under ``path``, readable from the beginning (AOS-44).

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            PreconditionFailed: a condition does not hold, ``if_match`` also where there is no object.

        """
        mode = ObjectMode.READ | ObjectMode.APPEND
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        return self._put_and_describe(path, mode, Headers(content_type=content_type), conditions)

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the tail, whichever client appended last (AOS-44).

        Raises:
            ObjectNotExist: the object was deleted since.
            ObjectModeInvalid: it was replaced since by one that does not append.
            RestrictionDissatisfied: the size, the total size or the number of appends is above its maximum.

        """
        names = self._paths.key(o.path).names
        self._grown(names, ObjectMode.APPEND)
        check_size(size, RESTRICTIONS.append_size_maximum)
        data = b"".join(verified(exactly(r, size, io_callback), content_md5))
        with self._lock:
            file = self._grown(names, ObjectMode.APPEND)
            check_size(len(file.data) + size, RESTRICTIONS.append_total_size_maximum, "total size")
            check_size(file.appends + 1, RESTRICTIONS.append_number_maximum, "number of appends")
            self._put(names, file.data + data, file.mode, file.headers, appends=file.appends + 1)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing to an append object: every append is readable at once (AOS-44)."""
        self._grown(self._paths.key(o.path).names, ObjectMode.APPEND)

    # blocker

    def create_block(self, path: str) -> Object:
        """Begin a block object without any block; what is at ``path`` stays until it is combined (GSP-134)."""
        names = self._place(path)
        with self._lock:
            self._service.blocks[names] = {}
            return self._describe_block(path)

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        """Write the block ``bid``, in place of an earlier one of that name.

        Raises:
            ObjectNotExist: the block object was combined or deleted since.

        """
        self._blocks(o)
        check_size(size, RESTRICTIONS.write_size_maximum)
        data = b"".join(exactly(r, size))
        with self._lock:
            self._blocks(o)[bid] = data
        return size

    def combine_block(
        self,
        o: Object,
        bids: Iterable[str],
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Make the object of the blocks named, in that order and as often; the block object ends.

        Raises:
            ObjectNotExist: the block object was combined or deleted since.
            PreconditionFailed: a condition does not hold of the object at the path; nothing was changed.
            Unexpected: a block was never written; nothing was changed.

        """
        wanted = tuple(bids)
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        with self._lock:
            blocks = self._blocks(o)
            unknown = [bid for bid in wanted if bid not in blocks]
            if unknown:
                raise Unexpected(f"no such blocks: {unknown}")
            size = sum(len(blocks[bid]) for bid in wanted)
            check_size(size, RESTRICTIONS.write_size_maximum)
            names = self._paths.key(o.path).names
            file = self._put(names, b"".join(blocks[bid] for bid in wanted), conditions=conditions)
            del self._service.blocks[names]
            return self._describe(o.path, file)

    def list_block(self, o: Object) -> Iterator[Block]:
        """Iterate over the blocks, in the order of their first writing."""
        with self._lock:
            return iter([Block(bid, len(data)) for bid, data in self._blocks(o).items()])

    # pager

    def create_page(self, path: str, *, if_match: str | None = None, if_none_match: str | None = None) -> Object:
        """Put an empty page object under ``path`` (AOS-25).

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            PreconditionFailed: a condition does not hold, ``if_match`` also where there is no object.

        """
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        return self._put_and_describe(path, ObjectMode.READ | ObjectMode.PAGE, NO_HEADERS, conditions)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write at ``offset``; the object grows as needed, and what was never written reads as zeros."""
        names = self._paths.key(o.path).names
        self._grown(names, ObjectMode.PAGE)
        check_size(size, RESTRICTIONS.write_size_maximum)
        check_size(offset, None, "offset")
        check_size(offset + size, RESTRICTIONS.write_size_maximum, "size with offset")
        data = b"".join(exactly(r, size))
        with self._lock:
            file = self._grown(names, ObjectMode.PAGE)
            if data:
                before = file.data[:offset].ljust(offset, b"\0")
                self._put(names, before + data + file.data[offset + size :], file.mode, file.headers)
        return size

    def _grown(self, names: Names, mode: ObjectMode) -> File:
        """Return the append or page object under ``names``, which may have changed since its handle was made."""
        with self._lock:
            node = self._tree.find(names)
            if node is None:
                raise ObjectNotExist
            if not isinstance(node, File) or mode not in node.mode:
                raise ObjectModeInvalid(expected=mode, actual=self._tree.mode(node))
            return node

    def _blocks(self, o: Object) -> dict[str, bytes]:
        with self._lock:
            blocks = self._service.blocks.get(self._paths.key(o.path).names)
            if blocks is None:
                raise ObjectNotExist("no block object at this path")
            return blocks
