"""Connection strings of Azure Blob Storage and Azurite: ``azblob://container/prefix?endpoint=URL&…``."""

from __future__ import annotations

from conformance.adapters.azblob.client import ContainerLocation
from conformance.adapters.azblob.container import Container
from conformance.adapters.connection import Connection, address, leads_to
from conformance.adapters.options import Options, endpoint, flag, number

OPTIONS: Options = {
    "endpoint": endpoint,
    "create": flag,
    "timeout": number(float, 0.1, 600),
    "page_size": number(int, 1, 5000),
}
"""Options of ``azblob://`` connections: ``create=true`` makes a missing container, all others are fields of
``ContainerLocation``."""


def connect(spec: str) -> Connection:
    """Return the connection to the container that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no container, or an option is wrong.

    """
    parts = address(
        spec,
        "azblob://container/prefix?endpoint=URL",
        OPTIONS,
        what="container",
        instead="AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY",
    )
    create: bool = parts.options.pop("create", False)
    location = ContainerLocation(container=parts.place, prefix=parts.prefix, **parts.options)
    container = Container(location, create=create)
    at = f"at {location.endpoint}" if location.endpoint else "at Azure, or where the environment points"
    below = f" below {parts.prefix}/" if parts.prefix else ""
    return leads_to(
        container,
        spec=spec,
        name=parts.name,
        describe=f"the Azure container {location.container}{below} {at}",
    )
