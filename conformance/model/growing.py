"""The rules of objects that grow: append objects (AOS-44), block objects and page objects (AOS-25)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from conformance.model import answers
from conformance.model.data import EMPTY, Data
from conformance.model.expectation import ANY, NONE, Expectation, Finding
from conformance.model.objects import Rule, counted, destination, told
from conformance.model.sources import Taken, taken, verified
from conformance.model.state import Entry, Session, World
from conformance.model.uploads import GROWING, handle, wrong_mode
from conformance.storage import Block, Content, Object
from conformance.storage.calls import Call, Handle

LARGEST_GAP = 1 << 20
"""Bytes; the model keeps zeros as they are."""


def _create(world: World, call: Call, kind: Any) -> Expectation | None:
    path, number = call.args[0], world.number
    old = world.space.entries.get(path)
    if world.space.place(path) == "linked" or (old is not None and old.kind in {"link", "unknown"}):
        return None
    possible, errors, situation = destination(world, path)

    def accepts(value: Any) -> Finding | None:
        if not isinstance(value, Object) or GROWING[kind] not in value.mode or value.path != path:
            wanted = f"{path!r}, mode {kind}"
            return Finding("mode", path, f"what {call.op} of {path!r} returned", wanted, repr(value)[:120])
        if value.append_offset:
            return Finding("offset", path, f"append_offset of the new {path!r}", "0", str(value.append_offset))
        return None

    def then() -> None:
        before = () if old is None else old.visible if old.kind == "pending" else (old.data,)
        fresh = () if kind == "block" else (EMPTY,)
        world.replace_sessions(path)
        world.sessions[number] = Session(kind, path, told(call))
        world.handles[number] = (number, path, GROWING[kind])
        world.space.put(path, Entry(kind="pending", visible=fresh + before, session=number))

    return Expectation(
        call=call, path=path, situation=situation, success=possible, errors=errors, accepts=accepts, then=then
    )


def _session(world: World, call: Call, kind: str) -> tuple[Expectation | None, int | None]:
    """Return the session that the object argument belongs to, or what is expected in its place."""
    o = call.args[0]
    if isinstance(o, Handle) and o.mode is None and o.step not in world.handles:
        return None, None  # stat may have told that the object grows
    known = handle(world, o)
    if known is None:
        return None, None
    mode, path, at = known
    if GROWING[kind] not in mode:
        return wrong_mode(call, path), None
    session = None if at is None else world.sessions.get(at)
    return None, at if session is not None and session.kind == kind and not session.ended else None


def _written(call: Call, took: Taken, path: str, situation: str, then: Callable[[], None]) -> Expectation:
    return Expectation(
        call=call,
        path=path,
        situation=took.situation or situation,
        success=took.success,
        errors=took.errors,
        text=f"{took.data.size} bytes written",
        accepts=counted(call, path, call.args[2]),
        then=then,
    )


def write_append(world: World, call: Call) -> Expectation | None:
    """Bytes are added at the end; a failed append adds none."""
    instead, at = _session(world, call, "append")
    took = taken(call.args[1], call.args[2], world.features)
    if at is None or took is None:
        return instead
    took = verified(call, took)
    session = world.sessions[at]
    entry = world.space.entries[session.path]
    if not call.args[2]:
        took = Taken(took.data, errors=ANY, situation="empty")
    if _full(world, session, entry.data.size + call.args[2]):
        return Expectation(call=call, path=session.path, situation="full", success=False, errors=ANY)

    def then() -> None:
        session.appends += 1
        grown = entry.data + took.data
        world.space.put(
            session.path, Entry(kind="pending", data=grown, visible=(grown, *entry.visible[1:]), session=at)
        )

    return _written(call, took, session.path, "over existing" if entry.visible[1:] else "append", then)


def _full(world: World, session: Session, size: int) -> bool:
    """Whether another append, after which the object has ``size`` bytes, would be above a published maximum."""
    whole, number = world.limits.append_total_size_maximum, world.limits.append_number_maximum
    return (whole is not None and size > whole) or (number is not None and session.appends >= number)


def commit_append(world: World, call: Call) -> Expectation | None:
    """The object holds what was appended, and can be read."""
    instead, at = _session(world, call, "append")
    if at is None:
        return instead
    session = world.sessions[at]
    entry = world.space.entries[session.path]

    def then() -> None:
        session.ended = "completed"
        world.store(session.path, world.fresh(session.path, entry.data, session.told))

    situation = "over existing" if entry.visible[1:] else "append"
    return Expectation(call=call, path=session.path, situation=situation, then=then)


def write_block(world: World, call: Call) -> Expectation | None:
    """A block of the same id is replaced; a failed write leaves it."""
    instead, at = _session(world, call, "block")
    took = taken(call.args[1], call.args[2], world.features)
    if at is None or took is None:
        return instead
    session, bid = world.sessions[at], call.args[3]
    if not call.args[2]:
        took = Taken(took.data, errors=ANY, situation="empty")

    def then() -> None:
        session.blocks[bid] = took.data

    return _written(call, took, session.path, "again" if bid in session.blocks else "new", then)


def combine_block(world: World, call: Call) -> Expectation | None:
    """The object is made of the blocks named, in that order; an unknown one is refused."""
    instead, at = _session(world, call, "block")
    if at is None:
        return instead
    session, bids = world.sessions[at], cast("list[str]", call.args[1])
    if any(bid not in session.blocks for bid in bids):
        return Expectation(call=call, path=session.path, situation="unknown block", success=False, errors=ANY)
    if len(set(bids)) < len(bids):
        return None
    data = EMPTY
    for bid in bids:
        data = data + session.blocks[bid]

    fresh = world.fresh(session.path, data, session.told)
    world.tellers[world.number] = (session.path, fresh)

    def then() -> None:
        session.ended = "completed"
        world.store(session.path, fresh)

    situation = "over existing" if world.space.entries[session.path].visible else "all blocks"
    if len(bids) < len(session.blocks):
        situation = "some of the blocks"
    return Expectation(
        call=call,
        path=session.path,
        situation=situation,
        errors=NONE if bids else ANY,
        text=f"an object of {data.size} bytes",
        accepts=lambda value: answers.told(world, session.path, fresh, value, "combine_block"),
        then=then,
        learn=lambda value: answers.learn(fresh, value, "combine_block"),
    )


def list_block(world: World, call: Call) -> Expectation | None:
    """Every block written is shown once."""
    instead, at = _session(world, call, "block")
    if at is None:
        return instead
    session = world.sessions[at]

    def accepts(value: Any) -> Finding | None:
        expected = sorted((bid, block.size) for bid, block in session.blocks.items())
        found = [(block.id, block.size) for block in cast("list[Any]", value) if isinstance(block, Block)]
        if Counter(found) == Counter(expected):
            return None
        return Finding("parts", session.path, f"blocks of {session.path!r}", str(expected), str(sorted(found)))

    return Expectation(call=call, path=session.path, text=f"{len(session.blocks)} blocks", accepts=accepts)


def write_page(world: World, call: Call) -> Expectation | None:
    """Bytes go to their offset; a gap before it reads as zeros, or is refused."""
    instead, at = _session(world, call, "page")
    took = taken(call.args[1], call.args[2], world.features)
    if at is None or took is None:
        return instead
    session, offset = world.sessions[at], call.args[3]
    entry = world.space.entries[session.path]
    gap = offset - entry.data.size
    if gap > LARGEST_GAP:
        return None
    if offset < 0:
        took = Taken(took.data, success=False, errors=ANY, situation="negative offset")
    if gap > 0:
        took = replace(took, errors=took.errors | ANY, situation=took.situation or "gap")
    if not call.args[2]:
        took = Taken(took.data, errors=ANY, situation="empty")
    overlaps = offset < entry.data.size

    def then() -> None:
        filled = entry.data if gap <= 0 else entry.data + Data.of(Content.of(bytes(gap)))
        grown: Data = filled.overlaid(offset, took.data)
        world.space.put(session.path, Entry(kind="pending", data=grown, visible=(grown,), session=at))

    return _written(call, took, session.path, "overlap" if overlaps else "new", then)


RULES: dict[str, Rule] = {
    "create_append": lambda world, call: _create(world, call, "append"),
    "create_block": lambda world, call: _create(world, call, "block"),
    "create_page": lambda world, call: _create(world, call, "page"),
    "write_append": write_append,
    "commit_append": commit_append,
    "write_block": write_block,
    "combine_block": combine_block,
    "list_block": list_block,
    "write_page": write_page,
}
