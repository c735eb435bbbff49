"""Completeness: after a write content and metadata are what was asked for, and nothing old stays (GSP-134)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import paths, successive, two_contents
from conformance.engine.conditions import takes
from conformance.engine.evidence import everything, is_dir, metadata, shows_lengths
from conformance.engine.expect import holds, same
from conformance.engine.http_source import served
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, ObjectMode

OLD = Content(5000, 1)
DESCRIPTION: dict[str, Any] = {
    "content_type": "text/x-described; charset=utf-8",
    "content_disposition": 'attachment; filename="old.txt"',
    "user_metadata": {"colour": "blue", "number": "42"},
}


def described(store: Recorder, op: str = "write", **changes: Any) -> dict[str, Any]:
    """Return a description of an object, as far as the operation takes one."""
    taken = store.features.pairs.get(op, frozenset())
    return {name: value for name, value in {**DESCRIPTION, **changes}.items() if name in taken}


@verifies("completeness.write", needs=("read", "stat", "list"), smoke=True)
@given(path=paths())
def test_a_written_object_is_complete(store: Recorder, features: Features, path: str) -> None:
    """Overwritten by less, by as much, by more and by nothing, the object has the new bytes only, whoever looks."""
    length = 0
    for content in successive(features):
        same(store.write(path, content), content.size, "bytes written")
        same(store.read(path), content.data, "the content")
        length = content.size
    shows_lengths(everything(store), {path: length}, "the listing")


@verifies("completeness.write", needs=("read", "stat"), weight=0)
@given(two=two_contents(), path=paths())
def test_a_described_object_is_complete(store: Recorder, two: tuple[Content, Content], path: str) -> None:
    """Overwritten with other metadata, the object has the new bytes and the new metadata."""
    store.write(path, two[0], **described(store))
    new = described(store, content_type="image/x-new", user_metadata={"colour": "red"})
    store.write(path, two[1], **new)
    holds(store, path, two[1])
    told = metadata(store.stat(path))
    same({name: told[name] for name in new}, new, "metadata told after the overwrite")


@verifies("completeness.metadata", needs=("stat",), smoke=True)
@given(path=paths())
def test_metadata_that_are_not_given_are_cleared(store: Recorder, path: str) -> None:
    """An overwrite that gives no metadata leaves an object like a fresh one, and keeps nothing of the old."""
    store.write("fresh", b"new")
    store.write(path, b"old", **described(store))
    store.write(path, b"new")
    same(metadata(store.stat(path)), metadata(store.stat("fresh")), "metadata after an overwrite without any")


@verifies("completeness.metadata", needs=("stat", "read"))
@given(path=paths())
def test_only_the_metadata_given_last_count(store: Recorder, path: str) -> None:
    """Metadata of two writes are not merged, and are replaced also when the bytes stay the same."""
    store.write(path, b"the same", **described(store, user_metadata={"first": "1", "both": "1"}))
    last = described(store, content_type="text/css", user_metadata={"second": "2", "both": "2"})
    store.write(path, b"the same", **last)
    told = metadata(store.stat(path))
    same({name: told[name] for name in last}, last, "metadata told")
    holds(store, path, b"the same")


@verifies("completeness.listing", needs=("stat",))
@given(two=two_contents(), path=paths())
def test_the_listing_tells_of_the_new_object(store: Recorder, two: tuple[Content, Content], path: str) -> None:
    """The listing shows one entry with the new length and the etag that stat tells."""
    store.write(path, two[0])
    everything(store)
    store.write(path, two[1])
    told = store.stat(path)
    found = everything(store)
    same([o.path for o in found], [path], "the paths listed")
    for o in found:
        same(o.content_length if o.content_length is not None else two[1].size, two[1].size, "length listed")
        same(o.etag or told.etag, told.etag, "etag listed, beside that of stat")


@verifies("completeness.every_client", needs=("read", "stat"), smoke=True)
@given(two=two_contents(), path=paths())
def test_every_client_sees_the_new_object(
    store: Recorder, again: Recorder, two: tuple[Content, Content], path: str
) -> None:
    """A client that had read the old object reads the new one, at the first try."""
    store.write(path, two[0])
    holds(again, path, two[0])
    store.write(path, two[1])
    same(again.read(path), two[1].data, "content that the other client reads after the overwrite")
    same(again.stat(path).content_length, two[1].size, "length that the other client is told")


@verifies("completeness.copy", needs=("read", "stat", "list"))
@given(two=two_contents(), path=paths())
def test_a_copy_is_complete(store: Recorder, two: tuple[Content, Content], path: str) -> None:
    """Copied over another object, bytes and metadata are those of the source, and the other's are gone."""
    store.write(path, two[0], **described(store, user_metadata={"old": "yes", "colour": "red"}))
    store.write("source", two[1], **described(store))
    store.copy("source", path)
    holds(store, path, two[1])
    told = metadata(store.stat(path))
    same({name: told[name] for name in described(store)}, described(store), "metadata of the copy")
    shows_lengths(everything(store), {path: two[1].size, "source": two[1].size}, "the listing")


@verifies("completeness.copy", needs=("stat",), weight=0)
@given(path=paths())
def test_a_copy_of_what_has_no_metadata_has_none(store: Recorder, path: str) -> None:
    """Copied over an object with metadata, a source without any clears them."""
    store.write(path, b"old", **described(store))
    store.write("source", b"new")
    store.copy("source", path)
    same(metadata(store.stat(path)), metadata(store.stat("source")), "metadata of the copy")


@verifies("completeness.move", needs=("read", "stat", "list"))
@given(two=two_contents(), path=paths())
def test_a_move_is_complete(store: Recorder, two: tuple[Content, Content], path: str) -> None:
    """Moved over another object, bytes and metadata are those that the source had, and the other's are gone."""
    store.write(path, two[0], **described(store, user_metadata={"old": "yes", "colour": "red"}))
    store.write("source", two[1], **described(store))
    before = metadata(store.stat("source"))
    store.move("source", path)
    holds(store, path, two[1])
    same(metadata(store.stat(path)), before, "metadata of what was moved")
    shows_lengths(everything(store), {path: two[1].size}, "the listing")


@verifies("completeness.fetch", needs=("read", "stat"))
@given(two=two_contents(), path=paths(), chunked=st.booleans())
def test_a_fetch_is_complete(store: Recorder, two: tuple[Content, Content], path: str, chunked: bool) -> None:
    """Fetched over another object, the bytes are those served, however they are served."""
    store.write(path, two[0], **described(store))
    store.fetch(path, served(two[1], chunked=chunked))
    holds(store, path, two[1])
    same(dict(store.stat(path).user_metadata), {}, "user_metadata after the fetch")


@verifies("completeness.create_dir", needs=("stat",))
@given(path=st.sampled_from(("d", "d/e", "a b/caf\u00e9")))
def test_a_created_directory_is_there(store: Recorder, path: str) -> None:
    """After create_dir there is a directory at the path, for another look at it too."""
    store.create_dir(path)
    for _ in range(2):
        o = store.stat(path, object_mode=ObjectMode.DIR)
        same((o.path, is_dir(o)), (path, True), "path, and whether it is a directory")


@verifies("completeness.create_link", needs=("stat", "write"))
def test_a_created_link_has_the_new_target(store: Recorder) -> None:
    """After create_link over a link the target is the new one, short or long."""
    store.write("one/of/them", b"1")
    store.write("two", b"2")
    created = [store.create_link("link", target).link_target for target in ("one/of/them", "two")]
    same(created[0] == created[1], False, "whether both targets are told alike")
    same(store.stat("link").link_target, created[1], "link_target told by stat")


@verifies("completeness.create_multipart", needs=("list_multipart",))
@given(path=paths())
def test_a_new_upload_is_empty(store: Recorder, path: str) -> None:
    """A second upload at the same path has none of the first one's parts."""
    first = store.create_multipart(path)
    store.write_multipart(first, b"of the first", 0)
    second = store.create_multipart(path)
    same([part.index for part in store.list_multipart(second)], [], "parts of the new upload")
    same([part.index for part in store.list_multipart(first)], [0], "parts of the first upload")


@verifies("completeness.complete_multipart", needs=("read", "stat"), smoke=True)
@given(two=two_contents(), path=paths())
def test_a_completed_upload_is_complete(store: Recorder, two: tuple[Content, Content], path: str) -> None:
    """Bytes are those of the parts, metadata those given to create_multipart; the old object's are gone."""
    old, new = two if two[1].size else (two[1], two[0])
    store.write(path, old, **described(store, user_metadata={"old": "yes"}))
    wanted = described(store, "create_multipart", content_type="image/x-new", user_metadata={"colour": "red"})
    o = store.create_multipart(path, **wanted)
    _, part = store.write_multipart(o, new, 0)
    store.complete_multipart(o, [part])
    holds(store, path, new)
    told = metadata(store.stat(path))
    same({name: told[name] for name in wanted}, wanted, "metadata told")


@verifies("completeness.complete_multipart", needs=("read", "stat"), weight=0)
@given(path=paths())
def test_a_completed_upload_clears_metadata(store: Recorder, path: str) -> None:
    """An upload that was given no user metadata leaves none of those that the old object had."""
    store.write(path, OLD, **described(store))
    o = store.create_multipart(path)
    _, part = store.write_multipart(o, b"new", 0)
    store.complete_multipart(o, [part])
    told = metadata(store.stat(path))
    same(told["user_metadata"], {}, "user_metadata after the upload")
    same(told["content_disposition"], None, "content_disposition after the upload")


@verifies("completeness.create_block")
@given(path=paths())
def test_a_new_block_object_is_empty(store: Recorder, path: str) -> None:
    """A block object created again has none of the blocks that it had before."""
    store.write_block(store.create_block(path), b"before", "one")
    same(list(store.list_block(store.create_block(path))), [], "blocks of the new block object")


@verifies("completeness.combine_block", needs=("read", "stat"))
@given(two=two_contents(), path=paths())
def test_combined_blocks_are_complete(store: Recorder, two: tuple[Content, Content], path: str) -> None:
    """Bytes are those of the blocks in their order, and nothing of the old object stays, metadata included."""
    store.write("fresh", b"x")
    store.write(path, OLD, **described(store))
    o = store.create_block(path)
    store.write_block(o, two[0], "first")
    store.write_block(o, two[1], "second")
    store.combine_block(o, ["second", "first"])
    holds(store, path, two[1].data + two[0].data)
    same(metadata(store.stat(path)), metadata(store.stat("fresh")), "metadata after combine_block")


@verifies("completeness.create_append", needs=("read", "stat"))
@given(path=paths())
def test_a_new_append_object_is_empty(store: Recorder, path: str) -> None:
    """Committed without any append, an append object has nothing of what was at its path: it is empty."""
    store.write(path, OLD, **described(store))
    o = store.create_append(path)
    same(o.append_offset or 0, 0, "append_offset of the new object")
    store.commit_append(o)
    holds(store, path, b"")
    same(dict(store.stat(path).user_metadata), {}, "user_metadata of the new object")


@verifies("completeness.create_append", needs=("read", "stat"))
@given(path=paths())
def test_an_append_object_created_again_is_empty(store: Recorder, path: str) -> None:
    """create_append over an append object begins anew: what was appended before is gone."""
    first = store.create_append(path)
    store.write_append(first, b"appended before")
    second = store.create_append(path)
    store.write_append(second, b"after")
    store.commit_append(second)
    holds(store, path, b"after")


@verifies("completeness.commit_append", needs=("read", "stat"))
@given(two=two_contents(), path=paths())
def test_a_committed_append_object_is_complete(store: Recorder, two: tuple[Content, Content], path: str) -> None:
    """Bytes are those appended in their order, over a longer or a shorter object."""
    store.write(path, OLD)
    o = store.create_append(path)
    store.write_append(o, two[0])
    store.write_append(o, two[1])
    store.commit_append(o)
    holds(store, path, two[0].data + two[1].data)


@verifies("completeness.create_page", needs=("read", "stat"))
@given(path=paths())
def test_a_new_page_object_has_no_old_bytes(store: Recorder, path: str) -> None:
    """Nothing of the object that was at the path is left beside what is written to the new page object."""
    store.write(path, OLD, **described(store))
    o = store.create_page(path)
    page = Content(1024, 9)
    store.write_page(o, page, 0)
    same(store.read(path).rstrip(b"\x00"), page.data.rstrip(b"\x00"), "content of the new page object")


@verifies("completeness.write", needs=("copy", "read", "stat"), weight=0, **takes("write", "user_metadata"))
@given(path=paths())
def test_a_write_after_a_copy_is_complete(store: Recorder, path: str) -> None:
    """Written over a copy, the copy's metadata and bytes go, and the source keeps its own."""
    store.write("source", OLD, **described(store))
    store.copy("source", path)
    store.write(path, b"new", user_metadata={"only": "this"})
    holds(store, path, b"new")
    same(dict(store.stat(path).user_metadata), {"only": "this"}, "user_metadata after the overwrite")
    same(dict(store.stat("source").user_metadata), DESCRIPTION["user_metadata"], "user_metadata of the source")


@verifies("completeness.listing", needs=("create_multipart", "write_multipart", "complete_multipart", "stat"), weight=0)
@given(path=paths())
def test_a_completed_upload_is_listed_once(store: Recorder, path: str) -> None:
    """Over an object that was listed, the completed upload is one entry with its own length."""
    store.write(path, OLD)
    o = store.create_multipart(path)
    _, part = store.write_multipart(o, b"new", 0)
    shows_lengths(everything(store), {path: OLD.size}, "the listing before")
    store.complete_multipart(o, [part])
    shows_lengths(everything(store), {path: 3}, "the listing")
