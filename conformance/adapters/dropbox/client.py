"""How Dropbox is reached: where the folder is, the client shared by all, and its errors as ours.

The SDK is imported inside the functions only, so that the package works without it.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.adapters.libraries import Attempt, library
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectMode,
    ObjectModeInvalid,
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
    from collections.abc import Mapping

TOKEN = "DROPBOX_ACCESS_TOKEN"  # noqa: S105 - the name of the variable
"""The environment variable that holds the access token."""
NOT_MODIFIED, UNSATISFIABLE = 304, 416


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One folder of the account that the token belongs to, and how to talk to it."""

    prefix: str = ""
    """Every path begins with it; ``""`` is the root, any other begins with ``/``."""
    endpoint: str | None = None
    """Base URL of a simulator, such as ``http://127.0.0.1:8080``; ``None`` is Dropbox itself."""
    timeout: float = 15.0
    """Seconds to wait for a connection, and for each answer."""
    page_size: int = 7
    """Entries asked for in one page of a listing, 1 to 2000. Small, so that short listings have page edges too."""


class FileInTheWay(PreconditionFailed):
    """A file is where nothing may be replaced."""


class RangeNotSatisfiable(Unexpected):
    """The range asked for begins behind the end of the file (HTTP 416)."""


class IncorrectOffset(Unexpected):
    """An upload session has got another number of bytes than its client thinks."""

    def __init__(self, correct: int) -> None:
        super().__init__(f"incorrect_offset: the upload session has {correct} bytes")
        self.correct = correct


def client_for(location: Location) -> Any:
    """Return a client of the account; all of one token and endpoint share their connections.

    Requests are sent once, whatever happens: a retry would hide the fault that a check is looking for.

    Raises:
        ConnectionStringInvalid: the SDK is not installed, or there is no token.

    """
    token = os.environ.get(TOKEN, "")
    if not token:
        raise ConnectionStringInvalid(f"no credentials for {location.endpoint or 'Dropbox'}: set {TOKEN}")
    return _client(token, location.endpoint, location.timeout)


@lru_cache(maxsize=32)
def _client(token: str, endpoint: str | None, timeout: float) -> Any:
    # What the SDK logs of each request goes to those who listen, and not to stderr.
    logging.getLogger("dropbox").addHandler(logging.NullHandler())
    return sdk().Dropbox(
        token,
        session=None if endpoint is None else _session_at(endpoint),
        max_retries_on_error=0,
        max_retries_on_rate_limit=0,
        timeout=timeout,
    )


def _session_at(endpoint: str) -> Any:
    """Return a session of requests that sends to ``endpoint`` what the SDK addresses to the hosts of Dropbox."""
    requests: Any = import_module("requests")
    adapter: Any = requests.adapters.HTTPAdapter

    class Redirected(adapter):
        def send(self, request: Any, *arguments: Any, **parameters: Any) -> Any:
            request.url = endpoint.rstrip("/") + str(urlsplit(str(request.url)).path)
            return adapter.send(self, request, *arguments, **parameters)

    session = requests.Session()
    session.trust_env = False  # the proxies of the environment are for the hosts of Dropbox
    session.mount("https://", Redirected())
    return session


def sdk() -> Any:
    """Return the module dropbox.

    Raises:
        ConnectionStringInvalid: it is not installed.

    """
    return library("dropbox", "dropbox", needed_by="Dropbox", package="its SDK")


_BY_TAG: Mapping[str, type[StorageError]] = {
    "not_found": ObjectNotExist,
    "too_many_requests": RequestThrottled,
    "too_many_write_operations": RequestThrottled,
    "no_write_permission": PermissionDenied,
    "access_restricted": PermissionDenied,
    "payload_too_large": RestrictionDissatisfied,
    "too_large": RestrictionDissatisfied,
    "internal_error": ServiceInternal,
}
_FILE, _DIRECTORY = ObjectMode.READ, ObjectMode.DIR
_WRONG_KIND: Mapping[str, tuple[ObjectMode, ObjectMode]] = {
    "folder": (_FILE, _DIRECTORY),
    "not_file": (_FILE, _DIRECTORY),
    "not_folder": (_DIRECTORY, _FILE),
    "file_ancestor": (_DIRECTORY, _FILE),
}
"""What was needed and what is there, by the last tag of an error."""


def translated(error: Any) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of the SDK says (AOS-47, GSP-127)."""
    exceptions: Any = import_module("dropbox.exceptions")
    text = " ".join(str(error).split())
    if isinstance(error, exceptions.ApiError):
        return failure_for(error.error)
    if isinstance(error, exceptions.AuthError):
        return PermissionDenied(text)
    if isinstance(error, exceptions.RateLimitError):
        return RequestThrottled(text)
    if isinstance(error, exceptions.InternalServerError):
        return ServiceInternal(text)
    if isinstance(error, exceptions.HttpError):
        status: int = error.status_code
        kind = {NOT_MODIFIED: PreconditionFailed, UNSATISFIABLE: RangeNotSatisfiable}.get(status, Unexpected)
        return kind(text)
    return Unexpected(f"{type(error).__name__}: {text}")


attempt = Attempt(translated)


def failure_for(union: Any) -> StorageError:
    """Return the error of the taxonomy for the union that an endpoint refuses with."""
    words: list[str] = []
    at = union
    while hasattr(at, "_tag"):
        words.append(at._tag)  # noqa: SLF001 - every union of the SDK has it, and no public name for it
        at = at._value  # noqa: SLF001 - likewise
        at = getattr(at, "reason", at)  # of UploadWriteFailed
    last, text = words[-1] if words else "", "/".join(words) or str(union)
    if last == "incorrect_offset":
        return IncorrectOffset(at.correct_offset)
    if words[-2:] == ["conflict", "file"]:
        return FileInTheWay(text)
    if last in _WRONG_KIND:
        expected, actual = _WRONG_KIND[last]
        return ObjectModeInvalid(expected=expected, actual=actual)
    return _BY_TAG.get(last, Unexpected)(text)
