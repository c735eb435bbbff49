"""The collection of a connection before and after a run: is it there, is it empty, may it go again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from conformance.adapters.webdav.answers import PROPFIND, resources
from conformance.adapters.webdav.client import credentials, exchange, failure_for, target
from conformance.adapters.webdav.storage import WebDav
from conformance.storage import ConnectionStringInvalid, PermissionDenied, Storage, Unexpected

if TYPE_CHECKING:
    from conformance.adapters.webdav.client import Answer, Location


class Collection:
    """The collection of ``location``; with ``create``, a missing one is made, and that one only is removed again."""

    def __init__(self, location: Location, *, create: bool) -> None:
        self._location = location
        self._create = create
        self._created = False
        self._target = target(tuple(location.prefix.split("/")) if location.prefix else (), slash=True)
        self._where = location.url + self._target

    def open(self, work_dir: str) -> Storage:
        """Return a client of ``work_dir`` (the opener)."""
        return WebDav(self._location, work_dir)

    def prepare(self) -> None:
        """Make sure that the collection can be used.

        Raises:
            ConnectionStringInvalid: nobody at the address, no WebDAV there, or no collection.
            PermissionDenied: the credentials may not use it.

        """
        status = self._ask("PROPFIND", "0").status
        if status == HTTPStatus.NOT_FOUND:
            if not self._create:
                raise ConnectionStringInvalid(f"there is no collection {self._where}: make it, or add create=true")
            made = self._ask("MKCOL")
            if not made.done:
                raise ConnectionStringInvalid(f"{self._where} cannot be made: {failure_for(made.status, made.body)}")
            self._created = True
        elif status != HTTPStatus.MULTI_STATUS:
            raise ConnectionStringInvalid(f"{self._where} answers PROPFIND with HTTP {status}: is it WebDAV?")

    def is_empty(self) -> bool:
        """Tell whether the collection has no members."""
        return len(list(resources(self._ask("PROPFIND", "1").body))) <= 1

    def remove(self) -> None:
        """Delete the collection if :meth:`prepare` made it and it has no members; WebDAV itself would not mind.

        Raises:
            StorageError: it has members, or could not be deleted.

        """
        if self._created:
            if not self.is_empty():
                raise Unexpected(f"the collection {self._where} is not empty")
            answer = self._ask("DELETE")
            if not answer.done:
                raise failure_for(answer.status, answer.body)
            self._created = False

    def version(self) -> str:
        """Return how the server calls itself in its answers, or ``""``."""
        return self._ask("PROPFIND", "0").headers.get("Server", "")

    def _ask(self, method: str, depth: str = "") -> Answer:
        headers = {**credentials(), **({"Depth": depth, "Content-Type": "application/xml"} if depth else {})}
        try:
            answer = exchange(self._location, method, self._target, headers, PROPFIND if depth else None)
        except Unexpected as error:
            raise ConnectionStringInvalid(
                f"{self._where} cannot be reached, is the server running? ({error.message})"
            ) from None
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise PermissionDenied(
                f"the credentials (WEBDAV_USER, WEBDAV_PASSWORD) may not use {self._where}: HTTP {answer.status}"
            )
        return answer
