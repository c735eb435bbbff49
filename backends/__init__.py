"""The backends that this project runs itself, each started by one module: a worked example for your own.

``python -m backends`` lists them; ``python -m backends NAME`` starts one and prints how to reach it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends import (
    apache_dav,
    azurite,
    ceph_rgw,
    dropbox,
    gcs_emulator,
    harnesses,
    ipfs,
    juicefs,
    kubo,
    layers,
    moto_inprocess,
    moto_server,
    nginx_dav,
    openssh,
    postgres,
    pyftpdlib,
    rclone,
    rclone_sftp,
    redis_server,
    samba,
    seaweedfs,
    swift,
    upload_controller_storage,
    wsgidav,
)
from backends.server import NotInstalled, ServerFailed, Started

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

BACKENDS: Mapping[str, Callable[[], AbstractContextManager[Started]]] = {
    "moto": moto_inprocess.start,
    "moto-server": moto_server.start,
    "seaweedfs": seaweedfs.start,
    "rclone": rclone.start,
    "azurite": azurite.start,
    "dropbox": dropbox.start,
    "gcs-emulator": gcs_emulator.start,
    "swift": swift.start,
    "swift-s3": swift.start_s3,
    "ceph-rgw": ceph_rgw.start,
    "juicefs": juicefs.start,
    "redis": redis_server.start,
    "js-ipfs": ipfs.start,
    "kubo": kubo.start,
    "wsgidav": wsgidav.start,
    "apache-dav": apache_dav.start,
    "nginx-dav": nginx_dav.start,
    "rclone-webdav": rclone.start_webdav,
    "pyftpdlib": pyftpdlib.start,
    "rclone-ftp": rclone.start_ftp,
    **layers.LAYERS,
    "openssh": openssh.start,
    "rclone-sftp": rclone_sftp.start,
    "go-example": harnesses.start_go,
    "node-example": harnesses.start_node,
    "samba": samba.start,
    "postgres": postgres.start,
    "upload-controller-storage": upload_controller_storage.start,
}
"""What starts each backend, by its name: a context manager that yields it :class:`Started`."""

BUILT_BY_HAND = frozenset({"kubo"})
"""Backends that no package brings: they are checked where somebody built them, and missed nowhere else."""

__all__ = ["BACKENDS", "BUILT_BY_HAND", "NotInstalled", "ServerFailed", "Started"]
