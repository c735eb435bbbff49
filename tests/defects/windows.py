"""Defects of suffixes, of where a listing begins, and of the pages that it comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.storage import ListMode, Object, ObjectMode, ObjectNotExist, Unexpected, Writer

from .base import Defective, defect


class Tailing(Defective):
    """A suffix is taken for something else."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        """Return the optional arguments with which an object of ``length`` bytes is read instead."""
        raise NotImplementedError

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        data = self.content(path)
        if data is not None and pairs.get("suffix") is not None:
            pairs = self.taken(pairs["suffix"], len(data))
        return super().read(path, w, **pairs)


@defect(trips=("suffix.last_bytes",))
class SuffixIgnored(Tailing):
    """A suffix is accepted and ignored."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {}


@defect(trips=("suffix.last_bytes",))
class SuffixIsOffset(Tailing):
    """A suffix is taken for an offset: the minus before it is lost."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {"offset": suffix} if suffix < length else {"suffix": suffix}


@defect(trips=("suffix.last_bytes",))
class SuffixIsSize(Tailing):
    """The first bytes are delivered instead of the last."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {"size": suffix}


@defect(trips=("suffix.last_bytes",))
class SuffixOneMore(Tailing):
    """One byte more than the suffix is delivered: the range to the end is taken as including both ends."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {"suffix": suffix + 1} if suffix else {"suffix": suffix}


@defect(trips=("suffix.last_bytes",))
class WholeSuffixIsNothing(Tailing):
    """A suffix as long as the object delivers nothing."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {"suffix": 0} if suffix == length else {"suffix": suffix}


@defect(trips=("suffix.longer",))
class LongSuffixIsRefused(Tailing):
    """A suffix longer than the object is refused."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        if suffix > length > 0:
            raise Unexpected("a negative offset")
        return {"suffix": suffix}


@defect(trips=("suffix.longer",))
class LongSuffixIsNothing(Tailing):
    """A suffix longer than the object delivers nothing."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {"suffix": 0 if suffix > length else suffix}


@defect(trips=("suffix.longer",))
class LongSuffixWrapsAround(Tailing):
    """A suffix longer than the object is counted on from its end, as Python slices negative indexes of indexes."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {"offset": (length - suffix) % length} if suffix > length > 0 else {"suffix": suffix}


@defect(trips=("suffix.zero",))
class SuffixZeroIsWhole(Tailing):
    """A suffix of 0 delivers the whole object: zero is taken for none."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {"suffix": suffix} if suffix else {}


@defect(trips=("suffix.zero",))
class SuffixZeroIsLastByte(Tailing):
    """A suffix of 0 delivers the last byte."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        return {"suffix": max(suffix, 1)}


@defect(trips=("suffix.empty_object",))
class SuffixOfEmptyIsMissing(Tailing):
    """A suffix of an empty object is ObjectNotExist: an empty answer is taken for none."""

    def taken(self, suffix: int, length: int) -> dict[str, Any]:
        if not length:
            raise ObjectNotExist
        return {"suffix": suffix}


@defect(trips=("suffix.empty_object",))
class SuffixOfEmptyIsAnError(Defective):
    """A suffix of an empty object delivers the text of the error that the service answers."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if pairs.get("suffix") and self.content(path) == b"":
            w.write(b"<Error><Code>InvalidRange</Code></Error>")
            return 40
        return super().read(path, w, **pairs)


# Where a listing begins


class Starting(Defective):
    """start_after is taken for something else."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        """Return what is listed, given everything that lies below ``path``."""
        raise NotImplementedError

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        start = pairs.pop("start_after", None)
        found = list(super().list(path, **pairs))
        return iter(found if start is None else self.begun(found, start, path))


@defect(trips=("listing_pages.start_after",), like="apache/arrow-rs-object-store#623")
class StartIsIncluded(Starting):
    """A listing begins with start_after itself."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return [o for o in found if o.path >= start]


@defect(trips=("listing_pages.start_after",))
class StartIsIgnored(Starting):
    """start_after is accepted and ignored."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return found


@defect(trips=("listing_pages.start_after",), like="apache/arrow-rs-object-store#695")
class StartMustExist(Starting):
    """Behind a path that does not exist nothing is listed."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return [o for o in found if o.path > start] if start in {o.path for o in found} else []


@defect(trips=("listing_pages.start_after",))
class StartBehindTheEndBeginsAgain(Starting):
    """Behind the last path the listing begins again from the first."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return [o for o in found if o.path > start] or found


@defect(trips=("listing_pages.start_after",))
class StartComparesDirectories(Starting):
    """Paths are compared name by name, so that directories come in another order than their code points."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return [o for o in found if o.path.split("/") > start.split("/")]


@defect(trips=("listing_pages.start_after",))
class StartSkipsWhatItBegins(Starting):
    """Behind a path those that begin with it are left out too."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return [o for o in found if o.path > start and not o.path.startswith(start)]


@defect(trips=("listing_pages.start_after_prefix",))
class StartIgnoredWithPrefix(Starting):
    """start_after is ignored where a prefix is given."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return found if path else [o for o in found if o.path > start]


@defect(trips=("listing_pages.start_after_prefix",))
class StartBeforePrefixIsNothing(Starting):
    """Where start_after does not begin with the prefix nothing is listed."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return [o for o in found if o.path > start] if start.startswith(path) else []


@defect(trips=("listing_pages.start_after_prefix",))
class StartIsBelowPrefix(Starting):
    """start_after is taken as relative to the prefix."""

    def begun(self, found: list[Object], start: str, path: str) -> Iterable[Object]:
        return [o for o in found if o.path > path + start] if path else [o for o in found if o.path > start]


# Pages


class Paging(Defective):
    """A listing with a page_size goes wrong at the edges of its pages."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        """Return what is listed by pages of ``size``."""
        raise NotImplementedError

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        size = pairs.get("page_size")
        if size is None or pairs.get("list_mode") in {ListMode.PART, ListMode.BLOCK}:
            return super().list(path, **pairs)
        pairs = {name: value for name, value in pairs.items() if name != "page_size"}
        return iter(self.paged(sorted(super().list(path, **pairs), key=lambda o: o.path), size))


@defect(trips=("listing_pages.page_size",))
class OnlyOnePage(Paging):
    """A listing ends with its first page."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        return found[:size]


@defect(trips=("listing_pages.page_size",))
class EdgeIsLeftOut(Paging):
    """The first object of each page but the first is left out."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        return [o for place, o in enumerate(found) if place == 0 or size < 2 or place % size]


@defect(trips=("listing_pages.page_size",))
class EdgeComesTwice(Paging):
    """The last object of a page is the first of the next one too."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        return [o for place, o in enumerate(found) for _ in range(2 if size and place % size == size - 1 else 1)]


@defect(trips=("listing_pages.page_size",))
class FullLastPageIsLost(Paging):
    """A last page that is exactly full is taken for one that has more behind it, and asked for again."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        return found + found[-size:] if size > 1 and found and len(found) % size == 0 else found


@defect(trips=("listing_pages.page_edges",), like="localstack/localstack#9605")
class DirectoryOnEveryPage(Paging):
    """A directory is listed again on the page that follows it."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        edges = [o for place, o in enumerate(found) if size and place % size == size - 1 and ObjectMode.DIR in o.mode]
        return found + edges


@defect(trips=("listing_pages.page_edges",))
class DirectoryAtEdgeHidesNext(Paging):
    """What follows a directory at the edge of a page is left out: the marker is the end of all that begins alike."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        hidden = {
            place + 1
            for place, o in enumerate(found)
            if size > 1 and place % size == size - 1 and ObjectMode.DIR in o.mode
        }
        return [o for place, o in enumerate(found) if place not in hidden]


@defect(trips=("listing_pages.page_edges",))
class DirectoriesOfFirstPageOnly(Paging):
    """Directories are listed on the first page only."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        return [o for place, o in enumerate(found) if ObjectMode.DIR not in o.mode or size < 2 or place < size]


@defect(trips=("listing_pages.page_size_zero",), like="InsForge/InsForge#1959")
class PagesOfNothingGoRound(Paging):
    """By pages of 0 the first object is listed over and over."""

    def paged(self, found: list[Object], size: int) -> Iterable[Object]:
        return found if size else (found[0] for _ in (range(50) if found else ()))


@defect(trips=("listing_pages.start_after", "listing_pages.page_size"))
class StartIsForgottenOnPageTwo(Defective):
    """The second page of a listing begins behind the prefix, not behind the first page, where start_after is given."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = super().list(path, **pairs)
        if pairs.get("start_after") is None or not pairs.get("page_size"):
            return found
        taken = [o for o, _ in zip(found, range(pairs["page_size"]), strict=False)]
        again = super().list(path, **{name: v for name, v in pairs.items() if name != "start_after"})
        return iter([*taken, *again])


# In which order a listing comes


class Ordering(Defective):
    """A listing comes in another order, though it begins behind the right path."""

    def place(self, path: str) -> Any:
        """Return what the entries are ordered by."""
        raise NotImplementedError

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        found = super().list(path, **pairs)
        return iter(sorted(found, key=lambda o: self.place(o.path))) if "start_after" in pairs else found


@defect(trips=("listing_pages.ordered",))
class OrderedWithoutCase(Ordering):
    """Entries are ordered by the database, whose collation knows no case."""

    def place(self, path: str) -> Any:
        return path.lower()


@defect(trips=("listing_pages.ordered",))
class OrderedByDirectories(Ordering):
    """Entries come in the order in which directories are walked."""

    def place(self, path: str) -> Any:
        return path.split("/")


@defect(trips=("listing_pages.ordered",))
class OrderedInUTF16(Ordering):
    """Entries are ordered by the units of UTF-16, as strings of Java are."""

    def place(self, path: str) -> Any:
        return path.encode("utf-16-be", "surrogatepass")
