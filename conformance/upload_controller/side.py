"""The store behind an upload controller, seen from the side: what is there, whatever the service says.

Through boto3, with the credentials of the ordinary AWS chain. It also does behind the service's back what operators and
lifecycle rules do: abort an upload, put an object, remove one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from typing import TYPE_CHECKING, Any

from conformance.adapters.s3.bucket import no_credentials
from conformance.adapters.s3.client import Location, client_for
from conformance.adapters.upload_controller.client import Http
from conformance.storage import StorageError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass(frozen=True, slots=True, order=True)
class OpenUpload:
    """A multipart upload that the store holds open."""

    key: str
    id: str


class SideStore:
    """The bucket that the service stores into."""

    def __init__(self, location: Location) -> None:
        """Look at the bucket that ``location`` names."""
        self._client = client_for(location)
        self._bucket = location.bucket
        self._where = location.endpoint or "Amazon S3"

    def uploads(self) -> frozenset[OpenUpload]:
        """Return every open multipart upload of the bucket."""
        with self._told("listing the open uploads"):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket)
            return frozenset(OpenUpload(u["Key"], u["UploadId"]) for page in pages for u in page.get("Uploads", ()))

    def parts(self, upload: OpenUpload) -> Mapping[int, str]:
        """Return the ETag of every part that the store holds of an upload, by number; none when it is gone."""
        try:
            return {part["PartNumber"]: part["ETag"] for part in self._parts(upload)}
        except self._client.exceptions.NoSuchUpload:
            return {}

    def objects(self) -> Mapping[str, int]:
        """Return the size in bytes of every object of the bucket, by key."""
        with self._told("listing the objects"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket)
            return {found["Key"]: found["Size"] for page in pages for found in page.get("Contents", ())}

    def digest(self, key: str) -> str:
        """Return the SHA-256 of an object's content, in hexadecimal."""
        with self._told(f"reading {key}"):
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
            made = sha256()
            for chunk in body.iter_chunks(1 << 20):
                made.update(chunk)
            return made.hexdigest()

    def abort(self, upload: OpenUpload) -> None:
        """Abort an upload behind the service's back."""
        with self._told("aborting an upload"):
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=upload.key, UploadId=upload.id)

    def delete(self, key: str) -> None:
        """Remove an object behind the service's back."""
        with self._told(f"removing {key}"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def abilities(self) -> frozenset[str]:
        """Return what this kind of store can, found by trying it out: ``small_parts``, ``signatures``."""
        key, found = f"conformance-probe-{uuid.uuid4().hex}", set[str]()
        with self._told("trying out the store"):
            at = {"Bucket": self._bucket, "Key": key}
            upload = self._client.create_multipart_upload(**at)["UploadId"]
            parts: list[dict[str, Any]] = []
            for number in (1, 2):
                sent = self._client.upload_part(**at, UploadId=upload, PartNumber=number, Body=b"x")
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
            try:
                self._client.complete_multipart_upload(**at, UploadId=upload, MultipartUpload={"Parts": parts})
                found.add("small_parts")
            except self._client.exceptions.ClientError:
                self._client.abort_multipart_upload(**at, UploadId=upload)
                self._client.put_object(**at, Body=b"x")
            url = self._client.generate_presigned_url("get_object", Params=at, ExpiresIn=60)
            spoiled = re.sub(r"(Signature=)[^&]+", r"\g<1>AAAA", url)
            if Http(url.partition("?")[0]).send("probe", "GET", spoiled).code == 403:
                found.add("signatures")
            self._client.delete_object(**at)
        return frozenset(found)

    def _parts(self, upload: OpenUpload) -> Iterator[Any]:
        pages = self._client.get_paginator("list_parts")
        for page in pages.paginate(Bucket=self._bucket, Key=upload.key, UploadId=upload.id):
            yield from page.get("Parts", ())

    @contextmanager
    def _told(self, what: str) -> Generator[None]:
        exceptions: Any = import_module("botocore.exceptions")
        try:
            yield
        except StorageError:
            raise
        except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError):
            raise no_credentials(self._where) from None
        except Exception as error:  # boto3 raises classes that it makes at run time
            raise Unexpected(f"the store behind the service: {what} failed: {error}") from error
