"""Links: where their targets lead from, how they are told, and what writing to one does."""

from __future__ import annotations

from conformance.engine.probes.probing import Finding, Room, by_requirement, probe
from conformance.storage import ObjectMode

NEEDS = ("write", "read", "stat", "create_link")


def _linked(room: Room, path: str = "l", target: str = "t") -> None:
    room.put("t", b"target")
    room.store.create_link(path, target)
    room.proves(ObjectMode.LINK in room.store.stat(path).mode, "stat tells a link as one")


def _form(room: Room, told: str | None, given: str) -> str:
    known = {given: "as it was given", f"{room.inside}{given}": "as an absolute path", None: "not at all"}
    return known.get(told, f"otherwise: {told!r}")


@probe("links.target", "How is the target of a link told?", source="GSP-86 against the integration tests", needs=NEEDS)
def target(room: Room) -> Finding:
    """Link to a path below the work_dir, and ask create_link and stat."""
    room.put("t", b"target")
    made = room.store.create_link("l", "t").link_target
    found = room.store.stat("l").link_target
    room.proves(ObjectMode.LINK in room.store.stat("l").mode, "stat tells a link as one")
    text = f"{_form(room, made, 't')} by create_link, {_form(room, found, 't')} by stat"
    return Finding(text)


@probe("links.relative_to", "From where does the target of a link lead?", source="GSP-86 is silent", needs=NEEDS)
def relative_to(room: Room) -> Finding:
    """Link from a directory to a name that is in it and in the work_dir too."""
    _linked(room)
    room.proves(room.get("l") == b"target", "a link in the work_dir is read")
    room.put("d/t", b"beside the link")
    room.store.create_link("d/l", "t")
    found = room.attempt(lambda: room.store.read("d/l"))
    known = {b"target": "from the work_dir", b"beside the link": "from the directory of the link"}
    return Finding(known.get(found.value, "elsewhere") if found.ok else f"nowhere: {found.word}")


@probe("links.absolute_target", "May the target of a link be absolute?", source="GSP-86: COULD", needs=NEEDS)
def absolute_target(room: Room) -> Finding:
    """Link to the absolute path of an object and read."""
    _linked(room)
    made = room.attempt(lambda: room.store.create_link("m", f"{room.inside}t"))
    if not made.ok:
        return Finding(f"refused: {made.word}")
    found = room.attempt(lambda: room.store.read("m"))
    return Finding("yes" if found.ok and found.value == b"target" else "taken, but it does not lead there")


@probe("links.read", "Are links read through?", source="AOS-25 leaves it open", needs=NEEDS)
def read(room: Room) -> Finding:
    """Read one, and see whether its mode says so."""
    _linked(room)
    readable = ObjectMode.READ in room.store.stat("l").mode
    found = room.attempt(lambda: room.store.read("l"))
    text = f"refused: {found.word}" if not found.ok else "yes" if found.value == b"target" else "no: other bytes"
    return by_requirement(text, "create_link.read", holds=not readable or found.value == b"target")


@probe("links.write_onto", "What does write to the path of a link do?", source="GSP-134 against services", needs=NEEDS)
def write_onto(room: Room) -> Finding:
    """Write there, then look at the link and at its target."""
    _linked(room)
    written = room.attempt(lambda: room.store.write("l", b"written"))
    if not written.ok:
        return Finding(f"refused: {written.word}")
    through = room.get("t") == b"written"
    return Finding("it goes through to the target" if through else "it takes the place of the link")


@probe(
    "links.over_object",
    "What does create_link at the path of an object do?",
    source="GSP-134 against create_link",
    needs=NEEDS,
)
def over_object(room: Room) -> Finding:
    """Create it there and look for the object."""
    _linked(room)
    room.put("f", b"object")
    created = room.attempt(lambda: room.store.create_link("f", "t"))
    if created.ok:
        return Finding("it takes the place of the object")
    intact = room.get("f") == b"object"
    text = f"refused: {created.word}; the object {'stays' if intact else 'is lost'}"
    return by_requirement(text, "overwrite.create_link_onto_object", holds=intact)


@probe("links.chain", "What is the target of a link to a link?", source="GSP-86 is silent", needs=NEEDS)
def chain(room: Room) -> Finding:
    """Link to a link."""
    _linked(room)
    room.store.create_link("m", "l")
    found = room.store.stat("m").link_target
    known = {"l": "the link", "t": "what the link leads to"}
    return Finding(known.get((found or "").removeprefix(room.inside), f"{found!r}"))


@probe("links.listed", "With which mode is a link listed?", source="GSP-654 against GSP-86", needs=(*NEEDS, "list"))
def listed(room: Room) -> Finding:
    """List the work_dir."""
    _linked(room)
    modes = [str(o.mode) for o in room.listed() if o.path == "l"]
    return Finding(modes[0] if modes else "it is not listed")
