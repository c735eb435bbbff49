"""What every operation on strings stands on: keys, lengths, and how one client sees them."""

from __future__ import annotations

from dataclasses import replace

from conformance.adapters.handles import refuse_everything
from conformance.adapters.redis.database import Location, client_for, taxonomy
from conformance.storage import (
    Features,
    ListMode,
    Object,
    ObjectMode,
    ObjectNotExist,
    PreconditionFailed,
    Restrictions,
    Storage,
    StorageMeta,
    Unexpected,
)

STRING_MAXIMUM = 512 * 1024 * 1024
"""Bytes of one string, unless the server is configured otherwise (``proto-max-bulk-len``)."""
STRING = ObjectMode.READ | ObjectMode.APPEND | ObjectMode.PAGE
"""What can be done with every string."""


class RedisClient(Storage):
    """One client of one ``work_dir`` in a database.

    Args:
        location: the database and its server.
        work_dir: absolute path that begins and ends with ``/``; keys begin with it.

    Raises:
        ConnectionStringInvalid: redis-py is not installed.

    """

    declared = Features(
        list_modes=ListMode.PREFIX, name_maximum=None, path_maximum=None, etag=False, close_refuses=True
    )

    def __init__(self, location: Location, work_dir: str) -> None:
        self._location = location
        self._work_dir = work_dir
        self._root = location.prefix + work_dir
        self._client = client_for(location)

    def close(self) -> None:
        """Refuse every operation from now on; the connections are others' too and stay."""
        refuse_everything(self)

    # local operations

    def metadata(self) -> StorageMeta:
        """Return the database, ``work_dir``, and the length of a string as the limit of all that is stored."""
        limits = Restrictions(
            write_size_maximum=STRING_MAXIMUM,
            append_size_maximum=STRING_MAXIMUM,
            append_total_size_maximum=STRING_MAXIMUM,
        )
        return StorageMeta(
            name=f"{self._location}/{self._location.database}",
            work_dir=self._work_dir,
            service="redis",
            restrictions=limits,
        )

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle without a command (GSP-93)."""
        handle = super().create(path, object_mode=object_mode, multipart_id=multipart_id)
        return replace(handle, id=self._root + path)

    # keys and strings

    def _key(self, path: str) -> bytes:
        try:
            return (self._root + path).encode()
        except UnicodeEncodeError:
            raise Unexpected(f"{path!r} is not valid Unicode") from None

    def _path(self, key: bytes) -> str | None:
        try:
            return key.decode().removeprefix(self._root)
        except UnicodeDecodeError:
            return None

    def _object(self, path: str, length: int) -> Object:
        return Object(path=path, id=self._root + path, mode=STRING, content_length=length, append_offset=length)

    def _length(self, key: bytes) -> int | None:
        with taxonomy():
            there, length = self._client.pipeline(transaction=True).exists(key).strlen(key).execute()
        return length if there else None

    def _there(self, key: bytes) -> int:
        length = self._length(key)
        if length is None:
            raise ObjectNotExist
        return length

    def _set(self, key: bytes, data: bytes, if_none_match: str | None) -> None:
        with taxonomy():
            done = self._client.set(key, data, nx=if_none_match is not None)
        if not done:
            raise PreconditionFailed("there is an object")
