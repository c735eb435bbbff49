"""Listing what a container holds: one level, every object of a prefix, block objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.azblob.answers import described, entries, mode_of
from conformance.adapters.azblob.base import AzBlobBase
from conformance.adapters.azblob.client import sdk
from conformance.storage import ListMode, ListModeInvalid, Object, ObjectMode

if TYPE_CHECKING:
    from collections.abc import Iterator


class AzBlobListing(AzBlobBase):
    """The ``list`` of the storager."""

    def list(  # pyright: ignore[reportIncompatibleMethodOverride] - no continuation_token: Azure's is of a page
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate page by page over one level of the directory ``path``, or all objects or block objects of a prefix.

        The default is ``prefix``, as GSP-654 has it for object storages. Whether a blob has uncommitted blocks is told
        by its own list of blocks only, so that the mode ``block`` asks for that of every blob.

        Raises:
            ListModeInvalid: ``list_mode`` is not exactly one of ``dir``, ``prefix`` and ``block``.
            Unexpected: while iterating, the service sends the same page again.

        """
        mode = ListMode.PREFIX if list_mode is None else list_mode
        size = page_size or self._location.page_size
        if mode == ListMode.DIR:
            return self._list_dir(path, size)
        if mode == ListMode.PREFIX:
            return self._list_prefix(path, size)
        if mode == ListMode.BLOCK:
            return self._list_blocks(path, size)
        raise ListModeInvalid(mode)

    def _list_dir(self, path: str, page_size: int) -> Iterator[Object]:
        prefix = self._root + (path.removesuffix("/") + "/" if path else "")
        listing = self._container.walk_blobs(prefix, include=["metadata"], delimiter="/", results_per_page=page_size)
        for entry in entries(listing):
            if isinstance(entry, sdk().BlobPrefix):
                yield self._object(self._path(entry.name).removesuffix("/"), ObjectMode.DIR)
            else:
                yield self._object(self._path(entry.name), **described(entry))

    def _list_prefix(self, path: str, page_size: int) -> Iterator[Object]:
        listing = self._container.list_blobs(
            name_starts_with=self._root + path, include=["metadata"], results_per_page=page_size
        )
        for entry in entries(listing):
            yield self._object(self._path(entry.name), **described(entry))

    def _list_blocks(self, path: str, page_size: int) -> Iterator[Object]:
        listing = self._container.list_blobs(
            name_starts_with=self._root + path, include=["uncommittedblobs"], results_per_page=page_size
        )
        for entry in entries(listing):
            if mode_of(entry) == ObjectMode.READ and self._blocks(self._path(entry.name)):
                yield self._object(self._path(entry.name), ObjectMode.BLOCK)
