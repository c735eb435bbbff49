"""The container of a connection before and after a run: is it there, is it empty, may it go again."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from conformance.adapters.exchange import NO_HEADERS, Unreachable, sent
from conformance.adapters.swift.client import Reply, account_of, ask, target
from conformance.adapters.swift.pages import entries
from conformance.adapters.swift.storage import KEY_HEADER, Swift
from conformance.adapters.swift.uploads import OPEN, PARTS
from conformance.storage import ConnectionStringInvalid, ObjectNotExist, PermissionDenied, Storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.swift.client import Location

PAGE = 1000


class Container:
    """The container of ``location`` and that of its segments.

    With ``create``, missing ones are made, and those only are removed again.
    """

    def __init__(self, location: Location, *, create: bool) -> None:
        self._location = location
        self._create = create
        self._created: list[str] = []
        self._uploads: set[str] = set()

    def open(self, work_dir: str) -> Storage:
        """Return a client of ``work_dir`` (the opener)."""
        return Swift(self._location, work_dir, self._uploads)

    def prepare(self) -> None:
        """Make sure that both containers can be used.

        Raises:
            ConnectionStringInvalid: no credentials, nobody at the address, or no container.
            PermissionDenied: the credentials are wrong, or may not use the container.

        """
        key = secrets.token_hex(16)
        for container in (self._location.container, self._location.segments):
            try:
                self._ask("HEAD", container)
            except ObjectNotExist:
                if not self._create:
                    raise ConnectionStringInvalid(
                        f"there is no container {container}: make it, or add create=true"
                    ) from None
                self._ask("PUT", container, {KEY_HEADER: key})
                self._created.append(container)

    def is_empty(self) -> bool:
        """Tell whether neither an object nor an open upload lies under the prefix."""
        location = self._location
        prefix = f"{location.prefix}/" if location.prefix else ""
        first = [
            next(entries(location, location.container, prefix, 1), None),
            next(entries(location, location.segments, OPEN + prefix, 1), None),
        ]
        return first == [None, None]

    def remove(self) -> None:
        """Remove the segments that this connection left, and the containers that :meth:`prepare` made.

        Segments stay when an object made of them is replaced or deleted. Swift refuses to delete a container in which
        something is left.

        Raises:
            StorageError: one of them could not be deleted.

        """
        segments = self._location.segments
        prefixes = [""] if segments in self._created else [f"{PARTS}{upload}/" for upload in self._uploads]
        for prefix in prefixes:
            for entry in list(entries(self._location, segments, prefix, PAGE)):
                with suppress(ObjectNotExist):
                    ask(self._location, "DELETE", target(segments, entry["name"]))
        self._uploads.clear()
        while self._created:
            self._ask("DELETE", self._created[-1])
            self._created.pop()

    def version(self) -> str:
        """Return the version that the service tells (``/info``), or ``""``."""
        account = account_of(self._location)
        with sent(account.server, "GET", "/info") as answer:
            body = b"".join(answer.chunks)
        if answer.status != HTTPStatus.OK:
            return ""
        told: dict[str, Any] = json.loads(body)
        return f"Swift {told['swift']['version']}"

    def _ask(self, method: str, container: str, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
        """Send a request, and put what an operator has to change into words."""
        try:
            return ask(self._location, method, target(container), headers)
        except Unreachable as error:
            raise ConnectionStringInvalid(
                f"Swift cannot be reached, is the server running? ({error.message})"
            ) from None
        except PermissionDenied as error:
            raise PermissionDenied(f"the credentials may not use the container {container}: {error.message}") from None
