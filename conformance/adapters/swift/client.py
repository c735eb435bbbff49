"""How Swift is reached: the account and its token, requests to it, and its errors as ours.

Credentials come from the environment, as Swift's own client reads them: ``ST_USER`` and ``ST_KEY`` for the auth URL of
the connection (or ``ST_AUTH``), else ``OS_STORAGE_URL`` and ``OS_AUTH_TOKEN``, which ``swift auth`` prints.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPMessage
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from conformance.adapters.exchange import NO_HEADERS, Answer, Server, sent
from conformance.adapters.streams import refuse
from conformance.storage import (
    ConnectionStringInvalid,
    MetadataUnrecognized,
    ObjectNotExist,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One container (or a prefix of it), and how to reach its account."""

    container: str
    prefix: str = ""
    """Every name begins with it and a ``/``; ``""`` is the whole container."""
    auth: str | None = None
    """URL that gives tokens for user and key (auth version 1); ``None`` is that of the environment."""
    timeout: float = 10.0
    """Seconds to wait for a connection, and for each piece of an answer."""
    page_size: int = 7
    """Entries asked for in one page of a listing. Small, so that short listings have page edges too."""

    @property
    def segments(self) -> str:
        """The container of the parts, by the name that Swift's own client gives it."""
        return f"{self.container}_segments"


class Account(NamedTuple):
    """An account of Swift: where it is, and the token that opens it."""

    server: Server
    path: str
    token: str


class Reply(NamedTuple):
    """An answer whose body was read."""

    headers: HTTPMessage
    body: bytes


class RangeNotSatisfiable(Unexpected):
    """The range asked for begins behind the end of the object (HTTP 416)."""


class LeadsNowhere(ObjectNotExist):
    """A link was followed to what does not exist, or in a circle."""


def account_of(location: Location) -> Account:
    """Return the account that the environment names; its token is asked for once.

    Raises:
        ConnectionStringInvalid: the environment names none, or the auth URL does not answer as one.
        PermissionDenied: user or key are wrong.

    """
    auth = location.auth or os.environ.get("ST_AUTH")
    if auth is None:
        url, token = os.environ.get("OS_STORAGE_URL"), os.environ.get("OS_AUTH_TOKEN")
        if not url or not token:
            raise ConnectionStringInvalid(
                "no account: add auth=URL and set ST_USER and ST_KEY, or set OS_STORAGE_URL and OS_AUTH_TOKEN"
            )
        return Account(Server.of(url, location.timeout), urlsplit(url).path.rstrip("/"), token)
    user, key = os.environ.get("ST_USER", ""), os.environ.get("ST_KEY", "")
    if not user or not key:
        raise ConnectionStringInvalid(f"no credentials for {auth}: set ST_USER and ST_KEY")
    return _signed_in(auth, user, key, location.timeout)


@lru_cache(maxsize=32)
def _signed_in(auth: str, user: str, key: str, timeout: float) -> Account:
    parts = urlsplit(auth)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    with sent(Server.of(auth, timeout), "GET", target or "/", {"X-Auth-User": user, "X-Auth-Key": key}) as answer:
        url, token = answer.headers.get("X-Storage-Url"), answer.headers.get("X-Auth-Token")
        if answer.status // 100 == 2 and url and token:
            return Account(Server.of(url, timeout), urlsplit(url).path.rstrip("/"), token)
        if answer.status in {401, 403}:
            raise PermissionDenied(f"{auth} does not know the user {user!r} with this key")
        raise ConnectionStringInvalid(f"{auth} gives no token: it answers with HTTP {answer.status}")


@contextmanager
def request(
    location: Location,
    method: str,
    place: str,
    headers: Mapping[str, str] = NO_HEADERS,
    body: bytes | None = None,
    *,
    query: str = "",
) -> Generator[Answer]:
    """Send a request, once, and give the answer when it is one of success.

    Args:
        location: whose account is asked.
        method: ``GET`` and so on.
        place: what comes after the account, as :func:`target` writes it.
        headers: what is sent besides the token.
        body: what is sent.
        query: after the ``?``, encoded.

    Raises:
        StorageError: the service refuses, or cannot be reached.

    """
    account = account_of(location)
    where = f"{account.path}{place}{f'?{query}' if query else ''}"
    with sent(account.server, method, where, {**headers, "X-Auth-Token": account.token}, body) as answer:
        if answer.status // 100 != 2:
            raise failure_for(answer.status, answer.headers, b"".join(answer.chunks))
        yield answer


def ask(
    location: Location,
    method: str,
    place: str,
    headers: Mapping[str, str] = NO_HEADERS,
    body: bytes | None = None,
    *,
    query: str = "",
) -> Reply:
    """Send a request and return its answer read whole; otherwise as :func:`request`."""
    with request(location, method, place, headers, body, query=query) as answer:
        return Reply(answer.headers, b"".join(answer.chunks))


def target(container: str, name: str | None = None) -> str:
    """Return the path of a container or an object below its account, encoded.

    Raises:
        Unexpected: a name is empty, for which another resource would be asked, or is not Unicode.

    """
    if name == "":
        raise Unexpected("an empty name is refused")
    try:
        return f"/{quote(container, safe='')}" + (f"/{quote(name)}" if name is not None else "")
    except UnicodeEncodeError as error:
        refuse(Unexpected(str(error)))


_BY_STATUS: Mapping[int, type[StorageError]] = {
    304: PreconditionFailed,
    401: PermissionDenied,
    403: PermissionDenied,
    404: ObjectNotExist,
    412: PreconditionFailed,
    413: RestrictionDissatisfied,
    414: RestrictionDissatisfied,
    416: RangeNotSatisfiable,
    429: RequestThrottled,
    498: RequestThrottled,
}
_BY_SENTENCE: Mapping[str, type[StorageError]] = {
    "Object name length of": RestrictionDissatisfied,
    "Metadata name too long": RestrictionDissatisfied,
    "Metadata value longer than": RestrictionDissatisfied,
    "Too many metadata items": RestrictionDissatisfied,
    "Total metadata too large": RestrictionDissatisfied,
    "Metadata name cannot be empty": MetadataUnrecognized,
    "Too many levels of symbolic links": LeadsNowhere,
    # a path that can be none, and no condition, although Swift answers 412
    "Invalid UTF8": Unexpected,
    "Bad URL": Unexpected,
}


def failure_for(status: int, headers: Mapping[str, str] | HTTPMessage, body: bytes) -> StorageError:
    """Return the error of the taxonomy for an answer that is none of success."""
    sentence = " ".join(body.decode(errors="replace").split())[:200]
    kind = next((kind for start, kind in _BY_SENTENCE.items() if sentence.startswith(start)), None)
    # where a link was followed, and where the answer has no text: a HEAD is a conflict only with links in a circle
    if kind is None and ((status == 404 and "Content-Location" in headers) or (status == 409 and not body)):
        kind = LeadsNowhere
    kind = kind or _BY_STATUS.get(status) or (ServiceInternal if status >= 500 else Unexpected)
    return kind(f"{sentence or 'no text'} (HTTP {status})")
