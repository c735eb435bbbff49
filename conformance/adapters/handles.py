"""Clients that refuse: those that may only read, and those that are closed."""

from __future__ import annotations

from copy import copy
from types import MethodType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from conformance.storage import PermissionDenied, Storage, StorageError, Unexpected, operations
from conformance.storage.base import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

_S = TypeVar("_S", bound=Storage)

READING = frozenset({"read", "stat", "list", "list_multipart", "list_block", "list_segments", "reach"})
"""Operations that ask the service and change nothing; ``reach`` decides by its verb."""


def reading_only(storage: _S) -> _S:
    """Return another client like ``storage`` whose operations that change anything raise PermissionDenied."""
    reader = copy(storage)
    for name, operation in operations().items():
        if name in reader.implements and not operation.local and name not in READING:
            _refuse(reader, name, lambda: PermissionDenied("this client may only read"))
    return reader


def refuse_everything(storage: Storage) -> None:
    """Let every operation of a closed client raise Unexpected; what it declares can still be asked."""
    for name in storage.implements:
        if name not in {"features", "metadata"}:
            _refuse(storage, name, lambda: Unexpected("this client is closed"))


def _refuse(storage: Storage, name: str, failure: Callable[[], StorageError]) -> None:
    def refuse(_self: Storage, *_arguments: Any, **_pairs: Any) -> NoReturn:
        raise failure()

    # behind the guards, as everywhere: an object of the wrong mode is told first (AOS-61)
    setattr(storage, name, MethodType(guarded(operations()[name], refuse, loose=False), storage))
