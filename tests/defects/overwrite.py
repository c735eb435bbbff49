"""Defects of the thirteen write operations where something is at the destination already."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from conformance.storage import (
    Object,
    ObjectMode,
    ObjectModeInvalid,
    Reader,
    StorageError,
    Unexpected,
    Writer,
    operations,
)

from .base import METADATA, NATIVE, Defective, Tee, defect

READABLE = ("write", "copy", "move", "fetch", "complete_multipart", "combine_block", "commit_append")
"""Write operations after which the object can be read."""
ALSO = {
    "copy": ("copy.content",),
    "move": ("move.content",),
    "fetch": ("fetch.content",),
    "complete_multipart": ("multipart.complete_replaces",),
    "create_multipart": ("multipart.create_over_existing",),
}


def destination(op: str, arguments: tuple[Any, ...]) -> str:
    """Return the path that a write operation writes to."""
    target = arguments[1] if operations()[op].params[0] == "src" else arguments[0]
    return target.path if isinstance(target, Object) else target


def named(prefix: str, op: str, sentence: str) -> dict[str, Any]:
    """Return what a generated class is called and says."""
    return {"__doc__": sentence, "__module__": __name__, "__qualname__": prefix + _camel(op)}


def _camel(op: str) -> str:
    return "".join(word.title() for word in op.split("_"))


def plant(prefix: str, op: str, sentence: str, hook: Callable[..., Any], trips: tuple[str, ...], **where: Any) -> None:
    """Register the defect that has ``hook`` in place of one operation."""
    kind = type(prefix + _camel(op), (Defective,), {**named(prefix, op, sentence), op: hook})
    defect(trips=trips, **where)(kind)


# One operation refuses what exists


def _refuses(op: str) -> Callable[..., Any]:
    def hook(self: Defective, *arguments: Any, **pairs: Any) -> Any:
        if self.look(destination(op, arguments)) is not None:
            raise Unexpected("the object exists")
        return self.call(op, *arguments, **pairs)

    return hook


for _op, _operation in operations().items():
    if _operation.write and _op != "commit_append":
        plant(
            "ExistingRefusedBy", _op, f"{_op} refuses a path at which an object exists.", _refuses(_op),
            (f"overwrite.{_op}_exists", f"completeness.{_op}", *ALSO.get(_op, ())),
            like="storj/storj#4607" if _op == "copy" else "",
        )  # fmt: skip


@defect(trips=("overwrite.commit_append_exists", "completeness.commit_append"))
class ExistingRefusedByCommitAppend(Defective):
    """commit_append refuses a path at which an object existed when the append object was created."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        self.memory("existed")[path] = self.look(path) is not None
        return super().create_append(path, **pairs)

    def commit_append(self, o: Object) -> None:
        if self.memory("existed").get(o.path):
            raise Unexpected("the object exists")
        super().commit_append(o)


@defect(trips=("overwrite.write_exists", "errors.taxonomy"), like="beyondstorage/go-storage#656")
class WriteLeaksFileExistsError(Defective):
    """write lets a FileExistsError out where an object exists."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if self.look(path) is not None and not self.is_directory(path):
            raise FileExistsError(path)
        return super().write(path, r, size, **pairs)


# One operation leaves something of the old object


def _keeps_tail(op: str) -> Callable[..., Any]:
    def hook(self: Defective, *arguments: Any, **pairs: Any) -> Any:
        path = destination(op, arguments)
        old = self.content(path) or b""
        result = self.call(op, *arguments, **pairs)
        if operations()[op].params[0] != "src" or arguments[0] != path:
            self.spoil(path, lambda new: new + old[len(new) :])
        return result

    return hook


for _op in READABLE:
    if _op not in {"commit_append", "write"}:
        plant(
            "TailKeptBy", _op, f"After {_op} the tail of a longer old object stays behind the new bytes.",
            _keeps_tail(_op), (f"completeness.{_op}", *ALSO.get(_op, ())),
        )  # fmt: skip


@defect(trips=("completeness.write",), like="beyondstorage/go-storage#624")
class TailKeptByWrite(Defective):
    """Writing a shorter object over a longer one leaves the tail of the old: the file is not truncated."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path) or b""
        count = super().write(path, r, size, **pairs)
        self.spoil(path, lambda new: new + old[len(new) :])
        return count


@defect(trips=("completeness.create_append", "completeness.commit_append"), on=NATIVE)
class AppendBeginsWithOldContent(Defective):
    """create_append over an object keeps its bytes, and appends go behind them."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        old = self.content(path)
        o = super().create_append(path, **pairs)
        if old:
            self.inner.write_append(o, io.BytesIO(old), len(old))
        return o


@defect(trips=("completeness.commit_append",))
class TailKeptByCommitAppend(Defective):
    """After commit_append the tail of a longer object that was at the path before stays behind the new bytes."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        self.memory("old")[path] = self.content(path) or b""
        return super().create_append(path, **pairs)

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        old = self.memory("old").get(o.path, b"")
        self.spoil(o.path, lambda new: new + old[len(new) :])


@defect(trips=("completeness.create_page",))
class PageBeginsWithOldContent(Defective):
    """create_page over an object keeps its bytes."""

    def create_page(self, path: str) -> Object:
        old = self.content(path)
        o = super().create_page(path)
        if old:
            self.inner.write_page(o, io.BytesIO(old), len(old), 0)
        return o


@defect(trips=("completeness.create_block", "overwrite.create_block_exists"), needs=("list_block",))
class BlocksOfEarlierSessionStay(Defective):
    """create_block at a path with an unfinished block object keeps the blocks that this one had."""

    def create_block(self, path: str) -> Object:
        o = super().create_block(path)
        for bid, data in self.memory("blocks").get(path, {}).items():
            self.inner.write_block(o, io.BytesIO(data), len(data), bid)
        return o

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        tee = None if r is None else Tee(r)
        count = super().write_block(o, tee, size, bid)
        self.memory("blocks").setdefault(o.path, {})[bid] = b"" if tee is None else tee.data
        return count


@defect(trips=("completeness.create_multipart", "multipart.list_fresh_empty", "multipart.uploads_apart"))
class PartsOfEarlierUploadStay(Defective):
    """A new upload begins with the parts of the last upload to the same path."""

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        o = super().create_multipart(path, **pairs)
        for index, data in self.memory("parts").get(path, {}).items():
            self.inner.write_multipart(o, io.BytesIO(data), len(data), index)
        return o

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> Any:
        tee = None if r is None else Tee(r)
        result = super().write_multipart(o, tee, size, index, **pairs)
        self.memory("parts").setdefault(o.path, {})[index] = b"" if tee is None else tee.data
        return result


@defect(trips=("completeness.create_dir", "create_dir.told", "create_dir.creates"))
class CreateDirMakesNothing(Defective):
    """create_dir returns a handle and makes no directory."""

    def create_dir(self, path: str) -> Object:
        if self.look(path) is not None:
            return super().create_dir(path)
        return Object(path=path, id=path, mode=ObjectMode.DIR)


@defect(trips=("completeness.create_link", "create_link.replaces"))
class LinkKeepsOldTarget(Defective):
    """create_link over a link succeeds, and the link leads where it led."""

    def create_link(self, path: str, target: str) -> Object:
        found = self.look(path)
        if found is not None and ObjectMode.LINK in found.mode:
            return replace(found, link_target=target)
        return super().create_link(path, target)


# write: everything else that can stay or go wrong


@defect(trips=("completeness.write",))
class SameLengthOverwriteIgnored(Defective):
    """An overwrite of the same length is taken for unchanged and ignored."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old is not None and len(old) == size:
            self.spoil(path, lambda _: old)
        return count


@defect(trips=("completeness.write",), like="apache/arrow-rs-object-store#713")
class EveryOverwriteIgnored(Defective):
    """Writing where an object exists succeeds and changes nothing."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old is not None:
            self.spoil(path, lambda _: old)
        return count


@defect(trips=("completeness.write",))
class EmptyOverwriteIgnored(Defective):
    """Overwriting with an empty object succeeds and changes nothing."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old and size == 0:
            self.spoil(path, lambda _: old)
        return count


@defect(trips=("completeness.write",))
class OverwriteCutToOldLength(Defective):
    """A longer overwrite is cut to the length of the old object."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old:
            self.spoil(path, lambda new: new[: len(old)])
        return count


@defect(trips=("completeness.write",))
class OverwriteAppends(Defective):
    """Writing where an object exists puts the new bytes behind the old ones."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path) or b""
        count = super().write(path, r, size, **pairs)
        self.spoil(path, lambda new: old + new)
        return count


@defect(trips=("completeness.metadata",), like="apache/ozone#6273", on=METADATA)
class OldContentTypeStays(Defective):
    """An overwrite without a content type keeps that of the old object."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.look(path)
        if old is not None and old.content_type and "content_type" not in pairs:
            pairs["content_type"] = old.content_type
        return super().write(path, r, size, **pairs)


@defect(trips=("completeness.metadata",), like="scality/cloudserver#126", on=METADATA)
class OldUserMetadataMerged(Defective):
    """An overwrite adds its user metadata to those of the old object."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.look(path)
        if old is not None and old.user_metadata:
            pairs["user_metadata"] = {**old.user_metadata, **(pairs.get("user_metadata") or {})}
        return super().write(path, r, size, **pairs)


@defect(trips=("completeness.write", "overwrite.no_rename"))
class OverwriteRenamed(Defective):
    """Writing where an object exists stores under ``name (1)``, as file hosts do."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        taken = self.look(path) is not None and not self.is_directory(path)
        return super().write(f"{path} (1)" if taken else path, r, size, **pairs)


@defect(trips=("overwrite.no_rename", "completeness.listing", "completeness.write"))
class OverwriteKeepsBackup(Defective):
    """An overwrite leaves the old object beside the new one as ``name~``."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old is not None:
            self.put(path + "~", old)
        return count


@defect(trips=("completeness.write",))
class FirstReadAfterOverwriteStale(Defective):
    """The first read after an overwrite delivers the old bytes."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old is not None:
            self.memory("stale")[path] = old
        return count

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if path in self.memory("stale") and not pairs:
            old = self.memory("stale").pop(path)
            w.write(old)
            return len(old)
        return super().read(path, w, **pairs)


@defect(trips=("completeness.write", "stat.length"), like="fsspec/s3fs#424")
class StatKeepsOldLength(Defective):
    """After an overwrite stat still tells the length of the first object."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old is not None:
            self.memory("length").setdefault(path, len(old))
        return count

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        length = self.memory("length").get(path)
        return found if length is None or found.content_length is None else replace(found, content_length=length)


@defect(trips=("completeness.listing", "list.current", "list.agrees_with_stat"))
class ListingKeepsOldLength(Defective):
    """After an overwrite listings still tell the length of the old object; stat is right."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        old = self.content(path)
        count = super().write(path, r, size, **pairs)
        if old is not None:
            self.memory("length")[path] = len(old)
        return count

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        lengths = self.memory("length")
        return iter(
            [replace(o, content_length=lengths.get(o.path, o.content_length)) for o in super().list(path, **pairs)]
        )


@defect(trips=("completeness.listing", "list.complete"), like="storj/storj#5274")
class OverwrittenListedTwice(Defective):
    """An overwritten object is listed once per write."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        again = self.content(path) is not None
        count = super().write(path, r, size, **pairs)
        if again:
            self.memory("twice")[path] = True
        return count

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return iter(
            [o for found in super().list(path, **pairs) for o in [found] * (1 + (found.path in self.memory("twice")))]
        )


@defect(trips=("completeness.every_client", "paths.every_client"), like="rustfs/rustfs#1659")
class OtherClientsReadStale(Defective):
    """A client that has read an object goes on reading its own cached bytes, whatever others write."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        self.__dict__.setdefault("cache", {}).pop(path, None)
        return super().write(path, r, size, **pairs)

    def delete(self, path: str, **pairs: Any) -> None:
        self.__dict__.setdefault("cache", {}).pop(path, None)
        super().delete(path, **pairs)

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        cache: dict[str, bytes] = self.__dict__.setdefault("cache", {})
        if pairs:
            return super().read(path, w, **pairs)
        if path not in cache:
            sink = io.BytesIO()
            super().read(path, sink)
            cache[path] = sink.getvalue()
        w.write(cache[path])
        return len(cache[path])


# A directory is at the destination


def _remove(self: Defective, path: str) -> None:
    for found in self.below(path):
        _remove(self, found.path) if ObjectMode.DIR in found.mode else self.inner.delete(found.path)
    self.inner.delete(path, object_mode=ObjectMode.DIR)


def _replaces_directory(op: str) -> Callable[..., Any]:
    def hook(self: Defective, *arguments: Any, **pairs: Any) -> Any:
        path = destination(op, arguments)
        if self.is_directory(path):
            _remove(self, path)
        return self.call(op, *arguments, **pairs)

    return hook


def _nests(op: str) -> Callable[..., Any]:
    def hook(self: Defective, *arguments: Any, **pairs: Any) -> Any:
        path = destination(op, arguments)
        if self.is_directory(path):
            where = f"{path}/{str(arguments[0]).rpartition('/')[2]}"
            arguments = (where, *arguments[1:]) if operations()[op].params[0] == "path" else (arguments[0], where)
        return self.call(op, *arguments, **pairs)

    return hook


def _other_error(op: str) -> Callable[..., Any]:
    def hook(self: Defective, *arguments: Any, **pairs: Any) -> Any:
        try:
            return self.call(op, *arguments, **pairs)
        except ObjectModeInvalid:
            if not self.is_directory(destination(op, arguments)):
                raise
        raise Unexpected("is a directory")

    return hook


for _op, _operation in operations().items():
    if _operation.write and _op != "create_dir":
        plant(
            "DirectoryReplacedBy", _op, f"{_op} to the path of a directory removes it with all that is in it.",
            _replaces_directory(_op), (f"overwrite.{_op}_onto_directory",), on=NATIVE, needs=("create_dir",),
            like="beyondstorage/go-storage: services/memory, write" if _op == "write" else "",
        )  # fmt: skip
        plant(
            "DirectoryIsUnexpectedTo", _op, f"{_op} to the path of a directory raises Unexpected.",
            _other_error(_op), (f"overwrite.{_op}_onto_directory",), on=NATIVE, needs=("create_dir",),
            like="beyondstorage/go-storage: services/dropbox, write" if _op == "write" else "",
        )  # fmt: skip
for _op in ("write", "copy", "move", "fetch", "create_link"):
    plant(
        "LandsInDirectory", _op, f"{_op} to the path of a directory lands inside of it, as the shell does.",
        _nests(_op), (f"overwrite.{_op}_onto_directory",), on=NATIVE, needs=("create_dir",),
    )  # fmt: skip


@defect(trips=("overwrite.create_dir_onto_object",), on=NATIVE)
class CreateDirReplacesObject(Defective):
    """create_dir at the path of an object deletes the object."""

    def create_dir(self, path: str) -> Object:
        if self.content(path) is not None:
            self.inner.delete(path)
        return super().create_dir(path)


@defect(trips=("overwrite.create_dir_exists", "create_dir.keeps_children"))
class CreateDirEmptiesDirectory(Defective):
    """create_dir of a directory that exists begins it anew: what lay in it is gone."""

    def create_dir(self, path: str) -> Object:
        for found in self.below(path):
            _remove(self, found.path) if ObjectMode.DIR in found.mode else self.inner.delete(found.path)
        return super().create_dir(path)


@defect(trips=("overwrite.create_link_onto_object",), on=NATIVE)
class LinkOntoObjectRefusedAfterDeleting(Defective):
    """create_link at the path of an object deletes the object and then refuses."""

    def create_link(self, path: str, target: str) -> Object:
        found = self.look(path)
        if found is not None and not found.mode & (ObjectMode.LINK | ObjectMode.DIR):
            self.inner.delete(path)
            raise ObjectModeInvalid(expected=ObjectMode.LINK, actual=found.mode)
        return super().create_link(path, target)


@defect(trips=("overwrite.write_onto_link",), needs=("create_link",), on=NATIVE)
class WriteOntoLinkLost(Defective):
    """Writing to the path of a link succeeds and stores nothing."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        found = self.look(path)
        if found is not None and ObjectMode.LINK in found.mode:
            return size
        return super().write(path, r, size, **pairs)


@defect(trips=("overwrite.beside_virtual_directory", "delete.virtual_directory"), on=("moto",), needs=("create_dir",))
class WriteRemovesVirtualDirectory(Defective):
    """Writing an object removes the marker of the directory of that name, which may lie beside it."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        self.inner.delete(path, object_mode=ObjectMode.DIR)
        return count


# What a failed write does to the old object


@defect(trips=("write.failure_keeps_old",), like="beyondstorage/go-storage: services/fs, write")
class FailedWriteEmptiesOldObject(Defective):
    """A write whose reader fails leaves an empty object: the old one was truncated before the first read."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write(path, r, size, **pairs)
        except StorageError:
            if self.content(path) is not None:
                self.put(path, b"")
            raise


@defect(trips=("write.failure_keeps_old",), like="google/go-cloud#3726")
class RefusedWriteKeepsNewMetadata(Defective):
    """A refused write leaves the bytes of the old object and replaces its metadata."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write(path, r, size, **pairs)
        except StorageError:
            old = self.content(path)
            if old is not None:
                self.put(path, old)
            raise


@defect(trips=("write.failure_keeps_old",), like="beyondstorage/go-storage: services/kodo, write")
class FailedWriteDeletesOldObject(Defective):
    """The old object is deleted before the new one is written, and stays deleted when that fails."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write(path, r, size, **pairs)
        except StorageError:
            if self.content(path) is not None:
                self.inner.delete(path)
            raise
