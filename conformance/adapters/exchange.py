"""One HTTP request, sent once on a connection of its own, for adapters that need no SDK.

Sent once, because a retry would hide the fault that a check is looking for; on a connection of its own, because the end
of one that is kept cannot be told from a failure. Statuses mean what each service says, and are its adapter's business.
"""

from __future__ import annotations

import http.client
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from conformance.adapters.streams import CHUNK, refuse
from conformance.storage import Unexpected

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Server:
    """Where a service listens, and how long to wait for it."""

    host: str
    """Its name or address, with the port."""
    secure: bool = False
    """Whether it is reached by https."""
    timeout: float = 10.0
    """Seconds to wait for a connection, and for each piece of an answer."""

    @classmethod
    def of(cls, url: str, timeout: float) -> Server:
        """Return the server of an http or https URL."""
        parts = urlsplit(url)
        return cls(parts.netloc.rpartition("@")[2], parts.scheme == "https", timeout)

    @property
    def url(self) -> str:
        """Its root, without a slash at the end."""
        return f"{'https' if self.secure else 'http'}://{self.host}"


class Unreachable(Unexpected):
    """Nobody answers, or the answer breaks off."""


class Answer(NamedTuple):
    """The answer to a request, its body still to be read."""

    status: int
    headers: http.client.HTTPMessage
    chunks: Iterator[bytes]
    """The body, which ends only when it is complete."""


@contextmanager
def sent(
    server: Server, method: str, target: str, headers: Mapping[str, str] = NO_HEADERS, body: bytes | None = None
) -> Generator[Answer]:
    """Send a request and give its answer.

    Args:
        server: whom to ask.
        method: ``GET`` and so on.
        target: path and query, encoded.
        headers: as they are to be sent; a Content-Length is added.
        body: what is sent.

    Raises:
        Unreachable: while asking or while reading, there is no answer or no whole one.
        Unexpected: ``method``, ``target`` or ``headers`` hold what HTTP cannot say.

    """
    kind = http.client.HTTPSConnection if server.secure else http.client.HTTPConnection
    with _reached(server):
        connection = kind(server.host, timeout=server.timeout)
    try:
        with _reached(server):
            connection.connect()
            # a server may answer, and close, before it has read all of the body (RFC 9112, 9.5)
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, target, body, headers)
            response = connection.getresponse()
        yield Answer(response.status, response.headers, _chunks(server, response))
    finally:
        connection.close()


def _chunks(server: Server, response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        with _reached(server):
            chunk = response.read(CHUNK)
        if not chunk:
            break
        yield chunk
    if response.length:  # what http.client leaves to us when a body with a length is read in pieces
        raise Unreachable(f"the answer of {server.url} ended {response.length} bytes early")


@contextmanager
def _reached(server: Server) -> Generator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        refuse(Unreachable(f"{server.url}: {str(error) or type(error).__name__}"))
    except ValueError as error:
        refuse(Unexpected(f"{server.url}: {error}"))
