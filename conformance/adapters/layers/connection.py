"""The connection to a storage behind a layer: can it be used, is it empty, what is it called."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.adapters.connection import Connection, Opener
from conformance.storage import ConnectionStringInvalid, ObjectNotExist, StorageError, in_sync

if TYPE_CHECKING:
    from conformance.adapters.layers.address import Place


def connection(spec: str, place: Place, package: str, opener: Opener) -> Connection:
    """Return the connection to ``place``, whose storages ``opener`` opens with the library of ``package``."""
    below = f" below {place.root}" if place.root else ""

    def prepare() -> None:
        if place.local and not Path(place.root or "/").is_dir():
            raise ConnectionStringInvalid(f"there is no directory {place.root}: make it")
        try:
            _is_empty(opener)
        except ConnectionStringInvalid:
            raise
        except StorageError as error:
            raise ConnectionStringInvalid(f"{place.name}{below} cannot be used: {error.message}") from None

    return Connection(
        spec=spec,
        name=place.name,
        describe=f"the storage {place.kind} of {place.layer}{below}",
        open=opener,
        prepare=prepare,
        is_empty=lambda: _is_empty(opener),
        version=lambda: f"{package} {version(package)}",
    )


def _is_empty(opener: Opener) -> bool:
    store = in_sync(opener("/"))
    try:
        return next(iter(store.list("")), None) is None
    except ObjectNotExist as error:
        raise ConnectionStringInvalid(f"there is no such place: {error.message}") from None
    finally:
        store.close()
