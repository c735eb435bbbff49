"""What a WebDAV server is asked and what it tells: conditions as headers, and resources with their properties."""

from __future__ import annotations

from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET  # the server is the operator's own, and expat bounds the growth of entities

from conformance.adapters.streams import refuse
from conformance.storage import Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

PROPFIND = b"""<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/><getcontenttype/><getetag/><getlastmodified/></prop>\
</propfind>"""
"""The properties that are asked for (RFC 4918, section 15)."""
_DAV = "{DAV:}"
_WITH_RANGE = 206


class Resource(NamedTuple):
    """One resource as PROPFIND tells it: the names of its path from the server's root, and its properties."""

    names: tuple[str, ...]
    collection: bool
    properties: dict[str, Any]
    """Fields of :class:`Object` by their names."""


def resources(document: bytes) -> Iterator[Resource]:
    """Yield the resources of a multi-status answer.

    Raises:
        Unexpected: it is no such document, or a path in it is not UTF-8.

    """
    try:
        root = ET.fromstring(document)  # noqa: S314 - see above
    except ET.ParseError as error:
        refuse(Unexpected(f"the answer to PROPFIND is no XML: {error}"))
    for response in root.iter(f"{_DAV}response"):
        told: dict[str, ET.Element] = {}
        for propstat in response.iter(f"{_DAV}propstat"):
            if " 200 " in f"{propstat.findtext(f'{_DAV}status') or ''} ":
                told.update({prop.tag.removeprefix(_DAV): prop for prop in propstat.iterfind(f"{_DAV}prop/*")})
        kind = told.get("resourcetype")
        collection = kind is not None and kind.find(f"{_DAV}collection") is not None
        text = {name: (prop.text or "").strip() or None for name, prop in told.items()}
        length = text.get("getcontentlength")
        yield Resource(
            names_of(response.findtext(f"{_DAV}href") or ""),
            collection,
            {
                "content_length": int(length) if length and length.isdigit() and not collection else None,
                "content_type": None if collection else text.get("getcontenttype"),
                "etag": None if collection else text.get("getetag"),
                "last_modified": time_of(text.get("getlastmodified")),
            },
        )


def names_of(href: str) -> tuple[str, ...]:
    """Return the names in the path of a URL, whole or only its path, without the slash that ends a collection's.

    Raises:
        Unexpected: they are not UTF-8.

    """
    path = urlsplit(href.strip()).path.strip("/")
    try:
        return tuple(unquote(name, errors="strict") for name in path.split("/")) if path else ()
    except UnicodeDecodeError:
        refuse(Unexpected(f"the path {href!r} is not UTF-8"))


def time_of(text: str | None) -> datetime | None:
    """Return the time that an HTTP date tells, or nothing when it is none."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def told_by(answer: Any, status: int) -> dict[str, Any]:
    """Return what the headers of an answer to GET or HEAD tell of the whole resource."""
    length = answer.get("Content-Length")
    if status == _WITH_RANGE:
        length = (answer.get("Content-Range") or "").rpartition("/")[2]
    return {
        "content_length": int(length) if length and length.isdigit() else None,
        "content_type": answer.get("Content-Type"),
        "etag": answer.get("ETag"),
        "last_modified": time_of(answer.get("Last-Modified")),
    }


def conditions(
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: datetime | None = None,
    if_unmodified_since: datetime | None = None,
) -> dict[str, str]:
    """Return the headers of conditions (RFC 9110, section 13)."""
    headers = {
        "If-Match": if_match,
        "If-None-Match": if_none_match,
        "If-Modified-Since": _http_date(if_modified_since),
        "If-Unmodified-Since": _http_date(if_unmodified_since),
    }
    return {name: value for name, value in headers.items() if value is not None}


def _http_date(time: datetime | None) -> str | None:
    return None if time is None else format_datetime(time.astimezone(UTC), usegmt=True)
