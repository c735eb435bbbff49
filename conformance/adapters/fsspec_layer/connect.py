"""Connection strings of fsspec: ``fsspec:protocol?root=/dir&option=value``.

==============================================  ============================================================
``fsspec:memory``                               the memory of this process; ``?global_store=false`` of this connection
``fsspec:file?root=/some/dir&auto_mkdir=true``  a directory; without ``auto_mkdir``, parents have to be there
``fsspec:webdav?base_url=URL&root=/dir``        and so on: any protocol that is installed
==============================================  ============================================================

Options are the ``storage_options`` of the protocol, besides ours (:mod:`conformance.adapters.layers.address`); what is
JSON is read as such. Clients are ``DirFileSystem`` of their ``work_dir`` over one file system. Those that keep listings
are told not to with ``use_listings_cache=false``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.adapters.fsspec_layer.storage import FSSpec
from conformance.adapters.layers.address import Kind, place
from conformance.adapters.layers.connection import connection
from conformance.adapters.libraries import library
from conformance.storage import ConnectionStringInvalid, Storage

if TYPE_CHECKING:
    from conformance.adapters.connection import Connection

_COMMON = ("asynchronous", "use_listings_cache", "listings_expiry_time", "max_paths", "skip_instance_cache")
_DISK = Kind(local=True, takes=("auto_mkdir", *_COMMON))

KINDS = {
    "file": _DISK,
    "local": _DISK,
    "memory": Kind(declares={"name_maximum": None}, takes=("global_store", *_COMMON)),
    "sftp": Kind(without=("copy",)),
    "ssh": Kind(without=("copy",)),
}
"""What fsspec does not tell of its file systems: in memory names have no limit, SFTP does not copy; and which options
those have that ignore all others."""


def connect(spec: str) -> Connection:
    """Return the connection to the file system that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no protocol, or an option is wrong.

    """
    where = place(spec, KINDS, FSSpec.implements, "fsspec:file?root=/some/dir")

    @cache
    def filesystem() -> Any:
        fsspec = library("fsspec", "fsspec")
        try:
            return fsspec.filesystem(where.kind, skip_instance_cache=True, **where.typed())
        except (ValueError, TypeError, ImportError) as error:
            text = str(error)
        raise ConnectionStringInvalid(f"fsspec makes no file system of {where.name}: {text}")

    def opened(work_dir: str) -> Storage:
        directory = library("fsspec.implementations.dirfs", "fsspec").DirFileSystem
        path = f"{where.root}{work_dir}".rstrip("/") or "/"
        return FSSpec(directory(path=path, fs=filesystem(), skip_instance_cache=True), where, work_dir)

    return connection(spec, where, "fsspec", opened)
