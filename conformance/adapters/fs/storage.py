"""The local file system of a POSIX host as a storage: below one root directory, and never outside it.

Its side of the open points: directories are native, parents are made, a link is an object that only ``read`` follows,
every file can be appended to and written at any offset, and absolute paths are refused. What replaces an object is
written aside and renamed over it, so that a failed or killed operation leaves the old object or the new one. Appends
and pages change a file in place: the reader is drained first, and a failed append is cut off again, but the end of the
process in the middle of one may leave a part of it. Nothing is forced to the disk, so this promise ends at a power cut.
"""

# Names are checked before they are joined; os takes the text as it is, and at once.
# ruff: noqa: PTH102, PTH108, PTH123

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from conformance.adapters.fs.client import chunks
from conformance.adapters.fs.objects import FileSystemObjects
from conformance.adapters.fs.tree import mode, now, remove_abandoned, taxonomy
from conformance.adapters.streams import CHUNK, check_size, download, exactly, verified
from conformance.storage import (
    ConnectionStringInvalid,
    IoCallback,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

_in_place = Lock()
"""Held while a file is changed in place, so that appends of several threads stay whole."""


def open_fs(root: str | Path) -> Callable[[str], FileSystem]:
    """Return the opener of the storage in the directory ``root``; what killed processes left there is removed.

    Raises:
        ConnectionStringInvalid: ``root`` is no directory.

    """
    directory = Path(root)
    if not directory.is_dir():
        raise ConnectionStringInvalid(f"{directory} is no directory")
    with taxonomy():
        remove_abandoned(directory)

    def opened(work_dir: str) -> FileSystem:
        return FileSystem(directory, work_dir)

    return opened


class FileSystem(FileSystemObjects):
    """One client of the directory ``root``, safe to use from several threads and processes."""

    # appender, pager

    def create_append(self, path: str, *, if_none_match: str | None = None) -> Object:
        """Put an empty file under ``path`` (AOS-44); ``if_none_match`` is as for :meth:`write`."""
        return self._create_empty(path, if_none_match)

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the end of the file, whichever client appended last (AOS-44)."""
        check_size(size, None)
        self._change(o, ObjectMode.APPEND, verified(exactly(r, size, io_callback), content_md5), None)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing to a file: every append is readable at once (AOS-44)."""
        with taxonomy():
            self._changeable(o, ObjectMode.APPEND)

    def create_page(self, path: str, *, if_none_match: str | None = None) -> Object:
        """Put an empty file under ``path`` (AOS-25); ``if_none_match`` is as for :meth:`write`."""
        return self._create_empty(path, if_none_match)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write at ``offset``; the file grows as needed, and what was never written reads as zeros."""
        check_size(size, None)
        check_size(offset, None, "offset")
        self._change(o, ObjectMode.PAGE, exactly(r, size), offset)
        return size

    # copier, direr, fetcher, linker, mover

    def copy(self, src: str, dst: str, *, if_none_match: str | None = None) -> Object:
        """Copy one file, or a link as a link.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is at ``dst``.

        """
        with taxonomy():
            source, status, target = self._transfer(src, dst, if_none_match)
            exclusive = if_none_match is not None
            if stat.S_ISLNK(status.st_mode):
                made = self._tree.store_link(target, self._tree.target(source), exclusive=exclusive)
            else:
                with open(self._tree.host(source), "rb") as file:
                    end = os.fstat(file.fileno()).st_size
                    made = self._tree.store(target, chunks(file, 0, end), exclusive=exclusive)
            return self._describe(dst, target, made)

    def create_dir(self, path: str) -> Object:
        """Make a directory with all above it; an existing one keeps its children (AOS-49, GSP-134).

        Raises:
            ObjectModeInvalid: something else is there or above.

        """
        names = self._key(path).names
        with taxonomy():
            status = self._tree.find(names)
            if status is not None and not stat.S_ISDIR(status.st_mode):
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=mode(status))
            if status is None:
                self._tree.check_place(names)
            with self._tree.parents(names) as host, suppress(FileExistsError):
                os.mkdir(host)
            return self._made(path, names)

    def fetch(self, path: str, url: str) -> None:
        """Store the whole body that ``url`` serves, or change nothing."""
        names = self._place(path)
        with download(url) as body, taxonomy():
            self._tree.store(names, body.chunks)

    def create_link(self, path: str, target: str) -> Object:
        """Make a symbolic link to a path of this storage, which need not exist (GSP-86)."""
        names = self._place(path)
        with taxonomy():
            self._tree.store_link(names, self._tree.host(self._key(target).names))
            return self._made(path, names)

    def move(self, src: str, dst: str) -> Object:
        """Rename one file or link.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.

        """
        with taxonomy():
            source, status, target = self._transfer(src, dst)
            if source != target:
                if stat.S_ISLNK(status.st_mode):
                    # the text of a link may be relative to where the link is
                    status = self._tree.store_link(target, self._tree.target(source))
                    os.unlink(self._tree.host(source))
                else:
                    self._tree.install(self._tree.host(source), target)
            return self._describe(dst, target, status)

    # files that are changed in place, or empty

    def _create_empty(self, path: str, if_none_match: str | None) -> Object:
        names = self._place(path, if_none_match)
        with taxonomy():
            return self._describe(path, names, self._tree.store(names, (), exclusive=if_none_match is not None))

    def _changeable(self, o: Object, needed: ObjectMode) -> str:
        """Return the file of a handle, which may have changed since it was made."""
        key = self._key(o.path)
        status = self._find(key)
        if status is None:
            raise ObjectNotExist
        if needed not in mode(status):
            raise ObjectModeInvalid(expected=needed, actual=mode(status))
        return self._tree.host(key.names)

    def _change(self, o: Object, needed: ObjectMode, chunks: Iterator[bytes], offset: int | None) -> None:
        """Write ``chunks`` at ``offset``, or at the end, once all of them have arrived."""
        with taxonomy():
            self._changeable(o, needed)
            with self._tree.unfinished(chunks) as arrived, open(arrived, "rb") as source, _in_place:
                _write_in_place(self._changeable(o, needed), source, offset)


def _write_in_place(host: str, source: BinaryIO, offset: int | None) -> None:
    """Copy ``source`` into the file at ``offset`` or to its end, and cut off what a failure added."""
    # without a buffer, as closing would try to write once more what could not be written
    with open(host, "r+b", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        if offset is not None:
            file.seek(offset)
        try:
            while chunk := source.read(CHUNK):
                while chunk:
                    chunk = chunk[file.write(chunk) :]
        except OSError:
            file.truncate(before)
            raise
    at = now()
    os.utime(host, ns=(at, at))
