"""Reading, writing, listing and deleting the files of a collection."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from conformance.adapters.paths import Key
from conformance.adapters.streams import CHUNK, Span, check_size, deliver, exactly
from conformance.adapters.webdav.answers import conditions, time_of, told_by
from conformance.adapters.webdav.base import WebDavBase
from conformance.adapters.webdav.client import failure_for, opened, target
from conformance.storage import (
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PreconditionFailed,
    Reader,
    StorageError,
    Told,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator
    from datetime import datetime


class WebDavObjects(WebDavBase):
    """The storager."""

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (PUT), with the collections above it.

        Raises:
            ObjectModeInvalid: a collection is there, or a file is above.
            PreconditionFailed: a condition does not hold.
            RestrictionDissatisfied: ``r`` is missing, or the server takes no body or path as long.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        key = self._key(path)
        check_size(size, None)
        data = b"".join(exactly(r, size, io_callback))
        return Told(size, self._put(path, key, data, if_match=if_match, if_none_match=if_none_match))

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
    ) -> int:
        """Copy the object, or ``size`` bytes from ``offset``, or its tail, to ``w`` (GET) and return their number.

        A range behind the end is empty.

        Raises:
            ObjectNotExist: there is no object, also when ``size`` is 0.
            ObjectModeInvalid: the server refuses to deliver a collection.
            PreconditionFailed: a condition does not hold.
            RestrictionDissatisfied: ``suffix`` is given with ``offset`` or ``size``.
            Unexpected: a negative range, a body that ends early, or one that is another range than the one asked for.

        """
        span = Span.checked(offset, size, suffix)
        key = self._key(path)
        headers = conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        if 0 in {span.size, span.suffix}:
            self._head(key, headers)  # an empty range cannot be asked for in HTTP
            return 0
        wanted = _range(span)
        if wanted:
            headers["Range"] = wanted
        where = target(key.names, slash=key.directory)
        with opened(self._location, "GET", where, {**self._credentials, **headers}) as response:
            if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and wanted:
                return 0
            # a server may ignore a range (RFC 9110, 14.2), which makes no difference where there are no bytes
            whole = response.status == HTTPStatus.OK and (not wanted or response.length == 0)
            if whole or response.status == HTTPStatus.PARTIAL_CONTENT:
                _check_range(span, response)
                count = deliver(_body(response), w, io_callback)
                told = told_by(response.headers, response.status)
                return Told(count, self._object(path, key.names, self._file_mode, **told))
            status, body = response.status, response.read()
        if status == HTTPStatus.OK:
            raise Unexpected(f"{wanted} was asked for, and the server sends the whole resource")
        raise self._why(key, status, body)

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
        """Describe the file or collection (PROPFIND); conditions are asked before, with HEAD.

        Raises:
            ObjectNotExist: there is nothing.
            ObjectModeInvalid: it is of another kind than the hint.
            PreconditionFailed: a condition does not hold.

        """
        key = self._key(path)
        headers = conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        if headers:
            self._head(key, headers)
        found = self._described(path, self._propfind(key, "0")[0])
        if object_mode is not None and object_mode not in found.mode:
            raise ObjectModeInvalid(expected=object_mode, actual=found.mode)
        return found

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, if_match: str | None = None) -> None:
        """Delete one file, or one collection without members (DELETE); a missing one is no error (GSP-46).

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself, or an object of another kind than the hint.
            PreconditionFailed: the object has another ETag.
            Unexpected: the collection has members.

        """
        key = self._key(path)
        if not self._inside(key):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        collection = self._may_be_deleted(key, object_mode)
        where = target(key.names, slash=collection or key.directory)
        answer = self._send("DELETE", where, conditions(if_match=if_match))
        if not answer.done and answer.status != HTTPStatus.NOT_FOUND:
            refused = failure_for if collection else partial(self._why, key)
            failure = refused(answer.status, answer.body)
            if not isinstance(failure, ObjectNotExist):
                raise failure

    def list(  # pyright: ignore[reportIncompatibleMethodOverride] - WebDAV has neither pages nor tokens
        self, path: str, *, list_mode: ListMode | None = None
    ) -> Iterator[Object]:
        """Iterate over the members of a collection (``Depth: 1``), or over all files of a prefix (``infinity``).

        Raises:
            ListModeInvalid: another mode, or ``prefix`` where the server lists no whole trees.
            ObjectModeInvalid: ``path`` is a file.
            ObjectNotExist: there is no such collection.

        """
        if list_mode in {None, ListMode.DIR}:
            return iter(self._members(path))
        if list_mode == ListMode.PREFIX and self._location.infinity:
            return iter(self._below(path))
        raise ListModeInvalid(list_mode or ListMode(0))

    # how it is done

    def _put(
        self,
        path: str,
        key: Key,
        data: bytes,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        headers = conditions(if_match=if_match, if_none_match=if_none_match)
        where = target(key.names, slash=key.directory)

        def nothing_to_match() -> None:
            if if_match is not None:
                raise PreconditionFailed(f"if_match {if_match}, and there is no collection that could hold the object")

        answer = self._below_parents(key, lambda: self._send("PUT", where, headers, data), possible=nothing_to_match)
        told = self._checked(answer, key).headers
        modified = time_of(told.get("Last-Modified"))
        return self._object(path, key.names, self._file_mode, etag=told.get("ETag"), last_modified=modified)

    def _head(self, key: Key, headers: dict[str, str]) -> None:
        answer = self._send("HEAD", target(key.names, slash=key.directory), headers)
        if not answer.done:
            raise self._why(key, answer.status, answer.body)

    def _may_be_deleted(self, key: Key, object_mode: ObjectMode | None) -> bool:
        """Return whether a collection is at ``key``, after refusing what one ``delete`` must not take with it."""
        try:
            found = self._propfind(Key(key.names), "1")
        except ObjectNotExist:
            return False
        mode = ObjectMode.DIR if found[0].collection else self._file_mode
        if object_mode is not None and object_mode not in mode:
            raise ObjectModeInvalid(expected=object_mode, actual=mode)
        if found[0].collection and found[1:]:
            raise Unexpected(f"the collection has {len(found) - 1} members, which would go with it")
        return found[0].collection

    def _members(self, path: str) -> list[Object]:
        key = self._key(path)
        try:
            itself, *members = self._propfind(Key(key.names), "1")
        except ObjectNotExist:
            if self._inside(key):
                raise
            return []  # the work_dir is there before its first object
        if not itself.collection:
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=self._file_mode)
        deeper = [member.names for member in members if len(member.names) != len(key.names) + 1]
        if deeper:
            raise Unexpected(f"one level was asked for, and the server tells of {deeper}")
        below = path if not path or path.endswith("/") else path + "/"
        return [self._described(below + member.names[-1], member) for member in members]

    def _below(self, prefix: str) -> list[Object]:
        try:
            key = self._key(prefix[: prefix.rfind("/") + 1])
        except StorageError:
            return []  # a prefix is any text, and no path begins with what no path can hold
        try:
            found = self._propfind(Key(key.names), "infinity")
        except ObjectNotExist:
            return []
        files = [("/".join(self._inside(one)), one) for one in found if not one.collection]
        return [self._described(path, one) for path, one in files if path.startswith(prefix)]


def _range(span: Span) -> str:
    if span.suffix is not None:
        return f"bytes=-{span.suffix}"
    if span.size is not None:
        return f"bytes={span.offset}-{span.offset + span.size - 1}"
    return f"bytes={span.offset}-" if span.offset else ""


def _check_range(span: Span, response: http.client.HTTPResponse) -> None:
    told = response.headers.get("Content-Range") or ""
    partial = response.status == HTTPStatus.PARTIAL_CONTENT
    if partial and span.suffix is None and not told.startswith(f"bytes {span.offset}-"):
        raise Unexpected(f"{_range(span) or 'the whole'} was asked for, the server says that it sends {told!r}")


def _body(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the body in pieces.

    Raises:
        Unexpected: it ends early.

    """
    length, count = response.length, 0
    while chunk := response.read(CHUNK):
        count += len(chunk)
        yield chunk
    if length is not None and count != length:
        raise Unexpected(f"the body ended after {count} of {length} bytes")
