"""Defects that show when something else takes place while an operation goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.storage import Object, ObjectNotExist, Writer

from .base import EVERYWHERE, Defective, defect

PAGE = 3
CHUNK = 64 * 1024


class Paged(Defective):
    """A listing is made of pages, each asked for when it is needed."""

    def entries(self, path: str, **pairs: Any) -> list[Object]:
        """Return everything that is there now, in the order of paths."""
        return sorted(super().list(path, **pairs), key=lambda o: o.path)

    def pages(self, path: str, **pairs: Any) -> Iterator[Object]:
        """Yield the objects, page by page."""
        raise NotImplementedError

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        return self.pages(path, **pairs)


@defect(trips=("interleaved.listing",), on=EVERYWHERE)
class PagesByNumber(Paged):
    """A page begins at a number of objects, so that one is left out for each that was deleted before it."""

    def pages(self, path: str, **pairs: Any) -> Iterator[Object]:
        at = 0
        while page := self.entries(path, **pairs)[at : at + PAGE]:
            yield from page
            at += PAGE


@defect(trips=("interleaved.listing",), on=EVERYWHERE)
class PageBehindMissingBeginsAgain(Paged):
    """A listing begins again when the object that it goes on from was deleted."""

    def pages(self, path: str, **pairs: Any) -> Iterator[Object]:
        last = ""
        while True:
            entries = self.entries(path, **pairs)
            known = [o.path for o in entries]
            at = known.index(last) + 1 if last in known else 0
            if not entries[at:]:
                return
            for o in entries[at : at + 2]:
                last = o.path
                yield o


@defect(trips=("interleaved.listing",), like="apache/arrow-rs#5800", on=EVERYWHERE)
class VanishedObjectEndsListing(Paged):
    """A listing ends where an object vanished between its name and its description."""

    def pages(self, path: str, **pairs: Any) -> Iterator[Object]:
        names = self.entries(path, **pairs)
        for o in names:
            if self.look(o.path) is None and o.content_length is not None:
                return
            yield o


@defect(trips=("interleaved.listing",), like="apache/arrow-rs#5800", on=EVERYWHERE)
class VanishedObjectIsAnError(Paged):
    """A listing is ObjectNotExist where an object vanished between its name and its description."""

    def pages(self, path: str, **pairs: Any) -> Iterator[Object]:
        for o in self.entries(path, **pairs):
            if self.look(o.path) is None and o.content_length is not None:
                raise ObjectNotExist
            yield o


@defect(trips=("interleaved.read",), on=EVERYWHERE)
class ReadIsMadeOfRanges(Defective):
    """A read asks for one range after the other, of whatever is there by then."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        if pairs.keys() - {"io_callback"}:
            return super().read(path, w, **pairs)
        data = self.content(path)
        if data is None:
            return super().read(path, w, **pairs)
        count = 0
        while piece := (self.content(path) or b"")[count : count + CHUNK]:
            w.write(piece)
            count += len(piece)
        return count


@defect(trips=("interleaved.read",), like="apache/arrow-rs#4758", on=EVERYWHERE)
class WriteIsSeenHalfway(Defective):
    """A read that goes on delivers the object up to where it is, and the beginning of what was written meanwhile."""

    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        before = self.content(path)
        if before is None or len(before) < 2 * CHUNK or pairs:
            return super().read(path, w, **pairs)
        w.write(before[:CHUNK])
        after = self.content(path) or b""
        w.write(after[:-CHUNK] if after != before else before[CHUNK:])
        return len(before)
