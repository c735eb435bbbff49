"""Segments by index for any storage with multipart uploads: an index segment is what a part object became (AOS-25).

Nothing is kept between calls (Prop-24): the segment is the upload of the same path and id, its pieces are the parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.storage import ListMode, Object, ObjectMode, PairRequired, Reader, Segment, Storage, Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator


class PartSegments(Storage):
    """To be mixed in before a storage that creates, writes, lists, completes and aborts multipart uploads.

    The storage has to declare ``segments="index"``, the limits of its parts hold.
    """

    def init_segment(self, path: str) -> Segment:
        """Begin an upload."""
        return Segment(path, self.create_multipart(path).multipart_id or "")

    def write_segment(self, seg: Segment, r: Reader | None, size: int, *, index: int | None = None) -> int:
        """Upload the part ``index``.

        Raises:
            PairRequired: no index is given.

        """
        if index is None:
            raise PairRequired(["index"])
        return self.write_multipart(_upload(seg), r, size, index)[0]

    def complete_segment(self, seg: Segment) -> None:
        """Make the object of all parts that the upload lists.

        Raises:
            Unexpected: there are none.

        """
        parts = sorted(self.list_multipart(_upload(seg)))
        if not parts:
            raise Unexpected("the segment has no pieces")
        self.complete_multipart(_upload(seg), parts)

    def abort_segment(self, seg: Segment) -> None:
        """Abort the upload; one that is not open is no error (GSP-46)."""
        self.delete(seg.path, multipart_id=seg.id)

    def list_segments(self, path: str) -> Iterator[Segment]:
        """Iterate over the open uploads of a prefix."""
        return (Segment(o.path, o.multipart_id or "") for o in self.list(path, list_mode=ListMode.PART))


def _upload(seg: Segment) -> Object:
    return Object(path=seg.path, mode=ObjectMode.PART, multipart_id=seg.id)
