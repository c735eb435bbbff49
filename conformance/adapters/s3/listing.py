"""Listings of a bucket: one level, a prefix, open uploads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.listing import page_of
from conformance.adapters.s3.base import S3Base, given
from conformance.adapters.s3.pages import decoded, pages
from conformance.storage import ListMode, ListModeInvalid, Object, ObjectMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class S3Listing(S3Base):
    """``list`` in the three modes that S3 has."""

    def list(
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        start_after: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate page by page over one level of the directory ``path``, or all objects or open uploads of a prefix.

        The default is ``prefix``, as GSP-654 has it for object storages. The service is asked to begin after the key
        of ``start_after`` (StartAfter, KeyMarker). A directory comes from keys that are longer than its path, and is
        left out here when its path is not behind.

        Raises:
            ListModeInvalid: ``list_mode`` is not exactly one of ``dir``, ``prefix`` and ``part``.
            RestrictionDissatisfied: ``page_size`` is below 1.
            Unexpected: while iterating, the service sends the same page again, or promises one that it does not name.

        """
        count = self._location.page_size if page_size is None else page_of(page_size)
        mode = ListMode.PREFIX if list_mode is None else list_mode
        if mode == ListMode.DIR:
            found = self._list_dir(path, start_after, count)
        elif mode == ListMode.PREFIX:
            found = self._list_prefix(path, start_after, count)
        elif mode == ListMode.PART:
            return self._list_uploads(path, start_after, count)
        else:
            raise ListModeInvalid(mode)
        return (o for o in found if start_after is None or o.mode != ObjectMode.DIR or o.path > start_after)

    def _list_dir(self, path: str, start_after: str | None, count: int) -> Iterator[Object]:
        prefix = self._marker(path) if path else self._root
        for page in self._objects(prefix, start_after, count, Delimiter="/"):
            for below in page.get("CommonPrefixes", ()):
                yield self._object(self._path(below["Prefix"]).removesuffix("/"), ObjectMode.DIR)
            for entry in page.get("Contents", ()):
                if entry["Key"] != prefix:
                    yield self._listed(entry)

    def _list_prefix(self, path: str, start_after: str | None, count: int) -> Iterator[Object]:
        for page in self._objects(self._key(path), start_after, count):
            for entry in page.get("Contents", ()):
                if entry["Key"] == self._root:  # the marker of the work_dir itself
                    continue
                if entry["Key"].endswith("/") and not entry.get("Size"):
                    yield self._object(self._path(entry["Key"]).removesuffix("/"), ObjectMode.DIR)
                else:
                    yield self._listed(entry)

    def _list_uploads(self, path: str, start_after: str | None, count: int) -> Iterator[Object]:
        answers = pages(
            self._call,
            "list_multipart_uploads",
            {"NextKeyMarker": "KeyMarker", "NextUploadIdMarker": "UploadIdMarker"},
            Prefix=self._key(path),
            EncodingType="url",
            MaxUploads=count,
            **given(KeyMarker=self._after(start_after)),
        )
        for page in answers:
            for upload in page.get("Uploads", ()):
                key = self._path(decoded(upload["Key"], page))
                yield self._object(key, ObjectMode.PART, multipart_id=upload["UploadId"])

    def _objects(
        self, prefix: str, start_after: str | None, count: int, **parameters: Any
    ) -> Iterator[Mapping[str, Any]]:
        # boto3 asks for url encoding and decodes the keys here by itself, but not for uploads
        return pages(
            self._call,
            "list_objects_v2",
            {"NextContinuationToken": "ContinuationToken"},
            Prefix=prefix,
            MaxKeys=count,
            **given(StartAfter=self._after(start_after)),
            **parameters,
        )

    def _after(self, start_after: str | None) -> str | None:
        return None if start_after is None else self._key(start_after) or None

    def _listed(self, entry: Mapping[str, Any]) -> Object:
        return self._object(
            self._path(entry["Key"]),
            ObjectMode.READ,
            content_length=entry.get("Size"),
            etag=self._etag(entry.get("ETag")),
            last_modified=entry.get("LastModified"),
        )
