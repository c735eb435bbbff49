"""Defects that show when two things happen at once, or something is lost on the way."""

import time

from sqlalchemy import update

from backends.upload_controller.controller import UploadController
from backends.upload_controller.errors import StorageUnavailable, UploadBeingCompleted, UploadNotPending
from backends.upload_controller.outbox import Outbox
from backends.upload_controller.states import UploadStatus
from backends.upload_controller.store import UploadVanished
from backends.upload_controller.tables import multipart_uploads
from backends.upload_controller.uploads import Uploads

from .base import Checking, Unguarded, plant


class _LastWriterWins(Uploads):
    """Changes of state without looking at the one before: read, decide, write."""

    def end(self, upload_id, status, stale, idle=None):
        return self._set(upload_id, upload_status=status, completing_since=None, to_clear=True)

    def finish(self, upload):
        change = update(multipart_uploads).where(multipart_uploads.c.upload_id == upload.upload_id)
        with self._database.write() as connection:
            before = self.find(upload.upload_id)
            connection.execute(change.values(upload_status=UploadStatus.UPLOADED, completing_since=None))
            if before is None or before.status is not UploadStatus.UPLOADED:
                self._outbox.record(connection, upload, self.file(upload.file_id).size)
        return True


@plant("upload_races.cancel_during_completion", "upload_races.complete_or_cancel", "upload_errors.no_5xx")
class BothSucceed(_LastWriterWins):
    """Complete and cancel each read the state before and write it after: at the same time both succeed."""


@plant("upload_races.cancel_during_completion")
class CancelsWhatIsBeingCompleted(Uploads):
    """A cancel does not wait for a completion that is at the store: an object stays behind of an upload that ended."""

    def end(self, upload_id, status, stale, idle=None):
        return self._set(upload_id, upload_status=status, completing_since=None, to_clear=False)

    def mark_to_clear(self, upload_id):
        return False


@plant("upload_races.parallel_completes", "upload_errors.no_5xx")
class SecondMeetsAVanishedUpload(UploadController):
    """Of two completions the later one finds the upload gone from the store and fails."""

    def _claim(self, upload, digest):
        self.uploads.claim(upload.upload_id, digest, self.clock(), self.clock() + 1)
        return self.uploads.get(upload.upload_id)

    def _require_no_completion(self, upload):
        pass

    def complete(self, upload_id, parts):
        upload = self.uploads.get(upload_id)
        if upload.completing_since is not None and upload.status is UploadStatus.PENDING:
            raise RuntimeError("NoSuchUpload")
        super().complete(upload_id, parts)


@plant("upload_races.parallel_cancels", "upload_cancel.again", "upload_errors.no_5xx", "upload_cancel.store_lost_it")
class CancelMeetsAVanishedUpload(UploadController):
    """Of two cancels the later one finds the upload gone from the store and fails."""

    def cancel(self, upload_id):
        upload = self.uploads.get(upload_id)
        gone = upload.s3_upload_id and not self.store.has(upload_id, upload.s3_upload_id)
        if gone and upload.status in (UploadStatus.PENDING, UploadStatus.CANCELLED):
            raise RuntimeError("NoSuchUpload")
        super().cancel(upload_id)


@plant("upload_races.lost_completion", "upload_complete.again")
class AgainIsUnknown(UploadController):
    """A completed upload is moved to another table: who lost the answer is told that it never was."""

    def complete(self, upload_id, parts):
        if self.uploads.get(upload_id).status is UploadStatus.UPLOADED:
            self.uploads._set(upload_id, upload_status=UploadStatus.FAILED)
        super().complete(upload_id, parts)


@plant("upload_races.store_answer_lost", "upload_races.store_fails")
class NeverLooksAgain(UploadController):
    """After the store combined the parts and its answer was lost nobody looks for the object: the upload is stuck."""

    def _settled(self, upload):
        return upload

    def recover(self):
        pass


@plant("upload_races.store_fails", "upload_create.again_after_the_end")
class FailedCreateBlocks(UploadController):
    """A create that the store failed leaves a pending row that can be neither used nor cancelled."""

    def create(self, file_id):
        upload = self._reserve(self.uploads.file(file_id))
        return self._recorded(upload, self.store.create(upload.upload_id))

    def cancel(self, upload_id):
        if self.uploads.get(upload_id).s3_upload_id is None:
            raise RuntimeError("'NoneType' object has no attribute 's3_upload_id'")
        super().cancel(upload_id)


@plant("upload_races.store_fails")
class FailedAbortIsForgotten(UploadController):
    """A cancel that the store did not carry out is taken for done: the parts stay for ever."""

    def _clear(self, upload):
        try:
            super()._clear(upload)
        except StorageUnavailable:
            self.uploads.mark_cleared(upload.upload_id)

    def _sweep(self):
        pass


@plant("upload_races.store_fails", "upload_races.store_answer_lost", "upload_complete.store_refuses")
class FailureIsForGood(UploadController):
    """A completion during which the store was away can never be asked for again."""

    def _complete_in_store(self, upload, s3_upload_id, parts):
        try:
            self.store.complete(upload.upload_id, s3_upload_id, {n: e.strip('"') for n, e in parts.items()})
        except UploadVanished:
            raise
        except Exception:
            self.uploads._set(upload.upload_id, completing_since=time.time() + 10**6)
            raise


@plant(
    "upload_races.create_waits_for_store", "upload_create.parallel", pieces={"database": Unguarded, "uploads": Checking}
)
class AsksTheStoreFirst(UploadController):
    """Between looking and inserting the store is asked, which takes as long as it takes."""

    def create(self, file_id):
        file = self.uploads.file(file_id)
        active = self.uploads.active(file_id)
        if active is not None:
            return super().create(file_id)
        self.part_size(file)
        begun = self.store.create(f"early-{time.monotonic_ns()}")
        del begun
        self.uploads.closing = ()
        try:
            return super().create(file_id)
        finally:
            del self.uploads.closing


@plant("upload_races.parallel_completes", "upload_complete.one_event", "upload_races.complete_or_cancel")
class OneEventPerRequest(Outbox):
    """Every completion writes its event, also one that a rival was faster than."""

    def record(self, connection, upload, size):
        super().record(connection, upload, size)

    def read(self, file_id=None):
        found = super().read(file_id)
        return [event for event in found for _ in range(2)]


@plant("upload_races.part_in_flight", "upload_cancel.cancels", "upload_cleanup.abandoned")
class PartsMayStay(UploadController):
    """A cancel removes the row and leaves the store to a rule of its bucket that nobody has set."""

    def _clear(self, upload):
        self.uploads.mark_cleared(upload.upload_id)

    def _sweep(self):
        pass


@plant("upload_races.complete_or_cancel", "upload_cancel.changes_nothing_else", "upload_complete.never_after_the_end")
class TheLoserIsToldSuccess(UploadController):
    """Who comes too late is told success: a client believes in an end that its upload did not have."""

    def complete(self, upload_id, parts):
        try:
            super().complete(upload_id, parts)
        except (UploadNotPending, UploadBeingCompleted):
            return

    def cancel(self, upload_id):
        try:
            super().cancel(upload_id)
        except (UploadNotPending, UploadBeingCompleted):
            return
