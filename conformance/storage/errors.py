"""The error taxonomy of AOS-47 and GSP-127: one class per code, each with its structured facts.

There is deliberately no "object exists" error (GSP-134): a write operation replaces what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.storage.modes import ListMode, ObjectMode


class StorageError(Exception):
    """The base of every error that a storage raises; ``op`` and ``path`` are filled in by the base class."""

    code: ClassVar[str] = "Unexpected"

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.op: str | None = None
        self.path: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Format as ``{op}: {path}: {code}: {message}`` (spec-1)."""
        parts = [*([self.op] if self.op else []), *self.path, self.code, *([self.message] if self.message else [])]
        return ": ".join(parts)


class Unexpected(StorageError):
    """A cause outside the taxonomy; only its text is kept (AOS-47 rule 2)."""

    code = "Unexpected"


class CapabilityInsufficient(StorageError):
    """The storage cannot do what was asked at all."""

    code = "CapabilityInsufficient"


class OperationNotSupported(CapabilityInsufficient):
    """The whole operation is missing (``NotImplemented`` in GSP-837)."""

    code = "NotImplemented"


class PairUnsupported(CapabilityInsufficient):
    """One or more optional arguments are not supported by this storage."""

    def __init__(self, pairs: Iterable[str]) -> None:
        self.pairs = tuple(pairs)
        super().__init__("unsupported: " + ", ".join(self.pairs))


class MetadataUnrecognized(CapabilityInsufficient):
    """A metadata key or value is not known to the storage."""


class RestrictionDissatisfied(StorageError):
    """A published limit is exceeded or a needed argument is missing (GSP-97)."""

    code = "RestrictionDissatisfied"


class PairRequired(RestrictionDissatisfied):
    """An argument that this storage needs was not given."""

    def __init__(self, pairs: Iterable[str]) -> None:
        self.pairs = tuple(pairs)
        super().__init__("required: " + ", ".join(self.pairs))


class ObjectNotExist(StorageError):
    """There is no object at the path (AOS-47)."""

    code = "ObjectNotExist"


class ObjectModeInvalid(StorageError):
    """The object is of another kind than the operation needs (AOS-47, AOS-61, GSP-134)."""

    code = "ObjectModeInvalid"

    def __init__(self, expected: ObjectMode, actual: ObjectMode) -> None:
        self.expected = expected
        self.actual = actual
        super().__init__(f"expected {expected or 'none'!s}, actual {actual or 'none'!s}")


class ListModeInvalid(StorageError):
    """The storage does not list in that mode (GSP-654)."""

    code = "ListModeInvalid"

    def __init__(self, actual: ListMode) -> None:
        self.actual = actual
        super().__init__(f"actual {actual or 'none'!s}")


class PreconditionFailed(StorageError):
    """A condition of the request does not hold: nothing was done (RFC 9110, section 13; derived, not in AOS-47)."""

    code = "PreconditionFailed"


class PermissionDenied(StorageError):
    """The credentials do not allow the operation."""

    code = "PermissionDenied"


class ServiceInternal(StorageError):
    """The service failed on its side (HTTP 5xx); may be retried (GSP-127)."""

    code = "ServiceInternal"


class RequestThrottled(StorageError):
    """The service asks to slow down (HTTP 429, 503 SlowDown); may be retried (GSP-127)."""

    code = "RequestThrottled"


class ServiceNotRegistered(StorageError):
    """A connection string names a service that nobody registered (GSP-90)."""

    code = "ServiceNotRegistered"


class ConnectionStringInvalid(StorageError):
    """A connection string cannot be parsed or misses something (GSP-90)."""

    code = "ConnectionStringInvalid"
