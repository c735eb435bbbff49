"""Python's own errors in our taxonomy: what libraries raise that call a missing file FileNotFoundError."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from conformance.storage import (
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    OperationNotSupported,
    PermissionDenied,
    RestrictionDissatisfied,
    StorageError,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_NUMBER: Mapping[int, type[StorageError]] = {
    errno.ENAMETOOLONG: RestrictionDissatisfied,
    errno.EFBIG: RestrictionDissatisfied,
    errno.EROFS: PermissionDenied,
}


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` says (AOS-47).

    An OSError is told by its class, or by its number; any other error is ``Unexpected``. Only the first line is kept.
    """
    text = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    match error:
        case FileNotFoundError():
            return ObjectNotExist(text)
        case IsADirectoryError():
            return ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        case NotADirectoryError():
            return ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ)
        case PermissionError():
            return PermissionDenied(text)
        case NotImplementedError():
            return OperationNotSupported(text)
        case OSError():
            return _BY_NUMBER.get(error.errno or 0, Unexpected)(text)
        case _:
            return Unexpected(text)


def sought(error: Exception) -> StorageError:
    """Return what ``error`` means where an object was looked for: there is none below a file either."""
    return ObjectNotExist(str(error)) if isinstance(error, NotADirectoryError) else translated(error)


def made(error: Exception) -> StorageError:
    """Return what ``error`` means where a directory was made, for which one that is there already is no error."""
    if isinstance(error, FileExistsError):
        return ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ)
    return translated(error)
