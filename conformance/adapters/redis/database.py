"""How a Redis database is reached: where it is, the client that all share, its errors as ours, and its state.

redis-py is imported inside the functions only, so that the package works without it.
"""

from __future__ import annotations

import os
import re
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
    PermissionDenied,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_GLOB = re.compile(rb"([*?\[\]\\])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One database (or a prefix of its keys) of one server, and how to talk to it."""

    host: str
    port: int = 6379
    database: int = 0
    prefix: str = ""
    """Every key begins with it; ``""`` is the whole database."""
    timeout: float = 5.0
    """Seconds to wait for a connection, and for each answer."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@lru_cache(maxsize=32)
def client_for(location: Location) -> Any:
    """Return a redis-py client; ``REDIS_USERNAME`` and ``REDIS_PASSWORD`` of the environment are its credentials.

    Commands are sent once, whatever happens: a retry would hide the fault that a check is looking for.

    Raises:
        ConnectionStringInvalid: redis-py is not installed.

    """
    redis = sdk()
    backoff: Any = import_module("redis.backoff")
    retry: Any = import_module("redis.retry")
    return redis.Redis(
        host=location.host,
        port=location.port,
        db=location.database,
        username=os.environ.get("REDIS_USERNAME"),
        password=os.environ.get("REDIS_PASSWORD"),
        socket_timeout=location.timeout,
        socket_connect_timeout=location.timeout,
        retry=retry.Retry(backoff.NoBackoff(), 0),
    )


def sdk() -> Any:
    """Return the module redis.

    Raises:
        ConnectionStringInvalid: it is not installed.

    """
    return library("redis", "redis", needed_by="redis://", package="redis-py")


@contextmanager
def taxonomy() -> Generator[None]:
    """Turn every error of redis-py into one of the taxonomy (AOS-47)."""
    try:
        yield
    except StorageError:
        raise
    except sdk().RedisError as error:
        refuse(translated(error))


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of redis-py says (AOS-47, GSP-127)."""
    exceptions: Any = import_module("redis.exceptions")
    text = str(error)
    match error:
        case exceptions.AuthenticationError() | exceptions.NoPermissionError() | exceptions.ReadOnlyError():
            return PermissionDenied(text)
        case exceptions.BusyLoadingError() | exceptions.OutOfMemoryError():
            return ServiceInternal(text)
        case _ if "WRONGTYPE" in text:
            return ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode(0))
        case _ if "maximum allowed size" in text:
            return RestrictionDissatisfied(text)
        case _:
            return Unexpected(f"{type(error).__name__}: {text}")


def keys_below(client: Any, prefix: bytes) -> Iterator[bytes]:
    """Yield the keys of strings that begin with ``prefix``, each once: SCAN may tell a key more than once."""
    seen: set[bytes] = set()
    for key in client.scan_iter(match=_GLOB.sub(rb"\\\1", prefix) + b"*", _type="string"):
        if key not in seen:
            seen.add(key)
            yield key


class Database:
    """The database of a connection before a run: is it there, is it empty, of which version is its server."""

    def __init__(self, location: Location) -> None:
        self._location = location

    def prepare(self) -> None:
        """Make sure that the database can be used.

        Raises:
            ConnectionStringInvalid: redis-py is not installed, or nobody answers there.
            PermissionDenied: the credentials may not use it.

        """
        exceptions: Any = (sdk(), import_module("redis.exceptions"))[1]
        try:
            client_for(self._location).ping()
        except (exceptions.AuthenticationError, exceptions.NoPermissionError) as error:
            refuse(PermissionDenied(f"the credentials may not use Redis at {self._location}: {error}"))
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            refuse(ConnectionStringInvalid(f"Redis at {self._location} cannot be reached, is it running? ({error})"))
        except exceptions.RedisError as error:
            refuse(ConnectionStringInvalid(f"Redis at {self._location} cannot be used: {error}"))

    def is_empty(self) -> bool:
        """Tell whether no key, of whatever type, begins with the prefix."""
        prefix = _GLOB.sub(rb"\\\1", self._location.prefix.encode())
        with taxonomy():
            return next(iter(client_for(self._location).scan_iter(match=prefix + b"*")), None) is None

    def version(self) -> str:
        """Return how the server calls itself."""
        with taxonomy():
            return f"Redis {client_for(self._location).info('server')['redis_version']}"
