"""The directory of a connection before and after a run: is it there, is it empty, may it go again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.storage import ConnectionStringInvalid, ObjectMode

if TYPE_CHECKING:
    from conformance.adapters.files.protocol import Files


class Root:
    """The root of ``files``; with ``create``, a missing one is made, and that one only is removed again."""

    def __init__(self, files: Files, *, create: bool) -> None:
        self._files = files
        self._create = create
        self._created = False

    def prepare(self) -> None:
        """Make sure that the directory can be used.

        Raises:
            ConnectionStringInvalid: the server cannot be reached, or has no such directory.
            PermissionDenied: the credentials are wrong, or may not use it.

        """
        status = self._files.status(())
        if status is None and self._create:
            self._files.make_directory(())
            self._created = True
        elif status is None:
            raise ConnectionStringInvalid(f"there is no {self._files.place}: make it, or add create=true")
        elif ObjectMode.DIR not in status.mode:
            raise ConnectionStringInvalid(f"{self._files.place} is no directory")

    def is_empty(self) -> bool:
        """Tell whether nothing is in it."""
        return next(self._files.members(()), None) is None

    def remove(self) -> None:
        """Remove the directory if :meth:`prepare` made it; the server refuses where it is not empty."""
        if self._created:
            self._files.remove_directory(())
            self._created = False
