"""OpenDAL's errors in our taxonomy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.storage import (
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    OperationNotSupported,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_NAME: Mapping[str, type[StorageError]] = {
    "NotFound": ObjectNotExist,
    "ConditionNotMatch": PreconditionFailed,
    "PermissionDenied": PermissionDenied,
    "RateLimited": RequestThrottled,
    "Unsupported": OperationNotSupported,
}


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of OpenDAL says (AOS-47).

    Its kind is the class of the exception. All others, among them ``Unexpected`` and ``AlreadyExists``, and errors that
    are not OpenDAL's, are ``Unexpected`` with their first line.
    """
    text = (str(error).splitlines() or [""])[0]
    name = type(error).__name__
    if type(error).__module__ != "opendal.exceptions":
        return Unexpected(f"{name}: {text}")
    if name == "IsADirectory":
        return ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
    if name == "NotADirectory":
        return ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ)
    return _BY_NAME.get(name, Unexpected)(text)


def made(error: Exception) -> StorageError:
    """Return what ``error`` means where a directory was made, for which one that is there already is no error."""
    if type(error).__name__ == "AlreadyExists":
        return ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ)
    return translated(error)
