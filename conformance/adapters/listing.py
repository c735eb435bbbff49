"""An iterator that fetches a page when it needs one and can tell where to go on (GSP-654)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import TYPE_CHECKING

from conformance.storage import Object, RestrictionDissatisfied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PAGE = 1000
"""Entries fetched at a time."""

Entry = tuple[str, Object]
"""A name that orders the listing, and the object under it."""


class Listing(Iterator[Object]):
    """Objects in the order of their names; the end, once reached, stays.

    ``page(after)`` returns the next entries whose names are above ``after``, in order, and none at the end.
    ``continuation_token`` is the name of the last object given out: a new listing that starts from it goes on exactly
    there, whatever was removed in between.
    """

    def __init__(self, page: Callable[[str], list[Entry]], continuation_token: str | None = None) -> None:
        self._page = page
        self._entries: Iterator[Entry] = iter(())
        self._ended = False
        self.continuation_token = continuation_token or ""

    def __next__(self) -> Object:
        """Return the next object; StopIteration every time after the last."""
        while not self._ended:
            for name, entry in self._entries:
                self.continuation_token = name
                return entry
            entries = self._page(self.continuation_token)
            self._ended = not entries
            self._entries = iter(entries)
        raise StopIteration


def first(names: Iterable[str], after: str, count: int = PAGE) -> list[str]:
    """Return the ``count`` smallest of ``names`` above ``after``, in order."""
    return heapq.nsmallest(count, (name for name in names if name > after))


def page_of(page_size: int | None) -> int:
    """Return how many entries to fetch at a time when the caller asks for pages of ``page_size``.

    Raises:
        RestrictionDissatisfied: it is below 1.

    """
    if page_size is not None and page_size < 1:
        raise RestrictionDissatisfied(f"page_size {page_size}, the minimum is 1")
    return PAGE if page_size is None else min(page_size, PAGE)
