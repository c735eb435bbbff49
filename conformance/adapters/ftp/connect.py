"""Connection strings of FTP servers: ``ftp://host:port/prefix?…``, in passive mode and without encryption.

The user is that of the environment: ``FTP_USER`` and ``FTP_PASSWORD``, or else ``anonymous``.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from conformance.adapters.connection import Connection, address, leads_to
from conformance.adapters.ftp.client import Location
from conformance.adapters.ftp.directory import Directory
from conformance.adapters.ftp.storage import Ftp
from conformance.adapters.options import Options, flag, lacking, number
from conformance.storage import ConnectionStringInvalid

FEATURE_OPTIONS: Options = {
    "name_maximum": number(int, 1, 65536),
    "path_maximum": number(int, 1, 65536),
    "backslash_separates": flag,
    "case_sensitive": flag,
    "unicode_exact": flag,
}
"""Fields of ``Features`` that a server may declare to differ in, such as ``case_sensitive=false``."""

OPTIONS: Options = {
    "create": flag,
    "timeout": number(float, 0.1, 600),
    "without": lacking(Ftp.implements, "FTP"),
    **FEATURE_OPTIONS,
}
"""Options of ``ftp://`` connections: ``create=true`` makes a missing directory, all others are fields of ``Location``.
What a server does not have is named as in ``without=write_append,create_append``; it is then neither declared nor
sent."""


def connect(spec: str) -> Connection:
    """Return the connection to the directory that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no host, or an option is wrong.

    """
    parts = address(spec, "ftp://host:port/prefix", OPTIONS, what="host", instead="FTP_USER and FTP_PASSWORD")
    options = parts.options
    create: bool = options.pop("create", False)
    declares = tuple((name, options.pop(name)) for name in FEATURE_OPTIONS if name in options)
    place = urlsplit(f"//{parts.place}")
    try:
        host, port = place.hostname or "", place.port or 21
    except ValueError as error:
        raise ConnectionStringInvalid(f"{spec!r}: {error}") from None
    location = Location(host=host, port=port, prefix=parts.prefix, declares=declares, **options)
    directory = Directory(location, create=create)
    return leads_to(
        directory,
        spec=spec,
        name=parts.name,
        describe=f"the FTP directory {location.url}/{parts.prefix}",
    )
