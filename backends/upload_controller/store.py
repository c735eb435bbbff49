"""What the service asks of the store: multipart uploads, one object key for each, through boto3 without retries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from backends.upload_controller.errors import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator

    from backends.upload_controller.config import S3Settings

CONNECT_SECONDS = 5
READ_SECONDS = 60
CONNECTIONS = 50
ABORTS = 3
_BAD_PARTS = frozenset(("EntityTooSmall", "EntityTooLarge", "InvalidPart", "InvalidPartOrder", "InvalidRequest"))
# Ceph's gateway has no such key when it is asked for parts, Swift when it is asked to abort what is complete
_VANISHED = frozenset(("NoSuchUpload", "NoSuchKey"))


class UploadVanished(Exception):
    """The store has no such upload: completed, aborted, or never begun."""


class PartsBad(Exception):
    """The store makes no object of these parts; the text is its error code."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part that the store has."""

    number: int
    etag: str
    """Without quotes."""
    size: int
    """Bytes."""


class Store:
    """The bucket.

    Every method raises :class:`StorageUnavailable` when the store refuses for a reason that is not the client's, or
    gives no answer and may do what was asked.
    """

    def __init__(self, settings: S3Settings) -> None:
        self.bucket = settings.bucket
        library: Any = boto3  # it has no types
        self._s3 = library.client(
            "s3",
            endpoint_url=settings.endpoint,
            aws_access_key_id=settings.access_key,
            aws_secret_access_key=settings.secret_key,
            region_name=settings.region,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": 1},
                max_pool_connections=CONNECTIONS,
                # a presigned URL must not demand a checksum that only an SDK would send
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                proxies={},
            ),
        )

    def make_bucket(self) -> None:
        """Make the bucket unless it exists."""
        with _translated():
            try:
                self._s3.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if _status(error) != 404:
                    raise
                self._s3.create_bucket(Bucket=self.bucket)

    def create(self, key: str) -> str:
        """Begin a multipart upload and return what the store calls it."""
        with _translated():
            return self._s3.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]

    def presign(self, key: str, s3_upload_id: str, number: int, lifetime: int) -> str:
        """Return a URL to which this part, and nothing else, can be PUT for ``lifetime`` seconds."""
        parameters = {"Bucket": self.bucket, "Key": key, "UploadId": s3_upload_id, "PartNumber": number}
        return self._s3.generate_presigned_url("upload_part", Params=parameters, ExpiresIn=lifetime)

    def parts(self, key: str, s3_upload_id: str) -> Mapping[int, StoredPart]:
        """Return all parts that the upload has, by number.

        Raises:
            UploadVanished: there is no such upload.

        """
        stored: dict[int, StoredPart] = {}
        with _translated():
            for page in self._part_pages(key, s3_upload_id):
                for part in page.get("Parts", ()):
                    number = part["PartNumber"]
                    stored[number] = StoredPart(number, bare(part["ETag"]), part["Size"])
        return stored

    def has(self, key: str, s3_upload_id: str) -> bool:
        """Tell whether the store has the upload."""
        try:
            with _translated():
                self._s3.list_parts(Bucket=self.bucket, Key=key, UploadId=s3_upload_id, MaxParts=1)
        except UploadVanished:
            return False
        return True

    def complete(self, key: str, s3_upload_id: str, parts: Mapping[int, str]) -> None:
        """Make the object of these parts, given as their ETags by number.

        Raises:
            UploadVanished: there is no such upload.
            PartsBad: the store refuses these parts.

        """
        named = [{"PartNumber": number, "ETag": f'"{parts[number]}"'} for number in sorted(parts)]
        with _translated():
            try:
                self._s3.complete_multipart_upload(
                    Bucket=self.bucket, Key=key, UploadId=s3_upload_id, MultipartUpload={"Parts": named}
                )
            except ClientError as error:
                if _code(error) in _BAD_PARTS:
                    raise PartsBad(_code(error)) from error
                raise

    def has_object(self, key: str) -> bool:
        """Tell whether there is an object."""
        with _translated():
            try:
                self._s3.head_object(Bucket=self.bucket, Key=key)
            except ClientError as error:
                if _status(error) != 404:
                    raise
                return False
        return True

    def delete_object(self, key: str) -> None:
        """Remove the object, if there is one."""
        with suppress(UploadVanished), _translated():
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    def abort(self, key: str, s3_upload_id: str) -> None:
        """Remove the upload and its parts, if there are any.

        A part that arrives at the same time may survive an abort (so the documentation of S3): then it is repeated.
        """
        for _ in range(ABORTS):
            try:
                with _translated():
                    self._s3.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=s3_upload_id)
            except UploadVanished:
                return
            if not self.has(key, s3_upload_id):
                return
        raise StorageUnavailable("The store keeps an upload that was aborted.")

    def uploads_of(self, key: str) -> Sequence[str]:
        """Return the names of all multipart uploads of this key."""
        return [upload_id for of, upload_id in self._uploads(Prefix=key) if of == key]

    def uploads(self) -> Iterator[tuple[str, str]]:
        """Return the keys and names of all multipart uploads of the bucket."""
        return self._uploads()

    def _uploads(self, **which: str) -> Iterator[tuple[str, str]]:
        with _translated():
            for page in self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, **which):
                for upload in page.get("Uploads", ()):
                    yield upload["Key"], upload["UploadId"]

    def _part_pages(self, key: str, s3_upload_id: str) -> Iterator[Mapping[str, Any]]:
        pages = self._s3.get_paginator("list_parts")
        return pages.paginate(Bucket=self.bucket, Key=key, UploadId=s3_upload_id)


def bare(etag: str) -> str:
    """Return an ETag without its quotes."""
    return etag[1:-1] if len(etag) > 1 and etag[0] == etag[-1] == '"' else etag


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except ClientError as error:
        if _code(error) in _VANISHED:
            raise UploadVanished from error
        raise StorageUnavailable("The store refused.", reason=_code(error)) from error
    except BotoCoreError as error:
        raise StorageUnavailable("The store gave no answer.") from error


def _code(error: ClientError) -> str:
    response: Any = error.response
    return response["Error"].get("Code", "")


def _status(error: ClientError) -> int:
    response: Any = error.response
    return response["ResponseMetadata"]["HTTPStatusCode"]
