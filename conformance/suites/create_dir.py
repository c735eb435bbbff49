"""create_dir, and directories as objects (AOS-49, GSP-93, GSP-109)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.conditions import lists
from conformance.engine.evidence import has_dir, is_dir, level, listed, shows
from conformance.engine.expect import holds, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import ListMode, ObjectMode

DIRECTORIES = st.sampled_from(("d", "d/e", "a b/caf\u00e9+%41"))


@verifies("create_dir.creates", smoke=True)
@given(path=DIRECTORIES)
def test_create_dir_returns_a_directory(store: Recorder, path: str) -> None:
    """The object returned has the path given and a mode with dir and without read."""
    o = store.create_dir(path)
    same((o.path, is_dir(o), ObjectMode.READ in o.mode), (path, True, False), "path, whether dir, whether read")


@verifies("create_dir.told", needs=("list",), **lists(ListMode.DIR))
@given(path=DIRECTORIES)
def test_a_directory_is_told_and_listed(store: Recorder, again: Recorder, path: str) -> None:
    """Stat with object_mode dir and the listing of the parent show the directory, to other clients too."""
    store.create_dir(path)
    parent = path.rpartition("/")[0]
    same(has_dir(store, path), True, "whether stat tells a directory")
    same([(o.path, is_dir(o)) for o in listed(again, parent)], [(path, True)], "the listing of the parent")


@verifies("create_dir.keeps_children", needs=("read", "list"), **lists(ListMode.DIR))
@given(path=DIRECTORIES)
def test_what_lies_in_a_directory_stays(store: Recorder, path: str) -> None:
    """create_dir on a directory with an object in it, one that only came with it, keeps the object."""
    store.write(f"{path}/x", b"child")
    store.create_dir(path)
    holds(store, f"{path}/x", b"child")
    shows(level(store, path), [f"{path}/x"], "the listing of the directory")


@verifies("create_dir.parents", needs=("list",), **lists(ListMode.DIR))
def test_missing_parents_are_no_obstacle(store: Recorder) -> None:
    """A directory several levels down is created, and each level is listed in the one above."""
    store.create_dir("p/q/r")
    shows(level(store), ["p/"], "the listing of the work_dir")
    shows(level(store, "p"), ["p/q/"], "the listing of 'p'")
    shows(level(store, "p/q"), ["p/q/r/"], "the listing of 'p/q'")


@verifies("create_dir.takes_objects", needs=("read", "list", "stat"), **lists(ListMode.DIR))
@given(path=DIRECTORIES)
def test_a_created_directory_takes_objects(store: Recorder, path: str) -> None:
    """Objects can be put into a directory that was created and deeper, and are listed in it."""
    store.create_dir(path)
    store.write(f"{path}/x", b"child")
    store.write(f"{path}/sub/y", b"grandchild")
    holds(store, f"{path}/sub/y", b"grandchild")
    shows(level(store, path), [f"{path}/sub/", f"{path}/x"], "the listing of the directory")


@verifies("create_dir.told", needs=("write", "list", "delete"), weight=0, **lists(ListMode.DIR))
def test_directories_that_look_alike_are_different(store: Recorder) -> None:
    """Directories whose names begin alike are created, listed and deleted apart."""
    for path in ("d", "dd", "d-"):
        store.create_dir(path)
    store.write("d-/x", b"child")
    store.delete("dd", object_mode=ObjectMode.DIR)
    shows(level(store), ["d-/", "d/"], "the listing of the work_dir")
    holds(store, "d-/x", b"child")
