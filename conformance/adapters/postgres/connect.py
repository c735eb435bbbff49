"""Connection strings of PostgreSQL: ``postgres://user@host:port/database?table=…``, the password in the environment."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from conformance.adapters.connection import Connection, address
from conformance.adapters.options import Options, flag, number
from conformance.adapters.postgres.database import Database, Location, server_for
from conformance.adapters.postgres.storage import Postgres
from conformance.storage import ConnectionStringInvalid

EXAMPLE = "postgres://user@127.0.0.1:5432/database"


def _table(text: str) -> str:
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", text) is None:
        raise ValueError("is no name of a table in small letters, digits and _")
    return text


OPTIONS: Options = {"table": _table, "create": flag, "timeout": number(int, 1, 600)}
"""Options of ``postgres://`` connections: ``create=true`` makes a missing table, all others are fields of
``Location``."""


def connect(spec: str) -> Connection:
    """Return the connection to the table of names in the database that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no server and database, holds a password, or an option is wrong.

    """
    parts = address(spec, EXAMPLE, OPTIONS, what="server", instead="PGPASSWORD", user=True)
    create: bool = parts.options.pop("create", False)
    server = urlsplit(f"//{parts.place}")
    try:
        host, port = server.hostname, server.port
    except ValueError:
        host = port = None
    if not host or not parts.prefix or "/" in parts.prefix:
        raise ConnectionStringInvalid(f"{spec!r} names no server and database: write {EXAMPLE}")
    user = unquote(server.username) if server.username else None
    location = Location(host=host, port=port or 5432, user=user, database=parts.prefix, **parts.options)
    reached = server_for(location)
    database = Database(reached, create=create)
    return Connection(
        spec=spec,
        name=parts.name,
        describe=f"large objects of PostgreSQL at {location}, with their names in the table {location.table}",
        open=lambda work_dir: Postgres(reached, work_dir),
        prepare=database.prepare,
        is_empty=database.is_empty,
        remove_root=database.remove,
        version=database.version,
    )
