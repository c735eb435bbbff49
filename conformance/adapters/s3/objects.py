"""Reading, writing and deleting the objects of a bucket."""

from __future__ import annotations

import re
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, TypeGuard

from conformance.adapters.s3.base import S3Base, given, matching, sha256_told
from conformance.adapters.s3.client import RangeNotSatisfiable, attempt, of_code
from conformance.adapters.streams import CHUNK, Span, check_size, deliver, exactly
from conformance.storage import (
    IoCallback,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    Reader,
    Told,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

DELETED_AT_ONCE = 1000
"""Keys that one DeleteObjects takes."""
_IN_XML = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
"""The characters that XML 1.0 has, of which the body of DeleteObjects is made."""


class S3Objects(S3Base):
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
        content_sha256: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (PutObject); the size returned tells the ETag.

        S3 compares conditions and digests once it has the bytes, so ``r`` is read also when they do not hold.

        Raises:
            PreconditionFailed: a condition does not hold.
            RestrictionDissatisfied: ``size`` is above 5 GiB, or ``r`` is missing.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, self._restrictions.write_size_maximum)
        with matching(if_match):
            answer = self._call(
                "put_object",
                Key=self._key(path),
                Body=b"".join(exactly(r, size, io_callback)),
                **given(
                    ContentType=content_type,
                    ContentMD5=content_md5,
                    ContentDisposition=content_disposition,
                    Metadata=user_metadata,
                    CacheControl=cache_control,
                    ContentEncoding=content_encoding,
                    ContentLanguage=content_language,
                    ChecksumSHA256=content_sha256,
                    IfMatch=if_match,
                    IfNoneMatch=if_none_match,
                ),
            )
        told = self._object(path, ObjectMode.READ, etag=answer.get("ETag"), content_sha256=sha256_told(answer))
        return Told(size, told)

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, ``size`` bytes from ``offset``, or the last ``suffix`` bytes, to ``w`` (GetObject).

        A range behind the end is empty. Whatever body the service sends is passed on whole, unless it says itself
        that the body is another range than the one asked for. The number of bytes tells what the headers tell of the
        object; of a range behind the end there are none.

        Raises:
            ObjectNotExist: there is no object, also when no bytes are asked for.
            PreconditionFailed: a condition does not hold.
            RestrictionDissatisfied: ``suffix`` is given with ``offset`` or ``size``.
            Unexpected: an argument is negative, the body ends early, or it is said to be another range.

        """
        span = Span.checked(offset, size, suffix)
        parameters = given(
            Key=self._key(path),
            IfMatch=if_match,
            IfNoneMatch=if_none_match,
            IfModifiedSince=if_modified_since,
            IfUnmodifiedSince=if_unmodified_since,
        )
        if 0 in {size, suffix}:  # an empty range cannot be asked for in HTTP
            answer = self._call("head_object", **parameters)
            return Told(0, self._described(path, answer, answer.get("ContentLength")))
        try:
            answer = self._call("get_object", **parameters, **given(Range=_range(span)))
        except RangeNotSatisfiable:
            return 0
        with closing(answer["Body"]) as body:
            length = _whole(answer, span)
            return Told(deliver(_chunks(body), w, io_callback), self._described(path, answer, length))

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        multipart_id: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe the object (HeadObject), the directory marker, or the open upload ``multipart_id`` (ListParts).

        Raises:
            ObjectNotExist: there is none of that kind at ``path``.
            ObjectModeInvalid: ``object_mode`` is of a kind that S3 does not have, and there is an object.
            PairUnsupported: a condition is given for an upload.
            PreconditionFailed: a condition does not hold.

        """
        conditions = given(
            IfMatch=if_match,
            IfNoneMatch=if_none_match,
            IfModifiedSince=if_modified_since,
            IfUnmodifiedSince=if_unmodified_since,
        )
        if multipart_id is not None:
            if conditions:
                raise PairUnsupported(["if_match", "if_none_match", "if_modified_since", "if_unmodified_since"])
            self._call("list_parts", Key=self._key(path), UploadId=multipart_id, MaxParts=1)
            return self._object(path, ObjectMode.PART, multipart_id=multipart_id)
        if _is_dir(object_mode):
            answer = self._call("head_object", Key=self._marker(path), **conditions)
            return self._object(path, ObjectMode.DIR, last_modified=answer.get("LastModified"))
        if "content_sha256" in self._takes.get("write", ()):  # a service without it need not be asked
            conditions["ChecksumMode"] = "ENABLED"
        answer = self._call("head_object", Key=self._key(path), **conditions)
        if _is_foreign(object_mode):
            raise ObjectModeInvalid(expected=object_mode, actual=ObjectMode.READ)
        return self._described(path, answer, answer.get("ContentLength"))

    def delete(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        multipart_id: str | None = None,
        if_match: str | None = None,
    ) -> None:
        """Delete the object (DeleteObject) or the directory marker, or abort the upload ``multipart_id``.

        What does not exist is no error (GSP-46): S3 itself answers so, and where it does not, of uploads and of
        conditions, the answer is translated. Objects below a directory stay.

        Raises:
            ObjectModeInvalid: ``object_mode`` is of a kind that S3 does not have, and there is an object.
            PairUnsupported: ``if_match`` is given for an upload.
            PreconditionFailed: the object has another ETag.

        """
        conditions = given(IfMatch=if_match)
        # DeleteObject itself succeeds where nothing is; a server that answers otherwise is not to look right.
        ended = multipart_id is not None or conditions or _is_foreign(object_mode)
        with suppress(*([ObjectNotExist] if ended else [])):
            if multipart_id is not None:
                if conditions:
                    raise PairUnsupported(["if_match"])
                self._call("abort_multipart_upload", Key=self._key(path), UploadId=multipart_id)
            elif _is_dir(object_mode):
                self._call("delete_object", Key=self._marker(path), **conditions)
            elif _is_foreign(object_mode):
                self.stat(path, object_mode=object_mode)
            else:
                self._call("delete_object", Key=self._key(path), **conditions)

    def delete_many(self, paths: Iterable[str]) -> None:
        """Delete several objects, 1000 in a request (DeleteObjects); missing ones are no error.

        A key with a character that XML does not have needs a request of its own (DeleteObject).

        Raises:
            StorageError: the first failure that the service reports, by its code; other objects may be gone.
            Unexpected: the service tells of some keys neither that they are deleted nor that they are not.

        """
        together: list[str] = []
        for path in paths:
            if _IN_XML.fullmatch(self._key(path)):
                together.append(self._key(path))
            else:
                self.delete(path)
        for start in range(0, len(together), DELETED_AT_ONCE):
            keys = together[start : start + DELETED_AT_ONCE]
            answer = self._call("delete_objects", Delete={"Objects": [{"Key": key} for key in keys]})
            for failed in answer.get("Errors", ()):
                error = of_code(str(failed.get("Code", "")), f"{failed.get('Message', '')} ({failed.get('Key')!r})")
                if not isinstance(error, ObjectNotExist):
                    raise error
            told = {_read(str(entry.get("Key"))) for entry in (*answer.get("Deleted", ()), *answer.get("Errors", ()))}
            untold = [key for key in keys if _read(key) not in told]
            if untold:
                others = f" and {len(untold) - 1} more" if untold[1:] else ""
                raise Unexpected(f"the service does not tell whether {untold[0]!r}{others} is deleted")


def _read(key: str) -> str:
    """Return a key as a reader of XML sees it, for whom every end of a line is a line feed (XML 1.0, 2.11)."""
    return key.replace("\r\n", "\n").replace("\r", "\n")


def _range(span: Span) -> str | None:
    if span.suffix is not None:
        return f"bytes=-{span.suffix}"
    if not span.offset and span.size is None:
        return None
    last = "" if span.size is None else span.offset + span.size - 1
    return f"bytes={span.offset}-{last}"


def _whole(answer: Mapping[str, Any], span: Span) -> int | None:
    """Return the length of the whole object, of which the answer may be a range (RFC 9110, 14.4).

    Raises:
        Unexpected: the service says that its body begins or ends elsewhere than asked for.

    """
    told, length = answer.get("ContentRange"), answer.get("ContentLength")
    if not told:
        return length
    whole = told.rpartition("/")[2]
    total = int(whole) if whole.isdigit() else None
    if length is not None and (span.suffix is None or total is not None):
        first = span.offset if span.suffix is None else max((total or 0) - span.suffix, 0)
        if not told.startswith(f"bytes {first}-{first + length - 1}/"):
            raise Unexpected(f"{length} bytes from {first} were asked for, the service says that it sends {told!r}")
    return total


def _chunks(body: Any) -> Iterator[bytes]:
    while chunk := attempt(body.read, CHUNK):
        yield chunk


def _is_dir(object_mode: ObjectMode | None) -> bool:
    return object_mode is not None and ObjectMode.DIR in object_mode


def _is_foreign(object_mode: ObjectMode | None) -> TypeGuard[ObjectMode]:
    return object_mode is not None and object_mode not in ObjectMode.READ
