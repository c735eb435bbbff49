"""The container of a connection before and after a run: is it there, is it empty, may it go again."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from conformance.adapters.azblob.client import attempt, client_for, translated
from conformance.adapters.azblob.storage import AzBlob
from conformance.storage import ConnectionStringInvalid, PermissionDenied, Storage, StorageError, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.adapters.azblob.client import ContainerLocation


class Container:
    """The container of ``location``; with ``create``, a missing one is made, and that one only is removed again."""

    def __init__(self, location: ContainerLocation, *, create: bool) -> None:
        self._location = location
        self._create = create
        self._created = False
        self._where = location.endpoint or "Azure"

    def open(self, work_dir: str) -> Storage:
        """Return a client of ``work_dir`` (the opener)."""
        return AzBlob(self._location, work_dir)

    def prepare(self) -> None:
        """Make sure that the container can be used.

        Raises:
            ConnectionStringInvalid: no SDK, no credentials, nobody at the endpoint, or no container.
            PermissionDenied: the credentials may not use the container.

        """
        client = client_for(self._location)
        if self._ask(client.exists):
            return
        if not self._create:
            name = self._location.container
            raise ConnectionStringInvalid(f"there is no container {name} at {self._where}: make it, or add create=true")
        self._ask(client.create_container)
        self._created = True

    def is_empty(self) -> bool:
        """Tell whether no blob lies under the prefix, not even one that has uncommitted blocks only."""
        prefix = f"{self._location.prefix}/" if self._location.prefix else None
        listing = client_for(self._location).list_blobs(
            name_starts_with=prefix, include=["uncommittedblobs"], results_per_page=1
        )
        return self._ask(next, iter(listing), None) is None

    def remove(self) -> None:
        """Delete the container if :meth:`prepare` made it and nothing is left in it; Azure itself would not mind.

        Raises:
            StorageError: the container is not empty, or could not be deleted.

        """
        if self._created:
            if not self.is_empty():
                raise Unexpected(f"the container {self._location.container} is not empty")
            self._ask(client_for(self._location).delete_container)
            self._created = False

    def version(self) -> str:
        """Return how the server calls itself in its answers, or ``""``."""
        told: list[str] = []
        client = client_for(self._location)
        self._ask(client.exists, raw_response_hook=lambda answer: told.append(_server(answer)))  # pyright: ignore[reportUnknownLambdaType]
        return told[0] if told else ""

    def _ask(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
        return attempt(self._explained, function, *arguments, **parameters)

    def _explained(self, function: Callable[..., Any], *arguments: Any, **parameters: Any) -> Any:
        """Call the SDK and put what an operator has to change into words."""
        exceptions: Any = import_module("azure.core.exceptions")
        try:
            return function(*arguments, **parameters)
        except (exceptions.ServiceRequestError, exceptions.ServiceResponseError) as error:
            failure: StorageError = ConnectionStringInvalid(
                f"{self._where} cannot be reached, is the server running? ({error})"
            )
        except exceptions.HttpResponseError as error:
            failure = translated(error)
            if isinstance(failure, PermissionDenied):
                name = self._location.container
                failure = PermissionDenied(
                    f"the credentials may not use the container {name} at {self._where}: {failure.message}"
                )
        raise failure


def _server(answer: Any) -> str:
    return str(answer.http_response.headers.get("server", ""))
