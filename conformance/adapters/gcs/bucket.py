"""The bucket of a connection before and after a run: is it there, is it empty, may it go again."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from conformance.adapters.gcs.client import attempt, client_for, sdk, translated
from conformance.adapters.gcs.storage import GoogleCloudStorage
from conformance.storage import ConnectionStringInvalid, PermissionDenied, Storage, StorageError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.adapters.gcs.client import Location


class Bucket:
    """The bucket of ``location``; with ``create``, a missing one is made, and that one only is removed again."""

    def __init__(self, location: Location, *, create: bool) -> None:
        self._location = location
        self._create = create
        self._created = False
        self._where = location.endpoint or "Google Cloud Storage"
        self._once: dict[str, Any] = {"retry": None, "timeout": location.timeout}

    def open(self, work_dir: str) -> Storage:
        """Return a client of ``work_dir`` (the opener)."""
        return GoogleCloudStorage(self._location, work_dir)

    def prepare(self) -> None:
        """Make sure that the bucket can be used.

        Raises:
            ConnectionStringInvalid: no SDK, no credentials, nobody at the endpoint, or no bucket.
            PermissionDenied: the credentials may not use the bucket.

        """
        client, name = client_for(self._location), self._location.bucket
        if self._ask(client.lookup_bucket, name, **self._once) is not None:
            return
        if not self._create:
            raise ConnectionStringInvalid(f"there is no bucket {name} at {self._where}: make it, or add create=true")
        self._ask(client.create_bucket, name, **self._once)
        self._created = True

    def is_empty(self) -> bool:
        """Tell whether no object lies under the prefix."""
        prefix = f"{self._location.prefix}/" if self._location.prefix else None
        client = client_for(self._location)
        listing = client.list_blobs(self._location.bucket, prefix=prefix, max_results=1, **self._once)
        return not self._ask(list, listing)

    def remove(self) -> None:
        """Delete the bucket if :meth:`prepare` made it and nothing is left in it.

        Raises:
            StorageError: the bucket is not empty, or could not be deleted.

        """
        if self._created:
            if not self.is_empty():
                raise Unexpected(f"the bucket {self._location.bucket} is not empty")
            self._ask(client_for(self._location).bucket(self._location.bucket).delete, **self._once)
            self._created = False

    def version(self) -> str:
        """Return whether this is Google's service or an emulator, and the version of the SDK."""
        sdk()
        service = "Google Cloud Storage" if self._location.endpoint is None else "a server of its JSON API"
        return f"{service}, SDK {version('google-cloud-storage')}"

    def _ask(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
        return attempt(self._explained, function, *arguments, **parameters)

    def _explained(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
        """Call the SDK and put what an operator has to change into words."""
        unreachable: Any = import_module("requests.exceptions").ConnectionError
        refused: Any = import_module("google.api_core.exceptions").ClientError
        try:
            return function(*arguments, **parameters)
        except unreachable as error:
            failure: StorageError = ConnectionStringInvalid(f"{self._where} cannot be reached: {error}")
        except refused as error:
            failure = translated(error)
            if isinstance(failure, PermissionDenied):
                name = self._location.bucket
                failure = PermissionDenied(
                    f"the credentials may not use the bucket {name} at {self._where}: {failure.message}"
                )
        raise failure
