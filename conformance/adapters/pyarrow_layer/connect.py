"""Connection strings of Apache Arrow: ``pyarrow:kind?option=value``.

=========================================================================  ========================================
``pyarrow:local?root=/some/dir``                                           a directory
``pyarrow:s3?root=bucket/prefix&endpoint_override=host:port&scheme=http``  an S3 bucket; credentials as AWS_… variables
``pyarrow:gcs?root=bucket``, ``pyarrow:azure?root=c&account_name=a``       the other two clouds
=========================================================================  ========================================

Options are the arguments of the file system's class, besides ours (:mod:`conformance.adapters.layers.address`); what is
JSON is read as such. Clients are ``SubTreeFileSystem`` of their ``work_dir``. Requests to S3 are sent once: a retry
would hide the fault that a check is looking for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.adapters.layers.address import Kind, place
from conformance.adapters.layers.connection import connection
from conformance.adapters.libraries import library
from conformance.adapters.options import meant
from conformance.adapters.pyarrow_layer.storage import PyArrow
from conformance.storage import ConnectionStringInvalid, Storage

if TYPE_CHECKING:
    from conformance.adapters.connection import Connection

_APPENDER = ("create_append", "write_append", "commit_append")
_HEADERS = ("content_type", "cache_control", "content_language")
_CLASSES = {"local": "LocalFileSystem", "s3": "S3FileSystem", "gcs": "GcsFileSystem", "azure": "AzureFileSystem"}
_CLOUD = Kind(declares={"name_maximum": None}, without=_APPENDER)

KINDS = {"local": Kind(without=_HEADERS, local=True), "s3": _CLOUD, "gcs": _CLOUD, "azure": _CLOUD}
"""What pyarrow's documentation says of each: only the local one appends, only those of clouds keep metadata. All are
file systems, also where keys are flat."""


def connect(spec: str) -> Connection:
    """Return the connection to the file system that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no file system, or an option is wrong.

    """
    where = place(spec, KINDS, PyArrow.implements, "pyarrow:local?root=/some/dir")
    if where.kind not in _CLASSES:
        hint = meant(where.kind, _CLASSES)
        raise ConnectionStringInvalid(f"pyarrow has no file system {where.kind}{hint}; there are {', '.join(_CLASSES)}")
    if not where.root:
        raise ConnectionStringInvalid(f"{spec!r} names no root, which is a directory or a bucket: root=…")

    def filesystem() -> Any:
        fs = library("pyarrow.fs", "pyarrow")
        options = where.typed()
        if where.kind == "s3":
            options = {"retry_strategy": fs.AwsStandardS3RetryStrategy(max_attempts=1), **options}
        try:
            return getattr(fs, _CLASSES[where.kind])(**options)
        except (OSError, TypeError, ValueError) as error:
            text = str(error)
        raise ConnectionStringInvalid(f"pyarrow makes no file system of {where.name}: {text}")

    def opened(work_dir: str) -> Storage:
        fs, root = filesystem(), f"{where.root}{work_dir}"
        below = library("pyarrow.fs", "pyarrow").SubTreeFileSystem(root.rstrip("/"), fs)

        def make(directory: str) -> None:
            fs.create_dir(root + directory)

        return PyArrow(below, where, work_dir, make if where.kind == "local" else None)

    return connection(spec, where, "pyarrow", opened)
