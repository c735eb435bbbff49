"""What every part of the WebDAV adapter stands on: paths, requests, the declaration, and why a request was refused."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from conformance.adapters.handles import left, refuse_all_but, refuse_changes, refuse_everything
from conformance.adapters.paths import Key, Paths
from conformance.adapters.webdav.answers import PROPFIND, Resource, resources
from conformance.adapters.webdav.client import Answer, Location, credentials, exchange, failure_for, target
from conformance.storage import (
    Features,
    ListMode,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Storage,
    StorageError,
    StorageMeta,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

_PAGES = ("create_page", "write_page")
_UNEXPLAINED = frozenset({400, 403, 404, 405, 409})
"""Refusals by which servers may mean that a resource is of another kind than the method needs."""


class WebDavBase(Storage):
    """One client of one ``work_dir`` below a collection.

    Args:
        location: the collection, and the options of the connection.
        work_dir: absolute path that begins and ends with ``/``; it lies below the collection.

    Raises:
        ConnectionStringInvalid: the credentials in the environment are not whole.

    """

    declared = Features(list_modes=ListMode.DIR | ListMode.PREFIX, directories="native", etag=True, close_refuses=True)

    def __init__(self, location: Location, work_dir: str = "/") -> None:
        self._location = location
        self._paths = Paths(work_dir, replace(self.declared, **dict(location.declares)))
        self._above = tuple(location.prefix.split("/")) if location.prefix else ()
        self._credentials = credentials()
        self._without = location.without if location.pages else (*location.without, *_PAGES)
        self._takes = left(self.implements, self._without)
        if self._without:
            refuse_all_but(self, self._takes)

    def close(self) -> None:
        """Refuse every operation from now on; there is no connection to be closed."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return the declaration: what WebDAV has, with what the location says of its server."""
        declared = super().features()
        return replace(
            declared,
            operations=frozenset(left(dict.fromkeys(declared.operations, frozenset()), self._without)),
            pairs=left(declared.pairs, self._without),
            list_modes=declared.list_modes if self._location.infinity else ListMode.DIR,
            **dict(self._location.declares),
        )

    def metadata(self) -> StorageMeta:
        """Return host and ``work_dir``; a server publishes no limits."""
        return StorageMeta(name=self._location.host, service="webdav", work_dir=self._paths.work_dir)

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read."""
        reader = type(self)(self._location, self._paths.work_dir)
        refuse_changes(reader)
        return reader

    # paths and objects

    def _key(self, path: str) -> Key:
        """Return where ``path`` leads, from the root of the server."""
        names, directory = self._paths.key(path)
        return Key(self._above + names, directory)

    def _inside(self, where: Key | Resource) -> tuple[str, ...]:
        """Return the names of a place below the ``work_dir``; none for the ``work_dir`` itself."""
        return where.names[len(self._above) + len(self._paths.work_names) :]

    @property
    def _file_mode(self) -> ObjectMode:
        return ObjectMode.READ | (ObjectMode.PAGE if self._location.pages else ObjectMode(0))

    def _object(self, path: str, names: tuple[str, ...], mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._paths.id(names[len(self._above) :]), mode=mode, **fields)

    def _described(self, path: str, found: Resource) -> Object:
        mode = ObjectMode.DIR if found.collection else self._file_mode
        etag = found.properties["etag"]
        if etag is not None and self._location.bare_etags and not etag.endswith('"'):
            etag = f'"{etag}"'
        return self._object(path, found.names, mode, **{**found.properties, "etag": etag})

    # requests

    def _send(
        self, method: str, where: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        return exchange(self._location, method, where, {**self._credentials, **(headers or {})}, body)

    def _propfind(self, key: Key, depth: str) -> list[Resource]:
        """Return the resource at ``key`` and those below it, as deep as asked, itself first.

        Raises:
            ObjectNotExist: there is nothing, or no collection where the path has a slash at its end.
            Unexpected: the server tells of resources elsewhere, or not of the one that was asked for.

        """
        headers = {"Depth": depth, "Content-Type": "application/xml; charset=utf-8"}
        answer = self._send("PROPFIND", target(key.names, slash=key.directory), headers, PROPFIND)
        if answer.status != HTTPStatus.MULTI_STATUS:
            below = self._below_file(key, answer.status)
            raise ObjectNotExist("a file is above") if below else failure_for(answer.status, answer.body)
        found = list(resources(answer.body))
        itself = [resource for resource in found if resource.names == key.names]
        others = [resource for resource in found if resource.names != key.names]
        elsewhere = [resource.names for resource in others if resource.names[: len(key.names)] != key.names]
        if len(itself) != 1 or elsewhere:
            raise Unexpected(f"PROPFIND of {'/'.join(key.names)!r} tells of {elsewhere or 'others only'}")
        if key.directory and not itself[0].collection:
            raise ObjectNotExist("it is no collection")
        return itself + others

    def _kind(self, key: Key) -> ObjectMode | None:
        """Return whether a collection or a file is at ``key``; None when there is nothing."""
        try:
            return ObjectMode.DIR if self._propfind(key, "0")[0].collection else ObjectMode.READ
        except ObjectNotExist:
            return None

    def _checked(self, answer: Answer, key: Key) -> Answer:
        """Return the answer to a request that makes something at ``key`` when it was done, else say why it was not.

        Raises:
            ObjectModeInvalid: there is a collection, or a file is above.
            StorageError: what the status says.

        """
        if answer.done:
            return answer
        if self._below_file(key, answer.status):
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ)
        raise self._why(key, answer.status, answer.body)

    def _why(self, key: Key, status: int, body: bytes) -> StorageError:
        """Return the error for a refused request at ``key``; PROPFIND tells it where the status does not."""
        if status in _UNEXPLAINED and self._kind(Key(key.names)) == ObjectMode.DIR:
            return ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        return ObjectNotExist("a file is above") if self._below_file(key, status) else failure_for(status, body)

    def _below_file(self, key: Key, status: int) -> bool:
        """Tell whether a refusal means that ``key`` lies below a file: some servers call that a bad request."""
        return (
            status in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}
            and len(key.names) > 1
            and self._is_file_or_below(key.names[:-1])
        )

    def _is_file_or_below(self, names: tuple[str, ...]) -> bool:
        answer = self._send("PROPFIND", target(names), {"Depth": "0"}, PROPFIND)
        if answer.status == HTTPStatus.MULTI_STATUS:
            return not next(resources(answer.body)).collection
        return self._below_file(Key(names), answer.status)

    # parents

    def _below_parents(self, key: Key, send: Callable[[], Answer], *, possible: Callable[[], object]) -> Answer:
        """Send a request that makes something at ``key``; where its parent is missing, make that and send it again.

        WebDAV answers 409 then (RFC 4918, 9.7.1), and 409 for other reasons too.

        Args:
            key: what is to be made.
            send: sends the request.
            possible: raises when it would fail with parents too; asked before any is made.

        """
        answer = send()
        if answer.status != HTTPStatus.CONFLICT:
            return answer
        missing = self._missing_above(key.names)
        if not missing:
            return answer
        possible()
        for names in missing:
            made = self._send("MKCOL", target(names, slash=True))
            # another client may have made it in between
            if not made.done and made.status != HTTPStatus.METHOD_NOT_ALLOWED:
                raise failure_for(made.status, made.body)
        return send()

    def _missing_above(self, names: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the collections above a resource that are missing, the uppermost first.

        Raises:
            ObjectModeInvalid: one of those above is a file.

        """
        missing: list[tuple[str, ...]] = []
        for depth in range(len(names) - 1, 0, -1):
            kind = self._kind(Key(names[:depth]))
            if kind == ObjectMode.READ:
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ)
            if kind is not None:
                break
            missing.insert(0, names[:depth])
        return missing
