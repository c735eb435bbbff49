"""Strings of a Redis database as objects: a path is a key, and there is nothing but keys.

Its side of the open points: there are no directories, ETags, times or headers; every string can be appended to and
written at any offset; a write, a copy and a move are one command each, so that nobody sees half of one.

Translations: RENAME of a key that is not there is an error of Redis without a code of its own, known by its text; it is
ObjectNotExist. COPY of a key onto itself is an error, there or not: EXISTS tells which. APPEND and SETRANGE make the
key where it is missing: both run in a script after EXISTS, as an object that is gone cannot be appended to (AOS-44).
GETRANGE tells no empty string from none: EXISTS and STRLEN are asked in the same transaction. SCAN tells nothing but
names, and a name perhaps twice: lengths are asked for beside it, and each key is listed once.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from conformance.adapters.listing import PAGE
from conformance.adapters.redis.client import STRING, STRING_MAXIMUM, RedisClient
from conformance.adapters.redis.database import keys_below, taxonomy
from conformance.adapters.streams import Span, check_size, deliver, exactly, verified
from conformance.storage import (
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    PreconditionFailed,
    Reader,
    Told,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_IF_THERE = "if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end "
_APPEND = _IF_THERE + "return redis.call('APPEND', KEYS[1], ARGV[1])"
_SETRANGE = _IF_THERE + "return redis.call('SETRANGE', KEYS[1], ARGV[1], ARGV[2])"


class Redis(RedisClient):
    """Storager, appender, pager, copier and mover, and the derived ``delete_many``."""

    # storager, and the derived delete_many

    def delete(self, path: str) -> None:
        """Remove the key; a missing one is no error (GSP-46)."""
        with taxonomy():
            self._client.delete(self._key(path))

    def delete_many(self, paths: Iterable[str]) -> None:
        """Remove the keys with one command; missing ones are no error."""
        keys = [self._key(path) for path in paths]
        if keys:
            with taxonomy():
                self._client.delete(*keys)

    def list(self, path: str, *, list_mode: ListMode | None = None) -> Iterator[Object]:
        """Iterate over the keys that begin with ``path``, in no order; what is no UTF-8 has no path.

        Raises:
            ListModeInvalid: any other mode.

        """
        if list_mode not in {None, ListMode.PREFIX}:
            raise ListModeInvalid(list_mode or ListMode(0))
        return self._strings(self._key(path))

    def _strings(self, prefix: bytes) -> Iterator[Object]:
        with taxonomy():
            keys = keys_below(self._client, prefix)
            while page := list(islice(keys, PAGE)):
                lengths: Any = self._client.pipeline(transaction=False)
                for key in page:
                    lengths.exists(key).strlen(key)
                told = lengths.execute()
                for key, there, length in zip(page, told[::2], told[1::2], strict=True):
                    path = self._path(key)
                    if there and path is not None:
                        yield self._object(path, length)

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Copy the string, or a range of it, to ``w``; a range past the end has as many bytes as there are.

        Raises:
            ObjectNotExist: there is no such key.
            RestrictionDissatisfied: ``suffix`` is given with ``offset`` or ``size``.
            Unexpected: a negative range, or a writer that fails.

        """
        span = Span.checked(offset, size, suffix)
        # both ends belong to a range of Redis, and -1 is the last byte; from behind the end to it is nothing
        nothing = 0 in {span.size, span.suffix}
        begin = -span.suffix if span.suffix else span.offset
        end = -1 if span.size is None else span.offset + span.size - 1
        with taxonomy():
            pipeline: Any = self._client.pipeline(transaction=True)
            pipeline.exists(self._key(path)).strlen(self._key(path))
            if not nothing:
                pipeline.getrange(self._key(path), begin, end)
            there, length, *data = pipeline.execute()
        if not there:
            raise ObjectNotExist
        return Told(deliver(data, w, io_callback), self._object(path, length))

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        """Describe the string under ``path`` (GSP-93).

        Raises:
            ObjectNotExist: there is no such key.
            ObjectModeInvalid: the hint names what no string is.

        """
        length = self._length(self._key(path))
        if length is None:
            raise ObjectNotExist
        if object_mode is not None and object_mode not in STRING:
            raise ObjectModeInvalid(expected=object_mode, actual=STRING)
        return self._object(path, length)

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        content_sha256: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Replace the string under ``path`` by exactly ``size`` bytes of ``r``, or change nothing (GSP-134, GSP-751).

        Raises:
            PairUnsupported: ``if_none_match`` is an ETag.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and the key is there (``SET … NX``).
            RestrictionDissatisfied: the size is above the maximum, or ``r`` is ``None`` and ``size`` is not 0.
            Unexpected: the reader fails or ends early, or the content has another digest than promised.

        """
        key = self._key(path)
        check_size(size, STRING_MAXIMUM)
        _check_condition(if_none_match)
        data = b"".join(verified(exactly(r, size, io_callback), content_md5, content_sha256))
        self._set(key, data, if_none_match)
        return size

    # appender, pager

    def create_append(self, path: str, *, if_none_match: str | None = None) -> Object:
        """Put an empty string under ``path`` (AOS-44); ``if_none_match`` is as for :meth:`write`."""
        return self._create_empty(path, if_none_match)

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the end, whichever client appended last (AOS-44).

        Raises:
            ObjectNotExist: the key is gone.
            RestrictionDissatisfied: the string would be longer than a string may be.

        """
        key = self._key(o.path)
        check_size(size, STRING_MAXIMUM)
        check_size((self._there(key)) + size, STRING_MAXIMUM, "total size")
        data = b"".join(verified(exactly(r, size, io_callback), content_md5))
        self._changed(_APPEND, key, data)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing to a string: every append is readable at once (AOS-44)."""
        self._there(self._key(o.path))

    def create_page(self, path: str, *, if_none_match: str | None = None) -> Object:
        """Put an empty string under ``path`` (AOS-25); ``if_none_match`` is as for :meth:`write`."""
        return self._create_empty(path, if_none_match)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write at ``offset``; the string grows as needed, and what was never written reads as zeros."""
        key = self._key(o.path)
        check_size(size, STRING_MAXIMUM)
        check_size(offset, None, "offset")
        check_size(offset + size, STRING_MAXIMUM, "size with offset")
        self._there(key)
        self._changed(_SETRANGE, key, offset, b"".join(exactly(r, size)))
        return size

    # copier, mover

    def copy(self, src: str, dst: str, *, if_none_match: str | None = None) -> None:
        """Copy the string with ``COPY … REPLACE``, or without REPLACE.

        Raises:
            ObjectNotExist: there is no ``src``.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is at ``dst``.

        """
        _check_condition(if_none_match)
        source, target = self._key(src), self._key(dst)
        try:
            with taxonomy():
                copied = self._client.copy(source, target, replace=if_none_match is None)
        except Unexpected:
            self._there(source)
            raise
        if not copied:
            if if_none_match is not None and self._length(source) is not None:
                raise PreconditionFailed("there is an object")
            raise ObjectNotExist

    def move(self, src: str, dst: str, *, if_none_match: str | None = None) -> None:
        """Rename the key with ``RENAME``, or with ``RENAMENX``.

        Raises:
            ObjectNotExist: there is no ``src``.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is at ``dst``.

        """
        _check_condition(if_none_match)
        rename = self._client.rename if if_none_match is None else self._client.renamenx
        try:
            with taxonomy():
                moved = rename(self._key(src), self._key(dst))
        except Unexpected as error:
            if error.message.endswith("no such key"):
                raise ObjectNotExist from None
            raise
        if not moved:
            raise PreconditionFailed("there is an object")

    def _create_empty(self, path: str, if_none_match: str | None) -> Object:
        _check_condition(if_none_match)
        self._set(self._key(path), b"", if_none_match)
        return self._object(path, 0)

    def _changed(self, script: str, key: bytes, *arguments: bytes | int) -> None:
        with taxonomy():
            if self._client.eval(script, 1, key, *arguments) < 0:
                raise ObjectNotExist


def _check_condition(if_none_match: str | None) -> None:
    """Refuse an ETag: Redis tells whether a key is there, and compares nothing else."""
    if if_none_match not in {None, "*"}:
        raise PairUnsupported(["if_none_match"])
