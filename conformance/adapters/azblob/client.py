"""How a container of Azure Blob Storage is reached: where it is, the client shared by all, and its errors as ours.

The SDK is imported inside the functions only, so that the package works without it.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from conformance.adapters.libraries import Attempt, library
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

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB = 1024 * 1024
WRITE_MAXIMUM = 5000 * MIB
"""Bytes that one Put Blob takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLocation:
    """One container (or a prefix of it) on one endpoint, and how to talk to it."""

    container: str
    prefix: str = ""
    """Every name begins with it and a ``/``; ``""`` is the whole container."""
    endpoint: str | None = None
    """Base URL such as ``http://127.0.0.1:10000/account``; ``None`` is that of the environment, else Azure's own."""
    timeout: float = 5.0
    """Seconds to wait for a connection, and for each answer."""
    page_size: int = 7
    """Entries asked for in one page of a listing, 1 to 5000. Small, so that short listings have page edges too."""


class Account(NamedTuple):
    """A storage account: its name, its key, and the URL of its blob service."""

    name: str
    key: str
    endpoint: str


class RangeNotSatisfiable(Unexpected):
    """The range asked for begins behind the end of the blob (HTTP 416)."""


class WrongBlobType(Unexpected):
    """The blob is of another type than the operation needs."""


def account_of(location: ContainerLocation) -> Account:
    """Return the account that the environment names, as Azure's own tools read it.

    Raises:
        ConnectionStringInvalid: the environment names none, or not its key.

    """
    given = os.environ.get("AZURE_STORAGE_CONNECTION_STRING", "")
    settings = dict(part.split("=", 1) for part in given.split(";") if "=" in part)
    name = settings.get("AccountName") or os.environ.get("AZURE_STORAGE_ACCOUNT", "")
    key = settings.get("AccountKey") or os.environ.get("AZURE_STORAGE_KEY", "")
    if not name or not key:
        raise ConnectionStringInvalid(
            f"no credentials for {location.endpoint or 'Azure'}: set AZURE_STORAGE_CONNECTION_STRING, "
            "or AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY",
        )
    azure = f"https://{name}.blob.{settings.get('EndpointSuffix', 'core.windows.net')}"
    return Account(name, key, location.endpoint or settings.get("BlobEndpoint") or azure)


def client_for(location: ContainerLocation) -> Any:
    """Return a client of the container; all of one account share their connections.

    Requests are sent once, whatever happens: a retry would hide the fault that a check is looking for.

    Raises:
        ConnectionStringInvalid: the SDK is not installed, or there are no credentials.

    """
    return _service(account_of(location), location.timeout).get_container_client(location.container)


@lru_cache(maxsize=32)
def _service(account: Account, timeout: float) -> Any:
    # What the SDK logs of answers that it cannot read goes to those who listen, and not to stderr.
    logging.getLogger("azure").addHandler(logging.NullHandler())
    return sdk().BlobServiceClient(
        account.endpoint,
        credential={"account_name": account.name, "account_key": account.key},
        retry_total=0,
        connection_timeout=timeout,
        read_timeout=timeout,
        max_single_put_size=WRITE_MAXIMUM,
    )


def sdk() -> Any:
    """Return the module azure.storage.blob.

    Raises:
        ConnectionStringInvalid: it is not installed.

    """
    return library("azure.storage.blob", "azblob", needed_by="Azure", package="azure-storage-blob")


_BY_CODE: Mapping[str, type[StorageError]] = {
    "BlobNotFound": ObjectNotExist,
    "BlobAlreadyExists": PreconditionFailed,  # how Azure answers If-None-Match: * where there is a blob
    "InvalidBlobType": WrongBlobType,
    "InvalidRange": RangeNotSatisfiable,
    "ServerBusy": RequestThrottled,
    "OperationTimedOut": ServiceInternal,
    "RequestBodyTooLarge": RestrictionDissatisfied,
    "BlockCountExceedsLimit": RestrictionDissatisfied,
    "MetadataTooLarge": RestrictionDissatisfied,
    "OutOfRangeInput": RestrictionDissatisfied,
    "InvalidMetadata": MetadataUnrecognized,  # names have to be identifiers of C#
    "ContainerNotFound": Unexpected,
}
_BY_STATUS: Mapping[int, type[StorageError]] = {
    304: PreconditionFailed,
    401: PermissionDenied,
    403: PermissionDenied,
    404: ObjectNotExist,
    412: PreconditionFailed,
    429: RequestThrottled,
}


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of the SDK says (AOS-47, GSP-127)."""
    if not isinstance(error, import_module("azure.core.exceptions").HttpResponseError):
        return Unexpected(f"{type(error).__name__}: {_first_line(error)}")
    told: Any = getattr(error, "error_code", None) or ""
    return failure_for(int(getattr(error, "status_code", None) or 0), getattr(told, "value", told), _first_line(error))


attempt = Attempt(translated)


def failure_for(status: int, code: str, message: str) -> StorageError:
    """Return the error of the taxonomy for an answer with this status and Azure's code for it."""
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status) or (ServiceInternal if status >= 500 else Unexpected)
    return kind(f"{code or 'no code'}: {message} (HTTP {status})")


def _first_line(error: Exception) -> str:
    return " ".join((str(error).splitlines() or [""])[0].split())
