"""Multipart uploads to a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.s3.base import S3Base, given, matching
from conformance.adapters.s3.pages import pages
from conformance.adapters.streams import check_size, exactly
from conformance.storage import IoCallback, Object, ObjectMode, Part, Reader, RestrictionDissatisfied, Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class S3Uploads(S3Base):
    """Multiparter, and the derived ``copy_multipart``."""

    def create_multipart(
        self,
        path: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        content_encoding: str | None = None,
        content_language: str | None = None,
    ) -> Object:
        """Begin an upload (CreateMultipartUpload) and return its handle."""
        answer = self._call(
            "create_multipart_upload",
            Key=self._key(path),
            **given(
                ContentType=content_type,
                ContentDisposition=content_disposition,
                Metadata=user_metadata,
                CacheControl=cache_control,
                ContentEncoding=content_encoding,
                ContentLanguage=content_language,
            ),
        )
        return self._object(path, ObjectMode.PART, multipart_id=answer["UploadId"])

    def write_multipart(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        index: int,
        *,
        content_md5: str | None = None,
        content_sha256: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> tuple[int, Part]:
        """Upload one part under its zero-based ``index`` (UploadPart) and return ``size`` and the part (AOS-62).

        Raises:
            RestrictionDissatisfied: ``index`` is no part, ``size`` is above 5 GiB, or ``r`` is missing.
            ObjectNotExist: the upload is not open.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        self._check_index(index)
        check_size(size, self._restrictions.multipart_size_maximum)
        answer = self._call(
            "upload_part",
            Key=self._key(o.path),
            UploadId=o.multipart_id,
            PartNumber=index + 1,
            Body=b"".join(exactly(r, size, io_callback)),
            **given(ContentMD5=content_md5, ChecksumSHA256=content_sha256),
        )
        return size, Part(index, size, answer.get("ETag", ""))

    def copy_multipart(
        self, o: Object, src: str, index: int, *, offset: int | None = None, size: int | None = None
    ) -> tuple[int, Part]:
        """Make a part of the object ``src``, or of a range of it (UploadPartCopy).

        S3 answers without a size, and takes a range only with its end: without ``size`` the source is asked for its
        length first.

        Raises:
            RestrictionDissatisfied: ``index`` is no part, or the part would be larger than 5 GiB.
            ObjectNotExist: the upload is not open, or there is no ``src``.
            Unexpected: the range is empty, negative, or does not lie within ``src``.

        """
        self._check_index(index)
        start = offset or 0
        check_size(start, None, "offset")
        check_size(size or 0, None)
        length = size if size is not None else self._length(src) - start
        check_size(length, self._restrictions.multipart_size_maximum)
        ranged = offset is not None or size is not None
        if ranged and not length:
            raise Unexpected("an empty range cannot be asked for")
        answer = self._call(
            "upload_part_copy",
            Key=self._key(o.path),
            UploadId=o.multipart_id,
            PartNumber=index + 1,
            CopySource={"Bucket": self._location.bucket, "Key": self._key(src)},
            **given(CopySourceRange=f"bytes={start}-{start + length - 1}" if ranged else None),
        )
        return length, Part(index, length, self._etag(answer.get("CopyPartResult", {}).get("ETag")) or "")

    def complete_multipart(
        self,
        o: Object,
        parts: Iterable[Part],
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Make the object of the parts given, in the order given, which S3 wants ascending (CompleteMultipartUpload).

        Raises:
            ObjectNotExist: the upload is not open.
            PreconditionFailed: a condition does not hold of the object at the path.
            RestrictionDissatisfied: a part that is not the last is too small.
            Unexpected: a part or its ETag is not the one uploaded.

        """
        listed = [{"PartNumber": part.index + 1, "ETag": part.etag} for part in parts]
        with matching(if_match):
            answer: Mapping[str, Any] = self._call(
                "complete_multipart_upload",
                Key=self._key(o.path),
                UploadId=o.multipart_id,
                MultipartUpload={"Parts": listed},
                **given(IfMatch=if_match, IfNoneMatch=if_none_match),
            )
        return self._object(o.path, ObjectMode.READ, etag=self._etag(answer.get("ETag")))

    def list_multipart(self, o: Object) -> Iterator[Part]:
        """Iterate page by page over the parts uploaded so far (ListParts).

        Raises:
            ObjectNotExist: while iterating, the upload is not open.

        """
        answers = pages(
            self._call,
            "list_parts",
            {"NextPartNumberMarker": "PartNumberMarker"},
            Key=self._key(o.path),
            UploadId=o.multipart_id,
            MaxParts=self._location.page_size,
        )
        for page in answers:
            for part in page.get("Parts", ()):
                yield Part(part["PartNumber"] - 1, part["Size"], self._etag(part["ETag"]) or "")

    def _check_index(self, index: int) -> None:
        if not 0 <= index < self._location.parts_maximum:
            raise RestrictionDissatisfied(f"index {index} is outside 0..{self._location.parts_maximum - 1}")

    def _length(self, path: str) -> int:
        return self._call("head_object", Key=self._key(path))["ContentLength"]
