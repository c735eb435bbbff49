"""Defects of names that are not exact, of what is told too early, and of what somebody who waited undoes."""

import threading
from dataclasses import replace

from sqlalchemy import delete, select

from backends.upload_controller.controller import UploadController
from backends.upload_controller.errors import (
    StorageUnavailable,
    StorageUploadMissing,
    UploadBeingCompleted,
    UploadNotUploaded,
)
from backends.upload_controller.outbox import Outbox
from backends.upload_controller.states import UploadStatus
from backends.upload_controller.store import Store
from backends.upload_controller.tables import events, multipart_uploads
from backends.upload_controller.uploads import Uploads

from .base import plant


@plant("upload_create.ids_are_exact", "upload_create.parallel")
class CaseDoesNotCount(Uploads):
    """Ids are compared as a collation of MySQL does: two files that differ in case are one."""

    def register(self, file_id, size):
        return super().register(file_id.lower(), size)

    def file(self, file_id):
        return super().file(file_id.lower())

    def of_file(self, file_id, *statuses):
        return super().of_file(file_id.lower(), *statuses)


@plant("upload_create.ids_are_exact", "upload_complete.one_event")
class EventsByPrefix(Outbox):
    """The events of a file are those of all whose ids begin with its own."""

    def read(self, file_id=None):
        return [event for event in super().read() if file_id is None or event.file_id.startswith(file_id)]


@plant("upload_find.part_size")
class TellsTheUsualPartSize(UploadController):
    """The pending upload is told with the configured part size: who resumes a large file sends the wrong parts."""

    def find_pending(self, file_id):
        found = super().find_pending(file_id)
        return found and replace(found, part_size=self.settings.part_size)


@plant("upload_races.told_when_done", "upload_complete.one_event")
class EventBeforeTheObject(UploadController):
    """The event is committed before the store makes the object, and taken back when it refuses."""

    def _complete_in_store(self, upload, s3_upload_id, parts):
        with self.outbox._database.write() as connection:
            self.outbox.record(connection, upload, self.uploads.file(upload.file_id).size)
        try:
            super()._complete_in_store(upload, s3_upload_id, parts)
        finally:
            with self.outbox._database.write() as connection:
                connection.execute(delete(events).where(events.c.upload_id == upload.upload_id))


@plant("upload_races.told_when_done", "upload_races.parallel_completes", "upload_races.store_fails")
class SecondIsToldTooEarly(UploadController):
    """A second completion is told success while the first is at the store and there is no object yet."""

    def complete(self, upload_id, parts):
        try:
            super().complete(upload_id, parts)
        except UploadBeingCompleted:
            return


@plant("upload_races.refused_harms_nothing", "upload_races.cancel_during_completion")
class AbortsBeforeItAsks(UploadController):
    """A cancel aborts in the store and then looks whether it may: it is refused, and the parts are gone."""

    def cancel(self, upload_id):
        upload = self._settled(self.uploads.get(upload_id))
        if upload.status is UploadStatus.PENDING and upload.s3_upload_id:
            self.store.abort(upload_id, upload.s3_upload_id)
        super().cancel(upload_id)


@plant("upload_races.ends_stay")
class WritesTheWholeRow(Uploads):
    """What the store calls an upload is saved with the row as it was read: a cancel in between is undone."""

    def record(self, upload_id, s3_upload_id):
        return self._set(upload_id, s3_upload_id=s3_upload_id, upload_status=UploadStatus.PENDING)


@plant("upload_races.ends_stay")
class PresignWritesTheOldState(UploadController):
    """Presigning saves the time with the state as it was read: a cancel in between is undone."""

    def presign(self, upload_id, part_no):
        upload = self._pending(upload_id)
        s3_upload_id = self._opened(upload)
        if not self.store.has(upload_id, s3_upload_id):
            self._pending(upload_id)
            raise StorageUploadMissing(upload_id)
        self.uploads._set(upload_id, active_at=self.clock(), upload_status=upload.status)
        return self.store.presign(upload_id, s3_upload_id, part_no, self.settings.url_lifetime)


@plant("upload_races.others_go_on")
class OneAtATime(Store):
    """The store is asked in the one thread that serves everybody: while one waits, all do."""

    _turn = threading.Lock()

    def complete(self, key, s3_upload_id, parts):
        with self._turn:
            super().complete(key, s3_upload_id, parts)

    def create(self, key):
        with self._turn:
            return super().create(key)

    def has(self, key, s3_upload_id):
        with self._turn:
            return super().has(key, s3_upload_id)


@plant("upload_states.registered_again")
class RegistrationResets(Uploads):
    """A registration that is delivered again resets the file, and its upload has failed."""

    def register(self, file_id, size):
        active = (UploadStatus.PENDING, UploadStatus.UPLOADED, UploadStatus.ACCEPTED)
        for upload in self.of_file(file_id, *active):
            self._set(upload.upload_id, upload_status=UploadStatus.FAILED, to_clear=True)
        return super().register(file_id, size)


@plant("upload_states.attempts_apart")
class DecidesOnTheLatest(UploadController):
    """A decision on an old attempt that is delivered again acts on the latest attempt of the file."""

    def decide(self, upload_id, verdict):
        latest = self.uploads.file(self.uploads.get(upload_id).file_id).upload_id
        try:
            super().decide(latest or upload_id, verdict)
        except UploadNotUploaded:
            super().decide(upload_id, verdict)


@plant("upload_states.attempts_apart", "upload_complete.one_event")
class OneEventPerFile(Outbox):
    """Events are told once for a file: a good attempt after a rejected one is never heard of."""

    def record(self, connection, upload, size):
        known = connection.execute(select(events).where(events.c.file_id == upload.file_id)).first()
        if known is None:
            super().record(connection, upload, size)


@plant("upload_cleanup.ends_kept")
class ForgetsTheAccepted(UploadController):
    """Clearing up purges the uploads that were decided on: an accepted file is open again."""

    def tidy(self, idle=None):
        ended = super().tidy(idle)
        since = self.clock() - (self.settings.upload_lifetime if idle is None else idle)
        status, active_at = multipart_uploads.c.upload_status, multipart_uploads.c.active_at
        for upload in self.uploads._where((status == UploadStatus.ACCEPTED) & (active_at < since)):
            self.uploads._set(upload.upload_id, upload_status=UploadStatus.REJECTED)
        return ended


@plant("upload_presign.numbers", "upload_presign.stores_a_part")
class FourDigits(Store):
    """The number of a part is four digits wide: the URL of part 10000 is that of part 1000."""

    def presign(self, key, s3_upload_id, number, lifetime):
        return super().presign(key, s3_upload_id, int(str(number)[:4]), lifetime)


@plant("upload_complete.size")
class NoBytesMeansUnknown(UploadController):
    """A file of no bytes is taken for one of unknown size: anything can be uploaded as it."""

    def _check_size(self, upload, received):
        if self.uploads.file(upload.file_id).size:
            super()._check_size(upload, received)


@plant("upload_races.store_fails", "upload_states.decisions")
class RemovedOnceOrNever(UploadController):
    """An object that the store fails to remove after a decision stays for ever, and nobody hears of it."""

    def decide(self, upload_id, verdict):
        try:
            super().decide(upload_id, verdict)
        except StorageUnavailable:
            self.uploads.mark_cleared(upload_id)
