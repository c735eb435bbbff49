"""How an SFTP server is reached: where it is, the connection that all share, and its errors as ours.

paramiko is imported inside the functions only, so that the package works without it.
"""

from __future__ import annotations

import errno
import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from conformance.adapters.libraries import library
from conformance.adapters.streams import refuse
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectNotExist,
    PermissionDenied,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One directory of one server, and how to talk to it."""

    host: str
    port: int = 22
    user: str | None = None
    """Whom to log in as; ``None`` is the user who runs this."""
    root: str = ""
    """Absolute path of the directory; ``""`` is where one is after logging in."""
    key: str | None = None
    """File of the private key; ``None`` is the password of the environment, else the keys of the user."""
    known_hosts: str | None = None
    """File of the keys of hosts; ``None`` is that of the user."""
    timeout: float = 5.0
    """Seconds to wait for a connection, and for each answer."""
    without: tuple[str, ...] = ()
    """Operations and optional arguments that the server lacks."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Server:
    """A connection to the server of ``location``, made when it is needed, and its SFTP sessions.

    A session answers one question at a time: each thread that asks has one to itself, and gives it back.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self._client: Any = None
        self._idle: list[Any] = []

    @contextmanager
    def session(self) -> Generator[Any]:
        """Give an SFTPClient of paramiko, and raise whatever it raises as an error of the taxonomy (AOS-47)."""
        ssh: Any = sdk()
        sftp = self._idle.pop() if self._idle else self._open()
        usable = False
        try:
            yield sftp
            usable = True
        except StorageError:
            usable = True
            raise
        except (OSError, EOFError, ssh.SSHException, UnicodeError) as error:
            usable = not isinstance(error, (TimeoutError, EOFError))
            refuse(translated(error))
        finally:
            if usable and not sftp.get_channel().closed:
                self._idle.append(sftp)
            else:
                sftp.close()

    def version(self) -> str:
        """Return how the server calls itself."""
        return str(self._transport().remote_version).removeprefix("SSH-2.0-")

    def _open(self) -> Any:
        ssh: Any = sdk()
        try:
            sftp = ssh.SFTPClient.from_transport(self._transport())
        except (OSError, EOFError, ssh.SSHException) as error:
            refuse(Unexpected(f"{self.location}: {error or 'the connection was closed'}"))
        sftp.get_channel().settimeout(self.location.timeout)
        return sftp

    def _transport(self) -> Any:
        transport = self._client and self._client.get_transport()
        if not transport or not transport.is_active():
            self._idle.clear()
            self._client = connected(self.location)
            transport = self._client.get_transport()
        return transport


@lru_cache(maxsize=32)
def server_for(location: Location) -> Server:
    """Return the one connection to ``location``."""
    return Server(location)


def connected(location: Location) -> Any:
    """Return an SSHClient of paramiko that is logged in, with ``SFTP_PASSWORD`` of the environment where it is set.

    Raises:
        ConnectionStringInvalid: paramiko is not installed, a file cannot be read, nobody answers, or the host has
            another key than is known.
        PermissionDenied: the server does not let this user in.

    """
    ssh: Any = sdk()
    client = ssh.SSHClient()
    password = os.environ.get("SFTP_PASSWORD")
    own_keys = location.key is None and password is None
    client.set_missing_host_key_policy(_Strangers(location))
    try:
        client.load_system_host_keys(location.known_hosts)
    except (OSError, UnicodeError, ssh.SSHException) as error:
        refuse(ConnectionStringInvalid(f"known_hosts={location.known_hosts} cannot be read: {error}"))
    try:
        client.connect(
            location.host,
            location.port,
            username=location.user,
            password=password,
            key_filename=location.key,
            look_for_keys=own_keys,
            allow_agent=own_keys,
            timeout=location.timeout,
            banner_timeout=location.timeout,
            auth_timeout=location.timeout,
        )
    except (ssh.AuthenticationException, ssh.PasswordRequiredException) as error:
        refuse(PermissionDenied(f"{location} does not let {location.user or 'this user'} in: {error}"))
    except ssh.BadHostKeyException as error:
        refuse(
            ConnectionStringInvalid(
                f"{location} is reached, but has another key than is known: give known_hosts=FILE ({error})"
            )
        )
    except (OSError, EOFError, ssh.SSHException, ValueError) as error:
        transport, told = client.get_transport(), str(error) or type(error).__name__
        if location.key and transport and transport.is_active():
            told = f"is reached, but key={location.key} is of no use: {told}; give key=FILE, a private key"
        else:
            told = f"cannot be reached by SSH: {told}"
        client.close()
        refuse(ConnectionStringInvalid(f"{location} {told}"))
    return client


class _Strangers:
    """What paramiko does about a host whose key is not known: nobody else may answer in its place."""

    def __init__(self, location: Location) -> None:
        self._location = location

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        """Refuse the host."""
        del hostname  # the location says it
        client.close()
        raise ConnectionStringInvalid(
            f"{self._location} is reached, but its {key.get_name()} key is not among the known ones: "
            "give known_hosts=FILE"
        )


def sdk() -> Any:
    """Return the module paramiko.

    Raises:
        ConnectionStringInvalid: it is not installed.

    """
    logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it prints tracebacks of what it raises, too
    return library("paramiko", "sftp", needed_by="sftp://")


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy for one of paramiko: of the codes of SFTP, two say more than "failure"."""
    match getattr(error, "errno", None):
        case errno.ENOENT:
            return ObjectNotExist(str(error))
        case errno.EACCES:
            return PermissionDenied(str(error))
        case _:
            return Unexpected(f"{type(error).__name__}: {error}")
