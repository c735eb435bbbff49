"""Block objects: written as named blocks, combined in any order (definitions of the blocker)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.catalogue import contents, paths
from conformance.engine.expect import absent, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Block, Content, ObjectMode

IDS = ("b", "a", "B", "a/b", "10", "9", "caf\u00e9 +%41")
"""Ids whose order of writing is neither that of their names nor that of their numbers."""


@verifies("block.create")
@given(path=paths())
def test_create_block_returns_a_block_object(store: Recorder, path: str) -> None:
    """The object returned has the path given and the mode block."""
    o = store.create_block(path)
    same((o.path, ObjectMode.BLOCK in o.mode), (path, True), "path, and whether block")


@verifies("block.write")
@given(path=paths(), content=contents(minimum=1))
def test_a_block_is_written(store: Recorder, path: str, content: Content) -> None:
    """write_block returns the number of bytes, and the block is listed with its id and size."""
    o = store.create_block(path)
    same(store.write_block(o, content, "first"), content.size, "bytes written")
    same(list(store.list_block(o)), [Block("first", content.size)], "the blocks listed")


@verifies("block.list")
@given(path=paths())
def test_every_block_is_listed_once(store: Recorder, path: str) -> None:
    """Blocks of all sorts of ids are listed exactly once each, for this object and no other."""
    o, other = store.create_block(path), store.create_block("other")
    same(list(store.list_block(o)), [], "blocks of a new block object")
    for number, bid in enumerate(IDS):
        store.write_block(o, Content(10 + number, number + 1), bid)
    expected = sorted(Block(bid, 10 + number) for number, bid in enumerate(IDS))
    same(sorted(store.list_block(o)), expected, "the blocks listed")
    same(list(store.list_block(other)), [], "blocks of the other object")


@verifies("block.combine", needs=("read", "stat"), smoke=True)
@given(order=st.permutations(IDS[:4]), path=paths())
def test_blocks_are_combined_in_the_order_given(store: Recorder, order: list[str], path: str) -> None:
    """The object is made of the blocks in the order of their ids as given, not as written or sorted."""
    blocks = {bid: Content(20 + number, number + 1) for number, bid in enumerate(IDS[:4])}
    o = store.create_block(path)
    for bid, content in blocks.items():
        store.write_block(o, content, bid)
    store.combine_block(o, order)
    holds(store, path, b"".join(blocks[bid].data for bid in order))
    same(ObjectMode.READ in store.stat(path).mode, True, "whether the object can be read")


@verifies("block.replaces", needs=("read", "stat"))
@given(path=paths())
def test_a_block_written_again_is_replaced(store: Recorder, path: str) -> None:
    """Of a block written twice, longer or shorter, only the second content counts."""
    o = store.create_block(path)
    store.write_block(o, Content(500, 1), "one")
    store.write_block(o, Content(10, 2), "two")
    store.write_block(o, Content(30, 3), "one")
    same(sorted(store.list_block(o)), [Block("one", 30), Block("two", 10)], "the blocks listed")
    store.combine_block(o, ["one", "two"])
    holds(store, path, Content(30, 3).data + Content(10, 2).data)


@verifies("block.only_named", needs=("read", "stat"))
@given(path=paths())
def test_blocks_that_are_not_named_are_left_out(store: Recorder, path: str) -> None:
    """Only the blocks named are in the object, whatever else was written."""
    o = store.create_block(path)
    for number, bid in enumerate(("one", "two", "three")):
        store.write_block(o, Content(20, number + 1), bid)
    store.combine_block(o, ["three", "one"])
    holds(store, path, Content(20, 3).data + Content(20, 1).data)


@verifies("block.unknown_id", needs=("write", "read", "stat"))
@given(path=paths())
def test_an_unknown_block_is_an_error(store: Recorder, path: str) -> None:
    """Combining a block that was never written is an error; the old object stays, and the blocks can be used."""
    store.write(path, b"old")
    o = store.create_block(path)
    store.write_block(o, b"known", "known")
    with refused(what="combine_block with an unknown id"):
        store.combine_block(o, ["known", "unknown"])
    holds(store, path, b"old")
    store.combine_block(o, ["known"])
    holds(store, path, b"known")


@verifies("block.hidden", needs=("read", "stat", "list"))
@given(path=paths())
def test_blocks_are_hidden_until_combined(store: Recorder, path: str) -> None:
    """Before combine_block there is no object at a new path, and at an old one the old object."""
    store.write("old", b"still there")
    for at in (path, "old"):
        store.write_block(store.create_block(at), b"not yet", "one")
    absent(store, path)
    holds(store, "old", b"still there")
