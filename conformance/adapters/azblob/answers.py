"""What is sent to Azure and what it answers: conditions as headers, names of blocks, listings, and bodies."""

from __future__ import annotations

import base64
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from conformance.adapters.azblob.client import attempt
from conformance.storage import ObjectMode, RestrictionDissatisfied, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

BLOCK_ID_MAXIMUM = 64
"""Bytes of a block's id, which has to be as long as those of all other blocks of the blob."""
PARTIAL = 206
"""The status of an answer that is a range."""
_KINDS = {
    "BlockBlob": ObjectMode.READ,
    "AppendBlob": ObjectMode.READ | ObjectMode.APPEND,
    "PageBlob": ObjectMode.READ | ObjectMode.PAGE,
}


def conditions(
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: datetime | None = None,
    if_unmodified_since: datetime | None = None,
    if_source_match: str | None = None,
    if_source_none_match: str | None = None,
) -> dict[str, str]:
    """Return the headers of conditions; the SDK's own arguments do not take two of them at once."""
    headers = {
        "If-Match": if_match,
        "If-None-Match": if_none_match,
        "If-Modified-Since": _http_date(if_modified_since),
        "If-Unmodified-Since": _http_date(if_unmodified_since),
        "x-ms-source-if-match": if_source_match,
        "x-ms-source-if-none-match": if_source_none_match,
    }
    return {name: value for name, value in headers.items() if value is not None}


def _http_date(time: datetime | None) -> str | None:
    return None if time is None else format_datetime(time.astimezone(UTC), usegmt=True)


def mode_of(properties: Any) -> ObjectMode:
    """Return what can be done with a blob of this type."""
    kind = properties.blob_type
    return _KINDS.get(getattr(kind, "value", kind), ObjectMode.READ)


def described(properties: Any) -> dict[str, Any]:
    """Return the fields of :class:`Object` that the properties of a blob tell."""
    settings, etag = properties.content_settings, properties.etag
    mode = mode_of(properties)
    return {
        "mode": mode,
        "content_length": properties.size,
        "content_md5": encoded(settings.content_md5),
        "content_type": settings.content_type,
        "content_disposition": settings.content_disposition,
        "content_encoding": settings.content_encoding,
        "content_language": settings.content_language,
        "cache_control": settings.cache_control,
        # in headers an ETag stands in quotes, in the documents of listings it does not
        "etag": etag if etag is None or etag.startswith(('"', "W/")) else f'"{etag}"',
        "last_modified": properties.last_modified,
        "append_offset": properties.size if ObjectMode.APPEND in mode else None,
        # names of HTTP headers have no case, so a client must not see one
        "user_metadata": dict(properties.metadata or {}),
    }


def encoded(digest: bytes | None) -> str | None:
    """Return a digest as base64."""
    return base64.b64encode(digest).decode() if digest else None


def block_id(bid: str) -> str:
    """Return the id that Azure knows the block ``bid`` by: all of one length, so short ones are filled up.

    Raises:
        RestrictionDissatisfied: ``bid`` is empty or longer than 64 bytes, or cannot be told from a shorter one.

    """
    size = len(bid.encode())
    if not 0 < size <= BLOCK_ID_MAXIMUM or bid.endswith("\0"):
        raise RestrictionDissatisfied(f"a block id of {size} bytes: 1 to {BLOCK_ID_MAXIMUM}, no NUL at the end")
    return bid + "\0" * (BLOCK_ID_MAXIMUM - size)


def block_name(told: str) -> str:
    """Return the caller's name of a block."""
    return told.rstrip("\0")


def entries(listing: Any) -> Iterator[Any]:
    """Iterate over a listing of the SDK, each page asked for when it is needed.

    Raises:
        Unexpected: the service goes in circles.

    """
    pages, seen = listing.by_page(), set[str]()
    while (page := attempt(next, pages, None)) is not None:
        yield from attempt(list, page)
        token = pages.continuation_token
        if token and token in seen:
            raise Unexpected(f"the listing goes in circles, page {token} came before")
        seen.add(token)


def only_once() -> dict[str, Callable[[Any], None]]:
    """Return the hooks of a download, which look at what the SDK does by itself.

    They raise where it would repeat a request whose body broke off, and where the service says that the body is
    another range than the one asked for (RFC 9110, 14.4), at which the SDK does not look.
    """
    asked: set[str] = set()

    def before(request: Any) -> None:
        wanted = request.http_request.headers.get("x-ms-range") or "the whole"
        if wanted in asked:
            raise Unexpected(f"the body of {wanted} broke off")
        asked.add(wanted)

    def after(answer: Any) -> None:
        wanted = answer.http_request.headers.get("x-ms-range") or ""
        told = answer.http_response.headers.get("Content-Range") or ""
        first = wanted.removeprefix("bytes=").partition("-")[0]
        if answer.http_response.status_code == PARTIAL and first and not told.startswith(f"bytes {first}-"):
            raise Unexpected(f"{wanted} was asked for, the service says that it sends {told!r}")

    return {"raw_request_hook": before, "raw_response_hook": after}
