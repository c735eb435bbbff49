"""The files of an SMB share, as smbclient asks for them."""

from __future__ import annotations

import stat
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from conformance.adapters.files.protocol import FILE, Names, OpenFile, Status
from conformance.adapters.smb.server import taxonomy
from conformance.storage import ObjectMode, ObjectNotExist, Unexpected

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from conformance.adapters.smb.server import Server

_HOW = {"new": "xb", "end": "ab", "within": "r+b"}
_EPOCH = datetime.fromtimestamp(0, UTC)
_NOBODY_ELSE_WAITS = "rwd"
"""Files are opened so that others may read, write, delete and rename them meanwhile."""


class SmbFiles:
    """The files below the root of ``server``'s location; see :class:`conformance.adapters.files.protocol.Files`."""

    service = "smb"

    def __init__(self, server: Server) -> None:
        self._server = server
        location = server.location
        self._root = (location.share, *(location.root.split("/") if location.root else ()))

    @property
    def place(self) -> str:
        """The server, with the share and the directory below it."""
        return f"{self._server.location}/{'/'.join(self._root)}"

    def status(self, names: Names) -> Status | None:
        """Open and query what is there."""
        try:
            with taxonomy():
                return _told(self._server.call("stat", self._path(names), follow_symlinks=False))
        except ObjectNotExist:
            return None

    def members(self, names: Names) -> Iterator[tuple[str, Status]]:
        """Query the directory, to the end."""
        with taxonomy():
            return iter([(o.name, _listed(o)) for o in self._server.call("scandir", self._path(names))])

    def make_directory(self, names: Names) -> None:
        """Create a directory."""
        with taxonomy():
            self._server.call("mkdir", self._path(names))

    def remove_directory(self, names: Names) -> None:
        """Mark a directory for deletion, and close it."""
        with taxonomy():
            self._server.call("rmdir", self._path(names))

    def remove_file(self, names: Names) -> None:
        """Mark a file for deletion, and close it."""
        with taxonomy():
            self._server.call("remove", self._path(names))

    def rename(self, old: Names, new: Names, *, replace: bool) -> None:
        """Set FileRenameInformation, with or without ReplaceIfExists."""
        with taxonomy():
            self._server.call("replace" if replace else "rename", self._path(old), self._path(new))

    def copy(self, old: Names, new: Names) -> None:
        """Let the server copy a file (FSCTL_SRV_COPYCHUNK)."""
        with taxonomy():
            self._server.call("copyfile", self._path(old), self._path(new))

    @contextmanager
    def reading(self, names: Names) -> Generator[tuple[OpenFile, Status]]:
        """Open a file."""
        with taxonomy(), self._opened(names, "rb") as file:
            yield file, Status(FILE, file.fd.end_of_file, file.fd.last_write_time)

    @contextmanager
    def writing(self, names: Names, where: Literal["new", "end", "within"]) -> Generator[OpenFile]:
        """Open a file to be written; the end is where it is when the file is opened."""
        with taxonomy(), self._opened(names, _HOW[where]) as file:
            yield _Whole(file)

    def _opened(self, names: Names, mode: str) -> Any:
        return self._server.call(
            "open_file", self._path(names), mode=mode, buffering=0, share_access=_NOBODY_ELSE_WAITS
        )

    def _path(self, names: Names) -> str:
        for name in names:
            if "\\" in name:
                raise Unexpected(f"a backslash separates names in SMB, and {name!r} has one")
        return "\\".join(("", "", self._server.location.host, *self._root, *names))


class _Whole:
    """A file that writes all it is given: one request may take only a part."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int, /) -> bytes:
        return self._file.read(size)

    def write(self, data: bytes, /) -> None:
        while data:
            data = data[self._file.write(data) :]

    def seek(self, offset: int, /) -> None:
        self._file.seek(offset)


def _told(found: Any) -> Status:
    return Status(_mode(found.st_mode), found.st_size, _EPOCH + timedelta(microseconds=found.st_mtime_ns // 1000))


def _listed(entry: Any) -> Status:
    info = entry.smb_info
    mode = ObjectMode.DIR if entry.is_dir(follow_symlinks=False) else FILE
    return Status(mode, info.end_of_file, info.last_write_time)


def _mode(mode: int) -> ObjectMode:
    if stat.S_ISDIR(mode):
        return ObjectMode.DIR
    return FILE if stat.S_ISREG(mode) else ObjectMode(0)
