"""What every part of the file system storage stands on: the directory below which it works, as one client sees it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.adapters.fs.tree import HostTree, Names, mode, taxonomy
from conformance.adapters.handles import refuse_changes, refuse_everything
from conformance.adapters.paths import Key, Paths
from conformance.adapters.streams import CHUNK
from conformance.storage import (
    Features,
    ListMode,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    PreconditionFailed,
    Storage,
    StorageError,
    StorageMeta,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO, Self

EPOCH = datetime.fromtimestamp(0, UTC)


class FileSystemClient(Storage):
    """One client of the directory ``root``: its local operations, and the tree as it sees it."""

    declared = Features(list_modes=ListMode.DIR | ListMode.PREFIX, directories="native", etag=True, close_refuses=True)

    def __init__(self, root: str | Path, work_dir: str) -> None:
        self._root = Path(root)
        self._paths = Paths(work_dir, self.declared)
        self._tree = HostTree(self._root, self._paths.work_names)

    def close(self) -> None:
        """Refuse every operation from now on; closing again changes nothing."""
        refuse_everything(self)

    # local operations

    def metadata(self) -> StorageMeta:
        """Return name and ``work_dir``; the host publishes no limits."""
        return StorageMeta(name="fs", service="fs", work_dir=self._paths.work_dir)

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle without touching the disk (GSP-93)."""
        handle = super().create(path, object_mode=object_mode, multipart_id=multipart_id)
        return replace(handle, id=self._id(self._key(path).names))

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read."""
        reader = type(self)(self._root, self._paths.work_dir)
        refuse_changes(reader)
        return reader

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

    def _place(self, path: str, if_none_match: str | None = None) -> Names:
        """Return the names of ``path`` as a place for a file or link, before anything is read or changed.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            PairUnsupported: ``if_none_match`` is an ETag: the host creates exclusively, but compares nothing.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is there.

        """
        key = self._key(path)
        if key.directory:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        with taxonomy():
            self._tree.check_place(key.names)
            if if_none_match is not None:
                if if_none_match != "*":
                    raise PairUnsupported(["if_none_match"])
                if self._tree.find(key.names) is not None:
                    raise PreconditionFailed("there is an object")
        return key.names

    def _transfer(self, src: str, dst: str, if_none_match: str | None = None) -> tuple[Names, os.stat_result, Names]:
        source = self._key(src)
        status = self._find(source)
        if status is None:
            raise ObjectNotExist
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISLNK(status.st_mode):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=mode(status))
        return source.names, status, self._place(dst, if_none_match)

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

    def _describe(self, path: str, names: Names, status: os.stat_result, file: os.stat_result | None = None) -> Object:
        """Return what is told of an object; ``file`` is the file that it is or leads to, looked for when not given."""
        target = None
        if stat.S_ISLNK(status.st_mode):
            host = self._tree.target(names)
            inside = self._tree.inside(host)
            target = host if inside is None else "/".join(inside)
        if stat.S_ISREG(status.st_mode):
            file = status
        elif file is None:
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


def chunks(file: BinaryIO, begin: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of an open file from ``begin`` to ``end``, fewer when it is cut off meanwhile."""
    left = end - begin
    if left > 0:
        file.seek(begin)
    while left > 0:
        chunk = file.read(min(left, CHUNK))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk
