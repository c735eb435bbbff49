"""Defects of delete: what it must be deaf to, what it must remove, and what it must leave alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.storage import ListMode, Object, ObjectMode, ObjectNotExist, Part, Reader, Unexpected, Writer

from .base import NATIVE, VIRTUAL, Defective, defect

AGAIN = ("delete.idempotent", "delete.missing")
ABORT_AGAIN = ("delete.upload_idempotent", "multipart.abort_idempotent", "multipart.abort_unknown")
ABORTED = ("delete.upload_gone", "multipart.abort_ends_upload", "multipart.abort_unlists")
HINT = ("delete.virtual_directory", "delete.directory")
ONE = ("delete.only_one",)
GONE = ("delete.removes",)


@defect(trips=AGAIN, like="beyondstorage/go-storage#551")
class DeleteOfMissingRaises(Defective):
    """Deleting what is not there raises ObjectNotExist."""

    def delete(self, path: str, **pairs: Any) -> None:
        if self.look(path, **pairs) is None:
            raise ObjectNotExist
        super().delete(path, **pairs)


@defect(trips=AGAIN, like="thanos-io/thanos#3662")
class DeleteRemembersAndRaises(Defective):
    """Deleting raises when the same path was deleted before, and forgives a path never deleted."""

    def delete(self, path: str, **pairs: Any) -> None:
        if not pairs and path in self.memory("deleted") and self.look(path) is None:
            raise ObjectNotExist
        super().delete(path, **pairs)
        self.memory("deleted")[path] = True


@defect(trips=("delete.missing",))
class DeleteOfNeverWrittenRaises(Defective):
    """Deleting a path that never held anything raises ObjectNotExist; deleting again is fine."""

    def delete(self, path: str, **pairs: Any) -> None:
        if not pairs and path not in self.memory("deleted") and self.look(path) is None:
            raise ObjectNotExist
        super().delete(path, **pairs)
        self.memory("deleted")[path] = True


@defect(trips=("delete.below_file",), on=NATIVE, like="beyondstorage/go-storage: services/fs, ENOTDIR")
class DeleteBelowFileRaises(Defective):
    """Deleting ``file/x`` raises Unexpected, as the operating system's ENOTDIR does."""

    def delete(self, path: str, **pairs: Any) -> None:
        parent = self.look(path.rpartition("/")[0]) if "/" in path else None
        if parent is not None and ObjectMode.DIR not in parent.mode:
            raise Unexpected("not a directory")
        super().delete(path, **pairs)


@defect(trips=ABORT_AGAIN, like="minio/minio#13494", needs=("create_multipart",))
class SecondAbortRaises(Defective):
    """Aborting an upload that is already gone raises ObjectNotExist."""

    def delete(self, path: str, **pairs: Any) -> None:
        if "multipart_id" in pairs and self.look(path, multipart_id=pairs["multipart_id"]) is None:
            raise ObjectNotExist
        super().delete(path, **pairs)


@defect(trips=("delete.directory",), needs=("create_dir",))
class SecondDirectoryDeleteRaises(Defective):
    """Deleting a directory that is already gone raises ObjectNotExist."""

    def delete(self, path: str, **pairs: Any) -> None:
        if "object_mode" in pairs and self.look(path, **pairs) is None:
            raise ObjectNotExist
        super().delete(path, **pairs)


@defect(trips=("delete.append",), needs=("create_append",), on=NATIVE)
class SecondAppendDeleteRaises(Defective):
    """Deleting an append object again raises; plain objects may be deleted twice."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        self.memory("append")[path] = True
        return super().create_append(path, **pairs)

    def delete(self, path: str, **pairs: Any) -> None:
        if path in self.memory("append") and self.look(path) is None:
            raise ObjectNotExist
        super().delete(path, **pairs)


@defect(trips=ONE, like="zarr-developers/zarr-python#2917")
class DeleteRemovesPrefixSiblings(Defective):
    """Deleting ``a`` removes ``aa`` and ``a.b`` as well: the key is taken as a string prefix."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        for found in self.below(path.rpartition("/")[0]):
            if not pairs and found.path.startswith(path) and ObjectMode.DIR not in found.mode:
                self.inner.delete(found.path)


@defect(trips=ONE, like="apache/opendal#8085")
class DeleteMatchesWildcards(Defective):
    """Deleting ``a_b`` removes ``acb`` as well: the key ends in a LIKE pattern, where ``_`` matches any character."""

    def delete(self, path: str, **pairs: Any) -> None:
        pattern = re.compile("".join({"_": ".", "%": ".*"}.get(sign, re.escape(sign)) for sign in path), re.DOTALL)
        super().delete(path, **pairs)
        for found in self.below(path.rpartition("/")[0]):
            if not pairs and pattern.fullmatch(found.path) and ObjectMode.DIR not in found.mode:
                self.inner.delete(found.path)


@defect(trips=ONE, on=VIRTUAL)
class DeleteRemovesWhatLiesBelow(Defective):
    """Deleting the object ``a`` removes ``a/b`` too, although both are keys of their own."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        for found in self.inner.list(path, list_mode=ListMode.PREFIX) if not pairs else []:
            if found.path.startswith(path + "/"):
                self.inner.delete(found.path)


@defect(
    trips=("delete.keeps_children",), like="beyondstorage/go-storage: services/memory, delete", needs=("create_dir",)
)
class DeleteIsRecursive(Defective):
    """Deleting a directory removes everything in it."""

    def delete(self, path: str, **pairs: Any) -> None:
        if self.is_directory(path) or "object_mode" in pairs:
            for found in self.below(path):
                self.delete(found.path, **({"object_mode": ObjectMode.DIR} if ObjectMode.DIR in found.mode else {}))
        super().delete(path, **pairs)


@defect(trips=ONE, on=NATIVE, needs=("create_dir",))
class DeletePrunesParents(Defective):
    """Deleting the last object of a directory removes the directory too."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        parent = path.rpartition("/")[0]
        if parent and not self.below(parent) and self.is_directory(parent):
            self.inner.delete(parent)


@defect(trips=("delete.link", "create_link.target_unharmed"), needs=("create_link",), on=NATIVE)
class DeleteFollowsLinks(Defective):
    """Deleting a link deletes the object that it points to as well."""

    def create_link(self, path: str, target: str) -> Object:
        self.memory("targets")[path] = target
        return super().create_link(path, target)

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        if path in self.memory("targets"):
            self.inner.delete(self.memory("targets").pop(path))


@defect(trips=GONE)
class DeleteDoesNothing(Defective):
    """Deleting succeeds and removes nothing."""

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs:
            super().delete(path, **pairs)


@defect(trips=GONE)
class DeleteHidesFromListOnly(Defective):
    """A deleted object disappears from listings and can still be read and described."""

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs or self.content(path) is None:
            super().delete(path, **pairs)
        else:
            self.memory("hidden")[path] = True

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        self.memory("hidden").pop(path, None)
        return super().write(path, r, size, **pairs)

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return iter([found for found in super().list(path, **pairs) if found.path not in self.memory("hidden")])


@defect(trips=GONE, like="fsspec/s3fs#903")
class DeletedStaysListed(Defective):
    """A deleted object stays in the listing of its directory, from a cache that delete does not clear."""

    def delete(self, path: str, **pairs: Any) -> None:
        found = None if pairs or self.is_directory(path) else self.look(path)
        super().delete(path, **pairs)
        if found is not None:
            self.memory("ghosts")[path] = found

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        real = list(super().list(path, **pairs))
        ghosts = [
            o for at, o in self.memory("ghosts").items() if not pairs and at.rpartition("/")[0] == path.strip("/")
        ]
        return iter([*real, *(ghost for ghost in ghosts if ghost.path not in {o.path for o in real})])


@defect(trips=GONE)
class DeletedStaysReadable(Defective):
    """A deleted object can still be read, from a cache that delete does not clear; stat and list know better."""

    def delete(self, path: str, **pairs: Any) -> None:
        data = None if pairs else self.content(path)
        super().delete(path, **pairs)
        if data is not None:
            self.memory("cache")[path] = data

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        try:
            return super().read(path, w, **pairs)
        except ObjectNotExist:
            if path not in self.memory("cache"):
                raise
            w.write(self.memory("cache")[path])
            return len(self.memory("cache")[path])


@defect(trips=GONE)
class DeletedStaysDescribed(Defective):
    """stat still describes a deleted object; reading it fails."""

    def delete(self, path: str, **pairs: Any) -> None:
        found = None if pairs else self.look(path)
        super().delete(path, **pairs)
        if found is not None:
            self.memory("ghosts")[path] = found

    def stat(self, path: str, **pairs: Any) -> Object:
        try:
            return super().stat(path, **pairs)
        except ObjectNotExist:
            if pairs or path not in self.memory("ghosts"):
                raise
            return self.memory("ghosts")[path]


@defect(trips=GONE)
class EmptyObjectCannotBeDeleted(Defective):
    """Deleting an object of zero bytes does nothing: its length is taken for a truth value."""

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs or self.content(path) != b"":
            super().delete(path, **pairs)


@defect(trips=("move.first_class",), like="beyondstorage/go-storage: services/memory, move")
class MovedObjectCannotBeDeleted(Defective):
    """A moved object cannot be deleted: it still carries its old name inside."""

    def move(self, src: str, dst: str) -> None:
        super().move(src, dst)
        self.memory("moved")[dst] = src

    def delete(self, path: str, **pairs: Any) -> None:
        if pairs or path not in self.memory("moved"):
            super().delete(path, **pairs)


@defect(trips=("delete.forgets", "list.current", "list.complete"))
class TombstoneSurvivesRewrite(Defective):
    """An object written where one was deleted stays hidden from listings: the tombstone is never removed."""

    def delete(self, path: str, **pairs: Any) -> None:
        if not pairs and self.content(path) is not None:
            self.memory("tombstones")[path] = True
        super().delete(path, **pairs)

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return iter([found for found in super().list(path, **pairs) if found.path not in self.memory("tombstones")])


@defect(trips=(*GONE, "delete.forgets"))
class SecondDeletionIsLost(Defective):
    """An object written anew after its deletion cannot be deleted a second time."""

    def delete(self, path: str, **pairs: Any) -> None:
        if not pairs and path in self.memory("deleted"):
            return
        if not pairs and self.content(path) is not None:
            self.memory("deleted")[path] = True
        super().delete(path, **pairs)


@defect(trips=("delete.upload_only", "multipart.abort_leaves_object"), needs=("create_multipart",))
class AbortDeletesObject(Defective):
    """Aborting an upload deletes the object at its path as well."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        if "multipart_id" in pairs:
            self.inner.delete(path)


@defect(trips=("delete.upload_only", "multipart.delete_leaves_upload"), needs=("create_multipart", "list"))
class DeleteAbortsUploads(Defective):
    """Deleting an object aborts the uploads that are open at its path."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        for found in self.inner.list(path, list_mode=ListMode.PART) if not pairs else []:
            if found.path == path:
                self.inner.delete(path, multipart_id=found.multipart_id)


@defect(trips=ABORTED, needs=("create_multipart",), like="rclone/rclone: serve s3, ghost uploads")
class AbortDoesNothing(Defective):
    """Aborting an upload succeeds, and the upload stays open."""

    def delete(self, path: str, **pairs: Any) -> None:
        if "multipart_id" not in pairs:
            super().delete(path, **pairs)


@defect(trips=("multipart.abort_leaves_uploads",), needs=("create_multipart", "list"))
class AbortTakesAllUploadsOfPath(Defective):
    """Aborting one upload aborts every upload of the same path: the id is not looked at."""

    def delete(self, path: str, **pairs: Any) -> None:
        if "multipart_id" in pairs:
            for found in list(self.inner.list(path, list_mode=ListMode.PART)):
                if found.path == path:
                    self.inner.delete(path, multipart_id=found.multipart_id)
        super().delete(path, **pairs)


@defect(trips=ABORTED, needs=("create_multipart", "write_multipart"))
class AbortedUploadTakesParts(Defective):
    """Parts are accepted after the upload was aborted, and go nowhere."""

    def delete(self, path: str, **pairs: Any) -> None:
        if "multipart_id" in pairs:
            self.memory("aborted")[pairs["multipart_id"]] = True
        super().delete(path, **pairs)

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        if ObjectMode.PART in o.mode and o.multipart_id in self.memory("aborted"):
            return size, Part(index, size, "etag")
        return super().write_multipart(o, r, size, index, **pairs)


@defect(trips=HINT, on=VIRTUAL, needs=("create_dir",))
class DeleteIgnoresDirectoryHint(Defective):
    """Deleting ``d`` with the hint ``dir`` deletes the object ``d`` and leaves the marker of the directory."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **{name: value for name, value in pairs.items() if name != "object_mode"})


@defect(trips=HINT, on=VIRTUAL, needs=("create_dir",))
class DeleteTakesDirectoryWithoutHint(Defective):
    """Deleting ``d`` without a hint removes the marker of the directory as well."""

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        if not pairs:
            self.inner.delete(path, object_mode=ObjectMode.DIR)


@defect(trips=("object_mode.delete_hint", "delete.directory"), needs=("create_dir",))
class DeleteRefusesHint(Defective):
    """The hint ``object_mode`` is refused as unsupported."""

    def delete(self, path: str, **pairs: Any) -> None:
        if "object_mode" in pairs:
            raise Unexpected("unsupported: object_mode")
        super().delete(path, **pairs)


@defect(trips=("delete.missing", "delete.idempotent", "errors.taxonomy"), like="mojatter/s2#143")
class DeleteLeaksKeyError(Defective):
    """Deleting what is not there lets a KeyError out."""

    def delete(self, path: str, **pairs: Any) -> None:
        if not pairs and self.look(path) is None:
            raise KeyError(path)
        super().delete(path, **pairs)


@defect(trips=("delete.root",))
class DeleteOfRootEmptiesIt(Defective):
    """Deleting the empty path removes every object of the work_dir."""

    def delete(self, path: str, **pairs: Any) -> None:
        if path:
            super().delete(path, **pairs)
            return
        for found in self.below(""):
            self.inner.delete(found.path, **({"object_mode": ObjectMode.DIR} if ObjectMode.DIR in found.mode else {}))


@defect(trips=("delete.forgets",), on=("memory", "moto"))
class ContentTypeSurvivesDelete(Defective):
    """An object written after a delete gets the content type that the deleted one had, unless it has its own."""

    def delete(self, path: str, **pairs: Any) -> None:
        found = None if pairs else self.look(path)
        super().delete(path, **pairs)
        if found is not None and found.content_type:
            self.memory("types")[path] = found.content_type

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if path in self.memory("types"):
            pairs.setdefault("content_type", self.memory("types")[path])
        return super().write(path, r, size, **pairs)
