"""Directories where the RFCs say little: a slash at the end, directories that are moved, and hints of several modes."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from conformance.engine.conditions import lists, takes
from conformance.engine.evidence import everything, fails, has_dir, level, shows
from conformance.engine.expect import demand, either, holds, same
from conformance.engine.http_source import served
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, ListMode, ObjectMode, ObjectModeInvalid, ObjectNotExist, Source


@verifies("create_dir.trailing_slash", **lists(ListMode.DIR))
def test_a_slash_at_the_end_makes_no_other_directory(store: Recorder) -> None:
    """Made with a slash at the end and without, it is one directory that takes an object; or the slash is refused."""
    with either():
        store.create_dir("d/")
    store.create_dir("d")
    store.write("d/x", b"child")
    shows(level(store), ["d/"], "the listing of the work_dir")
    shows(level(store, "d"), ["d/x"], "the listing of the directory")
    same(has_dir(store, "d"), True, "whether stat tells a directory")


@verifies("create_dir.only_asked_for", **lists(ListMode.DIR))
def test_what_is_refused_leaves_no_directory(store: Recorder) -> None:
    """Refused copies, moves, downloads and writes to directories that do not exist leave none of them behind."""
    attempts: dict[str, Callable[[], object]] = {
        "copy": lambda: store.copy("missing", "c/e/x"),
        "move": lambda: store.move("missing", "m/e/x"),
        "fetch": lambda: store.fetch("f/e/x", served(b"an error page", status=404)),
        "write": lambda: store.write("w/e/x", Source(Content(300, 1), "raises", 100)),
    }
    for op, attempt in attempts.items():
        if op in store.features.operations:
            with fails(f"a {op} that cannot succeed"):
                attempt()
    shows(level(store), [], "the listing of the work_dir after what was refused")


@verifies("list.complete", needs=("write",), weight=0, **lists(ListMode.DIR))
def test_a_page_of_directories_is_not_the_last(store: Recorder) -> None:
    """Behind more directories than fit on a small page a listing shows the next directory and the object."""
    names = [f"d{number}" for number in range(8)]
    for name in names:
        store.write(f"{name}/x", b"child")
    store.write("z", b"the last")
    shows(level(store), [*(f"{name}/" for name in names), "z"], "the listing of the work_dir")


@verifies("move.one_object")
@given(target=st.sampled_from(("e", "d/e")))
def test_a_directory_is_moved_whole_or_not_at_all(store: Recorder, target: str) -> None:
    """After the attempt to move a directory, also into itself, its objects are at one of the places, with content."""
    store.create_dir("d")
    for name in ("x", "s/y"):
        store.write(f"d/{name}", name.encode())
    with either() as refusal:
        store.move("d", target)
    found = [o.path for o in everything(store)]
    places = [["d/s/y", "d/x"], *([] if refusal else [[f"{target}/s/y", f"{target}/x"]])]
    demand(found in places, "objects after a directory was moved", expected=f"one of {places}", observed=repr(found))
    for path in found:
        holds(store, path, path.removeprefix(f"{target}/").removeprefix("d/").encode())


@verifies("object_mode.stat_hint_several", **takes("stat", "object_mode"))
@given(others=st.sampled_from((ObjectMode.DIR, ObjectMode.DIR | ObjectMode.LINK, ObjectMode.PART)))
def test_a_hint_of_several_modes_is_met_or_refused(store: Recorder, others: ObjectMode) -> None:
    """Of a hint with read and another mode the object is told as it is, or it is refused as not of these modes."""
    store.write("a", b"an object")
    before = store.stat("a")
    with either(ObjectModeInvalid, ObjectNotExist):
        same(store.stat("a", object_mode=ObjectMode.READ | others), before, "description with a hint of several modes")
