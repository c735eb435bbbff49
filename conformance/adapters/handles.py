"""Clients that refuse: those that may only read, those that are closed, those whose service has less."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any, NoReturn

from conformance.storage import (
    AsyncStorage,
    OperationNotSupported,
    PairUnsupported,
    PermissionDenied,
    Storage,
    StorageError,
    Unexpected,
    operations,
)
from conformance.storage.base import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

READING = frozenset({"read", "stat", "list", "list_multipart", "list_block", "list_segments", "reach"})
"""Operations that ask the service and change nothing; ``reach`` decides by its verb."""


def refuse_changes(storage: Storage | AsyncStorage) -> None:
    """Let every operation of ``storage`` that changes anything raise PermissionDenied."""
    for name, operation in operations().items():
        if name in storage.implements and not operation.local and name not in READING:
            _refuse(storage, name, lambda: PermissionDenied("this client may only read"))


def refuse_everything(storage: Storage | AsyncStorage) -> None:
    """Let every operation of a closed client raise Unexpected; what it declares can still be asked."""
    for name in storage.implements:
        if name not in {"features", "metadata"}:
            _refuse(storage, name, lambda: Unexpected("this client is closed"))


def left(pairs: Mapping[str, frozenset[str]], without: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Return the operations with their optional arguments that are left when some are taken away.

    Args:
        pairs: the optional arguments by operation.
        without: an operation, ``copy``; an optional argument of all operations, ``if_match``; or of one,
            ``copy.if_match``.

    """
    return {
        op: frozenset(pair for pair in named if pair not in without and f"{op}.{pair}" not in without)
        for op, named in pairs.items()
        if op not in without
    }


def refuse_all_but(storage: Storage | AsyncStorage, pairs: Mapping[str, frozenset[str]]) -> None:
    """Let ``storage`` refuse each operation, and each optional argument, that is not among ``pairs`` (GSP-87)."""
    for op, named in storage.implements.items():
        if op not in pairs:
            _refuse(storage, op, lambda: OperationNotSupported("the service does not have it"))
        elif named - pairs[op]:
            _refuse_pairs(storage, op, named - pairs[op])


def _refuse(storage: Storage | AsyncStorage, op: str, failure: Callable[[], StorageError]) -> None:
    def refuse(_self: Storage, *_arguments: Any, **_pairs: Any) -> NoReturn:
        raise failure()

    _install(storage, op, refuse)


def _refuse_pairs(storage: Storage | AsyncStorage, op: str, refused: frozenset[str]) -> None:
    behind = getattr(storage, op)

    def call(_self: Storage, *arguments: Any, **pairs: Any) -> Any:
        unsupported = refused.intersection(pairs)
        if unsupported:
            raise PairUnsupported(sorted(unsupported))
        return behind(*arguments, **pairs)

    _install(storage, op, call)


def _install(storage: Storage | AsyncStorage, op: str, function: Callable[..., Any]) -> None:
    # behind the guards, as everywhere: an object of the wrong mode is told first (AOS-61)
    setattr(storage, op, MethodType(guarded(operations()[op], function, loose=False), storage))
