"""The rules of segments (Prop-18): uploads known by path and id, of pieces by index or by offset."""

from __future__ import annotations

from collections import Counter
from typing import Any

from conformance.model.data import EMPTY
from conformance.model.expectation import ANY, NONE, Expectation, Finding
from conformance.model.objects import Rule, counted, destination
from conformance.model.sources import taken
from conformance.model.state import Session, World
from conformance.storage import Segment
from conformance.storage.calls import Call, SegmentOf


def _session(world: World, term: Any) -> tuple[str, Session | None] | None:
    """Return the path of a handle and the segment that it leads to; None where the model cannot know."""
    if isinstance(term, SegmentOf) and term.path is None and term.id is None:
        session = world.sessions.get(term.step)
        return None if session is None else (session.path, session)
    if isinstance(term, SegmentOf):
        began = world.sessions.get(term.step)
        path, name = term.path or (began.path if began else ""), term.id or world.ids.get(term.step)
        if name is None:
            # Ids of different paths may be the same: which segment this is will only be known when it has run.
            return None
    elif isinstance(term, Segment):
        path, name = term
    else:
        return None
    for number, session in world.sessions.items():
        if session.kind == "segment" and session.path == path and world.ids.get(number) == name:
            return path, session
    return path, None


def _over(call: Call, path: str, session: Session | None) -> Expectation:
    situation = f"{session.ended} segment" if session is not None else "unknown segment"
    return Expectation(call=call, path=path, situation=situation, success=False, errors=ANY)


def init_segment(world: World, call: Call) -> Expectation | None:
    """A new segment with an id of its own, which is no object."""
    path, number = call.args[0], world.number
    if world.space.place(path) == "linked":
        return None
    possible, errors, situation = destination(world, path)
    if situation in {"below file", "onto link", "onto directory"}:
        possible, errors = True, ANY

    def accepts(value: Any) -> Finding | None:
        if not isinstance(value, Segment) or value.path != path or not value.id:
            return Finding("handle", path, f"segment of {path!r}", f"path {path!r} and an id", repr(value)[:80])
        if any(world.ids.get(n) == value.id and s.path == path for n, s in world.sessions.items()):
            return Finding("unique", path, f"id of a second segment of {path!r}", "another id", "the same id")
        return None

    def then() -> None:
        world.sessions[number] = Session("segment", path)

    def learn(value: Any) -> None:
        if isinstance(value, Segment):
            world.ids[number] = value.id

    return Expectation(
        call=call,
        path=path,
        situation=situation,
        success=possible,
        errors=errors,
        accepts=accepts,
        then=then,
        learn=learn,
    )


def write_segment(world: World, call: Call) -> Expectation | None:
    """A piece has its place by index or by offset; one that fails is not there."""
    seg, source, size = call.args
    known = _session(world, seg)
    took = taken(source, size, world.features)
    kind = world.features.segments
    place = call.pairs.get(kind)
    if known is None or took is None:
        return None
    path, session = known
    if session is None or session.ended:
        return _over(call, path, session)
    if place is None:
        return Expectation(call=call, path=path, situation="no place", success=False, errors=ANY)
    limits = world.limits
    if place < 0 or (kind == "index" and place >= (limits.multipart_number_maximum or 10_000)):
        return Expectation(call=call, path=path, situation="out of range", success=False, errors=ANY)
    success, errors, situation = took.success, took.errors, took.situation
    if not size or size < (limits.multipart_size_minimum or 0) or size > (limits.multipart_size_maximum or 5 << 30):
        errors |= ANY
    if kind == "offset" and not size:
        success, situation = False, "size zero"
    old = session.pieces.get(place)
    if kind == "offset" and old is not None and old.size != size:
        return None
    if kind == "offset" and old is None and _overlaps(session, place, size):
        errors, situation = errors | ANY, situation or "overlap"

    def then() -> None:
        session.pieces[place] = took.data

    return Expectation(
        call=call,
        path=path,
        situation=situation or ("again" if old is not None else "new"),
        success=success,
        errors=errors,
        accepts=counted(call, path, size),
        then=then,
    )


def _overlaps(session: Session, place: int, size: int) -> bool:
    return any(at < place + size and place < at + data.size for at, data in session.pieces.items())


def complete_segment(world: World, call: Call) -> Expectation | None:
    """The object is the pieces in their order; pieces that do not make one leave object and segment alone."""
    known = _session(world, call.args[0])
    if known is None:
        return None
    path, session = known
    if session is None or session.ended:
        again = session is not None and session.ended == "completed"
        return Expectation(
            call=call, path=path, situation=_over(call, path, session).situation, success=again, errors=ANY
        )
    if world.space.place(path) == "linked":
        return None
    possible, errors, situation = destination(world, path)
    errors = errors if possible else ANY
    pieces = sorted(session.pieces.items())
    least = world.limits.multipart_size_minimum or 0
    if not pieces:
        errors, situation = ANY, "no pieces"
    elif world.features.segments == "index":
        if any(piece.size < least for _, piece in pieces[:-1]):
            errors, situation = ANY, "below minimum"
            possible = possible and not world.features.part_minimum_enforced
        elif pieces[-1][0] + 1 != len(pieces):
            errors, situation = errors if world.features.part_gaps else ANY, "gaps"
    else:
        expected = 0
        for at, piece in pieces:
            if at != expected:
                possible, errors, situation = False, ANY, "gap" if at > expected else "overlap"
                break
            expected += piece.size
    data = EMPTY
    for _, piece in pieces:
        data = data + piece

    def then() -> None:
        session.ended = "completed"
        world.store(path, world.fresh(path, data))

    return Expectation(
        call=call,
        path=path,
        situation=situation,
        success=possible,
        errors=errors,
        text=f"an object of {data.size} bytes",
        then=then,
    )


def abort_segment(world: World, call: Call) -> Expectation | None:
    """The segment is gone; where there is none, aborting succeeds too (GSP-46)."""
    known = _session(world, call.args[0])
    if known is None:
        return None
    path, session = known
    ended = session.ended if session is not None else ""

    def then() -> None:
        if session is not None and not session.ended:
            session.ended = "aborted"

    situation = "unknown segment" if session is None else "segment again" if ended else "segment"
    return Expectation(call=call, path=path, situation=situation, then=then)


def list_segments(world: World, call: Call) -> Expectation | None:
    """Every open segment below the path is shown once, whoever began it."""
    path = call.args[0] if call.args else ""
    base = path.removesuffix("/")
    sessions = [(n, s.path) for n, s in world.sessions.items() if s.kind == "segment" and not s.ended]
    must = Counter((p, world.ids.get(n, "")) for n, p in sessions if not base or p.startswith(base + "/"))
    may = Counter((p, world.ids.get(n, "")) for n, p in sessions if p.startswith(base))

    def accepts(value: Any) -> Finding | None:
        found = Counter((seg.path, seg.id) for seg in value)
        for aspect, differing in (("segments missing", must - found), ("segments extra", found - may)):
            if differing:
                shown = [", ".join(repr(p) for p, _ in sorted(c.elements())) or "none" for c in (must, found)]
                return Finding(aspect, min(differing)[0], f"open segments below {path!r}", shown[0], shown[1])
        return None

    return Expectation(
        call=call, path=path, errors=NONE if must or not base else ANY, text=f"{len(must)} segments", accepts=accepts
    )


RULES: dict[str, Rule] = {
    "init_segment": init_segment,
    "write_segment": write_segment,
    "complete_segment": complete_segment,
    "abort_segment": abort_segment,
    "list_segments": list_segments,
}
