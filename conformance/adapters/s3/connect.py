"""Connection strings of S3 servers: ``s3://bucket/prefix?endpoint=URL&…``."""

from __future__ import annotations

from conformance.adapters.connection import Connection, address, leads_to
from conformance.adapters.options import Options, choice, endpoint, flag, lacking, number, text
from conformance.adapters.s3.bucket import Bucket
from conformance.adapters.s3.client import Location
from conformance.adapters.s3.storage import S3

FEATURE_OPTIONS: Options = {
    "name_maximum": number(int, 1, 1024),
    "metadata_value_maximum": number(int, 1, 2048),
    "part_gaps": flag,
    "backslash_separates": flag,
    "control_characters": flag,
    "md5_etags": flag,
    "directories": choice("native", "virtual", "none"),
    "segments": choice("index"),
}
"""Fields of ``Features`` that an S3 server may declare to differ in, such as ``name_maximum=255``."""

OPTIONS: Options = {
    "endpoint": endpoint,
    "region": text,
    "create": flag,
    "addressing": choice("path", "virtual"),
    "timeout": number(float, 0.1, 600),
    "page_size": number(int, 1, 1000),
    "part_minimum": number(int, 0, 5 * 1024**3),
    "parts_maximum": number(int, 1, 10_000),
    "checksums": choice("required", "default"),
    "bare_etags": flag,
    "without": lacking(S3.implements, "S3"),
    **FEATURE_OPTIONS,
}
"""Options of ``s3://`` connections: ``create=true`` makes a missing bucket, all others are fields of ``Location``. What
a server does not have is named as in ``without=delete_many,content_sha256,copy.if_match``; it is then neither declared
nor sent."""


def connect(spec: str) -> Connection:
    """Return the connection to the bucket that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no bucket, or an option is wrong.

    """
    parts = address(
        spec,
        "s3://bucket/prefix?endpoint=URL",
        OPTIONS,
        what="bucket",
        instead="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )
    options = parts.options
    create: bool = options.pop("create", False)
    declares = tuple((name, options.pop(name)) for name in FEATURE_OPTIONS if name in options)
    location = Location(bucket=parts.place, prefix=parts.prefix, declares=declares, **options)
    bucket = Bucket(location, create=create)
    at = f"at {location.endpoint}" if location.endpoint else "at Amazon, or where the AWS configuration points"
    return leads_to(
        bucket,
        spec=spec,
        name=parts.name,
        describe=f"the S3 bucket {location.bucket}{f' below {parts.prefix}/' if parts.prefix else ''} {at}",
    )
