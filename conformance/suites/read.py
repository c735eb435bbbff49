"""Read: the whole object or the range asked for, and nothing else (definition of read, proposal 10)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import contents, paths
from conformance.engine.conditions import NATIVE, takes
from conformance.engine.evidence import unchanged
from conformance.engine.expect import demand, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, ObjectNotExist, StorageError

CONTENT = Content(1000, 11)
OFFSETS = (0, 1, 500, 999)
SIZES = (1, 999, 1000)


@verifies("read.whole")
@given(path=paths(), content=contents())
def test_read_delivers_the_whole_object(store: Recorder, path: str, content: Content) -> None:
    """Read delivers every byte of the object and returns their number."""
    store.write(path, content)
    same(store.read(path), content.data, f"content of {path!r}")
    same(_counted(store), content.size, "the number returned by read")


@verifies("read.whole", weight=0, **takes("read", "offset"))
@given(offset=st.just(0))
def test_offset_zero_is_the_whole_object(store: Recorder, offset: int) -> None:
    """An offset of 0 leaves nothing out."""
    store.write("a", CONTENT)
    same(store.read("a", offset=offset), CONTENT.data, "content from offset 0")


@verifies("read.offset", **takes("read", "offset"))
def test_an_offset_begins_there(store: Recorder) -> None:
    """From any offset the bytes up to the end are delivered."""
    store.write("a", CONTENT)
    for offset in OFFSETS:
        same(store.read("a", offset=offset), CONTENT.data[offset:], f"content from offset {offset}")
        same(_counted(store), 1000 - offset, f"the number returned for offset {offset}")


@verifies("read.size", **takes("read", "size"))
def test_a_size_limits_what_is_delivered(store: Recorder) -> None:
    """With a size alone the first bytes are delivered, no more than asked for."""
    store.write("a", CONTENT)
    for size in SIZES:
        same(store.read("a", size=size), CONTENT.data[:size], f"the first {size} bytes")
        same(_counted(store), size, f"the number returned for size {size}")


@verifies("read.range", smoke=True, **takes("read", "offset", "size"))
def test_ranges_at_the_edges_are_exact(store: Recorder) -> None:
    """Ranges at the beginning, in the middle and at the very end have both ends right."""
    store.write("a", CONTENT)
    for offset, size in ((499, 2), (0, 999), (1, 999), (999, 1)):
        same(store.read("a", offset=offset, size=size), CONTENT.data[offset : offset + size], f"{size} from {offset}")


@verifies("read.range", **takes("read", "offset", "size"))
@given(
    total=st.sampled_from((8193, 1, 2, 65537)),
    ranges=st.lists(st.tuples(st.floats(0, 0.999), st.floats(0.001, 1)), min_size=3, max_size=3),
)
def test_any_range_is_a_slice(store: Recorder, total: int, ranges: list[tuple[float, float]]) -> None:
    """Any range inside of the object is the same slice of its bytes."""
    content = Content(total, 12)
    store.write("a", content)
    for begin, share in ((0.37, 0.5), *ranges):
        offset = int(begin * total)
        size = max(1, int(share * (total - offset)))
        same(store.read("a", offset=offset, size=size), content.data[offset : offset + size], f"{size} from {offset}")


@verifies("read.range", weight=0, **takes("read", "offset", "size"))
@given(piece=st.sampled_from((333, 1000, 999, 500)))
def test_ranges_join_without_seam(store: Recorder, piece: int) -> None:
    """An object read in pieces, one after the other, is the object."""
    store.write("a", CONTENT)
    joined = b"".join(store.read("a", offset=offset, size=piece) for offset in range(0, 1000, piece))
    same(joined, CONTENT.data, f"the object read in pieces of {piece} bytes")


@verifies("read.range", **takes("read", "offset", "size"))
def test_ranges_are_of_the_current_object(store: Recorder) -> None:
    """After an overwrite ranges are of the new object, also behind the end of the old one."""
    store.write("a", Content(100, 1))
    store.read("a")
    store.read("a", offset=10, size=20)
    store.write("a", Content(300, 2))
    same(store.read("a", offset=10, size=20), Content(300, 2).data[10:30], "20 bytes from 10")
    same(store.read("a", offset=90, size=20), Content(300, 2).data[90:110], "20 bytes from 90")
    if "copy" in store.features.operations:
        store.write("b", Content(300, 3))
        store.copy("b", "a")
        same(store.read("a", offset=10, size=20), Content(300, 3).data[10:30], "20 bytes from 10 after a copy")
    if "delete" in store.features.operations:
        store.delete("a")
        with refused(ObjectNotExist, what="read of 20 bytes of what was deleted"):
            store.read("a", offset=10, size=20)


@verifies("read.size_zero", **takes("read", "size"))
@given(offset=st.sampled_from((None, 0, 1, 999)))
def test_size_zero_delivers_nothing(store: Recorder, features: Features, offset: int | None) -> None:
    """Size 0 means no bytes, not all of them."""
    store.write("a", CONTENT)
    at: dict[str, Any] = {} if offset is None or "offset" not in features.pairs["read"] else {"offset": offset}
    same(store.read("a", size=0, **at), b"", "content of size 0")
    same(_counted(store), 0, "the number returned for size 0")


@verifies("read.beyond_end", **takes("read", "offset"))
@given(beyond=st.sampled_from((1001, 1_000_000)))
def test_behind_the_end_there_is_nothing(store: Recorder, features: Features, beyond: int) -> None:
    """At the end and behind it no byte is delivered; whether that is an error is open."""
    store.write("a", CONTENT)
    sized: dict[str, Any] = {"size": 10} if "size" in features.pairs["read"] else {}
    for offset, pairs in ((1000, {}), (1000, sized), (beyond, sized)):
        try:
            same(store.read("a", offset=offset, **pairs), b"", f"content from offset {offset} of 1000 bytes")
        except StorageError as error:
            demand(
                not isinstance(error, ObjectNotExist),
                f"read from offset {offset} of 1000 bytes",
                expected="nothing or an error about the range",
                observed=str(error),
            )


@verifies("read.size_beyond_end", smoke=True, **takes("read", "offset", "size"))
def test_a_size_behind_the_end_delivers_what_there_is(store: Recorder) -> None:
    """A size that is too large is no error: the bytes that there are are delivered."""
    store.write("a", CONTENT)
    for offset, size in ((500, 501), (999, 2), (0, 1 << 40)):
        same(store.read("a", offset=offset, size=size), CONTENT.data[offset:], f"{size} from {offset} of 1000 bytes")
        same(_counted(store), 1000 - offset, f"the number returned for {size} from {offset}")


@verifies("read.size_beyond_end", **takes("read", "size"), needs=("write",))
def test_an_empty_object_has_no_range(store: Recorder, features: Features) -> None:
    """Of an empty object, where there are any, every size delivers nothing, without an error."""
    content = b"" if features.write_empty_object else b"1"
    store.write("empty", content)
    same(store.read("empty", size=10), content, "ten bytes of it")
    same(store.read("empty", size=1), content, "one byte of it")


@verifies("read.negative", **takes("read", "offset", "size"))
def test_negative_ranges_are_refused(store: Recorder) -> None:
    """A negative offset or size is an error, never the end of the object."""
    store.write("a", CONTENT)
    for pairs in ({"offset": -1}, {"size": -1}, {"offset": -10, "size": 5}, {"offset": 10, "size": -5}):
        with refused(what=f"read with {pairs}"):
            store.read("a", **pairs)
    same(store.read("a"), CONTENT.data, "content afterwards")


@verifies("read.missing", needs=("write",))
def test_a_missing_object_cannot_be_read(store: Recorder, features: Features) -> None:
    """Reading what is not there is ObjectNotExist, beside and above of objects too, whole or in ranges."""
    store.write("d/object", b"there")
    for path in ("d/objec", "d/object2", "d/d/object"):
        with refused(ObjectNotExist, what=f"read of the missing {path!r}"):
            store.read(path)
    for pairs in ({"offset": 1}, {"size": 0}):
        if set(pairs) <= set(features.pairs["read"]):
            with refused(ObjectNotExist, what=f"read of nothing with {pairs}"):
                store.read("missing", **pairs)


@verifies("read.missing", needs=("write",))
@given(path=st.sampled_from(("a/b", "a/b/c")))
def test_below_an_object_nothing_can_be_read(store: Recorder, path: str) -> None:
    """Below an object there is nothing to read, and the object itself is not delivered in its place."""
    store.write("a", b"an object")
    with refused(ObjectNotExist, what=f"read of {path!r} below an object"):
        store.read(path)


@verifies("read.directory", needs=("write",))
@given(filled=st.booleans())
def test_a_directory_cannot_be_read(store: Recorder, filled: bool) -> None:
    """A directory, empty or not, is no object to read."""
    store.create_dir("d")
    if filled:
        store.write("d/x", b"child")
    with refused(what="read of a directory"):
        store.read("d")


@verifies("read.directory", needs=("write",), **NATIVE)
def test_a_directory_made_by_its_children_cannot_be_read(store: Recorder) -> None:
    """A directory that came with the object in it is no object to read either."""
    store.write("d/x", b"child")
    with refused(what="read of a directory"):
        store.read("d")


@verifies("read.callback", **takes("read", "io_callback"))
@given(size=st.sampled_from((70_000, 1, 0)))
def test_the_callback_sees_what_is_delivered(store: Recorder, features: Features, size: int) -> None:
    """The pieces that io_callback is given, joined, are what read delivers, whole or in a range."""
    content = Content(max(size, 0 if features.write_empty_object else 1), 3)
    store.write("a", content)
    ranged = {"offset": 1, "size": 66_000} if {"offset", "size"} <= set(features.pairs["read"]) else {}
    for pairs in ({}, ranged if size > 1 else {}):
        seen = bytearray()
        delivered = store.read("a", io_callback=seen.extend, **pairs)
        same(bytes(seen), delivered, "bytes seen by io_callback")
        begin = pairs.get("offset", 0)
        same(delivered, content.data[begin : begin + pairs.get("size", content.size)], "bytes delivered")


@verifies("read.changes_nothing", needs=("stat", "list"))
@given(path=paths())
def test_reading_changes_nothing(store: Recorder, features: Features, path: str) -> None:
    """After any reads the object is told and listed as before, and reads the same again."""
    store.write(path, CONTENT)
    with unchanged(store, path):
        if {"offset", "size"} <= set(features.pairs["read"]):
            store.read(path, offset=10, size=5)


@verifies("read.whole", weight=0)
def test_reads_of_several_objects_do_not_mix(store: Recorder) -> None:
    """Each of several objects reads as itself, in any order."""
    for number in range(3):
        store.write(f"object{number}", Content(200, number + 1))
    for number in (2, 0, 2, 1):
        same(store.read(f"object{number}"), Content(200, number + 1).data, f"content of object{number}")


def _counted(store: Recorder) -> Any:
    """Return what the last read returned."""
    return store.trace.steps[-1].outcome.value
