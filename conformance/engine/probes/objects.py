"""Objects: what describes them, and what writing, copying and moving them does at the edges."""

from __future__ import annotations

import hashlib
from typing import Any

from conformance.engine.probes.probing import Finding, Room, by_declaration, by_requirement, probe
from conformance.storage import Content, Object, ObjectMode, Source

STAT = ("write", "read", "stat")


def described(etag: str | None, data: bytes) -> str:
    """Return of what kind an ETag is."""
    if not etag:
        return "none"
    bare = etag.removeprefix("W/").strip('"')
    weak = "weak, " if etag.startswith("W/") else ""
    quoted = "quoted, " if '"' in etag else ""
    if bare.lower() == hashlib.md5(data, usedforsecurity=False).hexdigest():
        return f"{weak}{quoted}the MD5 of the content"
    parts = bare.rpartition("-")
    if parts[0] and parts[2].isdigit():
        return f"{weak}{quoted}opaque, with the number of parts"
    return f"{weak}{quoted}opaque"


@probe("objects.modes", "Which modes does an ordinary object carry?", source="GSP-654 against AOS-25", needs=STAT)
def modes(room: Room) -> Finding:
    """Ask stat of an object just written."""
    room.put("f", b"object")
    mode = room.store.stat("f").mode
    room.proves(ObjectMode.READ in mode, "an object that is read carries read")
    lacking = [
        op
        for bit, op in ((ObjectMode.APPEND, "write_append"), (ObjectMode.PAGE, "write_page"))
        if bit in mode and not room.has(op)
    ]
    return by_requirement(str(mode), "object_mode.only_what_exists", holds=not lacking)


@probe("objects.id", "What is the id of an object?", source="GSP-749, Object: its text against its example", needs=STAT)
def identity(room: Room) -> Finding:
    """Compare it with the path from the root."""
    room.put("f", b"object")
    room.put("g", b"object")
    found, other = room.store.stat("f").id, room.store.stat("g").id
    full = f"{room.inside}f"
    known = {
        full: "the absolute path",
        full[1:]: "the absolute path without its first slash",
        "f": "the path",
        "": "none",
    }
    text = known.get(found) or ("ends with the path" if found.endswith(full) else "opaque")
    return by_requirement(text, "stat.id", holds=not found or found != other)


@probe("objects.etag", "Of what kind are ETags?", source="Proposal 14; AOS-40", declares="etag", needs=STAT)
def etag(room: Room) -> Finding:
    """Compare the ETag with the MD5, for two contents."""
    room.put("f", b"first")
    first = room.store.stat("f").etag
    room.put("f", b"second")
    second = room.store.stat("f").etag
    text = described(first, b"first")
    fits = room.features.etag is None or room.features.etag == bool(first)
    if first and first == second:
        return by_requirement(f"{text}, and the same for two contents", "stat.etag_changes", holds=False)
    return by_declaration(text, "etag", fits=fits, features=room.features)


@probe(
    "objects.etag_again",
    "Does the ETag change when the same bytes are written again?",
    source="Proposal 14",
    needs=STAT,
)
def etag_again(room: Room) -> Finding:
    """Write the same bytes twice."""
    room.put("f", b"first")
    first = room.store.stat("f").etag
    room.put("f", b"other")
    room.proves(first and room.store.stat("f").etag != first, "the ETag is told and changes with the content")
    room.put("f", b"first")
    return Finding("no: the content decides" if room.store.stat("f").etag == first else "yes: every write has its own")


@probe("objects.md5", "Is content_md5 told?", source="Proposal 14", needs=STAT)
def md5(room: Room) -> Finding:
    """Ask stat."""
    room.put("f", b"first")
    return Finding("yes" if room.store.stat("f").content_md5 else "no")


@probe("objects.last_modified", "How fine is last_modified?", source="definition of last_modified", needs=STAT)
def last_modified(room: Room) -> Finding:
    """Look at the fractions of seven writes."""
    fractions: list[int] = []
    for number in range(7):
        room.put(f"f{number}", b"object")
        told = room.store.stat(f"f{number}").last_modified
        room.proves(told, "last_modified is told")
        fractions.append(told.microsecond if told else 0)
    if any(fraction % 1000 for fraction in fractions):
        return Finding("microseconds")
    return Finding("milliseconds" if any(fractions) else "whole seconds")


@probe(
    "objects.content_type",
    "Which content type has an object that was given none?",
    source="GSP-134 is silent",
    needs=STAT,
)
def content_type(room: Room) -> Finding:
    """Write one with a type, to see that it is told, and one without."""
    if room.has("write", "content_type"):
        room.store.write("typed", b"object", content_type="text/x-typed")
        told = room.store.stat("typed").content_type
        room.proves(told == "text/x-typed", "a content type that was given is told")
    else:
        room.proves(room.has("stat"), "stat tells of objects")
    room.put("f", b"object")
    return Finding(room.store.stat("f").content_type or "none")


@probe(
    "objects.md5_checked",
    "Is a content_md5 that is wrong refused?",
    source="Proposal 14 is silent",
    needs=("write.content_md5", "read"),
)
def md5_checked(room: Room) -> Finding:
    """Write with the MD5 of the bytes, then with that of others."""
    right = "XUFAKrxLKna5cZ2REBfFkg=="
    room.put("f", b"hello", content_md5=right)
    wrong = room.attempt(lambda: room.store.write("f", b"other", content_md5=right))
    text = f"no: {wrong.word}" if wrong.ok else f"yes: {wrong.word}"
    return by_requirement(text, "write.content_md5", holds=not wrong.ok and room.get("f") == b"hello")


@probe(
    "objects.failed_write",
    "What is left of an object when a write over it fails?",
    source="GSP-134 speaks of success only",
)
def failed_write(room: Room) -> Finding:
    """Write over it from a reader that raises halfway."""
    old = b"old" * 100
    room.put("f", old)
    failed = room.attempt(lambda: room.store.write("f", Source(Content(70_000, 1), kind="raises", at=40_000)))
    if failed.ok:
        return by_requirement("the write is told to have succeeded", "write.failing_reader", holds=False)
    left = room.get("f")
    text = "the old object" if left == old else "nothing" if left is None else f"{len(left)} bytes of something else"
    return by_requirement(text, "write.failure_keeps_old", holds=left == old)


@probe("objects.empty", "Are there objects of zero bytes?", source="GSP-751; GSP-837", declares="write_empty_object")
def empty(room: Room) -> Finding:
    """Write nothing and read it."""
    room.put("f", b"one")
    written = room.attempt(lambda: room.store.write("empty", b""))
    exists = written.ok and room.get("empty") == b""
    text = "yes" if exists else "not kept" if written.ok else f"refused: {written.word}"
    fits = exists == room.features.write_empty_object
    return by_declaration(text, "write_empty_object", fits=fits, features=room.features)


@probe(
    "objects.second_client",
    "When does a second client see what the first one did?",
    source="no document speaks of it",
    declares="consistency_window",
    needs=("write", "read", "delete"),
)
def second_client(room: Room) -> Finding:
    """Write, overwrite and delete, and read through the other client each time."""
    other = room.client()
    room.put("f", b"first")
    seen = [room.attempt(lambda: other.read("f")).value == b"first"]
    room.put("f", b"second")
    seen.append(room.attempt(lambda: other.read("f")).value == b"second")
    room.store.delete("f")
    seen.append(room.attempt(lambda: other.read("f")).word == "ObjectNotExist")
    late = [name for name, well in zip(("a write", "an overwrite", "a delete"), seen, strict=True) if not well]
    fits = not late or room.features.consistency_window > 0
    text = f"not at once: {', '.join(late)}" if late else "at once"
    return by_declaration(text, "consistency_window", fits=fits, features=room.features)


@probe("objects.created_id", "Is the id of a handle that of the object?", source="GSP-749, Object", needs=STAT)
def created_id(room: Room) -> Finding:
    """Compare what create and stat tell."""
    room.put("f", b"object")
    made, told = room.store.create("f").id, room.store.stat("f").id
    room.proves(told, "stat tells an id")
    return Finding("yes" if made == told else "none is told by create" if not made else "no: another one")


def _onto_itself(room: Room, operation: str) -> Finding:
    room.put("f", b"object")
    done = room.attempt(lambda: getattr(room.store, operation)("f", "f"))
    whole = room.get("f") == b"object"
    text = f"{done.word}; the object {'stays whole' if whole else 'is damaged'}"
    return by_requirement(text, f"{operation}.self", holds=whole)


@probe(
    "objects.copy_self",
    "What does copy of an object onto itself answer?",
    source="GSP-134 is silent",
    needs=("write", "read", "copy"),
)
def copy_self(room: Room) -> Finding:
    """Copy one."""
    return _onto_itself(room, "copy")


@probe(
    "objects.move_self",
    "What does move of an object onto itself answer?",
    source="GSP-134 is silent",
    needs=("write", "read", "move"),
)
def move_self(room: Room) -> Finding:
    """Move one."""
    return _onto_itself(room, "move")


GIVEN = {
    "content_type": "text/x-given",
    "content_disposition": 'attachment; filename="given"',
    "user_metadata": {"k": "v"},
}


def _kept(found: Object, given: dict[str, Any]) -> list[str]:
    return [name for name, value in given.items() if getattr(found, name) == value]


def _with_metadata(room: Room) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in GIVEN.items() if room.has("write", name)}
    room.store.write("f", b"object", **given)
    room.proves(_kept(room.store.stat("f"), given) == list(given), "the metadata given are told")
    return given


@probe(
    "objects.copy_metadata",
    "Which metadata does a copy have?",
    source="GSP-134, Proposal, without naming fields",
    needs=(*STAT, "write.content_type", "copy"),
)
def copy_metadata(room: Room) -> Finding:
    """Copy an object with everything that write takes."""
    given = _with_metadata(room)
    room.store.copy("f", "to")
    kept = _kept(room.store.stat("to"), given)
    text = f"those of its source: {', '.join(kept)}" if kept else "its own"
    return by_requirement(text, "copy.metadata", holds=len(kept) == len(given))


@probe(
    "objects.cleared_metadata",
    "What becomes of metadata that a new write does not give?",
    source="GSP-134, Proposal",
    needs=(*STAT, "write.content_type"),
)
def cleared_metadata(room: Room) -> Finding:
    """Write with metadata and again without."""
    given = _with_metadata(room)
    room.put("f", b"again")
    kept = _kept(room.store.stat("f"), given)
    return by_requirement(f"kept: {', '.join(kept)}" if kept else "cleared", "completeness.metadata", holds=not kept)
