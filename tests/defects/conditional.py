"""Defects of conditions: ignored on one way to write, checked too late, or compared with the wrong thing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.storage import Object, ObjectNotExist, PreconditionFailed, Reader, StorageError, Unexpected, Writer

from .base import EVERYWHERE, METADATA, NATIVE, Defective, defect
from .generated import ignores

WAYS = ("write", "copy", "move", "complete_multipart", "combine_block", "create_append", "create_page")
LIKE = {
    ("complete_multipart", "if_none_match"): "apache/opendal#8041",
    ("combine_block", "if_none_match"): "apache/opendal#8028",
    ("copy", "if_none_match"): "apache/opendal#7526",
    ("write", "if_none_match"): "pithings/mountx#19",
}
"""Public reports of a condition that was lost on one way to write."""

ON = {
    ("write", "if_none_match"): EVERYWHERE,
    ("write", "if_match"): METADATA,
    ("copy", "if_none_match"): NATIVE,
    ("complete_multipart", "if_none_match"): METADATA,
    ("create_append", "if_none_match"): NATIVE,
    ("create_page", "if_none_match"): NATIVE,
}
"""Where else than in memory a condition is taken, and known to be kept."""

for _op in WAYS:
    for _pair, _trip in (("if_none_match", "none_match"), ("if_match", "match")):
        _way, _trips = (_op, _pair), (f"conditional.{_op}_{_trip}",)
        ignores(__name__, *_way, trips=_trips, like=LIKE.get(_way, ""), on=ON.get(_way, ("memory",)))
for _op in ("read", "stat"):
    ignores(__name__, _op, "if_match", trips=(f"conditional.{_op}_match",), on=EVERYWHERE)
    ignores(__name__, _op, "if_none_match", trips=(f"conditional.{_op}_none_match",), on=EVERYWHERE)
    ignores(__name__, _op, "if_modified_since", trips=(f"conditional.{_op}_since",), on=EVERYWHERE)
    ignores(__name__, _op, "if_unmodified_since", trips=(f"conditional.{_op}_since",), on=EVERYWHERE)
ignores(__name__, "delete", "if_match", trips=("conditional.delete_match",), on=METADATA)
ignores(__name__, "copy", "if_source_match", trips=("conditional.copy_source_match",))
ignores(__name__, "copy", "if_source_none_match", trips=("conditional.copy_source_none_match",), on=METADATA)

WRITES = ("conditional.write_none_match", "conditional.write_match")


@defect(trips=("conditional.read_match", "conditional.read_none_match", "conditional.read_since"))
class RangesAreReadUnconditionally(Defective):
    """Conditions are looked at for whole reads only: a range is of whatever version there is."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if "offset" in pairs or "size" in pairs:
            pairs = {name: value for name, value in pairs.items() if not name.startswith("if_")}
        return super().read(path, w, **pairs)


@defect(trips=WRITES, like="google/go-cloud#3726")
class RefusedWriteChangesMetadata(Defective):
    """A write that a condition refuses replaces the metadata all the same."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write(path, r, size, **pairs)
        except PreconditionFailed:
            data = self.content(path)
            if data is not None:
                self.put(path, data)
            raise


@defect(trips=WRITES)
class RefusedWriteStoresFirst(Defective):
    """The condition is looked at when the bytes have been stored already."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        before = self.look(path)
        conditions = {name: pairs.pop(name) for name in ("if_match", "if_none_match") if name in pairs}
        told = super().write(path, r, size, **pairs)
        etag = None if before is None else before.etag
        if conditions.get("if_none_match") and before is not None:
            raise PreconditionFailed
        if conditions.get("if_match", etag) != etag:
            raise PreconditionFailed
        return told


@defect(
    trips=("conditional.complete_multipart_none_match", "conditional.complete_multipart_match"),
    like="getsentry/objectstore#456",
    on=METADATA,
)
class RefusedCompletionEndsUpload(Defective):
    """An upload whose completion a condition refuses is gone."""

    def complete_multipart(self, o: Object, parts: Iterable[Any], **pairs: Any) -> Object | None:
        try:
            return super().complete_multipart(o, parts, **pairs)
        except PreconditionFailed:
            self.inner.delete(o.path, multipart_id=o.multipart_id)
            raise


@defect(trips=("conditional.combine_block_none_match", "conditional.combine_block_match"), on=("memory",))
class RefusedCombinationDropsBlocks(Defective):
    """The blocks whose combination a condition refuses are gone."""

    def combine_block(self, o: Object, bids: Iterable[str], **pairs: Any) -> Object | None:
        try:
            return super().combine_block(o, bids, **pairs)
        except PreconditionFailed:
            self.inner.create_block(o.path)
            raise


@defect(trips=("conditional.move_none_match", "conditional.move_match"), on=("memory",))
class RefusedMoveLosesSource(Defective):
    """A move that a condition refuses has removed its source already."""

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        try:
            return super().move(src, dst, **pairs)
        except PreconditionFailed:
            self.inner.delete(src)
            raise


@defect(trips=("conditional.create_append_none_match", "conditional.create_append_match"), on=NATIVE)
class RefusedAppendObjectEmpties(Defective):
    """create_append empties the object before it looks at the condition."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        try:
            return super().create_append(path, **pairs)
        except PreconditionFailed:
            self.spoil(path, lambda _: b"")
            raise


@defect(trips=("conditional.write_match",), on=METADATA)
class IfMatchOnNothingCreates(Defective):
    """A write with if_match makes an object where none is: there is nothing that could be lost."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if self.look(path) is None:
            pairs.pop("if_match", None)
        return super().write(path, r, size, **pairs)


@defect(trips=("conditional.write_match", "conditional.compare_and_swap"), on=METADATA)
class IfMatchOfAnyVersion(Defective):
    """if_match holds for any etag that the object ever had."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        before = self.look(path)
        known = self.memory("etags").setdefault(path, set())
        known.add(None if before is None else before.etag)
        if pairs.get("if_match") in known:
            del pairs["if_match"]
        return super().write(path, r, size, **pairs)


@defect(trips=("conditional.write_match",), on=METADATA)
class IfMatchOnlyAsksForExistence(Defective):
    """if_match holds wherever an object is, whatever its etag."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if self.look(path) is not None:
            pairs.pop("if_match", None)
        return super().write(path, r, size, **pairs)


@defect(trips=("conditional.write_none_match",))
class DeletedStillThereForConditions(Defective):
    """if_none_match refuses where an object was deleted: its tombstone counts."""

    def delete(self, path: str, **pairs: Any) -> None:
        if self.look(path) is not None:
            self.memory("tombstones")[path] = True
        super().delete(path, **pairs)

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if pairs.get("if_none_match") and path in self.memory("tombstones"):
            raise PreconditionFailed
        return super().write(path, r, size, **pairs)


@defect(trips=("conditional.compare_and_swap",), like="rustfs/rustfs#1659", on=METADATA)
class ConditionOnOneNodeOnly(Defective):
    """A condition is compared with the version that this client saw last, not with the one that is there."""

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        vars(self).setdefault("seen", {})[path] = found.etag
        return found

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if pairs.get("if_match") and pairs["if_match"] == vars(self).get("seen", {}).get(path):
            del pairs["if_match"]
        return super().write(path, r, size, **pairs)


@defect(trips=(*WRITES, "conditional.delete_match", "conditional.read_match"))
class RefusedConditionIsUnexpected(Defective):
    """A condition that does not hold is told as any other failure, so that nobody can tell it from one."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        try:
            return super().call(op, *arguments, **pairs)
        except PreconditionFailed as error:
            raise Unexpected(str(error)) from None


@defect(trips=("conditional.read_none_match", "conditional.read_since"))
class NotModifiedIsEmpty(Defective):
    """A read of what is not modified succeeds with no bytes, as if the object were empty."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        try:
            return super().read(path, w, **pairs)
        except PreconditionFailed:
            if pairs.keys() & {"if_none_match", "if_modified_since"}:
                return 0
            raise


@defect(trips=("conditional.read_since",))
class ModifiedSinceItsOwnTime(Defective):
    """An object counts as modified since the very time that is told of it."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        found = self.look(path)
        since = pairs.get("if_modified_since")
        if since and found and found.last_modified and 0 <= (since - found.last_modified).total_seconds() < 1:
            del pairs["if_modified_since"]
        return super().read(path, w, **pairs)


@defect(trips=("conditional.read_since",))
class ModifiedAfterItsOwnTime(Defective):
    """An object counts as modified after the very time that is told of it: the clock is finer than what is told."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        found = self.look(path)
        since = None if "if_match" in pairs else pairs.get("if_unmodified_since")
        if since and found and found.last_modified and 0 <= (since - found.last_modified).total_seconds() < 1:
            raise PreconditionFailed
        return super().read(path, w, **pairs)


@defect(trips=("conditional.precedence",), on=NATIVE)
class UnmodifiedOutvotesMatch(Defective):
    """if_unmodified_since refuses also where if_match holds."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        self.look_at(path, if_unmodified_since=pairs.get("if_unmodified_since"))
        return super().read(path, w, **pairs)

    def look_at(self, path: str, **condition: Any) -> None:
        """Refuse what the one condition refuses."""
        given = {name: value for name, value in condition.items() if value is not None}
        try:
            self.inner.stat(path, **given)
        except ObjectNotExist:
            return


@defect(trips=("conditional.precedence",), on=NATIVE)
class ModifiedOutvotesNoneMatch(UnmodifiedOutvotesMatch):
    """if_modified_since refuses also where if_none_match holds."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        self.look_at(path, if_modified_since=pairs.get("if_modified_since"))
        return Defective.read(self, path, w, **pairs)


@defect(trips=("conditional.precedence",), on=NATIVE)
class AnyConditionIsEnough(Defective):
    """Of several conditions one that holds is enough."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        conditions = [name for name in pairs if name.startswith("if_")]
        for name in conditions if len(conditions) > 1 else ():
            try:
                self.inner.stat(path, **{name: pairs[name]})
            except StorageError:
                continue
            pairs = {other: value for other, value in pairs.items() if other not in conditions}
            break
        return super().read(path, w, **pairs)


@defect(trips=("conditional.delete_match",), on=METADATA)
class ConditionalDeleteOfMissingCreates(Defective):
    """A delete with if_match on what is missing leaves a marker there."""

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs.get("if_match") and self.look(path) is None:
            self.put(path, b"")
            return
        super().delete(path, **pairs)


@defect(trips=("conditional.copy_source_match", "conditional.copy_source_none_match"), on=METADATA)
class RefusedCopyLeavesEmptyObject(Defective):
    """A copy that a condition on the source refuses leaves an empty object behind."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        try:
            return super().copy(src, dst, **pairs)
        except PreconditionFailed:
            if self.look(dst) is None:
                self.put(dst, b"")
            raise
