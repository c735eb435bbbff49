"""Listing pages: where a listing begins, and that nobody sees the pages it comes in."""

from __future__ import annotations

from typing import Any

from conformance.engine.conditions import all_of, lists, takes
from conformance.engine.evidence import in_mode, is_dir
from conformance.engine.expect import either, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import ListMode

NAMES = ("a", "a.b", "ab", "b-", "b/a", "b/b/c", "b0", "c")
"""Names in the order of code points, which is not that of directories: ``-`` and ``.`` come before ``/``."""
START = all_of(takes("list", "start_after"), lists(ListMode.PREFIX))
GROUPED = ("a", "d1/a", "d1/b", "d1/c", "d2/a", "e", "f/a", "f/b/c", "g")
"""Objects and directories of several objects, so that any page of one to three ends inside of a directory."""


def behind(store: Recorder, start: str, prefix: str = "", **pairs: Any) -> list[str]:
    """Return the paths listed behind ``start``, sorted, without directories."""
    found = store.list(prefix, **in_mode(store, ListMode.PREFIX), start_after=start, **pairs)
    return sorted(o.path for o in found if not is_dir(o))


@verifies("listing_pages.start_after", "listing_pages.start_after_prefix", **START)
def test_a_listing_begins_behind_a_path(store: Recorder) -> None:
    """Behind an object, between two, and behind the last exactly what follows is listed, with a prefix or without."""
    for name in NAMES:
        store.write(name, b"x")
    # By pages where they can be asked for: the second one must go on, and not begin again.
    pages: dict[str, Any] = {"page_size": 3} if "page_size" in store.features.pairs["list"] else {}
    for start, pairs in (("a", pages), ("b/a", {}), ("B", {}), ("d", {})):
        wanted = [name for name in NAMES if name > start]
        same(behind(store, start, **pairs), wanted, f"the paths listed behind {start!r}")
    if ListMode.DIR in store.features.list_modes:
        found = store.list("", list_mode=ListMode.DIR, start_after="ab")
        same(sorted(o.path for o in found if not is_dir(o)), ["b-", "b0", "c"], "one level, listed behind 'ab'")
    for prefix, start in (("b/", "a"), ("b/", "b/a")):
        same(
            behind(store, start, prefix),
            [name for name in NAMES if name > start and name.startswith(prefix)],
            f"the paths with the prefix {prefix!r} listed behind {start!r}",
            requirement="listing_pages.start_after_prefix",
        )


@verifies("listing_pages.start_after_prefix", weight=0, **START)
def test_a_prefix_holds_behind_every_path(store: Recorder) -> None:
    """For each prefix and each path, those that lie behind are listed, wherever the path lies."""
    for name in NAMES:
        store.write(name, b"x")
    for prefix in ("", "a", "b", "b/", "b/b", "c", "d"):
        for start in (*NAMES, "b", "b/", "0", "d"):
            wanted = [name for name in NAMES if name > start and name.startswith(prefix)]
            same(behind(store, start, prefix), wanted, f"the paths with the prefix {prefix!r} listed behind {start!r}")


@verifies(
    "listing_pages.page_edges",
    "listing_pages.page_size",
    **all_of(takes("list", "page_size"), lists(ListMode.DIR | ListMode.PREFIX)),
)
def test_the_size_of_a_page_changes_nothing(store: Recorder) -> None:
    """Each object and each directory is listed once, and what follows it too, wherever a page ends."""
    for name in GROUPED:
        store.write(name, b"x")
    for size in (4, len(GROUPED)):
        found = store.list("", **in_mode(store, ListMode.PREFIX), page_size=size)
        paths = sorted(o.path for o in found if not is_dir(o))
        same(paths, list(GROUPED), f"all objects by pages of {size}", requirement="listing_pages.page_size")
    wanted = [("a", False), ("d1", True), ("d2", True), ("e", False), ("f", True), ("g", False)]
    for size in (2, 3):
        found = store.list("", **in_mode(store, ListMode.DIR), page_size=size)
        same(sorted((o.path, is_dir(o)) for o in found), wanted, f"what is listed by pages of {size}, and whether dir")


@verifies("listing_pages.page_edges", weight=0, **all_of(takes("list", "page_size"), lists(ListMode.DIR)))
def test_directories_at_the_edge_of_a_thousand(store: Recorder) -> None:
    """Directories whose objects lie on both sides of the edge that most services set are listed once."""
    names = [f"n{number:04}" for number in range(990)] + [f"o/{number:04}" for number in range(30)] + ["p/a", "q"]
    for name in names:
        store.write(name, b"")
    wanted = [(name, False) for name in names[:990]] + [("o", True), ("p", True), ("q", False)]
    sizes: tuple[dict[str, Any], ...] = ({}, {"page_size": 991}, {"page_size": 1000})
    for pairs in sizes:
        found = store.list("", **in_mode(store, ListMode.DIR), **pairs)
        same(sorted((o.path, is_dir(o)) for o in found), wanted, f"what is listed with {pairs}, and whether dir")


@verifies("listing_pages.page_size_zero", "listing_pages.page_size", **takes("list", "page_size"))
def test_a_page_of_nothing_ends(store: Recorder) -> None:
    """By pages of 0 the listing is refused, or shows each object at most once, and is over; by pages of 1 it is all."""
    for name in ("a", "b"):
        store.write(name, b"x")
    found = sorted(o.path for o in store.list("", page_size=1))
    same(found, ["a", "b"], "all objects by pages of 1", requirement="listing_pages.page_size")
    with either():
        found = [o.path for o in store.list("", page_size=0)]
        same(sorted(found) in ([], ["a", "b"]), True, f"whether {found} is nothing or all")
