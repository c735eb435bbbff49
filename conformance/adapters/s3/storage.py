"""S3 and everything that speaks its protocol, over boto3.

The translation is thin: what the service answers is passed on, be it right or wrong, and nothing is repaired, retried
or remembered. A path is appended to prefix and ``work_dir`` as it is. A directory is an empty marker object whose key
ends in ``/``, beside which an object of the same path may exist. Conditions are the service's: its answers 304, 412,
and NoSuchKey to a write with If-Match, are a PreconditionFailed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.part_segments import PartSegments
from conformance.adapters.s3.base import given
from conformance.adapters.s3.client import Location, attempt
from conformance.adapters.s3.listing import S3Listing
from conformance.adapters.s3.objects import S3Objects
from conformance.adapters.s3.uploads import S3Uploads
from conformance.adapters.streams import download
from conformance.storage import (
    HTTPRequest,
    Object,
    ObjectMode,
    PairRequired,
    PermissionDenied,
    RestrictionDissatisfied,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERBS = {
    "read": ("get_object", "GET"),
    "stat": ("head_object", "HEAD"),
    "write": ("put_object", "PUT"),
    "delete": ("delete_object", "DELETE"),
    "create_multipart": ("create_multipart_upload", "POST"),
    "write_multipart": ("upload_part", "PUT"),
    "list_multipart": ("list_parts", "GET"),
    "complete_multipart": ("complete_multipart_upload", "POST"),
}
_ABORT = ("abort_multipart_upload", "DELETE")
_OF_UPLOADS = {"write_multipart", "list_multipart", "complete_multipart"}
_READING = {"read", "stat", "list_multipart"}


class S3(S3Objects, S3Listing, S3Uploads):
    """One client of one ``work_dir`` in a bucket; see :class:`~conformance.adapters.s3.base.S3Base`."""

    # copier, direr, fetcher, reacher

    def copy(
        self,
        src: str,
        dst: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_source_match: str | None = None,
        if_source_none_match: str | None = None,
    ) -> Object:
        """Copy inside the service (CopyObject) with all metadata, or with those given in place of them all.

        Raises:
            ObjectNotExist: there is no ``src``; S3 says the same when ``if_match`` is given and there is no ``dst``.
            PreconditionFailed: a condition does not hold.

        """
        metadata = given(ContentType=content_type, ContentDisposition=content_disposition, Metadata=user_metadata)
        answer = self._call(
            "copy_object",
            Key=self._key(dst),
            CopySource={"Bucket": self._location.bucket, "Key": self._key(src)},
            **metadata,
            **given(
                MetadataDirective="REPLACE" if metadata else None,
                IfMatch=if_match,
                IfNoneMatch=if_none_match,
                CopySourceIfMatch=if_source_match,
                CopySourceIfNoneMatch=if_source_none_match,
            ),
        )
        result: Mapping[str, Any] = answer.get("CopyObjectResult", {})
        return self._object(
            dst, ObjectMode.READ, etag=self._etag(result.get("ETag")), last_modified=result.get("LastModified")
        )

    def create_dir(self, path: str) -> Object:
        """Put the directory's marker, an empty object whose key ends in ``/``."""
        self._call("put_object", Key=self._marker(path), Body=b"")
        return self._object(path, ObjectMode.DIR)

    def fetch(self, path: str, url: str) -> None:
        """Download ``url`` and upload it under ``path``: this adapter does it, S3 itself fetches nothing.

        Raises:
            RestrictionDissatisfied: it serves more than 5 GiB.
            Unexpected: it cannot be downloaded completely; nothing was sent to the service.

        """
        with download(url, self._restrictions.fetch_size_maximum) as answer:
            self._call(
                "put_object",
                Key=self._key(path),
                Body=b"".join(answer.chunks),
                **given(ContentType=answer.content_type),
            )

    def reach(
        self,
        path: str,
        *,
        verb: str = "read",
        size: int | None = None,
        expire: float = 3600,
        multipart_id: str | None = None,
        index: int | None = None,
    ) -> HTTPRequest:
        """Sign one request without asking the service, valid for ``expire`` seconds (at least 1, whole).

        ``size`` counts for ``write`` and ``write_multipart``, where it is signed as the Content-Length. The body of
        ``complete_multipart``, which lists the parts as XML, is not signed.

        Raises:
            PairRequired: a step of an upload without its ``multipart_id``, or ``write_multipart`` without ``index``.
            PermissionDenied: this client may only read, and the verb would change something.
            RestrictionDissatisfied: ``verb`` is none of those.

        """
        if verb not in _VERBS:
            raise RestrictionDissatisfied(f"verb {verb!r} is not one of {', '.join(_VERBS)}")
        if not self.may_change and verb not in _READING:
            raise PermissionDenied("this client may only read")
        wanted = {"multipart_id": verb in _OF_UPLOADS, "index": verb == "write_multipart"}
        told = {"multipart_id": multipart_id, "index": index}
        missing = [name for name, needed in wanted.items() if needed and told[name] is None]
        if missing:
            raise PairRequired(missing)
        of_upload = verb in _OF_UPLOADS or verb == "delete"
        operation, method = _ABORT if verb == "delete" and multipart_id is not None else _VERBS[verb]
        length = size if verb in {"write", "write_multipart"} else None
        parameters = given(
            Bucket=self._location.bucket,
            Key=self._key(path),
            ContentLength=length,
            UploadId=multipart_id if of_upload else None,
            PartNumber=index + 1 if verb == "write_multipart" and index is not None else None,
        )
        url = attempt(
            self._client.generate_presigned_url,
            operation,
            Params=parameters,
            ExpiresIn=max(1, int(expire)),
            HttpMethod=method,
        )
        return HTTPRequest(method, url, {} if length is None else {"Content-Length": str(length)})


class S3WithSegments(PartSegments, S3):
    """A client whose multipart uploads are also segments by index, which is what AOS-25 made of them."""


def open_s3(location: Location, work_dir: str, *, client: Any = None) -> S3:
    """Return a client of ``work_dir``, with segments where the location declares them."""
    kind = S3WithSegments if ("segments", "index") in location.declares else S3
    return kind(location, work_dir, client=client)
