"""Refusals: of operations and arguments that are not declared, of conditions, and by a client that was closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.engine.http_source import served
from conformance.engine.probes.probing import Attempt, Finding, Room, by_declaration, by_requirement, probe
from conformance.storage import CapabilityInsufficient, Content, ObjectMode, PairUnsupported, PreconditionFailed, Source


@probe(
    "refusals.operation",
    "How is an operation refused that is not implemented?",
    source="GSP-837 against GSP-729 and AOS-47",
)
def operation(room: Room) -> Finding:
    """Call every undeclared operation that takes two paths, or one."""
    room.put("f", b"object")
    calls: dict[str, Callable[[], Any]] = {
        "copy": lambda: room.store.copy("f", "x"),
        "move": lambda: room.store.move("f", "x"),
        "create_dir": lambda: room.store.create_dir("x"),
        "create_link": lambda: room.store.create_link("x", "f"),
        "create_append": lambda: room.store.create_append("x"),
        "create_block": lambda: room.store.create_block("x"),
        "create_page": lambda: room.store.create_page("x"),
        "create_multipart": lambda: room.store.create_multipart("x"),
        "fetch": lambda: room.store.fetch("x", served(b"x")),
        "reach": lambda: room.store.reach("f"),
    }
    tried = {name: room.attempt(call) for name, call in calls.items() if not room.has(name)}
    if not tried:
        return Finding("every operation is declared")
    words = sorted({f"{name} works" if each.ok else each.word for name, each in tried.items()})
    holds = all(isinstance(each.error, CapabilityInsufficient) for each in tried.values())
    return by_requirement(", ".join(words), "features.undeclared_operation", holds=holds)


@probe(
    "refusals.argument",
    "What becomes of an optional argument that is not declared?",
    source="Proposal 1 against Proposal 16 and GSP-87, and GSP-109",
    declares="loose_pairs",
    needs=("write", "read", "stat"),
)
def argument(room: Room) -> Finding:
    """Pass every undeclared one to write and stat, which succeed without."""
    room.put("f", b"object")
    given: dict[str, Any] = {"content_type": "text/plain", "content_disposition": "inline", "user_metadata": {"a": "b"}}
    tried: dict[str, Attempt] = {}
    for name, value in given.items():
        if not room.has("write", name):
            tried[f"write {name}"] = room.attempt(
                lambda name=name, value=value: room.store.write("f", b"x", **{name: value})
            )
    if not room.has("stat", "object_mode"):
        tried["stat object_mode"] = room.attempt(lambda: room.store.stat("f", object_mode=ObjectMode.READ))
    if not tried:
        return Finding("those of write and stat are all declared")
    words = sorted({f"{name}: accepted" if each.ok else each.word for name, each in tried.items()})
    loose = room.features.loose_pairs
    fits = all(each.ok if loose else isinstance(each.error, PairUnsupported) for each in tried.values())
    return by_declaration(", ".join(words), "loose_pairs", fits=fits, features=room.features)


@probe(
    "refusals.reader",
    "Which errors are readers that cannot be right?",
    source="GSP-751: an error, without saying which",
)
def reader(room: Room) -> Finding:
    """Write from no reader, from one that is too short, and a negative number of bytes."""
    room.put("f", b"object")
    tries = {
        "none": lambda: room.store.write("x", Source(Content(0), "none"), 5),
        "too short": lambda: room.store.write("x", b"four", 5),
        "negative size": lambda: room.store.write("x", b"four", -1),
    }
    words = {name: room.attempt(call).word for name, call in tries.items()}
    holds = "success" not in words.values() and room.get("x") is None
    text = ", ".join(f"{name}: {word}" for name, word in words.items())
    return by_requirement(text, "write.failure_leaves_nothing", holds=holds)


def _condition(room: Room, name: str, wrong: Attempt, *, harmless: bool) -> Finding:
    declared = room.has("write", name)
    if isinstance(wrong.error, PreconditionFailed):
        return Finding("honoured", "" if declared else f"write does not declare {name}, which works")
    if wrong.ok:
        against = f"write declares {name}" if declared else f"write does not declare {name} and takes it"
        return Finding(
            "ignored: the object was overwritten", "" if room.features.loose_pairs and not declared else against
        )
    text = f"refused: {wrong.word}"
    if declared:
        return Finding(text, f"write declares {name}")
    return by_requirement(text, "features.unsupported_pair", holds=harmless)


@probe(
    "refusals.if_none_match",
    "Is a write on condition that nothing is there supported?",
    source="RFC 9110; not in GSP-134",
)
def if_none_match(room: Room) -> Finding:
    """Write over an object with if_none_match `*`."""
    room.put("f", b"object")
    wrong = room.attempt(lambda: room.store.write("f", b"other", if_none_match="*"))
    return _condition(room, "if_none_match", wrong, harmless=room.get("f") == b"object")


@probe(
    "refusals.if_match",
    "Is a write on condition of an ETag supported?",
    source="RFC 9110; not in GSP-134",
    needs=("write", "read", "stat"),
)
def if_match(room: Room) -> Finding:
    """Write over an object with an ETag that it does not have."""
    room.put("f", b"object")
    room.proves(room.store.stat("f").etag, "the object has an ETag")
    wrong = room.attempt(lambda: room.store.write("f", b"other", if_match='"00000000000000000000000000000000"'))
    return _condition(room, "if_match", wrong, harmless=room.get("f") == b"object")


@probe(
    "refusals.stat_hint",
    "What does stat answer when the hint does not fit?",
    source="GSP-93: an error, without saying which",
    needs=("write", "read", "stat.object_mode"),
)
def stat_hint(room: Room) -> Finding:
    """Ask for a directory where an object is."""
    room.put("f", b"object")
    room.proves(room.store.stat("f", object_mode=ObjectMode.READ), "a hint that fits is taken")
    found = room.attempt(lambda: room.store.stat("f", object_mode=ObjectMode.DIR))
    holds = found.word in {"ObjectModeInvalid", "ObjectNotExist"}
    text = "the hint is ignored" if found.ok else found.word
    return by_requirement(text, "object_mode.stat_hint_mismatch", holds=holds)


@probe(
    "refusals.stat_hints",
    "Of a hint of several modes, must all fit or any?",
    source="GSP-93 is silent",
    needs=("write", "read", "stat.object_mode"),
)
def stat_hints(room: Room) -> Finding:
    """Ask for read and link together where an object is that can be read."""
    room.put("f", b"object")
    room.proves(room.store.stat("f", object_mode=ObjectMode.READ), "a hint that fits is taken")
    found = room.attempt(lambda: room.store.stat("f", object_mode=ObjectMode.READ | ObjectMode.LINK))
    return Finding("any: the object is told" if found.ok else f"all: {found.word}")


@probe(
    "refusals.closed",
    "What does a client do after it was closed?",
    source="no document speaks of it",
    declares="close_refuses",
)
def closed(room: Room) -> Finding:
    """Close a second client and read through it."""
    room.put("f", b"object")
    other = room.client()
    room.proves(other.read("f") == b"object", "a second client reads the object")
    other.storage.close()
    found = room.attempt(lambda: other.read("f"))
    text = "it goes on" if found.ok else f"it refuses: {found.word}"
    fits = not found.ok or not room.features.close_refuses
    return by_declaration(text, "close_refuses", fits=fits, features=room.features)


@probe(
    "refusals.fetch",
    "Which error is a URL that serves none?",
    source="definition of fetch is silent",
    needs=("read", "fetch"),
)
def fetch(room: Room) -> Finding:
    """Fetch what is served with 404 and 403."""
    room.store.fetch("f", served(b"served"))
    room.proves(room.get("f") == b"served", "what is served is fetched")
    words = [
        room.attempt(lambda status=status: room.store.fetch("x", served(b"no", status=status))).word
        for status in (404, 403)
    ]
    holds = "success" not in words and room.get("x") is None
    return by_requirement(f"404: {words[0]}, 403: {words[1]}", "fetch.failure_keeps_old", holds=holds)
