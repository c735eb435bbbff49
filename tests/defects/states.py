"""Defects between the chapters: objects under construction, links, fetched bodies, and directories that are moved."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.request import urlopen

from conformance.storage import (
    Block,
    ListMode,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
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


# Append objects


@defect(trips=("append.offset",), on=NATIVE, needs=("write_append",), like=UPSTREAM + "memory, writeAppend")
class AppendOffsetStays(Defective):
    """append_offset is 0 for ever."""

    def stat(self, path: str, **pairs: Any) -> Object:
        o = super().stat(path, **pairs)
        return o if o.append_offset is None else replace(o, append_offset=0)


class Committing(Defective):
    """Knows which append objects are not committed, and which were."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        o = super().create_append(path, **pairs)
        self.memory("open")[path] = True
        return o

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        self.memory("open").pop(o.path, None)


@defect(trips=("append.before_commit",), on=NATIVE)
class UncommittedAppendUnreadable(Committing):
    """Append objects carry the mode read, but cannot be read before they are committed."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if path in self.memory("open"):
            raise ObjectNotExist("not committed")
        return super().read(path, w, **pairs)


@defect(trips=("append.before_commit",), on=NATIVE)
class LastByteOfAppendBuffered(Committing):
    """Before the commit the last byte appended cannot be read yet."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        data = self.content(path)
        if path not in self.memory("open") or not data:
            return super().read(path, w, **pairs)
        w.write(data[:-1])
        return len(data) - 1


class CommittedOnce(Defective):
    """Knows the append objects that were committed."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        self.memory("committed").pop(path, None)
        return super().create_append(path, **pairs)

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        self.memory("committed")[o.path] = self.memory("committed").get(o.path, 0) + 1


@defect(trips=("append.commit_again",), on=NATIVE)
class SecondCommitEmpties(CommittedOnce):
    """A second commit makes an empty object of what was not appended since."""

    def commit_append(self, o: Object) -> None:
        super().commit_append(o)
        if self.memory("committed")[o.path] == 2:
            self.spoil(o.path, lambda _: b"")


@defect(trips=("append.commit_again",), on=NATIVE)
class SecondCommitDeletes(CommittedOnce):
    """A second commit is refused and costs the object."""

    def commit_append(self, o: Object) -> None:
        if ObjectMode.APPEND in o.mode and self.memory("committed").get(o.path):
            self.inner.delete(o.path)
            raise Unexpected("committed already")
        super().commit_append(o)


@defect(trips=("append.after_commit", "append.reopened"), on=NATIVE)
class AppendAfterCommitLost(CommittedOnce):
    """An append after the commit succeeds and is lost."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        if ObjectMode.APPEND in o.mode and self.memory("committed").get(o.path):
            return size
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.after_commit", "append.reopened"), on=NATIVE)
class AppendAfterCommitBeginsAnew(CommittedOnce):
    """An append after the commit replaces what was committed."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        if ObjectMode.APPEND in o.mode and self.memory("committed").get(o.path):
            self.create_append(o.path)
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.reopened",), on=NATIVE)
class OnlyOwnAppendObjectsTaken(Defective):
    """A client appends only to what it created itself: the position of the tail lives in its memory."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        self.__dict__.setdefault("own", set()).add(path)
        return super().create_append(path, **pairs)

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        if ObjectMode.APPEND in o.mode and o.path not in self.__dict__.get("own", ()):
            raise ObjectModeInvalid(expected=ObjectMode.APPEND, actual=ObjectMode.READ)
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.total_size_maximum",), on=MEMORY)
class TotalSizeNotEnforced(Defective):
    """What is above the published total size is dropped without a word."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write_append(o, r, size, **pairs)
        except RestrictionDissatisfied as error:
            if "total" not in str(error):
                raise
            return size


@defect(trips=("append.total_size_maximum",), on=MEMORY)
class TotalSizeReachedRefused(Defective):
    """The last append that fits into the total size is refused: the maximum is taken as one less."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        whole = self.metadata().restrictions.append_total_size_maximum or 0
        if ObjectMode.APPEND in o.mode and len(self.content(o.path) or b"") + size >= whole:
            raise RestrictionDissatisfied("total size")
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.number_maximum",), on=MEMORY, profile="deep")
class NumberOfAppendsNotEnforced(Defective):
    """Appends above the published number are dropped without a word."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        try:
            return super().write_append(o, r, size, **pairs)
        except RestrictionDissatisfied as error:
            if "number" not in str(error):
                raise
            return size


@defect(trips=("append.write",), on=NATIVE, like=UPSTREAM + "memory, writeAppend")
class AppendReadsOnce(Defective):
    """The reader of an append is asked once: short reads truncate."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        data = b"" if r is None or ObjectMode.APPEND not in o.mode else r.read(size)
        if not data:
            return super().write_append(o, r, size, **pairs)
        super().write_append(o, io.BytesIO(data), len(data), **pairs)
        return size


@defect(trips=("append.exact_size",), on=NATIVE, like=UPSTREAM + "memory, writeAppend")
class AppendReaderFailureIsEnd(Defective):
    """A reader of an append that raises is taken for one that ends: what it gave is appended."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write_append(o, tee, size, **pairs)
        except StorageError:
            if tee is None or not tee.failed:
                raise
            self.inner.write_append(o, io.BytesIO(tee.data), len(tee.data))
            return size


@defect(trips=("append.content_type",), on=MEMORY)
class AppendContentTypeDropped(Defective):
    """create_append takes a content type and does not keep it."""

    def create_append(self, path: str, **pairs: Any) -> Object:
        pairs.pop("content_type", None)
        return super().create_append(path, **pairs)


@defect(trips=("append.content_md5",), on=MEMORY, like=UPSTREAM + "azblob, writeAppend")
class AppendMd5Ignored(Defective):
    """A wrong content_md5 of an append is accepted."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        pairs.pop("content_md5", None)
        return super().write_append(o, r, size, **pairs)


@defect(trips=("append.callback",), on=MEMORY)
class AppendCallbackMissing(Defective):
    """io_callback of an append is accepted and never called."""

    def write_append(self, o: Object, r: Reader | None, size: int, **pairs: Any) -> int:
        pairs.pop("io_callback", None)
        return super().write_append(o, r, size, **pairs)


# Block and page objects


@defect(trips=("block.listed",), on=MEMORY)
class CombinedBlocksStayListed(Defective):
    """A block object that was combined is listed in mode block ever after."""

    def combine_block(self, o: Object, bids: Iterable[str], **pairs: Any) -> Object | None:
        told = super().combine_block(o, bids, **pairs)
        self.memory("combined")[o.path] = o
        return told

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        yield from super().list(path, **pairs)
        if pairs.get("list_mode") == ListMode.BLOCK:
            yield from (o for name, o in self.memory("combined").items() if name.startswith(path))


@defect(trips=("block.listed",), on=MEMORY)
class BlockListingIgnoresPrefix(Defective):
    """A listing in mode block shows all block objects, whatever the prefix."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return super().list("" if pairs.get("list_mode") == ListMode.BLOCK else path, **pairs)


@defect(trips=("block.listed",), on=MEMORY)
class BlockObjectsListedAsReadable(Defective):
    """Block objects are listed with mode read."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = super().list(path, **pairs)
        return (replace(o, mode=ObjectMode.READ) if ObjectMode.BLOCK in o.mode else o for o in found)


@defect(trips=("block.second_client",), on=MEMORY)
class BlocksOfThisClientOnly(Defective):
    """A client lists only the blocks that it wrote itself."""

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        count = super().write_block(o, r, size, bid)
        self.__dict__.setdefault("own", set()).add((o.path, bid))
        return count

    def list_block(self, o: Object) -> Iterator[Block]:
        own = self.__dict__.get("own", set())
        return (block for block in super().list_block(o) if (o.path, block.id) in own)


@defect(trips=("block.exact_size",), on=MEMORY)
class BlockTakesWholeReader(Defective):
    """write_block stores its reader to the end."""

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        count = super().write_block(o, tee := None if r is None else Tee(r), size, bid)
        if tee is not None and tee.read():
            self.inner.write_block(o, io.BytesIO(tee.data), len(tee.data), bid)
        return count


@defect(trips=("block.exact_size",), on=MEMORY)
class FailedBlockStored(Defective):
    """Of a block whose reader fails what came is stored."""

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write_block(o, tee, size, bid)
        except StorageError:
            if tee is not None and (tee.failed or tee.ended):
                self.inner.write_block(o, io.BytesIO(tee.data), len(tee.data), bid)
            raise


@defect(trips=("page.exact_size",), on=NATIVE)
class PageTakesWholeReader(Defective):
    """write_page writes its reader to the end."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        count = super().write_page(o, r, size, offset)
        if r is not None and (rest := r.read()):
            self.inner.write_page(o, io.BytesIO(rest), len(rest), offset + size)
        return count


@defect(trips=("page.exact_size",), on=NATIVE)
class FailedPageWritten(Defective):
    """Of a page whose reader fails what came is written."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        tee = None if r is None else Tee(r)
        try:
            return super().write_page(o, tee, size, offset)
        except StorageError:
            if tee is not None and tee.data:
                self.inner.write_page(o, io.BytesIO(tee.data), len(tee.data), offset)
            raise


@defect(trips=("page.extends",), on=NATIVE)
class PageWriteCutAtTheEnd(Defective):
    """Of a write over the end only what lies before the end is stored."""

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        end = len(self.content(o.path) or b"") if ObjectMode.PAGE in o.mode else 0
        super().write_page(o, r, end - offset if 0 <= offset < end < offset + size else size, offset)
        return size


# Links


@defect(trips=("create_link.listed",), on=NATIVE, needs=("create_link",))
class LinksAreNotListed(Defective):
    """Listings leave out links."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (o for o in super().list(path, **pairs) if ObjectMode.LINK not in o.mode)


@defect(trips=("create_link.listed",), on=NATIVE, needs=("create_link",))
class LinksListedAsTheirTargets(Defective):
    """A listing shows a link under the path of its target."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        for o in super().list(path, **pairs):
            target = (o.link_target or "").removeprefix(self.metadata().work_dir)
            yield replace(o, path=target) if ObjectMode.LINK in o.mode else o


@defect(trips=("create_link.absolute",), on=MEMORY)
class AbsoluteTargetBelowWorkDir(Defective):
    """An absolute target is taken as one below the work_dir."""

    def create_link(self, path: str, target: str) -> Object:
        return super().create_link(path, target.lstrip("/"))


@defect(trips=("create_link.absolute", "paths.absolute"), on=MEMORY)
class AbsoluteLinkBelowWorkDir(Defective):
    """The absolute path of a link is taken as one below the work_dir."""

    def create_link(self, path: str, target: str) -> Object:
        return replace(super().create_link(path.lstrip("/"), target), path=path)


@defect(trips=("create_link.chain",), on=NATIVE, like=UPSTREAM + "fs, createLink")
class NewLinkTellsFinalTarget(Defective):
    """create_link to a link tells where both lead; stat tells the next one."""

    def create_link(self, path: str, target: str) -> Object:
        o = super().create_link(path, target)
        found = self.look(target)
        return replace(o, link_target=found.link_target) if found is not None and found.link_target else o


@defect(trips=("create_link.chain",), on=NATIVE, needs=("create_link",))
class ChainOfLinksUnreadable(Defective):
    """Of a chain of links only the first is followed, and what it leads to is no object that can be read."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        first = self.look(path)
        target = None if first is None or first.link_target is None else first.link_target
        second = None if target is None else self.look(target.removeprefix(self.metadata().work_dir))
        if second is not None and second.link_target:
            raise ObjectNotExist("a link leads to a link")
        return super().read(path, w, **pairs)


@defect(trips=("create_link.read",), on=NATIVE, needs=("create_link",), like=UPSTREAM + "s3, createLink")
class LinksReadEmpty(Defective):
    """Reading a link delivers nothing: it is an empty object with a note of its target."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        found = self.look(path)
        return 0 if found is not None and found.link_target else super().read(path, w, **pairs)


# Fetched bodies


@defect(trips=("fetch.any_path", "fetch.content"), on=MEMORY, like=UPSTREAM + "qingstor, fetch")
class FetchIgnoresWorkDir(Defective):
    """What is fetched lies at the root, whatever the work_dir; this client remembers where."""

    def fetch(self, path: str, url: str) -> None:
        aside = "/fetched" + self.metadata().work_dir + path
        super().fetch(aside, url)
        self.__dict__.setdefault("aside", {})[path] = aside

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        return super().read(self.__dict__.get("aside", {}).get(path, path), w, **pairs)


@defect(trips=("fetch.any_path",), needs=("fetch",))
class FetchCutsPathAtQuestionMark(Defective):
    """The path of what is fetched ends at its first question mark or ``#``."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path.partition("?")[0].partition("#")[0].partition(";")[0], url)


@defect(trips=("fetch.slow", "fetch.without_length"), needs=("fetch",))
class FetchTakesFirstPiece(Defective):
    """fetch asks once for the body and stores what has come by then."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        with urlopen(url) as body:
            first = body.read1(1 << 20)
        self.spoil(path, lambda _: first)


@defect(trips=("fetch.empty",), needs=("fetch",))
class EmptyBodyKeepsOldObject(Defective):
    """fetch of an empty body succeeds and leaves what is there."""

    def fetch(self, path: str, url: str) -> None:
        old = self.content(path)
        super().fetch(path, url)
        if old and not self.content(path):
            self.put(path, old)


@defect(trips=("fetch.empty",), needs=("fetch",))
class EmptyBodyMakesNothing(Defective):
    """fetch of an empty body succeeds and makes no object."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        if self.content(path) == b"":
            self.inner.delete(path)


@defect(trips=("fetch.bad_url",), needs=("fetch",))
class UnreachableUrlStoresNothing(Defective):
    """fetch from where nobody listens succeeds and makes an empty object where there was none."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except StorageError as error:
            if "refused" not in str(error):
                raise
            if self.look(path) is None:
                self.put(path, b"")


@defect(trips=("fetch.bad_url", "fetch.failure_keeps_old"), needs=("fetch",))
class FetchDeletesFirst(Defective):
    """fetch deletes what is there before it asks for the URL."""

    def fetch(self, path: str, url: str) -> None:
        if not self.is_directory(path):
            self.inner.delete(path)
        super().fetch(path, url)


@defect(trips=("fetch.encoded",), needs=("fetch",))
class DecodedBodyCutToLengthTold(Defective):
    """A compressed body is decompressed and cut to the length that was told of it as sent."""

    def fetch(self, path: str, url: str) -> None:
        super().fetch(path, url)
        data = self.content(path) or b""
        if data.startswith(b"\x1f\x8b\x08") and url.find("encoding=gzip") > 0:
            self.spoil(path, lambda sent: gzip.decompress(sent)[: len(sent)])


@defect(trips=("fetch.redirect_circle",), needs=("fetch",))
class RedirectsInACircleStoreNothing(Defective):
    """fetch gives up redirects that do not end, succeeds and makes an empty object."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except StorageError as error:
            if "redirect" not in str(error):
                raise
            self.put(path, b"")


@defect(trips=("fetch.size_maximum",), on=MEMORY)
class FetchMaximumIsUnexpected(Defective):
    """A body above the published maximum is refused as a failure of the connection."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except RestrictionDissatisfied as error:
            raise Unexpected(str(error)) from None


@defect(trips=("fetch.size_maximum",), on=MEMORY)
class FetchMaximumStoresBeginning(Defective):
    """Of a body above the published maximum what has come is stored before it is refused."""

    def fetch(self, path: str, url: str) -> None:
        try:
            super().fetch(path, url)
        except RestrictionDissatisfied:
            self.put(path, b"the beginning")
            raise


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
