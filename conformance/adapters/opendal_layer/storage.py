"""A storage over an operator of OpenDAL, the blocking or the asynchronous one: both have the same methods.

Translations: a directory is a path that ends in ``/`` for OpenDAL, so ``delete``, ``stat`` and ``create_dir`` of one
put it on, and what is listed loses it. A listing of OpenDAL tells the directory itself too; that entry is left out. An
append object is begun by writing an empty object, as OpenDAL has no other way; committing it only looks whether it is
there. An argument that OpenDAL knows by another name is renamed (``if_none_match="*"`` is its ``if_not_exists``). What
its ``Metadata`` cannot tell is not offered: ``cache_control``, which it writes and never shows.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from conformance.adapters.handles import left, refuse_all_but, refuse_everything
from conformance.adapters.layers.declaring import declaration, fitting, mode_of_files
from conformance.adapters.listing import page_of
from conformance.adapters.opendal_layer.capabilities import SIGNED, list_modes, offered, restrictions
from conformance.adapters.opendal_layer.errors import made, translated
from conformance.adapters.streams import Span, check_size, deliver, exactly
from conformance.storage import (
    AsyncStorage,
    Features,
    HTTPRequest,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    PairUnsupported,
    RestrictionDissatisfied,
    StorageError,
    StorageMeta,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from conformance.adapters.layers.address import Place
    from conformance.storage import IoCallback, Reader, Writer


class OpenDAL(AsyncStorage):
    """One client of one ``work_dir``.

    Args:
        operator: an ``opendal.Operator`` or ``opendal.AsyncOperator``.
        place: the connection string that it is made from.
        work_dir: absolute path that begins and ends with ``/``.
        prefix: what every path is put behind, where the root of the operator is not the ``work_dir``.

    """

    declared = Features(list_modes=ListMode.DIR | ListMode.PREFIX, name_maximum=None, close_refuses=True)

    def __init__(self, operator: Any, place: Place, work_dir: str, *, prefix: str = "") -> None:
        self._operator = operator
        self._place = place
        self._work_dir = work_dir
        self._prefix = prefix
        self._told = operator.capability()
        told = offered(self.implements, self._told, signs=hasattr(operator, "presign_read"))
        self._pairs = left(told, place.without)
        self._file = mode_of_files(self._pairs)
        self._restrictions = restrictions(self._told)
        refuse_all_but(self, self._pairs)

    async def close(self) -> None:
        """Refuse every operation from now on; OpenDAL's operators need no closing."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return what the operator's capability says, and what is known of the service."""
        return declaration(self.declared, self._pairs, self._place, list_modes=list_modes(self._told))

    def metadata(self) -> StorageMeta:
        """Return service, ``work_dir`` and the operator's limits."""
        kind = self._place.kind
        return StorageMeta(name=kind, work_dir=self._work_dir, service=kind, restrictions=self._restrictions)

    # storager

    async def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        content_encoding: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path``.

        Raises:
            PairUnsupported: ``if_none_match`` is an ETag: what is declared is creating exclusively.
            PreconditionFailed: a condition does not hold.

        """
        check_size(size, self._restrictions.write_size_maximum)
        if if_none_match not in {None, "*"}:
            raise PairUnsupported(["if_none_match"])
        await self._call(
            "write",
            self._prefix + path,
            b"".join(exactly(r, size, io_callback)),
            content_type=content_type,
            content_disposition=content_disposition,
            user_metadata=None if user_metadata is None else dict(user_metadata),
            content_encoding=content_encoding,
            if_match=if_match,
            if_not_exists=True if if_none_match else None,
        )
        return size

    async def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, or ``size`` bytes from ``offset``, to ``w``.

        Raises:
            ObjectNotExist: there is no object.
            PreconditionFailed: a condition does not hold.

        """
        Span.checked(offset, size)
        data = await self._call(
            "read",
            self._prefix + path,
            offset=offset,
            size=size,
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        return deliver([bytes(data)], w, io_callback)

    async def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe the object, or the directory when ``object_mode`` says so.

        Raises:
            ObjectNotExist: there is none.
            ObjectModeInvalid: it is of another kind than the hint.
            PreconditionFailed: a condition does not hold.

        """
        told = await self._call(
            "stat",
            self._prefix + _named(path, object_mode),
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        return fitting(self._described(path, told), object_mode)

    async def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Delete the object, or the directory when ``object_mode`` says so; OpenDAL's deletion is idempotent too."""
        await self._call("delete", self._prefix + _named(path, object_mode))

    async def list(
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        start_after: str | None = None,
        page_size: int | None = None,
    ) -> AsyncIterator[Object]:
        """Iterate over one level of the directory ``path``, or over every object of the prefix ``path``.

        Raises:
            ListModeInvalid: any other mode, or a combination; and a prefix where the service has no such listing.
            RestrictionDissatisfied: ``page_size`` is below 1.

        """
        modes, mode = list_modes(self._told), ListMode.DIR if list_mode is None else list_mode
        if mode not in {ListMode.DIR, ListMode.PREFIX} or mode not in modes:
            raise ListModeInvalid(mode)
        everything = mode == ListMode.PREFIX
        listed = self._prefix + (path if everything or not path else _named(path, ObjectMode.DIR))
        entries = await self._call(
            "list",
            listed,
            recursive=everything or None,
            start_after=None if start_after is None else self._prefix + start_after,
            limit=None if page_size is None else page_of(page_size),
        )
        return self._entries(entries, {listed.lstrip("/"), "/"})

    async def _entries(self, entries: Any, itself: set[str]) -> AsyncIterator[Object]:
        while (entry := await self._next(entries)) is not None:
            if not (entry.metadata.is_dir and entry.path in itself):
                yield self._described(
                    entry.path.removeprefix(self._prefix.lstrip("/")).removesuffix("/"), entry.metadata
                )

    # appender, copier, direr, mover, reacher

    async def create_append(self, path: str, *, content_type: str | None = None) -> Object:
        """Begin an append object: write an empty one."""
        await self._call("write", self._prefix + path, b"", content_type=content_type)
        return self._object(path, self._file, append_offset=0)

    async def write_append(
        self, o: Object, r: Reader | None, size: int, *, io_callback: IoCallback | None = None
    ) -> int:
        """Add ``size`` bytes with OpenDAL's ``append=True``."""
        check_size(size, None)
        data = b"".join(exactly(r, size, io_callback))
        await self._call("write", self._prefix + o.path, data, append=True)
        return size

    async def commit_append(self, o: Object) -> None:
        """Do nothing: the object can be read all the time; only look whether it is still there."""
        fitting(await self.stat(o.path), ObjectMode.APPEND)

    async def copy(self, src: str, dst: str) -> None:
        """Copy one object."""
        await self._call("copy", self._prefix + src, self._prefix + dst)

    async def create_dir(self, path: str) -> Object:
        """Create a directory; what exists already and is none is AlreadyExists for OpenDAL."""
        await self._call("create_dir", self._prefix + _named(path, ObjectMode.DIR), translated=made)
        return self._object(path, ObjectMode.DIR)

    async def move(self, src: str, dst: str) -> None:
        """Rename one object."""
        await self._call("rename", self._prefix + src, self._prefix + dst)

    async def reach(
        self, path: str, *, verb: str = "read", size: int | None = None, expire: float = 3600
    ) -> HTTPRequest:
        """Sign a request; OpenDAL counts whole seconds and does not sign the size of a write.

        Raises:
            RestrictionDissatisfied: the verb is not signed by this service.

        """
        check_size(size or 0, None)
        method = SIGNED.get(verb)
        if method is None or not getattr(self._told, method):
            raise RestrictionDissatisfied(f"{verb} is not signed")
        signed = await self._call(method, self._prefix + path, int(expire))
        return HTTPRequest(signed.method, signed.url, dict(signed.headers))

    # calls and descriptions

    async def _call(
        self,
        name: str,
        *arguments: Any,
        translated: Callable[[Exception], StorageError] = translated,
        **parameters: Any,
    ) -> Any:
        given = {name: value for name, value in parameters.items() if value is not None}
        try:
            result = getattr(self._operator, name)(*arguments, **given)
            return await result if inspect.isawaitable(result) else result
        except Exception as error:  # noqa: BLE001 - besides its own, OpenDAL raises those of the conversion to Rust
            failure = translated(error)
        raise failure

    async def _next(self, entries: Any) -> Any:
        failure: StorageError
        try:
            return await anext(entries, None) if hasattr(entries, "__anext__") else next(entries, None)
        except Exception as error:  # noqa: BLE001 - as above
            failure = translated(error)
        raise failure

    def _object(self, path: str, mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._work_dir + path, mode=mode, **fields)

    def _described(self, path: str, told: Any) -> Object:
        if told.is_dir:
            return self._object(path, ObjectMode.DIR, last_modified=told.last_modified)
        return self._object(
            path,
            self._file,
            content_length=told.content_length,
            content_md5=told.content_md5,
            content_type=told.content_type,
            content_disposition=told.content_disposition,
            content_encoding=told.content_encoding,
            etag=told.etag,
            last_modified=told.last_modified,
            append_offset=told.content_length if ObjectMode.APPEND in self._file else None,
            user_metadata=told.user_metadata or {},
        )


def _named(path: str, object_mode: ObjectMode | None) -> str:
    """Return OpenDAL's name of an object, or of a directory, which ends in a slash."""
    directory = object_mode is not None and ObjectMode.DIR in object_mode
    return path.removesuffix("/") + "/" if directory else path
