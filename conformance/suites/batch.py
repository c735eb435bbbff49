"""Batch: several objects are deleted at once, those that are named and no others."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.catalogue import group, group_names
from conformance.engine.conditions import FLAT
from conformance.engine.evidence import everything
from conformance.engine.expect import either, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Features

NEIGHBOURS = ("a", "ab", "a.b", "A", "d/a", "d/ab", "d-/a")
"""Names of which one is the beginning of others, at two levels; one differs in case only."""
ESCAPED = ("a+b", "a b", "a%41", "aA", "i&t", "i&amp;t", "<x>", "caf\u00e9", "q?x=1", "q")
"""Names in pairs that are one where they are written into a document or an address and read back wrongly."""


def remaining(store: Recorder) -> list[str]:
    """Return the paths of all objects that are left."""
    return [o.path for o in everything(store)]


@verifies("batch.removes", needs=("list",), smoke=True)
def test_those_named_are_removed(store: Recorder) -> None:
    """Of names that begin alike exactly those given are gone; the others are left with their bytes."""
    names = [name for name in NEIGHBOURS if name != "A" or store.features.case_sensitive]
    for name in names:
        store.write(name, name.encode())
    victims = ["a", "d/a", "a.b"]
    store.delete_many(victims)
    left = sorted(set(names) - set(victims))
    same(remaining(store), left, "all objects afterwards")
    same(store.read("ab"), b"ab", "content of 'ab'")


@verifies("batch.removes", needs=("list",), **FLAT)
def test_what_lies_below_a_name_stays(store: Recorder) -> None:
    """Deleting the object of a name leaves the objects below that name and those that it begins."""
    for name in ("t", "t/u", "t/u/v", "tu"):
        store.write(name, name.encode())
    store.delete_many(["t", "t/u"])
    same(remaining(store), ["t/u/v", "tu"], "all objects afterwards")
    same(store.read("t/u/v"), b"t/u/v", "content of 't/u/v'")


@verifies("batch.missing", needs=("list",))
def test_missing_ones_are_no_error(store: Recorder) -> None:
    """Missing names before, between and behind the others are passed over; only missing ones are no error either."""
    for name in ("a", "b", "c"):
        store.write(name, b"x")
    store.delete_many(["missing", "a", "d/missing", "b", "aa"])
    same(remaining(store), ["c"], "all objects afterwards")
    store.delete_many(["a", "never/was"])


@verifies("batch.any_path")
def test_odd_names_are_taken_as_they_are(store: Recorder) -> None:
    """Names that have to be escaped somewhere are removed themselves, and none that they look like."""
    for name in ESCAPED:
        store.write(name, b"x")
    victims = ("a+b", "a%41", "i&t", "<x>", "caf\u00e9", "q?x=1")
    store.delete_many(victims)
    same(remaining(store), sorted(set(ESCAPED) - set(victims)), "all objects afterwards")


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


@verifies("batch.empty", needs=("list",))
def test_nothing_is_named(store: Recorder) -> None:
    """Without any name nothing is removed."""
    store.write("a", b"stays")
    with either():
        store.delete_many([])
    same(remaining(store), ["a"], "all objects afterwards")
    same(store.read("a"), b"stays", "content of 'a'")


@verifies("batch.twice", needs=("list",))
def test_a_name_is_given_twice(store: Recorder) -> None:
    """Names that are given twice and three times, in a row and later, are removed, and no others."""
    for name in ("a", "b", "c"):
        store.write(name, b"x")
    store.delete_many(["a", "b", "a", "b", "b"])
    same(remaining(store), ["c"], "all objects afterwards")


@verifies("batch.many", weight=0)
@given(count=st.sampled_from((1001, 1000, 2500)))
def test_more_than_a_request_takes(store: Recorder, count: int) -> None:
    """More names than a request takes are all removed, and the objects that are not named stay."""
    names = [f"d/{number:05}" for number in range(count)]
    for name in (*names, "d/stays", "stays"):
        store.write(name, b"")
    store.delete_many(names)
    same(remaining(store), ["d/stays", "stays"], "all objects afterwards")
