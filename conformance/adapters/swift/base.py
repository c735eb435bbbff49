"""What every part of the Swift adapter stands on: names, requests, the declaration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from conformance.adapters.exchange import NO_HEADERS
from conformance.adapters.handles import refuse_changes, refuse_everything
from conformance.adapters.swift.client import Location, Reply, account_of, ask, failure_for, target
from conformance.storage import Features, ListMode, Object, ObjectMode, Restrictions, Storage, StorageMeta

if TYPE_CHECKING:
    from typing import Self

NAME_MAXIMUM = 1024
METADATA_VALUE_MAXIMUM = 256
"""What Swift takes unless it is configured otherwise (max_meta_value_length)."""
SIZE_MAXIMUM = 5 * 1024**3
PARTS_MAXIMUM = 1000
_RESTRICTIONS = Restrictions(
    write_size_maximum=SIZE_MAXIMUM,
    copy_size_maximum=SIZE_MAXIMUM,
    multipart_number_maximum=PARTS_MAXIMUM,
    multipart_size_maximum=SIZE_MAXIMUM,
)
DELETED_AT_ONCE = 1000
"""Names that go into one bulk deletion; Swift takes 10 000."""


class SwiftBase(Storage):
    """One client of one ``work_dir`` in a container.

    Args:
        location: the container, its account, and the options of the connection.
        work_dir: absolute path that begins and ends with ``/``; names begin with it, without the first ``/``.
        uploads: where the ids of uploads are noted that are begun here: their segments are to go with the connection.

    Raises:
        ConnectionStringInvalid: there is no account in the environment.

    """

    declared = Features(
        list_modes=ListMode.DIR | ListMode.PREFIX | ListMode.PART,
        directories="virtual",
        name_maximum=None,
        path_maximum=NAME_MAXIMUM,
        metadata_exact=False,
        metadata_value_maximum=METADATA_VALUE_MAXIMUM,
        etag=True,
        close_refuses=True,
    )

    def __init__(self, location: Location, work_dir: str = "/", uploads: set[str] | None = None) -> None:
        self._location = location
        self._work_dir = work_dir
        self._root = (location.prefix.rstrip("/") + "/" if location.prefix else "") + work_dir.removeprefix("/")
        account_of(location)
        self.may_change = True
        self._uploads = set[str]() if uploads is None else uploads

    def close(self) -> None:
        """Refuse every operation from now on; there is nothing to release."""
        refuse_everything(self)

    # local operations

    def features(self) -> Features:
        """Return the declaration; a path may be as long as prefix and ``work_dir`` leave of a name's 1024 bytes."""
        return replace(super().features(), path_maximum=NAME_MAXIMUM - len(self._root.encode()))

    def metadata(self) -> StorageMeta:
        """Return container, ``work_dir`` and the limits that Swift has unless configured otherwise (GSP-76, GSP-97)."""
        return StorageMeta(
            name=self._location.container, work_dir=self._work_dir, service="swift", restrictions=_RESTRICTIONS
        )

    def read_only(self) -> Self:
        """Return a client of the same ``work_dir`` that may only read, and signs only requests that do."""
        reader = type(self)(self._location, self._work_dir, self._uploads)
        reader.may_change = False
        refuse_changes(reader)
        return reader

    # names, requests, objects

    def _place(self, path: str) -> str:
        return target(self._location.container, self._root + path)

    def _marker(self, path: str) -> str:
        return self._place(path.removesuffix("/") + "/")

    def _ask(
        self,
        method: str,
        place: str,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | None = None,
        *,
        query: str = "",
    ) -> Reply:
        return ask(self._location, method, place, headers, body, query=query)

    def _object(self, path: str, mode: ObjectMode, **fields: Any) -> Object:
        return Object(path=path, id=self._root + path, mode=mode, **fields)

    def _linked(self, told: str) -> str:
        """Return the path that a link leads to, as ``container/name`` tells it."""
        return unquote(told).removeprefix(f"{self._location.container}/").removeprefix(self._root)

    def _remove(self, places: list[str]) -> None:
        """Delete what lies at those places, 1000 in a request; what is missing is no error."""
        for start in range(0, len(places), DELETED_AT_ONCE):
            lines = "".join(f"{place}\n" for place in places[start : start + DELETED_AT_ONCE])
            headers = {"Content-Type": "text/plain", "Accept": "application/json"}
            answer: dict[str, Any] = json.loads(
                self._ask("POST", "", headers, lines.encode(), query="bulk-delete").body
            )
            errors = cast("list[list[str]]", answer["Errors"])
            told = errors[0][1] if errors else str(answer["Response Status"])
            if not told.startswith("200"):
                text = f"{told} {errors[0][0] if errors else answer['Response Body']}"
                raise failure_for(int(told[:3]), {}, text.encode())
