"""The files of an SFTP server, one method for each request of the protocol (version 3, as OpenSSH speaks it)."""

from __future__ import annotations

import stat
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from conformance.adapters.files.protocol import FILE, Names, OpenFile, Status
from conformance.storage import ObjectMode, ObjectNotExist

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from conformance.adapters.sftp.server import Server

_HOW = {"new": "wxb", "end": "ab", "within": "r+b"}


class SftpFiles:
    """The files below the root of ``server``'s location; see :class:`conformance.adapters.files.protocol.Files`."""

    service = "sftp"

    def __init__(self, server: Server) -> None:
        self._server = server
        self._root: str | None = None

    @property
    def place(self) -> str:
        """The server, and the directory on it."""
        return f"{self._server.location}{self._server.location.root}"

    def status(self, names: Names) -> Status | None:
        """Ask LSTAT, and of a link READLINK and STAT."""
        try:
            with self._server.session() as sftp:
                path = self._path(sftp, names)
                return self._status(sftp, path, sftp.lstat(path))
        except ObjectNotExist:
            return None

    def members(self, names: Names) -> Iterator[tuple[str, Status]]:
        """Ask OPENDIR and READDIR, to the end."""
        with self._server.session() as sftp:
            path = self._path(sftp, names)
            found = [(o.filename, self._status(sftp, f"{path}/{o.filename}", o)) for o in sftp.listdir_attr(path)]
        return iter(found)

    def make_directory(self, names: Names) -> None:
        """Ask MKDIR."""
        with self._server.session() as sftp:
            sftp.mkdir(self._path(sftp, names))

    def remove_directory(self, names: Names) -> None:
        """Ask RMDIR."""
        with self._server.session() as sftp:
            sftp.rmdir(self._path(sftp, names))

    def remove_file(self, names: Names) -> None:
        """Ask REMOVE."""
        with self._server.session() as sftp:
            sftp.remove(self._path(sftp, names))

    def rename(self, old: Names, new: Names, *, replace: bool) -> None:
        """Ask ``posix-rename@openssh.com``, or RENAME, which fails where something is."""
        with self._server.session() as sftp:
            rename = sftp.posix_rename if replace else sftp.rename
            rename(self._path(sftp, old), self._path(sftp, new))

    def make_link(self, names: Names, target: Names) -> None:
        """Ask SYMLINK, with the absolute path of the target."""
        with self._server.session() as sftp:
            sftp.symlink(self._path(sftp, target), self._path(sftp, names))

    @contextmanager
    def reading(self, names: Names) -> Generator[tuple[OpenFile, Status]]:
        """Ask OPEN and FSTAT."""
        with self._server.session() as sftp, sftp.open(self._path(sftp, names), "rb") as file:
            yield file, _plain(file.stat())

    @contextmanager
    def writing(self, names: Names, where: Literal["new", "end", "within"]) -> Generator[OpenFile]:
        """Ask OPEN with EXCL, APPEND, or neither."""
        with self._server.session() as sftp, sftp.open(self._path(sftp, names), _HOW[where]) as file:
            yield file

    def _path(self, sftp: Any, names: Names) -> str:
        if self._root is None:
            told: str = self._server.location.root or sftp.normalize(".")
            self._root = told.rstrip("/")
        return "/".join((self._root, *names)) or "/"

    def _status(self, sftp: Any, path: str, told: Any) -> Status:
        if not stat.S_ISLNK(told.st_mode or 0):
            return _plain(told)
        target: str = sftp.readlink(path) or ""
        root = self._path(sftp, ())
        target = target.removeprefix(root) if target.startswith(f"{root}/") else target
        try:
            file = _plain(sftp.stat(path))
        except OSError:  # it leads nowhere, in a circle, or where we may not go
            file = None
        if file is None or file.mode != FILE:
            return Status(ObjectMode.LINK, 0, _time(told), target)
        return Status(ObjectMode.LINK | ObjectMode.READ, file.length, _time(told), target)


def _plain(told: Any) -> Status:
    """Return the status of what is no link."""
    mode: int = told.st_mode or 0
    kind = FILE if stat.S_ISREG(mode) else ObjectMode.DIR if stat.S_ISDIR(mode) else ObjectMode(0)
    return Status(kind, told.st_size or 0, _time(told))


def _time(told: Any) -> datetime | None:
    return None if told.st_mtime is None else datetime.fromtimestamp(told.st_mtime, UTC)
