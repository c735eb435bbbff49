"""Connection strings of obstore: ``obstore:kind?option=value``.

=====================================================================  ==========================================
``obstore:memory``                                                     the memory of this process
``obstore:local?root=/some/dir``                                       a directory
``obstore:s3?bucket=b&endpoint=URL&region=us-east-1&allow_http=true``  an S3 bucket; credentials as AWS_… variables
``obstore:gcs?bucket=b``, ``obstore:azure?container=c``                the other two clouds
=====================================================================  ==========================================

Options are the configuration of the store, or the arguments of ``LocalStore``, besides ours
(:mod:`conformance.adapters.layers.address`). One store serves all clients, and the ``work_dir`` is put before the
paths. Requests are sent once: a retry would hide the fault that a check is looking for.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from conformance.adapters.layers.address import Kind, place
from conformance.adapters.layers.connection import connection
from conformance.adapters.libraries import library
from conformance.adapters.obstore_layer.storage import ObStore
from conformance.adapters.options import meant
from conformance.storage import ConnectionStringInvalid, Storage

if TYPE_CHECKING:
    from conformance.adapters.connection import Connection

_NO_ATTRIBUTES = (
    *("content_type", "content_disposition", "cache_control", "content_encoding", "content_language"),
    "user_metadata",
)
_CLOUD = {"metadata_exact": False, "control_characters": False}
_CLASSES = {"memory": "MemoryStore", "local": "LocalStore", "s3": "S3Store", "gcs": "GCSStore", "azure": "AzureStore"}

KINDS = {
    "memory": Kind(declares={"control_characters": False}, without=("reach",)),
    "local": Kind(
        declares={"directories": "native", "name_maximum": 253, "control_characters": False},
        without=(*_NO_ATTRIBUTES, "reach", "write.if_match"),
        local=True,
    ),
    "s3": Kind(declares=_CLOUD, without=("copy.if_none_match", "move.if_none_match")),
    "gcs": Kind(declares=_CLOUD),
    "azure": Kind(declares={**_CLOUD, "metadata_identifiers": True, "backslash_separates": True}, without=("suffix",)),
}
"""What the documentation of object_store says of each store: paths have no control characters, directories of the disk
are real and its names have two characters less than they could (a write is staged under the name with #1), the disk
has no attributes and no conditional update, S3 copies over what is there unless it is configured, Azure has no
ranges from the end."""


def connect(spec: str) -> Connection:
    """Return the connection to the store that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no store, or an option is wrong.

    """
    where = place(spec, KINDS, ObStore.implements, "obstore:local?root=/some/dir")
    if where.kind not in _CLASSES:
        hint = meant(where.kind, _CLASSES)
        raise ConnectionStringInvalid(f"obstore has no store {where.kind}{hint}; there are {', '.join(_CLASSES)}")

    @cache
    def store() -> Any:
        kind = getattr(library("obstore.store", "obstore"), _CLASSES[where.kind])
        try:
            if where.kind == "memory":
                return kind(**where.typed())
            if where.kind == "local":
                return kind(where.root, **where.typed())
            return kind(config=dict(where.options), retry_config={"max_retries": 0})
        except Exception as error:  # noqa: BLE001 - obstore's own, and TypeError for an argument that there is not
            text = (str(error).splitlines() or [""])[0]
        raise ConnectionStringInvalid(f"obstore makes no store of {where.name}: {text}")

    def opened(work_dir: str) -> Storage:
        prefix = f"{where.root}/" if where.root and where.kind != "local" else ""
        return ObStore(store(), where, work_dir, prefix=prefix)

    return connection(spec, where, "obstore", opened)
