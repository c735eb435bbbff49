"""Segments of the reference storage (Prop-18, Prop-21, Prop-24): by index or by offset, never both.

A segment is known by its path *and* its id. The ids of two paths are the same here on purpose, as Prop-18 warns that
they may be: whoever knows a segment by its id alone mixes them up.
"""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.adapters.memory.client import RESTRICTIONS, MemoryClient, Pieces
from conformance.adapters.streams import check_size, exactly
from conformance.storage import ObjectNotExist, PairRequired, Reader, RestrictionDissatisfied, Segment, Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Segments(MemoryClient):
    """What both kinds have in common."""

    @abstractmethod
    def _joined(self, pieces: Pieces) -> bytes:
        """Return the content that the pieces make."""

    def init_segment(self, path: str) -> Segment:
        """Begin a segment of its own; what is at ``path`` stays until it is completed.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.

        """
        with self._lock:
            names = self._place(path)
            seg = Segment(path, self._service.next_segment_id(names))
            self._service.segments[names, seg.id] = {}
            return seg

    def complete_segment(self, seg: Segment) -> None:
        """Make the object of the pieces, in place of what is at the path; the segment ends.

        Raises:
            ObjectNotExist: the segment was completed or aborted, or belongs to another path.
            ObjectModeInvalid: a directory was made at the path since.
            RestrictionDissatisfied: a piece by index that is not the last is below the minimum of parts.
            Unexpected: there are no pieces, or those by offset leave gaps or overlap; the segment stays open.

        """
        with self._lock:
            pieces = self._pieces(seg)
            if not pieces:
                raise Unexpected("the segment has no pieces")
            names = self._place(seg.path)
            self._put(names, self._joined(pieces))
            del self._service.segments[names, seg.id]

    def abort_segment(self, seg: Segment) -> None:
        """Give the segment up; one that is not open is no error (GSP-46)."""
        with self._lock, suppress(ObjectNotExist):
            self._pieces(seg)
            del self._service.segments[self._paths.key(seg.path).names, seg.id]

    def list_segments(self, path: str) -> Iterator[Segment]:
        """Iterate over the open segments whose path begins with ``path``, whoever began them (Prop-21)."""
        prefix = self._paths.prefix(path)
        with self._lock:
            found = [known for known in self._service.segments if self._paths.id(known[0]).startswith(prefix)]
            return iter([Segment(self._paths.path(names, path), identity) for names, identity in sorted(found)])

    def _store(self, seg: Segment, r: Reader | None, size: int, place: int) -> int:
        self._pieces(seg)
        data = b"".join(exactly(r, size))
        with self._lock:
            self._pieces(seg)[place] = data
        return size

    def _pieces(self, seg: Segment) -> Pieces:
        """Return what was uploaded to an open segment.

        Raises:
            ObjectNotExist: no such segment of this path is open.

        """
        key = self._paths.key(seg.path)
        with self._lock:
            pieces = None if key.directory else self._service.segments.get((key.names, seg.id))
            if pieces is None:
                raise ObjectNotExist(f"no segment {seg.id!r} of this path is open")
            return pieces


class IndexSegments(_Segments):
    """Pieces in the order of their index, each of any size: what became the parts of AOS-25, within their limits."""

    declared = replace(MemoryClient.declared, segments="index")

    def write_segment(self, seg: Segment, r: Reader | None, size: int, *, index: int | None = None) -> int:
        """Upload the piece ``index``, in place of an earlier one.

        Raises:
            ObjectNotExist: the segment is not open.
            RestrictionDissatisfied: no index is given, it is out of bounds, or the size is above that of parts.

        """
        if index is None:
            raise PairRequired(["index"])
        if not 0 <= index < (RESTRICTIONS.multipart_number_maximum or index + 1):
            raise RestrictionDissatisfied(f"index {index} is out of bounds")
        check_size(size, RESTRICTIONS.multipart_size_maximum)
        return self._store(seg, r, size, index)

    def _joined(self, pieces: Pieces) -> bytes:
        ordered = [pieces[index] for index in sorted(pieces)]
        minimum = RESTRICTIONS.multipart_size_minimum or 0
        if any(len(data) < minimum for data in ordered[:-1]):
            raise RestrictionDissatisfied(f"a piece is below {minimum} bytes and not the last")
        return b"".join(ordered)


class OffsetSegments(_Segments):
    """Pieces at their offsets, which must cover the object from its first byte to its last, each byte once."""

    declared = replace(MemoryClient.declared, segments="offset")

    def write_segment(self, seg: Segment, r: Reader | None, size: int, *, offset: int | None = None) -> int:
        """Upload the piece that begins at ``offset``, in place of an earlier one that began there.

        Raises:
            ObjectNotExist: the segment is not open.
            RestrictionDissatisfied: no offset is given, or the object would be larger than the maximum.
            Unexpected: a negative offset, or a piece of no bytes.

        """
        if offset is None:
            raise PairRequired(["offset"])
        check_size(offset, None, "offset")
        check_size(size, None)
        check_size(offset + size, RESTRICTIONS.write_size_maximum, "offset with size")
        if not size:
            raise Unexpected("a piece has at least one byte")
        return self._store(seg, r, size, offset)

    def _joined(self, pieces: Pieces) -> bytes:
        end = 0
        for offset in sorted(pieces):
            if offset != end:
                raise Unexpected(
                    f"the pieces {'overlap' if offset < end else 'leave a gap'} between {offset} and {end}"
                )
            end += len(pieces[offset])
        return b"".join(pieces[offset] for offset in sorted(pieces))
