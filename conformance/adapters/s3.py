"""S3 and everything that speaks its protocol, over boto3.

The translation is thin: what the service answers is passed on, be it right or wrong, and nothing is repaired, retried
or remembered. A path is appended to prefix and ``work_dir`` as it is. A directory is an empty marker object whose key
ends in ``/``, beside which an object of the same path may exist.
"""

from __future__ import annotations

from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from conformance.adapters.s3_client import MIB, Location, RangeNotSatisfiable, attempt, client_for
from conformance.adapters.s3_pages import decoded, pages
from conformance.adapters.streams import CHUNK, check_size, deliver, download, exactly
from conformance.storage import (
    Features,
    HTTPRequest,
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
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
    from collections.abc import Iterable, Iterator, Mapping

GIB = 1024 * MIB
KEY_MAXIMUM = 1024
PARTS_MAXIMUM = 10_000
_VERBS = {"read": ("get_object", "GET"), "write": ("put_object", "PUT"), "delete": ("delete_object", "DELETE")}


class S3(Storage):
    """One client of one ``work_dir`` in a bucket.

    Args:
        location: the bucket, its endpoint, and the options of the connection.
        work_dir: absolute path that begins and ends with ``/``; keys begin with it, without the first ``/``.
        client: a boto3 S3 client to use instead of the shared one of ``location``.

    Raises:
        ConnectionStringInvalid: boto3 is not installed.

    """

    declared = Features(
        list_modes=ListMode.DIR | ListMode.PREFIX | ListMode.PART,
        directories="virtual",
        name_maximum=None,
        metadata_exact=False,
        path_maximum=KEY_MAXIMUM,
        part_order_free=False,
        part_minimum_enforced=True,
        etag=True,
    )

    def __init__(self, location: Location, work_dir: str = "/", *, client: Any = None) -> None:
        self._location = location
        self._work_dir = work_dir
        self._root = (location.prefix.rstrip("/") + "/" if location.prefix else "") + work_dir.removeprefix("/")
        self._client = client if client is not None else client_for(location)
        self._restrictions = Restrictions(
            write_size_maximum=5 * GIB,
            copy_size_maximum=5 * GIB,
            fetch_size_maximum=5 * GIB,
            multipart_number_maximum=PARTS_MAXIMUM,
            multipart_size_maximum=5 * GIB,
            multipart_size_minimum=location.part_minimum or None,
        )

    # local operations

    def features(self) -> Features:
        """Return the declaration: Amazon's, with what the location says of its server.

        A path may be as long as prefix and ``work_dir`` leave of a key's 1024 bytes.
        """
        return replace(
            super().features(),
            path_maximum=KEY_MAXIMUM - len(self._root.encode()),
            part_minimum_enforced=self._location.part_minimum > 0,
            **dict(self._location.declares),
        )

    def metadata(self) -> StorageMeta:
        """Return bucket, ``work_dir`` and the limits that Amazon publishes for S3 (GSP-76, GSP-97)."""
        return StorageMeta(
            name=self._location.bucket,
            work_dir=self._work_dir,
            service="s3",
            location=self._client.meta.region_name,
            restrictions=self._restrictions,
        )

    # storager

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
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (PutObject) and return ``size``.

        Raises:
            RestrictionDissatisfied: ``size`` is above 5 GiB, or ``r`` is missing.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, self._restrictions.write_size_maximum)
        self._call(
            "put_object",
            Key=self._key(path),
            Body=b"".join(exactly(r, size, io_callback)),
            **_given(
                ContentType=content_type,
                ContentMD5=content_md5,
                ContentDisposition=content_disposition,
                Metadata=user_metadata,
            ),
        )
        return size

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, or ``size`` bytes from ``offset``, to ``w`` (GetObject) and return the number of bytes.

        A range behind the end is empty. Whatever body the service sends is passed on whole, unless it says itself
        that the body is another range than the one asked for.

        Raises:
            ObjectNotExist: there is no object, also when ``size`` is 0.
            Unexpected: ``offset`` or ``size`` is negative, the body ends early, or it is said to be another range.

        """
        check_size(offset or 0, None, "offset")
        check_size(size or 0, None)
        key = self._key(path)
        if size == 0:
            self._call("head_object", Key=key)  # an empty range cannot be asked for in HTTP
            return 0
        try:
            answer = self._call("get_object", Key=key, **_given(Range=_range(offset, size)))
        except RangeNotSatisfiable:
            return 0
        with closing(answer["Body"]) as body:
            _check_place(answer, offset or 0)
            return deliver(_chunks(body), w, io_callback)

    def stat(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Describe the object (HeadObject), the directory marker, or the open upload ``multipart_id`` (ListParts).

        Raises:
            ObjectNotExist: there is none of that kind at ``path``.
            ObjectModeInvalid: ``object_mode`` is of a kind that S3 does not have, and there is an object.

        """
        if multipart_id is not None:
            self._call("list_parts", Key=self._key(path), UploadId=multipart_id, MaxParts=1)
            return self._object(path, ObjectMode.PART, multipart_id=multipart_id)
        if _is_dir(object_mode):
            answer = self._call("head_object", Key=self._marker(path))
            return self._object(path, ObjectMode.DIR, last_modified=answer.get("LastModified"))
        answer = self._call("head_object", Key=self._key(path))
        if _is_foreign(object_mode):
            raise ObjectModeInvalid(expected=object_mode, actual=ObjectMode.READ)
        return self._object(
            path,
            ObjectMode.READ,
            content_length=answer.get("ContentLength"),
            content_type=answer.get("ContentType"),
            content_disposition=answer.get("ContentDisposition"),
            etag=answer.get("ETag"),
            last_modified=answer.get("LastModified"),
            # names of HTTP headers have no case, so a client must not see one
            user_metadata=dict(answer.get("Metadata", {})),
        )

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> None:
        """Delete the object (DeleteObject) or the directory marker, or abort the upload ``multipart_id``.

        What does not exist is no error (GSP-46). Objects below a directory stay.

        Raises:
            ObjectModeInvalid: ``object_mode`` is of a kind that S3 does not have, and there is an object.

        """
        with suppress(ObjectNotExist):
            if multipart_id is not None:
                self._call("abort_multipart_upload", Key=self._key(path), UploadId=multipart_id)
            elif _is_dir(object_mode):
                self._call("delete_object", Key=self._marker(path))
            elif _is_foreign(object_mode):
                self.stat(path, object_mode=object_mode)
            else:
                self._call("delete_object", Key=self._key(path))

    def list(
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
    ) -> Iterator[Object]:
        """Iterate page by page over one level of the directory ``path``, or all objects or open uploads of a prefix.

        The default is ``prefix``, as GSP-654 has it for object storages.

        Raises:
            ListModeInvalid: ``list_mode`` is not exactly one of ``dir``, ``prefix`` and ``part``.
            Unexpected: while iterating, the service sends the same page again, or promises one that it does not name.

        """
        mode = ListMode.PREFIX if list_mode is None else list_mode
        if mode == ListMode.DIR:
            return self._list_dir(path)
        if mode == ListMode.PREFIX:
            return self._list_prefix(path)
        if mode == ListMode.PART:
            return self._list_uploads(path)
        raise ListModeInvalid(mode)

    # copier, direr, fetcher, reacher

    def copy(self, src: str, dst: str) -> None:
        """Copy inside the service (CopyObject), metadata included.

        Raises:
            ObjectNotExist: there is no ``src``.

        """
        source = {"Bucket": self._location.bucket, "Key": self._key(src)}
        self._call("copy_object", Key=self._key(dst), CopySource=source)

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
                **_given(ContentType=answer.content_type),
            )

    def reach(self, path: str, *, verb: str = "read", size: int | None = None, expire: float = 3600) -> HTTPRequest:
        """Sign one request without asking the service, valid for ``expire`` seconds (at least 1, whole).

        Raises:
            RestrictionDissatisfied: ``verb`` is not ``read``, ``write`` or ``delete``.

        """
        if verb not in _VERBS:
            raise RestrictionDissatisfied(f"verb {verb!r} is not one of {', '.join(_VERBS)}")
        operation, method = _VERBS[verb]
        length = size if verb == "write" else None
        parameters = {"Bucket": self._location.bucket, "Key": self._key(path), **_given(ContentLength=length)}
        url = attempt(
            self._client.generate_presigned_url,
            operation,
            Params=parameters,
            ExpiresIn=max(1, int(expire)),
            HttpMethod=method,
        )
        return HTTPRequest(method, url, {} if length is None else {"Content-Length": str(length)})

    # multiparter

    def create_multipart(
        self,
        path: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
    ) -> Object:
        """Begin an upload (CreateMultipartUpload) and return its handle."""
        answer = self._call(
            "create_multipart_upload",
            Key=self._key(path),
            **_given(ContentType=content_type, ContentDisposition=content_disposition, Metadata=user_metadata),
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
        io_callback: IoCallback | None = None,
    ) -> tuple[int, Part]:
        """Upload one part under its zero-based ``index`` (UploadPart) and return ``size`` and the part (AOS-62).

        Raises:
            RestrictionDissatisfied: ``index`` is outside 0..9999, ``size`` is above 5 GiB, or ``r`` is missing.
            ObjectNotExist: the upload is not open.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        if not 0 <= index < PARTS_MAXIMUM:
            raise RestrictionDissatisfied(f"index {index} is outside 0..{PARTS_MAXIMUM - 1}")
        check_size(size, self._restrictions.multipart_size_maximum)
        answer = self._call(
            "upload_part",
            Key=self._key(o.path),
            UploadId=o.multipart_id,
            PartNumber=index + 1,
            Body=b"".join(exactly(r, size, io_callback)),
            **_given(ContentMD5=content_md5),
        )
        return size, Part(index, size, answer.get("ETag", ""))

    def complete_multipart(self, o: Object, parts: Iterable[Part]) -> None:
        """Make the object of the parts given, in the order given, which S3 wants ascending (CompleteMultipartUpload).

        Raises:
            ObjectNotExist: the upload is not open.
            RestrictionDissatisfied: a part that is not the last is too small.
            Unexpected: a part or its ETag is not the one uploaded.

        """
        listed = [{"PartNumber": part.index + 1, "ETag": part.etag} for part in parts]
        self._call(
            "complete_multipart_upload",
            Key=self._key(o.path),
            UploadId=o.multipart_id,
            MultipartUpload={"Parts": listed},
        )

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
                yield Part(part["PartNumber"] - 1, part["Size"], part["ETag"])

    # listings

    def _list_dir(self, path: str) -> Iterator[Object]:
        prefix = self._marker(path) if path else self._root
        for page in self._objects(prefix, Delimiter="/"):
            for below in page.get("CommonPrefixes", ()):
                yield self._object(self._path(below["Prefix"]).removesuffix("/"), ObjectMode.DIR)
            for entry in page.get("Contents", ()):
                if entry["Key"] != prefix:
                    yield self._listed(entry)

    def _list_prefix(self, path: str) -> Iterator[Object]:
        for page in self._objects(self._key(path)):
            for entry in page.get("Contents", ()):
                if entry["Key"] == self._root:  # the marker of the work_dir itself
                    continue
                if entry["Key"].endswith("/") and not entry.get("Size"):
                    yield self._object(self._path(entry["Key"]).removesuffix("/"), ObjectMode.DIR)
                else:
                    yield self._listed(entry)

    def _list_uploads(self, path: str) -> Iterator[Object]:
        answers = pages(
            self._call,
            "list_multipart_uploads",
            {"NextKeyMarker": "KeyMarker", "NextUploadIdMarker": "UploadIdMarker"},
            Prefix=self._key(path),
            EncodingType="url",
            MaxUploads=self._location.page_size,
        )
        for page in answers:
            for upload in page.get("Uploads", ()):
                key = self._path(decoded(upload["Key"], page))
                yield self._object(key, ObjectMode.PART, multipart_id=upload["UploadId"])

    def _objects(self, prefix: str, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        # boto3 asks for url encoding and decodes the keys here by itself, but not for uploads
        return pages(
            self._call,
            "list_objects_v2",
            {"NextContinuationToken": "ContinuationToken"},
            Prefix=prefix,
            MaxKeys=self._location.page_size,
            **parameters,
        )

    # keys, objects, requests

    def _key(self, path: str) -> str:
        return self._root + path

    def _marker(self, path: str) -> str:
        return self._root + path.removesuffix("/") + "/"

    def _path(self, key: str) -> str:
        return key.removeprefix(self._root)

    def _object(self, path: str, mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._key(path), mode=mode, **fields)

    def _listed(self, entry: Mapping[str, Any]) -> Object:
        return self._object(
            self._path(entry["Key"]),
            ObjectMode.READ,
            content_length=entry.get("Size"),
            etag=entry.get("ETag"),
            last_modified=entry.get("LastModified"),
        )

    def _call(self, operation: str, **parameters: Any) -> Any:
        return attempt(getattr(self._client, operation), Bucket=self._location.bucket, **parameters)


def _given(**parameters: Any) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def _range(offset: int | None, size: int | None) -> str | None:
    if not offset and size is None:
        return None
    first = offset or 0
    return f"bytes={first}-" if size is None else f"bytes={first}-{first + size - 1}"


def _check_place(answer: Mapping[str, Any], first: int) -> None:
    """Refuse a body of which the service says that it begins or ends elsewhere (RFC 9110, 14.4)."""
    told, length = answer.get("ContentRange"), answer.get("ContentLength")
    if told and length is not None and not told.startswith(f"bytes {first}-{first + length - 1}/"):
        raise Unexpected(f"{length} bytes from {first} were asked for, the service says that it sends {told!r}")


def _chunks(body: Any) -> Iterator[bytes]:
    while chunk := attempt(body.read, CHUNK):
        yield chunk


def _is_dir(object_mode: ObjectMode | None) -> bool:
    return object_mode is not None and ObjectMode.DIR in object_mode


def _is_foreign(object_mode: ObjectMode | None) -> TypeGuard[ObjectMode]:
    return object_mode is not None and object_mode not in ObjectMode.READ
