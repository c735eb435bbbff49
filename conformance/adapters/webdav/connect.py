"""Connection strings of WebDAV servers: ``webdav://host:port/prefix?…``, and ``webdavs://…`` for https.

The user is that of the environment: ``WEBDAV_USER`` and ``WEBDAV_PASSWORD``, sent as Basic authentication.
"""

from __future__ import annotations

from conformance.adapters.connection import Connection, address, leads_to
from conformance.adapters.options import Options, choice, flag, lacking, number
from conformance.adapters.webdav.client import Location
from conformance.adapters.webdav.collection import Collection
from conformance.adapters.webdav.storage import WebDav


def _etags(text: str) -> bool | None:
    """Read of which resources the server tells ETags, in properties and in headers."""
    return {"all": True, "some": None, "none": False}[choice("all", "some", "none")(text)]


FEATURE_OPTIONS: Options = {
    "name_maximum": number(int, 1, 65536),
    "path_maximum": number(int, 1, 65536),
    "backslash_separates": flag,
    "control_characters": flag,
    "case_sensitive": flag,
    "unicode_exact": flag,
    "etag": _etags,
}
"""Fields of ``Features`` that a server may declare to differ in, such as ``case_sensitive=false``."""

OPTIONS: Options = {
    "create": flag,
    "timeout": number(float, 0.1, 600),
    "pages": flag,
    "infinity": flag,
    "bare_etags": flag,
    "without": lacking(WebDav.implements, "WebDAV"),
    **FEATURE_OPTIONS,
}
"""Options of ``webdav://`` connections: ``create=true`` makes a missing collection, all others are fields of
``Location``. What a server does not have is named as in ``without=copy,write.if_match``; it is then neither declared
nor sent."""


def connect(spec: str) -> Connection:
    """Return the connection to the collection that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no host, or an option is wrong.

    """
    parts = address(spec, "webdav://host:port/prefix", OPTIONS, what="host", instead="WEBDAV_USER and WEBDAV_PASSWORD")
    options = parts.options
    create: bool = options.pop("create", False)
    declares = tuple((name, options.pop(name)) for name in FEATURE_OPTIONS if name in options)
    secure = spec.startswith("webdavs:")
    location = Location(host=parts.place, secure=secure, prefix=parts.prefix, declares=declares, **options)
    collection = Collection(location, create=create)
    return leads_to(
        collection,
        spec=spec,
        name=parts.name,
        describe=f"the WebDAV collection {location.url}/{parts.prefix}",
    )
