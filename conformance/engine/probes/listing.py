"""Listings: of what is not there, without a mode, their order, and how much they tell."""

from __future__ import annotations

from conformance.engine.probes.probing import Finding, Room, by_requirement, probe
from conformance.storage import ListMode, ListModeInvalid

NEEDS = ("write", "read", "list")


@probe("listing.missing", "What does the listing of what is not there answer?", source="GSP-654 is silent", needs=NEEDS)
def missing(room: Room) -> Finding:
    """List a path at which there is nothing."""
    room.put("d/x", b"child")
    room.proves([o.path for o in room.listed("d")] == ["d/x"], "what is there is listed")
    found = room.attempt(lambda: room.listed("nowhere"))
    text = found.word if not found.ok else "no objects" if not found.value else f"{len(found.value)} objects"
    return by_requirement(text, "list.missing", holds=not found.value and text in {"no objects", "ObjectNotExist"})


@probe(
    "listing.of_object", "What does the listing of the path of an object show?", source="GSP-654 is silent", needs=NEEDS
)
def of_object(room: Room) -> Finding:
    """List the path of an object that has no children."""
    room.put("f", b"object")
    room.put("g", b"beside")
    room.proves("f" in [o.path for o in room.listed()], "the object is listed in the work_dir")
    found = room.attempt(lambda: room.listed("f"))
    shown = [o.path for o in found.value] if found.ok else []
    text = found.word if not found.ok else "nothing" if not shown else ", ".join(map(repr, shown))
    return by_requirement(text, "list.of_object", holds=set(shown) <= {"f"})


@probe("listing.default", "What does a listing without a mode show?", source="GSP-654, List mode", needs=NEEDS)
def default(room: Room) -> Finding:
    """List an object at the top and one below a directory."""
    room.put("a", b"top")
    room.put("d/b", b"below")
    shown = sorted(o.path.rstrip("/") for o in room.store.list(""))
    known: dict[tuple[str, ...], str] = {
        ("a", "d"): "one level",
        ("a", "d/b"): "every object below",
        ("a", "d", "d/b"): "every object and directory",
    }
    return Finding(known.get(tuple(shown), f"{shown}"))


@probe(
    "listing.combined_modes",
    "What does a listing in two modes at once show?",
    source="GSP-654: modes are bits",
    needs=NEEDS,
)
def combined_modes(room: Room) -> Finding:
    """List in the modes dir and prefix together."""
    room.put("a", b"top")
    room.put("d/b", b"below")
    found = room.attempt(lambda: room.store.list("", list_mode=ListMode.DIR | ListMode.PREFIX))
    if not found.ok:
        return by_requirement(found.word, "list.mode_invalid", holds=isinstance(found.error, ListModeInvalid))
    shown = {o.path.rstrip("/") for o in found.value}
    return Finding("that of dir" if shown == {"a", "d"} else "that of prefix" if shown == {"a", "d/b"} else f"{shown}")


@probe("listing.order", "In which order does a listing show objects?", source="GSP-654 specifies none", needs=NEEDS)
def order(room: Room) -> Finding:
    """Write five in no order and see in which they come."""
    names = ["m", "a", "Z", "z", "_"]
    for name in names:
        room.put(name, b"object")
    shown = [o.path for o in room.listed()]
    room.proves(sorted(shown) == sorted(names), "every object is listed once")
    if shown == sorted(names):
        return Finding("by code points")
    return Finding("as they were written" if shown == names else "by nothing that five names could show")


@probe("listing.tells", "What does a listing tell besides path and mode?", source="GSP-654, object mode", needs=NEEDS)
def tells(room: Room) -> Finding:
    """List one object."""
    room.put("f", b"object")
    (found,) = room.listed()
    fields = ("content_length", "etag", "last_modified", "content_type", "content_md5", "id")
    told = [name for name in fields if getattr(found, name) not in (None, "")]
    return Finding(", ".join(told) or "nothing")
