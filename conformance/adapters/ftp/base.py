"""What every part of the FTP adapter stands on: paths, sessions, the declaration, and why a command was refused."""

from __future__ import annotations

import ftplib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.adapters.ftp import facts
from conformance.adapters.ftp.client import Location, Refusal, about_the_file, sessions, taxonomy, translated
from conformance.adapters.handles import left, refuse_all_but, refuse_changes, refuse_everything
from conformance.adapters.paths import Key, Paths
from conformance.adapters.streams import refuse
from conformance.storage import (
    Features,
    ListMode,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Storage,
    StorageError,
    StorageMeta,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self


class FtpBase(Storage):
    """One client of one ``work_dir`` below a directory.

    Args:
        location: the directory, and the options of the connection.
        work_dir: absolute path that begins and ends with ``/``; it lies below the directory.

    Raises:
        ConnectionStringInvalid: the credentials in the environment are not whole.

    """

    declared = Features(
        list_modes=ListMode.DIR,
        directories="native",
        control_characters=False,  # a line break would end the command
        etag=False,
        close_refuses=True,
    )

    def __init__(self, location: Location, work_dir: str = "/") -> None:
        self._location = location
        self._paths = Paths(work_dir, replace(self.declared, **dict(location.declares)))
        self._above = tuple(location.prefix.split("/")) if location.prefix else ()
        self._sessions = sessions(location)
        self._takes = left(self.implements, location.without)
        if location.without:
            refuse_all_but(self, self._takes)

    def close(self) -> None:
        """Refuse every operation from now on; the sessions are others' too and stay."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return the declaration: what FTP has, with what the location says of its server."""
        declared = super().features()
        without = self._location.without
        return replace(
            declared,
            operations=frozenset(left(dict.fromkeys(declared.operations, frozenset()), without)),
            pairs=left(declared.pairs, without),
            **dict(self._location.declares),
        )

    def metadata(self) -> StorageMeta:
        """Return host and ``work_dir``; a server publishes no limits."""
        return StorageMeta(name=self._location.host, service="ftp", work_dir=self._paths.work_dir)

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read."""
        reader = type(self)(self._location, self._paths.work_dir)
        refuse_changes(reader)
        return reader

    # paths and objects

    def _key(self, path: str) -> Key:
        """Return where ``path`` leads, from the root of the server."""
        names, directory = self._paths.key(path)
        return Key(self._above + names, directory)

    def _place(self, path: str) -> Key:
        """Return where a file may be put: a slash at the end would mean a directory, and FTP knows no such thing."""
        key = self._key(path)
        if key.directory:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        return key

    def _inside(self, key: Key) -> tuple[str, ...]:
        """Return the names of a place below the ``work_dir``; none for the ``work_dir`` itself."""
        return key.names[len(self._above) + len(self._paths.work_names) :]

    def _object(self, path: str, names: tuple[str, ...], mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._paths.id(names[len(self._above) :]), mode=mode, **fields)

    def _described(self, path: str, names: tuple[str, ...], found: facts.Facts) -> Object:
        grows = found.mode == ObjectMode.READ and "write_append" in self._takes
        return self._object(
            path,
            names,
            found.mode | (ObjectMode.APPEND if grows else ObjectMode(0)),
            content_length=found.size,
            last_modified=found.modified,
            append_offset=found.size if grows else None,
        )

    # commands

    def _do(self, function: Callable[[ftplib.FTP], object]) -> ftplib.Error | None:
        """Do something in a session; return a refusal that may be about the file.

        Raises:
            StorageError: any other refusal or failure.

        """
        with taxonomy(self._location.url):
            try:
                with self._sessions.use() as session:
                    function(session)
            except Refusal as error:
                if not about_the_file(error):
                    raise
                return error
        return None

    def _find(self, key: Key) -> facts.Facts | None:
        """Return what is at ``key`` (MLST); nothing where there is none, or no directory though one was meant."""
        replies: list[str] = []
        if self._do(lambda session: replies.append(session.sendcmd(f"MLST {where(key.names)}"))):
            return None
        found = facts.one(replies[0])
        return None if key.directory and found.mode != ObjectMode.DIR else found

    def _why(self, key: Key, error: ftplib.Error, needed: ObjectMode) -> StorageError:
        """Return the error for a refusal, which says nothing of its reason: MLST tells what is there."""
        found = self._find(key)
        if found is None:
            return ObjectNotExist(str(error))
        if needed not in found.mode:
            return ObjectModeInvalid(expected=needed, actual=found.mode)
        return translated(error, self._location.url)

    # parents

    def _make(
        self,
        key: Key,
        function: Callable[[ftplib.FTP], object],
        *,
        kind: ObjectMode,
        possible: Callable[[], object] = lambda: None,
    ) -> None:
        """Do what makes a file or directory at ``key``; where its parent is missing, make that and do it again.

        Args:
            key: what is made.
            function: sends the commands.
            kind: what it is.
            possible: raises when it was refused for another reason; asked before anything else is.

        Raises:
            ObjectModeInvalid: something else is there, or a file is above.
            StorageError: any other refusal.

        """
        error = self._do(function)
        if error is None:
            return
        possible()
        found = self._find(Key(key.names))
        if found is not None and found.mode == kind == ObjectMode.DIR:
            return
        if found is not None and found.mode != kind:
            raise ObjectModeInvalid(expected=kind, actual=found.mode)
        missing = self._missing_above(key.names)
        if found is not None or not missing:
            refuse(translated(error, self._location.url))
        for names in missing:
            refusal = self._do(lambda session, names=names: session.mkd(where(names)))
            if refusal is not None and self._find(Key(names, directory=True)) is None:
                refuse(translated(refusal, self._location.url))
        error = self._do(function)
        if error is not None:
            refuse(translated(error, self._location.url))

    def _missing_above(self, names: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the directories above a path that are missing, the uppermost first.

        Raises:
            ObjectModeInvalid: one of those above is a file.

        """
        missing: list[tuple[str, ...]] = []
        for depth in range(len(names) - 1, 0, -1):
            found = self._find(Key(names[:depth]))
            if found is not None and found.mode != ObjectMode.DIR:
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=found.mode)
            if found is not None:
                break
            missing.insert(0, names[:depth])
        return missing


def where(names: tuple[str, ...]) -> str:
    """Return the path of the server."""
    return "/" + "/".join(names)
