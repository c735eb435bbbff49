"""The folder of a connection before and after a run: is it there, is it empty, may it go again."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from conformance.adapters.dropbox.client import TOKEN, attempt, client_for, sdk
from conformance.adapters.dropbox.storage import Dropbox
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectNotExist,
    PermissionDenied,
    Storage,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.adapters.dropbox.client import Location


class Folder:
    """The folder of ``location``; with ``create``, a missing one is made, and that one only is removed again."""

    def __init__(self, location: Location, *, create: bool) -> None:
        self._location = location
        self._create = create
        self._created = False
        self._where = location.endpoint or "Dropbox"

    def open(self, work_dir: str) -> Storage:
        """Return a client of ``work_dir`` (the opener)."""
        return Dropbox(self._location, work_dir)

    def prepare(self) -> None:
        """Make sure that the folder can be used.

        Raises:
            ConnectionStringInvalid: no SDK, no token, nobody at the endpoint, or no folder.
            PermissionDenied: the token is not accepted.

        """
        prefix = self._location.prefix
        try:
            self._ask(client_for(self._location).files_list_folder, prefix, limit=1)
        except ObjectNotExist:
            if not self._create:
                raise ConnectionStringInvalid(
                    f"there is no folder {prefix} at {self._where}: make it, or add create=true"
                ) from None
            self._ask(client_for(self._location).files_create_folder_v2, prefix)
            self._created = True

    def is_empty(self) -> bool:
        """Tell whether nothing lies in the folder."""
        page = self._ask(client_for(self._location).files_list_folder, self._location.prefix, limit=1)
        return not page.entries

    def remove(self) -> None:
        """Delete the folder if :meth:`prepare` made it and nothing is left in it; Dropbox itself would not mind.

        Raises:
            StorageError: the folder is not empty, or could not be deleted.

        """
        if self._created:
            if not self.is_empty():
                raise Unexpected(f"the folder {self._location.prefix} is not empty")
            self._ask(client_for(self._location).files_delete_v2, self._location.prefix)
            self._created = False

    def version(self) -> str:
        """Return whether this is Dropbox or a simulator, and the version of the SDK."""
        sdk()
        service = "Dropbox API v2" if self._location.endpoint is None else "Dropbox simulator, not Dropbox"
        return f"{service}, SDK {version('dropbox')}"

    def _ask(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
        """Call the SDK and put what an operator has to change into words."""
        try:
            return attempt(self._reaching, function, *arguments, **parameters)
        except PermissionDenied as error:
            message = f"the token in {TOKEN} may not use {self._where}: {error.message}"
        raise PermissionDenied(message)

    def _reaching(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
        exceptions: Any = import_module("requests.exceptions")
        try:
            return function(*arguments, **parameters)
        except exceptions.ConnectionError as error:
            failure = ConnectionStringInvalid(f"{self._where} cannot be reached: {error}")
        raise failure
