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
    "ipfs": "conformance.adapters.ipfs.connect",
    "swift": "conformance.adapters.swift.connect",
    "exec": "conformance.adapters.harness.connect",
    "redis": "conformance.adapters.redis.connect",
    "fsspec": "conformance.adapters.fsspec_layer.connect",
    "obstore": "conformance.adapters.obstore_layer.connect",
    "opendal": "conformance.adapters.opendal_layer.connect",
    "opendal-async": "conformance.adapters.opendal_layer.connect",
    "pyarrow": "conformance.adapters.pyarrow_layer.connect",
    "webdav": "conformance.adapters.webdav.connect",
    "webdavs": "conformance.adapters.webdav.connect",
    "ftp": "conformance.adapters.ftp.connect",
    "sftp": "conformance.adapters.sftp.connect",
    "dropbox": "conformance.adapters.dropbox.connect",
    "gcs": "conformance.adapters.gcs.connect",
    "smb": "conformance.adapters.smb.connect",
    "postgres": "conformance.adapters.postgres.connect",
    "upload-controller": "conformance.adapters.upload_controller.connect",
}
"""The module that makes the connection, by the scheme that its strings begin with."""

EMBEDDED = frozenset({"memory", "moto"})
"""Schemes that take no address: somebody's own module may have the same name."""

WAYS = (
    "memory, fs, fs:/some/dir, moto, s3://bucket/prefix?endpoint=URL, another of "
    f"{', '.join(sorted(SCHEMES.keys() - {'memory', 'fs', 'moto', 's3'}))}, or package.module:opener"
)
"""What an operator may write, for messages."""
