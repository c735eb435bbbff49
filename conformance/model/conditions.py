"""Conditional requests (RFC 9110, section 13): which outcome a condition leaves, as far as anybody can know."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from conformance.model.expectation import MISSING, NONE, REFUSED, Expectation
from conformance.model.state import Entry, World
from conformance.storage.calls import Call, EtagOf, ModifiedOf

SOURCE = {"if_source_match": "if_match", "if_source_none_match": "if_none_match"}
"""Conditions on the source of a copy, each with the one that it is for the destination."""
PAIRS = frozenset({"if_match", "if_none_match", "if_modified_since", "if_unmodified_since", *SOURCE})
MARGIN = timedelta(seconds=2)
"""Times nearer than that may be told apart by one service and not by another: HTTP knows whole seconds."""


def conditional(world: World, expectation: Expectation) -> Expectation:
    """Return an expectation as the conditions of its call leave it: a refused call changes nothing."""
    pairs = expectation.call.pairs
    given = PAIRS.intersection(pairs)
    if not given:
        return expectation
    entries = world.space.entries
    verdicts = {_holds(world, _subject(expectation, name), name, expectation.call) for name in given}
    absent = any(_subject(expectation, name) not in entries for name in given)
    refusal = REFUSED | (MISSING if absent else NONE)
    shape = " ".join(sorted(name.replace("_", " ") for name in given))
    if False in verdicts:
        errors = refusal if expectation.success else expectation.errors | refusal
        return replace(expectation, success=False, errors=errors, situation=f"{shape} fails")
    if None in verdicts:
        return replace(expectation, errors=expectation.errors | refusal)
    situation = expectation.situation if expectation.errors else f"{shape} holds"
    return replace(expectation, situation=situation)


def _subject(expectation: Expectation, name: str) -> str:
    return expectation.source if name in SOURCE else expectation.path


def _holds(world: World, path: str, name: str, call: Call) -> bool | None:
    """Return whether a condition holds for what is at a path; None where nobody can know."""
    entry, pairs, value = world.space.entries.get(path), call.pairs, call.pairs[name]
    condition = SOURCE.get(name, name)
    if entry is None and (call.op == "delete" or (world.space.native and world.space.directory(path) is not False)):
        # Deleting what is missing succeeds (GSP-46), and whether a directory meets a condition is open.
        return None
    if entry is not None and entry.kind != "file":
        return None
    match condition:
        case "if_match":
            return False if entry is None else _same(world, path, entry, value)
        case "if_none_match":
            if entry is None:
                return True
            same = _same(world, path, entry, value)
            return None if same is None else not same
        case "if_modified_since":
            # Another condition takes its place (section 13.1.3), and a time in the future may be ignored.
            skipped = entry is None or "if_none_match" in pairs
            return True if not skipped and _later(world, entry, value) else None
        case _:
            later = None if entry is None or "if_match" in pairs else _later(world, entry, value)
            return None if later is None else not later


def _same(world: World, path: str, entry: Entry, value: Any) -> bool | None:
    """Return whether an ETag is that of an object."""
    if value == "*":
        return True
    now = entry.seen.get("etag", (None, ""))[0]
    if not isinstance(value, EtagOf):
        return value == now if now is not None else False
    where, teller = world.tellers.get(value.step, ("", None))
    if teller is None:
        return None
    if teller.seen is entry.seen:
        return True
    then = teller.seen.get("etag", (None, ""))[0]
    if now is not None and then is not None:
        return now == then
    # ETags change with the content; whether they do otherwise, and what they are of two paths, is open.
    return False if where == path and not teller.data.equals(entry.data) else None


def _later(world: World, entry: Entry | None, value: Any) -> bool | None:
    """Return whether an object was modified after a time."""
    if isinstance(value, ModifiedOf):
        teller = world.tellers.get(value.step, ("", None))[1]
        if teller is not None and entry is not None and teller.seen is entry.seen:
            return None if abs(value.seconds) < MARGIN.total_seconds() else value.seconds < 0
        told = None if teller is None else teller.seen.get("last_modified", (None, ""))[0]
        value = told + timedelta(seconds=value.seconds) if isinstance(told, datetime) else None
    now = entry.seen.get("last_modified", (None, ""))[0] if entry is not None else None
    if not isinstance(value, datetime) or not isinstance(now, datetime) or abs(now - value) < MARGIN:
        return None
    return now > value
