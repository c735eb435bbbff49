"""Connection strings of OpenStack Swift: ``swift://container/prefix?auth=URL&…``.

``auth`` gives tokens for the user and the key in ``ST_USER`` and ``ST_KEY``; without it, ``ST_AUTH`` or else
``OS_STORAGE_URL`` and ``OS_AUTH_TOKEN`` of the environment count. The parts of uploads go to the container
``CONTAINER_segments``.
"""

from __future__ import annotations

from conformance.adapters.connection import Connection, address, leads_to
from conformance.adapters.options import Options, endpoint, flag, number
from conformance.adapters.swift.client import Location
from conformance.adapters.swift.container import Container

OPTIONS: Options = {
    "auth": endpoint,
    "create": flag,
    "timeout": number(float, 0.1, 600),
    "page_size": number(int, 1, 10_000),
}
"""Options of ``swift://`` connections: ``create=true`` makes missing containers, all others are fields of
``Location``."""


def connect(spec: str) -> Connection:
    """Return the connection to the container that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no container, or an option is wrong.

    """
    parts = address(spec, "swift://container/prefix?auth=URL", OPTIONS, what="container", instead="ST_USER and ST_KEY")
    create: bool = parts.options.pop("create", False)
    location = Location(container=parts.place, prefix=parts.prefix, **parts.options)
    container = Container(location, create=create)
    at = f"at {location.auth}" if location.auth else "where the environment points"
    below = f" below {parts.prefix}/" if parts.prefix else ""
    return leads_to(
        container,
        spec=spec,
        name=parts.name,
        describe=f"the Swift container {location.container}{below} {at}",
    )
