"""Published limits of copy and move, where an object above them can be written (GSP-97)."""

from __future__ import annotations

from conformance.engine.expect import holds, refused
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, RestrictionDissatisfied, Restrictions

AFFORDABLE = 8 * 1024 * 1024
"""Bytes up to which an object is written to be above a limit."""


def above(maximum: int | None, limits: Restrictions) -> int | None:
    """Return the size one byte above a maximum, or None where there is none or no such object can be written."""
    largest = min(AFFORDABLE, limits.write_size_maximum or AFFORDABLE)
    return None if maximum is None or maximum >= largest else maximum + 1


@verifies("copy.size_maximum")
def test_an_object_above_the_maximum_is_not_copied(store: Recorder, limits: Restrictions) -> None:
    """A copy of one byte more than copy_size_maximum is refused and leaves both objects; where none is, it is made."""
    size = above(limits.copy_size_maximum, limits)
    source = Content(size or 300, 1)
    store.write("a", source)
    if size is None:
        store.copy("a", "b")
        holds(store, "b", source)
    else:
        store.write("b", b"stays")
        with refused(RestrictionDissatisfied, what=f"copy of {size} bytes"):
            store.copy("a", "b")
        holds(store, "b", b"stays")


@verifies("move.size_maximum")
def test_an_object_above_the_maximum_is_not_moved(store: Recorder, limits: Restrictions) -> None:
    """A move of one byte more than move_size_maximum is refused and leaves both objects; where none is, it is done."""
    size = above(limits.move_size_maximum, limits)
    source = Content(size or 300, 1)
    store.write("a", source)
    if size is None:
        store.move("a", "b")
        holds(store, "b", source)
    else:
        store.write("b", b"stays")
        with refused(RestrictionDissatisfied, what=f"move of {size} bytes"):
            store.move("a", "b")
        holds(store, "b", b"stays")
        holds(store, "a", source)
