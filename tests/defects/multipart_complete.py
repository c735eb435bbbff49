"""Defects of completing multipart uploads: which parts, what is checked of them, what becomes of object and upload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from conformance.storage import (
    ListMode,
    Object,
    ObjectMode,
    ObjectNotExist,
    Part,
    Reader,
    RestrictionDissatisfied,
    StorageError,
    Unexpected,
    Writer,
)

from .assembling import COMPLETE, UPLOAD, Assembling, Keeping, data_of
from .base import Defective, defect

# Of which parts the object is made, and in which order


@defect(trips=COMPLETE, like="SiaFoundation/renterd#769")
class PartsInUploadOrder(Assembling):
    """Parts are put together in the order of their upload."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        given = {part.index for part in parts}
        return b"".join(data for index, data in self.parts_of(o).items() if index in given)


@defect(trips=COMPLETE)
class PartsInOrderOfDigits(Assembling):
    """Parts are sorted by the digits of their index: 10 comes before 2."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        return data_of(self.parts_of(o), sorted((part.index for part in parts), key=str))


@defect(trips=COMPLETE)
class FirstTwoPartsSwapped(Assembling):
    """The first two parts change places."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        indexes = sorted(part.index for part in parts)
        return data_of(self.parts_of(o), [*reversed(indexes[:2]), *indexes[2:]])


@defect(trips=COMPLETE)
class LastPartDropped(Assembling):
    """The last of several parts is dropped."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        indexes = sorted(part.index for part in parts)
        return data_of(self.parts_of(o), indexes[:-1] if len(indexes) > 1 else indexes)


@defect(trips=COMPLETE)
class ShortLastPartPadded(Assembling):
    """A last part shorter than the first is filled up with zeros."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        indexes = sorted(part.index for part in parts)
        kept = self.parts_of(o)
        data = data_of(kept, indexes)
        missing = len(kept.get(indexes[0], b"")) - len(kept.get(indexes[-1], b"")) if len(indexes) > 1 else 0
        return data + bytes(max(missing, 0))


@defect(trips=("multipart.complete", "multipart.complete_unsorted"), like="apache/arrow-rs-object-store#682")
class LaterUploadedLowerPartsLost(Assembling):
    """A part uploaded after one of a higher index is lost: the list of parts shrinks to its index."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        kept = self.parts_of(o)
        order = list(kept)
        lost = {index for at, index in enumerate(order) if any(earlier > index for earlier in order[:at])}
        return data_of(kept, sorted(part.index for part in parts if part.index not in lost))


@defect(trips=("multipart.complete_only_given",))
class UnlistedPartsIncluded(Assembling):
    """Every part uploaded is in the object, given or not."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        kept = self.parts_of(o)
        return data_of(kept, sorted(kept))


@defect(trips=("multipart.complete_gaps", "multipart.complete"))
class GapEndsObject(Assembling):
    """The object ends where the indexes given have a gap."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        indexes = sorted(part.index for part in parts)
        return data_of(self.parts_of(o), [index for at, index in enumerate(indexes) if index == indexes[0] + at])


@defect(trips=("multipart.complete_gaps",))
class GapsRefused(Defective):
    """Indexes with a gap are refused, although gaps are declared."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = sorted(parts)
        if any(later.index != part.index + 1 for part, later in pairwise(given)):
            raise Unexpected("part numbers must be contiguous")
        super().complete_multipart(o, given)


@defect(trips=("multipart.complete_unsorted",))
class GivenOrderKept(Assembling):
    """Parts are put together in the order in which they are given, not of their index."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        return data_of(self.parts_of(o), [part.index for part in parts])

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        Defective.complete_multipart(self, o, sorted(given))
        self.spoil(o.path, lambda _: self.assembled(o, given))


@defect(trips=("multipart.complete_part_twice",))
class PartGivenTwiceCountsTwice(Assembling):
    """A part given twice is in the object twice."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        return data_of(self.parts_of(o), sorted(part.index for part in parts))

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        Defective.complete_multipart(self, o, sorted(set(given)))
        self.spoil(o.path, lambda _: self.assembled(o, given))


@defect(trips=("multipart.complete_empty",))
class EmptyListTakesAllParts(Defective):
    """An empty list of parts makes an object of every part uploaded."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        super().complete_multipart(o, given or list(self.inner.list_multipart(o)))


@defect(trips=("multipart.complete_empty", "multipart.complete_failed_keeps_upload"), like="apache/arrow-rs#5404")
class EmptyListEndsUpload(Defective):
    """An empty list of parts is refused, and the upload is gone."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        if not given and o.multipart_id:
            self.inner.delete(o.path, multipart_id=o.multipart_id)
            raise Unexpected("no parts")
        super().complete_multipart(o, given)


# What is checked of the parts given


def _healed(self: Defective, o: Object, parts: Iterable[Part]) -> list[Part]:
    real = {part.index: part for part in self.inner.list_multipart(o)}
    return [real.get(part.index, part) for part in parts]


@defect(trips=("multipart.complete_wrong_etag",), like="versity/versitygw#153")
class EtagsUnchecked(Defective):
    """The etags of the parts given are not looked at."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, _healed(self, o, parts))


@defect(trips=("multipart.complete_wrong_etag",))
class StaleEtagAccepted(Defective):
    """The etag that a part had before it was uploaded again is accepted too."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        count, part = super().write_multipart(o, r, size, index, **pairs)
        self.memory("etags").setdefault((o.multipart_id, index), set()).add(part.etag)
        return count, part

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        known = self.memory("etags")
        given = list(parts)
        stale = [part for part in given if part.etag in known.get((o.multipart_id, part.index), set())]
        super().complete_multipart(o, _healed(self, o, given) if len(stale) == len(given) else given)


@defect(trips=("multipart.complete_wrong_etag",), like="juicedata/juicefs#6485")
class SwappedEtagsAccepted(Defective):
    """Each etag has to belong to some part of the upload, not to its own."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        known = {part.etag for part in self.inner.list_multipart(o)}
        super().complete_multipart(o, _healed(self, o, given) if all(p.etag in known for p in given) else given)


@defect(trips=("multipart.complete_wrong_etag",))
class OnlyFirstEtagChecked(Defective):
    """Only the etag of the first part given is compared."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        super().complete_multipart(o, [*given[:1], *_healed(self, o, given[1:])])


@defect(trips=("multipart.complete_missing_part",))
class MissingPartSkipped(Defective):
    """A part that was never uploaded is left out without a word."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        real = {part.index for part in self.inner.list_multipart(o)}
        given = list(parts)
        there = [part for part in given if part.index in real]
        super().complete_multipart(o, there or given)


@defect(
    trips=("multipart.complete_failed_keeps_upload", "multipart.complete_wrong_etag"), like="getsentry/objectstore#456"
)
class FailedCompleteDropsUpload(Defective):
    """The upload is removed before the parts are checked: a failed complete cannot be repeated."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        try:
            super().complete_multipart(o, parts)
        except StorageError:
            if ObjectMode.PART in o.mode and o.multipart_id:
                self.inner.delete(o.path, multipart_id=o.multipart_id)
            raise


@defect(trips=("multipart.complete_failed_keeps_object",))
class FailedCompleteDeletesObject(Defective):
    """A failed complete has deleted the object that was at the path."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        try:
            super().complete_multipart(o, parts)
        except StorageError:
            if ObjectMode.PART in o.mode and self.content(o.path) is not None:
                self.inner.delete(o.path)
            raise


@defect(trips=("multipart.complete_below_minimum",), on=("memory",))
class MinimumOnlyCheckedForFirst(Keeping):
    """Only the first part has to reach the published minimum."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        try:
            super().complete_multipart(o, given)
        except RestrictionDissatisfied:
            self.put(o.path, data_of(self.parts_of(o), sorted(part.index for part in given)))
            self.inner.delete(o.path, multipart_id=o.multipart_id)


@defect(trips=("multipart.complete_below_minimum", "multipart.complete"))
class MinimumAppliesToLastToo(Defective):
    """A last part below the published minimum is refused as well."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        if any(part.size < (self.metadata().restrictions.multipart_size_minimum or 0) for part in given[-1:]):
            raise RestrictionDissatisfied("part too small")
        super().complete_multipart(o, given)


@defect(trips=("multipart.complete_at_minimum",))
class MinimumItselfRefused(Defective):
    """A part of exactly the published minimum is refused."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        if any(part.size == self.metadata().restrictions.multipart_size_minimum for part in given[:-1]):
            raise RestrictionDissatisfied("part too small")
        super().complete_multipart(o, given)


@defect(trips=("multipart.complete_parts_verbatim",))
class ListedPartsRefused(Defective):
    """Parts that list_multipart told are not accepted by complete_multipart: their etags lack the quotes."""

    def list_multipart(self, o: Object) -> Iterator[Part]:
        return (replace(part, etag=part.etag[::-1] + "-") for part in super().list_multipart(o))


# What becomes of the object and of the upload


@defect(trips=("multipart.complete_metadata", "completeness.complete_multipart"), like="apache/opendal#5430")
class UploadMetadataLost(Defective):
    """User metadata given to create_multipart are lost."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        return super().create_multipart(path, **{n: v for n, v in pairs.items() if n != "user_metadata"})


@defect(trips=("multipart.complete_metadata", "completeness.complete_multipart"))
class UploadContentTypeLost(Defective):
    """The content type given to create_multipart is lost."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        return super().create_multipart(path, **{n: v for n, v in pairs.items() if n != "content_type"})


@defect(trips=("multipart.complete_metadata", "completeness.complete_multipart"))
class CompleteKeepsOldMetadata(Defective):
    """Completing over an object keeps the metadata that this had."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        old = self.look(o.path)
        super().complete_multipart(o, parts)
        data = self.content(o.path)
        if old is not None and data is not None:
            self.put(o.path, data, old)


@defect(trips=("multipart.complete_replaces", "completeness.complete_multipart"))
class CompleteLeavesExisting(Defective):
    """Completing over an object succeeds and leaves its content."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        old = self.content(o.path)
        super().complete_multipart(o, parts)
        if old is not None:
            self.spoil(o.path, lambda _: old)


@defect(trips=("multipart.complete_readable", "multipart.uploads_listed"))
class CompletedUploadStaysListed(Keeping):
    """A completed upload stays in the listing of uploads."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("completed")[o.multipart_id] = replace(o, mode=ObjectMode.PART)

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        yield from super().list(path, **pairs)
        if pairs.get("list_mode") == ListMode.PART:
            yield from (o for o in self.memory("completed").values() if o.path.startswith(path))


@defect(trips=("multipart.complete_readable",))
class CompletedObjectKeepsPartMode(Defective):
    """A completed object still carries the mode part."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("completed")[o.path] = True

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, mode=found.mode | ObjectMode.PART) if path in self.memory("completed") else found


@defect(trips=("multipart.complete_etag",))
class CompletedEtagIsOld(Defective):
    """A completed object keeps the etag of the object that it replaced."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        old = self.look(o.path)
        super().complete_multipart(o, parts)
        if old is not None:
            self.memory("etags")[o.path] = old.etag

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, etag=self.memory("etags").get(path, found.etag))


@defect(trips=("multipart.complete_twice",))
class SecondCompleteEmptiesObject(Defective):
    """Completing again empties the object."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        if o.multipart_id in self.memory("completed") and ObjectMode.PART in o.mode:
            self.spoil(o.path, lambda _: b"")
            return
        super().complete_multipart(o, parts)
        self.memory("completed")[o.multipart_id] = True


@defect(trips=("multipart.complete_twice",))
class SecondCompleteRestoresObject(Assembling):
    """Completing again puts the completed content back, over whatever replaced it."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        return data_of(self.parts_of(o), sorted(part.index for part in parts))

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        if o.multipart_id in self.memory("completed") and ObjectMode.PART in o.mode:
            self.put(o.path, self.assembled(o, given))
            return
        Defective.complete_multipart(self, o, given)
        self.memory("completed")[o.multipart_id] = True


@defect(trips=("multipart.complete_ends_upload",))
class CompletedUploadTakesParts(Defective):
    """A part written after completion is put behind the object."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("completed")[o.multipart_id] = True

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        try:
            return super().write_multipart(o, r, size, index, **pairs)
        except ObjectNotExist:
            if r is None or o.multipart_id not in self.memory("completed"):
                raise
            late = r.read(size)
            self.spoil(o.path, lambda data: data + late)
            return size, Part(index, size, "late")


@defect(trips=("multipart.complete_leaves_uploads",))
class CompleteAbortsOtherUploads(Defective):
    """Completing an upload aborts the other uploads of its path."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        for other in list(self.inner.list(o.path, list_mode=ListMode.PART)):
            if other.path == o.path:
                self.inner.delete(o.path, multipart_id=other.multipart_id)


@defect(trips=("multipart.hidden_until_complete",))
class UploadIsAnEmptyObject(Defective):
    """Beginning an upload where there is nothing puts an empty object there."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        if self.look(path) is None:
            self.put(path, b"")
        return o


@defect(trips=("multipart.hidden_until_complete",))
class PartsAreReadableAtOnce(Keeping):
    """The first part is the object as soon as it is uploaded, where there is none."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        result = super().write_multipart(o, r, size, index, **pairs)
        if self.look(o.path) is None:
            self.put(o.path, self.parts_of(o)[index])
        return result


@defect(trips=("multipart.hidden_until_complete", "list.direct_children", "multipart.create"), needs=UPLOAD)
class UploadsListedAsObjects(Defective):
    """Open uploads are shown in ordinary listings."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        yield from super().list(path, **pairs)
        if pairs.get("list_mode") in (None, ListMode.DIR):
            for found in self.inner.list("", list_mode=ListMode.PART):
                if found.path.rpartition("/")[0] == path:
                    yield found


@defect(trips=("multipart.keeps_object_until_complete",))
class UploadDeletesObject(Defective):
    """Beginning an upload deletes the object at its path."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        if self.content(path) is not None:
            self.inner.delete(path)
        return o


@defect(trips=("multipart.keeps_object_until_complete",))
class FirstPartReplacesObject(Keeping):
    """A part replaces the object at the path before completion."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        result = super().write_multipart(o, r, size, index, **pairs)
        self.spoil(o.path, lambda _: self.parts_of(o)[index])
        return result


@defect(trips=("multipart.complete", "completeness.complete_multipart"))
class FirstReadAfterCompleteIsEmpty(Defective):
    """The first read of a completed object delivers nothing."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("fresh")[o.path] = True

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return 0 if self.memory("fresh").pop(path, False) else super().read(path, w, **pairs)
