"""What every operation on large objects stands on: rows of the table of names, and the contents that they name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.adapters.conditions import UNCONDITIONAL, Conditions
from conformance.adapters.handles import refuse_everything
from conformance.storage import (
    Features,
    ListMode,
    Object,
    ObjectMode,
    ObjectNotExist,
    RestrictionDissatisfied,
    Restrictions,
    Storage,
    StorageMeta,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from conformance.adapters.postgres.database import Server

LARGE_OBJECT = ObjectMode.READ | ObjectMode.APPEND | ObjectMode.PAGE
"""What can be done with every object."""
COPY_MAXIMUM = 1_000_000_000
"""Bytes of a copy: the server makes it of one value, and a value is below a gigabyte."""


class Row(NamedTuple):
    """A row of the table of names; ``xmin``, the transaction that wrote it, is what PostgreSQL tells versions by."""

    path: str
    content: int
    size: int
    modified: datetime
    content_type: str | None
    user_metadata: dict[str, str]
    version: str


COLUMNS = "path, content, size, modified, content_type, user_metadata, xmin::text"


class PostgresClient(Storage):
    """One client of one ``work_dir`` in a table of names."""

    declared = Features(list_modes=ListMode.PREFIX, name_maximum=None, etag=True, close_refuses=True)

    def __init__(self, server: Server, work_dir: str) -> None:
        self._server = server
        self._work_dir = work_dir
        self._table = server.location.table

    def close(self) -> None:
        """Refuse every operation from now on; the connections are others' too and stay."""
        refuse_everything(self)

    # local operations

    def metadata(self) -> StorageMeta:
        """Return the table, ``work_dir``, and how much can be copied."""
        limits = Restrictions(copy_size_maximum=COPY_MAXIMUM)
        return StorageMeta(name=self._table, work_dir=self._work_dir, service="postgres", restrictions=limits)

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle without a statement (GSP-93)."""
        handle = super().create(path, object_mode=object_mode, multipart_id=multipart_id)
        return replace(handle, id=self._work_dir + path)

    # rows

    def _key(self, path: str) -> str:
        """Return the name of a path, which is any text but what the type ``text`` cannot hold."""
        try:
            length = len(path.encode())
        except UnicodeEncodeError:
            raise Unexpected(f"{path!r} is not valid Unicode") from None
        maximum = self.declared.path_maximum
        if maximum is not None and length > maximum:
            raise RestrictionDissatisfied(f"{length} bytes of path, the maximum is {maximum}")
        if "\0" in path:
            raise Unexpected("a NUL in a path is refused")
        return self._work_dir + path

    def _row(self, connection: Any, key: str, lock: str = "") -> Row | None:
        """Return the row of a name, locked until the end of the transaction where ``lock`` says ``FOR UPDATE``."""
        asked = f"SELECT {COLUMNS} FROM {self._table} WHERE path = %s {lock}"  # noqa: S608 - words of ours
        found = connection.execute(asked, [key]).fetchone()
        return Row(*found) if found is not None else None

    def _there(self, connection: Any, key: str, lock: str = "") -> Row:
        row = self._row(connection, key, lock)
        if row is None:
            raise ObjectNotExist
        return row

    def _demand(self, connection: Any, key: str, conditions: Conditions) -> Row | None:
        """Return the row of a name, which nobody else makes or changes from now on, when the conditions hold of it."""
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
        row = self._row(connection, key, "FOR UPDATE")
        conditions.check(self._object(row) if row is not None else None)
        return row

    def _put(
        self,
        connection: Any,
        key: str,
        content: int,
        size: int,
        *,
        content_type: str | None = None,
        user_metadata: Any = None,
    ) -> Row:
        """Let a name stand for a new content, and remove the one that it stood for."""
        self._unlink(connection, key)
        asked = (
            f"INSERT INTO {self._table} (path, content, size, content_type, user_metadata) "  # noqa: S608 - ours
            f"VALUES (%s, %s, %s, %s, %s) RETURNING {COLUMNS}"
        )
        values = [key, content, size, content_type, user_metadata or "{}"]
        return Row(*connection.execute(asked, values).fetchone())

    def _unlink(self, connection: Any, *keys: str) -> None:
        """Remove names with what they stand for; missing ones are no error."""
        connection.execute(
            f"WITH gone AS (DELETE FROM {self._table} WHERE path = ANY(%s) RETURNING content) "  # noqa: S608 - ours
            "SELECT lo_unlink(content) FROM gone",
            [list(keys)],
        )

    # contents

    @staticmethod
    def _store(connection: Any, chunks: Iterable[bytes]) -> int:
        """Make a large object of ``chunks`` and return its oid."""
        content: int = connection.execute("SELECT lo_create(0)").fetchone()[0]
        PostgresClient._extend(connection, content, 0, chunks)
        return content

    @staticmethod
    def _extend(connection: Any, content: int, offset: int, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            connection.execute("SELECT lo_put(%s, %s, %b)", [content, offset, chunk])
            offset += len(chunk)

    # descriptions

    def _object(self, row: Row) -> Object:
        return Object(
            path=row.path.removeprefix(self._work_dir),
            id=row.path,
            mode=LARGE_OBJECT,
            content_length=row.size,
            content_type=row.content_type,
            user_metadata=row.user_metadata,
            etag=f'"{row.version}"',
            last_modified=row.modified,
            append_offset=row.size,
        )

    def _create_empty(self, path: str, conditions: Conditions = UNCONDITIONAL) -> Object:
        key = self._key(path)
        with self._server.transaction() as connection:
            self._demand(connection, key, conditions)
            return self._object(self._put(connection, key, self._store(connection, ()), 0))
