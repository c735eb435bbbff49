"""Honest mode bits (AOS-25), and object_mode as an argument of create, stat and delete (GSP-93)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.engine.catalogue import paths
from conformance.engine.conditions import lists
from conformance.engine.expect import Violation, absent, demand, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.storage import Content, ListMode, Object, ObjectMode, ObjectModeInvalid, ObjectNotExist, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.engine.recorder import Recorder
    from conformance.storage import Features

MEANS: dict[ObjectMode, str] = {
    ObjectMode.DIR: "list",
    ObjectMode.READ: "read",
    ObjectMode.LINK: "create_link",
    ObjectMode.PART: "write_multipart",
    ObjectMode.BLOCK: "write_block",
    ObjectMode.PAGE: "write_page",
    ObjectMode.APPEND: "write_append",
}
"""The operation that each mode promises."""
NEVER_A_FILE = ObjectMode.DIR | ObjectMode.PART | ObjectMode.LINK


def hints(op: str) -> Callable[[Features], bool]:
    """Return whether an operation takes object_mode."""
    return lambda features: "object_mode" in features.pairs.get(op, ())


def everything_listed(store: Recorder) -> list[Object]:
    """Return what every list mode of the backend shows."""
    modes = [mode for mode in ListMode if mode in store.features.list_modes]
    return [o for mode in modes for o in store.list("", list_mode=mode)] if modes else store.list("")


def one_of_each(store: Recorder) -> None:
    """Make an object of every kind that the backend has."""
    makers: tuple[tuple[str, Callable[[], object]], ...] = (
        ("write", lambda: store.write("file", Content(30, 1))),
        ("create_dir", lambda: store.create_dir("dir")),
        ("create_link", lambda: store.create_link("link", "file")),
        ("create_multipart", lambda: store.create_multipart("upload")),
        ("create_append", lambda: store.create_append("append")),
        ("create_page", lambda: store.create_page("page")),
        ("create_block", lambda: store.create_block("block")),
    )
    for op, make in makers:
        if op in store.features.operations:
            make()


def use(store: Recorder, o: Object, mode: ObjectMode) -> None:
    """Demand that what the mode of an object promises can be done."""
    __tracebackhide__ = True
    attempts: dict[ObjectMode, Callable[[], object]] = {
        ObjectMode.DIR: lambda: store.list(o.path),
        ObjectMode.READ: lambda: store.read(o.path),
        ObjectMode.PART: lambda: store.list_multipart(o),
        ObjectMode.BLOCK: lambda: store.list_block(o),
        ObjectMode.PAGE: lambda: store.write_page(o, Content(512, 1), 0),
        ObjectMode.APPEND: lambda: store.write_append(o, b"append"),
    }
    what = f"{MEANS[mode]} of {o.path!r}, an object of mode {o.mode}"
    if mode == ObjectMode.LINK:
        demand(o.link_target, f"target of the link {o.path!r}", expected="a target", observed=repr(o.link_target))
    else:
        try:
            attempts[mode]()
        except StorageError as error:
            raise Violation(what, expected="success", observed=str(error)) from error


# bits


@verifies("object_mode.honest_object", needs=("list",))
@given(path=paths())
def test_a_written_object_is_read_and_no_other_kind(store: Recorder, path: str) -> None:
    """A written object carries read and no dir, part or link, in stat and in every listing that shows it."""
    store.write(path, Content(300, 1))
    entries = [o for o in everything_listed(store) if o.path == path]
    for o in (store.stat(path), *entries):
        demand(ObjectMode.READ in o.mode, f"mode of {path!r}", expected="read", observed=str(o.mode) or "none")
        demand(not o.mode & NEVER_A_FILE, f"mode of {path!r}", expected="no dir, part, link", observed=str(o.mode))


@verifies("object_mode.honest_dir", needs=("write", "read"), **lists(ListMode.DIR))
def test_a_directory_lists_and_is_not_read(store: Recorder) -> None:
    """A directory carries dir and not read where it is made and listed; its members are listed, reading it fails."""
    made = store.create_dir("d")
    store.write("d/x", Content(9, 1))
    listed = [o for o in store.list("", list_mode=ListMode.DIR) if o.path.rstrip("/") == "d"]
    same(len(listed), 1, "entries for the directory")
    for o in (made, *listed):
        demand(ObjectMode.DIR in o.mode, "mode of the directory", expected="dir", observed=str(o.mode) or "none")
        demand(ObjectMode.READ not in o.mode, "mode of the directory", expected="no read", observed=str(o.mode))
    same([o.path for o in store.list("d", list_mode=ListMode.DIR)], ["d/x"], "members of the directory")
    with refused(what="read of the directory"):
        store.read("d")


@verifies("object_mode.honest_listing", needs=("stat",))
def test_what_an_object_promises_can_be_done(store: Recorder) -> None:
    """Every mode that a listed or described object carries can be used, whatever kind of object it is."""
    one_of_each(store)
    for o in (*everything_listed(store), store.stat("file")):
        for mode in o.mode:
            use(store, o, mode)


@verifies("object_mode.only_what_exists", needs=("stat",))
def test_no_object_promises_what_the_backend_lacks(store: Recorder) -> None:
    """No object listed or described carries a mode whose operation the backend does not implement."""
    one_of_each(store)
    lacking = {mode: op for mode, op in MEANS.items() if op not in store.features.operations}
    wrong = [
        f"{o.path}: {mode} without {op}"
        for o in (*everything_listed(store), store.stat("file"))
        for mode, op in lacking.items()
        if mode in o.mode
    ]
    same(wrong, [], "modes that cannot be used")


# create


@verifies("object_mode.create_pair", when=hints("create"), unless="create takes no object_mode")
def test_create_sets_the_mode_it_is_given(store: Recorder) -> None:
    """The object that create returns is of exactly the mode given, for each mode and for several, and makes nothing."""
    for mode in (*ObjectMode, ObjectMode.READ | ObjectMode.APPEND):
        same(store.create("a", object_mode=mode).mode, mode, "mode of the object created")
    absent(store, "a")


@verifies("object_mode.create_default")
@given(path=paths())
def test_create_is_of_mode_read_and_makes_nothing(store: Recorder, path: str) -> None:
    """The object that create returns is of mode read at the path given, where nothing is and nothing comes to be."""
    o = store.create(path)
    same((o.path, o.mode), (path, ObjectMode.READ), "path and mode of the object created")
    absent(store, path)


# stat and delete


@verifies("object_mode.stat_hint", when=hints("stat"), unless="stat takes no object_mode")
@given(path=paths())
def test_stat_with_the_mode_describes_the_same_object(store: Recorder, path: str) -> None:
    """A stat with object_mode read describes a written object as a stat without."""
    store.write(path, Content(300, 1))
    same(store.stat(path, object_mode=ObjectMode.READ), store.stat(path), "description with object_mode read")


@verifies("object_mode.stat_hint_mismatch", when=hints("stat"), unless="stat takes no object_mode")
def test_stat_with_another_mode_is_an_error(store: Recorder) -> None:
    """A stat of a written object as a directory or any other kind is ObjectModeInvalid or ObjectNotExist."""
    store.write("a", Content(300, 1))
    actual = store.stat("a").mode
    for mode in (ObjectMode.DIR, ObjectMode.LINK, ObjectMode.PART, ObjectMode.APPEND):
        if mode not in actual:
            with refused(ObjectModeInvalid, ObjectNotExist, what=f"stat of an object of mode {actual} as {mode}"):
                store.stat("a", object_mode=mode)


@verifies(
    "object_mode.stat_hint_mismatch", needs=("create_dir",), when=hints("stat"), unless="stat takes no object_mode"
)
def test_stat_of_a_directory_as_a_file_is_an_error(store: Recorder) -> None:
    """A stat of a directory with object_mode read is an error; with dir it tells dir."""
    store.create_dir("d")
    found = store.stat("d", object_mode=ObjectMode.DIR)
    demand(ObjectMode.DIR in found.mode, "mode of the directory", expected="dir", observed=str(found.mode) or "none")
    with refused(ObjectModeInvalid, ObjectNotExist, what="stat of a directory as an object to read"):
        store.stat("d", object_mode=ObjectMode.READ)


@verifies("object_mode.delete_hint", when=hints("delete"), unless="delete takes no object_mode")
@given(path=paths())
def test_delete_takes_the_mode_as_a_hint(store: Recorder, path: str) -> None:
    """A delete with object_mode read removes that object only; repeated, or of a directory never made, it succeeds."""
    store.write(path, Content(300, 1))
    store.write(path + "b", Content(9, 2))
    store.delete(path, object_mode=ObjectMode.READ)
    store.delete(path, object_mode=ObjectMode.READ)
    store.delete("never", object_mode=ObjectMode.DIR)
    absent(store, path, listed_in=None)
    holds(store, path + "b", Content(9, 2))
