"""An upload controller as a storage: what it takes in parts, by the path under which it was registered.

A path is a file: it is registered, without a size, when its first upload begins, under the digest of ``work_dir`` and
path. A part is the URL that the controller signs and the PUT to the store; its index counts from zero, its number from
one. What was uploaded is read from the inbox, where the controller put it.

Translations: removing an object is rejecting its upload, which is how the services around a controller take it out of
the inbox. Removing an upload is cancelling it; one that is unknown or has ended is removed already (GSP-46). What the
controller says of parts that it does not take (400) is ``Unexpected``, of an upload that is not pending (404, 409)
``ObjectNotExist``.

True differences, by design: an upload of a file that is pending, uploaded or accepted keeps another from beginning, so
nothing is overwritten in place and no path has two uploads; and the parts sent so far cannot be listed.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from conformance.adapters.s3.client import RangeNotSatisfiable, attempt, client_for
from conformance.adapters.streams import CHUNK, check_size, deliver, exactly, refuse
from conformance.adapters.upload_controller.client import Answer, Controller, Hooks
from conformance.storage import (
    Features,
    IoCallback,
    Object,
    ObjectMode,
    ObjectNotExist,
    Part,
    Reader,
    RestrictionDissatisfied,
    Restrictions,
    Storage,
    StorageMeta,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.adapters.s3.client import Location

PARTS_MAXIMUM = 10_000
MIB = 1024**2


class UploadControllerStorage(Storage):
    """One client of one ``work_dir`` of an upload controller; ``location`` is its inbox."""

    declared = Features(
        directories="none",
        name_maximum=None,
        path_maximum=None,
        part_order_free=True,
        part_gaps=True,
        etag=True,
    )

    def __init__(self, controller: Controller, hooks: Hooks, location: Location, work_dir: str = "/") -> None:
        """Talk to a controller and its hooks; the inbox is read through boto3.

        Raises:
            ConnectionStringInvalid: boto3 is not installed.

        """
        self._controller = controller
        self._hooks = hooks
        self._location = location
        self._client = client_for(location)
        self._work_dir = work_dir

    def features(self) -> Features:
        """Return the declaration; whether small parts are refused is the store's business."""
        return replace(super().features(), part_minimum_enforced=self._location.part_minimum > 0)

    def metadata(self) -> StorageMeta:
        """Return ``work_dir`` and the limits of multipart uploads."""
        restrictions = Restrictions(
            multipart_number_maximum=PARTS_MAXIMUM,
            multipart_size_minimum=self._location.part_minimum or None,
        )
        return StorageMeta(
            name=self._controller.http.base,
            work_dir=self._work_dir,
            service="upload-controller",
            restrictions=restrictions,
        )

    # multiparter

    def create_multipart(self, path: str) -> Object:
        """Register the file of ``path`` and begin its upload.

        Raises:
            Unexpected: an upload of the file is active.

        """
        file_id = self._file(path)
        registered = self._hooks.ask("register", file_id=file_id, size=None)
        if not self._hooks.succeeded("register", registered):
            _refuse("register", registered)
        answer = self._controller.create(file_id)
        if not self._controller.succeeded("create", answer):
            _refuse("create", answer)
        upload_id = str(self._controller.found("create", "upload_id", answer))
        return Object(path=path, id=file_id, mode=ObjectMode.PART, multipart_id=upload_id)

    def write_multipart(
        self, o: Object, r: Reader | None, size: int, index: int, *, io_callback: IoCallback | None = None
    ) -> tuple[int, Part]:
        """Send one part to the URL that the controller signs (AOS-62).

        Raises:
            RestrictionDissatisfied: ``index`` is no part, or ``r`` is missing.
            ObjectNotExist: the upload is not pending.
            Unexpected: ``size`` is negative, ``r`` ended early, or the store refused.

        """
        if not 0 <= index < PARTS_MAXIMUM:
            raise RestrictionDissatisfied(f"index {index} is outside 0..{PARTS_MAXIMUM - 1}")
        check_size(size, None)
        content = b"".join(exactly(r, size, io_callback))
        presigned = self._controller.presign(str(o.multipart_id), index + 1)
        if not self._controller.succeeded("presign", presigned):
            _refuse("presign", presigned)
        url = str(self._controller.found("presign", "url", presigned))
        answer = self._controller.put(url, content, size, index + 1)
        if answer.code != 200:
            _refuse("the PUT of a part", answer)
        return size, Part(index, size, answer.etag)

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> Object:
        """Complete the upload with the parts given.

        Raises:
            ObjectNotExist: the upload is not pending.
            Unexpected: the parts are not those that were sent.

        """
        answer = self._controller.complete(str(o.multipart_id), {part.index + 1: part.etag for part in parts})
        if not self._controller.succeeded("complete", answer):
            _refuse("complete", answer)
        return Object(path=o.path, id=o.id, mode=ObjectMode.READ)

    # storager

    def delete(self, path: str, *, multipart_id: str | None = None) -> None:
        """Cancel an upload, or reject what was uploaded under ``path``; what is not there is deleted already."""
        if multipart_id is not None:
            answer = self._controller.cancel(multipart_id)
            if not self._controller.succeeded("cancel", answer) and answer.code not in {404, 409}:
                _refuse("cancel", answer)
            return
        with suppress(ObjectNotExist):
            upload_id, _ = self._uploaded(path)
            answer = self._hooks.ask("reject", upload_id=upload_id)
            if not self._hooks.succeeded("reject", answer):
                _refuse("reject", answer)

    def stat(self, path: str) -> Object:
        """Return what was uploaded under ``path``, as the inbox has it.

        Raises:
            ObjectNotExist: nothing was, or it was decided on.

        """
        _, key = self._uploaded(path)
        answer = self._inbox("head_object", Key=key)
        return Object(
            path=path,
            id=self._file(path),
            mode=ObjectMode.READ,
            content_length=answer["ContentLength"],
            etag=answer.get("ETag"),
            last_modified=answer.get("LastModified"),
        )

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy what was uploaded, or a range of it, to ``w``.

        Raises:
            ObjectNotExist: nothing was uploaded under ``path``.
            Unexpected: an argument is negative.

        """
        check_size(offset or 0, None, "offset")
        check_size(size or 0, None)
        _, key = self._uploaded(path)
        if size == 0:
            self._inbox("head_object", Key=key)
            return 0
        begin = offset or 0
        end = "" if size is None else str(begin + size - 1)
        try:
            answer = self._inbox("get_object", Key=key, **({"Range": f"bytes={begin}-{end}"} if begin or end else {}))
        except RangeNotSatisfiable:
            return 0
        with closing(answer["Body"]) as body:
            return deliver(iter(lambda: body.read(CHUNK), b""), w, io_callback)

    def _uploaded(self, path: str) -> tuple[str, str]:
        """Return the upload that a file has, and the key of its object in the inbox."""
        file = self._hooks.ask("file", file_id=self._file(path))
        upload_id = self._hooks.bindings["file"].found("upload_id", file.json)
        if not self._hooks.succeeded("file", file) or upload_id is None:
            raise ObjectNotExist
        state = self._hooks.ask("state", upload_id=upload_id)
        binding = self._hooks.bindings["state"]
        word = binding.found("state", state.json)
        if not self._hooks.succeeded("state", state) or self._controller.api.state(word) != "uploaded":
            raise ObjectNotExist
        return str(upload_id), str(binding.found("key", state.json))

    def _file(self, path: str) -> str:
        try:
            return f"conformance-{sha256((self._work_dir + path).encode()).hexdigest()}"
        except UnicodeEncodeError as error:
            refuse(Unexpected(str(error)))

    def _inbox(self, operation: str, **parameters: Any) -> Any:
        return attempt(getattr(self._client, operation), Bucket=self._location.bucket, **parameters)


def _refuse(what: str, answer: Answer) -> None:
    text = answer.body[:200].decode("utf-8", "replace")
    if answer.code in {404, 409} and what != "create":
        raise ObjectNotExist(f"{what}: {answer.code} {text}")
    raise Unexpected(f"{what} was answered {answer.code} {text}")
