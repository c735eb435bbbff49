"""Directories: what deleting, listing, copying and creating them does beside objects."""

from __future__ import annotations

from typing import Any

from conformance.engine.probes.probing import Attempt, Finding, Room, by_declaration, by_requirement, probe
from conformance.storage import ObjectMode

NEEDS = ("create_dir", "write", "read", "stat", "delete")


def _made(room: Room, path: str = "d") -> None:
    room.store.create_dir(path)
    room.proves(room.directory(path), "a directory that was created is found")


def _hint(room: Room, operation: str) -> dict[str, Any]:
    return {"object_mode": ObjectMode.DIR} if room.has(operation, "object_mode") else {}


@probe(
    "directories.delete_without_hint",
    "Does delete without object_mode remove an empty directory?",
    source="GSP-93, Proposal, against GSP-46",
    declares="directories",
    needs=NEEDS,
)
def delete_without_hint(room: Room) -> Finding:
    """Delete one and look for it."""
    _made(room)
    deleted = room.attempt(lambda: room.store.delete("d"))
    stays = room.directory("d")
    text = ("it stays" if stays else "it is removed") + ("" if deleted.ok else f" ({deleted.word})")
    fits = stays == (room.features.directories != "native")
    return by_declaration(text, "directories", fits=fits, features=room.features)


@probe(
    "directories.delete_non_empty",
    "What does delete of a directory that is not empty answer?",
    source="definition of delete; proposal 2: silent on the answer",
    needs=NEEDS,
)
def delete_non_empty(room: Room) -> Finding:
    """Delete it with object_mode dir and look for its child."""
    _made(room)
    room.put("d/x", b"child")
    deleted = room.attempt(lambda: room.store.delete("d", **_hint(room, "delete")))
    survives = room.get("d/x") == b"child"
    text = f"{deleted.word}; what lies in it {'stays' if survives else 'is gone'}"
    return by_requirement(text, "delete.keeps_children", holds=survives)


@probe(
    "directories.delete_object_as_directory",
    "What does delete of an object with object_mode dir do?",
    source="GSP-93 is silent",
    needs=("write", "read", "delete.object_mode"),
)
def delete_object_as_directory(room: Room) -> Finding:
    """Delete an object with the hint of a directory."""
    room.put("f", b"object")
    deleted = room.attempt(lambda: room.store.delete("f", object_mode=ObjectMode.DIR))
    return Finding(f"{deleted.word}; the object {'stays' if room.get('f') == b'object' else 'is gone'}")


@probe(
    "directories.implicit",
    "Does stat tell of a directory that nobody created?",
    source="GSP-654 against GSP-93",
    needs=("write", "read", "stat"),
)
def implicit(room: Room) -> Finding:
    """Write an object below it and ask with object_mode dir."""
    room.put("e/x", b"child")
    room.proves(room.told("e/x"), "stat tells of the object")
    found = room.attempt(lambda: room.store.stat("e", **_hint(room, "stat")))
    return Finding(f"yes, with mode {found.value.mode}" if found.ok else f"no: {found.word}")


@probe(
    "directories.empty_parent",
    "Does a directory go with the last object in it?",
    source="GSP-654 is silent",
    needs=("write", "read", "list", "delete"),
)
def empty_parent(room: Room) -> Finding:
    """Write one object below a directory that nobody created, and delete it."""
    room.put("g/x", b"child")
    room.proves(any(o.path.rstrip("/").startswith("g") for o in room.listed()), "the directory is listed before")
    room.store.delete("g/x")
    left = any(o.path.rstrip("/") == "g" for o in room.listed())
    return Finding("it stays, empty" if left else "it goes")


@probe(
    "directories.create_over_object",
    "What does create_dir at the path of an object answer?",
    source="GSP-134, Error Handling, by its silence",
    declares="directories",
    needs=NEEDS,
)
def create_over_object(room: Room) -> Finding:
    """Create it and look for the object."""
    room.put("f", b"object")
    created = room.attempt(lambda: room.store.create_dir("f"))
    intact = room.get("f") == b"object"
    text = f"{created.word}; the object {'stays' if intact else 'is lost'}"
    if not intact:
        return by_requirement(text, "overwrite.create_dir_onto_object", holds=False)
    fits = created.ok == (room.features.directories != "native")
    return by_declaration(text, "directories", fits=fits, features=room.features)


@probe(
    "directories.write_onto",
    "What does write at the path of a directory answer?",
    source="GSP-134, Error Handling, against the integration tests",
    declares="directories",
    needs=NEEDS,
)
def write_onto(room: Room) -> Finding:
    """Write there and look for the child of the directory."""
    _made(room)
    room.put("d/x", b"child")
    written = room.attempt(lambda: room.store.write("d", b"object"))
    intact = room.get("d/x") == b"child"
    text = f"{written.word}; what lies in it {'stays' if intact else 'is lost'}"
    fits = intact and written.ok == (room.features.directories != "native")
    return by_declaration(text, "directories", fits=fits, features=room.features)


def _source(room: Room, operation: str) -> tuple[Attempt, bool, bool]:
    _made(room)
    room.put("d/x", b"child")
    done = room.attempt(lambda: getattr(room.store, operation)("d", "to"))
    return done, room.get("d/x") == b"child", room.get("to/x") == b"child"


@probe("directories.copy", "What does copy of a directory do?", source="definition of copy", needs=(*NEEDS, "copy"))
def copy(room: Room) -> Finding:
    """Copy one with a child, and look for the child in both places."""
    done, here, there = _source(room, "copy")
    text = f"{done.word}; {'the child is copied' if there else 'the child is not copied'}"
    return by_requirement(text, "copy.one_object", holds=here)


@probe("directories.move", "What does move of a directory do?", source="definition of move", needs=(*NEEDS, "move"))
def move(room: Room) -> Finding:
    """Move one with a child, and look for the child in both places."""
    done, here, there = _source(room, "move")
    where = "at the new path" if there else "where it was" if here else "nowhere any more"
    return by_requirement(f"{done.word}; the child is {where}", "move.content", holds=here or there)


@probe(
    "directories.lists_itself",
    "Does the listing of an empty directory show the directory itself?",
    source="GSP-654 is silent",
    needs=(*NEEDS, "list"),
)
def lists_itself(room: Room) -> Finding:
    """Create one, list it, then list it again with a child."""
    _made(room)
    alone = [o.path for o in room.listed("d")]
    room.put("d/x", b"child")
    room.proves("d/x" in [o.path for o in room.listed("d")], "a child is listed")
    return by_requirement("no" if not alone else f"yes, as {alone[0]!r}", "list.empty_directory", holds=not alone)


@probe("directories.modes", "Which modes does stat tell of a directory?", source="AOS-25", needs=NEEDS)
def modes(room: Room) -> Finding:
    """Ask with the hint and, where it is told without, without it."""
    _made(room)
    hinted = room.store.stat("d", **_hint(room, "stat"))
    bare = room.attempt(lambda: room.store.stat("d"))
    return Finding(f"{hinted.mode} with object_mode dir, {bare.value.mode if bare.ok else bare.word} without")


@probe("directories.trailing_slash", "Are `d` and `d/` one directory?", source="AOS-49 is silent", needs=NEEDS)
def trailing_slash(room: Room) -> Finding:
    """Create it with a slash, look for it without."""
    _made(room, "plain")
    created = room.attempt(lambda: room.store.create_dir("d/"))
    if not created.ok:
        return Finding(f"`d/` is refused: {created.word}")
    return Finding("one directory" if room.directory("d") else "two")


@probe(
    "directories.parents", "Does create_dir make the parents that are missing?", source="AOS-49 is silent", needs=NEEDS
)
def parents(room: Room) -> Finding:
    """Create one two levels down and look for the ones above it."""
    _made(room, "plain")
    created = room.attempt(lambda: room.store.create_dir("a/b/c"))
    if not created.ok:
        return by_requirement(f"refused: {created.word}", "create_dir.parents", holds=False)
    return Finding("yes" if room.directory("a/b") and room.directory("a") else "no: only the one asked for is there")
