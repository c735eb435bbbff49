"""Connection strings of OpenDAL: ``opendal:service?option=value``, ``opendal-async:`` for its asynchronous operator.

=======================================================  ===============================================================
``opendal:memory``                                       the memory of this process
``opendal:fs?root=/some/dir``                            a directory, which has to be there
``opendal:s3?bucket=b&endpoint=URL&region=us-east-1``    an S3 bucket; credentials as AWS_ACCESS_KEY_ID and so on
``opendal:webdav?endpoint=URL``                          and so on: any service that is compiled into the wheel
=======================================================  ===============================================================

Options are those of the service, as OpenDAL documents them, besides ours (:mod:`conformance.adapters.layers.address`).
The ``work_dir`` of a client is the root of its operator; only where the data live in the operator itself, one operator
serves all, and the ``work_dir`` is put before the paths.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from conformance.adapters.layers.address import Kind, check_option, place
from conformance.adapters.layers.connection import connection
from conformance.adapters.libraries import library
from conformance.adapters.opendal_layer.storage import OpenDAL
from conformance.storage import ConnectionStringInvalid, Storage, in_sync

if TYPE_CHECKING:
    from conformance.adapters.connection import Connection
    from conformance.adapters.layers.address import Place

IN_PROCESS = frozenset({"memory", "moka", "mini-moka", "dashmap"})
"""Services whose data live in the operator."""

_DISK = Kind(declares={"directories": "native", "name_maximum": 255})
_HIERARCHY = Kind(declares={"directories": "native"})
_MARKERS = Kind(declares={"directories": "virtual"})

KINDS = {
    "fs": replace(_DISK, local=True),
    "hdfs-native": _DISK,
    "webhdfs": _DISK,
    "alluxio": _DISK,
    "ipmfs": _DISK,
    "ftp": _HIERARCHY,
    "webdav": _HIERARCHY,
    "dropbox": _HIERARCHY,
    "memory": _MARKERS,
    "s3": Kind(declares={"directories": "virtual", "metadata_exact": False}),
    "gcs": Kind(declares={"directories": "virtual", "metadata_exact": False}),
    "azblob": Kind(
        declares={
            "directories": "virtual",
            "backslash_separates": True,
            "metadata_exact": False,
            "metadata_identifiers": True,
        },
        without=("create_append", "write_append", "commit_append"),
    ),
}
"""What OpenDAL's capability does not tell: which kind of directories a service has, how long names may be, and that an
append blob cannot be begun in place of another."""


def connect(spec: str) -> Connection:
    """Return the connection to the OpenDAL service that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no service, or an option is wrong.

    """
    where = place(spec, KINDS, OpenDAL.implements, "opendal:fs?root=/some/dir")
    asynchronous = where.layer.endswith("-async")

    def operator(root: str) -> Any:
        opendal = library("opendal", "opendal")
        _check_options(where)
        kind = opendal.AsyncOperator if asynchronous else opendal.Operator
        try:
            return kind(where.kind, root=root, **where.options)
        except Exception as error:  # noqa: BLE001 - its errors have no base of their own
            text = (str(error).splitlines() or [""])[0]
        raise ConnectionStringInvalid(f"OpenDAL makes no operator of {where.name}: {text}")

    shared = cache(operator)

    def opened(work_dir: str) -> Storage:
        root = f"{where.root}/".replace("//", "/")
        if where.kind in IN_PROCESS:
            return in_sync(OpenDAL(shared(root), where, work_dir, prefix=work_dir.removeprefix("/")))
        return in_sync(OpenDAL(operator(root + work_dir.removeprefix("/")), where, work_dir))

    return connection(spec, where, "opendal", opened)


def _check_options(where: Place) -> None:
    """Refuse options that the service does not have, which OpenDAL ignores: it would look elsewhere than one thinks.

    Raises:
        ConnectionStringInvalid: there is one.

    """
    try:
        config = import_module("opendal.config")
    except ModuleNotFoundError:  # older ones do not tell
        return
    wanted = f"{where.kind}config".replace("-", "")
    for name in dir(config):
        if name.lower() == wanted:
            known = tuple(inspect.get_annotations(getattr(config, name)))
            for option in where.options:
                check_option(option, known, closed=True, where=f"python -m pydoc opendal.config.{name} tells of all")
