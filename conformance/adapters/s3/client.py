"""How a bucket is reached: where it is, the client shared by all who use it, and its errors in our taxonomy.

boto3 is imported inside the functions only, so that the package works without it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from conformance.adapters.libraries import Attempt, library
from conformance.storage import (
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

# What the AWS chain reads from the environment: two backends with different credentials never share a client.
_CHAIN = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """One bucket (or a prefix of it) on one endpoint, and how to talk to it."""

    bucket: str
    prefix: str = ""
    """Every key begins with it and a ``/``; ``""`` is the whole bucket."""
    endpoint: str | None = None
    """Base URL such as ``http://127.0.0.1:9000``; ``None`` is AWS."""
    region: str | None = None
    """``None`` is the region of the AWS chain, else ``us-east-1``."""
    addressing: Literal["path", "virtual"] = "path"
    """Whether the bucket is named in the path or in the host name."""
    timeout: float = 5.0
    """Seconds to wait for a connection, and for each answer."""
    checksums: Literal["required", "default"] = "required"
    """``default`` adds boto3's own checksums to every request, which some servers refuse."""
    page_size: int = 7
    """Entries asked for in one page of a listing, 1 to 1000. Small, so that short listings have page edges too."""
    part_minimum: int = 5 * MIB
    """Smallest size in bytes of a part that is not the last; 0 when the service sets none."""
    parts_maximum: int = 10_000
    """Most parts of an upload; they are numbered up to it."""
    declares: tuple[tuple[str, Any], ...] = ()
    """Names and values of :class:`Features` in which this server differs from Amazon's."""
    bare_etags: bool = False
    """The bodies of this server's answers tell ETags without the quotes that its headers have; they are put on."""
    without: tuple[str, ...] = ()
    """What this server does not have: an operation, an optional argument of all operations, or ``operation.pair``. It
    is neither declared nor accepted."""


class RangeNotSatisfiable(Unexpected):
    """The range asked for begins behind the end of the object (HTTP 416)."""


def client_for(location: Location) -> Any:
    """Return the process's one boto3 client for the endpoint, region and credentials of ``location``.

    Requests are sent once, whatever happens: a retry would hide the fault that a check is looking for.

    Raises:
        ConnectionStringInvalid: boto3 is not installed.

    """
    anywhere = replace(
        location,
        bucket="",
        prefix="",
        page_size=0,
        part_minimum=0,
        parts_maximum=1,
        declares=(),
        bare_etags=False,
        without=(),
    )
    return _client(anywhere, tuple(os.environ.get(name) for name in _CHAIN))


@lru_cache(maxsize=32)
def _client(location: Location, _environment: tuple[str | None, ...]) -> Any:
    session = boto3().Session()
    return session.client(
        "s3",
        endpoint_url=location.endpoint,
        region_name=location.region or session.region_name or "us-east-1",
        config=client_config(location),
    )


def boto3() -> Any:
    """Return the module boto3.

    Raises:
        ConnectionStringInvalid: it is not installed.

    """
    return library("boto3", "s3", needed_by="S3")


def client_config(location: Location) -> Any:
    """Return the botocore configuration under which services are checked."""
    checksum = "when_required" if location.checksums == "required" else "when_supported"
    return import_module("botocore.config").Config(
        signature_version="s3v4",
        s3={"addressing_style": location.addressing},
        retries={"total_max_attempts": 1},
        connect_timeout=location.timeout,
        read_timeout=location.timeout,
        max_pool_connections=32,
        request_checksum_calculation=checksum,
        response_checksum_validation=checksum,
    )


_BY_CODE: Mapping[str, type[StorageError]] = {
    "NoSuchKey": ObjectNotExist,
    "NoSuchUpload": ObjectNotExist,
    "AccessDenied": PermissionDenied,
    "InvalidAccessKeyId": PermissionDenied,
    "SignatureDoesNotMatch": PermissionDenied,
    "ExpiredToken": PermissionDenied,
    "InvalidToken": PermissionDenied,
    "SlowDown": RequestThrottled,
    "TooManyRequests": RequestThrottled,
    "Throttling": RequestThrottled,
    "ThrottlingException": RequestThrottled,
    "EntityTooSmall": RestrictionDissatisfied,
    "EntityTooLarge": RestrictionDissatisfied,
    "KeyTooLongError": RestrictionDissatisfied,
    "MetadataTooLarge": RestrictionDissatisfied,
    "InvalidRange": RangeNotSatisfiable,
    "PreconditionFailed": PreconditionFailed,
    "NotModified": PreconditionFailed,
    "NoSuchBucket": Unexpected,
    "NotImplemented": Unexpected,
}
_BY_STATUS: Mapping[int, type[StorageError]] = {
    304: PreconditionFailed,
    403: PermissionDenied,
    404: ObjectNotExist,
    412: PreconditionFailed,
    416: RangeNotSatisfiable,
    429: RequestThrottled,
}


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of boto3 says (AOS-47, GSP-127)."""
    if not isinstance(error, import_module("botocore.exceptions").ClientError):
        return Unexpected(f"{type(error).__name__}: {' '.join(str(error).split())}")
    answer: Mapping[str, Any] = getattr(error, "response")  # noqa: B009 - boto3 is untyped
    code = str(answer.get("Error", {}).get("Code", ""))
    message = answer.get("Error", {}).get("Message", "")
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return of_code(code, f"{message} (HTTP {status})", status)


attempt = Attempt(translated)


def of_code(code: str, message: str, status: int = 0) -> StorageError:
    """Return the error of the taxonomy for a code of S3, or for an HTTP status when the code says nothing."""
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status) or (ServiceInternal if status >= 500 else Unexpected)
    return kind(f"{code}: {message}")
