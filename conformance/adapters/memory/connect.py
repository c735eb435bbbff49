"""Connection strings of the reference storage.

=============================  ============================================================
``memory``                     the reference storage, its segments by index
``memory:?segments=offset``    the reference storage with the other kind of segments (Prop-24)
=============================  ============================================================
"""

from __future__ import annotations

from conformance.adapters.connection import Connection
from conformance.adapters.memory.service import MemoryService
from conformance.adapters.options import Options, choice, read_options
from conformance.storage import ConnectionStringInvalid

OPTIONS: Options = {"segments": choice("index", "offset")}


def connect(spec: str) -> Connection:
    """Return a connection with data of its own.

    Raises:
        ConnectionStringInvalid: an option is wrong.

    """
    rest, _, query = spec.removeprefix("memory").partition("?")
    if rest not in {"", ":"}:
        raise ConnectionStringInvalid(f"{spec!r} is not understood: write memory or memory:?segments=offset")
    service = MemoryService()
    if read_options(query, OPTIONS).get("segments", "index") == "index":
        return Connection(spec=spec, name="memory", describe="the reference storage in memory", open=service.open)
    return Connection(
        spec=spec,
        name=spec,
        describe="the reference storage in memory, with segments by offset",
        open=service.open_by_offset,
    )
