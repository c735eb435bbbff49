"""Defects of segments: by index in memory, by offset in memory opened for that."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from conformance.storage import Object, ObjectMode, ObjectNotExist, Reader, Segment, StorageError, Unexpected, Writer

from .base import Defective, Tee, defect

OFFSET = ("memory-offset",)
BOTH = ("memory", *OFFSET)
INDEX = ("memory",)
SEGMENT = ("init_segment", "write_segment", "complete_segment")


class Keeping(Defective):
    """Keeps the bytes of every piece by segment and place, in the order of their arrival."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        count = super().write_segment(seg, tee, size, **pairs)
        self.arrived(seg, next(iter(pairs.values()), 0), b"" if tee is None else tee.data)
        return count

    def arrived(self, seg: Segment, place: int, data: bytes) -> None:
        """Keep a piece that was accepted."""
        kept = self.pieces(seg)
        kept.pop(place, None)
        kept[place] = data

    def pieces(self, seg: Segment) -> dict[int, bytes]:
        """Return the pieces of a segment by place, in the order of their arrival."""
        return self.memory("pieces").setdefault(tuple(seg), {})


class Assembling(Keeping):
    """Makes the object of its pieces in another way."""

    def assembled(self, pieces: dict[int, bytes]) -> bytes:
        """Return the content of the object."""
        raise NotImplementedError

    def complete_segment(self, seg: Segment) -> None:
        super().complete_segment(seg)
        self.spoil(seg.path, lambda _: self.assembled(self.pieces(seg)))


class Making(Keeping):
    """Makes an object of pieces that cannot be completed."""

    def made(self, pieces: dict[int, bytes]) -> bytes:
        """Return the content of the object."""
        raise NotImplementedError

    def complete_segment(self, seg: Segment) -> None:
        try:
            super().complete_segment(seg)
        except StorageError:
            pieces = dict(sorted(self.pieces(seg).items()))
            if not pieces or seg not in list(self.inner.list_segments(seg.path)):
                raise
            self.inner.abort_segment(seg)
            self.put(seg.path, self.made(pieces))


# The handle


@defect(trips=("segments.handle",), on=BOTH)
class SegmentOfAnotherPath(Defective):
    """init_segment returns a handle whose path is in upper case."""

    def init_segment(self, path: str) -> Segment:
        return super().init_segment(path.upper())


@defect(trips=("segments.handle", "segments.apart"), on=BOTH)
class SegmentIdOfThePath(Defective):
    """A second segment of a path is the first one again."""

    def init_segment(self, path: str) -> Segment:
        begun = [seg for seg in self.inner.list_segments(path) if seg.path == path]
        return begun[0] if begun else super().init_segment(path)


class _Changing(Segment):
    """A handle with fields that can be set."""

    @property
    def path(self) -> str:  # type: ignore[override]
        return self.__dict__.get("path", self[0])

    @path.setter
    def path(self, path: str) -> None:
        self.__dict__["path"] = path


@defect(trips=("segments.handle_fixed",), on=BOTH)
class HandleCanBeChanged(Defective):
    """Whoever assigns another path to a handle makes it another segment's."""

    def init_segment(self, path: str) -> Segment:
        return _Changing(*super().init_segment(path))


# Pieces


@defect(trips=("segments.write",), on=BOTH)
class WriteSegmentReturnsNothing(Defective):
    """write_segment returns 0."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        super().write_segment(seg, r, size, **pairs)
        return 0


@defect(trips=("segments.write",), on=BOTH, needs=("complete_segment",))
class LargePieceCut(Assembling):
    """Of a piece above 64 KiB the rest is lost."""

    def assembled(self, pieces: dict[int, bytes]) -> bytes:
        return b"".join(pieces[place][: 64 * 1024] for place in sorted(pieces))


@defect(trips=("segments.index_order",), on=INDEX)
class PiecesInUploadOrder(Assembling):
    """Pieces are put together in the order of their upload."""

    def assembled(self, pieces: dict[int, bytes]) -> bytes:
        return b"".join(pieces.values())


@defect(trips=("segments.index_order",), on=INDEX)
class PiecesOfOneSize(Assembling):
    """Every piece is taken to be as long as the one of index 0."""

    def assembled(self, pieces: dict[int, bytes]) -> bytes:
        size = len(pieces[min(pieces)])
        return b"".join(pieces[index][:size].ljust(size, b"\0") for index in sorted(pieces))


@defect(trips=("segments.index_order",), on=INDEX, profile="deep")
class PiecesInOrderOfDigits(Assembling):
    """Pieces are sorted by the digits of their index: 10 comes before 2."""

    def assembled(self, pieces: dict[int, bytes]) -> bytes:
        return b"".join(pieces[index] for index in sorted(pieces, key=str))


@defect(trips=("segments.index_replaces", "segments.offset_replaces"), on=BOTH)
class FirstPieceStays(Keeping):
    """A piece uploaded again is dropped; the first one counts."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        if r is not None and next(iter(pairs.values()), None) in self.pieces(seg):
            return len(r.read(size))
        return super().write_segment(seg, r, size, **pairs)


@defect(trips=("segments.index_replaces", "segments.offset_replaces"), on=BOTH)
class PieceUploadedAgainAdded(Keeping):
    """A piece uploaded again is put behind the others, and the first one stays too."""

    def arrived(self, seg: Segment, place: int, data: bytes) -> None:
        self.memory("twice").setdefault(tuple(seg), []).append(data if place in self.pieces(seg) else b"")
        super().arrived(seg, place, data)

    def complete_segment(self, seg: Segment) -> None:
        super().complete_segment(seg)
        self.spoil(seg.path, lambda data: data + b"".join(self.memory("twice").get(tuple(seg), [])))


@defect(trips=("segments.index_range",), on=INDEX)
class IndexOutOfRangeDropped(Defective):
    """A piece of an index out of range is dropped without a word."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        if pairs.get("index", 0) < 0 or pairs.get("index", 0) >= 10_000:
            return size
        return super().write_segment(seg, r, size, **pairs)


@defect(trips=("segments.index_range",), on=INDEX)
class IndexCheckedAfterReading(Defective):
    """The reader is read before the index is looked at."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        data = b"" if r is None else r.read(size)
        return super().write_segment(seg, r if len(data) < size else io.BytesIO(data), size, **pairs)


@defect(trips=("segments.offset_order",), on=OFFSET)
class OffsetsIgnored(Assembling):
    """Pieces are put one behind the other as they came."""

    def assembled(self, pieces: dict[int, bytes]) -> bytes:
        return b"".join(pieces.values())


@defect(trips=("segments.offset_gap",), on=OFFSET)
class GapFilledWithZeros(Making):
    """What was never uploaded is filled up with zeros."""

    def made(self, pieces: dict[int, bytes]) -> bytes:
        data = b""
        for offset, piece in pieces.items():
            data = data.ljust(offset, b"\0") + piece
        return data


@defect(trips=("segments.offset_gap",), on=OFFSET)
class PiecesMovedTogether(Making):
    """Pieces that leave a gap are joined as if there were none."""

    def made(self, pieces: dict[int, bytes]) -> bytes:
        return b"".join(pieces.values())


@defect(trips=("segments.offset_gap", "segments.empty"), on=OFFSET)
class RefusedCompletionEndsSegment(Defective):
    """A completion that is refused costs the segment."""

    def complete_segment(self, seg: Segment) -> None:
        try:
            super().complete_segment(seg)
        except StorageError:
            self.inner.abort_segment(seg)
            raise


@defect(trips=("segments.offset_overlap",), on=OFFSET)
class LaterPieceCoversOverlap(Making):
    """Where pieces overlap, the later offset wins, and nobody is told."""

    def made(self, pieces: dict[int, bytes]) -> bytes:
        data = b""
        for offset, piece in pieces.items():
            data = data[:offset].ljust(offset, b"\0") + piece
        return data


@defect(trips=("segments.offset_overlap",), on=OFFSET)
class OverlapOfOneByteAllowed(Making):
    """An overlap of one byte is taken for none."""

    def complete_segment(self, seg: Segment) -> None:
        ends = [offset + len(data) for offset, data in sorted(self.pieces(seg).items())]
        starts = sorted(self.pieces(seg))
        if any(end == start + 1 for end, start in zip(ends, starts[1:], strict=False)):
            super().complete_segment(seg)
        else:
            self.inner.complete_segment(seg)

    def made(self, pieces: dict[int, bytes]) -> bytes:
        return b"".join(pieces.values())


@defect(trips=("segments.offset_size_zero",), on=OFFSET)
class EmptyPieceAccepted(Defective):
    """A piece of no bytes is accepted and dropped."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write_segment(seg, r, size, **pairs) if size else 0


@defect(trips=("segments.offset_size_zero",), on=OFFSET)
class NegativeOffsetIsTheBeginning(Defective):
    """A negative offset is taken for 0."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write_segment(seg, r, size, **{name: max(0, value) for name, value in pairs.items()})


@defect(trips=("segments.kind",), on=BOTH)
class OtherOptionIgnored(Defective):
    """An option of the other kind is ignored."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        own = self.features().segments
        known = {name: value for name, value in pairs.items() if name == own}
        return super().write_segment(seg, r, size, **(known or {own: 0} if pairs else {}))


@defect(trips=("segments.kind",), on=BOTH)
class MissingPlaceIsTheFirst(Defective):
    """A piece without index or offset replaces the first one."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write_segment(seg, r, size, **(pairs or {self.features().segments: 0}))


@defect(trips=("segments.exact_size",), on=BOTH)
class PieceTakesWholeReader(Assembling):
    """write_segment stores its reader to the end."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write_segment(seg, r, size, **pairs)
        if r is not None and (rest := r.read()):
            place = next(iter(pairs.values()))
            self.pieces(seg)[place] += rest
        return count

    def assembled(self, pieces: dict[int, bytes]) -> bytes:
        return b"".join(pieces[place] for place in sorted(pieces))


@defect(trips=("segments.exact_size",), on=BOTH)
class ShortPieceAccepted(Keeping):
    """write_segment stores what a reader gave until it ended or failed, and succeeds."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write_segment(seg, tee, size, **pairs)
        except StorageError:
            if tee is None or not (tee.ended or tee.failed):
                raise
            return self.inner.write_segment(seg, io.BytesIO(tee.data), len(tee.data), **pairs)


@defect(trips=("segments.empty",), on=BOTH)
class EmptySegmentGivenUp(Defective):
    """Completing a segment without pieces succeeds, but there is no object and the segment is gone."""

    def complete_segment(self, seg: Segment) -> None:
        try:
            super().complete_segment(seg)
        except Unexpected as error:
            if "no pieces" not in str(error):
                raise
            self.inner.abort_segment(seg)


# Identity


class ById(Defective):
    """Remembers the path of every id, the last one where it was given out for several."""

    def init_segment(self, path: str) -> Segment:
        seg = super().init_segment(path)
        self.memory("paths")[seg.id] = path
        return seg

    def meant(self, seg: Segment) -> Segment:
        """Return the segment that the id alone leads to."""
        return seg._replace(path=self.memory("paths").get(seg.id, seg.path))


@defect(trips=("segments.identity", "segments.apart"), on=BOTH, like="beyondstorage/specs: Prop-18, Rationale")
class SegmentKnownByIdAlone(ById):
    """Segments are found by their id, whatever the path."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write_segment(self.meant(seg), r, size, **pairs)

    def complete_segment(self, seg: Segment) -> None:
        super().complete_segment(self.meant(seg))

    def abort_segment(self, seg: Segment) -> None:
        super().abort_segment(self.meant(seg))


@defect(trips=("segments.identity", "segments.apart"), on=BOTH)
class AbortByIdAlone(ById):
    """An abort goes by the id, whatever the path."""

    def abort_segment(self, seg: Segment) -> None:
        super().abort_segment(self.meant(seg))


@defect(trips=("segments.apart",), on=BOTH)
class LatestSegmentTakesAll(Defective):
    """A piece goes to the latest segment of its path, whichever is named."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        begun = [other for other in self.inner.list_segments(seg.path) if other.path == seg.path]
        latest = begun[-1] if seg in begun else seg
        return super().write_segment(latest, r, size, **pairs)


@defect(trips=("segments.apart",), on=BOTH)
class CompletionEndsOthersOfPath(Defective):
    """A completion gives up the other segments of its path."""

    def complete_segment(self, seg: Segment) -> None:
        super().complete_segment(seg)
        for other in list(self.inner.list_segments(seg.path)):
            if other.path == seg.path:
                self.inner.abort_segment(other)


@defect(trips=("segments.apart",), on=BOTH)
class AbortEndsAllThatBeginLikeIt(Defective):
    """An abort ends every segment whose path begins with that of the aborted one."""

    def abort_segment(self, seg: Segment) -> None:
        known = list(self.inner.list_segments(seg.path))
        super().abort_segment(seg)
        for other in known if seg in known else []:
            self.inner.abort_segment(other)


# Whoever began them


class Registry(Defective):
    """Keeps the segments that this client began."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.own: set[Segment] = set()

    def init_segment(self, path: str) -> Segment:
        seg = super().init_segment(path)
        self.own.add(seg)
        return seg


@defect(trips=("segments.foreign_complete",), on=BOTH, like="beyondstorage/specs: Prop-18, Rationale")
class OnlyOwnSegmentsCompleted(Registry):
    """A client completes only what it began itself: segments live in a map of the process."""

    def complete_segment(self, seg: Segment) -> None:
        if seg not in self.own:
            raise ObjectNotExist("not initiated")
        super().complete_segment(seg)


@defect(trips=("segments.foreign_complete",), on=BOTH)
class OnlyOwnPiecesCount(Registry, Assembling):
    """The client that completes a segment knows only of the pieces that it uploaded itself."""

    def pieces(self, seg: Segment) -> dict[int, bytes]:
        return self.__dict__.setdefault("uploaded", {}).setdefault(tuple(seg), {})

    def assembled(self, pieces: dict[int, bytes]) -> bytes:
        return b"".join(pieces[place] for place in sorted(pieces))


@defect(trips=("segments.foreign_abort",), on=BOTH, like="beyondstorage/specs: Prop-18, Rationale")
class OnlyOwnSegmentsAborted(Registry):
    """An abort of what another client began does nothing: segments live in a map of the process."""

    def abort_segment(self, seg: Segment) -> None:
        if seg in self.own:
            super().abort_segment(seg)


# Until the end


@defect(trips=("segments.hidden",), on=BOTH)
class SegmentMakesEmptyObject(Defective):
    """init_segment makes an empty object where there is none."""

    def init_segment(self, path: str) -> Segment:
        seg = super().init_segment(path)
        if self.look(path) is None:
            self.put(path, b"")
        return seg


@defect(trips=("segments.hidden",), on=BOTH)
class PiecesVisibleAtOnce(Keeping):
    """The pieces are the object as soon as they are uploaded."""

    def arrived(self, seg: Segment, place: int, data: bytes) -> None:
        super().arrived(seg, place, data)
        if not self.is_directory(seg.path):
            self.put(seg.path, b"".join(piece for _, piece in sorted(self.pieces(seg).items())))


@defect(trips=("segments.keeps_object",), on=BOTH)
class InitDeletesObject(Defective):
    """init_segment deletes the object at its path."""

    def init_segment(self, path: str) -> Segment:
        seg = super().init_segment(path)
        self.inner.delete(path)
        return seg


@defect(trips=("segments.keeps_object", "segments.abort"), on=BOTH)
class SegmentAbortDeletesObject(Defective):
    """An abort deletes the object at the path of its segment."""

    def abort_segment(self, seg: Segment) -> None:
        began = seg in list(self.inner.list_segments(seg.path))
        super().abort_segment(seg)
        if began:
            self.inner.delete(seg.path)


@defect(trips=("segments.keeps_object",), on=BOTH)
class CompletionKeepsTail(Defective):
    """A completion writes over the old object and keeps what is longer of it."""

    def complete_segment(self, seg: Segment) -> None:
        old = b"" if self.is_directory(seg.path) else self.content(seg.path) or b""
        super().complete_segment(seg)
        self.spoil(seg.path, lambda data: data + old[len(data) :])


@defect(trips=("segments.abort",), on=BOTH)
class SegmentAbortDoesNothing(Defective):
    """abort_segment succeeds and does nothing."""

    def abort_segment(self, seg: Segment) -> None:
        del seg


@defect(trips=("segments.abort",), on=BOTH)
class AbortCompletes(Defective):
    """abort_segment makes an object of what is there."""

    def abort_segment(self, seg: Segment) -> None:
        try:
            self.inner.complete_segment(seg)
        except StorageError:
            super().abort_segment(seg)


@defect(trips=("segments.abort",), on=BOTH)
class AbortedTakesPieces(Defective):
    """A piece of an aborted segment is accepted and dropped."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        return size if seg in self.memory("aborted") else super().write_segment(seg, r, size, **pairs)

    def abort_segment(self, seg: Segment) -> None:
        super().abort_segment(seg)
        self.memory("aborted")[seg] = True


@defect(trips=("segments.abort_idempotent", "segments.identity"), on=BOTH)
class SecondAbortFails(Defective):
    """Aborting what is not open raises ObjectNotExist."""

    def abort_segment(self, seg: Segment) -> None:
        if seg not in list(self.inner.list_segments(seg.path)):
            raise ObjectNotExist("no such segment")
        super().abort_segment(seg)


@defect(trips=("segments.abort_idempotent",), on=BOTH)
class AbortOfCompletedDeletesObject(Defective):
    """Aborting a completed segment deletes the object that it became."""

    def complete_segment(self, seg: Segment) -> None:
        super().complete_segment(seg)
        self.memory("completed")[seg] = True

    def abort_segment(self, seg: Segment) -> None:
        super().abort_segment(seg)
        if self.memory("completed").pop(seg, False):
            self.inner.delete(seg.path)


@defect(trips=("segments.unknown", "segments.abort"), on=BOTH, needs=SEGMENT)
class UnknownSegmentTakesPieces(Defective):
    """A piece of a segment that nobody began is accepted."""

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write_segment(seg, r, size, **pairs)
        except ObjectNotExist:
            return size


@defect(trips=("segments.unknown", "segments.abort"), on=BOTH, needs=SEGMENT)
class UnknownSegmentMakesEmptyObject(Defective):
    """Completing a segment that nobody began makes an empty object."""

    def complete_segment(self, seg: Segment) -> None:
        try:
            super().complete_segment(seg)
        except ObjectNotExist:
            if self.look(seg.path) is None:
                self.put(seg.path, b"")


@defect(trips=("segments.complete_ends",), on=BOTH)
class CompletedStillListed(Defective):
    """A completed segment is listed ever after."""

    def complete_segment(self, seg: Segment) -> None:
        super().complete_segment(seg)
        self.memory("completed")[seg] = True

    def list_segments(self, path: str) -> Iterator[Segment]:
        yield from super().list_segments(path)
        yield from (seg for seg in self.memory("completed") if seg.path.startswith(path))


@defect(trips=("segments.complete_ends",), on=BOTH)
class SecondCompletionEmptiesObject(Defective):
    """Completing again makes an empty object of it."""

    def complete_segment(self, seg: Segment) -> None:
        if self.memory("completed").get(seg):
            self.put(seg.path, b"")
            return
        super().complete_segment(seg)
        self.memory("completed")[seg] = True


# Listed


@defect(trips=("segments.listed",), on=BOTH)
class OneSegmentListedPerPath(Defective):
    """Of several segments of a path one is listed."""

    def list_segments(self, path: str) -> Iterator[Segment]:
        return iter({seg.path: seg for seg in super().list_segments(path)}.values())


@defect(trips=("segments.listed",), on=BOTH)
class SegmentsListedToSeven(Defective):
    """The listing ends with its first page of seven."""

    def list_segments(self, path: str) -> Iterator[Segment]:
        return iter(list(super().list_segments(path))[:7])


@defect(trips=("segments.listed",), on=BOTH, needs=("write_segment",))
class SegmentsWithoutPiecesUnlisted(Keeping):
    """A segment is listed from its first piece on."""

    def list_segments(self, path: str) -> Iterator[Segment]:
        return iter([seg for seg in super().list_segments(path) if self.pieces(seg)])


@defect(trips=("segments.listed_below",), on=BOTH)
class ListSegmentsIgnoresPath(Defective):
    """list_segments shows all there are, whatever the path."""

    def list_segments(self, path: str) -> Iterator[Segment]:
        del path
        return super().list_segments("")


@defect(trips=("segments.listed_below",), on=BOTH)
class SegmentsOfSiblingsListed(Defective):
    """The listing of a directory shows segments of directories whose names begin like its own."""

    def list_segments(self, path: str) -> Iterator[Segment]:
        return super().list_segments(path.rstrip("/"))


@defect(trips=("segments.listed_below", "segments.listed"), on=BOTH)
class SegmentsBelowUnlisted(Defective):
    """Segments in directories below are not listed."""

    def list_segments(self, path: str) -> Iterator[Segment]:
        return iter([seg for seg in super().list_segments(path) if "/" not in seg.path[len(path) :]])


# Directories


@defect(trips=("segments.onto_directory",), on=BOTH)
class SegmentReplacesDirectory(Defective):
    """A segment completed to the path of a directory takes its place, with all that was in it."""

    def init_segment(self, path: str) -> Segment:
        if not self.is_directory(path):
            return super().init_segment(path)
        self.clear(path)
        return super().init_segment(path)

    def complete_segment(self, seg: Segment) -> None:
        if self.is_directory(seg.path):
            self.clear(seg.path)
        super().complete_segment(seg)

    def clear(self, path: str) -> None:
        """Remove a directory of objects."""
        for o in self.below(path):
            self.inner.delete(o.path)
        self.inner.delete(path, object_mode=ObjectMode.DIR)


@defect(trips=("segments.onto_directory",), on=BOTH)
class SegmentLandsInDirectory(Defective):
    """A segment of the path of a directory becomes an object in it."""

    def init_segment(self, path: str) -> Segment:
        if not self.is_directory(path):
            return super().init_segment(path)
        seg = super().init_segment(f"{path}/{path}")
        self.memory("landed")[Segment(path, seg.id)] = seg
        return Segment(path, seg.id)

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write_segment(self.memory("landed").get(seg, seg), r, size, **pairs)

    def complete_segment(self, seg: Segment) -> None:
        super().complete_segment(self.memory("landed").get(seg, seg))


@defect(trips=("segments.handle",), on=BOTH)
class SegmentHandleWithoutId(Defective):
    """The id of a handle is empty: the segment is taken to be its path."""

    def init_segment(self, path: str) -> Segment:
        seg = super().init_segment(path)
        self.memory("real")[path] = seg
        return seg._replace(id="")

    def real(self, seg: Segment) -> Segment:
        """Return the segment that was begun last at the path."""
        return self.memory("real").get(seg.path, seg) if seg.id == "" else seg

    def write_segment(self, seg: Segment, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write_segment(self.real(seg), r, size, **pairs)

    def complete_segment(self, seg: Segment) -> None:
        super().complete_segment(self.real(seg))

    def abort_segment(self, seg: Segment) -> None:
        super().abort_segment(self.real(seg))


@defect(trips=("segments.hidden",), on=BOTH, needs=SEGMENT)
class OpenSegmentCanBeRead(Keeping):
    """The pieces of an open segment are read where there is no object."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        try:
            return super().read(path, w, **pairs)
        except ObjectNotExist:
            for seg in self.inner.list_segments(path):
                if seg.path == path and (data := b"".join(self.pieces(seg).values())):
                    w.write(data)
                    return len(data)
            raise


@defect(trips=("segments.hidden",), on=BOTH, needs=SEGMENT)
class OpenSegmentCanBeDescribed(Defective):
    """stat describes an open segment as an object that can be read."""

    def stat(self, path: str, **pairs: Any) -> Object:
        try:
            return super().stat(path, **pairs)
        except ObjectNotExist:
            if any(seg.path == path for seg in self.inner.list_segments(path)):
                return Object(path=path, id=path, mode=ObjectMode.READ, content_length=0)
            raise
