"""Interleaved: what else takes place while a listing or a read goes on."""

from __future__ import annotations

from conformance.engine.conditions import lists
from conformance.engine.evidence import in_mode, is_dir
from conformance.engine.expect import demand, either, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, ListMode
from conformance.storage.calls import describe

MIB = 1024 * 1024
BEYOND_BUFFERS = 8 * MIB
"""Bytes of which a server holds a part back while nobody reads them: more than lies on the way."""
KEPT = tuple(f"d/k{number}" for number in range(7))
"""Objects that are there all the time."""
GOING = ("d/k0-goes", "d/k1-goes", "d/k5-goes")
"""Objects that are removed: before the place where a listing in the order of paths is left, right there, behind it."""
COMING = ("d/k00-comes",)


@verifies("interleaved.listing", **lists(ListMode.PREFIX))
def test_a_listing_goes_on_while_objects_come_and_go(store: Recorder, again: Recorder) -> None:
    """Objects that are neither written nor deleted meanwhile are listed once each, whatever happens to others."""
    for path in (*KEPT, *GOING):
        store.write(path, b"x")
    left = store.list_begin("d/", 4, **in_mode(store, ListMode.PREFIX))
    for path in GOING:
        again.delete(path)
    for path in COMING:
        again.write(path, b"x")
    found = [o.path for o in (*left.seen, *store.list_rest(left)) if not is_dir(o)]
    same([path for path in sorted(found) if path in KEPT], list(KEPT), "the objects that were there throughout")
    same(sorted({*found} - {*KEPT, *GOING, *COMING}), [], "what is listed and never was")
    same(len(found), len(set(found)), "how many were listed, and how many different ones")


@verifies("interleaved.listing", weight=0, **lists(ListMode.PREFIX))
def test_a_long_listing_goes_on_while_objects_go(store: Recorder, again: Recorder) -> None:
    """Of more objects than a page holds those that stay are listed once while every third is deleted."""
    names = [f"n{number:04}" for number in range(1203)]
    for name in names:
        store.write(name, b"")
    left = store.list_begin("", 10, **in_mode(store, ListMode.PREFIX))
    for name in names[::3]:
        again.delete(name)
    found = sorted(o.path for o in (*left.seen, *store.list_rest(left)))
    kept = [name for name in names if name not in set(names[::3])]
    same([path for path in found if path in set(kept)], kept, "the objects that were there throughout")


@verifies("interleaved.read")
def test_a_read_goes_on_while_the_object_is_overwritten(store: Recorder, again: Recorder) -> None:
    """A read that was left after its first bytes delivers the former content whole, the new one, or an error."""
    old, new = Content(BEYOND_BUFFERS, 1), Content(BEYOND_BUFFERS, 2)
    store.write("a", old)
    left = store.read_begin("a", 1000)
    again.write("a", new)
    with either():
        data = store.read_rest(left)
        whole = data in (old.data, new.data)
        demand(whole, "content of a read that went on", expected="either content whole", observed=describe(data))
    same(store.read("a"), new.data, "content afterwards")


@verifies("interleaved.read", needs=("delete",), weight=0)
def test_a_read_goes_on_while_the_object_is_deleted(store: Recorder, again: Recorder) -> None:
    """A read that was left after its first bytes delivers the object whole, or an error."""
    content = Content(4 * MIB, 3)
    store.write("a", content)
    left = store.read_begin("a", 1000)
    again.delete("a")
    again.write("a", b"shorter, written anew")
    with either():
        same(store.read_rest(left), content.data, "content of a read that went on")
