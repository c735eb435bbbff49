"""A collection of a WebDAV server (RFC 4918) as a storage: directories are collections, and native.

Translations: WebDAV answers 409 where the parent of what is made is missing, and GSP-134 has it made: the collections
above are made with MKCOL, and the request is sent once more. MKCOL of what is there is 405, which is success where it
is a collection (AOS-49). DELETE of what is missing is 404, which is success (GSP-46). DELETE of a collection takes all
its members with it (RFC 4918, 9.6.1), and there is no request that would not: ``delete`` lists the collection before,
and refuses one that has members. COPY and MOVE replace a collection by a file in the same way (9.8.4), so that they are
first sent with ``Overwrite: F``; where that is refused with 412, PROPFIND tells what is there, and only a file is
overwritten (``Overwrite: T``), a collection is ObjectModeInvalid (GSP-134). COPY is of one object, so that it has
``Depth: 0``. PROPFIND also tells what a refusal meant whose status says nothing of the kind of the object. A body of
zero bytes cannot be asked for, so that a read of size 0 is a HEAD; 416 is an empty range. A ``work_dir`` is there
before its first object: it lists as empty. What GET of a collection delivers is the server's affair: a page for people
is taken for the content.

``PUT`` replaces a resource while it is being sent, and no condition but ``If-None-Match: *`` and ``If-Match`` keeps two
clients apart: locks (RFC 4918, section 6) are not used.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from conformance.adapters.paths import Key
from conformance.adapters.streams import check_size, exactly
from conformance.adapters.webdav.client import failure_for, target
from conformance.adapters.webdav.objects import WebDavObjects
from conformance.storage import (
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    PreconditionFailed,
    Reader,
)

if TYPE_CHECKING:
    from conformance.adapters.webdav.client import Answer

_UNTOLD = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.LOCKED})
"""How servers may also refuse to transfer what is missing."""


class WebDav(WebDavObjects):
    """One client of one ``work_dir``: storager, copier, mover, direr and, where the server has it, pager."""

    def create_dir(self, path: str) -> Object:
        """Make a collection with all above it (MKCOL); an existing one keeps its members (AOS-49).

        Raises:
            ObjectModeInvalid: a file is there or above.

        """
        key = self._key(path)
        if key.names:
            answer = self._below_parents(
                key, lambda: self._send("MKCOL", target(key.names, slash=True)), possible=lambda: None
            )
            kind = ObjectMode.DIR if answer.done else self._kind(Key(key.names))
            if kind == ObjectMode.READ:
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=kind)
            if not answer.done and (kind is None or answer.status != HTTPStatus.METHOD_NOT_ALLOWED):
                raise failure_for(answer.status, answer.body)
        return self._object(path, key.names, ObjectMode.DIR)

    def copy(self, src: str, dst: str, *, if_none_match: str | None = None) -> None:
        """Copy one file, or to where nothing is one collection without its members (COPY).

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: a collection is at ``dst``, or a file is above.
            PairUnsupported: ``if_none_match`` is an ETag.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is at ``dst``.

        """
        self._transfer("COPY", src, dst, if_none_match)

    def move(self, src: str, dst: str, *, if_none_match: str | None = None) -> None:
        """Move one file, or a whole collection to where nothing is (MOVE); raises as :meth:`copy`."""
        self._transfer("MOVE", src, dst, if_none_match)

    def _transfer(self, method: str, src: str, dst: str, if_none_match: str | None) -> None:
        if if_none_match not in {None, "*"}:
            raise PairUnsupported(["if_none_match"])
        source, key = self._key(src), self._key(dst)
        where = target(source.names, slash=source.directory)
        depth = {"Depth": "0"} if method == "COPY" else {}
        destination = self._location.url + target(key.names, slash=key.directory)

        def send(overwrite: str) -> Answer:
            headers = {"Destination": destination, "Overwrite": overwrite, **depth}
            return self._send(method, where, headers)

        def there() -> None:
            if self._kind(source) is None:
                raise ObjectNotExist

        answer = self._below_parents(key, lambda: send("F"), possible=there)
        if answer.status == HTTPStatus.PRECONDITION_FAILED:
            if if_none_match is not None:
                raise PreconditionFailed("there is an object")
            if self._kind(Key(key.names)) == ObjectMode.DIR:
                raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
            answer = send("T")
        if answer.status in _UNTOLD:
            there()
        self._checked(answer, key)

    # pager

    def create_page(self, path: str, *, if_match: str | None = None, if_none_match: str | None = None) -> Object:
        """Put an empty file under ``path``, in place of one that is there (AOS-25); raises as ``write``."""
        return self._put(path, self._key(path), b"", if_match=if_match, if_none_match=if_none_match)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write at ``offset`` (PUT with ``Content-Range``); the file grows as needed.

        Raises:
            ObjectNotExist: there is no file any more.
            ObjectModeInvalid: there is a collection.
            RestrictionDissatisfied: ``r`` is missing.
            Unexpected: ``size`` or ``offset`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, None)
        check_size(offset, None, "offset")
        key, data = self._key(o.path), b"".join(exactly(r, size))
        # a PUT would make what is missing
        self._checked(self._send("HEAD", target(key.names)), key)
        if data:
            span = {"Content-Range": f"bytes {offset}-{offset + size - 1}/*"}
            self._checked(self._send("PUT", target(key.names), span, data), key)
        return size
