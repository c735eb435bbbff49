"""The host's files below one ``work_dir``: found without following links, replaced whole, never half.

Only what keys can do is guarded against: another program that rearranges directories into links at the same moment
is not.
"""

# Names are checked before they are joined; os takes the text as it is, and at once.
# ruff: noqa: FURB122, PTH102, PTH105, PTH106, PTH108, PTH115, PTH118, PTH120, PTH123, PTH211

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from conformance.adapters.streams import refuse
from conformance.storage import (
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    PreconditionFailed,
    RestrictionDissatisfied,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

Names = tuple[str, ...]

TEMPORARY = ".storage-conformance-"
"""How the names of unfinished files in the root begin; no key reaches them and no listing shows them."""
ABANDONED = 24 * 3600
"""Seconds after which an unfinished file that nobody wrote to belongs to a process that was killed."""
ATTEMPTS = 100
"""How often a directory that is removed under our hands is made again."""
LINKS_MAXIMUM = 40
"""Links that are followed before a chain counts as leading nowhere."""

_clock_lock = Lock()
_clock = 0


def now() -> int:
    """Return a time in nanoseconds that this process never saw before: kernels stamp only every few milliseconds."""
    global _clock  # noqa: PLW0603 - one clock for every client of the process
    with _clock_lock:
        _clock = max(time.time_ns(), _clock + 1)
        return _clock


@contextmanager
def taxonomy() -> Generator[None]:
    """Turn every error of the host into one of the taxonomy, by its number (AOS-47)."""
    try:
        yield
    except OSError as error:
        refuse(translated(error))
    except OverflowError as error:
        refuse(RestrictionDissatisfied(str(error)))


def translated(error: OSError) -> StorageError:
    """Return the error of the taxonomy that an error of the host stands for."""
    text = error.strerror or str(error)
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return ObjectNotExist(text)
        case errno.EISDIR:
            return ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return PermissionDenied(text)
        case errno.ENAMETOOLONG | errno.EFBIG:
            return RestrictionDissatisfied(text)
        case _:
            return Unexpected(text)


def remove_abandoned(root: Path) -> None:
    """Remove the unfinished files that killed processes left in ``root``."""
    with os.scandir(root) as entries:
        for entry in entries:
            if entry.name.startswith(TEMPORARY):
                with suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > ABANDONED:
                        os.unlink(entry.path)


class HostTree:
    """Files, directories and links of the host under names relative to one ``work_dir`` of ``root``.

    A link is an object, never a directory on the way: nothing is found below one, wherever it leads.
    """

    def __init__(self, root: Path, work_names: Names) -> None:
        self._root = os.path.realpath(root)
        self._base = os.path.realpath(os.path.join(self._root, *work_names))

    def host(self, names: Names) -> str:
        """Return the path of the host."""
        return os.path.join(self._base, *names)

    def find(self, names: Names) -> os.stat_result | None:
        """Return the status of what is under ``names``, itself not followed, or nothing.

        The ``work_dir`` is always there: before its first object, the root stands in for it.
        """
        if not names:
            return self._lstat(names) or self._lstat_root()
        for depth in range(1, len(names)):
            above = self._lstat(names[:depth])
            if above is None or not stat.S_ISDIR(above.st_mode):
                return None
        return self._lstat(names)

    def resolve(self, names: Names) -> tuple[Names, os.stat_result] | None:
        """Return what ``names`` lead to through any links; nothing for a dangling link or a circle.

        Raises:
            PermissionDenied: a link leads out of the ``work_dir``.

        """
        for _ in range(LINKS_MAXIMUM):
            status = self.find(names)
            if status is None or not stat.S_ISLNK(status.st_mode):
                return None if status is None else (names, status)
            target = self.inside(self.target(names))
            if target is None:
                raise PermissionDenied("the link leads out of the work_dir")
            names = target
        return None

    def target(self, names: Names) -> str:
        """Return the host's path, made absolute, that the link under ``names`` holds."""
        link = self.host(names)
        return os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))

    def inside(self, host: str) -> Names | None:
        """Return the names of a path of the host, or nothing when it is not below the ``work_dir``."""
        if host == self._base:
            return ()
        base = os.path.join(self._base, "")
        return tuple(host.removeprefix(base).split("/")) if host.startswith(base) else None

    def names(self, names: Names) -> Iterator[str]:
        """Yield the names in a directory that a key can reach; none when there is no such directory."""
        status = self.find(names)
        if status is None or not stat.S_ISDIR(status.st_mode):
            return
        directory = self.host(names)
        with suppress(FileNotFoundError), os.scandir(directory) as entries:
            for entry in entries:
                if directory == self._root and entry.name.startswith(TEMPORARY):
                    continue
                with suppress(UnicodeEncodeError):
                    entry.name.encode()
                    yield entry.name

    def is_temporary(self, names: Names) -> bool:
        """Tell whether ``names`` would reach an unfinished file, or pose as one."""
        return bool(names) and self._base == self._root and names[0].startswith(TEMPORARY)

    def check_place(self, names: Names) -> None:
        """Refuse a place that cannot take a file or link: a directory, or anywhere below a file (GSP-134).

        Raises:
            ObjectModeInvalid: as said.

        """
        for depth in range(1, len(names)):
            above = self._lstat(names[:depth])
            if above is None:
                return
            if not stat.S_ISDIR(above.st_mode):
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=mode(above))
        status = self._lstat(names)
        if status is not None and stat.S_ISDIR(status.st_mode):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)

    @contextmanager
    def parents(self, names: Names) -> Generator[str]:
        """Make the directories above ``names`` and give the path of the host; undo them when the block fails."""
        made: list[str] = []
        try:
            directories = [self._base, *(self.host(names[:depth]) for depth in range(1, len(names)))]
            # the work_dir itself may lie deep below a root where nothing was written yet
            while not os.path.lexists(directories[0]):
                directories.insert(0, os.path.dirname(directories[0]))
            for directory in directories:
                with suppress(FileExistsError):
                    os.mkdir(directory)
                    made.append(directory)
            yield self.host(names)
        except BaseException as error:
            for directory in reversed(made):
                with suppress(OSError):
                    os.rmdir(directory)
            if isinstance(error, NotADirectoryError):
                refuse(ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ))
            raise

    @contextmanager
    def unfinished(self, chunks: Iterable[bytes]) -> Generator[str]:
        """Put all of ``chunks`` into a file of its own and give its path; it is gone, or moved away, afterwards."""
        path = self._temporary()
        try:
            with open(path, "xb") as file:
                for chunk in chunks:
                    file.write(chunk)
            yield path
        except FileNotFoundError as error:
            refuse(Unexpected(f"{error.filename}: {error.strerror}"))
        finally:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def install(self, path: str, names: Names, *, exclusive: bool = False) -> None:
        """Rename the host's ``path`` to ``names``, in place of a file or link.

        An ``exclusive`` one gets a second name, which the host gives only where none is; the first is left.

        Raises:
            ObjectModeInvalid: the place cannot take it.
            PreconditionFailed: it is exclusive, and something is there.

        """
        for attempt in range(1, ATTEMPTS + 1):
            self.check_place(names)
            try:
                with self.parents(names) as host:
                    if exclusive:
                        os.link(path, host, follow_symlinks=False)
                    else:
                        os.replace(path, host)
            except FileExistsError:
                if not exclusive:
                    raise
                refuse(PreconditionFailed("there is an object"))
            except FileNotFoundError:
                # another client removed the directory above in between, perhaps only undoing its own failure
                if attempt == ATTEMPTS or not os.path.lexists(path):
                    raise
            else:
                return

    def store(self, names: Names, chunks: Iterable[bytes], *, exclusive: bool = False) -> os.stat_result:
        """Put a file of ``chunks`` under ``names``, at once and whole, or change nothing; return its status.

        Raises:
            ObjectModeInvalid: the place cannot take a file.
            PreconditionFailed: it is ``exclusive``, and something is there.

        """
        with self.unfinished(chunks) as path:
            at = now()
            os.utime(path, ns=(at, at))
            status = os.lstat(path)
            self.install(path, names, exclusive=exclusive)
            return status

    def store_link(self, names: Names, target: str, *, exclusive: bool = False) -> os.stat_result:
        """Put a link to a path of the host, which need not exist, under ``names``; see :meth:`store`."""
        path = self._temporary()
        try:
            os.symlink(target, path)
            status = os.lstat(path)
            self.install(path, names, exclusive=exclusive)
            return status
        finally:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def _lstat_root(self) -> os.stat_result:
        return os.lstat(self._root)

    def _temporary(self) -> str:
        return os.path.join(self._root, TEMPORARY + secrets.token_hex(8))

    def _lstat(self, names: Names) -> os.stat_result | None:
        try:
            return os.lstat(self.host(names))
        except (FileNotFoundError, NotADirectoryError):
            return None


def mode(status: os.stat_result) -> ObjectMode:
    """Return what can be done with an object of the host, a link not followed (AOS-25)."""
    if stat.S_ISDIR(status.st_mode):
        return ObjectMode.DIR
    if stat.S_ISLNK(status.st_mode):
        return ObjectMode.LINK
    if stat.S_ISREG(status.st_mode):
        return ObjectMode.READ | ObjectMode.APPEND | ObjectMode.PAGE
    return ObjectMode(0)
