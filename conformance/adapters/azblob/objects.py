"""Reading, writing and deleting the objects of a container."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from conformance.adapters.azblob.answers import conditions, described, encoded, only_once
from conformance.adapters.azblob.base import AzBlobBase
from conformance.adapters.azblob.client import WRITE_MAXIMUM, RangeNotSatisfiable, attempt, failure_for, sdk
from conformance.adapters.streams import check_size, deliver, exactly
from conformance.storage import (
    IoCallback,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    Told,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

BATCH = 256
"""Blobs that one batch deletes."""


class AzBlobObjects(AzBlobBase):
    """Storager without ``list``, and the derived ``delete_many``."""

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_type: str | None = None,
        content_md5: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        content_encoding: str | None = None,
        content_language: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (one Put Blob) and return ``size``.

        Raises:
            RestrictionDissatisfied: ``size`` is above 5000 MiB, or ``r`` is missing.
            MetadataUnrecognized: a name of ``user_metadata`` is no identifier of C#.
            PreconditionFailed: a condition does not hold.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, WRITE_MAXIMUM)
        blob = self._blob(path)
        headers = conditions(if_match=if_match, if_none_match=if_none_match)
        if content_md5 is not None:
            headers["Content-MD5"] = content_md5
        answer = attempt(
            blob.upload_blob,
            b"".join(exactly(r, size, io_callback)),
            length=size,
            overwrite=True,
            metadata=user_metadata,
            content_settings=sdk().ContentSettings(
                content_type=content_type,
                content_disposition=content_disposition,
                cache_control=cache_control,
                content_encoding=content_encoding,
                content_language=content_language,
            ),
            headers=headers,
        )
        return Told(size, self._answered(path, ObjectMode.READ, answer, content_md5=encoded(answer.get("content_md5"))))

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, or ``size`` bytes from ``offset``, to ``w`` (Get Blob) and return the number of bytes.

        A range behind the end is empty. Above 32 MiB the SDK asks for piece after piece of the same version.

        Raises:
            ObjectNotExist: there is no object, also when ``size`` is 0.
            PreconditionFailed: a condition does not hold.
            Unexpected: ``offset`` or ``size`` is negative, the body ends early, or it is said to be another range.

        """
        check_size(offset or 0, None, "offset")
        check_size(size or 0, None)
        headers = conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        blob = self._blob(path)
        if size == 0:
            attempt(blob.get_blob_properties, headers=headers)  # an empty range cannot be asked for in HTTP
            return 0
        try:
            answer = attempt(
                blob.download_blob,
                offset=offset if size is None else offset or 0,
                length=size,
                headers=headers,
                decompress=False,
                **only_once(),
            )
        except RangeNotSatisfiable:
            return 0
        chunks = answer.chunks()
        count = deliver(iter(lambda: attempt(next, chunks, b""), b""), w, io_callback)
        whole = int(answer.properties.content_range.rpartition("/")[2])
        told: dict[str, Any] = described(answer.properties) | {"content_length": whole, "append_offset": None}
        return Told(count, self._object(path, **told))

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe the object (Get Blob Properties), or with the mode ``block`` the block object (Get Block List).

        Raises:
            ObjectNotExist: there is none at ``path``.
            ObjectModeInvalid: the object there is of another kind than the hint.
            PreconditionFailed: a condition does not hold.

        """
        blob = self._blob(path)
        if object_mode == ObjectMode.BLOCK and self._blocks(path):
            return self._object(path, ObjectMode.BLOCK)
        headers = conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        found = self._object(path, **described(attempt(blob.get_blob_properties, headers=headers)))
        if object_mode is not None and object_mode not in found.mode:
            raise ObjectModeInvalid(expected=object_mode, actual=found.mode)
        return found

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, if_match: str | None = None) -> None:
        """Delete the object, or with the mode ``block`` the block object; a missing one is no error (GSP-46).

        Azure has no request that discards blocks: where there is no object, an empty one is made of none of them and
        deleted; beside an object they stay until it is combined, or for a week.

        Raises:
            ObjectModeInvalid: the object there is of another kind than the hint.
            PreconditionFailed: the object has another ETag.
            Unexpected: blocks beside an object cannot be discarded.

        """
        blob = self._blob(path)
        if object_mode == ObjectMode.BLOCK:
            self._discard(path)
            return
        if object_mode is not None and ObjectMode.DIR in object_mode:
            return  # there are no directories
        with suppress(ObjectNotExist):
            if object_mode is not None and object_mode != ObjectMode.READ:
                self.stat(path, object_mode=object_mode)
            attempt(blob.delete_blob, headers=conditions(if_match=if_match))

    def delete_many(self, paths: Iterable[str]) -> None:
        """Delete several objects, up to 256 in one request (Blob Batch); missing ones are no error.

        Raises:
            StorageError: one of them could not be deleted; others may be gone.

        """
        names = iter([self._name(path) for path in paths])
        while batch := tuple(islice(names, BATCH)):
            for answer in attempt(self._delete_batch, batch):
                code = answer.headers.get("x-ms-error-code", "")
                if answer.status_code // 100 != 2 and code != "BlobNotFound":
                    raise failure_for(answer.status_code, code, str(answer.reason))

    def _discard(self, path: str) -> None:
        with suppress(ObjectNotExist):
            if self._blocks(path):
                blob = self._blob(path)
                made = attempt(blob.commit_block_list, [], headers=conditions(if_none_match="*"))
                attempt(blob.delete_blob, headers=conditions(if_match=made["etag"]))

    def _delete_batch(self, names: tuple[str, ...]) -> tuple[Any, ...]:
        return tuple(self._container.delete_blobs(*names, raise_on_any_failure=False))
