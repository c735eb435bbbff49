"""How a PostgreSQL database is reached: where it is, its connections, its errors as ours, and the table of names.

psycopg is imported inside the functions only, so that the package works without it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
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
    from collections.abc import Generator

# names are compared by their bytes, so that their order is that of code points
_TABLE = """
CREATE TABLE {table} (
    path text COLLATE "C" PRIMARY KEY,
    content oid NOT NULL,
    size bigint NOT NULL,
    modified timestamptz NOT NULL DEFAULT clock_timestamp(),
    content_type text,
    user_metadata jsonb NOT NULL DEFAULT '{{}}'
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One database of one server, and the table of names in it."""

    host: str
    port: int = 5432
    user: str | None = None
    """Whom to log in as; ``None`` is as libpq decides. The password is that of its environment."""
    database: str
    table: str = "storage_conformance"
    timeout: int = 5
    """Seconds to wait for a connection."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


class Server:
    """The connections to the database of ``location``: one for each that has a transaction open, kept for the next."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self._idle: list[Any] = []

    @contextmanager
    def transaction(self, isolation: str = "READ COMMITTED") -> Generator[Any]:
        """Give a connection of psycopg in a transaction, which is undone when the block fails.

        Whatever psycopg raises leaves as an error of the taxonomy (AOS-47).
        """
        postgres: Any = sdk()
        connection = self._idle.pop() if self._idle else self.connect()
        interrupted = True
        try:
            with connection.transaction():
                connection.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
                yield connection
            interrupted = False
        except StorageError:
            interrupted = False
            raise
        except (postgres.Error, UnicodeError) as error:
            interrupted = False
            refuse(translated(error))
        finally:
            if interrupted or connection.closed:
                connection.close()
            else:
                self._idle.append(connection)

    def connect(self) -> Any:
        """Return a new connection.

        Raises:
            ConnectionStringInvalid: psycopg is not installed, or there is no such server or database.
            PermissionDenied: the server does not let this user in.

        """
        postgres: Any = sdk()
        location = self.location
        try:
            return postgres.connect(
                host=location.host,
                port=location.port,
                user=location.user,
                dbname=location.database,
                connect_timeout=location.timeout,
                autocommit=True,
            )
        except (postgres.errors.InvalidPassword, postgres.errors.InvalidAuthorizationSpecification) as error:
            refuse(PermissionDenied(f"{location} does not let this user in: {_sentence(error)}"))
        except postgres.Error as error:
            text = _sentence(error)
            if "authentication failed" in text or "no password supplied" in text:
                refuse(PermissionDenied(f"{location} does not let this user in: {text}"))
            refuse(ConnectionStringInvalid(f"{location} cannot be reached: {text}"))


@lru_cache(maxsize=32)
def server_for(location: Location) -> Server:
    """Return the one set of connections to ``location``."""
    return Server(location)


def sdk() -> Any:
    """Return the module psycopg.

    Raises:
        ConnectionStringInvalid: it is not installed.

    """
    try:
        return import_module("psycopg")
    except ImportError:  # also where psycopg is there, and the library of PostgreSQL that it needs is not
        pass
    raise ConnectionStringInvalid("postgres:// needs psycopg: pip install 'storage-conformance[postgres]'")


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of psycopg says, by its SQLSTATE (AOS-47, GSP-127)."""
    state: str = getattr(error, "sqlstate", None) or ""
    text = f"{type(error).__name__}: {_sentence(error)}"
    match state[:2]:
        case _ if state == "42501" or state[:2] == "28":
            return PermissionDenied(text)
        case "53" | "57" | "58" | "XX":  # resources, operator, system, internal
            return ServiceInternal(text)
        case "54":
            return RestrictionDissatisfied(text)
        case _:
            return Unexpected(text)


def _sentence(error: Exception) -> str:
    return " ".join(str(error).split())


class Database:
    """The table of a connection before and after a run; with ``create``, a missing one is made, and removed again."""

    def __init__(self, server: Server, *, create: bool) -> None:
        self._server = server
        self._table = server.location.table
        self._create = create
        self._created = False

    def prepare(self) -> None:
        """Make sure that the table can be used.

        Raises:
            ConnectionStringInvalid: psycopg is not installed, or there is no such server, database or table.
            PermissionDenied: the credentials do not allow it.

        """
        with self._server.transaction() as connection:
            if connection.execute("SELECT to_regclass(%s)", [self._table]).fetchone()[0] is None:
                if not self._create:
                    where = self._server.location
                    raise ConnectionStringInvalid(f"there is no table {self._table} at {where}: add create=true")
                connection.execute(_TABLE.format(table=self._table))
                self._created = True

    def is_empty(self) -> bool:
        """Tell whether there are no names; large objects without one are somebody else's."""
        with self._server.transaction() as connection:
            return not connection.execute(f"SELECT EXISTS (SELECT FROM {self._table})").fetchone()[0]  # noqa: S608 - a word

    def remove(self) -> None:
        """Drop the table if :meth:`prepare` made it and nothing is left in it.

        Raises:
            Unexpected: the table is not empty.

        """
        if self._created:
            if not self.is_empty():
                raise Unexpected(f"the table {self._table} is not empty")
            with self._server.transaction() as connection:
                connection.execute(f"DROP TABLE {self._table}")
            self._created = False

    def version(self) -> str:
        """Return how the server calls itself."""
        with self._server.transaction() as connection:
            return f"PostgreSQL {connection.execute('SHOW server_version').fetchone()[0]}"
