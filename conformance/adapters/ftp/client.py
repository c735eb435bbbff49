"""How an FTP server is reached: sessions that are logged in once and used again, and its replies as our errors.

A command is sent once, whatever happens: a retry would hide the fault that a check is looking for.
"""

from __future__ import annotations

import ftplib
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from conformance.adapters.streams import refuse
from conformance.storage import (
    ConnectionStringInvalid,
    PermissionDenied,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

IDLE = 20.0
"""Seconds after which a session is not used again: servers end those that are idle for long."""

ENDED = "421"
"""The reply by which a server ends a session (RFC 959, 4.2.1)."""
_OF_THE_FILE = ("450", "501", "550", "551", "553")
Refusal = (ftplib.error_perm, ftplib.error_temp)
"""What a session is told by a reply, after which it can go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A directory of an FTP server, and how to talk to the server."""

    host: str
    """Name or address."""
    port: int = 21
    prefix: str = ""
    """The path of the directory, without slashes at its ends; ``""`` is the root."""
    timeout: float = 10.0
    """Seconds to wait for a connection, and for each reply."""
    without: tuple[str, ...] = ()
    """Operations and optional arguments that the server lacks, as ``handles.left`` has them."""
    declares: tuple[tuple[str, Any], ...] = ()
    """Fields of ``Features`` in which it differs."""

    @property
    def url(self) -> str:
        """The server's root as a URL without a slash at its end."""
        return f"ftp://{self.host}:{self.port}"


class Sessions:
    """Sessions of one user on one server; each is used by one caller at a time."""

    def __init__(self, location: Location, user: str, password: str) -> None:
        self._location = location
        self._user = user
        self._password = password
        self._idle: list[tuple[float, ftplib.FTP]] = []
        self._lock = Lock()

    @contextmanager
    def use(self) -> Generator[ftplib.FTP]:
        """Give a session that is logged in; it is kept unless something other than a refusal happened."""
        session = self._kept() or self._opened()
        reusable = False
        try:
            yield session
            reusable = True
        except Refusal as error:
            reusable = not str(error).startswith(ENDED)
            raise
        finally:
            if reusable:
                with self._lock:
                    self._idle.append((time.monotonic(), session))
            else:
                session.close()

    def close(self) -> None:
        """End all sessions that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, session in idle:
            _quit(session)

    def _kept(self) -> ftplib.FTP | None:
        with self._lock:
            while self._idle:
                since, session = self._idle.pop()
                if time.monotonic() - since < IDLE:
                    return session
                _quit(session)
        return None

    def _opened(self) -> ftplib.FTP:
        session = ftplib.FTP(timeout=self._location.timeout)  # noqa: S321 - the protocol that is checked
        try:
            session.connect(self._location.host, self._location.port)
            session.login(self._user, self._password)
        except BaseException:
            session.close()
            raise
        return session


def _quit(session: ftplib.FTP) -> None:
    with suppress(OSError, EOFError, ftplib.Error):
        session.quit()
    session.close()


def sessions(location: Location) -> Sessions:
    """Return the sessions of the user in the environment (``FTP_USER``, ``FTP_PASSWORD``), or anonymous ones.

    Raises:
        ConnectionStringInvalid: there is a user without a password.

    """
    user, password = os.environ.get("FTP_USER", ""), os.environ.get("FTP_PASSWORD")
    if user and password is None:
        raise ConnectionStringInvalid("FTP_USER is set and FTP_PASSWORD is not")
    return _shared(location, user or "anonymous", password or "")


@lru_cache(maxsize=32)
def _shared(location: Location, user: str, password: str) -> Sessions:
    return Sessions(location, user, password)


@contextmanager
def taxonomy(where: str) -> Generator[None]:
    """Turn every refusal and failure of a session with ``where`` into an error of the taxonomy (AOS-47)."""
    try:
        yield
    except (ftplib.Error, EOFError, OSError, ValueError) as error:
        refuse(translated(error, where))


_BY_REPLY: Mapping[str, type[StorageError]] = {
    "530": PermissionDenied,  # not logged in
    "532": PermissionDenied,  # need account
    "552": RestrictionDissatisfied,  # exceeded storage allocation
    "553": Unexpected,  # file name not allowed
}


def translated(error: Exception, where: str) -> StorageError:
    """Return the error of the taxonomy for a reply; 550 is told apart by those who know what was asked."""
    text = " ".join(str(error).split())
    if isinstance(error, ftplib.error_perm):
        return (_BY_REPLY.get(text[:3]) or Unexpected)(text)
    if isinstance(error, ftplib.error_temp):
        return ServiceInternal(text)  # "transient negative completion": the server may do it another time
    return Unexpected(f"{where}: {type(error).__name__}: {text}")


def about_the_file(error: ftplib.Error) -> bool:
    """Tell whether a refusal may be about the file, and not about the command or the server.

    450 and 550 are (RFC 959, 4.2.1); some servers use 501, 551 and 553 for names that lead nowhere too.
    """
    return str(error).startswith(_OF_THE_FILE)
