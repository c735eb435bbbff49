"""What every part of the Dropbox adapter stands on: paths, objects, the declaration."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from conformance.adapters.dropbox.client import Location, attempt, client_for, sdk
from conformance.adapters.handles import left, refuse_all_but, refuse_changes, refuse_everything
from conformance.storage import (
    Features,
    ListMode,
    Object,
    ObjectMode,
    PairUnsupported,
    PreconditionFailed,
    Restrictions,
    Storage,
    StorageMeta,
)

if TYPE_CHECKING:
    from typing import Self

MIB = 1024 * 1024
REQUEST_MAXIMUM = 150 * MIB
"""Bytes that one request may carry."""
FILE_MAXIMUM = 2**41 - 2**22
"""Bytes of one file."""
NAME_MAXIMUM = 255
_REV = re.compile(r'"([0-9a-f]{9,})"')
_UNREACHABLE = frozenset({"fetch"})


class DropboxBase(Storage):
    """One client of one ``work_dir`` below a folder.

    Args:
        location: the folder, the endpoint, and the options of the connection.
        work_dir: absolute path that begins and ends with ``/``.

    Raises:
        ConnectionStringInvalid: the SDK is not installed, or there is no token.

    """

    declared = Features(
        list_modes=ListMode.DIR | ListMode.PREFIX,
        directories="native",
        case_sensitive=False,
        control_characters=False,
        forbidden_characters="\\",
        trailing_blanks=False,
        name_maximum=NAME_MAXIMUM,
        path_maximum=None,
        etag=True,
        close_refuses=True,
    )

    def __init__(self, location: Location, work_dir: str = "/") -> None:
        self._location = location
        self._work_dir = work_dir
        self._root = location.prefix + work_dir.rstrip("/")
        self._client = client_for(location)
        self._files: Any = sdk().files
        self.may_change = True
        if location.endpoint is None:
            refuse_all_but(self, left(self.implements, _UNREACHABLE))

    def close(self) -> None:
        """Refuse every operation from now on; the connections are others' too and stay."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return the declaration, without ``fetch`` at Dropbox itself: it cannot reach the URLs that checks serve."""
        known = super().features()
        if self._location.endpoint is not None:
            return known
        return replace(known, operations=known.operations - _UNREACHABLE, pairs=left(known.pairs, _UNREACHABLE))

    def metadata(self) -> StorageMeta:
        """Return folder, ``work_dir`` and the limits that Dropbox publishes (GSP-76, GSP-97)."""
        limits = Restrictions(
            write_size_maximum=REQUEST_MAXIMUM,
            append_size_maximum=REQUEST_MAXIMUM,
            append_total_size_maximum=FILE_MAXIMUM,
        )
        name = self._location.prefix or "/"
        return StorageMeta(name=name, work_dir=self._work_dir, service="dropbox", restrictions=limits)

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read, and hands out no link to write."""
        reader = type(self)(self._location, self._work_dir)
        reader.may_change = False
        refuse_changes(reader)
        return reader

    # paths, objects, revisions

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _found(self, path: str) -> Any:
        return attempt(self._client.files_get_metadata, self._at(path))

    def _object(self, path: str, told: Any) -> Object:
        """Return the object that the metadata of a file or folder describe; its ETag is the revision."""
        known = {name: getattr(told, name, None) for name in ("id", "rev", "content_hash")}
        system = {name: value for name, value in known.items() if value}
        if isinstance(told, self._files.FolderMetadata):
            return Object(path=path, id=self._at(path), mode=ObjectMode.DIR, system_metadata=system)
        return Object(
            path=path,
            id=self._at(path),
            mode=ObjectMode.READ,
            content_length=told.size,
            etag=f'"{told.rev}"',
            last_modified=told.server_modified.replace(tzinfo=UTC),
            system_metadata=system,
        )

    def _commit(self, path: str, mode: Any = None) -> Any:
        """Return where a file goes: in place of what is there unless ``mode`` says otherwise, never beside it."""
        overwrite = self._files.WriteMode.overwrite
        return self._files.CommitInfo(path=self._at(path), mode=mode or overwrite, autorename=False, mute=True)


def revision(etag: str) -> str:
    """Return the revision that an ETag names.

    Raises:
        PreconditionFailed: it is none of Dropbox, so that no object has it.

    """
    found = _REV.fullmatch(etag)
    if found is None:
        raise PreconditionFailed(f"no revision has the ETag {etag}")
    return found[1]


def only_any(name: str, condition: str | None) -> None:
    """Refuse a condition that names an ETag where Dropbox knows "whatever there is" only.

    Raises:
        PairUnsupported: it is not ``"*"``.

    """
    if condition not in {None, "*"}:
        raise PairUnsupported([name])
