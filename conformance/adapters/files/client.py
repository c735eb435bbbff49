"""What every part of a storage of files stands on: names, places and descriptions, as one client sees them."""

from __future__ import annotations

import secrets
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.adapters.files.protocol import Files, Names, Status
from conformance.adapters.handles import left, refuse_all_but, refuse_everything
from conformance.adapters.paths import Key, Paths
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
    from collections.abc import Collection, Generator, Iterable

TEMPORARY = ".storage-conformance-"
"""How the names of unfinished files in the root begin; no key reaches them and no listing shows them."""


class FilesClient(Storage):
    """One client of the directories of a server.

    Args:
        files: the connection.
        work_dir: absolute path that begins and ends with ``/``, below the root of the connection.
        without: operations and optional arguments that the server lacks, as :func:`conformance.adapters.handles.left`
            takes them.

    """

    declared = Features(list_modes=ListMode.DIR, directories="native", etag=False, close_refuses=True)

    def __init__(self, files: Files, work_dir: str, without: Collection[str] = ()) -> None:
        self._files = files
        self._paths = Paths(work_dir, self.declared)
        self._takes = left(self.implements, without)
        if without:
            refuse_all_but(self, self._takes)

    def close(self) -> None:
        """Refuse every operation from now on; the connection is others' too and stays."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return the declaration, without what the server lacks."""
        return replace(super().features(), operations=frozenset(self._takes), pairs=self._takes)

    def metadata(self) -> StorageMeta:
        """Return the place and ``work_dir``; the protocol publishes no limits."""
        return StorageMeta(name=self._files.place, service=self._files.service, work_dir=self._paths.work_dir)

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle without a request (GSP-93)."""
        handle = super().create(path, object_mode=object_mode, multipart_id=multipart_id)
        return replace(handle, id=self._paths.id(self._key(path).names))

    # names and places

    def _key(self, path: str) -> Key:
        """Return where ``path`` leads from the root of the connection."""
        if "\0" in path:
            raise Unexpected("a NUL in a path is refused")
        key = self._paths.key(path)
        if len(key.names) == 1 and key.names[0].startswith(TEMPORARY):
            raise Unexpected("the name is reserved for unfinished files")
        return key

    def _find(self, key: Key) -> Status | None:
        """Return what is under a key; the ``work_dir`` is always there, also before its first object."""
        status = self._files.status(key.names)
        if status is None and key.names == self._paths.work_names:
            return Status(ObjectMode.DIR, 0, None)
        if status is not None and key.directory and ObjectMode.DIR not in status.mode:
            return None
        return status

    def _place(self, path: str, if_none_match: str | None = None) -> Names:
        """Return the names of ``path`` as a place for a file or link; whether it can take one is for the server to say.

        Raises:
            ObjectModeInvalid: the path can only name a directory.
            PairUnsupported: ``if_none_match`` is an ETag, and there are none; ``"*"`` is left to the server.

        """
        key = self._key(path)
        if key.directory:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        if if_none_match not in {None, "*"}:
            raise PairUnsupported(["if_none_match"])
        return key.names

    def _explain(self, names: Names) -> None:
        """Tell why a place did not take a file or a directory.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.

        """
        status = self._files.status(names)
        if status is not None and ObjectMode.DIR in status.mode:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        for depth in range(len(names) - 1, 0, -1):
            above = self._files.status(names[:depth])
            if above is not None:
                if ObjectMode.DIR not in above.mode:
                    raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=above.mode)
                return

    # what is put there

    @contextmanager
    def _unfinished(self) -> Generator[Names]:
        """Give a name for a file or link that is being made; it is gone, or renamed, afterwards."""
        names = (TEMPORARY + secrets.token_hex(8),)
        try:
            yield names
        finally:
            with suppress(ObjectNotExist):
                self._files.remove_file(names)

    def _store(self, names: Names, chunks: Iterable[bytes], *, exclusive: bool = False) -> None:
        """Upload ``chunks`` under another name, and rename them to ``names``."""
        with self._unfinished() as unfinished:
            with self._files.writing(unfinished, "new") as file:
                for chunk in chunks:
                    file.write(chunk)
            self._install(unfinished, names, exclusive=exclusive)

    def _install(self, unfinished: Names, names: Names, *, exclusive: bool = False) -> None:
        """Rename ``unfinished`` to ``names``, in place of what is there, with all directories above.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            PreconditionFailed: it is ``exclusive``, and something is there.

        """
        try:
            with self._parents(names):
                self._files.rename(unfinished, names, replace=not exclusive)
        except StorageError as failure:
            error = failure
        else:
            return
        self._explain(names)
        if exclusive and self._files.status(names) is not None:
            raise PreconditionFailed("there is an object")
        raise error

    @contextmanager
    def _parents(self, names: Names) -> Generator[None]:
        """Make the directories above ``names``, and remove those again when the block fails."""
        made: list[Names] = []
        try:
            missing: list[Names] = []
            for depth in range(len(names) - 1, 0, -1):
                if self._files.status(names[:depth]) is not None:
                    break
                missing.append(names[:depth])
            for directory in reversed(missing):
                self._files.make_directory(directory)
                made.append(directory)
            yield
        except BaseException:
            for directory in reversed(made):
                with suppress(StorageError):
                    self._files.remove_directory(directory)
            raise

    # descriptions

    def _made(self, path: str, names: Names) -> Object:
        status = self._files.status(names)
        if status is None:
            raise ObjectNotExist("it was removed at the same time")
        return self._describe(path, names, status)

    def _describe(self, path: str, names: Names, status: Status) -> Object:
        readable = ObjectMode.READ in status.mode
        return Object(
            path=path,
            id=self._paths.id(names),
            mode=status.mode,
            content_length=status.length if readable else None,
            last_modified=status.modified,
            link_target=status.target and status.target.removeprefix(self._paths.work_dir),
            append_offset=status.length if ObjectMode.APPEND in status.mode else None,
        )
