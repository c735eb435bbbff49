"""The local file system of a POSIX host as a storage: below one root directory, and never outside it.

Its side of the open points: directories are native, parents are made, a link is an object that only ``read`` follows,
every file can be appended to and written at any offset, and absolute paths are refused. What replaces an object is
written aside and renamed over it, so that a failed or killed operation leaves the old object or the new one. Appends
and pages change a file in place: the reader is drained first, and a failed append is cut off again, but the end of the
process in the middle of one may leave a part of it. Nothing is forced to the disk, so this promise ends at a power cut.
"""

# Names are checked before they are joined; os takes the text as it is, and at once.
# ruff: noqa: PTH102, PTH108, PTH123
# An optional argument that is not taken is refused by the base.
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from conformance.adapters.fs_tree import HostTree, Names, mode, now, remove_abandoned, taxonomy
from conformance.adapters.listing import Entry, Listing, first
from conformance.adapters.paths import Key, Paths
from conformance.adapters.streams import CHUNK, check_size, deliver, download, exactly, verified
from conformance.storage import (
    ConnectionStringInvalid,
    Features,
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    Storage,
    StorageError,
    StorageMeta,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

EPOCH = datetime.fromtimestamp(0, UTC)

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


class FileSystem(Storage):
    """One client of the directory ``root``, safe to use from several threads and processes."""

    declared = Features(list_modes=ListMode.DIR | ListMode.PREFIX, directories="native", etag=True)

    def __init__(self, root: str | Path, work_dir: str) -> None:
        self._paths = Paths(work_dir, self.declared)
        self._tree = HostTree(Path(root), self._paths.work_names)

    def metadata(self) -> StorageMeta:
        """Return name and ``work_dir``; the host publishes no limits."""
        return StorageMeta(name="fs", service="fs", work_dir=self._paths.work_dir)

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle without touching the disk (GSP-93)."""
        handle = super().create(path, object_mode=object_mode, multipart_id=multipart_id)
        return replace(handle, id=self._id(self._key(path).names))

    # storager

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Remove one file, link or empty directory; what is missing, or below a file, is no error (GSP-46).

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself, or an object of another kind than the hint.
            Unexpected: the directory is not empty.

        """
        key = self._key(path)
        if not key.names:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        with taxonomy():
            status = self._find(key)
            if status is None:
                return
            _check_hint(object_mode, self._mode(key.names, status))
            remove = os.rmdir if stat.S_ISDIR(status.st_mode) else os.unlink
            with suppress(FileNotFoundError):
                remove(self._tree.host(key.names))

    def list(
        self, path: str, *, list_mode: ListMode | None = None, continuation_token: str | None = None
    ) -> Iterator[Object]:
        """Iterate over the children of a directory, or over every file and link of a prefix (GSP-654).

        Raises:
            ListModeInvalid: any other mode, or a combination.
            ObjectModeInvalid: ``path`` is no directory; a missing one is empty.

        """
        match list_mode:
            case None | ListMode.DIR:
                page = self._page_of_children(path)
            case ListMode.PREFIX:
                page = self._page_of_prefix(path)
            case _:
                raise ListModeInvalid(list_mode)
        return Listing(page, continuation_token)

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy a file, or the target of a link, to ``w``; a range past the end has as many bytes as there are.

        Raises:
            ObjectNotExist: nothing is there, or the link leads nowhere.
            ObjectModeInvalid: it is no file.
            PermissionDenied: the host forbids it, or the link leads out of the ``work_dir``.
            Unexpected: a negative range, or a writer that fails.

        """
        start = offset or 0
        check_size(start, None, "offset")
        check_size(size or 0, None)
        key = self._key(path)
        with taxonomy():
            found = self._tree.resolve(key.names) if self._find(key) is not None else None
            if found is None:
                raise ObjectNotExist
            names, status = found
            if not stat.S_ISREG(status.st_mode):
                raise ObjectModeInvalid(expected=ObjectMode.READ, actual=mode(status))
            with open(self._tree.host(names), "rb") as file:
                return deliver(_chunks(file, start, size), w, io_callback)

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        """Describe what is under ``path``, a link not followed (GSP-93).

        Raises:
            ObjectNotExist: nothing is there.
            ObjectModeInvalid: it is of another kind than the hint.

        """
        key = self._key(path)
        with taxonomy():
            status = self._find(key)
            if status is None:
                raise ObjectNotExist
            found = self._describe(path, key.names, status)
        _check_hint(object_mode, found.mode)
        return found

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Replace what is under ``path`` by exactly ``size`` bytes of ``r``, or change nothing (GSP-134, GSP-751).

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            RestrictionDissatisfied: ``r`` is ``None``, and ``size`` is not 0.
            Unexpected: the reader fails or ends early, the content differs from ``content_md5``, the disk is full.

        """
        names = self._place(path)
        check_size(size, None)
        with taxonomy():
            self._tree.store(names, verified(exactly(r, size, io_callback), content_md5))
        return size

    # appender, pager

    def create_append(self, path: str) -> Object:
        """Put an empty file under ``path`` (AOS-44)."""
        return self._create_empty(path)

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

    def create_page(self, path: str) -> Object:
        """Put an empty file under ``path`` (AOS-25)."""
        return self._create_empty(path)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write at ``offset``; the file grows as needed, and what was never written reads as zeros."""
        check_size(size, None)
        check_size(offset, None, "offset")
        self._change(o, ObjectMode.PAGE, exactly(r, size), offset)
        return size

    # copier, direr, fetcher, linker, mover

    def copy(self, src: str, dst: str) -> None:
        """Copy one file, or a link as a link.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.

        """
        with taxonomy():
            source, status, target = self._transfer(src, dst)
            if stat.S_ISLNK(status.st_mode):
                self._tree.store_link(target, self._tree.target(source))
                return
            with open(self._tree.host(source), "rb") as file:
                self._tree.store(target, _chunks(file, 0, None))

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

    def move(self, src: str, dst: str) -> None:
        """Rename one file or link.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.

        """
        with taxonomy():
            source, status, target = self._transfer(src, dst)
            if source == target:
                return
            if stat.S_ISLNK(status.st_mode):
                # the text of a link may be relative to where the link is
                self._tree.store_link(target, self._tree.target(source))
                os.unlink(self._tree.host(source))
                return
            self._tree.install(self._tree.host(source), target)

    # the tree as this client sees it

    def _key(self, path: str) -> Key:
        """Return where ``path`` leads below the ``work_dir``."""
        if "\0" in path:
            raise Unexpected("a NUL in a path is refused")
        names, directory = self._paths.key(path)
        below = names[len(self._paths.work_names) :]
        if self._tree.is_temporary(below):
            raise Unexpected("the name is reserved for unfinished files")
        return Key(below, directory)

    def _id(self, names: Names) -> str:
        return self._paths.id(self._paths.work_names + names)

    def _find(self, key: Key) -> os.stat_result | None:
        status = self._tree.find(key.names)
        if status is not None and key.directory and not stat.S_ISDIR(status.st_mode):
            return None
        return status

    def _place(self, path: str) -> Names:
        """Return the names of ``path`` as a place for a file or link, before anything is read or changed."""
        key = self._key(path)
        if key.directory:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        with taxonomy():
            self._tree.check_place(key.names)
        return key.names

    def _transfer(self, src: str, dst: str) -> tuple[Names, os.stat_result, Names]:
        source = self._key(src)
        status = self._find(source)
        if status is None:
            raise ObjectNotExist
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=mode(status))
        return source.names, status, self._place(dst)

    def _create_empty(self, path: str) -> Object:
        names = self._place(path)
        with taxonomy():
            self._tree.store(names, ())
            return self._made(path, names)

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

    # descriptions

    def _mode(self, names: Names, status: os.stat_result) -> ObjectMode:
        if stat.S_ISLNK(status.st_mode) and self._readable(names) is not None:
            return ObjectMode.LINK | ObjectMode.READ
        return mode(status)

    def _readable(self, names: Names) -> os.stat_result | None:
        """Return the status of the file that ``names`` lead to, if they do."""
        try:
            found = self._tree.resolve(names)
        except StorageError:
            return None
        return found[1] if found is not None and stat.S_ISREG(found[1].st_mode) else None

    def _made(self, path: str, names: Names) -> Object:
        status = self._tree.find(names)
        if status is None:
            raise ObjectNotExist("it was removed at the same time")
        return self._describe(path, names, status)

    def _describe(self, path: str, names: Names, status: os.stat_result) -> Object:
        target = None
        if stat.S_ISLNK(status.st_mode):
            host = self._tree.target(names)
            inside = self._tree.inside(host)
            target = host if inside is None else "/".join(inside)
        file = self._readable(names)
        kind = mode(status) | (ObjectMode.READ if file else ObjectMode(0))
        return Object(
            path=path,
            id=self._id(names),
            mode=kind,
            content_length=file.st_size if file else None,
            etag=f'"{file.st_mtime_ns:x}-{file.st_size:x}-{file.st_ino:x}"' if file else None,
            last_modified=EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000),
            link_target=target,
            append_offset=status.st_size if ObjectMode.APPEND in kind else None,
        )

    # pages of listings

    def _page_of_children(self, path: str) -> Callable[[str], list[Entry]]:
        names = self._key(path).names
        with taxonomy():
            status = self._tree.find(names)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=mode(status))
        below = path if not path or path.endswith("/") else path + "/"

        def page(after: str) -> list[Entry]:
            with taxonomy():
                return [
                    (name, self._describe(below + name, (*names, name), status))
                    for name in first(self._tree.names(names), after)
                    if (status := self._tree.find((*names, name))) is not None
                ]

        return page

    def _page_of_prefix(self, prefix: str) -> Callable[[str], list[Entry]]:
        try:
            directory = self._key(prefix[: prefix.rfind("/") + 1]).names
        except StorageError:
            # a prefix is any text, and no path begins with what no path can hold
            return lambda _: []

        def page(after: str) -> list[Entry]:
            with taxonomy():
                found = dict(self._walk(directory))
                return [
                    (name, self._describe(name, tuple(name.split("/")), found[name]))
                    for name in first((name for name in found if name.startswith(prefix)), after)
                ]

        return page

    def _walk(self, directory: Names) -> Iterator[tuple[str, os.stat_result]]:
        pending = [directory]
        while pending:
            above = pending.pop()
            for name in self._tree.names(above):
                names = (*above, name)
                status = self._tree.find(names)
                if status is not None and stat.S_ISDIR(status.st_mode):
                    pending.append(names)
                elif status is not None:
                    yield "/".join(names), status


def _check_hint(object_mode: ObjectMode | None, actual: ObjectMode) -> None:
    if object_mode is not None and object_mode not in actual:
        raise ObjectModeInvalid(expected=object_mode, actual=actual)


def _chunks(file: BinaryIO, offset: int, size: int | None) -> Iterator[bytes]:
    length = os.fstat(file.fileno()).st_size
    left = length - offset if size is None else min(size, length - offset)
    if left > 0:
        file.seek(offset)
    while left > 0:
        chunk = file.read(min(left, CHUNK))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


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
