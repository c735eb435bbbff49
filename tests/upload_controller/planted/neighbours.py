"""Defects that show at limits, beside other files, and after an upload was abandoned."""

from dataclasses import replace

from backends.upload_controller.controller import UploadController, describe, digest_of
from backends.upload_controller.errors import (
    ExistingActiveUpload,
    SizeMismatch,
    StorageUploadMissing,
    UploadBeingCompleted,
)
from backends.upload_controller.states import UploadStatus
from backends.upload_controller.store import PartsBad, Store, UploadVanished
from backends.upload_controller.uploads import Uploads

from .base import plant


@plant("upload_complete.size")
class ComparesLowWords(UploadController):
    """Sizes are kept in 32 bits: a file of 4 GiB and 3 bytes is uploaded with the 3."""

    def _check_size(self, upload, received):
        registered = self.uploads.file(upload.file_id).size
        if registered is not None and registered % 2**32 != received % 2**32:
            raise SizeMismatch(upload.upload_id, registered, received)


@plant("upload_complete.parts_as_sent")
class UnnamedPartsOfUnknownSize(UploadController):
    """Where no size is registered nothing tells that a part was left out."""

    def _check_parts(self, upload, stored, named):
        if self.uploads.file(upload.file_id).size is None:
            stored = {number: part for number, part in stored.items() if number in named}
        super()._check_parts(upload, stored, named)


class _Column(Uploads):
    def register(self, file_id, size):
        return super().register(self.kept(file_id), size)

    def file(self, file_id):
        return super().file(self.kept(file_id))

    def of_file(self, file_id, *statuses):
        return super().of_file(self.kept(file_id), *statuses)


@plant("upload_create.ids_are_exact")
class CutsIds(_Column):
    """The column for ids ends after 64 characters, and the database cuts silently."""

    def kept(self, file_id):
        return file_id[:64]


@plant("upload_complete.content")
class SortsPaddedNumbers(Store):
    """Part numbers are sorted as texts of four digits: the store refuses 10000 before 2000."""

    def complete(self, key, s3_upload_id, parts):
        if sorted(parts) != sorted(parts, key=lambda number: f"{number:04}"):
            raise PartsBad("InvalidPartOrder")
        super().complete(key, s3_upload_id, parts)


@plant("upload_part_size.impossible")
class InsertsBeforeItLooks(UploadController):
    """The size of a file is looked at when the row of its upload is there: the file is closed by it."""

    def part_size(self, file):
        return super().part_size(replace(file, size=0))

    def create(self, file_id):
        begun = super().create(file_id)
        super().part_size(self.uploads.file(file_id))
        return begun


@plant("upload_races.files_apart")
class OneCurrentUpload(UploadController):
    """The completion under way is kept beside the requests instead of in them."""

    def complete(self, upload_id, parts):
        upload = self._settled(self.uploads.get(upload_id))
        if self._is_repeat(upload, digest_of(parts)):
            return
        self._require_pending(upload)
        self._require_no_completion(upload)
        try:
            s3_upload_id = self._opened(upload)
            self._check_parts(upload, self.store.parts(upload_id, s3_upload_id), parts)
            self.current = self._claim(upload, digest_of(parts))
            if self.current is not None:
                self._complete_in_store(self.uploads.get(upload_id), s3_upload_id, parts)
                self._finish(self.current)
        except UploadVanished:
            raise StorageUploadMissing(upload_id) from None
        self._require_completed(upload_id, digest_of(parts), UploadBeingCompleted(upload_id))


@plant("upload_cleanup.others_kept", "upload_create.again_after_the_end")
class EmptiesTheBucket(Store):
    """An object is removed by a prefix, which comes out empty."""

    def delete_object(self, key):
        for found in self._s3.list_objects_v2(Bucket=self.bucket).get("Contents", ()):
            super().delete_object(found["Key"])


@plant("upload_create.tells_the_active")
class NamesTheFirstAttempt(UploadController):
    """The refusal of a second upload names the file's first one, which was cancelled."""

    def create(self, file_id):
        try:
            return super().create(file_id)
        except ExistingActiveUpload:
            attempts = self.uploads.of_file(file_id, *UploadStatus)
            first = min(attempts, key=lambda upload: upload.active_at)
            raise ExistingActiveUpload(file_id, describe(first)) from None


@plant("upload_cancel.changes_nothing_else")
class CancelsTheFailed(UploadController):
    """An abandoned upload that its client cancels at last becomes cancelled."""

    def cancel(self, upload_id):
        if self.uploads.get(upload_id).status is UploadStatus.FAILED:
            self.uploads._set(upload_id, upload_status=UploadStatus.CANCELLED)
        super().cancel(upload_id)


@plant("upload_cleanup.active_kept")
class EndsWhatIsCompleted(Uploads):
    """Clearing up does not look whether an idle upload is being completed."""

    def end(self, upload_id, status, stale, idle=None):
        since = float("inf") if idle is not None else stale
        return super().end(upload_id, status, since, idle)
