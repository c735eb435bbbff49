"""Part copy: parts of an upload that are made of objects which the service holds already."""

from __future__ import annotations

from conformance.engine.conditions import takes
from conformance.engine.expect import holds, refused, same
from conformance.engine.laws import verifies
from conformance.engine.part_plans import parts_of, piece, smallest, still_open
from conformance.engine.recorder import Recorder
from conformance.storage import Content, ObjectNotExist

RANGED = takes("copy_multipart", "offset", "size")


def source(store: Recorder) -> Content:
    """Return the content of a source that three parts can be cut from."""
    return Content(3 * smallest(store) + 50, 11)


@verifies("part_copy.content", "part_copy.listed", needs=("write_multipart", "list_multipart", "stat"))
def test_a_whole_object_is_a_part(store: Recorder) -> None:
    """Copied and written parts, uploaded in another order than that of their indexes, make one object.

    It takes the place of the source of one of them.
    """
    first, second, third = piece(store, 1, 7), piece(store, 2), piece(store, 3, 30)
    store.write("d/source", first)
    store.write("another", third)
    o = store.create_multipart("another")
    last = store.copy_multipart(o, "another", 2)
    middle = store.write_multipart(o, second, 1)
    copied = store.copy_multipart(o, "d/source", 0)
    same((copied[0], copied[1].index, copied[1].size), (first.size, 0, first.size), "size, index and size of the part")
    parts = [copied[1], middle[1], last[1]]
    same(parts_of(store, o), parts, "parts listed", requirement="part_copy.listed")
    store.complete_multipart(o, parts)
    same(store.read("another"), first.data + second.data + third.data, "content of the object")
    holds(store, "d/source", first)


@verifies("part_copy.content", **RANGED)
def test_ranges_of_an_object_are_parts(store: Recorder) -> None:
    """Ranges have both ends right: the first, one in the middle, and the last, put together in another order."""
    content, size = source(store), smallest(store) + 10
    store.write("source", content)
    o = store.create_multipart("a")
    ranges = [(content.size - size, size), (0, size), (20, size)]
    parts = [
        store.copy_multipart(o, "source", index, offset=offset, size=length)[1]
        for index, (offset, length) in enumerate(ranges)
    ]
    store.complete_multipart(o, parts)
    wanted = b"".join(content.data[offset : offset + length] for offset, length in ranges)
    same(store.read("a"), wanted, "content of the object")
    same(store.read("source"), content.data, "content of the source")


@verifies("part_copy.missing_source")
def test_a_missing_source_makes_no_part(store: Recorder) -> None:
    """Without a source there is no part, neither a new one nor in place of another; the upload stays open."""
    o = store.create_multipart("a")
    _, part = store.write_multipart(o, piece(store, 1), 0)
    # a range need not be worked out: the service itself has to say that the source is missing
    ranged = {"offset": 0, "size": smallest(store)} if RANGED["when"](store.features) else {}
    for index, pairs in ((0, {}), (1, ranged), (0, ranged)):
        with refused(ObjectNotExist, what=f"copy_multipart of what is missing with {pairs}"):
            store.copy_multipart(o, "missing", index, **pairs)
    still_open(store, o, [part], "after copies of what is missing")


@verifies("part_copy.beyond_source", **RANGED)
def test_a_range_beyond_the_source_is_refused(store: Recorder) -> None:
    """A range that begins or ends behind the end of the source makes no part."""
    content = source(store)
    store.write("source", content)
    o = store.create_multipart("a")
    for offset, size in ((content.size, smallest(store)), (content.size - 10, smallest(store) + 11)):
        with refused(what=f"copy_multipart of {size} bytes from {offset} of {content.size}"):
            store.copy_multipart(o, "source", 0, offset=offset, size=size)
    still_open(store, o, [], "after copies beyond the end of the source")


@verifies("part_copy.replaces")
def test_the_last_part_of_an_index_counts(store: Recorder) -> None:
    """A copied part replaces a written one, and a written part replaces a copied one."""
    copied, written = piece(store, 2, 9), piece(store, 3)
    store.write("source", copied)
    o = store.create_multipart("a")
    store.write_multipart(o, written, 0)
    first = store.copy_multipart(o, "source", 0)[1]
    store.copy_multipart(o, "source", 1)
    second = store.write_multipart(o, written, 1)[1]
    store.complete_multipart(o, [first, second])
    same(store.read("a"), copied.data + written.data, "content of the object")


@verifies("part_copy.snapshot")
def test_a_part_is_of_the_source_as_it_was(store: Recorder) -> None:
    """Overwriting the source after it was copied leaves the part as it is."""
    content = piece(store, 1, 5)
    store.write("source", content)
    o = store.create_multipart("a")
    _, part = store.copy_multipart(o, "source", 0)
    store.write("source", piece(store, 3))
    store.complete_multipart(o, [part])
    same(store.read("a"), content.data, "content of the object")


@verifies("part_copy.snapshot", weight=0)
def test_a_part_outlives_its_source(store: Recorder) -> None:
    """Deleting the sources after they were copied, whole and in ranges, leaves the parts as they are."""
    one, two = piece(store, 1, 5), piece(store, 2)
    store.write("one", one)
    store.write("two", two)
    o = store.create_multipart("a")
    parts = [store.copy_multipart(o, path, index)[1] for index, path in enumerate(("one", "two"))]
    store.delete("one")
    store.delete("two")
    store.complete_multipart(o, parts)
    same(store.read("a"), one.data + two.data, "content of the object")
