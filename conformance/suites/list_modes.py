"""List modes beside the declared ones: none at all, and several at once (GSP-654)."""

from __future__ import annotations

from conformance.engine.conditions import takes
from conformance.engine.expect import demand
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import ListMode, ListModeInvalid, Object, ObjectMode

BOTH = ListMode.DIR | ListMode.PREFIX


@verifies("list.default", needs=("write",))
def test_the_listing_without_a_mode_is_one_of_the_two(store: Recorder) -> None:
    """Without a mode one level is listed, or everything, and nothing in between."""
    for path in ("a", "d/b", "d/e/c"):
        store.write(path, b"x")
    one_of_the_two(store.list(""), "the listing without a mode")


@verifies("list.mode_combination", needs=("write",), **takes("list", "list_mode"))
def test_two_modes_are_refused_or_one_of_them(store: Recorder) -> None:
    """Asked for two modes at once, a storage says that there is no such mode or lists in one of them."""
    for path in ("a", "d/b", "d/e/c"):
        store.write(path, b"x")
    try:
        found = store.list("", list_mode=BOTH)
    except ListModeInvalid:
        found = store.list("")
    one_of_the_two(found, "the listing in two modes")


def one_of_the_two(found: list[Object], what: str) -> None:
    """Demand one level or every object; a listing of everything may show the directories that were made on the way."""
    __tracebackhide__ = True
    shown = sorted((o.path, ObjectMode.DIR in o.mode) for o in found)
    objects = [path for path, is_directory in shown if not is_directory]
    directories = [path for path, is_directory in shown if is_directory]
    level = objects == ["a"] and directories == ["d"]
    whole = objects == ["a", "d/b", "d/e/c"] and set(directories) <= {"d", "d/e"}
    demand(level or whole, what, expected="a and the directory d, or a, d/b and d/e/c", observed=repr(shown))
