"""Defects of create, part sizes and finding."""

import threading
import time
from typing import ClassVar

from backends.upload_controller.controller import UploadController
from backends.upload_controller.errors import (
    ExistingActiveUpload,
    FileNotRegistered,
    FileTooLarge,
    Refusal,
    UploadNotFound,
)
from backends.upload_controller.store import Store
from backends.upload_controller.uploads import Uploads

from .base import Checking, Unguarded, plant

GUARDLESS = {"database": Unguarded}


@plant("upload_create.parallel", "upload_races.create_waits_for_store", pieces=GUARDLESS)
class ChecksThenInserts(Checking):
    """Whether an upload is active is looked up before the insert and not in it: parallel creates all win."""

    def between(self, upload):
        time.sleep(0.2)


@plant("upload_create.one_at_a_time", "upload_create.leaves_nothing", pieces=GUARDLESS)
class SecondWhilePending(Checking):
    """A pending upload does not keep another from beginning."""

    closing = ("uploaded", "accepted")


@plant("upload_create.not_while_uploaded", pieces=GUARDLESS)
class SecondWhileUploaded(Checking):
    """The seed's slip "updated" was taken literally: an uploaded file can be uploaded again before it is decided on."""

    closing = ("pending", "accepted")


@plant("upload_create.closed_when_accepted", pieces=GUARDLESS)
class AcceptedIsNotClosed(Checking):
    """An accepted file can be uploaded again and replaced."""

    closing = ("pending", "uploaded")


@plant("upload_create.again_after_the_end", pieces=GUARDLESS)
class CancelledCloses(Checking):
    """A cancelled upload keeps its file from being uploaded ever again."""

    closing = ("pending", "uploaded", "accepted", "cancelled")


@plant("upload_create.again_after_the_end", pieces=GUARDLESS)
class RejectedCloses(Checking):
    """A rejected upload keeps its file from being uploaded ever again."""

    closing = ("pending", "uploaded", "accepted", "rejected")


@plant("upload_create.opens_one", "upload_cancel.cancels")
class OpensTwo(Store):
    """A retry inside the client library opens a second upload in the store that nobody knows."""

    def create(self, key):
        super().create(key)
        return super().create(key)


@plant("upload_create.leaves_nothing", "upload_create.one_at_a_time")
class StoreFirst(UploadController):
    """The store is asked before the database, and a refused create leaves what it opened."""

    def create(self, file_id):
        self.uploads.file(file_id)
        self.store.create(f"early-{time.monotonic_ns()}")
        return super().create(file_id)


@plant("upload_create.unregistered")
class RegistersOnTheFly(UploadController):
    """Whoever names a file that is not registered gets an upload for it."""

    def create(self, file_id):
        try:
            self.uploads.file(file_id)
        except FileNotRegistered:
            self.register(file_id, 1)
        return super().create(file_id)


@plant("upload_create.pending_at_once", "upload_find.in_each_state", "upload_create.tells_the_active")
class FindsNothing(UploadController):
    """The query for the pending upload compares with a state that no row has."""

    def find_pending(self, file_id):
        super().find_pending(file_id)


@plant("upload_create.tells_the_active", "upload_create.pending_at_once")
class HidesTheActive(UploadController):
    """A refused client learns nothing of the upload in its way: the refusal is bare, the search finds nothing."""

    def create(self, file_id):
        try:
            return super().create(file_id)
        except ExistingActiveUpload:
            raise ExistingActiveUpload(file_id, None) from None

    def find_pending(self, file_id):
        super().find_pending(file_id)


@plant("upload_create.any_registered_id", "upload_errors.no_5xx")
class IdsAreKeys(UploadController):
    """The id of a file becomes a key of the store, which knows fewer characters: some files can never be uploaded."""

    def create(self, file_id):
        if not set(file_id) <= set("abcdefghijklmnopqrstuvwxyz0123456789-."):
            raise RuntimeError("ObjectIdValidationError")
        return super().create(file_id)


@plant("upload_create.begins", "upload_errors.no_5xx")
class OneFileOnly(UploadController):
    """The id of an upload is that of the first file for all of them."""

    _first = None

    def create(self, file_id):
        if OneFileOnly._first is None:
            OneFileOnly._first = super().create(file_id)
        return OneFileOnly._first


# part sizes


@plant("upload_part_size.default")
class EightMebibytes(UploadController):
    """An update of a library changed the default part size."""

    def part_size(self, file):
        return max(super().part_size(file) // 2, 8 * 1024 * 1024)


@plant("upload_part_size.enough")
class FixedPartSize(UploadController):
    """The part size is always 16 MiB: files of more than 156 GiB take more than 10,000 parts."""

    def part_size(self, file):
        super().part_size(file)
        return 16 * 1024 * 1024


@plant("upload_part_size.enough")
class RoundsDown(UploadController):
    """The number of parts is rounded down: a file of 10,000 parts and a byte does not fit."""

    def part_size(self, file):
        size = 16 * 1024 * 1024
        while file.size // size > 10_000:
            size *= 2
        super().part_size(file)
        return size


@plant("upload_part_size.enough")
class LargestIsTooLarge(UploadController):
    """The largest file is taken for one that is too large."""

    def part_size(self, file):
        if file.size == 5 * 1024**4:
            raise FileTooLarge(file.file_id, file.size, file.size - 1)
        return super().part_size(file)


@plant("upload_part_size.large_files", "upload_part_size.enough", "upload_errors.no_5xx")
class ThirtyTwoBits(UploadController):
    """Sizes are kept in 32 bits."""

    def register(self, file_id, size):
        return super().register(file_id, size if size < 2**31 else size - 2**32)


class _TooLarge(Refusal):
    code = 500
    id = "internalError"


@plant("upload_part_size.impossible", "upload_errors.no_5xx", "upload_create.leaves_nothing")
class TooLargeIsAFailure(UploadController):
    """The part size is worked out after the store was asked, and of a file that is too large it raises."""

    def part_size(self, file):
        if file.size > 5 * 1024**4:
            self.store.create(f"early-{time.monotonic_ns()}")
            raise _TooLarge("no part size")
        return super().part_size(file)


@plant("upload_part_size.impossible")
class NoLimit(UploadController):
    """Nobody compares the size with what a store can hold."""

    def part_size(self, file):
        size = 16 * 1024 * 1024
        while size * 10_000 < file.size:
            size *= 2
        return size


# finding


@plant("upload_find.in_each_state")
class FindsTheLatest(UploadController):
    """The latest upload is told, whatever its state."""

    def find_pending(self, file_id):
        latest = self.uploads.file(file_id).upload_id
        return None if latest is None else self.uploads.get(latest)


@plant("upload_find.in_each_state", "upload_states.one_active")
class FindsAny(Uploads):
    """The search forgets the file: somebody else's pending upload is told."""

    def of_file(self, file_id, *statuses):
        from sqlalchemy import and_

        from backends.upload_controller.tables import multipart_uploads

        del file_id
        return self._where(and_(multipart_uploads.c.upload_status.in_(statuses)))


@plant("upload_find.in_each_state")
class NothingIsNotFound(UploadController):
    """That no upload is pending is told with 404, as if the file were not known."""

    def find_pending(self, file_id):
        found = super().find_pending(file_id)
        if found is None:
            raise UploadNotFound(file_id)
        return found


@plant("upload_find.unregistered", "upload_errors.no_5xx")
class UnknownFileIsAFailure(UploadController):
    """A file that nobody registered is a None that nobody expected."""

    def find_pending(self, file_id):
        try:
            return super().find_pending(file_id)
        except FileNotRegistered:
            raise RuntimeError("'NoneType' object has no attribute 'file_id'") from None


@plant("upload_races.lost_create", "upload_create.pending_at_once")
class ShownWhenTouched(UploadController):
    """An upload is found only after its first part was asked for: a lost answer to create loses the id."""

    _touched: ClassVar[set[str]] = set()
    _lock = threading.Lock()

    def presign(self, upload_id, part_no):
        url = super().presign(upload_id, part_no)
        with self._lock:
            self._touched.add(upload_id)
        return url

    def find_pending(self, file_id):
        found = super().find_pending(file_id)
        return found if found is not None and found.upload_id in self._touched else None
