"""How an SMB share is reached: where it is, the connection that all share, and its errors as ours.

smbprotocol is imported inside the functions only, so that the package works without it.
"""

from __future__ import annotations

import errno
import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from conformance.adapters.libraries import library
from conformance.adapters.streams import refuse
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    RestrictionDissatisfied,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Generator

_ACCESS_DENIED = 0xC0000022
"""The status for which smbclient has no errno."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One share (or a directory of it) of one server, and how to talk to it."""

    host: str
    port: int = 445
    share: str
    user: str | None = None
    """Whom to log in as; ``None`` is ``SMB_USERNAME`` of the environment."""
    root: str = ""
    """Path of the directory below the share, without slashes at its ends; ``""`` is the share itself."""
    timeout: int = 5
    """Seconds to wait for a connection."""
    without: tuple[str, ...] = ()
    """Operations and optional arguments that the server lacks."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Server:
    """A connection to the server of ``location``, made when it is needed."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self._connections: dict[str, Any] = {}

    def call(self, function: str, *arguments: Any, **parameters: Any) -> Any:
        """Call a function of smbclient through this connection; its errors leave as they are."""
        location = self.location
        return getattr(sdk(), function)(
            *arguments,
            **parameters,
            port=location.port,
            username=location.user or os.environ.get("SMB_USERNAME"),
            password=os.environ.get("SMB_PASSWORD"),
            connection_timeout=location.timeout,
            connection_cache=self._connections,
        )

    def version(self) -> str:
        """Return the dialect that was agreed on: SMB tells no version of the software."""
        with taxonomy():
            self.call("register_session", self.location.host)
            connection = next(iter(self._connections.values()))
            return f"SMB {'.'.join(f'{connection.dialect:04x}'[1:])}"


@lru_cache(maxsize=32)
def server_for(location: Location) -> Server:
    """Return the one connection to ``location``."""
    return Server(location)


def connect_to(server: Server) -> None:
    """Log in, before anything else is asked.

    Raises:
        ConnectionStringInvalid: smbprotocol is not installed, or nobody answers.
        PermissionDenied: the server does not let this user in.

    """
    exceptions: Any = (sdk(), import_module("smbprotocol.exceptions"))[1]
    location = server.location
    try:
        server.call("register_session", location.host)
    except (exceptions.SMBAuthenticationError, exceptions.LogonFailure, exceptions.AccessDenied) as error:
        user = location.user or os.environ.get("SMB_USERNAME") or "this user"
        if not os.environ.get("SMB_PASSWORD"):
            refuse(PermissionDenied(f"{location} does not let {user} in without a password: set SMB_PASSWORD"))
        refuse(PermissionDenied(f"{location} does not let {user} in: {error}"))
    except (OSError, ValueError, exceptions.SMBException) as error:
        refuse(ConnectionStringInvalid(f"{location} cannot be reached by SMB: {error}"))


def sdk() -> Any:
    """Return the module smbclient of smbprotocol.

    Raises:
        ConnectionStringInvalid: it is not installed.

    """
    logging.getLogger("smbprotocol").addHandler(logging.NullHandler())
    return library("smbclient", "smb", needed_by="smb://", package="smbprotocol")


@contextmanager
def taxonomy() -> Generator[None]:
    """Turn every error of smbprotocol into one of the taxonomy (AOS-47)."""
    try:
        yield
    except StorageError:
        raise
    except (OSError, ValueError, import_module("smbprotocol.exceptions").SMBException) as error:
        refuse(translated(error))


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of smbprotocol says (AOS-47)."""
    text = str(error)
    if getattr(error, "ntstatus", 0) == _ACCESS_DENIED:
        return PermissionDenied(text)
    match getattr(error, "errno", None):
        case errno.ENOENT | errno.ENOTDIR:
            return ObjectNotExist(text)
        case errno.EISDIR:
            return ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        case errno.EACCES:
            return PermissionDenied(text)
        case errno.ENAMETOOLONG:
            return RestrictionDissatisfied(text)
        case _:
            return Unexpected(f"{type(error).__name__}: {text}")
