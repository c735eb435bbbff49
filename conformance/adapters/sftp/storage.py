"""The storage of an SFTP server: files with links.

Its side of the open points is that of :mod:`conformance.adapters.files.storage`, and the translations are those, too.
Times are whole seconds, as the protocol has them. A link is made beside its place and renamed over what is there; it
holds the absolute path of its target, which need not exist.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.files.storage import FilesStorage
from conformance.adapters.sftp.files import SftpFiles

if TYPE_CHECKING:
    from conformance.adapters.sftp.server import Server
    from conformance.storage import Object


class Sftp(FilesStorage):
    """One client of one ``work_dir`` on a server."""

    def __init__(self, server: Server, work_dir: str) -> None:
        self._sftp = SftpFiles(server)
        super().__init__(self._sftp, work_dir, server.location.without)

    def create_link(self, path: str, target: str) -> Object:
        """Make a symbolic link to a path of this storage, which need not exist (GSP-86)."""
        names, leads_to = self._place(path), self._key(target).names
        with self._unfinished() as unfinished:
            self._sftp.make_link(unfinished, leads_to)
            self._install(unfinished, names)
        return self._made(path, names)
