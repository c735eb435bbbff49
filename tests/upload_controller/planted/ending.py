"""Defects of cancelling, of decisions, and of clearing up."""

from backends.upload_controller.controller import UploadController
from backends.upload_controller.errors import Refusal, UploadNotFound, UploadNotPending, UploadNotUploaded
from backends.upload_controller.states import UploadStatus
from backends.upload_controller.store import Store

from .base import answer, plant, plant_layer


@plant(
    "upload_cancel.cancels", "upload_cancel.urls_are_dead", "upload_races.part_in_flight", "upload_cleanup.abandoned"
)
class NeverAborts(Store):
    """A cancel changes the row, as the seed says, and the parts stay in the store for ever."""

    def abort(self, key, s3_upload_id):
        pass


@plant(
    "upload_cancel.urls_are_dead", "upload_cancel.cancels", "upload_races.part_in_flight", "upload_cleanup.abandoned"
)
class AbortsTomorrow(Store):
    """Aborting is left to a job that runs at night: until then the URLs of a cancelled upload store parts."""

    def abort(self, key, s3_upload_id):
        self.__dict__.setdefault("tonight", []).append((key, s3_upload_id))


@plant("upload_cancel.cancels")
class SaysAndDoesNot(UploadController):
    """A cancel is answered with success and nothing happens."""

    def cancel(self, upload_id):
        self.uploads.get(upload_id)


@plant_layer("upload_cancel.cancels")
def cancel_answers_accepted(app):
    """A cancel is answered with 202 and done at some time."""

    async def layered(scope, receive, send):
        from .base import again, body_of

        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        body = await body_of(receive)

        async def changed(message):
            if message.get("status") == 204 and b'"cancelled"' in body:
                message = {**message, "status": 202}
            await send(message)

        await app(scope, again(body), changed)

    return layered


@plant("upload_cancel.changes_nothing_else", "upload_complete.one_event", "upload_states.transitions")
class CancelsTheUploaded(UploadController):
    """A late cancel takes back what was uploaded and told."""

    def cancel(self, upload_id):
        if self.uploads.get(upload_id).status is UploadStatus.UPLOADED:
            self.uploads.decide(upload_id, UploadStatus.CANCELLED)
        super().cancel(upload_id)


@plant("upload_cancel.changes_nothing_else")
class RefusesAndRemoves(UploadController):
    """A late cancel is refused, after the object was removed."""

    def cancel(self, upload_id):
        try:
            super().cancel(upload_id)
        except UploadNotPending:
            self.store.delete_object(upload_id)
            raise


class _Failure(Refusal):
    code = 500
    id = "internalError"


@plant("upload_cancel.again", "upload_errors.no_5xx", "upload_races.parallel_cancels")
class CancelAgainIsAFailure(UploadController):
    """A second cancel meets an upload that the store has forgotten."""

    def cancel(self, upload_id):
        if self.uploads.get(upload_id).status is UploadStatus.CANCELLED:
            raise _Failure("NoSuchUpload")
        super().cancel(upload_id)


@plant("upload_cancel.again", "upload_create.again_after_the_end", "upload_races.two_clients")
class CancelsTheFile(UploadController):
    """A second cancel of an old upload ends the pending one of the same file."""

    def cancel(self, upload_id):
        upload = self.uploads.get(upload_id)
        pending = self.find_pending(upload.file_id)
        super().cancel(upload_id)
        if pending is not None and pending.upload_id != upload_id:
            super().cancel(pending.upload_id)


@plant("upload_cancel.unknown_upload")
class CancelsAnything(UploadController):
    """Cancelling what never was is a success."""

    def cancel(self, upload_id):
        try:
            super().cancel(upload_id)
        except UploadNotFound:
            return


@plant("upload_cancel.store_lost_it", "upload_errors.no_5xx")
class LostIsAFailure(Store):
    """What the store has lost cannot be aborted, and so the upload cannot be cancelled."""

    def abort(self, key, s3_upload_id):
        if not self.has(key, s3_upload_id):
            raise RuntimeError("NoSuchUpload")
        super().abort(key, s3_upload_id)


# states and decisions


@plant_layer("upload_states.spelling")
def another_word(app):
    """The word for a cancelled upload is one that no document knows."""

    async def layered(scope, receive, send):
        async def changed(message):
            if message["type"] == "http.response.body":
                message = {**message, "body": message.get("body", b"").replace(b'"cancelled"', b'"cancelleD"')}
            await send(message)

        await app(scope, receive, changed)

    return layered


@plant_layer("upload_states.spelling")
def the_cancelled_are_unknown(app):
    """Cancelled uploads go to an archive: who asks for the state of one is told 404."""

    async def layered(scope, receive, send):
        held = []

        async def changed(message):
            held.append(message)
            if message["type"] == "http.response.body" and b'"upload_status":"cancelled"' in message.get("body", b""):
                await answer(send, 404, b'{"detail":"Not Found"}')
            elif message["type"] != "http.response.start":
                for each in held:
                    await send(each)
                held.clear()

        await app(scope, receive, changed)

    return layered


@plant_layer("upload_states.client_words")
def any_word_cancels(app):
    """Whatever word is not uploaded cancels the upload."""

    async def layered(scope, receive, send):
        import json

        from .base import again, body_of, parsed, with_length

        if scope.get("method") != "PATCH":
            await app(scope, receive, send)
            return
        body = await body_of(receive)
        asked = parsed(body)
        if isinstance(asked, dict) and asked.get("status") in ("failed", "rejected", "deleted"):
            body = json.dumps({"status": "cancelled"}).encode()
        await app(with_length(scope, body), again(body), send)

    return layered


@plant(
    "upload_states.transitions",
    "upload_cancel.changes_nothing_else",
    "upload_complete.never_after_the_end",
    "upload_presign.not_pending",
)
class PresignRevives(UploadController):
    """Asking for a part of a cancelled upload makes it pending again."""

    def presign(self, upload_id, part_no):
        upload = self.uploads.get(upload_id)
        if upload.status is UploadStatus.CANCELLED:
            self.uploads._set(upload_id, upload_status=UploadStatus.PENDING)
        return super().presign(upload_id, part_no)


@plant("upload_states.one_active", "upload_create.one_at_a_time", "upload_create.tells_the_active")
class CreateReplaces(UploadController):
    """A create cancels the pending upload of the file without being asked to."""

    def create(self, file_id):
        pending = self.find_pending(file_id)
        if pending is not None:
            self.cancel(pending.upload_id)
        return super().create(file_id)


@plant("upload_states.decisions", "upload_create.again_after_the_end")
class RejectAccepts(UploadController):
    """Both decisions are taken for an acceptance."""

    def decide(self, upload_id, verdict):
        super().decide(upload_id, UploadStatus.ACCEPTED)


@plant("upload_states.decisions")
class ObjectStays(UploadController):
    """The object stays in the inbox after the decision."""

    def decide(self, upload_id, verdict):
        if self.uploads.get(upload_id).status is UploadStatus.UPLOADED:
            self.uploads.decide(upload_id, verdict)
        elif self.uploads.get(upload_id).status is not verdict:
            raise UploadNotUploaded(upload_id, self.uploads.get(upload_id).status)


@plant("upload_states.early_decisions", "upload_states.transitions")
class DecidesOnThePending(UploadController):
    """A decision that comes early is taken at its word."""

    def decide(self, upload_id, verdict):
        if self.uploads.get(upload_id).status is UploadStatus.PENDING:
            self.uploads._set(upload_id, upload_status=verdict)
            return
        super().decide(upload_id, verdict)


@plant("upload_states.early_decisions", "upload_states.decisions", "upload_errors.no_5xx")
class SecondDecisionIsAFailure(UploadController):
    """A decision that is delivered twice stops whoever reads the decisions."""

    def decide(self, upload_id, verdict):
        if self.uploads.get(upload_id).status is verdict:
            raise _Failure("the object is not there")
        super().decide(upload_id, verdict)


# clearing up


@plant("upload_cleanup.abandoned")
class NobodyClearsUp(UploadController):
    """The job that looks for abandoned uploads only writes a log."""

    def tidy(self, idle=None):
        return []


@plant("upload_cleanup.abandoned")
class ClearsTheRowOnly(UploadController):
    """Clearing up changes the row and leaves the parts in the store."""

    def _abandon(self, upload, idle):
        return self.uploads.end(upload.upload_id, UploadStatus.FAILED, self._stale(), idle)

    def recover(self):
        pass

    def _sweep(self):
        pass


@plant("upload_cleanup.active_kept")
class ClearsEverything(UploadController):
    """Clearing up forgets to look how long an upload was idle."""

    def tidy(self, idle=None):
        return super().tidy(0)


@plant("upload_cleanup.active_kept", "upload_cleanup.abandoned")
class ClearsTheUploaded(UploadController):
    """Clearing up removes every object older than the limit, also those that nobody has decided on yet."""

    def tidy(self, idle=None):
        pages = self.store._s3.list_objects_v2(Bucket=self.store.bucket)
        for found in pages.get("Contents", ()):
            self.store.delete_object(found["Key"])
        return super().tidy(idle)
