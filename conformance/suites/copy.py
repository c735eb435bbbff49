"""Copy: another object like the first (definition of copy, GSP-134)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import ODD, allowed, contents, group, group_names, paths
from conformance.engine.conditions import EMPTY_OBJECTS, takes
from conformance.engine.evidence import entries, everything, mark, metadata, unchanged
from conformance.engine.expect import absent, demand, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, ObjectNotExist

DESCRIPTION = {"colour": "deep blue", "number": "42", "comma": "a, b"}


@verifies("copy.content", needs=("read", "stat"))
@given(content=contents(), path=paths())
def test_a_copy_has_the_content_of_its_source(store: Recorder, content: Content, path: str) -> None:
    """The destination reads as the source did."""
    store.write("source", content)
    store.copy("source", path)
    holds(store, path, content)


@verifies("copy.metadata", smoke=True, **takes("write", "user_metadata"))
@given(path=paths())
def test_a_copy_has_the_metadata_of_its_source(store: Recorder, features: Features, path: str) -> None:
    """Content type, disposition and user metadata are those of the source, which keeps them."""
    typed = {"content_type": "text/x-copied", "content_disposition": "inline"}
    pairs: dict[str, Any] = {name: value for name, value in typed.items() if name in features.pairs["write"]}
    store.write("source", b"described", user_metadata=DESCRIPTION, **pairs)
    store.copy("source", path)
    told = metadata(store.stat("source"))
    same(metadata(store.stat(path)), told, "metadata of the copy")
    same({name: told[name] for name in pairs}, pairs, "metadata of the source")
    same(told["user_metadata"], DESCRIPTION, "user_metadata of the source")


@verifies("copy.independent", needs=("read", "stat", "delete"))
@given(path=paths())
def test_a_copy_is_an_object_of_its_own(store: Recorder, path: str) -> None:
    """Overwriting the source leaves the copy; overwriting the copy leaves the source, deleting the source the copy."""
    store.write("source", b"first", **mark(store, 1))
    store.copy("source", path)
    store.write("source", b"second, longer", **mark(store, 2))
    holds(store, path, b"first")
    same(dict(store.stat(path).user_metadata), mark(store, 1).get("user_metadata", {}), "user_metadata of the copy")
    store.write(path, b"third")
    holds(store, "source", b"second, longer")
    store.delete("source")
    absent(store, "source", listed_in=None)
    holds(store, path, b"third")


@verifies("copy.self", needs=("read", "stat", "list"), smoke=True)
@given(path=paths(), content=contents(minimum=1))
def test_a_copy_onto_itself_loses_nothing(store: Recorder, path: str, content: Content) -> None:
    """Copied onto itself an object stays whole, bytes and metadata, whether that succeeds or is refused."""
    store.write(path, content, **mark(store, 7))
    before = metadata(store.stat(path))
    with either():
        store.copy(path, path)
    holds(store, path, content)
    same(metadata(store.stat(path)), before, "metadata afterwards")
    same([o.path for o in everything(store)], [path], "all objects")


@verifies("copy.missing_source", needs=("read", "stat", "list"))
@given(source=st.sampled_from(("missing", "d/missing", "ol", "oldd", "old/x")))
def test_a_missing_source_is_not_exist(store: Recorder, source: str) -> None:
    """Without a source copy is ObjectNotExist; an old destination stays whole, a new one does not appear."""
    store.write("old", b"stays", **mark(store, 1))
    with unchanged(store, "old", "new"):
        for destination in ("old", "new"):
            with refused(ObjectNotExist, what=f"copy of the missing {source!r}"):
                store.copy(source, destination)


@verifies("copy.missing_source", needs=("delete", "read", "stat"), weight=0)
@given(path=paths())
def test_a_deleted_source_is_not_exist(store: Recorder, path: str) -> None:
    """An object that was deleted cannot be copied any more."""
    store.write(path, b"deleted")
    store.delete(path)
    with refused(ObjectNotExist, what="copy of a deleted object"):
        store.copy(path, "destination")


@verifies("copy.last_modified", needs=("stat",))
def test_a_copy_makes_its_destination_newer(store: Recorder, tick: Callable[[], None]) -> None:
    """Two seconds after source and destination were written, the copy makes the destination newer, not the source."""
    store.write("source", b"copied")
    store.write("destination", b"replaced")
    before = {path: store.stat(path).last_modified for path in ("destination", "source")}
    tick()
    store.copy("source", "destination")
    same(store.stat("source").last_modified, before["source"], "last_modified of the source")
    first, second = before["destination"], store.stat("destination").last_modified
    if first is not None and second is not None:
        demand(second > first, "last_modified of the destination", expected=f"later than {first}", observed=str(second))


@verifies("copy.new_parent", needs=("read", "stat"))
@given(destination=st.sampled_from(("new/parent/of/a", "d/a", "a/a")))
def test_a_copy_may_go_to_a_new_directory(store: Recorder, destination: str) -> None:
    """The directory of the destination need not exist, and the source's own name plays no part; blanks are bytes."""
    store.write("source", b" \tcopied\r\n")
    store.copy("source", destination)
    holds(store, destination, b" \tcopied\r\n")
    same([o.path for o in everything(store)], sorted([destination, "source"]), "all objects")


@verifies("copy.content", needs=("read", "stat"), **EMPTY_OBJECTS)
@given(path=paths())
def test_an_empty_object_can_be_copied(store: Recorder, path: str) -> None:
    """An empty source makes an empty copy, also over an object that has bytes."""
    store.write("empty", b"")
    store.write(path, b"has bytes")
    store.copy("empty", path)
    holds(store, path, b"")


@verifies("copy.any_path", needs=("read", "list"))
def test_odd_names_can_be_copied(store: Recorder) -> None:
    """Names that have to be escaped somewhere are taken as they are, as sources and as destinations.

    Each is the copy of the one before, the first of which was written again meanwhile; what an odd name would be taken
    for is copied after it, if at all.
    """
    odd = allowed(ODD[:9], store.features)
    first, second, *others = names = ("Key", *sorted(odd, key=lambda name: name in {"a b", "i&t"}))
    store.write(first, Content(300, 1))
    store.copy(first, second)
    store.write(first, Content(20, 2))
    for source, destination in pairwise(names[1:]):
        store.copy(source, destination)
    last = others[-1]
    if store.features.directories != "native":  # from above an object to below it, and back
        for destination in (f"{last}/below", "d/e", "d"):
            store.copy(last, destination)
            last, names = destination, (*names, destination)
    found = everything(store, at_once=True)
    same([o.path for o in found], sorted(names), "all objects")
    lengths = {o.content_length for o in found if o.path != first} - {None}
    same(lengths, {300} if found[0].content_length else set(), "their lengths")
    holds(store, last, Content(300, 1))


@verifies("copy.any_path", needs=("read", "stat", "list"), weight=0)
@given(name=group_names())
def test_any_path_can_be_copied(store: Recorder, features: Features, name: str) -> None:
    """From and to names that look alike exactly the objects asked for are copied."""
    source, destination, *others = group(name, features)[:3]
    for number, key in enumerate((source, *others)):
        store.write(key, Content(20 + number, number + 1))
    store.copy(source, destination)
    holds(store, destination, Content(20, 1))
    found = everything(store)
    same([o.path for o in found], sorted([source, destination, *others]), "all objects")
    lengths = [o.content_length for o in found if o.path in others]
    same([size for size in lengths if size is not None], [21] * (len(lengths) - lengths.count(None)), "other lengths")


@verifies("copy.content", needs=("read",), weight=0)
@given(content=contents(), path=paths())
def test_a_chain_of_copies_keeps_everything(store: Recorder, content: Content, path: str) -> None:
    """A copy of a copy, back to where it came from, is what it was."""
    store.write(path, content, **mark(store, 3))
    store.copy(path, "copy")
    store.copy("copy", "copy of copy")
    store.write(path, b"something else")
    store.copy("copy of copy", path)
    same(store.read(path), content.data, "content copied there and back")
    same(dict(store.stat(path).user_metadata), mark(store, 3).get("user_metadata", {}), "its user_metadata")


@verifies("copy.content", needs=("read", "stat"))
def test_an_overwritten_source_is_copied_as_it_is_now(store: Recorder, again: Recorder) -> None:
    """A copy is of the present object, not of what it was when it was copied or read before."""
    store.write("source", b"then")
    store.copy("source", "first")
    again.write("source", b"now, and longer")
    store.copy("source", "second")
    holds(store, "second", b"now, and longer")


@verifies("copy.one_object", needs=("read", "list"))
@given(filled=st.sampled_from((True, False)))
def test_a_directory_is_not_copied_with_its_children(store: Recorder, filled: bool) -> None:
    """Copying a directory is refused or makes at most a directory; the source stays, and no object is made."""
    store.create_dir("d")
    if filled:
        store.write("d/x", b"child")
    before = entries(store)
    with either():
        store.copy("d", "destination")
    same(entries(store), before, "all objects")
