"""Defects of multipart uploads."""

from __future__ import annotations

import io
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

from .base import Defective, Tee, defect

COMPLETE = ("multipart.complete",)
UPLOAD = ("create_multipart", "write_multipart", "complete_multipart")


class Keeping(Defective):
    """Keeps the bytes of every part under ``parts`` by upload and index, in the order of their arrival."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        tee = None if r is None else Tee(r)
        result = super().write_multipart(o, tee, size, index, **pairs)
        kept = self.parts_of(o)
        kept.pop(index, None)
        kept[index] = b"" if tee is None else tee.data
        return result

    def parts_of(self, o: Object) -> dict[int, bytes]:
        """Return the parts of an upload by index, in the order of their arrival."""
        return self.memory("parts").setdefault(o.multipart_id, {})

    def again(self, o: Object, data: bytes, index: int) -> Part:
        """Upload a part once more, with other bytes."""
        return self.inner.write_multipart(o, io.BytesIO(data), len(data), index)[1]


class Assembling(Keeping):
    """Makes the object of its parts in another way."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        """Return the content of the object."""
        raise NotImplementedError

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        super().complete_multipart(o, given)
        self.spoil(o.path, lambda _: self.assembled(o, given))


def _data(kept: dict[int, bytes], indexes: Iterable[int]) -> bytes:
    return b"".join(kept.get(index, b"") for index in indexes)


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
        return _data(self.parts_of(o), sorted((part.index for part in parts), key=str))


@defect(trips=COMPLETE)
class FirstTwoPartsSwapped(Assembling):
    """The first two parts change places."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        indexes = sorted(part.index for part in parts)
        return _data(self.parts_of(o), [*reversed(indexes[:2]), *indexes[2:]])


@defect(trips=COMPLETE)
class LastPartDropped(Assembling):
    """The last of several parts is dropped."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        indexes = sorted(part.index for part in parts)
        return _data(self.parts_of(o), indexes[:-1] if len(indexes) > 1 else indexes)


@defect(trips=COMPLETE)
class ShortLastPartPadded(Assembling):
    """A last part shorter than the first is filled up with zeros."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        indexes = sorted(part.index for part in parts)
        kept = self.parts_of(o)
        data = _data(kept, indexes)
        missing = len(kept.get(indexes[0], b"")) - len(kept.get(indexes[-1], b"")) if len(indexes) > 1 else 0
        return data + bytes(max(missing, 0))


@defect(trips=("multipart.complete", "multipart.complete_unsorted"), like="apache/arrow-rs-object-store#682")
class LaterUploadedLowerPartsLost(Assembling):
    """A part uploaded after one of a higher index is lost: the list of parts shrinks to its index."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        kept = self.parts_of(o)
        order = list(kept)
        lost = {index for at, index in enumerate(order) if any(earlier > index for earlier in order[:at])}
        return _data(kept, sorted(part.index for part in parts if part.index not in lost))


@defect(trips=("multipart.complete_only_given",))
class UnlistedPartsIncluded(Assembling):
    """Every part uploaded is in the object, given or not."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        kept = self.parts_of(o)
        return _data(kept, sorted(kept))


@defect(trips=("multipart.complete_gaps", "multipart.complete"))
class GapEndsObject(Assembling):
    """The object ends where the indexes given have a gap."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        indexes = sorted(part.index for part in parts)
        return _data(self.parts_of(o), [index for at, index in enumerate(indexes) if index == indexes[0] + at])


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
        return _data(self.parts_of(o), [part.index for part in parts])

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        Defective.complete_multipart(self, o, sorted(given))
        self.spoil(o.path, lambda _: self.assembled(o, given))


@defect(trips=("multipart.complete_part_twice",))
class PartGivenTwiceCountsTwice(Assembling):
    """A part given twice is in the object twice."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        return _data(self.parts_of(o), sorted(part.index for part in parts))

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
            self.put(o.path, _data(self.parts_of(o), sorted(part.index for part in given)))
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
        return _data(self.parts_of(o), sorted(part.index for part in parts))

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


# Identity of uploads


@defect(trips=("multipart.create_unique", "multipart.uploads_apart"))
class OneUploadPerPath(Defective):
    """A second upload to a path is the first: the id is reused."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        known = self.memory("uploads").get(path)
        if known is not None and self.look(path, multipart_id=known.multipart_id) is not None:
            return known
        self.memory("uploads")[path] = super().create_multipart(path, **pairs)
        return self.memory("uploads")[path]


@defect(trips=("multipart.uploads_apart", "multipart.create_unique"))
class PartsGoToLatestUpload(Defective):
    """Parts go to the latest upload of their path, whichever is named."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        self.memory("latest")[path] = o
        return o

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        latest = self.memory("latest").get(o.path)
        if (
            ObjectMode.PART not in o.mode
            or latest is None
            or self.look(o.path, multipart_id=latest.multipart_id) is None
        ):
            return super().write_multipart(o, r, size, index, **pairs)
        return super().write_multipart(latest, r, size, index, **pairs)


@defect(trips=("multipart.identified_by_path_and_id",))
class UploadKnownByIdAlone(Defective):
    """The id alone names the upload; the path of the handle is not looked at."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        self.memory("paths")[o.multipart_id] = path
        return o

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        if arguments and isinstance(arguments[0], Object) and arguments[0].multipart_id in self.memory("paths"):
            o = replace(arguments[0], path=self.memory("paths")[arguments[0].multipart_id])
            return super().call(op, o, *arguments[1:], **pairs)
        return super().call(op, *arguments, **pairs)


@defect(trips=("multipart.second_client",), like="beyondstorage/go-storage: Proposal 18, state in the process")
class UploadsKnownToTheirClientOnly(Defective):
    """An upload can be continued by the client only that began it."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        self.memory("owner")[o.multipart_id] = id(self)
        return o

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        if ObjectMode.PART in o.mode and self.memory("owner").get(o.multipart_id, id(self)) != id(self):
            raise ObjectNotExist("no such upload here")
        return super().write_multipart(o, r, size, index, **pairs)


@defect(trips=("multipart.create_handle",), needs=UPLOAD)
class CreatedHandleCannotResume(Defective):
    """create with a multipart_id makes a handle without it."""

    def create(self, path: str, **pairs: Any) -> Object:
        return replace(super().create(path, **pairs), multipart_id=None)


@defect(trips=("multipart.create",))
class UploadHandleClaimsRead(Defective):
    """The handle of an upload carries the mode read as well."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        return replace(o, mode=o.mode | ObjectMode.READ)


@defect(trips=("multipart.stat_upload",), needs=UPLOAD)
class UploadDescribedAsObject(Defective):
    """stat with a multipart_id describes an object of mode read."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, mode=ObjectMode.READ) if "multipart_id" in pairs else found


@defect(trips=("multipart.stat_ended_upload",), needs=("create_multipart",))
class EndedUploadDescribed(Defective):
    """stat describes an upload of any id, open or not."""

    def stat(self, path: str, **pairs: Any) -> Object:
        if pairs.get("multipart_id"):
            return Object(path=path, id=path, mode=ObjectMode.PART, multipart_id=pairs["multipart_id"])
        return super().stat(path, **pairs)


# Parts


@defect(trips=("multipart.reupload_replaces",))
class ReuploadIgnored(Keeping):
    """A part uploaded again keeps its first content."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        first = self.parts_of(o).get(index)
        count, part = super().write_multipart(o, r, size, index, **pairs)
        return count, part if first is None else self.again(o, first, index)


@defect(trips=("multipart.reupload_replaces",))
class ReuploadAppends(Keeping):
    """A part uploaded again goes behind its first content."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        first = self.parts_of(o).get(index)
        count, part = super().write_multipart(o, r, size, index, **pairs)
        return count, self.again(o, first + self.parts_of(o)[index], index) if first else part


@defect(trips=("multipart.write", "multipart.list"))
class PartIndexFromOne(Defective):
    """The part returned has its index counted from 1."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        count, part = super().write_multipart(o, r, size, index, **pairs)
        return count, replace(part, index=part.index + 1)

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, [replace(part, index=part.index - 1) for part in parts])


@defect(trips=("multipart.write",))
class PartSizeZero(Defective):
    """The part returned tells size 0."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        count, part = super().write_multipart(o, r, size, index, **pairs)
        return count, replace(part, size=0)

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, _sized(self, o, parts))


@defect(trips=("multipart.write",))
class PartWriteReturnsZero(Defective):
    """write_multipart stores the part and returns 0."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        return 0, super().write_multipart(o, r, size, index, **pairs)[1]


@defect(trips=("multipart.index_bounds",))
class IndexZeroRefused(Defective):
    """Index 0 is refused: indexes are counted from 1."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        if index == 0 and ObjectMode.PART in o.mode:
            raise RestrictionDissatisfied("part numbers begin at 1")
        return super().write_multipart(o, r, size, index, **pairs)


@defect(trips=("multipart.index_bounds",))
class LastIndexRefused(Defective):
    """The highest index allowed is refused."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        if index + 1 == self.metadata().restrictions.multipart_number_maximum:
            raise RestrictionDissatisfied("too many parts")
        return super().write_multipart(o, r, size, index, **pairs)


@defect(trips=("multipart.index_out_of_range",), like="beyondstorage/go-storage: services/qingstor, part number")
class IndexAboveMaximumAccepted(Defective):
    """Indexes from the published maximum on, and negative ones, are put into the last or first place."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        maximum = self.metadata().restrictions.multipart_number_maximum or index + 1
        return super().write_multipart(o, r, size, min(max(index, 0), maximum - 1), **pairs)


@defect(trips=("multipart.size_out_of_range",))
class PartSizeMaximumNotEnforced(Defective):
    """A part above the published maximum is read to its end before it is refused."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        maximum = self.metadata().restrictions.multipart_size_maximum
        if maximum is not None and size > maximum and r is not None and ObjectMode.PART in o.mode:
            r.read(1 << 16)
        return super().write_multipart(o, r, size, index, **pairs)


@defect(trips=("multipart.any_reader",))
class PartReaderReadOnce(Defective):
    """The reader of a part is asked once: short reads truncate, and the part is filled up with zeros."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        tee = None if r is None else Tee(r)
        count, part = super().write_multipart(o, tee, size, index, **pairs)
        if tee is None or not tee.chunks or len(tee.chunks[0]) == size:
            return count, part
        first = tee.chunks[0].ljust(size, b"\0")
        return self.inner.write_multipart(o, io.BytesIO(first), size, index)


@defect(trips=("multipart.long_reader",), like="beyondstorage/go-storage: services/azblob, writeAppend")
class PartLongReaderStoredWhole(Defective):
    """A reader with more bytes than the size says is stored to its end as the part."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        tee = None if r is None else Tee(r)
        count, part = super().write_multipart(o, tee, size, index, **pairs)
        if tee is None or not tee.read():
            return count, part
        return size, self.inner.write_multipart(o, io.BytesIO(tee.data), len(tee.data), index)[1]


@defect(trips=("multipart.short_reader",))
class PartShortReaderAccepted(Defective):
    """A part whose reader ends early is stored as far as it goes."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        tee = None if r is None else Tee(r)
        try:
            return super().write_multipart(o, tee, size, index, **pairs)
        except StorageError:
            if tee is None or not tee.ended:
                raise
            return self.inner.write_multipart(o, io.BytesIO(tee.data), len(tee.data), index)


@defect(trips=("multipart.failing_reader",))
class PartReaderFailureIgnored(Defective):
    """A part whose reader raises is stored as far as it was read."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        tee = None if r is None else Tee(r)
        try:
            return super().write_multipart(o, tee, size, index, **pairs)
        except Exception:
            if tee is None or not tee.failed:
                raise
            return self.inner.write_multipart(o, io.BytesIO(tee.data), len(tee.data), index)


@defect(trips=("multipart.failed_write_keeps_part",))
class FailedPartWriteReplacesPart(Keeping):
    """A part write that fails leaves an earlier part of its index empty."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        try:
            return super().write_multipart(o, r, size, index, **pairs)
        except Exception:
            if index in self.parts_of(o):
                self.inner.write_multipart(o, None, 0, index)
            raise


@defect(trips=("multipart.empty_part",))
class EmptyPartTakesNeighbour(Assembling):
    """An empty part repeats the part before it."""

    def assembled(self, o: Object, parts: list[Part]) -> bytes:
        result, last = b"", b""
        for index in sorted(part.index for part in parts):
            last = self.parts_of(o).get(index, b"") or last
            result += last
        return result


@defect(trips=("multipart.content_md5",))
class PartMd5Ignored(Defective):
    """A wrong content_md5 of a part is accepted."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        return super().write_multipart(o, r, size, index, **{n: v for n, v in pairs.items() if n != "content_md5"})


@defect(trips=("multipart.io_callback",))
class PartCallbackMissing(Defective):
    """io_callback of a part is never called."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        return super().write_multipart(o, r, size, index, **{n: v for n, v in pairs.items() if n != "io_callback"})


# Listings


class ListingParts(Defective):
    """The parts of an upload are listed otherwise than they are."""

    def shown(self, parts: list[Part]) -> list[Part]:
        """Return what is listed instead of ``parts``."""
        raise NotImplementedError

    def list_multipart(self, o: Object) -> Iterator[Part]:
        return iter(self.shown(list(super().list_multipart(o))))


@defect(trips=("multipart.list",))
class LastPartUnlisted(ListingParts):
    """The last part is not listed."""

    def shown(self, parts: list[Part]) -> list[Part]:
        return parts[:-1]


@defect(trips=("multipart.list",))
class PartsListedTwice(ListingParts):
    """Every part is listed twice."""

    def shown(self, parts: list[Part]) -> list[Part]:
        return [again for part in parts for again in (part, part)]


@defect(trips=("multipart.list",))
class PartsListedWithoutSize(ListingParts):
    """Listed parts have size 0."""

    def shown(self, parts: list[Part]) -> list[Part]:
        return [replace(part, size=0) for part in parts]


@defect(trips=("multipart.list_ascending",))
class PartsListedDescending(ListingParts):
    """Parts are listed from the highest index down."""

    def shown(self, parts: list[Part]) -> list[Part]:
        return parts[::-1]


@defect(trips=("multipart.list_every_page",), on=("memory",), profile="deep")
class PartsListingCut(ListingParts):
    """At most 20 parts are listed."""

    def shown(self, parts: list[Part]) -> list[Part]:
        return parts[:20]


@defect(trips=("multipart.list_every_page",), on=("memory",), profile="deep")
class PartsListedTwiceAtPageEdge(ListingParts):
    """The last part of a page of 20 is listed again on the next."""

    def shown(self, parts: list[Part]) -> list[Part]:
        return [*parts[:20], *parts[19:]] if len(parts) > 20 else parts


@defect(trips=("multipart.list_fresh_empty",))
class FreshUploadListsAPart(Defective):
    """A fresh upload lists an empty part of index 0."""

    def list_multipart(self, o: Object) -> Iterator[Part]:
        found = list(super().list_multipart(o))
        return iter(found or [Part(0, 0, "")])


@defect(trips=("multipart.uploads_listed",), needs=UPLOAD)
class UploadsOfNeighboursListed(Defective):
    """The listing of uploads ignores its prefix."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return super().list("" if pairs.get("list_mode") == ListMode.PART else path, **pairs)


@defect(trips=("multipart.uploads_listed",), needs=UPLOAD)
class UploadsListedWithoutId(Defective):
    """Listed uploads have no multipart_id."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (replace(o, multipart_id=None) for o in super().list(path, **pairs))


@defect(
    trips=("multipart.uploads_listed_every_page",),
    like="beyondstorage/go-storage: services/s3, list part",
    needs=UPLOAD,
)
class UploadsOfOnePathListedOnce(Defective):
    """Of several uploads to one path the listing shows one: the marker is the path alone."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        return iter({o.path: o for o in found}.values() if pairs.get("list_mode") == ListMode.PART else found)


@defect(trips=("multipart.uploads_listed_every_page",), needs=UPLOAD)
class UploadsListingCut(Defective):
    """At most 5 uploads are listed."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        return iter(found[:5] if pairs.get("list_mode") == ListMode.PART else found)


@defect(trips=("multipart.abort_unlists", "delete.upload_gone"))
class AbortedUploadStaysListed(Defective):
    """An aborted upload stays in the listing of uploads."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        self.memory("begun")[o.multipart_id] = o
        return o

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("begun").pop(o.multipart_id, None)

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        if pairs.get("list_mode") == ListMode.PART:
            known = {o.multipart_id for o in found}
            found += [o for key, o in self.memory("begun").items() if key not in known and o.path.startswith(path)]
        return iter(found)


@defect(trips=("multipart.abort_ends_upload", "delete.upload_gone"))
class AbortedUploadCanBeCompleted(Keeping):
    """An aborted upload can still be completed."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        given = list(parts)
        try:
            super().complete_multipart(o, given)
        except ObjectNotExist:
            if not self.parts_of(o):
                raise
            self.put(o.path, _data(self.parts_of(o), sorted(part.index for part in given)))


@defect(trips=("multipart.abort_leaves_object",), needs=UPLOAD)
class AbortAfterCompleteDeletes(Defective):
    """Aborting an upload after its completion deletes the object that it made."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("made")[o.multipart_id] = o.path

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        if pairs.get("multipart_id") in self.memory("made"):
            self.inner.delete(path)


@defect(
    trips=("multipart.abort_unknown", "multipart.abort_idempotent"),
    needs=("create_multipart",),
    like="versity/versitygw#724",
)
class AbortOfUnknownRaises(Defective):
    """Aborting an upload that never existed raises ObjectNotExist; aborting twice is fine."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        self.memory("known")[o.multipart_id] = True
        return o

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs.get("multipart_id") and pairs["multipart_id"] not in self.memory("known"):
            raise ObjectNotExist("NoSuchUpload")
        super().delete(path, **pairs)


@defect(trips=("multipart.complete", "completeness.complete_multipart"))
class FirstReadAfterCompleteIsEmpty(Defective):
    """The first read of a completed object delivers nothing."""

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        super().complete_multipart(o, parts)
        self.memory("fresh")[o.path] = True

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return 0 if self.memory("fresh").pop(path, False) else super().read(path, w, **pairs)


def _sized(self: Defective, o: Object, parts: Iterable[Part]) -> list[Part]:
    sizes = {part.index: part.size for part in self.inner.list_multipart(o)}
    return [replace(part, size=sizes.get(part.index, part.size)) for part in parts]
