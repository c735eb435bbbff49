"""Batch: several objects are deleted at once, those that are named and no others."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from hypothesis import strategies as st

from conformance.engine.catalogue import allowed, group, group_names
from conformance.engine.conditions import FLAT
from conformance.engine.evidence import everything
from conformance.engine.expect import Violation, either, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Features, ObjectNotExist, StorageError

NEIGHBOURS = ("a", "ab", "A", "d/a", "d/ab", "d-/a")
"""Names of which one is the beginning of others, at two levels; one differs in case only."""
ESCAPED = ("a+b", "a b", "a%41", "aA", "i&t", "i&amp;t", "caf\u00e9", "q?x=1", "q")
"""Names in pairs that are one where they are written into a document or an address and read back wrongly."""


@contextmanager
def accepted(what: str, *, requirement: str) -> Generator[None]:
    """Demand that the call in the block is not refused."""
    __tracebackhide__ = True
    try:
        yield
    except StorageError as error:
        raise Violation(what, expected="success", observed=repr(error), requirement=requirement) from error


def remaining(store: Recorder) -> list[str]:
    """Return the paths of all objects that are left."""
    return [o.path for o in everything(store)]


@verifies("batch.removes", needs=("list",), smoke=True)
def test_those_named_are_removed(store: Recorder) -> None:
    """Of names that begin alike exactly those given are gone; the others are left with their bytes."""
    names = [name for name in NEIGHBOURS if name != "A" or store.features.case_sensitive]
    names += ["a/b"] if store.features.directories != "native" else []
    for name in names:
        store.write(name, name.encode())
    victims = ["a", "d/a"]
    store.delete_many(victims)
    left = sorted(set(names) - set(victims))
    same(remaining(store), left, "all objects afterwards")
    same(store.read("ab"), b"ab", "content of 'ab'")
    with refused(ObjectNotExist, what="read of 'd/a', which was deleted"):
        store.read("d/a")


@verifies("batch.removes", needs=("list",), weight=0, **FLAT)
def test_what_lies_below_a_name_stays(store: Recorder) -> None:
    """Deleting the object of a name leaves the objects below that name and those that it begins."""
    for name in ("t", "t/u", "t/u/v", "tu"):
        store.write(name, name.encode())
    store.delete_many(["t", "t/u"])
    same(remaining(store), ["t/u/v", "tu"], "all objects afterwards")
    same(store.read("t/u/v"), b"t/u/v", "content of 't/u/v'")


@verifies("batch.missing", "batch.twice", "batch.empty", needs=("list",))
def test_what_is_missing_or_named_twice_or_not_at_all(store: Recorder) -> None:
    """Missing names are passed over, names given again are removed like any other, and no names remove nothing."""
    for name in ("a", "b", "c", "d"):
        store.write(name, b"x")
    store.delete_many(["missing", "a", "d/missing", "aa"])
    same(remaining(store), ["b", "c", "d"], "all objects afterwards")
    twice = "batch.twice"
    with accepted("names that are given twice and three times", requirement=twice):
        store.delete_many(["b", "c", "b", "c", "c", "a"])
    same(remaining(store), ["d"], "all objects after deleting names given twice and three times", requirement=twice)
    with either():
        store.delete_many([])
    same(remaining(store), ["d"], "all objects after deleting nothing", requirement="batch.empty")


@verifies("batch.any_path")
def test_names_that_are_escaped_are_taken_as_they_are(store: Recorder) -> None:
    """Names with a plus sign or an ampersand are removed themselves, and none that they look like."""
    for name in ("a+b", "a b", "i&t", "i&amp;t"):
        store.write(name, b"x")
    store.delete_many(["a+b", "i&t"])
    same(remaining(store), ["a b", "i&amp;t"], "all objects afterwards")


@verifies("batch.any_path", weight=0)
def test_odd_names_are_taken_as_they_are(store: Recorder) -> None:
    """Names that have to be escaped somewhere are removed themselves, and none that they look like."""
    names = allowed(ESCAPED, store.features)
    for name in names:
        store.write(name, b"x")
    victims = allowed(("a+b", "a%41", "i&t", "caf\u00e9", "q?x=1"), store.features)
    store.delete_many(victims)
    same(remaining(store), sorted(set(names) - set(victims)), "all objects afterwards")


@verifies("batch.any_path", weight=0)
@given(name=group_names())
def test_any_name_is_taken_as_it_is(store: Recorder, features: Features, name: str) -> None:
    """Of names that look alike those given are removed and the others stay, and the other way round."""
    keys = group(name, features)
    for _ in range(2):
        for key in keys:
            store.write(key, b"x")
        store.delete_many(keys[::2])
        same(remaining(store), sorted(set(keys) - set(keys[::2])), "all objects afterwards")
        keys = keys[::-1]


@verifies("batch.many", weight=0)
@given(count=st.sampled_from((1001, 1000, 2500)))
def test_more_than_a_request_takes(store: Recorder, count: int) -> None:
    """More names than a request takes are all removed, and the objects that are not named stay."""
    names = [f"d/{number:05}" for number in range(count)]
    for name in (*names, "d/stays", "stays"):
        store.write(name, b"")
    store.delete_many(names)
    same(remaining(store), ["d/stays", "stays"], "all objects afterwards")
