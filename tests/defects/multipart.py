"""Defects of multipart uploads: which upload is meant, their parts, and how both are listed and aborted."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
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
)

from .assembling import UPLOAD, Assembling, Keeping, data_of
from .base import Defective, Tee, defect

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
        except StorageError:
            if not self.parts_of(o):
                raise
            self.put(o.path, data_of(self.parts_of(o), sorted(part.index for part in given)))


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


def _sized(self: Defective, o: Object, parts: Iterable[Part]) -> list[Part]:
    sizes = {part.index: part.size for part in self.inner.list_multipart(o)}
    return [replace(part, size=sizes.get(part.index, part.size)) for part in parts]
