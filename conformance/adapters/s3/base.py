"""What every part of the S3 adapter stands on: keys, requests, the declaration."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.adapters.handles import left, refuse_all_but, refuse_changes, refuse_everything
from conformance.adapters.s3.client import MIB, Location, attempt, client_for
from conformance.adapters.streams import refuse
from conformance.storage import (
    Features,
    ListMode,
    Object,
    ObjectMode,
    ObjectNotExist,
    PreconditionFailed,
    Restrictions,
    Storage,
    StorageMeta,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from typing import Self

GIB = 1024 * MIB
KEY_MAXIMUM = 1024


class S3Base(Storage):
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
        md5_etags=True,
        close_refuses=True,
    )

    def __init__(self, location: Location, work_dir: str = "/", *, client: Any = None) -> None:
        self._location = location
        self._work_dir = work_dir
        self._root = (location.prefix.rstrip("/") + "/" if location.prefix else "") + work_dir.removeprefix("/")
        self._client = client if client is not None else client_for(location)
        self.may_change = True
        self._restrictions = Restrictions(
            write_size_maximum=5 * GIB,
            copy_size_maximum=5 * GIB,
            fetch_size_maximum=5 * GIB,
            multipart_number_maximum=location.parts_maximum,
            multipart_size_maximum=5 * GIB,
            multipart_size_minimum=location.part_minimum or None,
        )
        self._takes = left(self.implements, location.without)
        if location.without:
            refuse_all_but(self, self._takes)

    def close(self) -> None:
        """Refuse every operation from now on; the connections are others' too and stay."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return the declaration: Amazon's, with what the location says of its server.

        A path may be as long as prefix and ``work_dir`` leave of a key's 1024 bytes.
        """
        declared = super().features()
        without = self._location.without
        return replace(
            declared,
            operations=frozenset(left(dict.fromkeys(declared.operations, frozenset()), without)),
            pairs=left(declared.pairs, without),
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

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read, and signs only requests that do."""
        reader = type(self)(self._location, self._work_dir, client=self._client)
        reader.may_change = False
        refuse_changes(reader)
        return reader

    # keys, objects, requests

    def _key(self, path: str) -> str:
        return self._root + path

    def _marker(self, path: str) -> str:
        return self._root + path.removesuffix("/") + "/"

    def _path(self, key: str) -> str:
        return key.removeprefix(self._root)

    def _object(self, path: str, mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._key(path), mode=mode, **fields)

    def _described(self, path: str, answer: Mapping[str, Any], length: int | None) -> Object:
        """Return the object whose headers came with the answer to GetObject or HeadObject."""
        return self._object(
            path,
            ObjectMode.READ,
            content_length=length,
            content_type=answer.get("ContentType"),
            content_disposition=answer.get("ContentDisposition"),
            content_encoding=answer.get("ContentEncoding"),
            content_language=answer.get("ContentLanguage"),
            cache_control=answer.get("CacheControl"),
            content_sha256=sha256_told(answer),
            etag=answer.get("ETag"),
            last_modified=answer.get("LastModified"),
            # names of HTTP headers have no case (RFC 9110, 5.1), so a client must not see one
            user_metadata={name.lower(): value for name, value in answer.get("Metadata", {}).items()},
        )

    def _etag(self, told: str | None) -> str | None:
        """Return an ETag that came in a body."""
        bare = self._location.bare_etags and told and not told.endswith('"')
        return f'"{told}"' if bare else told

    def _call(self, operation: str, **parameters: Any) -> Any:
        return attempt(getattr(self._client, operation), Bucket=self._location.bucket, **parameters)


def given(**parameters: Any) -> dict[str, Any]:
    """Return those parameters that have a value."""
    return {name: value for name, value in parameters.items() if value is not None}


def sha256_told(answer: Mapping[str, Any]) -> str | None:
    """Return the SHA-256 of a whole object as an answer tells it: that of a list of parts is none."""
    told: str | None = answer.get("ChecksumSHA256")
    return told if told and "-" not in told and answer.get("ChecksumType") != "COMPOSITE" else None


@contextmanager
def matching(if_match: str | None) -> Generator[None]:
    """Let a write fail its condition where S3 answers that there is no object to match (NoSuchKey)."""
    try:
        yield
    except ObjectNotExist as error:
        if if_match is None or not error.message.startswith("NoSuchKey"):
            raise
        refuse(PreconditionFailed(error.message))
