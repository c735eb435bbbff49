"""Large objects of PostgreSQL, with a table of names: a path is a row, and every operation is one transaction.

Its side of the open points: names are flat, there are no directories; every object can be appended to and written at
any offset; an object's ETag is the transaction that wrote its row. What fails is undone as a whole, and a read sees the
database as it was when the read began.

Translations: large objects have numbers and no names, which is what the table is for; ``lo_unlink`` of a number that is
not there would be an error, and is never asked for. Who makes or replaces a name locks it first, also where it is not
there yet (an advisory lock), as the condition has to hold until the end.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from conformance.adapters.conditions import Conditions
from conformance.adapters.listing import Entry, Listing, page_of
from conformance.adapters.postgres.client import COLUMNS, COPY_MAXIMUM, LARGE_OBJECT, PostgresClient, Row
from conformance.adapters.postgres.database import sdk
from conformance.adapters.streams import CHUNK, Span, check_size, deliver, exactly, verified
from conformance.storage import (
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    Reader,
    Told,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

SPOOL = 1024 * 1024
"""Bytes of an append or page that are kept in memory while they arrive; more go to a file."""


class Postgres(PostgresClient):
    """Storager, appender, pager, copier and mover, and the derived ``delete_many``."""

    # storager

    def delete(self, path: str, *, if_match: str | None = None) -> None:
        """Remove the name with its large object; a missing one is no error (GSP-46).

        Raises:
            PreconditionFailed: there is an object, and it has another ETag.

        """
        key = self._key(path)
        with self._server.transaction() as connection:
            row = self._row(connection, key, "FOR UPDATE")
            if row is not None:
                Conditions(if_match=if_match).check(self._object(row))
                self._unlink(connection, key)

    def delete_many(self, paths: Iterable[str]) -> None:
        """Remove the names with their large objects, all or none; missing ones are no error."""
        keys = [self._key(path) for path in paths]
        with self._server.transaction() as connection:
            self._unlink(connection, *keys)

    def list(
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        continuation_token: str | None = None,
        start_after: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate over the names that begin with ``path``, in their order; a page is one statement.

        Raises:
            ListModeInvalid: any other mode.
            RestrictionDissatisfied: ``page_size`` is below 1.

        """
        if list_mode not in {None, ListMode.PREFIX}:
            raise ListModeInvalid(list_mode or ListMode(0))
        prefix, count = self._key(path), page_of(page_size)
        begin = self._key(start_after or "")
        asked = (
            f"SELECT {COLUMNS} FROM {self._table} "  # noqa: S608 - words of ours
            "WHERE starts_with(path, %s) AND path >= %s AND path > %s AND path > %s ORDER BY path LIMIT %s"
        )

        def page(after: str) -> list[Entry]:
            with self._server.transaction() as connection:
                found = connection.execute(asked, [prefix, prefix, begin, after, count]).fetchall()
            return [(row.path, self._object(row)) for row in map(Row._make, found)]

        return Listing(page, continuation_token)

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Copy the large object, or a range of it, to ``w``; a range past the end has as many bytes as there are.

        Raises:
            ObjectNotExist: there is no such name, whatever the conditions.
            PreconditionFailed: a condition does not hold; nothing was delivered.
            RestrictionDissatisfied: ``suffix`` is given with ``offset`` or ``size``.
            Unexpected: a negative range, or a writer that fails.

        """
        span = Span.checked(offset, size, suffix)
        conditions = Conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        with self._server.transaction("REPEATABLE READ") as connection:
            row = self._there(connection, self._key(path))
            told = self._object(row)
            conditions.check(told)
            begin, end = span.of(row.size)
            return Told(deliver(_chunks(connection, row.content, begin, end), w, io_callback), told)

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe the object (GSP-93).

        Raises:
            ObjectNotExist: there is no such name, whatever the conditions.
            ObjectModeInvalid: the hint names what no large object is.
            PreconditionFailed: a condition does not hold.

        """
        with self._server.transaction() as connection:
            found = self._object(self._there(connection, self._key(path)))
        if object_mode is not None and object_mode not in LARGE_OBJECT:
            raise ObjectModeInvalid(expected=object_mode, actual=LARGE_OBJECT)
        Conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        ).check(found)
        return found

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_type: str | None = None,
        content_md5: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        content_sha256: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Replace what is under ``path`` by exactly ``size`` bytes of ``r``, or change nothing (GSP-134, GSP-751).

        Raises:
            PreconditionFailed: a condition does not hold, ``if_match`` also where there is no object.
            RestrictionDissatisfied: ``r`` is ``None``, and ``size`` is not 0.
            Unexpected: the reader fails or ends early, or the content has another digest than promised.

        """
        key = self._key(path)
        check_size(size, None)
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        data = verified(exactly(r, size, io_callback), content_md5, content_sha256)
        with self._server.transaction() as connection:
            self._demand(connection, key, conditions)
            content = self._store(connection, data)
            row = self._put(
                connection, key, content, size, content_type=content_type, user_metadata=_jsonb(user_metadata)
            )
        return Told(size, self._object(row))

    # appender, pager

    def create_append(
        self,
        path: str,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Put an empty object under ``path`` (AOS-44)."""
        return self._create_empty(path, Conditions(if_match=if_match, if_none_match=if_none_match))

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the end, whichever client appended last (AOS-44)."""
        check_size(size, None)
        self._change(o, verified(exactly(r, size, io_callback), content_md5), size, None)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing to an object: every append is readable at once (AOS-44)."""
        with self._server.transaction() as connection:
            self._there(connection, self._key(o.path))

    def create_page(self, path: str, *, if_match: str | None = None, if_none_match: str | None = None) -> Object:
        """Put an empty object under ``path`` (AOS-25)."""
        return self._create_empty(path, Conditions(if_match=if_match, if_none_match=if_none_match))

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write at ``offset``; the object grows as needed, and what was never written reads as zeros."""
        check_size(size, None)
        check_size(offset, None, "offset")
        self._change(o, exactly(r, size), size, offset)
        return size

    # copier, mover

    def copy(
        self,
        src: str,
        dst: str,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_source_match: str | None = None,
        if_source_none_match: str | None = None,
    ) -> Object:
        """Let the server copy the large object, with its metadata.

        Raises:
            ObjectNotExist: there is no ``src``, whatever the conditions.
            PreconditionFailed: a condition does not hold, ``if_match`` also where there is no ``dst``.
            RestrictionDissatisfied: ``src`` is above the maximum.

        """
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        source, target = self._key(src), self._key(dst)
        with self._server.transaction() as connection:
            row = self._there(connection, source, "FOR UPDATE")
            check_size(row.size, COPY_MAXIMUM)
            Conditions(if_match=if_source_match, if_none_match=if_source_none_match).check(self._object(row))
            self._demand(connection, target, conditions)
            copied = "SELECT lo_from_bytea(0, lo_get(%s))"
            content: int = connection.execute(copied, [row.content]).fetchone()[0]
            made = self._put(
                connection,
                target,
                content,
                row.size,
                content_type=row.content_type,
                user_metadata=_jsonb(row.user_metadata),
            )
        return self._object(made)

    def move(
        self,
        src: str,
        dst: str,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Let the large object have another name.

        Raises:
            ObjectNotExist: there is no ``src``, whatever the conditions.
            PreconditionFailed: a condition does not hold, ``if_match`` also where there is no ``dst``.

        """
        conditions = Conditions(if_match=if_match, if_none_match=if_none_match)
        source, target = self._key(src), self._key(dst)
        renamed = (
            f"UPDATE {self._table} SET path = %s, modified = clock_timestamp() WHERE path = %s RETURNING {COLUMNS}"  # noqa: S608 - ours
        )
        with self._server.transaction() as connection:
            self._there(connection, source, "FOR UPDATE")
            self._demand(connection, target, conditions)
            if source != target:
                self._unlink(connection, target)
            return self._object(Row(*connection.execute(renamed, [target, source]).fetchone()))

    def _change(self, o: Object, chunks: Iterable[bytes], size: int, offset: int | None) -> None:
        """Write ``size`` bytes at ``offset``, or at the end, once all of them have arrived."""
        key = self._key(o.path)
        with self._server.transaction() as connection:
            self._there(connection, key)
        with SpooledTemporaryFile(SPOOL) as arrived:
            arrived.writelines(chunks)
            arrived.seek(0)
            with self._server.transaction() as connection:
                row = self._there(connection, key, "FOR UPDATE")
                at = row.size if offset is None else offset
                self._extend(connection, row.content, at, iter(lambda: arrived.read(CHUNK), b""))
                connection.execute(
                    f"UPDATE {self._table} SET size = %s, modified = clock_timestamp() WHERE path = %s",  # noqa: S608 - ours
                    [max(row.size, at + size) if size else row.size, key],
                )


def _chunks(connection: Any, content: int, begin: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of a large object from ``begin`` to ``end``."""
    for at in range(begin, end, CHUNK):
        asked = [content, at, min(CHUNK, end - at)]
        yield bytes(connection.execute("SELECT lo_get(%s, %s, %s)", asked).fetchone()[0])


def _jsonb(metadata: Mapping[str, str] | None) -> Any:
    return sdk().types.json.Jsonb(dict(metadata or {}))
