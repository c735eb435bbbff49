"""Bytes on their way in and out: exactly as many as promised, each shown once, or an error."""

from __future__ import annotations

import base64
import hashlib
import http.client
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from conformance.storage import RestrictionDissatisfied, StorageError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from conformance.storage import IoCallback, Reader, Writer

CHUNK = 64 * 1024
"""Bytes that are asked of a reader at a time."""
TIMEOUT = 60.0
"""Seconds that a server may take for each step of a download."""


def refuse(failure: StorageError) -> NoReturn:
    """Raise ``failure`` with no way back to the error being handled: only its text is kept (AOS-47 rule 2)."""
    try:
        raise failure
    finally:
        failure.__context__ = None


def check_size(size: int, maximum: int | None, what: str = "size") -> None:
    """Refuse a size before anything is read (GSP-97).

    Raises:
        RestrictionDissatisfied: ``size`` is above ``maximum`` bytes.
        Unexpected: ``size`` is negative.

    """
    if size < 0:
        raise Unexpected(f"negative {what} {size}")
    if maximum is not None and size > maximum:
        raise RestrictionDissatisfied(f"{what} {size}, the maximum is {maximum} bytes")


def exactly(r: Reader | None, size: int, io_callback: IoCallback | None = None) -> Iterator[bytes]:
    """Yield exactly ``size`` bytes of ``r`` in chunks, however few it returns at a time (GSP-751).

    Each chunk goes to ``io_callback`` once, in order (Prop-10). Nothing is read for a size of 0.

    Raises:
        RestrictionDissatisfied: there is no reader, and ``size`` is not 0.
        Unexpected: the reader ends early, raises, or returns what was not asked of it.

    """
    if r is None and size:
        raise RestrictionDissatisfied(f"{size} bytes need a reader")
    left = size
    while r is not None and left:
        asked = min(left, CHUNK)
        try:
            chunk = bytes(memoryview(r.read(asked)))
        except Exception as error:  # noqa: BLE001 - any cause becomes Unexpected (AOS-47 rule 2)
            refuse(
                Unexpected(f"the reader failed after {size - left} of {size} bytes: {type(error).__name__}: {error}")
            )
        if not chunk:
            raise Unexpected(f"the reader ended after {size - left} of {size} bytes")
        if len(chunk) > asked:
            raise Unexpected(f"the reader returned {len(chunk)} bytes when asked for {asked}")
        left -= len(chunk)
        _show(chunk, io_callback)
        yield chunk


def deliver(chunks: Iterable[bytes], w: Writer, io_callback: IoCallback | None = None) -> int:
    """Write ``chunks`` to ``w``, show each to ``io_callback``, and return the number of bytes.

    Raises:
        Unexpected: the writer or the callback raises.

    """
    count = 0
    for chunk in chunks:
        try:
            w.write(chunk)
        except Exception as error:  # noqa: BLE001 - as above
            refuse(Unexpected(f"the writer failed after {count} bytes: {type(error).__name__}: {error}"))
        count += len(chunk)
        _show(chunk, io_callback)
    return count


def _show(chunk: bytes, io_callback: IoCallback | None) -> None:
    if io_callback is not None:
        try:
            io_callback(chunk)
        except Exception as error:  # noqa: BLE001 - as above
            refuse(Unexpected(f"io_callback failed: {type(error).__name__}: {error}"))


def content_md5(data: bytes) -> str:
    """Return the MD5 of ``data`` as base64 (Prop-14)."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def content_sha256(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as base64."""
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def verified(chunks: Iterable[bytes], md5: str | None, sha256: str | None = None) -> Iterator[bytes]:
    """Pass ``chunks`` on and, at their end, compare them with the digests that the caller promised, both base64.

    Raises:
        Unexpected: the digests differ.

    """
    expected = [
        (name, wanted, hashlib.new(name, usedforsecurity=False))
        for name, wanted in (("md5", md5), ("sha256", sha256))
        if wanted is not None
    ]
    for chunk in chunks:
        for _, _, digest in expected:
            digest.update(chunk)
        yield chunk
    for name, wanted, digest in expected:
        if base64.b64encode(digest.digest()).decode() != wanted:
            raise Unexpected(f"content_{name} {wanted!r} does not match the content")


class Span(NamedTuple):
    """Which bytes of an object are read: from ``offset``, ``size`` of them or all that follow, or its tail."""

    offset: int = 0
    size: int | None = None
    suffix: int | None = None

    @classmethod
    def checked(cls, offset: int | None, size: int | None, suffix: int | None = None) -> Span:
        """Return the span of those optional arguments.

        Raises:
            RestrictionDissatisfied: a suffix beside an offset or a size.
            Unexpected: one of them is negative.

        """
        if suffix is not None and (offset is not None or size is not None):
            raise RestrictionDissatisfied("suffix is not given together with offset or size")
        check_size(offset or 0, None, "offset")
        check_size(size or 0, None)
        check_size(suffix or 0, None, "suffix")
        return cls(offset or 0, size, suffix)

    def of(self, length: int) -> tuple[int, int]:
        """Return where the span begins and ends in ``length`` bytes: what lies past the end is not there."""
        if self.suffix is not None:
            return max(length - self.suffix, 0), length
        begin = min(self.offset, length)
        return begin, length if self.size is None else min(begin + self.size, length)


class Download(NamedTuple):
    """What a URL serves: its ``content_type``, and the body in chunks that end only when it is complete."""

    content_type: str | None
    chunks: Iterator[bytes]


@contextmanager
def download(url: str, maximum: int | None = None) -> Generator[Download]:
    """Open ``url`` (http or https) and stream its body, with or without a length given by the server.

    The server's errors are the URL's and say nothing of any object here: all of them are ``Unexpected``.

    Raises:
        RestrictionDissatisfied: the body is above ``maximum`` bytes.
        Unexpected: another scheme, a server that cannot be reached, a status of error, a body cut short.

    """
    if not url.lower().startswith(("http://", "https://")):
        raise Unexpected(f"{url!r} is not an http URL")
    try:
        response = urllib.request.urlopen(url, timeout=TIMEOUT)  # noqa: S310 - the scheme is checked above
    except (OSError, http.client.HTTPException, ValueError) as error:
        refuse(Unexpected(f"{url}: {error}"))
    with response:
        yield Download(response.headers.get("Content-Type"), _body(url, response, maximum))


def _body(url: str, response: http.client.HTTPResponse, maximum: int | None) -> Iterator[bytes]:
    declared = response.headers.get("Content-Length")
    length = int(declared) if declared is not None and declared.isdigit() else None
    check_size(length or 0, maximum, "body")
    count = 0
    while True:
        try:
            chunk = response.read(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            refuse(Unexpected(f"{url}: {error}"))
        if not chunk:
            break
        count += len(chunk)
        check_size(count, maximum, "body")
        yield chunk
    # http.client tells nothing of a body that ends before its Content-Length when it is read in pieces
    if length is not None and count != length:
        raise Unexpected(f"{url}: the body ended after {count} of {length} bytes")
