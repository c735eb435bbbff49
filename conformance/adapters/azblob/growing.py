"""Append, block and page blobs: objects that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.azblob.answers import block_id, conditions
from conformance.adapters.azblob.base import APPEND_MAXIMUM, AzBlobBase, needs
from conformance.adapters.azblob.client import MIB, attempt, sdk
from conformance.adapters.streams import check_size, exactly
from conformance.storage import (
    Block,
    IoCallback,
    Object,
    ObjectMode,
    ObjectNotExist,
    Reader,
    RestrictionDissatisfied,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK_MAXIMUM = 4000 * MIB
PAGES_MAXIMUM = 4 * MIB
PAGE = 512


class AzBlobGrowing(AzBlobBase):
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
        """Put an empty append blob in place of whatever is there; it can be read at once (AOS-44).

        Raises:
            PreconditionFailed: a condition does not hold.

        """
        answer = attempt(
            self._blob(path).create_append_blob,
            content_settings=sdk().ContentSettings(content_type=content_type),
            headers=conditions(if_match=if_match, if_none_match=if_none_match),
        )
        return self._answered(path, ObjectMode.READ | ObjectMode.APPEND, answer, append_offset=0)

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the tail (Append Block).

        Raises:
            ObjectNotExist: there is no object.
            ObjectModeInvalid: it is no append blob.
            RestrictionDissatisfied: ``size`` is above 100 MiB, or ``r`` is missing.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, APPEND_MAXIMUM)
        data = b"".join(exactly(r, size, io_callback))
        if not data:
            self.stat(o.path, object_mode=ObjectMode.APPEND)  # Azure takes no empty block
            return 0
        headers = {} if content_md5 is None else {"Content-MD5": content_md5}
        with needs(ObjectMode.APPEND):
            attempt(self._blob(o.path).append_block, data, length=size, headers=headers)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing: every append can be read at once (AOS-44)."""

    # blocker

    def create_block(self, path: str) -> Object:
        """Return the handle of a block object, which begins with its first block."""
        return self._object(path, ObjectMode.BLOCK)

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        """Write the block ``bid`` (Put Block), in place of an uncommitted one of that name.

        Raises:
            ObjectModeInvalid: there is an object of another kind.
            RestrictionDissatisfied: ``size`` is above 4000 MiB, ``bid`` is no block id, or ``r`` is missing.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, BLOCK_MAXIMUM)
        named, data = block_id(bid), b"".join(exactly(r, size))
        with needs(ObjectMode.BLOCK):
            attempt(self._blob(o.path).stage_block, named, data, length=size)
        return size

    def combine_block(
        self,
        o: Object,
        bids: Iterable[str],
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Make the object of the uncommitted blocks named, in that order; all others are discarded (Put Block List).

        Raises:
            ObjectModeInvalid: there is an object of another kind.
            PreconditionFailed: a condition does not hold.
            Unexpected: a block was never written.

        """
        chosen = [sdk().BlobBlock(block_id(bid), state=sdk().BlockState.UNCOMMITTED) for bid in bids]
        with needs(ObjectMode.BLOCK):
            answer = attempt(
                self._blob(o.path).commit_block_list,
                chosen,
                headers=conditions(if_match=if_match, if_none_match=if_none_match),
            )
        return self._answered(o.path, ObjectMode.READ, answer)

    def list_block(self, o: Object) -> Iterator[Block]:
        """Iterate over the uncommitted blocks (Get Block List); there are none where nothing was written yet.

        Raises:
            ObjectModeInvalid: there is an object of another kind.

        """
        try:
            return iter(self._blocks(o.path))
        except ObjectNotExist:
            return iter(())

    # pager

    def create_page(self, path: str, *, if_match: str | None = None, if_none_match: str | None = None) -> Object:
        """Put a page blob of no pages in place of whatever is there (AOS-25).

        Raises:
            PreconditionFailed: a condition does not hold.

        """
        headers = conditions(if_match=if_match, if_none_match=if_none_match)
        answer = attempt(self._blob(path).create_page_blob, 0, headers=headers)
        return self._answered(path, ObjectMode.READ | ObjectMode.PAGE, answer)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write whole pages at ``offset`` (Put Page), after making the blob as long as they need (Resize).

        Raises:
            ObjectNotExist: there is no object.
            ObjectModeInvalid: it is no page blob.
            PreconditionFailed: somebody else changed the blob while it was made longer.
            RestrictionDissatisfied: ``size`` or ``offset`` is no multiple of 512, ``size`` is above 4 MiB, or ``r`` is
                missing.
            Unexpected: ``size`` or ``offset`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, PAGES_MAXIMUM)
        check_size(offset, None, "offset")
        if size % PAGE or offset % PAGE:
            raise RestrictionDissatisfied(f"size {size} and offset {offset} have to be multiples of {PAGE}")
        blob, data = self._blob(o.path), b"".join(exactly(r, size))
        before = self.stat(o.path, object_mode=ObjectMode.PAGE)
        if not data:
            return 0
        if offset + size > (before.content_length or 0):
            attempt(blob.resize_blob, offset + size, headers=conditions(if_match=before.etag))
        with needs(ObjectMode.PAGE):
            attempt(blob.upload_page, data, offset=offset, length=size)
        return size
