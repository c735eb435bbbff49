"""The pages of a container's listing, one request at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from conformance.adapters.streams import refuse
from conformance.adapters.swift.client import ask, target
from conformance.storage import Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.adapters.swift.client import Location


def entries(
    location: Location, container: str, prefix: str, page_size: int, *, after: str = "", delimiter: str = ""
) -> Iterator[dict[str, Any]]:
    """Iterate over the entries of a listing, each page asked for when it is needed.

    Args:
        location: whose account is asked.
        container: the container.
        prefix: how names begin.
        page_size: entries in one page.
        after: the name behind which the listing begins.
        delimiter: up to which names are one entry, a ``subdir``.

    Raises:
        Unexpected: the service goes in circles.

    """
    while True:
        parameters = {"format": "json", "limit": str(page_size), "prefix": prefix, "marker": after}
        if delimiter:
            parameters["delimiter"] = delimiter
        try:
            query = urlencode(parameters)
        except UnicodeEncodeError as error:
            refuse(Unexpected(str(error)))
        page: list[dict[str, Any]] = json.loads(ask(location, "GET", target(container), query=query).body)
        yield from page
        if len(page) < page_size:
            return
        last = str(page[-1].get("name") or page[-1]["subdir"])
        if last.encode() <= after.encode():
            raise Unexpected(f"the listing goes in circles, {last!r} comes after {after!r}")
        after = last
