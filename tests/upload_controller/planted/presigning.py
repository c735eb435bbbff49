"""Defects of URLs for parts."""

from dataclasses import replace
from typing import ClassVar

from backends.upload_controller.controller import UploadController
from backends.upload_controller.errors import Refusal, UploadNotFound
from backends.upload_controller.store import Store

from .base import answer, plant, plant_layer


class _Refused(Refusal):
    code = 422
    id = "validationError"


@plant("upload_presign.stores_a_part", "upload_complete.completes")
class PresignsAnObject(Store):
    """The URL stores an object and no part."""

    def presign(self, key, s3_upload_id, number, lifetime):
        return self._s3.generate_presigned_url("put_object", {"Bucket": self.bucket, "Key": key}, lifetime)


@plant("upload_presign.stores_a_part", "upload_presign.numbers", "upload_complete.completes")
class CountsFromZero(Store):
    """Part numbers of the API are taken for indexes: every URL is that of the next part."""

    def presign(self, key, s3_upload_id, number, lifetime):
        return super().presign(key, s3_upload_id, number + 1, lifetime)


@plant("upload_presign.numbers")
class TenThousandIsTooMuch(UploadController):
    """The range of part numbers ends one too early."""

    def presign(self, upload_id, part_no):
        if part_no >= 10_000:
            raise _Refused("part_no is too large")
        return super().presign(upload_id, part_no)


@plant_layer("upload_presign.numbers")
def no_range(app):
    """Nobody looks at the part number: 0 and 10001 get a URL that the store refuses later."""

    async def layered(scope, receive, send):
        path = scope.get("path", "")
        if "/part/" in path:
            number = path.split("/part/")[1].split("/")[0]
            if number in {"0", "10001", "-1"}:
                scope = {**scope, "path": path.replace(f"/part/{number}/", "/part/1/")}
                scope["raw_path"] = scope["path"].encode()
        await app(scope, receive, send)

    return layered


@plant_layer("upload_presign.numbers", "upload_errors.no_5xx")
def number_is_a_failure(app):
    """A part number that is none is an unhandled ValueError."""

    async def layered(scope, receive, send):
        path = scope.get("path", "")
        if "/part/" in path and not path.split("/part/")[1].split("/")[0].isdigit():
            await answer(send, 500, b"Internal Server Error", "text/plain")
            return
        await app(scope, receive, send)

    return layered


@plant("upload_presign.bound", claims=frozenset({"signatures"}))
class OpenStore(Store):
    """The store is open to everybody: the signature of a URL means nothing."""


@plant("upload_presign.only_put", claims=frozenset({"signatures"}))
class OpenStoreForReading(Store):
    """The store lets everybody read and remove: a URL for writing is one for everything."""


@plant("upload_presign.again", "upload_complete.parts_as_sent", "upload_complete.recovers")
class OncePerPart(UploadController):
    """A part can be presigned once: a client whose PUT failed is stuck."""

    _told: ClassVar[set[tuple[str, int]]] = set()

    def presign(self, upload_id, part_no):
        url = super().presign(upload_id, part_no)
        if (upload_id, part_no) in self._told:
            raise _Refused("this part was presigned before")
        self._told.add((upload_id, part_no))
        return url


@plant(
    "upload_presign.not_pending", "upload_cancel.urls_are_dead", "upload_cleanup.abandoned", "upload_races.two_clients"
)
class PresignsForTheDead(UploadController):
    """Nobody looks at the state: uploads that have ended get URLs that the store refuses."""

    def presign(self, upload_id, part_no):
        upload = self.uploads.get(upload_id)
        return self.store.presign(upload_id, upload.s3_upload_id or "", part_no, self.settings.url_lifetime)


@plant("upload_presign.unknown_upload", "upload_errors.no_5xx")
class UnknownUploadIsAFailure(UploadController):
    """An upload that never was is a None that nobody expected."""

    def presign(self, upload_id, part_no):
        try:
            return super().presign(upload_id, part_no)
        except UploadNotFound:
            raise RuntimeError("'NoneType' object has no attribute 's3_upload_id'") from None


@plant("upload_presign.unknown_upload")
class UnknownUploadGetsAUrl(UploadController):
    """A URL is signed for whatever id is named."""

    def presign(self, upload_id, part_no):
        try:
            return super().presign(upload_id, part_no)
        except UploadNotFound:
            return self.store.presign(upload_id, upload_id, part_no, self.settings.url_lifetime)


@plant("upload_presign.expires")
class ForAWeek(Store):
    """URLs are good for a week."""

    def presign(self, key, s3_upload_id, number, lifetime):
        return super().presign(key, s3_upload_id, number, 7 * 24 * 3600)


@plant("upload_presign.any_order", "upload_complete.content", "upload_complete.etag_forms")
class OnlyInOrder(UploadController):
    """A part is taken when the one before it has arrived: parts cannot be sent at the same time."""

    def presign(self, upload_id, part_no):
        url = super().presign(upload_id, part_no)
        upload = self.uploads.get(upload_id)
        if 1 < part_no < 100 and part_no - 1 not in self.store.parts(upload_id, upload.s3_upload_id or ""):
            raise _Refused("send the part before this one first")
        return url


@plant("upload_errors.stable", "upload_presign.unknown_upload")
class AnswersByTurns(UploadController):
    """One mistake is refused in two ways, depending on which of two caches answers."""

    _turn = 0

    def presign(self, upload_id, part_no):
        try:
            return super().presign(upload_id, part_no)
        except UploadNotFound:
            AnswersByTurns._turn += 1
            if AnswersByTurns._turn % 2:
                raise
            raise _Refused("no such upload") from None


@plant("upload_races.two_clients", "upload_cancel.urls_are_dead", "upload_presign.not_pending")
class ByFileNotByUpload(UploadController):
    """What is asked of an old upload goes to the pending one of its file: two clients mix their parts."""

    def presign(self, upload_id, part_no):
        return super().presign(self._current(upload_id), part_no)

    def complete(self, upload_id, parts):
        super().complete(self._current(upload_id), parts)

    def _current(self, upload_id):
        upload = self.uploads.get(upload_id)
        pending = self.find_pending(upload.file_id)
        return upload_id if pending is None else replace(pending).upload_id
