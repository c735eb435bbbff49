"""The storage of an SMB share: files without links, copied by the server.

Its side of the open points is that of :mod:`conformance.adapters.files.storage`, and the translations are those, too;
besides, names have no case, and those that Windows forbids are refused. A copy is made under the name of an unfinished
file and renamed like an upload.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.adapters.files.storage import FilesStorage
from conformance.adapters.smb.files import SmbFiles

if TYPE_CHECKING:
    from conformance.adapters.smb.server import Server


class Smb(FilesStorage):
    """One client of one ``work_dir`` on a share."""

    declared = replace(
        FilesStorage.declared, case_sensitive=False, control_characters=False, forbidden_characters='"*:<>?|\\'
    )

    def __init__(self, server: Server, work_dir: str) -> None:
        self._smb = SmbFiles(server)
        super().__init__(self._smb, work_dir, server.location.without)

    def copy(self, src: str, dst: str, *, if_none_match: str | None = None) -> None:
        """Copy one file.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is at ``dst``.

        """
        source = self._source(self._key(src))
        target = self._place(dst, if_none_match)
        with self._unfinished() as unfinished:
            self._smb.copy(source, unfinished)
            self._install(unfinished, target, exclusive=if_none_match is not None)
