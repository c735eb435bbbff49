"""The schemes of connection strings, and the module that reads each: it is imported when its scheme is used.

A module of this table has ``connect(spec: str) -> Connection``.
"""

from __future__ import annotations

from collections.abc import Mapping

SCHEMES: Mapping[str, str] = {
    "memory": "conformance.adapters.memory.connect",
    "fs": "conformance.adapters.fs.connect",
    "moto": "conformance.adapters.s3.connect_moto",
    "s3": "conformance.adapters.s3.connect",
    "azblob": "conformance.adapters.azblob.connect",
    "exec": "conformance.adapters.harness.connect",
    "redis": "conformance.adapters.redis.connect",
}
"""The module that makes the connection, by the scheme that its strings begin with."""

EMBEDDED = frozenset({"memory", "moto"})
"""Schemes that take no address: somebody's own module may have the same name."""

WAYS = (
    "memory, fs, fs:/some/dir, moto, s3://bucket/prefix?endpoint=URL, azblob://container/prefix?endpoint=URL, "
    "or package.module:opener"
)
"""What an operator may write, for messages."""
