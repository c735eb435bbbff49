"""Defects of the mode checks, one set for each of the nine operations that take an object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.storage import Object, ObjectMode, ObjectModeInvalid, StorageError, Unexpected, operations

from .base import Defective, defect

CHECKED = {name: operation.object_mode for name, operation in operations().items() if operation.object_mode}
Hook = Callable[..., Any]


def _plant(prefix: str, op: str, sentence: str, hook: Hook, *, trips: str, like: str = "") -> None:
    name = prefix + "".join(word.title() for word in op.split("_"))
    kind = type(name, (Defective,), {"__doc__": sentence, "__module__": __name__, op: hook})
    defect(trips=(trips,), like=like)(kind)


def _bit(op: str) -> ObjectMode:
    return CHECKED[op] or ObjectMode(0)


def _unchecked(op: str) -> Hook:
    def hook(self: Defective, o: Object, *arguments: Any, **pairs: Any) -> Any:
        return self.call(op, replace(o, mode=o.mode | _bit(op)), *arguments, **pairs)

    return hook


def _checked_late(op: str) -> Hook:
    def hook(self: Defective, o: Object, *arguments: Any, **pairs: Any) -> Any:
        if _bit(op) in o.mode:
            return self.call(op, o, *arguments, **pairs)
        try:
            done = self.call(op, replace(o, mode=_bit(op)), *arguments, **pairs)
            # What only lists changes nothing by being done: it ends what it lists instead.
            if op == "list_multipart" and done is not None:
                self.inner.delete(o.path, multipart_id=o.multipart_id)
            elif op == "list_block" and done is not None:
                self.inner.create_block(o.path)
            elif op == "commit_append":
                self.put(o.path, b"")
        except StorageError:
            if arguments and hasattr(arguments[0], "read"):
                arguments[0].read(1)
        raise ObjectModeInvalid(expected=_bit(op), actual=o.mode)

    return hook


def _equal(op: str) -> Hook:
    def hook(self: Defective, o: Object, *arguments: Any, **pairs: Any) -> Any:
        usual = {_bit(op), _bit(op) | ObjectMode.READ}
        if o.mode not in usual:
            raise ObjectModeInvalid(expected=_bit(op), actual=o.mode)
        return self.call(op, o, *arguments, **pairs)

    return hook


for _op in CHECKED:
    _plant(
        "NoModeCheckIn", _op, f"{_op} does not check the mode of its object.", _unchecked(_op),
        trips=f"object_mode.{_op}", like="beyondstorage/go-storage#557" if _op == "write_multipart" else "",
    )  # fmt: skip
    _plant(
        "LateModeCheckIn", _op, f"{_op} does what it does for a wrong mode too, and then refuses it.",
        _checked_late(_op), trips=f"object_mode.{_op}_first",
    )  # fmt: skip
    _plant(
        "ModeComparedBy", _op, f"{_op} compares the mode for equality: further modes of the object are refused.",
        _equal(_op), trips=f"object_mode.{_op}_superset",
    )  # fmt: skip


class Refusing(Defective):
    """A wrong mode is refused in another way."""

    def refused(self, error: ObjectModeInvalid) -> Exception:
        """Return what is raised instead of ``error``."""
        raise NotImplementedError

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        if op not in CHECKED:
            return super().call(op, *arguments, **pairs)
        try:
            return super().call(op, *arguments, **pairs)
        except ObjectModeInvalid as error:
            raise self.refused(error) from None


ALL = tuple(f"object_mode.{op}" for op in ("write_multipart", "complete_multipart", "list_multipart"))
UPLOAD = ("create_multipart",)


@defect(trips=ALL, needs=UPLOAD)
class ModeRefusedAsUnexpected(Refusing):
    """A wrong mode is Unexpected."""

    def refused(self, error: ObjectModeInvalid) -> Exception:
        return Unexpected("wrong mode")


@defect(trips=ALL, needs=UPLOAD, like="beyondstorage/go-storage: services/s3, MustGetMultipartID")
class ModeRefusedByCrash(Refusing):
    """A wrong mode lets an AttributeError out."""

    def refused(self, error: ObjectModeInvalid) -> Exception:
        return AttributeError("object has no multipart id")


@defect(trips=ALL, needs=UPLOAD)
class ModeErrorSwapsFacts(Refusing):
    """ObjectModeInvalid tells the expected mode as the actual one and the other way round."""

    def refused(self, error: ObjectModeInvalid) -> Exception:
        return ObjectModeInvalid(expected=error.actual, actual=error.expected)


@defect(trips=ALL, needs=UPLOAD)
class ModeErrorTellsNothing(Refusing):
    """ObjectModeInvalid tells mode 0 for expected and actual."""

    def refused(self, error: ObjectModeInvalid) -> Exception:
        return ObjectModeInvalid(expected=ObjectMode(0), actual=ObjectMode(0))


@defect(trips=("object_mode.write_multipart",), needs=UPLOAD)
class IrregularObjectsPassCheck(Defective):
    """write_multipart takes an object without any mode for one that was not looked at yet, and goes on."""

    def write_multipart(self, o: Object, *arguments: Any, **pairs: Any) -> Any:
        return super().write_multipart(replace(o, mode=o.mode or ObjectMode.PART), *arguments, **pairs)


@defect(trips=("object_mode.write_multipart",), needs=UPLOAD)
class NeighbouringBitPassesCheck(Defective):
    """write_multipart checks a wrong bit: an object of mode block passes."""

    def write_multipart(self, o: Object, *arguments: Any, **pairs: Any) -> Any:
        passes = ObjectMode.BLOCK in o.mode
        return super().write_multipart(replace(o, mode=o.mode | ObjectMode.PART) if passes else o, *arguments, **pairs)


@defect(trips=("object_mode.write_multipart",), needs=UPLOAD)
class ManyBitsPassCheck(Defective):
    """write_multipart lets every object pass that has four modes or more: bits are counted, not compared."""

    def write_multipart(self, o: Object, *arguments: Any, **pairs: Any) -> Any:
        passes = o.mode.bit_count() >= 4
        return super().write_multipart(replace(o, mode=o.mode | ObjectMode.PART) if passes else o, *arguments, **pairs)


@defect(trips=("object_mode.complete_multipart", "object_mode.complete_multipart_first"), needs=UPLOAD)
class PartsCheckedBeforeMode(Defective):
    """complete_multipart refuses an empty list of parts before it looks at the mode."""

    def complete_multipart(self, o: Object, parts: Any) -> None:
        given = list(parts)
        if not given and ObjectMode.PART not in o.mode:
            raise Unexpected("no parts")
        super().complete_multipart(o, given)


@defect(trips=("object_mode.create_pair", "create.mode"), like="beyondstorage/go-storage#562")
class CreateIgnoresMode(Defective):
    """create makes a handle of mode read, whatever object_mode says."""

    def create(self, path: str, **pairs: Any) -> Object:
        return super().create(path, **{name: value for name, value in pairs.items() if name != "object_mode"})


@defect(trips=("object_mode.create_pair", "create.mode"))
class CreateKnowsDirOnly(Defective):
    """create honours object_mode dir; every other becomes read."""

    def create(self, path: str, **pairs: Any) -> Object:
        if pairs.get("object_mode") not in (None, ObjectMode.DIR):
            pairs["object_mode"] = ObjectMode.READ
        return super().create(path, **pairs)


@defect(trips=("object_mode.create_default", "create.mode"), like="beyondstorage/go-storage: services/memory, create")
class CreateHasNoDefaultMode(Defective):
    """create without object_mode makes a handle without any mode."""

    def create(self, path: str, **pairs: Any) -> Object:
        o = super().create(path, **pairs)
        return o if pairs else replace(o, mode=ObjectMode(0))


@defect(trips=("create.local", "object_mode.create_default"))
class CreateWrites(Defective):
    """create makes an empty object where there is none."""

    def create(self, path: str, **pairs: Any) -> Object:
        if not pairs and self.look(path) is None:
            self.put(path, b"")
        return super().create(path, **pairs)


@defect(trips=("create.local",))
class CreateNeedsObject(Defective):
    """create of a path where there is nothing raises ObjectNotExist: it asks the service."""

    def create(self, path: str, **pairs: Any) -> Object:
        if not pairs:
            self.inner.stat(path)
        return super().create(path, **pairs)


@defect(trips=("create.path",), like="beyondstorage/go-storage: services/storj, create")
class CreateAddsSlash(Defective):
    """The handle of a directory has a slash behind its path."""

    def create(self, path: str, **pairs: Any) -> Object:
        return replace(super().create(path, **pairs), path=path + "/")
