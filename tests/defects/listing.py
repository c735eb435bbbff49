"""Defects of list: what is shown, how often, and under which path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import unquote

from conformance.storage import ListMode, ListModeInvalid, Object, ObjectMode, Reader, Unexpected

from .base import EVERYWHERE, NATIVE, VIRTUAL, Defective, defect

COMPLETE = ("list.complete", "list.direct_children")
DIRECT = (None, ListMode.DIR)


class Listing(Defective):
    """The direct children of a path are shown otherwise than they are."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        """Return what is shown instead of ``found``."""
        raise NotImplementedError

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        return iter(self.shown(path, found) if pairs.get("list_mode") in DIRECT else found)


@defect(trips=COMPLETE)
class ListingCutAt10(Listing):
    """A listing ends after 10 entries."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return found[:10]


@defect(trips=COMPLETE, like="AutoMQ/automq#2650", on=("memory",), profile="deep")
class ListingCutAt100(Listing):
    """A listing ends after 100 entries: only the first page is fetched."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return found[:100]


@defect(trips=(*COMPLETE, "paths.distinct"), on=("memory",))
class DirectoriesCutAtThirtyTwo(Listing):
    """Of the directories in a directory the first 32 are shown."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        left_out = [o for o in found if ObjectMode.DIR in o.mode][32:]
        return [o for o in found if o not in left_out]


@defect(trips=COMPLETE, on=("memory",), profile="deep")
class ListingCutAt1000(Defective):
    """A listing in any mode ends after 1000 entries: only the first page is fetched."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return islice(super().list(path, **pairs), 1000)


@defect(trips=COMPLETE)
class LastEntryMissing(Listing):
    """The last entry of every listing is left out."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return found[:-1]


@defect(trips=COMPLETE)
class LastEntryOfPageMissing(Listing):
    """Every 8th entry, the last of its page, is left out."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [entry for number, entry in enumerate(found, 1) if number % 8]


@defect(trips=COMPLETE)
class FirstEntryOfPageRepeated(Listing):
    """The last entry of a page of 4 comes again as the first of the next page."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [again for number, entry in enumerate(found) for again in [entry] * (2 if number % 4 == 3 else 1)]


@defect(trips=("list.implicit_directories", "list.complete", "list.direct_children"), like="localstack/localstack#9605")
class DirectoryRepeated(Listing):
    """A directory is shown once for every page that it spans, here twice."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [*found, *(entry for entry in found if ObjectMode.DIR in entry.mode)]


@defect(trips=("list.implicit_directories", "list.direct_children"))
class DirectoriesOmitted(Listing):
    """Directories are left out."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [entry for entry in found if ObjectMode.DIR not in entry.mode]


@defect(trips=("list.implicit_directories", "object_mode.honest_dir"), on=NATIVE)
class DirectoriesShownAsObjects(Listing):
    """Directories are shown with mode read."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [replace(o, mode=ObjectMode.READ) if ObjectMode.DIR in o.mode else o for o in found]


@defect(trips=("list.direct_children",))
class NestedShown(Listing):
    """A listing shows what lies one level deeper as well."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [*found, *(below for o in found if ObjectMode.DIR in o.mode for below in self.below(o.path))]


@defect(trips=("list.boundary",), like="beyondstorage/go-storage: services/qingstor, list")
class NeighboursShown(Listing):
    """A listing of ``d`` shows what lies in ``d-`` too: the path is taken as a string prefix."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        parent, _, name = path.rpartition("/")
        beside = [o for o in self.below(parent) if ObjectMode.DIR in o.mode and o.path != path] if name else []
        return [*found, *(below for o in beside if o.path.startswith(path) for below in self.below(o.path))]


@defect(trips=("list.boundary", "list.of_object", "list.direct_children"))
class SiblingsShown(Listing):
    """A listing of ``d`` shows the objects ``d.a`` and ``da`` beside it."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        siblings = self.below(path.rpartition("/")[0]) if path else []
        return [*found, *(o for o in siblings if o.path.startswith(path) and o.path != path)]


@defect(trips=("list.boundary", "list.complete", "list.direct_children"), like="earth-mover/icechunk#1825")
class NameHidesNeighbours(Listing):
    """An entry hides every entry whose name begins with its own."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        names = [o.path for o in found]
        return [o for o in found if not any(o.path != name and o.path.startswith(name) for name in names)]


@defect(
    trips=("list.direct_children", "list.empty_directory"),
    on=VIRTUAL,
    like="beyondstorage/go-storage#1034",
    needs=("create_dir",),
)
class MarkerShownInItself(Listing):
    """The marker of a directory is shown as an object in its own listing."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        marker = self.look(path, object_mode=ObjectMode.DIR) if path else None
        return found if marker is None else [replace(marker, path=path + "/", mode=ObjectMode.READ), *found]


@defect(trips=("list.empty_directory",), on=NATIVE, needs=("create_dir",))
class EmptyDirectoryShowsItself(Listing):
    """The listing of an empty directory shows the directory."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return found or ([self.inner.stat(path)] if path and self.is_directory(path) else [])


@defect(trips=("list.root",), like="beyondstorage/go-storage: services/azblob, list")
class RootListsNothing(Listing):
    """The listing of the empty path is always empty: a slash is added to nothing."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return found if path else []


@defect(trips=("list.root", "list.paths_round_trip"), like="beyondstorage/go-storage: services/ipfs, list")
class RootListsAbsolutePaths(Listing):
    """The listing of the empty path shows paths with a slash in front."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return found if path else [replace(o, path="/" + o.path) for o in found]


@defect(trips=("list.paths_round_trip",), like="beyondstorage/go-storage: services/hdfs, list")
class ListedWithoutDirectory(Listing):
    """Listed paths lack the directory that was listed."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [replace(o, path=o.path.rpartition("/")[2]) for o in found]


@defect(trips=("list.paths_round_trip",), like="beyondstorage/go-storage: services/memory, list")
class ListedWithDoubledSlash(Listing):
    """Listed paths have two slashes behind their directory."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [replace(o, path=f"{path}//{o.path.rpartition('/')[2]}") if path else o for o in found]


@defect(trips=("list.paths_round_trip",), like="basho/riak_cs#977")
class ListedPathsDecoded(Listing):
    """Listed paths are percent-decoded once too often."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [replace(o, path=unquote(o.path)) for o in found]


@defect(trips=("list.paths_round_trip",))
class ListedPathsEscaped(Listing):
    """``&`` and ``<`` in listed paths come back as entities: the answer's XML is not decoded."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [replace(o, path=o.path.replace("&", "&amp;").replace("<", "&lt;")) for o in found]


@defect(trips=("list.agrees_with_stat",))
class ListedLengthsShifted(Listing):
    """Every entry has the length of the one before it."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        lengths = [o.content_length for o in found]
        return [replace(o, content_length=lengths[number - 1]) for number, o in enumerate(found)]


@defect(trips=("list.agrees_with_stat", "object_mode.honest_listing"))
class ListedObjectsClaimAppend(Listing):
    """Listed objects carry read and append."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [replace(o, mode=o.mode | ObjectMode.APPEND) if ObjectMode.READ in o.mode else o for o in found]


@defect(trips=("list.valid_objects",))
class ListingShowsNone(Listing):
    """A listing of more than one entry has a None in it."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [*found[:1], None, *found[1:]] if len(found) > 1 else found  # type: ignore[list-item]


@defect(trips=("list.valid_objects",))
class ListedWithoutMode(Listing):
    """Listed objects have no mode."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return [replace(o, mode=ObjectMode(0)) for o in found]


@defect(trips=("list.prefix",))
class PrefixOfWholeNamesOnly(Defective):
    """A listing in mode prefix takes its prefix as a directory: half a name finds nothing."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        whole = path == "" or path.endswith("/") or pairs.get("list_mode") != ListMode.PREFIX
        return (o for o in super().list(path, **pairs) if whole or o.path == path or o.path.startswith(path + "/"))


@defect(trips=("list.prefix",))
class PrefixOneLevelOnly(Defective):
    """A listing in mode prefix does not go below the first slash."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        deep = pairs.get("list_mode") == ListMode.PREFIX
        return (o for o in super().list(path, **pairs) if not deep or "/" not in o.path[len(path) :].lstrip("/"))


@defect(trips=("list.prefix",), like="apache/opendal#8085")
class PrefixMatchesWildcards(Defective):
    """A listing in mode prefix matches as LIKE does, where ``_`` is any character."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        if pairs.get("list_mode") != ListMode.PREFIX or "_" not in path:
            return super().list(path, **pairs)
        matches = (o for o in super().list("", **pairs) if len(o.path) >= len(path))
        return (o for o in matches if all(p in ("_", c) for p, c in zip(path, o.path, strict=False)))


@defect(trips=("list.missing",))
class MissingListsItself(Listing):
    """Listing a path where there is nothing shows the path itself."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        return found or ([] if not path or self.look(path) else [Object(path=path, mode=ObjectMode.DIR)])


@defect(trips=("list.missing",), like="beyondstorage/go-storage#1034")
class MissingListingIsForeign(Defective):
    """Listing a path where there is nothing lets a FileNotFoundError out."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        nothing = (
            not self.below(path) and self.look(path, object_mode=ObjectMode.DIR) is None and self.look(path) is None
        )
        if path and nothing and pairs.get("list_mode") in DIRECT:
            raise FileNotFoundError(path)
        return super().list(path, **pairs)


@defect(trips=("list.of_object",))
class ListingOfObjectListsParent(Defective):
    """Listing the path of an object lists the directory that it is in."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        if path and pairs.get("list_mode") in DIRECT and self.content(path) is not None:
            return super().list(path.rpartition("/")[0], **pairs)
        return super().list(path, **pairs)


@defect(trips=("list.current", "list.complete", "delete.removes"), like="fsspec/s3fs#903")
class ListingCached(Defective):
    """A listing is kept for its directory and shown again, whatever is written in between."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        key = (path, *pairs.values())
        if key not in self.memory("cache"):
            self.memory("cache")[key] = list(super().list(path, **pairs))
        return iter(self.memory("cache")[key])


@defect(trips=("list.changes_nothing",))
class ListingRemovesEmptyObjects(Defective):
    """Listing in mode dir sweeps away objects of zero bytes, taken for leftovers."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        for entry in found:
            if ObjectMode.READ in entry.mode and entry.content_length == 0 and not pairs:
                self.inner.delete(entry.path)
        return iter(found)


@defect(trips=("list.changes_nothing",))
class EverySecondListingEmpty(Listing):
    """Every second listing of a path is empty: the cursor of the first is used up."""

    def shown(self, path: str, found: list[Object]) -> list[Object]:
        self.memory("times")[path] = self.memory("times").get(path, 0) + 1
        return found if self.memory("times")[path] % 2 else []


class _Restarting(Iterator[Object]):
    """An iterator that begins anew after its end."""

    def __init__(self, found: list[Object]) -> None:
        self._found = found
        self._at = 0
        self.continuation_token = ""

    def __next__(self) -> Object:
        if self._at == len(self._found):
            self._at = 0
            raise StopIteration
        self._at += 1
        return self._found[self._at - 1]


@defect(trips=("list.done_repeatable",))
class IteratorBeginsAgain(Defective):
    """An iterator that was at its end begins again when it is asked once more."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return _Restarting(list(super().list(path, **pairs)))


class _Continued(Iterator[Object]):
    """An iterator whose token is that of the page's end, not of the entry given out."""

    def __init__(self, found: Iterator[Object], skip: int) -> None:
        self._found = found
        self._skip = skip

    @property
    def continuation_token(self) -> str:
        for _ in range(self._skip):
            next(self._found, None)
        return str(getattr(self._found, "continuation_token", ""))

    def __next__(self) -> Object:
        return next(self._found)


@defect(trips=("list.continues",), like="beyondstorage/go-storage: services/fs, continuation token")
class TokenOfPageEnd(Defective):
    """The continuation token is that of the page's end: what the page had left is lost."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return _Continued(super().list(path, **pairs), 2)


@defect(trips=("list.continues",))
class TokenIgnored(Defective):
    """A continuation token is accepted, and the listing ends at once."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return iter([]) if pairs.get("continuation_token") else super().list(path, **pairs)


@defect(trips=("list.complete", "list.direct_children", "list.current"), like="InsForge/InsForge#1959")
class ListingNeverEnds(Defective):
    """A listing of more than two entries starts over again and again, up to a thousand times."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        return iter(found * (1000 if len(found) > 2 else 1))


@defect(
    trips=("list.mode_invalid", "features.undeclared_list_mode"),
    on=("fs", "moto"),
    like="beyondstorage/go-storage: services/fs, list",
)
class UndeclaredListModeAccepted(Defective):
    """A list mode that is not declared lists as the default does."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        try:
            return iter(list(super().list(path, **pairs)))
        except ListModeInvalid:
            return super().list(path)


@defect(trips=("list.mode_invalid", "features.undeclared_list_mode"), on=EVERYWHERE)
class UndeclaredListModeIsUnexpected(Defective):
    """A list mode that is not declared, or a combination of modes, is Unexpected."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        try:
            return iter(list(super().list(path, **pairs)))
        except ListModeInvalid:
            raise Unexpected("no such mode") from None


@defect(trips=("features.declared_list_mode", "list.prefix"))
class DeclaredListModeRefused(Defective):
    """The list mode prefix is declared and refused."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        if pairs.get("list_mode") == ListMode.PREFIX:
            raise ListModeInvalid(ListMode.PREFIX)
        return super().list(path, **pairs)


@defect(trips=("list.complete", "list.direct_children", "list.current"))
class NewestEntryMissing(Defective):
    """The object written last is not listed before another is written."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        new = self.look(path) is None
        count = super().write(path, r, size, **pairs)
        self.shared["newest"] = path if new else ""
        return count

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return (o for o in super().list(path, **pairs) if o.path != self.shared.get("newest"))


@defect(trips=("paths.distinct", "list.complete"), like="flyology-ada/flyology-object-storage#13")
class ControlCharacterBreaksListing(Defective):
    """One control character in one name makes every listing of its directory fail."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        if any(sign < " " for o in found for sign in o.path):
            raise Unexpected("500: invalid XML")
        return iter(found)


@defect(trips=("list.prefix",))
class PrefixIgnoresCase(Defective):
    """A prefix is compared without regard to case."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        if pairs.get("list_mode") != ListMode.PREFIX:
            return super().list(path, **pairs)
        return (o for o in super().list("", **pairs) if o.path.lower().startswith(path.lower()))


@defect(trips=("listing_pages.start_after", "listing_pages.start_after_prefix"), on=("memory",))
class StartAfterPlusIsBlank(Defective):
    """A plus in the path to begin behind is taken for a blank."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        start = pairs.get("start_after")
        return super().list(path, **({**pairs, "start_after": start.replace("+", " ")} if start else pairs))


@defect(trips=("listing_pages.page_size",), on=("memory",))
class PageBehindOddNameBeginsLate(Defective):
    """A page that follows a name with a sign that has to be encoded leaves its first entry out."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = list(super().list(path, **pairs))
        size = pairs.get("page_size") or len(found) + 1
        edges = {n for n in range(size, len(found), size) if set(found[n - 1].path) & set("+%&?#")}
        return (o for n, o in enumerate(found) if n not in edges)
