"""Defects of completing."""

from backends.upload_controller.controller import UploadController, digest_of
from backends.upload_controller.errors import PartsMismatch, Refusal, UploadNotFound, UploadNotPending
from backends.upload_controller.outbox import Outbox
from backends.upload_controller.states import UploadStatus
from backends.upload_controller.store import PartsBad, Store

from .base import answer, plant, plant_layer


@plant_layer("upload_complete.completes")
def answers_with_a_body(app):
    """A completion is answered with 200 and the upload, where 204 is asked for."""

    async def layered(scope, receive, send):
        async def changed(message):
            if message.get("status") == 204 and scope["method"] == "PATCH":
                await answer(send, 200, b'{"status": "uploaded"}')
            elif not (message["type"] == "http.response.body" and changed.done):
                await send(message)
            changed.done = changed.done or message.get("status") == 204

        changed.done = False
        await app(scope, receive, changed)

    return layered


@plant("upload_complete.content", "upload_complete.object_exists", "upload_presign.any_order")
class FirstPartOnly(Store):
    """The list of parts is read up to its first entry: the object is the first part."""

    def complete(self, key, s3_upload_id, parts):
        super().complete(key, s3_upload_id, dict(sorted(parts.items())[:1]))


@plant("upload_complete.many_parts", part_minimum=1, page=20)
class FirstPageOnly(Store):
    """The parts are listed without asking for further pages: the object ends after the first one."""

    def _part_pages(self, key, s3_upload_id):
        return iter([self._s3.list_parts(Bucket=self.bucket, Key=key, UploadId=s3_upload_id, MaxParts=20)])


@plant(
    "upload_complete.no_parts", "upload_complete.one_event", "upload_complete.recovers", "upload_complete.object_exists"
)
class NothingIsEnough(UploadController):
    """An upload of no parts is uploaded without asking the store."""

    def complete(self, upload_id, parts):
        if parts or self.uploads.get(upload_id).status is not UploadStatus.PENDING:
            super().complete(upload_id, parts)
        else:
            claimed = self._claim(self.uploads.get(upload_id), digest_of(parts))
            if claimed:
                self._finish(claimed)


@plant("upload_complete.store_refuses", "upload_complete.recovers", "upload_races.store_fails")
class StuckAfterARefusal(UploadController):
    """A completion that the store refused is never taken back: every further one is told to wait."""

    def _release(self, upload):
        pass


@plant("upload_complete.store_refuses", "upload_errors.no_5xx")
class StoreRefusalIsAFailure(Store):
    """What the store says of bad parts is passed on as a failure of the service."""

    def complete(self, key, s3_upload_id, parts):
        try:
            super().complete(key, s3_upload_id, parts)
        except PartsBad as error:
            raise RuntimeError(str(error)) from None


class _Trusting(UploadController):
    def _check_parts(self, upload, stored, named):
        self._check_size(upload, sum(part.size for part in stored.values()))
        if not stored:
            super()._check_parts(upload, stored, named)

    def _complete_in_store(self, upload, s3_upload_id, parts):
        stored = self.store.parts(upload.upload_id, s3_upload_id)
        super()._complete_in_store(upload, s3_upload_id, {number: part.etag for number, part in stored.items()})


@plant("upload_complete.parts_as_sent")
class IgnoresTheMapping(_Trusting):
    """What the client says of its parts is not looked at: the store's own list is completed."""


@plant("upload_complete.parts_as_sent")
class ComparesNumbersOnly(_Trusting):
    """The numbers of the parts are compared, their ETags are not."""

    def _check_parts(self, upload, stored, named):
        if stored.keys() != named.keys():
            raise PartsMismatch(upload.upload_id, [], [], sorted(stored))
        super()._check_parts(upload, stored, named)


@plant("upload_complete.parts_as_sent")
class ComparesETagsOnly(_Trusting):
    """The ETags are compared as a set: exchanged parts go unnoticed."""

    def _check_parts(self, upload, stored, named):
        if {part.etag for part in stored.values()} != {etag.strip('"') for etag in named.values()}:
            raise PartsMismatch(upload.upload_id, [], [], sorted(stored))
        super()._check_parts(upload, stored, named)


@plant("upload_complete.parts_as_sent", "upload_complete.size")
class UnnamedPartsAreDropped(UploadController):
    """Parts that the mapping leaves out are left out of the object."""

    def _check_parts(self, upload, stored, named):
        super()._check_parts(upload, {n: stored[n] for n in stored.keys() & named.keys()}, named)

    def _check_size(self, upload, received):
        pass


@plant("upload_complete.etag_forms")
class QuotesMatter(UploadController):
    """An ETag counts only with its quotes."""

    def _check_parts(self, upload, stored, named):
        bare = sorted(number for number, etag in named.items() if not etag.startswith('"'))
        if bare:
            raise PartsMismatch(upload.upload_id, [], [], bare)
        super()._check_parts(upload, stored, named)


@plant("upload_complete.etag_forms")
class OrderMatters(UploadController):
    """The mapping has to name the parts in ascending order."""

    def complete(self, upload_id, parts):
        if list(parts) != sorted(parts):
            raise PartsMismatch(upload_id, [], [], sorted(parts))
        super().complete(upload_id, parts)


class _Bad(Refusal):
    code = 500
    id = "internalError"


@plant(
    "upload_complete.again", "upload_errors.no_5xx", "upload_races.lost_completion", "upload_races.parallel_completes"
)
class CompleteAgainIsAFailure(UploadController):
    """A completion that comes twice meets an upload that the store has forgotten."""

    def _is_repeat(self, upload, digest):
        if super()._is_repeat(upload, digest) and getattr(self, "_done", None) == upload.upload_id:
            raise _Bad("NoSuchUpload")
        if super()._is_repeat(upload, digest):
            self._done = upload.upload_id
            return True
        return False


@plant("upload_complete.never_after_the_end", "upload_states.transitions", "upload_races.two_clients")
class CompletesTheCancelled(UploadController):
    """A late completion is answered with success although the upload was cancelled."""

    def complete(self, upload_id, parts):
        try:
            super().complete(upload_id, parts)
        except UploadNotPending:
            if self.uploads.get(upload_id).status is not UploadStatus.CANCELLED:
                raise


@plant("upload_complete.unknown_upload")
class CompletesAnything(UploadController):
    """Completing what never was is a success."""

    def complete(self, upload_id, parts):
        try:
            super().complete(upload_id, parts)
        except UploadNotFound:
            return


@plant("upload_complete.one_event")
class EveryEventTwice(Outbox):
    """Whoever asks for events is told each one twice."""

    def read(self, file_id=None):
        found = super().read(file_id)
        return [*found, *found]


@plant("upload_complete.one_event")
class EventIsLost(Outbox):
    """The event is sent after the commit, and the broker was down."""

    def record(self, connection, upload, size):
        pass


@plant("upload_complete.one_event")
class EventBeforeTheEnd(UploadController):
    """The event is written when an upload begins."""

    def create(self, file_id):
        upload = super().create(file_id)
        with self.uploads._database.write() as connection:
            self.outbox.record(connection, upload, 0)
        return upload

    def _finish(self, upload):
        self.uploads._outbox = _Silent(self.uploads._database, self.store.bucket)
        super()._finish(upload)


class _Silent(Outbox):
    def record(self, connection, upload, size):
        pass


@plant(
    "upload_complete.object_exists",
    "upload_complete.content",
    "upload_complete.many_parts",
    "upload_cancel.changes_nothing_else",
)
class UploadedWithoutAnObject(UploadController):
    """The state is set and the store is asked later, by a job that never runs."""

    def _complete_in_store(self, upload, s3_upload_id, parts):
        pass


@plant("upload_complete.size")
class SizeIsNotCompared(UploadController):
    """Nobody compares the parts with the registered size of the file."""

    def _check_size(self, upload, received):
        pass


@plant("upload_complete.size")
class ShorterIsFine(UploadController):
    """Only a file that is too long is refused: one that lost its end is uploaded."""

    def _check_size(self, upload, received):
        if received > self.uploads.file(upload.file_id).size:
            super()._check_size(upload, received)


@plant("upload_complete.recovers", "upload_complete.size", "upload_complete.no_parts", "upload_complete.parts_as_sent")
class FailsAndKeepsTheFile(UploadController):
    """A refused completion makes the upload failed, and its parts stay in the store and in the way."""

    def _check_parts(self, upload, stored, named):
        try:
            super()._check_parts(upload, stored, named)
        except Refusal:
            self.uploads.decide(upload.upload_id, UploadStatus.REJECTED)
            self.uploads._set(upload.upload_id, upload_status=UploadStatus.ACCEPTED)
            raise
