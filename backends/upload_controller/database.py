"""The connection to SQLite or PostgreSQL: short transactions, and none is open while the store is asked."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backends.upload_controller.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Connection, Engine

WAIT_SECONDS = 30
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 20220504


class Database:
    """Transactions of the database at ``url``: ``sqlite:////path`` or ``postgresql://user:password@host:port/name``.

    Raises:
        ValueError: ``url`` is neither.

    """

    def __init__(self, url: str) -> None:
        self.url = url
        connect = {"sqlite": _sqlite, "postgresql": _postgresql}.get(url.partition(":")[0])
        if connect is None:
            raise ValueError("a database URL is sqlite:////PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME")
        self._engine = connect(url)

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Yield a connection for questions.

        Raises:
            DatabaseUnavailable: the database does not answer.

        """
        with _translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[Connection]:
        """Yield a connection in a transaction that is committed at the end, unless the block raises.

        Raises:
            DatabaseUnavailable: the database does not answer.
            IntegrityError: a constraint forbids it.

        """
        with _translated(), self._engine.execution_options(writes=True).begin() as connection:
            yield connection

    def migrate(self) -> None:
        """Bring the tables up to date; processes that start together do it one after the other."""
        with self.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, PoolTimeout) as error:
        raise DatabaseUnavailable("The database does not answer.") from error


def _postgresql(url: str) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(
        address, pool_pre_ping=True, connect_args={"connect_timeout": 5, "options": "-c lock_timeout=30s"}
    )


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: object) -> None:
        connection.isolation_level = None  # else the driver begins transactions itself, and too late
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # a transaction that reads first and writes later is refused instead of made to wait
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
