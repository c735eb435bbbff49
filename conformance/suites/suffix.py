"""Suffix: the last bytes of an object, however many it has (RFC 9110, 14.1.2)."""

from __future__ import annotations

from conformance.engine.conditions import EMPTY_OBJECTS, all_of, takes
from conformance.engine.expect import demand, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, ObjectNotExist, StorageError

SUFFIX = takes("read", "suffix")
CONTENT = Content(1000, 21)


def nothing_from(store: Recorder, path: str, suffix: int) -> None:
    """Demand that a suffix delivers no byte: an empty answer or a refusal, which is not that there is no object."""
    __tracebackhide__ = True
    what = f"read of the last {suffix} bytes of {path!r}"
    try:
        same(store.read(path, suffix=suffix), b"", what)
    except StorageError as error:
        there = "nothing, or a refusal other than ObjectNotExist"
        demand(not isinstance(error, ObjectNotExist), what, expected=there, observed=type(error).__name__)


@verifies("suffix.last_bytes", smoke=True, **SUFFIX)
def test_the_last_bytes_are_delivered(store: Recorder) -> None:
    """The last byte, the last few, all but the first, and all: exactly these, and their number is returned."""
    store.write("a", CONTENT)
    for suffix in (1, 10, 999, 1000):
        same(store.read("a", suffix=suffix), CONTENT.data[-suffix:], f"the last {suffix} bytes of 1000")
        same(store.trace.steps[-1].outcome.value, suffix, f"the number returned for the last {suffix} bytes")


@verifies("suffix.last_bytes", weight=0, **SUFFIX)
def test_the_last_bytes_are_of_the_present_object(store: Recorder) -> None:
    """After a shorter overwrite the last bytes are those of the new object."""
    store.write("a", CONTENT)
    store.read("a", suffix=5)
    store.write("a", Content(300, 22))
    same(store.read("a", suffix=5), Content(300, 22).data[-5:], "the last 5 bytes after an overwrite")


@verifies("suffix.longer", **SUFFIX)
def test_a_longer_suffix_is_the_whole_object(store: Recorder) -> None:
    """More last bytes than there are, by one and by many, are all bytes."""
    store.write("a", CONTENT)
    for suffix in (1001, 1_000_000_000):
        same(store.read("a", suffix=suffix), CONTENT.data, f"the last {suffix} bytes of 1000")


@verifies("suffix.zero", **SUFFIX)
def test_a_suffix_of_zero_is_nothing(store: Recorder) -> None:
    """The last 0 bytes are no bytes, and not all of them."""
    store.write("a", CONTENT)
    nothing_from(store, "a", 0)


@verifies("suffix.empty_object", **all_of(SUFFIX, EMPTY_OBJECTS))
def test_an_empty_object_has_no_last_bytes(store: Recorder) -> None:
    """Of an empty object every suffix is empty or refused; the object is not said to be missing."""
    store.write("empty", b"")
    nothing_from(store, "empty", 1)
    nothing_from(store, "empty", 1000)
