"""Connection strings of Dropbox: ``dropbox:///prefix``, with the access token in the environment.

With ``?endpoint=URL`` a simulator is used in place of Dropbox, and everything says so.
"""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from conformance.adapters.connection import Connection, leads_to
from conformance.adapters.dropbox.client import Location
from conformance.adapters.dropbox.folder import Folder
from conformance.adapters.options import Options, endpoint, flag, number, read_options
from conformance.storage import ConnectionStringInvalid

OPTIONS: Options = {
    "endpoint": endpoint,
    "create": flag,
    "timeout": number(float, 0.1, 600),
    "page_size": number(int, 1, 2000),
}
"""Options of ``dropbox://`` connections: ``create=true`` makes a missing folder, all others are fields of
``Location``."""


def connect(spec: str) -> Connection:
    """Return the connection to the folder that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names a host, or an option is wrong.

    """
    parts = urlsplit(spec)
    if not spec.startswith("dropbox:///") or parts.fragment:
        raise ConnectionStringInvalid(f"{spec!r} names no folder: write dropbox:///prefix, with %23 for a #")
    options = read_options(parts.query, OPTIONS)
    create: bool = options.pop("create", False)
    prefix = unquote(parts.path).rstrip("/")
    location = Location(prefix=prefix, **options)
    folder = Folder(location, create=create)
    at = (
        "Dropbox" if location.endpoint is None else f"a simulator of Dropbox at {location.endpoint}, not Dropbox itself"
    )
    return leads_to(
        folder,
        spec=spec,
        name=f"dropbox://{prefix or '/'}",
        describe=f"the folder {prefix or '/'} of {at}",
    )
