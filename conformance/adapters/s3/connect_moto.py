"""Connection strings of moto in this process: ``moto``; ``moto:?segments=index`` has its uploads also as segments."""

from __future__ import annotations

from conformance.adapters.connection import Connection
from conformance.adapters.options import read_options
from conformance.adapters.s3.connect import FEATURE_OPTIONS
from conformance.adapters.s3.moto import moto_version, open_moto, open_moto_with_segments
from conformance.storage import ConnectionStringInvalid


def connect(spec: str) -> Connection:
    """Return a connection to the bucket that all clients of this process share.

    Raises:
        ConnectionStringInvalid: an option is wrong.

    """
    rest, _, query = spec.removeprefix("moto").partition("?")
    if rest not in {"", ":"}:
        raise ConnectionStringInvalid(f"{spec!r} is not understood: write moto or moto:?segments=index")
    options = read_options(query, {"segments": FEATURE_OPTIONS["segments"]})
    return Connection(
        spec=spec,
        name=spec,
        describe="S3 through moto in this process" + (", its uploads also as segments" if options else ""),
        open=open_moto_with_segments if options else open_moto,
        prepare=lambda: open_moto("/").close(),
        version=lambda: f"moto {moto_version()}",
    )
