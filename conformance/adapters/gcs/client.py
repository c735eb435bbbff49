"""How a bucket of Google Cloud Storage is reached: where it is, the client shared by all, and its errors as ours.

The SDK is imported inside the functions only, so that the package works without it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from conformance.adapters.libraries import Attempt, library
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
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One bucket (or a prefix of it) at one endpoint, and how to talk to it."""

    bucket: str
    prefix: str = ""
    """Every name begins with it and a ``/``; ``""`` is the whole bucket."""
    endpoint: str | None = None
    """Base URL of an emulator, to which no credentials are shown; ``None`` is Google's own."""
    timeout: float = 15.0
    """Seconds to wait for a connection, and for each answer."""
    page_size: int = 7
    """Entries asked for in one page of a listing, 1 to 1000. Small, so that short listings have page edges too."""
    without: tuple[str, ...] = ()
    """What an emulator lacks: operations, optional arguments, or ``operation.argument``."""


class RangeNotSatisfiable(Unexpected):
    """The range asked for begins behind the end of the object (HTTP 416)."""


def client_for(location: Location) -> Any:
    """Return a client; all of one endpoint share their connections.

    Raises:
        ConnectionStringInvalid: the SDK is not installed, or there are no credentials.

    """
    return _client(location.endpoint)


@lru_cache(maxsize=32)
def _client(endpoint: str | None) -> Any:
    storage = sdk()
    if endpoint is not None:
        anonymous = import_module("google.auth.credentials").AnonymousCredentials()
        return _quiet(storage.Client("conformance", anonymous, client_options={"api_endpoint": endpoint}))
    try:
        return _quiet(storage.Client(os.environ.get("GOOGLE_CLOUD_PROJECT")))
    except (import_module("google.auth.exceptions").GoogleAuthError, OSError) as error:
        text = " ".join(str(error).split())
    raise ConnectionStringInvalid(f"no credentials for Google Cloud Storage: {text}")


def _quiet(client: Any) -> Any:
    """Return a client that sends what it is asked to send, and does not look at its bucket in threads of its own."""
    client._bucket_metadata_cache = None  # noqa: SLF001 - there is no option; what it learns is for traces only
    return client


def sdk() -> Any:
    """Return the module google.cloud.storage.

    Raises:
        ConnectionStringInvalid: it is not installed.

    """
    return library("google.cloud.storage", "gcs", needed_by="Google Cloud Storage", package="google-cloud-storage")


_BY_STATUS: Mapping[int, type[StorageError]] = {
    304: PreconditionFailed,
    401: PermissionDenied,
    403: PermissionDenied,
    404: ObjectNotExist,
    412: PreconditionFailed,
    413: RestrictionDissatisfied,
    416: RangeNotSatisfiable,
    429: RequestThrottled,
}


def translated(error: Any) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of the SDK says (AOS-47, GSP-127)."""
    text = " ".join(str(error).split())
    auth: Any = import_module("google.auth.exceptions")
    if isinstance(error, auth.InvalidOperation | auth.RefreshError):
        return PermissionDenied(text)  # after HTTP 401 the SDK asks for other credentials, and there are none
    if not isinstance(error, import_module("google.api_core.exceptions").GoogleAPICallError):
        return Unexpected(f"{type(error).__name__}: {text}")
    return failure_for(int(error.code or 0), text)


attempt = Attempt(translated)


def failure_for(status: int, text: str) -> StorageError:
    """Return the error of the taxonomy for an answer with this status."""
    if "bucket does not exist" in text:
        return Unexpected(text)
    return (_BY_STATUS.get(status) or (ServiceInternal if status >= 500 else Unexpected))(text)
