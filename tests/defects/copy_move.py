"""Defects of copy and move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote_plus

from conformance.storage import Object, ObjectMode, ObjectNotExist, Reader, Unexpected

from .base import METADATA, NATIVE, Defective, defect


@defect(trips=("copy.self",), like="ceph/ceph#5770")
class CopyOntoItselfEmpties(Defective):
    """Copying an object onto itself empties it: the destination is truncated before the source is read."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        if src == dst:
            self.spoil(dst, lambda _: b"")


@defect(trips=("copy.self", "copy.metadata"), on=("memory",))  # S3 refuses such a copy, so that nothing is dropped
class CopyOntoItselfDropsMetadata(Defective):
    """Copying an object onto itself drops its metadata."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        if src == dst:
            self.put(dst, self.content(dst) or b"")


@defect(trips=("move.self",), like="rclone/rclone#1261")
class MoveOntoItselfDeletes(Defective):
    """Moving an object onto itself deletes it."""

    def move(self, src: str, dst: str) -> None:
        super().move(src, dst)
        if src == dst:
            self.inner.delete(src)


@defect(trips=("copy.last_modified",), on=("memory",), like="rclone serve s3: a file is copied with its times")
class CopyKeepsTimeOfSource(Defective):
    """A copy is told with the time of its source."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        found = self.stat(src)
        self.memory("times")[dst] = found.last_modified

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        self.memory("times").pop(path, None)
        return int(super().write(path, r, size, **pairs))

    def stat(self, path: str, **pairs: Any) -> Object:
        found = super().stat(path, **pairs)
        return replace(found, last_modified=self.memory("times").get(path, found.last_modified))


@defect(trips=("copy.content", "completeness.copy"))
class CopyRemovesSource(Defective):
    """copy moves: the source is gone afterwards."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        if src != dst:
            self.inner.delete(src)


@defect(trips=("move.content", "move.twice"))
class MoveKeepsSource(Defective):
    """move copies: the source stays."""

    def move(self, src: str, dst: str) -> None:
        self.inner.copy(src, dst) if "copy" in self.features().operations else super().move(src, dst)


@defect(trips=("copy.content", "completeness.copy"), like="apache/arrow-rs-object-store#712")
class CopyLeavesExisting(Defective):
    """copy to a path where an object exists succeeds and does nothing."""

    def copy(self, src: str, dst: str) -> None:
        if self.content(dst) is None or self.content(src) is None:
            super().copy(src, dst)


@defect(trips=("move.content", "completeness.move"))
class MoveLeavesExisting(Defective):
    """move to a path where an object exists succeeds and only removes the source."""

    def move(self, src: str, dst: str) -> None:
        old = self.content(dst)
        super().move(src, dst)
        if old is not None:
            self.spoil(dst, lambda _: old)


@defect(trips=("copy.metadata",), on=METADATA)
class CopyDropsContentType(Defective):
    """A copy has no content type."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        found, data = self.look(dst), self.content(dst)
        if found is not None and data is not None:
            self.put(dst, data, found, content_type=None)


@defect(trips=("copy.metadata",), on=METADATA)
class CopyDropsUserMetadata(Defective):
    """A copy has no user metadata."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        found, data = self.look(dst), self.content(dst)
        if found is not None and data is not None:
            self.put(dst, data, found, user_metadata=None)


@defect(trips=("completeness.copy", "copy.metadata"), on=METADATA)
class CopyKeepsMetadataOfDestination(Defective):
    """A copy over an object keeps the content type that this had."""

    def copy(self, src: str, dst: str) -> None:
        old = self.look(dst)
        super().copy(src, dst)
        data = self.content(dst)
        if old is not None and data is not None and src != dst:
            self.put(dst, data, old)


@defect(trips=("move.metadata",), on=METADATA)
class MoveDropsMetadata(Defective):
    """A moved object has lost its metadata."""

    def move(self, src: str, dst: str) -> None:
        super().move(src, dst)
        data = self.content(dst)
        if data is not None:
            self.put(dst, data)


@defect(trips=("copy.independent",), like="google/go-cloud#3727")
class CopySharesContent(Defective):
    """A copy goes on to share its content with the source: overwriting the source overwrites the copy."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        if src != dst:
            self.memory("copies")[src] = dst

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        count = super().write(path, r, size, **pairs)
        if path in self.memory("copies") and self.content(self.memory("copies")[path]) is not None:
            self.inner.copy(path, self.memory("copies")[path])
        return count


@defect(trips=("copy.independent",))
class CopyDiesWithSource(Defective):
    """Deleting the source deletes its copies."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        if src != dst:
            self.memory("copies")[src] = dst

    def delete(self, path: str, **pairs: Any) -> None:
        super().delete(path, **pairs)
        if not pairs and path in self.memory("copies"):
            self.inner.delete(self.memory("copies").pop(path))


@defect(trips=("copy.missing_source",), like="beyondstorage/go-storage: services/ipfs, copy")
class CopyOfMissingDeletesDestination(Defective):
    """Copying from where there is nothing deletes the destination first and then raises."""

    def copy(self, src: str, dst: str) -> None:
        if self.look(src) is None and self.content(dst) is not None:
            self.inner.delete(dst)
        super().copy(src, dst)


@defect(trips=("copy.missing_source",))
class CopyOfMissingMakesEmpty(Defective):
    """Copying from where there is nothing makes an empty object."""

    def copy(self, src: str, dst: str) -> None:
        try:
            super().copy(src, dst)
        except ObjectNotExist:
            self.put(dst, b"")


@defect(trips=("copy.missing_source", "errors.taxonomy"))
class CopyOfMissingIsForeign(Defective):
    """Copying from where there is nothing lets a FileNotFoundError out."""

    def copy(self, src: str, dst: str) -> None:
        try:
            super().copy(src, dst)
        except ObjectNotExist:
            raise FileNotFoundError(src) from None


@defect(trips=("move.missing_source", "move.twice"))
class MoveOfMissingSucceeds(Defective):
    """Moving from where there is nothing succeeds."""

    def move(self, src: str, dst: str) -> None:
        try:
            super().move(src, dst)
        except ObjectNotExist:
            return


@defect(trips=("move.missing_source", "move.twice"))
class MoveOfMissingDeletesDestination(Defective):
    """Moving from where there is nothing deletes the destination and raises."""

    def move(self, src: str, dst: str) -> None:
        try:
            super().move(src, dst)
        except ObjectNotExist:
            if self.content(dst) is not None:
                self.inner.delete(dst)
            raise


@defect(trips=("copy.new_parent",), like="apache/opendal#5807")
class CopyNeedsParent(Defective):
    """Copying into a directory that does not exist is an error."""

    def copy(self, src: str, dst: str) -> None:
        parent = dst.rpartition("/")[0]
        if parent and not self.below(parent) and not self.look(parent, object_mode=ObjectMode.DIR) and self.look(src):
            raise Unexpected("no such directory")
        super().copy(src, dst)


@defect(trips=("copy.any_path",))
class CopySourceUnquoted(Defective):
    """The source of a copy is percent-decoded, as a header that was never encoded."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(unquote_plus(src), dst)


@defect(trips=("copy.any_path",))
class CopyDestinationCutAtQuestionMark(Defective):
    """The destination of a copy ends at its first question mark."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst.partition("?")[0] or dst)


@defect(trips=("move.any_path",), like="zarr-developers/zarr-python#2917")
class MoveTakesPrefixSiblings(Defective):
    """Moving ``a`` removes ``ab`` as well: the source is deleted as a string prefix."""

    def move(self, src: str, dst: str) -> None:
        super().move(src, dst)
        for found in self.below(src.rpartition("/")[0]):
            if found.path.startswith(src) and found.path != dst and ObjectMode.DIR not in found.mode:
                self.inner.delete(found.path)


@defect(trips=("move.other_directory", "move.content"), like="beyondstorage/go-storage: services/memory, move")
class MoveStaysInDirectory(Defective):
    """move puts the object into the directory of its source, under the last name of the destination."""

    def move(self, src: str, dst: str) -> None:
        head = src.rpartition("/")[0]
        super().move(src, f"{head}/{dst.rpartition('/')[2]}" if head else dst.rpartition("/")[2])


@defect(trips=("copy.content", "completeness.copy"), like="beyondstorage/go-storage: services/gdrive, copy")
class CopyStaysInDirectory(Defective):
    """copy puts the copy into the directory of its source."""

    def copy(self, src: str, dst: str) -> None:
        head = src.rpartition("/")[0]
        super().copy(src, f"{head}/{dst.rpartition('/')[2]}" if head else dst.rpartition("/")[2])


@defect(trips=("move.first_class",))
class MovedPathCannotBeWritten(Defective):
    """The path that an object was moved from cannot be written again: writes to it go to the new path."""

    def move(self, src: str, dst: str) -> None:
        super().move(src, dst)
        if src != dst:
            self.memory("moved")[src] = dst

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return super().write(self.memory("moved").get(path, path), r, size, **pairs)


@defect(trips=("copy.one_object",), needs=("create_dir",))
class CopyOfDirectoryEmptiesIt(Defective):
    """Copying a directory is refused after its objects were moved away."""

    def copy(self, src: str, dst: str) -> None:
        if self.is_directory(src) or (self.look(src) is None and self.look(src, object_mode=ObjectMode.DIR)):
            for found in self.below(src):
                if ObjectMode.DIR not in found.mode:
                    self.inner.delete(found.path)
        super().copy(src, dst)


@defect(trips=("copy.one_object",), on=NATIVE, needs=("create_dir",))
class CopyOfDirectoryCopiesPart(Defective):
    """Copying a directory copies the first object in it."""

    def copy(self, src: str, dst: str) -> None:
        if self.is_directory(src):
            for found in self.below(src)[:1]:
                self.inner.copy(found.path, f"{dst}/{found.path.rpartition('/')[2]}")
            return
        super().copy(src, dst)


@defect(trips=("copy.content", "completeness.copy"))
class CopyCutAt4096(Defective):
    """A copy is cut at 4096 bytes."""

    def copy(self, src: str, dst: str) -> None:
        super().copy(src, dst)
        if src != dst:
            self.spoil(dst, lambda data: data[:4096])


@defect(trips=("copy.content", "completeness.copy"))
class CopyOfEmptySkipped(Defective):
    """Copying an empty object does nothing."""

    def copy(self, src: str, dst: str) -> None:
        if self.content(src) != b"":
            super().copy(src, dst)


@defect(trips=("move.content", "completeness.move"))
class MoveOntoSameLengthLosesBoth(Defective):
    """A move over an existing object removes source and destination when their lengths are the same."""

    def move(self, src: str, dst: str) -> None:
        same = (
            src != dst
            and self.content(src) is not None
            and len(self.content(src) or b"") == len(self.content(dst) or b"-")
        )
        super().move(src, dst)
        if same:
            self.inner.delete(dst)
