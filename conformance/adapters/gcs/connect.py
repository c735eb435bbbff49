"""Connection strings of Google Cloud Storage and its emulators: ``gcs://bucket/prefix?endpoint=URL&…``."""

from __future__ import annotations

from conformance.adapters.connection import Connection, address, leads_to
from conformance.adapters.gcs.bucket import Bucket
from conformance.adapters.gcs.client import Location
from conformance.adapters.gcs.storage import GoogleCloudStorage
from conformance.adapters.options import Options, endpoint, flag, lacking, number

OPTIONS: Options = {
    "endpoint": endpoint,
    "create": flag,
    "timeout": number(float, 0.1, 600),
    "page_size": number(int, 1, 1000),
    "without": lacking(GoogleCloudStorage.implements, "Google Cloud Storage"),
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
