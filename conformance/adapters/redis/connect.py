"""Connection strings of Redis: ``redis://host:port/database?prefix=…``, its credentials in the environment."""

from __future__ import annotations

from urllib.parse import urlsplit

from conformance.adapters.connection import Connection, address
from conformance.adapters.options import Options, number, text
from conformance.adapters.redis.database import Database, Location
from conformance.adapters.redis.storage import Redis
from conformance.storage import ConnectionStringInvalid

EXAMPLE = "redis://127.0.0.1:6379/0"
OPTIONS: Options = {"prefix": text, "timeout": number(float, 0.1, 600)}
"""Options of ``redis://`` connections, all of them fields of ``Location``."""


def connect(spec: str) -> Connection:
    """Return the connection to the database that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no server or database, holds credentials, or an option is wrong.

    """
    parts = address(spec, EXAMPLE, OPTIONS, what="server", instead="REDIS_PASSWORD")
    try:
        host, port = urlsplit(f"//{parts.place}").hostname, urlsplit(f"//{parts.place}").port
    except ValueError:
        host = port = None
    if not host or not (parts.prefix.isdecimal() or not parts.prefix):
        raise ConnectionStringInvalid(f"{spec!r} names no server and database: write {EXAMPLE}")
    location = Location(host=host, port=port or 6379, database=int(parts.prefix or 0), **parts.options)
    database = Database(location)
    below = f" under {location.prefix}" if location.prefix else ""
    return Connection(
        spec=spec,
        name=parts.name,
        describe=f"the Redis database {location.database}{below} at {location}",
        open=lambda work_dir: Redis(location, work_dir),
        prepare=database.prepare,
        is_empty=database.is_empty,
        version=database.version,
    )
