"""Defects between the chapters: directories that are described and moved, limits, listings and paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from conformance.storage import (
    ListMode,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    Part,
    Reader,
    RestrictionDissatisfied,
    StorageError,
    Unexpected,
    Writer,
)

from .base import NATIVE, Defective, Tee, defect

UPSTREAM = "beyondstorage/go-storage: services/"
MEMORY = ("memory",)


# Directories


@defect(trips=("create_dir.trailing_slash",))
class SlashDirectoryHoldsMarker(Defective):
    """A directory made with a slash at the end has an empty object in it."""

    def create_dir(self, path: str) -> Object:
        o = super().create_dir(path)
        if path.endswith("/"):
            self.put(path + "_", b"")
        return o


@defect(trips=("create_dir.trailing_slash",))
class SlashDirectoryIsAnother(Defective):
    """A directory made with a slash at the end is another one, of a name with a dot behind it."""

    def create_dir(self, path: str) -> Object:
        return super().create_dir(path[:-1] + "." if path.endswith("/") else path)


@defect(trips=("create_dir.told", "create_dir.creates"), on=MEMORY, like=UPSTREAM + "gdrive, createDir")
class CreateDirIgnoresWorkDir(Defective):
    """create_dir makes its directory at the root, whatever the work_dir."""

    def create_dir(self, path: str) -> Object:
        aside = "/made" + self.metadata().work_dir + path.lstrip("/")
        return replace(super().create_dir(aside), path=path)


@defect(trips=("stat.directory", "create_dir.told"), on=NATIVE, needs=("create_dir",), like=UPSTREAM + "ftp, stat")
class StatOfDirectoryDescribesChild(Defective):
    """stat of a directory describes the first object in it."""

    def stat(self, path: str, **pairs: Any) -> Object:
        o = super().stat(path, **pairs)
        inside = self.below(path) if ObjectMode.DIR in o.mode else []
        return replace(inside[0], path=path) if inside else o


class Moving(Defective):
    """Moves directories object by object, where the storage refuses them."""

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        if not self.is_directory(src) or self.look(dst) is not None or dst.startswith(src + "/"):
            return super().move(src, dst, **pairs)
        for number, o in enumerate(self.within(src)):
            self.moved(number, o.path, dst + o.path.removeprefix(src))
        return None

    def within(self, path: str) -> Iterable[Object]:
        """Return all objects below a directory."""
        for o in self.below(path):
            if ObjectMode.DIR in o.mode:
                yield from self.within(o.path)
            else:
                yield o

    def moved(self, number: int, src: str, dst: str) -> None:
        """Move one of its objects."""
        raise NotImplementedError


@defect(trips=("move.one_object",), on=NATIVE)
class MovedDirectoryIsCopied(Moving):
    """A directory that is moved stays where it is as well."""

    def moved(self, number: int, src: str, dst: str) -> None:
        del number
        self.inner.copy(src, dst)


@defect(trips=("move.one_object",), on=NATIVE)
class MovedDirectoryLosesAnObject(Moving):
    """Of a directory that is moved one object is lost."""

    def moved(self, number: int, src: str, dst: str) -> None:
        if number:
            self.inner.move(src, dst)
        else:
            self.inner.delete(src)


@defect(trips=("move.one_object",), on=NATIVE)
class RefusedMoveOfDirectoryIsHalfDone(Defective):
    """A move of a directory is refused after its first object was moved."""

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        if self.is_directory(src) and not dst.startswith(src + "/"):
            inside = [o.path for o in self.below(src) if ObjectMode.DIR not in o.mode]
            for path in inside[:1]:
                with suppress(StorageError):
                    self.inner.move(path, dst + path.removeprefix(src))
        return super().move(src, dst, **pairs)


@defect(trips=("copy.one_object",), on=NATIVE, like=UPSTREAM + "fs, copy")
class CopyOfDirectoryLeavesEmptyObject(Defective):
    """A copy of a directory is refused and leaves an empty object at its destination."""

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        try:
            return super().copy(src, dst, **pairs)
        except StorageError:
            if self.is_directory(src) and self.look(dst) is None:
                self.put(dst, b"")
            raise


@defect(trips=("object_mode.stat_hint_several",))
class HintOfSeveralModesIsUnexpected(Defective):
    """A hint of several modes is Unexpected."""

    def stat(self, path: str, **pairs: Any) -> Object:
        if int(pairs.get("object_mode") or 0).bit_count() > 1:
            raise Unexpected("one mode at a time")
        return super().stat(path, **pairs)


@defect(trips=("object_mode.stat_hint_several",))
class HintOfSeveralModesBecomesMode(Defective):
    """A hint of several modes becomes the mode of what is found."""

    def stat(self, path: str, **pairs: Any) -> Object:
        hint = pairs.get("object_mode") or ObjectMode(0)
        if int(hint).bit_count() < 2:
            return super().stat(path, **pairs)
        return replace(super().stat(path, **{**pairs, "object_mode": None}), mode=hint)


@defect(trips=("create_dir.only_asked_for",), on=NATIVE, needs=("create_dir",), like=UPSTREAM + "fs, move")
class RefusedMoveLeavesParents(Defective):
    """A move makes the directory of its destination before it looks for its source."""

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        parent = dst.rpartition("/")[0]
        if parent and self.look(src) is None:
            with suppress(StorageError):
                self.inner.create_dir(parent)
        return super().move(src, dst, **pairs)


@defect(trips=("create_dir.only_asked_for",), on=NATIVE, needs=("create_dir",))
class FailedWriteLeavesParents(Defective):
    """A write makes the directory of its path before it reads, and leaves it when that fails."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write(path, tee, size, **pairs)
        except StorageError:
            parent = path.rpartition("/")[0]
            if tee is not None and tee.failed and parent:
                with suppress(StorageError):
                    self.inner.create_dir(parent)
            raise


class Limited(Defective):
    """Refuses copies and moves of what is above their published maximum in another way."""

    def refusing(self, op: str, src: str, dst: str, pairs: dict[str, Any]) -> Object | None:
        """Copy or move; what to do about a refusal is the defect's."""
        try:
            return self.call(op, src, dst, **pairs)
        except RestrictionDissatisfied:
            self.refused(src, dst)
            raise

    def refused(self, src: str, dst: str) -> None:
        """Do wrong."""
        raise NotImplementedError

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        return self.refusing("copy", src, dst, pairs)

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        return self.refusing("move", src, dst, pairs)


@defect(trips=("copy.size_maximum", "move.size_maximum"), on=MEMORY)
class TooLargeIsUnexpected(Limited):
    """A copy or move above the published maximum is Unexpected."""

    def refused(self, src: str, dst: str) -> None:
        raise Unexpected(f"{src} is too large for {dst}")


@defect(trips=("copy.size_maximum", "move.size_maximum"), on=MEMORY)
class TooLargeDeletesDestination(Limited):
    """A copy or move above the published maximum deletes the destination before it is refused."""

    def refused(self, src: str, dst: str) -> None:
        del src
        self.inner.delete(dst)


@defect(trips=("move.size_maximum",), on=MEMORY)
class TooLargeMoveDeletesSource(Defective):
    """A move above the published maximum is refused when the source is gone already."""

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        try:
            return super().move(src, dst, **pairs)
        except RestrictionDissatisfied:
            self.inner.delete(src)
            raise


# Listings and paths


@defect(trips=("multipart.uploads_listed_every_page",), needs=("create_multipart",), like=UPSTREAM + "s3, list")
class UploadsListingGoesRound(Defective):
    """A listing of more than four uploads begins again at its first page, a hundred times."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        return iter(found * 100 if pairs.get("list_mode") == ListMode.PART and len(found) > 4 else found)


@defect(trips=("list.implicit_directories", "list.direct_children"), like=UPSTREAM + "dropbox, list")
class ListedDirectoriesCarryParentsPath(Defective):
    """A directory is listed under the path of the directory that it is in."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        for o in super().list(path, **pairs):
            inside = ObjectMode.DIR in o.mode and "/" in o.path
            yield replace(o, path=o.path.rpartition("/")[0]) if inside else o


@defect(trips=("list.complete",), on=NATIVE, like=UPSTREAM + "qingstor, list")
class PageOfDirectoriesEndsListing(Defective):
    """A listing ends with a page of three that holds directories only: there is no object in it."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        page: list[Object] = []
        for o in super().list(path, **pairs):
            yield o
            page = [*page, o] if len(page) < 3 else [o]
            if len(page) == 3 and all(ObjectMode.DIR in member.mode for member in page):
                return


@defect(trips=("paths.distinct", "read.whole"), on=NATIVE, like=UPSTREAM + "fs, utils.go")
class NamesWithBackslashCannotBeRead(Defective):
    """A name with a backslash is written and listed, but read as if it were another."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return super().read(path.replace("\\", "/"), w, **pairs)


@defect(trips=("overwrite.write_onto_directory",), on=NATIVE, like=UPSTREAM + "hdfs, write")
class WriteRemovesEmptyDirectory(Defective):
    """A write to the path of an empty directory removes the directory."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if self.is_directory(path) and not self.below(path):
            self.inner.delete(path)
        return super().write(path, r, size, **pairs)


@defect(trips=("write.none_reader_refused",), on=NATIVE, like=UPSTREAM + "azfile and storj, write")
class CallbackCountsAsReader(Defective):
    """With io_callback there is always a reader around the reader: a missing one is noticed too late."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        if r is not None or not size or pairs.get("io_callback") is None:
            return super().write(path, r, size, **pairs)
        self.inner.write(path, None, 0)
        return size


@defect(trips=("write.short_reader",), on=NATIVE)
class ShortReaderUnnoticedWithCallback(Defective):
    """With io_callback what the reader had is stored when it ends early, and success reported."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write(path, tee, size, **pairs)
        except StorageError:
            if tee is None or not tee.ended or pairs.get("io_callback") is None:
                raise
            self.put(path, tee.data)
            return size


@defect(trips=("multipart.index_out_of_range",), on=MEMORY, like=UPSTREAM + "qingstor, writeMultipart")
class IndexOutOfRangeIsUnexpected(Defective):
    """An index out of range is Unexpected: it is left to the service to refuse it."""

    def write_multipart(self, o: Object, r: Reader | None, size: int, index: int, **pairs: Any) -> tuple[int, Part]:
        try:
            return super().write_multipart(o, r, size, index, **pairs)
        except RestrictionDissatisfied as error:
            if "index" not in str(error):
                raise
            raise Unexpected("the number of the part is invalid") from None


@defect(trips=("overwrite.create_dir_onto_object",), on=NATIVE, like=UPSTREAM + "fs, createDir")
class CreateDirOntoObjectIsUnexpected(Defective):
    """create_dir at the path of an object is Unexpected, as the operating system's ENOTDIR is."""

    def create_dir(self, path: str) -> Object:
        try:
            return super().create_dir(path)
        except ObjectModeInvalid:
            raise Unexpected("not a directory") from None
