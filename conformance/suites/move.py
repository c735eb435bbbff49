"""Move: the same object, elsewhere (definition of move, GSP-134)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import ODD, allowed, contents, group, group_names, paths
from conformance.engine.conditions import EMPTY_OBJECTS, takes
from conformance.engine.evidence import everything, mark, metadata, unchanged
from conformance.engine.expect import absent, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, ObjectNotExist


@verifies("move.content", needs=("read", "stat", "list"), smoke=True)
@given(content=contents(), path=paths())
def test_a_moved_object_is_elsewhere(store: Recorder, content: Content, path: str) -> None:
    """The destination reads as the source did, and the source is gone."""
    store.write("source", content)
    store.move("source", path)
    holds(store, path, content)
    absent(store, "source")


@verifies("move.content", needs=("read", "stat"))
@given(path=paths())
def test_a_moved_object_is_elsewhere_for_every_client(store: Recorder, again: Recorder, path: str) -> None:
    """Another client, which knew the object at its old path, finds it at the new one only."""
    store.write("source", b"moved")
    holds(again, "source", b"moved")
    store.move("source", path)
    holds(again, path, b"moved")
    absent(again, "source")


@verifies("move.metadata", smoke=True, **takes("write", "user_metadata"))
@given(path=paths())
def test_a_moved_object_keeps_its_metadata(store: Recorder, features: Features, path: str) -> None:
    """Content type, disposition and user metadata go with the object."""
    typed = {"content_type": "text/x-moved", "content_disposition": "inline"}
    pairs: dict[str, Any] = {name: value for name, value in typed.items() if name in features.pairs["write"]}
    store.write("source", b"described", user_metadata={"colour": "blue", "number": "42"}, **pairs)
    before = metadata(store.stat("source"))
    store.move("source", path)
    same(metadata(store.stat(path)), before, "metadata of the moved object")


@verifies("move.self", needs=("read", "stat", "list"), smoke=True)
@given(path=paths(), content=contents(minimum=1))
def test_a_move_onto_itself_loses_nothing(store: Recorder, path: str, content: Content) -> None:
    """Moved onto itself an object stays whole, bytes and metadata, whether that succeeds or is refused."""
    store.write(path, content, **mark(store, 7))
    before = metadata(store.stat(path))
    with either():
        store.move(path, path)
    holds(store, path, content)
    same(metadata(store.stat(path)), before, "metadata afterwards")
    same([o.path for o in everything(store)], [path], "all objects")


@verifies("move.missing_source", needs=("read", "stat", "list"))
@given(source=st.sampled_from(("missing", "d/missing", "ol", "oldd", "old/x")))
def test_a_missing_source_is_not_exist(store: Recorder, source: str) -> None:
    """Without a source move is ObjectNotExist; an old destination stays whole, a new one does not appear."""
    store.write("old", b"stays", **mark(store, 1))
    with unchanged(store, "old", "new"):
        for destination in ("old", "new"):
            with refused(ObjectNotExist, what=f"move of the missing {source!r}"):
                store.move(source, destination)


@verifies("move.twice", needs=("read", "stat", "list"))
@given(path=paths())
def test_the_second_move_is_not_exist(store: Recorder, path: str) -> None:
    """Moved once, there is nothing left to move, and what was moved stays whole."""
    store.write("source", b"moved once")
    store.move("source", path)
    with unchanged(store, path), refused(ObjectNotExist, what="the second move"):
        store.move("source", path)


@verifies("move.first_class", needs=("read", "stat", "list"))
@given(path=paths())
def test_a_moved_object_can_be_deleted(store: Recorder, path: str) -> None:
    """Deleted under its new path the object is gone, and the old path can be written again."""
    store.write("source", b"moved")
    store.move("source", path)
    store.delete(path)
    absent(store, path)
    store.write("source", b"new at the old path")
    holds(store, "source", b"new at the old path")
    absent(store, path)


@verifies("move.first_class", needs=("read", "stat", "list"))
@given(path=paths())
def test_a_moved_object_can_be_overwritten_and_moved_back(store: Recorder, path: str) -> None:
    """An object moved there, overwritten and moved back is where and what it should be."""
    store.write("source", b"first")
    store.move("source", path)
    store.write(path, b"second, longer")
    store.move(path, "source")
    holds(store, "source", b"second, longer")
    same([o.path for o in everything(store)], ["source"], "all objects")


@verifies("move.other_directory", needs=("read", "stat", "list"))
@given(destination=st.sampled_from(("other/a", "other/d/a", "new/parent/of/a", "a", "d/b", "d/e/a")))
def test_a_move_goes_to_the_directory_asked_for(store: Recorder, destination: str) -> None:
    """The directory of the destination is honoured, new or not, also when the name stays the same."""
    store.write("d/a", b"moved")
    store.write("other/b", b"stays")
    store.move("d/a", destination)
    holds(store, destination, b"moved")
    same([o.path for o in everything(store)], sorted([destination, "other/b"]), "all objects")


@verifies("move.any_path", needs=("read", "list"))
def test_odd_names_can_be_moved(store: Recorder) -> None:
    """Names that have to be escaped somewhere are taken as they are, as sources and as destinations."""
    names = allowed(ODD, store.features)
    for number, name in enumerate(names):
        store.write(name, Content(20 + number, number + 1))
        store.move(name, f"to+here %41/{name}")
    same([o.path for o in everything(store)], sorted(f"to+here %41/{name}" for name in names), "all objects")
    for number, name in enumerate(names):
        same(store.read(f"to+here %41/{name}"), Content(20 + number, number + 1).data, f"content of the moved {name!r}")


@verifies("move.content", needs=("read", "stat"), **EMPTY_OBJECTS)
def test_an_empty_object_can_be_moved(store: Recorder) -> None:
    """An empty object moves like others, also over one that has bytes."""
    store.write("empty", b"")
    store.write("destination", b"has bytes")
    store.move("empty", "destination")
    holds(store, "destination", b"")
    absent(store, "empty")


@verifies("move.any_path", needs=("read", "stat", "list"))
@given(name=group_names())
def test_any_path_can_be_moved(store: Recorder, features: Features, name: str) -> None:
    """From and to names that look alike exactly the object asked for is moved."""
    source, destination, *others = group(name, features)[:4]
    for number, key in enumerate((source, *others)):
        store.write(key, Content(20, number + 1))
    store.move(source, destination)
    holds(store, destination, Content(20, 1))
    for number, key in enumerate(others):
        same(store.read(key), Content(20, number + 2).data, f"content of {key!r}")
    same([o.path for o in everything(store)], sorted([destination, *others]), "all objects")


@verifies("move.content", needs=("read", "stat"))
def test_objects_can_change_places(store: Recorder) -> None:
    """Three moves swap two objects."""
    store.write("a", b"was a")
    store.write("b", b"was b, longer")
    store.move("a", "c")
    store.move("b", "a")
    store.move("c", "b")
    holds(store, "a", b"was b, longer")
    holds(store, "b", b"was a")
