"""Defects of errors: the wrong one, none of ours, or one that tells nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.storage import (
    CapabilityInsufficient,
    Object,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    Part,
    PermissionDenied,
    PreconditionFailed,
    Reader,
    RequestThrottled,
    ServiceInternal,
    StorageError,
    Unexpected,
    Writer,
    operations,
)

from .base import METADATA, NATIVE, Defective, defect

TAXONOMY = ("errors.taxonomy",)


class Raising(Defective):
    """Every error leaves as another."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        """Return what is raised instead of ``error``."""
        raise NotImplementedError

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        try:
            return super().call(op, *arguments, **pairs)
        except StorageError as error:
            other = self.raised(error, op, str(arguments[0] if arguments else ""))
        raise other


@defect(trips=(*TAXONOMY, "stat.missing", "read.missing"))
class MissingLeaksFileNotFoundError(Raising):
    """What is missing lets a FileNotFoundError out."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        return FileNotFoundError(path) if isinstance(error, ObjectNotExist) else error


@defect(trips=("stat.missing",))
class StatOfMissingLeaksKeyError(Defective):
    """stat of what is missing lets a KeyError out."""

    def stat(self, path: str, **pairs: Any) -> Object:
        try:
            return super().stat(path, **pairs)
        except ObjectNotExist:
            raise KeyError(path) from None


@defect(trips=("read.missing", *TAXONOMY))
class ReadOfMissingIsPermissionDenied(Defective):
    """Reading what is missing is PermissionDenied, as of a bucket that may not be listed."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        try:
            return super().read(path, w, **pairs)
        except ObjectNotExist:
            raise PermissionDenied("403") from None


class UnencodablePathLeaks(Defective):
    """What cannot be encoded lets a UnicodeEncodeError out, of the operations of ``leaking``."""

    leaking: tuple[str, ...] = ()

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        if op in self.leaking:
            " ".join(argument for argument in arguments if isinstance(argument, str)).encode()
        return super().call(op, *arguments, **pairs)


@defect(trips=TAXONOMY, needs=("write",))
class UnencodableWriteLeaks(UnencodablePathLeaks):
    """write lets a UnicodeEncodeError out for a path with a lone surrogate."""

    leaking = ("write",)


@defect(trips=TAXONOMY, needs=("list",))
class UnencodableListLeaks(UnencodablePathLeaks):
    """list lets a UnicodeEncodeError out for a path with a lone surrogate."""

    leaking = ("list",)


@defect(trips=TAXONOMY, needs=("copy",))
class UnencodableCopyLeaks(UnencodablePathLeaks):
    """copy lets a UnicodeEncodeError out for a source or destination with a lone surrogate."""

    leaking = ("copy",)


@defect(trips=TAXONOMY, needs=("create_multipart",))
class UnencodableUploadLeaks(UnencodablePathLeaks):
    """create_multipart lets a UnicodeEncodeError out for a path with a lone surrogate."""

    leaking = ("create_multipart",)


@defect(trips=(*TAXONOMY, "overwrite.write_onto_directory"), on=NATIVE)
class DirectoryLeaksIsADirectoryError(Raising):
    """A directory where an object is needed lets an IsADirectoryError out."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        return IsADirectoryError(path) if isinstance(error, ObjectModeInvalid) and op in {"read", "write"} else error


@defect(trips=("errors.not_exist_only_then",), like="beyondstorage/go-storage: services/storj, read")
class EverythingIsNotExist(Raising):
    """Every error of read, write and stat is ObjectNotExist."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        return ObjectNotExist(str(error)) if op in {"read", "write"} else error


@defect(trips=(*TAXONOMY, "stat.missing"))
class EverythingIsUnexpected(Raising):
    """Every error is Unexpected."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        return Unexpected(str(error))


@defect(trips=("errors.located",), like="beyondstorage/go-storage: services/memory, bare errors")
class ErrorsWithoutPlace(Raising):
    """Errors tell neither operation nor path."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        error.op, error.path = None, ()
        return error


@defect(trips=("errors.located",))
class ErrorsTellWrongPath(Raising):
    """Errors tell the work_dir as their path."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        error.path = (self.work_dir,)
        return error


@defect(trips=("errors.no_foreign_cause",))
class ErrorsCarryForeignCause(Raising):
    """The error of the library is the cause of the storage's error."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        error.__cause__ = ConnectionError("socket")
        return error


@defect(trips=("errors.mode_facts", "overwrite.write_onto_directory"), on=NATIVE)
class ModeFactsMissing(Raising):
    """ObjectModeInvalid of a path tells mode 0 for expected and actual."""

    def raised(self, error: StorageError, op: str, path: str) -> Exception:
        zero = type(error.expected)(0) if isinstance(error, ObjectModeInvalid) else None
        return error if zero is None or op != "write" else ObjectModeInvalid(expected=zero, actual=zero)


@defect(trips=("features.unsupported_pair",), on=("fs", "moto"), like="beyondstorage/go-storage#156")
class UnsupportedPairIgnored(Defective):
    """An optional argument that is not supported is ignored and the operation done."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        offered = self.features().pairs.get(op, frozenset())
        return super().call(op, *arguments, **{name: value for name, value in pairs.items() if name in offered})


@defect(trips=("features.unsupported_pair",), on=("fs",))
class UnsupportedPairRefusedLate(Defective):
    """An optional argument that is not supported is refused after the operation was done."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        offered = self.features().pairs.get(op, frozenset())
        if set(pairs) - offered:
            super().call(op, *arguments, **{name: value for name, value in pairs.items() if name in offered})
        return super().call(op, *arguments, **pairs)


@defect(trips=("features.unsupported_pair",), on=("fs", "moto"))
class UnsupportedPairIsTypeError(Defective):
    """An optional argument that is not supported lets a TypeError out."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        try:
            return super().call(op, *arguments, **pairs)
        except PairUnsupported as error:
            raise TypeError(f"got an unexpected keyword argument {error.pairs[0]!r}") from None


@defect(trips=("features.undeclared_operation",))
class UndeclaredOperationDoesNothing(Defective):
    """An operation that is not declared succeeds and does nothing."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        return super().call(op, *arguments, **pairs) if op in self.features().operations else None


@defect(trips=("features.undeclared_operation",))
class UndeclaredOperationIsForeign(Defective):
    """An operation that is not declared lets a NotImplementedError out."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        if op not in self.features().operations:
            raise NotImplementedError(op)
        return super().call(op, *arguments, **pairs)


@defect(trips=("features.undeclared_operation",), like="beyondstorage/go-storage: services/s3, createLink")
class UndeclaredLinkOverwrites(Defective):
    """create_link, which is not declared, overwrites its path with an empty object before it is refused."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        if op not in self.features().operations and op in operations() and arguments and isinstance(arguments[0], str):
            self.put(arguments[0], b"")
        return super().call(op, *arguments, **pairs)


@defect(trips=("features.declared_pair", "write.user_metadata"), on=METADATA)
class DeclaredPairRefused(Defective):
    """user_metadata is declared for write and refused."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if "user_metadata" in pairs:
            raise PairUnsupported(["user_metadata"])
        return super().write(path, r, size, **pairs)


@defect(trips=("features.declared_operation", "copy.content"))
class DeclaredOperationRefused(Defective):
    """copy is declared and answers that it is not implemented."""

    def copy(self, src: str, dst: str) -> None:
        raise CapabilityInsufficient("copy")


@defect(trips=("errors.client_fault",))
class ShortBodyIsServerError(Defective):
    """A body that ends early is answered like an accident of the server, and clients try again."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write(path, r, size, **pairs)
        except StorageError as error:
            raise ServiceInternal(str(error)) from None


@defect(trips=("errors.client_fault",))
class UnknownPartsAreThrottled(Defective):
    """complete_multipart with parts that were never uploaded asks to slow down."""

    def complete_multipart(self, o: Object, parts: Iterable[Part], **pairs: Any) -> Object | None:
        try:
            return super().complete_multipart(o, parts, **pairs)
        except ObjectModeInvalid:
            raise
        except StorageError as error:
            raise RequestThrottled(str(error)) from None


@defect(trips=("errors.client_fault",))
class BadRangeIsFailedPrecondition(Defective):
    """A range that cannot be read is told as a condition that failed."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        try:
            return super().read(path, w, **pairs)
        except ObjectNotExist:
            raise
        except StorageError as error:
            if self.look(path) is None or not {"offset", "size"} & pairs.keys():
                raise
            raise PreconditionFailed(str(error)) from None
