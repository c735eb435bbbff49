"""How a WebDAV server is reached: one request each on a connection of its own, and its refusals as our errors.

A request is sent once, whatever happens: a retry would hide the fault that a check is looking for. A connection of its
own, because on a connection that is kept, the server's closing it cannot be told from a failure.
"""

from __future__ import annotations

import base64
import http.client
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from conformance.adapters.streams import refuse
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectNotExist,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

EXCERPT = 200
"""Characters of an answer that are told in the text of an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A collection of a WebDAV server, and how to talk to the server."""

    host: str
    """Host and port."""
    secure: bool = False
    """Whether it is reached by https."""
    prefix: str = ""
    """The path of the collection, without slashes at its ends; ``""`` is the root."""
    timeout: float = 10.0
    """Seconds to wait for a connection, and for each answer."""
    pages: bool = False
    """Whether the server writes a part of a resource: a PUT with ``Content-Range`` (RFC 9110, 14.5)."""
    infinity: bool = False
    """Whether it lists a whole tree: PROPFIND with ``Depth: infinity``, which it may refuse (RFC 4918, 9.1)."""
    bare_etags: bool = False
    """Whether it tells ETags in properties without the quotes that belong to them (RFC 4918, 15.6)."""
    without: tuple[str, ...] = ()
    """Operations and optional arguments that the server lacks, as ``handles.left`` has them."""
    declares: tuple[tuple[str, Any], ...] = ()
    """Fields of ``Features`` in which it differs."""

    @property
    def url(self) -> str:
        """The server's root as a URL without a slash at its end."""
        return f"{'https' if self.secure else 'http'}://{self.host}"


class Answer(NamedTuple):
    """An answer that was read whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def done(self) -> bool:
        """Whether what was asked was done, and all of it: 207 tells of parts that failed (RFC 4918, 9.6.1, 9.8.5)."""
        return self.status // 100 == 2 and self.status != HTTPStatus.MULTI_STATUS


def target(names: tuple[str, ...], *, slash: bool = False) -> str:
    """Return the path of a URL, each name encoded; with a ``slash`` at its end it is that of a collection."""
    return "/" + "/".join(quote(name, safe="") for name in names) + ("/" if slash and names else "")


def credentials() -> dict[str, str]:
    """Return the header for the user of the environment (``WEBDAV_USER``, ``WEBDAV_PASSWORD``), if there is one.

    Raises:
        ConnectionStringInvalid: there is a user without a password.

    """
    user, password = os.environ.get("WEBDAV_USER", ""), os.environ.get("WEBDAV_PASSWORD")
    if not user:
        return {}
    if password is None:
        raise ConnectionStringInvalid("WEBDAV_USER is set and WEBDAV_PASSWORD is not")
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@contextmanager
def opened(
    location: Location, method: str, where: str, headers: Mapping[str, str], body: bytes | None = None
) -> Generator[http.client.HTTPResponse]:
    """Send one request and yield the answer, whose body is still to be read.

    Raises:
        Unexpected: the server cannot be reached, does not answer in time, breaks off, or does not speak HTTP.

    """
    kind = http.client.HTTPSConnection if location.secure else http.client.HTTPConnection
    try:
        connection = kind(location.host, timeout=location.timeout)
        try:
            connection.connect()
            # a server may answer, and close, before it has read all of the body (RFC 9112, 9.5)
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, where, body, {**headers, "Connection": "close"})
            yield connection.getresponse()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        refuse(Unexpected(f"{method} at {location.url}: {type(error).__name__}: {error}"))


def exchange(
    location: Location, method: str, where: str, headers: Mapping[str, str], body: bytes | None = None
) -> Answer:
    """Send one request and return the answer; raises as :func:`opened`."""
    with opened(location, method, where, headers, body) as response:
        return Answer(response.status, response.headers, response.read())


_BY_STATUS: Mapping[int, type[StorageError]] = {
    HTTPStatus.NOT_MODIFIED: PreconditionFailed,
    HTTPStatus.UNAUTHORIZED: PermissionDenied,
    HTTPStatus.FORBIDDEN: PermissionDenied,
    HTTPStatus.NOT_FOUND: ObjectNotExist,
    HTTPStatus.PRECONDITION_FAILED: PreconditionFailed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: RestrictionDissatisfied,
    HTTPStatus.REQUEST_URI_TOO_LONG: RestrictionDissatisfied,
    HTTPStatus.TOO_MANY_REQUESTS: RequestThrottled,
}


def failure_for(status: int, body: bytes) -> StorageError:
    """Return the error of the taxonomy for an answer that is no success (AOS-47, GSP-127)."""
    kind = _BY_STATUS.get(status) or (ServiceInternal if status // 100 == 5 else Unexpected)
    said = " ".join(body.decode(errors="replace").split())[:EXCERPT]
    return kind(f"HTTP {status}: {said}" if said else f"HTTP {status}")
