"""User metadata: which names and values come back as given, and how much of them there may be."""

from __future__ import annotations

from conformance.engine.probes.probing import Finding, Room, by_declaration, probe

NEEDS = ("write.user_metadata", "stat")
BOUND = 64 * 1024
"""Bytes up to which the longest value is looked for."""
SOURCE = "AOS-40: without modification"


def _back(room: Room, given: dict[str, str]) -> dict[str, str] | str:
    """Return the user metadata told of an object that was written with some, or how that was refused."""
    written = room.attempt(lambda: room.store.write("f", b"object", user_metadata=given))
    told = room.attempt(lambda: dict(room.store.stat("f").user_metadata)) if written.ok else written
    return told.value if told.ok else told.word


def _control(room: Room) -> None:
    room.proves(_back(room, {"plain": "value"}) == {"plain": "value"}, "plain user metadata come back")


def _exact(room: Room, given: dict[str, str]) -> Finding:
    _control(room)
    found = _back(room, given)
    if isinstance(found, str):
        return Finding(f"refused: {found}")
    if found == given:
        return Finding("yes")
    fits = not room.features.metadata_exact
    text = f"no: {found!r} for {given!r}"
    return by_declaration(text, "metadata_exact", fits=fits, features=room.features)


@probe(
    "metadata.name_case",
    "Do names of user metadata keep their case?",
    source=SOURCE,
    declares="metadata_exact",
    needs=NEEDS,
)
def name_case(room: Room) -> Finding:
    """Write a name of both cases."""
    return _exact(room, {"MixedCase": "value"})


@probe(
    "metadata.blanks",
    "Do values of user metadata keep blanks around them?",
    source=SOURCE,
    declares="metadata_exact",
    needs=NEEDS,
)
def blanks(room: Room) -> Finding:
    """Write a value with blanks before and after."""
    return _exact(room, {"name": "  value  "})


@probe(
    "metadata.unicode",
    "May values of user metadata hold any character?",
    source=SOURCE,
    declares="metadata_exact",
    needs=NEEDS,
)
def unicode(room: Room) -> Finding:
    """Write letters outside of ASCII."""
    return _exact(room, {"name": "caf\u00e9 \u65e5\u672c"})


@probe(
    "metadata.empty", "May a value of user metadata be empty?", source=SOURCE, declares="metadata_exact", needs=NEEDS
)
def empty(room: Room) -> Finding:
    """Write one."""
    return _exact(room, {"name": ""})


@probe(
    "metadata.longest",
    "How long may a value of user metadata be?",
    source="AOS-40 is silent",
    declares="metadata_value_maximum",
    needs=NEEDS,
)
def longest(room: Room) -> Finding:
    """Find the longest one that comes back, by bisection."""
    _control(room)
    declared = room.features.metadata_value_maximum
    if _back(room, {"n": "v" * BOUND}) == {"n": "v" * BOUND}:
        fits = declared is None or declared >= BOUND
        text = f"at least {BOUND:,} bytes"
        return by_declaration(text, "metadata_value_maximum", fits=fits, features=room.features)
    least, most = 1, BOUND
    while most - least > 1:
        middle = (least + most) // 2
        kept = _back(room, {"n": "v" * middle}) == {"n": "v" * middle}
        least, most = (middle, most) if kept else (least, middle)
    text = f"{least:,} bytes, with a name of one"
    fits = declared in (None, least)
    return by_declaration(text, "metadata_value_maximum", fits=fits, features=room.features)
