"""Reading at the edges of an object: behind its end, none of it, before its beginning, and what is no object."""

from __future__ import annotations

from conformance.engine.probes.probing import Finding, Room, by_requirement, probe

NEEDS = ("write", "read.offset", "read.size")
SILENT = "definitions of offset and size are silent"


def _ranged(room: Room, identifier: str, *, allowed: tuple[bytes, ...], refusable: bool, **pairs: int) -> Finding:
    room.put("f", b"0123456789")
    room.proves(room.store.read("f", offset=2, size=3) == b"234", "a range inside of the object is delivered")
    found = [room.attempt(lambda: room.store.read("f", **pairs)) for _ in range(2)]
    words = [f"{len(each.value)} bytes" if each.ok else each.word for each in found]
    text = words[0] if words[0] == words[1] else f"{words[0]}, then {words[1]}"
    holds = all(each.value in allowed if each.ok else refusable for each in found) and words[0] == words[1]
    return by_requirement(text, identifier, holds=holds)


@probe("reading.at_end", "What does a read from the very end deliver?", source=SILENT, needs=NEEDS)
def at_end(room: Room) -> Finding:
    """Read from the length on."""
    return _ranged(room, "read.beyond_end", allowed=(b"",), refusable=True, offset=10)


@probe("reading.beyond_end", "What does a read from behind the end deliver?", source=SILENT, needs=NEEDS)
def beyond_end(room: Room) -> Finding:
    """Read from far behind the end."""
    return _ranged(room, "read.beyond_end", allowed=(b"",), refusable=True, offset=1000)


@probe("reading.size_beyond", "What does a range that ends behind the end deliver?", source=SILENT, needs=NEEDS)
def size_beyond(room: Room) -> Finding:
    """Read more than there is."""
    return _ranged(room, "read.size_beyond_end", allowed=(b"89",), refusable=False, offset=8, size=100)


@probe("reading.size_zero", "What does a read of size 0 deliver?", source=SILENT, needs=NEEDS)
def size_zero(room: Room) -> Finding:
    """Read nothing."""
    return _ranged(room, "read.size_zero", allowed=(b"",), refusable=False, offset=0, size=0)


@probe("reading.negative_offset", "What does a negative offset do?", source=SILENT, needs=NEEDS)
def negative_offset(room: Room) -> Finding:
    """Read from before the beginning."""
    return _ranged(room, "read.negative", allowed=(), refusable=True, offset=-3)


@probe("reading.negative_size", "What does a negative size do?", source=SILENT, needs=NEEDS)
def negative_size(room: Room) -> Finding:
    """Read fewer than no bytes."""
    return _ranged(room, "read.negative", allowed=(), refusable=True, size=-3)


@probe(
    "reading.directory",
    "What does read of a directory answer?",
    source="AOS-25 is silent",
    needs=("write", "read", "create_dir"),
)
def directory(room: Room) -> Finding:
    """Read one that was created."""
    room.store.create_dir("d")
    room.put("d/x", b"child")
    found = room.attempt(lambda: room.store.read("d"))
    text = f"{len(found.value)} bytes" if found.ok else found.word
    return by_requirement(text, "read.directory", holds=not found.ok)
