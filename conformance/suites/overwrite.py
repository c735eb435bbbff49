"""Overwrite: a write operation replaces what is at its destination, and a directory is no such thing (GSP-134)."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from conformance.engine.catalogue import paths, two_contents
from conformance.engine.conditions import NATIVE, VIRTUAL
from conformance.engine.evidence import everything, has_dir, is_dir, level, listed, shows, unchanged
from conformance.engine.expect import either, holds, refused, same
from conformance.engine.http_source import served
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, ListMode, Object, ObjectMode, ObjectModeInvalid

OLD = Content(2048, 1)
DIRECTORIES = st.sampled_from(("d", "d/e"))

# The destination exists as an object


@verifies("overwrite.write_exists", needs=("read", "stat"))
@given(path=paths(), two=two_contents())
def test_write_replaces(store: Recorder, path: str, two: tuple[Content, Content]) -> None:
    """Writing where an object is succeeds, again and again, and the last one stays."""
    for content in (two[0], *two):
        store.write(path, content)
    holds(store, path, two[1])


@verifies("overwrite.copy_exists", needs=("read", "stat"))
@given(path=paths(), two=two_contents())
def test_copy_replaces(store: Recorder, path: str, two: tuple[Content, Content]) -> None:
    """Copying where an object is succeeds, twice too, and leaves the source as it was."""
    store.write(path, two[0])
    store.write("source", two[1])
    store.copy("source", path)
    store.copy("source", path)
    holds(store, path, two[1])


@verifies("overwrite.move_exists", needs=("read", "stat"))
@given(path=paths(), two=two_contents())
def test_move_replaces(store: Recorder, path: str, two: tuple[Content, Content]) -> None:
    """Moving where an object is succeeds, and one object is left."""
    store.write(path, two[0])
    store.write("source", two[1])
    store.move("source", path)
    holds(store, path, two[1])
    same([o.path for o in everything(store)], [path], "all objects")


@verifies("overwrite.fetch_exists", needs=("read", "stat"))
@given(path=paths(), two=two_contents())
def test_fetch_replaces(store: Recorder, path: str, two: tuple[Content, Content]) -> None:
    """Fetching where an object is succeeds, twice too."""
    store.write(path, two[0])
    store.fetch(path, served(two[1]))
    store.fetch(path, served(two[1]))
    holds(store, path, two[1])


@verifies("overwrite.create_dir_exists", needs=("write", "read", "stat"))
@given(path=DIRECTORIES)
def test_create_dir_is_content_with_a_directory(store: Recorder, path: str) -> None:
    """Creating a directory that is there, empty or not, is no error and empties nothing."""
    store.create_dir(path)
    store.create_dir(path)
    store.write(f"{path}/x", b"child")
    store.create_dir(path)
    holds(store, f"{path}/x", b"child")
    same(has_dir(store, path), True, "whether there is a directory")


@verifies("overwrite.create_link_exists", needs=("stat", "read"))
def test_create_link_replaces_a_link(store: Recorder) -> None:
    """Creating a link where one is succeeds, and neither target changes."""
    store.write("one", b"1")
    store.write("two", b"2")
    store.create_link("link", "one")
    store.create_link("link", "two")
    same(ObjectMode.LINK in store.stat("link").mode, True, "whether there is a link")
    holds(store, "one", b"1")
    holds(store, "two", b"2")


@verifies("overwrite.create_multipart_exists", needs=("read", "stat"))
@given(path=paths())
def test_create_multipart_is_content_with_an_object(store: Recorder, path: str) -> None:
    """Beginning uploads where an object is, and where an upload has begun, succeeds; the object stays for now."""
    store.write(path, OLD)
    first = store.create_multipart(path)
    second = store.create_multipart(path)
    same(first.multipart_id == second.multipart_id, False, "whether both uploads are one")
    holds(store, path, OLD)


@verifies("overwrite.complete_multipart_exists", needs=("read", "stat"))
@given(path=paths(), two=two_contents())
def test_complete_multipart_replaces(store: Recorder, path: str, two: tuple[Content, Content]) -> None:
    """Completing an upload where an object is succeeds, and nothing of the old object stays."""
    old, new = two if two[1].size else (two[1], two[0])
    store.write(path, old)
    o = store.create_multipart(path)
    _, part = store.write_multipart(o, new, 0)
    store.complete_multipart(o, [part])
    holds(store, path, new)


@verifies("overwrite.create_block_exists")
@given(path=paths())
def test_create_block_is_content_with_an_object(store: Recorder, path: str) -> None:
    """Creating a block object where an object is, and where a block object was created, succeeds."""
    store.write(path, OLD)
    for _ in range(2):
        same(ObjectMode.BLOCK in store.create_block(path).mode, True, "whether the mode has block")


@verifies("overwrite.combine_block_exists", needs=("read", "stat"))
@given(path=paths(), two=two_contents())
def test_combine_block_replaces(store: Recorder, path: str, two: tuple[Content, Content]) -> None:
    """Combining blocks where an object is succeeds, and nothing of the old object stays."""
    store.write(path, two[0])
    o = store.create_block(path)
    store.write_block(o, two[1], "one")
    store.combine_block(o, ["one"])
    holds(store, path, two[1])


@verifies("overwrite.create_append_exists")
@given(path=paths())
def test_create_append_is_content_with_an_object(store: Recorder, path: str) -> None:
    """Creating an append object where an object is, and where an append object is, succeeds."""
    store.write(path, OLD)
    for _ in range(2):
        same(ObjectMode.APPEND in store.create_append(path).mode, True, "whether the mode has append")


@verifies("overwrite.commit_append_exists", needs=("read", "stat"))
@given(path=paths(), two=two_contents())
def test_commit_append_replaces(store: Recorder, path: str, two: tuple[Content, Content]) -> None:
    """Committing where an object was succeeds, and only what was appended is there."""
    store.write(path, two[0])
    o = store.create_append(path)
    store.write_append(o, two[1])
    store.commit_append(o)
    holds(store, path, two[1])


@verifies("overwrite.create_page_exists")
@given(path=paths())
def test_create_page_is_content_with_an_object(store: Recorder, path: str) -> None:
    """Creating a page object where an object is, and where a page object is, succeeds."""
    store.write(path, OLD)
    for _ in range(2):
        same(ObjectMode.PAGE in store.create_page(path).mode, True, "whether the mode has page")


@verifies("overwrite.create_link_onto_object", needs=("read", "stat", "list"))
def test_create_link_onto_an_object_replaces_or_refuses(store: Recorder) -> None:
    """A link takes the place of an object, or is refused and the object stays whole."""
    store.write("a", b"an object")
    store.write("target", b"the target")
    with either(ObjectModeInvalid) as refusal:
        store.create_link("a", "target")
    same(ObjectMode.LINK in store.stat("a").mode, not refusal, "whether there is a link")
    if refusal:
        holds(store, "a", b"an object")
    holds(store, "target", b"the target")
    same([o.path for o in everything(store)], ["a", "target"], "all objects")


@verifies("overwrite.write_onto_link", needs=("read", "stat"))
@given(target=st.sampled_from(("target", "missing")))
def test_write_onto_a_link_replaces_or_refuses(store: Recorder, target: str) -> None:
    """What is written to the path of a link is read there, or the write is refused and the link stays."""
    store.write("target", b"the target")
    store.create_link("link", target)
    with either(ObjectModeInvalid) as refusal:
        store.write("link", b"through or over the link")
    if refusal:
        same(ObjectMode.LINK in store.stat("link").mode, True, "whether the link is still one")
        holds(store, "target", b"the target")
    else:
        same(store.read("link"), b"through or over the link", "content at the path of the link")


@verifies("overwrite.no_rename", needs=("list", "read"))
@given(path=paths())
def test_no_name_is_made_up(store: Recorder, path: str) -> None:
    """Writing, also again, and copying and moving onto what exists leave the names asked for and no others."""
    store.write(path, OLD)
    store.write(path, b"new")
    store.write("source", b"copied and moved")
    expected = [path, "source"]
    if "copy" in store.features.operations:
        store.copy("source", path)
    if "move" in store.features.operations:
        store.move("source", path)
        expected = [path]
    same([o.path for o in everything(store)], sorted(expected), "all objects")


# The destination is a directory


@verifies("overwrite.write_onto_directory", needs=("list", "read"), smoke=True, **NATIVE)
@given(path=DIRECTORIES)
def test_write_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """Write onto a directory is ObjectModeInvalid, and neither replaces the directory nor goes into it."""
    _refused_by_directory(store, path, lambda: store.write(path, b"not a directory"))


@verifies("overwrite.write_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_write_onto_an_empty_directory_is_refused(store: Recorder, path: str) -> None:
    """An empty directory, which nobody would miss, is not replaced either."""
    store.create_dir(path)
    with refused(ObjectModeInvalid, what="write onto an empty directory"):
        store.write(path, b"not a directory")
    if ListMode.DIR in store.features.list_modes:
        shows(level(store, path.rpartition("/")[0]), [f"{path}/"], "the listing of its parent")
        shows(level(store, path), [], "the listing of the directory")


@verifies("overwrite.copy_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_copy_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """Copy onto a directory is ObjectModeInvalid, and does not go into it under the source's name."""
    store.write("source", b"source")
    _refused_by_directory(store, path, lambda: store.copy("source", path))
    holds(store, "source", b"source")


@verifies("overwrite.move_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_move_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """Move onto a directory is ObjectModeInvalid, and the source stays where it is."""
    store.write("source", b"source")
    _refused_by_directory(store, path, lambda: store.move("source", path))
    holds(store, "source", b"source")


@verifies("overwrite.fetch_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_fetch_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """Fetch onto a directory is ObjectModeInvalid."""
    _refused_by_directory(store, path, lambda: store.fetch(path, served(b"fetched")))


@verifies("overwrite.create_link_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_create_link_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """create_link onto a directory is ObjectModeInvalid."""
    store.write("target", b"target")
    _refused_by_directory(store, path, lambda: store.create_link(path, "target"))


@verifies("overwrite.create_multipart_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_create_multipart_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """create_multipart onto a directory is ObjectModeInvalid, and no upload has begun."""
    _refused_by_directory(store, path, lambda: store.create_multipart(path))
    if ListMode.PART in store.features.list_modes:
        same([o.path for o in store.list(path, list_mode=ListMode.PART)], [], "uploads begun")


@verifies("overwrite.complete_multipart_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_complete_multipart_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """complete_multipart where a directory has come to be meanwhile is ObjectModeInvalid."""
    o = store.create_multipart(path)
    _, part = store.write_multipart(o, b"uploaded", 0)
    _refused_by_directory(store, path, lambda: store.complete_multipart(o, [part]))


@verifies("overwrite.create_block_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_create_block_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """create_block onto a directory is ObjectModeInvalid."""
    _refused_by_directory(store, path, lambda: store.create_block(path))


@verifies("overwrite.combine_block_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_combine_block_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """combine_block where a directory has come to be meanwhile is ObjectModeInvalid."""
    o = store.create_block(path)
    store.write_block(o, b"block", "one")
    _refused_by_directory(store, path, lambda: store.combine_block(o, ["one"]))


@verifies("overwrite.create_append_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_create_append_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """create_append onto a directory is ObjectModeInvalid."""
    _refused_by_directory(store, path, lambda: store.create_append(path))


@verifies("overwrite.commit_append_onto_directory", needs=("list", "read", "delete"), **NATIVE)
@given(path=DIRECTORIES)
def test_commit_append_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """commit_append where a directory has come in place of the object is ObjectModeInvalid."""
    o: Object = store.create_append(path)
    store.write_append(o, b"appended")
    store.delete(path)
    _refused_by_directory(store, path, lambda: store.commit_append(o))


@verifies("overwrite.create_page_onto_directory", needs=("list", "read"), **NATIVE)
@given(path=DIRECTORIES)
def test_create_page_onto_a_directory_is_refused(store: Recorder, path: str) -> None:
    """create_page onto a directory is ObjectModeInvalid."""
    _refused_by_directory(store, path, lambda: store.create_page(path))


@verifies("overwrite.create_dir_onto_object", needs=("list", "read", "stat"), **NATIVE)
@given(path=st.sampled_from(("a", "d/a", "a/b")))
def test_create_dir_onto_an_object_is_refused(store: Recorder, path: str) -> None:
    """create_dir at the path of an object, or below it, is ObjectModeInvalid, and the object stays whole."""
    there = "a" if path == "a/b" else path
    store.write(there, b"an object")
    with unchanged(store, there), refused(ObjectModeInvalid, what="create_dir onto an object"):
        store.create_dir(path)


@verifies("overwrite.beside_virtual_directory", needs=("read", "stat", "delete"), **VIRTUAL)
@given(path=DIRECTORIES)
def test_object_and_virtual_directory_live_side_by_side(store: Recorder, path: str) -> None:
    """An object may have the name of a virtual directory; writing and deleting it leaves the directory."""
    store.create_dir(path)
    store.write(f"{path}/x", b"child")
    store.write(path, b"beside")
    same(has_dir(store, path), True, "whether there is a directory")
    store.create_dir(path)
    holds(store, path, b"beside")
    store.delete(path)
    holds(store, f"{path}/x", b"child")


@verifies("overwrite.beside_virtual_directory", needs=("copy", "read", "stat"), weight=0, **VIRTUAL)
@given(path=DIRECTORIES)
def test_copy_to_the_name_of_a_virtual_directory(store: Recorder, path: str) -> None:
    """Copying to the name of a virtual directory makes an object beside it, not one inside of it."""
    store.create_dir(path)
    store.write("source", b"copied")
    store.copy("source", path)
    holds(store, path, b"copied")
    same([o.path for o in everything(store)], sorted([path, "source"]), "all objects")


def _refused_by_directory(store: Recorder, path: str, operation: Callable[[], object]) -> None:
    """Make a directory with a child, demand that the operation is refused there, and that nothing has changed."""
    store.create_dir(path)
    store.write(f"{path}/child", b"in the directory")
    with refused(ObjectModeInvalid, what=f"the operation onto the directory {path!r}"):
        operation()
    same([o.path for o in everything(store, path)], [f"{path}/child"], "the listing of the directory")
    beside = [o.path for o in listed(store, path.rpartition("/")[0]) if o.path == path and not is_dir(o)]
    same(beside, [], "objects of the directory's name")
    holds(store, f"{path}/child", b"in the directory")
