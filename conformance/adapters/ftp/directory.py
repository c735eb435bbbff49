"""The directory of a connection before and after a run: is it there, is it empty, may it go again."""

from __future__ import annotations

import ftplib
from typing import TYPE_CHECKING, TypeVar

from conformance.adapters.ftp import facts
from conformance.adapters.ftp.client import about_the_file, sessions, translated
from conformance.adapters.ftp.storage import Ftp
from conformance.storage import ConnectionStringInvalid, PermissionDenied, Storage, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.adapters.ftp.client import Location

_T = TypeVar("_T")


class Directory:
    """The directory of ``location``; with ``create``, a missing one is made, and that one only is removed again."""

    def __init__(self, location: Location, *, create: bool) -> None:
        self._location = location
        self._create = create
        self._created = False
        self._path = f"/{location.prefix}"
        self._where = location.url + self._path

    def open(self, work_dir: str) -> Storage:
        """Return a client of ``work_dir`` (the opener)."""
        return Ftp(self._location, work_dir)

    def prepare(self) -> None:
        """Make sure that the directory can be used.

        Raises:
            ConnectionStringInvalid: nobody at the address, a server without MLST, or no directory.
            PermissionDenied: the credentials are not accepted.

        """
        if "MLST" not in self._ask(lambda session: session.sendcmd("FEAT")).upper():
            raise ConnectionStringInvalid(f"{self._location.url} has no MLST (RFC 3659), by which files are told apart")
        if self._ask(lambda session: _is_directory(session, self._path)):
            return
        if not self._create:
            raise ConnectionStringInvalid(f"there is no directory {self._where}: make it, or add create=true")
        self._ask(lambda session: session.mkd(self._path))
        self._created = True

    def is_empty(self) -> bool:
        """Tell whether the directory has no members."""
        return not self._ask(lambda session: facts.members(session, self._path))

    def remove(self) -> None:
        """Remove the directory if :meth:`prepare` made it and it is empty, and end the sessions.

        Raises:
            StorageError: it has members, or could not be removed.

        """
        if self._created:
            if not self.is_empty():
                raise Unexpected(f"the directory {self._where} is not empty")
            self._ask(lambda session: session.rmd(self._path))
            self._created = False
        sessions(self._location).close()

    def version(self) -> str:
        """Return how the server greets."""
        return self._ask(lambda session: session.getwelcome()).removeprefix("220").strip("- ")

    def _ask(self, function: Callable[[ftplib.FTP], _T]) -> _T:
        try:
            with sessions(self._location).use() as session:
                return function(session)
        except ftplib.error_perm as error:
            failure = translated(error, self._location.url)
            if isinstance(failure, PermissionDenied):
                failure = PermissionDenied(
                    f"the credentials (FTP_USER, FTP_PASSWORD) are refused at {self._location.url}: {failure.message}"
                )
        except (OSError, EOFError, ftplib.Error) as error:
            failure = ConnectionStringInvalid(
                f"{self._location.url} cannot be reached, is the server running? ({error or type(error).__name__})"
            )
        raise failure


def _is_directory(session: ftplib.FTP, path: str) -> bool:
    try:
        session.cwd(path)
    except ftplib.error_perm as error:
        if not about_the_file(error):
            raise
        return False
    session.cwd("/")
    return True
