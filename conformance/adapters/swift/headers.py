"""What is sent to Swift and told by it in headers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.client import HTTPMessage
from typing import Any
from urllib.parse import quote

from conformance.adapters.streams import Span, refuse
from conformance.storage import MetadataUnrecognized, PairUnsupported, Unexpected

_META = "X-Object-Meta-"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What the name of an HTTP header is made of (RFC 9110, 5.1)."""


def metadata_headers(
    *,
    content_type: str | None = None,
    content_disposition: str | None = None,
    content_encoding: str | None = None,
    content_language: str | None = None,
    cache_control: str | None = None,
    user_metadata: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the headers that describe an object, text in UTF-8.

    Raises:
        MetadataUnrecognized: a name of ``user_metadata`` can be none of a header, or a value has an end of line.

    """
    for name, value in (user_metadata or {}).items():
        if not _TOKEN.fullmatch(name) or not {"\r", "\n"}.isdisjoint(value):
            raise MetadataUnrecognized(f"{name!r}: {value!r} cannot be a header")
    named = {
        "Content-Type": content_type,
        "Content-Disposition": content_disposition,
        "Content-Encoding": content_encoding,
        "Content-Language": content_language,
        "Cache-Control": cache_control,
        **{_META + name: value for name, value in (user_metadata or {}).items()},
    }
    return {name: value.encode().decode("latin-1") for name, value in named.items() if value is not None}


def conditions(
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: datetime | None = None,
    if_unmodified_since: datetime | None = None,
) -> dict[str, str]:
    """Return the headers of conditions (RFC 9110, section 13)."""
    named = {
        "If-Match": if_match,
        "If-None-Match": if_none_match,
        "If-Modified-Since": if_modified_since and format_datetime(if_modified_since.astimezone(UTC), usegmt=True),
        "If-Unmodified-Since": if_unmodified_since
        and format_datetime(if_unmodified_since.astimezone(UTC), usegmt=True),
    }
    return {name: value for name, value in named.items() if value is not None}


def modified(headers: HTTPMessage) -> datetime | None:
    """Return when the object was changed, in whole seconds, rounded up by Swift."""
    told = headers.get("Last-Modified")
    return parsedate_to_datetime(told) if told else None


def named(container: str, name: str) -> str:
    """Return ``container/name`` as headers take it."""
    return f"{quote(container, safe='')}/{quote(name)}"


def absent(if_none_match: str | None) -> dict[str, str]:
    """Return the header for a write where there must be no object.

    Raises:
        PairUnsupported: it is an ETag.

    """
    if if_none_match not in {None, "*"}:
        raise PairUnsupported(["if_none_match"])
    return conditions(if_none_match=if_none_match)


def digest(content_md5: str | None) -> dict[str, str]:
    """Return the header that promises an MD5, which Swift takes as an ETag, in hexadecimal.

    Raises:
        Unexpected: it is no MD5 in base64.

    """
    if content_md5 is None:
        return {}
    try:
        return {"ETag": base64.b64decode(content_md5, validate=True).hex()}
    except (binascii.Error, ValueError):
        refuse(Unexpected(f"content_md5 {content_md5!r} is no base64"))


def byte_range(span: Span) -> dict[str, str]:
    """Return the header that asks for those bytes."""
    if span.suffix is not None:
        return {"Range": f"bytes=-{span.suffix}"}
    if not span.offset and span.size is None:
        return {}
    last = "" if span.size is None else span.offset + span.size - 1
    return {"Range": f"bytes={span.offset}-{last}"}


def described(headers: HTTPMessage) -> dict[str, Any]:
    """Return the fields of :class:`Object` that the headers of an object tell, but for its length."""
    told = {name: _text(value) for name, value in headers.items()}
    large = "X-Static-Large-Object" in headers or "X-Object-Manifest" in headers
    return {
        "content_md5": None if large else _base64(told.get("Etag")),
        "content_type": told.get("Content-Type"),
        "content_disposition": told.get("Content-Disposition"),
        "content_encoding": told.get("Content-Encoding"),
        "content_language": told.get("Content-Language"),
        "cache_control": told.get("Cache-Control"),
        "etag": told.get("Etag"),
        "last_modified": modified(headers),
        # names of HTTP headers have no case (RFC 9110, 5.1), so a client must not see one
        "user_metadata": {
            name[len(_META) :].lower(): value for name, value in told.items() if name.lower().startswith(_META.lower())
        },
    }


def encoded(text: str) -> str:
    """Return ``text`` for a query.

    Raises:
        Unexpected: it is not Unicode.

    """
    try:
        return quote(text, safe="")
    except UnicodeEncodeError as error:
        refuse(Unexpected(str(error)))


def kept(headers: HTTPMessage) -> dict[str, str]:
    """Return the headers that describe an object, to be sent with another one."""
    names = {"content-type", "content-disposition", "content-encoding", "content-language", "cache-control"}
    return {
        name: value
        for name, value in headers.items()
        if name.lower() in names or name.lower().startswith(_META.lower())
    }


def _text(value: str) -> str:
    return value.encode("latin-1", "replace").decode(errors="replace")


def _base64(etag: str | None) -> str | None:
    """Return the MD5 that the ETag of an object is, unless it was made of segments."""
    with suppress(ValueError):
        digest = bytes.fromhex((etag or "").strip('"'))
        return base64.b64encode(digest).decode() if len(digest) == 16 else None
    return None
