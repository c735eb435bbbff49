"""Listings of a container: one level, a prefix, open uploads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from conformance.adapters.listing import page_of
from conformance.adapters.swift.base import SwiftBase
from conformance.adapters.swift.pages import entries
from conformance.adapters.swift.uploads import OPEN
from conformance.storage import ListMode, ListModeInvalid, Object, ObjectMode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class SwiftListing(SwiftBase):
    """``list`` in the three modes that are to be had of Swift."""

    def list(
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        start_after: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate page by page over one level of the directory ``path``, or all objects or open uploads of a prefix.

        The default is ``prefix``, as GSP-654 has it for object storages. The service is asked to begin after the name
        of ``start_after`` (marker); of uploads, whose names have an id behind, those before are left out here.

        Raises:
            ListModeInvalid: ``list_mode`` is not exactly one of ``dir``, ``prefix`` and ``part``.
            RestrictionDissatisfied: ``page_size`` is below 1.
            Unexpected: while iterating, the service goes in circles.

        """
        count = self._location.page_size if page_size is None else page_of(page_size)
        mode = ListMode.PREFIX if list_mode is None else list_mode
        if mode == ListMode.DIR:
            found = self._list_dir(path, start_after, count)
        elif mode == ListMode.PREFIX:
            found = self._list_prefix(path, start_after, count)
        elif mode == ListMode.PART:
            found = self._list_uploads(path, count)
        else:
            raise ListModeInvalid(mode)
        left_out = {ObjectMode.DIR, ObjectMode.PART}
        return (o for o in found if start_after is None or o.mode not in left_out or o.path > start_after)

    def _list_dir(self, path: str, start_after: str | None, count: int) -> Iterator[Object]:
        prefix = self._root + (path.removesuffix("/") + "/" if path else "")
        for entry in self._entries(prefix, start_after, count, delimiter="/"):
            if "subdir" in entry:
                yield self._object(self._path(entry["subdir"]).removesuffix("/"), ObjectMode.DIR)
            elif entry["name"] != prefix:
                yield self._listed(entry)

    def _list_prefix(self, path: str, start_after: str | None, count: int) -> Iterator[Object]:
        for entry in self._entries(self._root + path, start_after, count):
            if entry["name"] == self._root:  # the marker of the work_dir itself
                continue
            if entry["name"].endswith("/") and not entry["bytes"]:
                yield self._object(self._path(entry["name"]).removesuffix("/"), ObjectMode.DIR)
            else:
                yield self._listed(entry)

    def _list_uploads(self, path: str, count: int) -> Iterator[Object]:
        for entry in entries(self._location, self._location.segments, OPEN + self._root + path, count):
            name, _, multipart_id = entry["name"].removeprefix(OPEN).rpartition("/")
            if name.startswith(self._root + path):
                yield self._object(self._path(name), ObjectMode.PART, multipart_id=multipart_id)

    def _entries(
        self, prefix: str, start_after: str | None, count: int, *, delimiter: str = ""
    ) -> Iterator[dict[str, Any]]:
        after = "" if start_after is None else self._root + start_after
        return entries(self._location, self._location.container, prefix, count, after=after, delimiter=delimiter)

    def _path(self, name: str) -> str:
        return name.removeprefix(self._root)

    def _listed(self, entry: Mapping[str, Any]) -> Object:
        path = self._path(entry["name"])
        if link := entry.get("symlink_path"):
            return self._object(path, ObjectMode.LINK, link_target=self._linked("/".join(link.split("/")[3:])))
        return self._object(
            path,
            ObjectMode.READ,
            content_length=entry["bytes"],
            content_type=entry["content_type"],
            etag=entry.get("slo_etag", entry["hash"]),
            last_modified=datetime.fromisoformat(entry["last_modified"]).replace(tzinfo=UTC),
        )
