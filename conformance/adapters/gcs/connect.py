"""Connection strings of Google Cloud Storage and its emulators: ``gcs://bucket/prefix?endpoint=URL&…``."""

from __future__ import annotations

from conformance.adapters.connection import Connection, address, leads_to
from conformance.adapters.gcs.bucket import Bucket
from conformance.adapters.gcs.client import Location
from conformance.adapters.gcs.storage import GoogleCloudStorage
from conformance.adapters.options import Options, endpoint, flag, number


def _without(text: str) -> tuple[str, ...]:
    """Return what an emulator lacks: operations, optional arguments, or ``operation.argument``, with commas."""
    words = tuple(text.split(","))
    known = GoogleCloudStorage.implements
    every = {*known, *(pair for pairs in known.values() for pair in pairs)}
    every |= {f"{op}.{pair}" for op, pairs in known.items() for pair in pairs}
    for word in words:
        if word not in every:
            raise ValueError(f"names {word!r}, which is no operation and no optional argument of Google Cloud Storage")
    return words


OPTIONS: Options = {
    "endpoint": endpoint,
    "create": flag,
    "timeout": number(float, 0.1, 600),
    "page_size": number(int, 1, 1000),
    "without": _without,
}
"""Options of ``gcs://`` connections: ``create=true`` makes a missing bucket, all others are fields of ``Location``."""


def connect(spec: str) -> Connection:
    """Return the connection to the bucket that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no bucket, or an option is wrong.

    """
    parts = address(
        spec, "gcs://bucket/prefix?endpoint=URL", OPTIONS, what="bucket", instead="GOOGLE_APPLICATION_CREDENTIALS"
    )
    create: bool = parts.options.pop("create", False)
    location = Location(bucket=parts.place, prefix=parts.prefix, **parts.options)
    bucket = Bucket(location, create=create)
    at = f"at {location.endpoint}" if location.endpoint else "at Google Cloud Storage"
    below = f" below {parts.prefix}/" if parts.prefix else ""
    return leads_to(
        bucket,
        spec=spec,
        name=parts.name,
        describe=f"the bucket {location.bucket}{below} {at}",
    )
