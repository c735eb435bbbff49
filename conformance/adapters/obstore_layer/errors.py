"""obstore's errors in our taxonomy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.adapters.layers import errors
from conformance.adapters.libraries import Attempt
from conformance.storage import OperationNotSupported, PermissionDenied, PreconditionFailed, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_BY_NAME: Mapping[str, type[StorageError]] = {
    "AlreadyExistsError": PreconditionFailed,  # raised where creating exclusively was asked for
    "NotModifiedError": PreconditionFailed,
    "NotSupportedError": OperationNotSupported,
    "PermissionDeniedError": PermissionDenied,
    "PreconditionError": PreconditionFailed,
    "UnauthenticatedError": PermissionDenied,
}


def translated(error: Exception) -> StorageError:
    """Return the error of the taxonomy that says what ``error`` of obstore says (AOS-47).

    A missing object is Python's FileNotFoundError; ``GenericError`` says nothing and is ``Unexpected``.
    """
    kind = _BY_NAME.get(type(error).__name__) if type(error).__module__ == "obstore.exceptions" else None
    if kind is None:
        return errors.translated(error)
    return kind(f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}")


attempt = Attempt(translated)
