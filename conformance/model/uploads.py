"""The rules of multipart uploads (AOS-62): create, write, complete and list; aborting is delete's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from conformance.model import answers
from conformance.model.data import EMPTY, Data
from conformance.model.expectation import ANY, MISSING, NONE, WRONG_MODE, Expectation, Finding
from conformance.model.objects import Rule, destination, told
from conformance.model.sources import Taken, taken, verified
from conformance.model.state import Session, Uploaded, World
from conformance.storage import Object, ObjectMode, Part
from conformance.storage.calls import Call, Fabricated, Handle, PartOf

GROWING = {"append": ObjectMode.APPEND, "block": ObjectMode.BLOCK, "page": ObjectMode.PAGE}
"""Sessions that are known by their path, with the mode of their handles."""


def handle(world: World, term: Any) -> tuple[ObjectMode, str, int | None] | None:
    """Return mode, path and session of an object argument; None for one that the model does not know."""
    if isinstance(term, Fabricated):
        known = [n for n, upload in world.ids.items() if upload == term.multipart_id]
        session = known[0] if known and world.sessions[known[0]].path == term.path else None
        if term.multipart_id is None:
            # Objects that grow have no id: their path is all that a handle needs.
            open_ = [
                n for kind, mode in GROWING.items() if mode & term.mode for n in world.open_sessions(kind, term.path)
            ]
            session = open_[-1] if open_ else None
        return ObjectMode(term.mode), term.path, session
    if isinstance(term, Handle) and term.step in world.tellers and term.step not in world.handles:
        # What stat described: an object that can be read, of no upload.
        return ObjectMode.READ if term.mode is None else ObjectMode(term.mode), world.tellers[term.step][0], None
    if not isinstance(term, Handle) or term.step not in world.handles:
        return None
    session, path, mode = world.handles[term.step]
    if (term.path not in {None, path}) or term.multipart_id is not None:
        session, path = None, term.path or path
    return (mode if term.mode is None else ObjectMode(term.mode)), path, session


def wrong_mode(call: Call, path: str) -> Expectation:
    """Expect the refusal of an object without the mode that the operation needs (AOS-61)."""
    return Expectation(call=call, path=path, situation="wrong mode", success=False, errors=WRONG_MODE)


def create_multipart(world: World, call: Call) -> Expectation | None:
    """A new upload with an id of its own, hidden, whatever is at the path but a directory."""
    path, number = call.args[0], world.number
    if world.space.place(path) == "linked":
        return None
    possible, errors, situation = destination(world, path)
    if situation in {"below file", "onto link"}:
        possible, errors = True, ANY
    elif situation == "over existing":
        errors = NONE

    def accepts(value: Any) -> Finding | None:
        if not isinstance(value, Object) or not value.multipart_id:
            return Finding("upload", path, f"multipart_id of an upload to {path!r}", "an id", repr(value)[:80])
        if ObjectMode.PART not in value.mode or ObjectMode.READ in value.mode:
            shown = str(value.mode) or "none"
            return Finding("mode", path, f"mode of an upload to {path!r}", "part, not read", shown)
        if value.path != path:
            return Finding("path", path, f"path of an upload to {path!r}", repr(path), repr(value.path))
        same = [n for n, upload in world.ids.items() if upload == value.multipart_id and world.sessions[n].path == path]
        if same:
            return Finding("unique", path, f"multipart_id of a second upload to {path!r}", "another id", "the same id")
        return None

    def then() -> None:
        world.sessions[number] = Session("part", path, told(call))
        world.handles[number] = (number, path, ObjectMode.PART)

    def learn(value: Any) -> None:
        if isinstance(value, Object) and value.multipart_id:
            world.ids[number] = value.multipart_id

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


def write_multipart(world: World, call: Call) -> Expectation | None:
    """A part replaces the one of its index; a failed write leaves it."""
    o, source, size, index = call.args
    number = world.number
    known = handle(world, o)
    took = taken(source, size, world.features)
    if known is None or took is None:
        return None
    took = verified(call, took)
    mode, path, at = known
    if ObjectMode.PART not in mode:
        return wrong_mode(call, path)
    session = None if at is None else world.sessions.get(at)
    limits = world.limits
    if session is None or session.ended:
        situation = f"{session.ended} upload" if session else "unknown upload"
        return Expectation(call=call, path=path, situation=situation, success=False, errors=ANY | took.errors)
    if not 0 <= index < (limits.multipart_number_maximum or 10_000) or size > (
        limits.multipart_size_maximum or 5 << 30
    ):
        return Expectation(call=call, path=path, situation="out of range", success=False, errors=ANY | took.errors)
    if not size or size < (limits.multipart_size_minimum or 0):
        took = replace(took, errors=took.errors | ANY)
    return _uploads_part(world, call, Uploaded(cast("int", at), index, took.data, number), took)


def copy_multipart(world: World, call: Call) -> Expectation | None:
    """A part is made of an object or of a range of it, as it is at that time; it replaces the one of its index."""
    o, source, index = call.args
    known = handle(world, o)
    if known is None:
        return None
    mode, path, at = known
    if ObjectMode.PART not in mode:
        return wrong_mode(call, path)
    session = None if at is None else world.sessions.get(at)
    if session is None or session.ended:
        situation = f"{session.ended} upload" if session else "unknown upload"
        return Expectation(call=call, path=path, situation=situation, success=False, errors=ANY)
    limits = world.limits
    if not 0 <= index < (limits.multipart_number_maximum or 10_000):
        return Expectation(call=call, path=path, situation="out of range", success=False, errors=ANY)
    entry = world.space.entries.get(source)
    if entry is None:
        errors = ANY if world.space.native else MISSING
        return Expectation(call=call, path=path, about=source, situation="missing source", success=False, errors=errors)
    if entry.kind != "file":
        return None
    offset, size = call.pairs.get("offset"), call.pairs.get("size")
    start, stop = offset or 0, entry.data.size if size is None else (offset or 0) + size
    if start < 0 or stop > entry.data.size or start > stop:
        return Expectation(call=call, path=path, situation="beyond source", success=False, errors=ANY)
    data = entry.data.part(start, stop)
    small = not data.size or data.size < (limits.multipart_size_minimum or 0)
    took = Taken(data, errors=ANY if small else NONE)
    return _uploads_part(world, call, Uploaded(cast("int", at), index, data, world.number), took)


def _uploads_part(world: World, call: Call, part: Uploaded, took: Taken) -> Expectation:
    """Expect that a part is uploaded, in place of an earlier one of its index."""
    number, index, size = world.number, part.index, part.data.size
    session = world.sessions[part.session]
    path = session.path

    def accepts(value: Any) -> Finding | None:
        what = f"what {call.op} of part {index} of {path!r} returned"
        shown = repr(value)[:120]
        members: tuple[Any, ...] = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else ()
        if len(members) != 2 or not isinstance(members[1], Part):
            return Finding("count", path, what, "size and part", shown)
        told_part = members[1]
        if (members[0], told_part.index, told_part.size) != (size, index, size):
            return Finding("count", path, what, f"({size}, Part({index}, {size}, …))", shown)
        return None

    def then() -> None:
        session.parts[index] = part
        world.uploaded[number] = part

    def learn(value: Any) -> None:
        world.etags[number] = value[-1].etag

    return Expectation(
        call=call,
        path=path,
        situation=took.situation or ("again" if index in session.parts else _beside(world, part)),
        success=took.success,
        errors=took.errors,
        text=f"part {index} of {size} bytes",
        accepts=accepts,
        then=then,
        learn=learn,
    )


def _beside(world: World, part: Uploaded) -> str:
    """Return whether another upload to the same path is open, which a part may go to by mistake."""
    path = world.sessions[part.session].path
    return "beside another" if len(world.open_sessions("part", path)) > 1 else "new"


def complete_multipart(world: World, call: Call) -> Expectation | None:
    """The object is made of exactly the parts given; parts that are not right leave object and upload alone."""
    o, parts = call.args
    known = handle(world, o)
    if known is None or not isinstance(parts, list):
        return None
    mode, path, at = known
    if ObjectMode.PART not in mode:
        return wrong_mode(call, path)
    session = None if at is None else world.sessions.get(at)
    if session is None or session.ended:
        again = session is not None and session.ended == "completed"
        situation = f"{session.ended} upload" if session else "unknown upload"
        return Expectation(call=call, path=path, situation=situation, success=again, errors=ANY)
    offered = _offered(world, session, cast("list[Any]", parts))
    if offered is None or world.space.place(path) == "linked":
        return None
    errors, situation = offered.errors, offered.situation
    allowed, refusals, place = destination(world, path)
    if place == "onto link":
        refusals = refusals | WRONG_MODE
    errors = errors | refusals if allowed else ANY
    if place in {"onto directory", "below file"} or not situation:
        situation = place

    fresh = world.fresh(path, offered.data, session.told)
    world.tellers[world.number] = (path, fresh)

    def then() -> None:
        world.store(path, fresh)
        session.ended = "completed"

    return Expectation(
        call=call,
        path=path,
        situation=situation,
        success=offered.possible and allowed,
        errors=errors,
        text=f"an object of {offered.data.size} bytes",
        accepts=lambda value: answers.told(world, path, fresh, value, "complete_multipart"),
        then=then,
        learn=lambda value: answers.learn(fresh, value, "complete_multipart"),
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """What the parts given come to: the data, whether they may be taken, the errors, the situation."""

    data: Data = EMPTY
    possible: bool = True
    errors: frozenset[str] = NONE
    situation: str = ""


def _offered(world: World, session: Session, terms: list[Any]) -> Offer | None:
    """Return what the parts given come to, or None where the model does not know them."""
    if not terms:
        return Offer(errors=ANY, situation="no parts")
    chosen: list[Uploaded] = []
    offer = Offer()
    for term in terms:
        part = world.uploaded.get(term.step) if isinstance(term, PartOf) else None
        if part is None:
            return None
        current = session.parts.get(part.index if term.index is None else term.index)
        if current is None:
            return Offer(possible=False, errors=ANY, situation="missing part")
        chosen.append(current)
        offer = _same_part(world, term, part, current) or offer
    if not offer.possible:
        return offer
    once = list({part.index: part for part in chosen}.values())
    if len(once) < len(chosen):
        chosen, offer = once, replace(offer, errors=ANY, situation=offer.situation or "part twice")
    return _assembled(world, session, chosen, offer)


def _same_part(world: World, term: PartOf, part: Uploaded, current: Uploaded) -> Offer | None:
    """Return what is not right with a part: another etag or size than that of the one uploaded last."""
    if term.etag is not None or not part.data.equals(current.data):
        return Offer(possible=not world.features.part_etags, errors=ANY, situation="wrong etag")
    if part is not current:
        return Offer(errors=ANY, situation="stale part")
    if term.size is not None and term.size != current.data.size:
        return Offer(errors=ANY, situation="wrong size")
    return None


def _assembled(world: World, session: Session, chosen: list[Uploaded], offer: Offer) -> Offer:
    """Return what right parts make, in the order of their indexes."""
    features = world.features
    ordered = sorted(chosen, key=lambda part: part.index)
    least = world.limits.multipart_size_minimum or 0
    data = EMPTY
    for part in ordered:
        data += part.data
    oddities = (
        (any(part.data.size < least for part in ordered[:-1]), "below minimum", False),
        (chosen != ordered, "unsorted", features.part_order_free),
        (ordered[-1].index + 1 != len(ordered), "gaps", features.part_gaps),
        (len(session.parts) > len(chosen), "some of the parts", True),
        (not all(part.data.size for part in ordered), "empty part", True),
    )
    errors, situation = offer.errors, offer.situation
    for present, name, fine in oddities:
        if present:
            situation = situation or name
            errors = errors if fine else ANY
    refused = oddities[0][0] and features.part_minimum_enforced
    return Offer(data, possible=not refused, errors=errors, situation="below minimum" if refused else situation)


def list_multipart(world: World, call: Call) -> Expectation | None:
    """Every part is shown once, with the size and etag that its write told."""
    known = handle(world, call.args[0])
    if known is None:
        return None
    mode, path, at = known
    if ObjectMode.PART not in mode:
        return wrong_mode(call, path)
    session = None if at is None else world.sessions.get(at)
    parts = {} if session is None or session.ended else dict(session.parts)

    def accepts(value: Any) -> Finding | None:
        found = [part for part in cast("list[Any]", value) if isinstance(part, Part)]
        expected = sorted((part.index, part.data.size) for part in parts.values())
        observed = sorted((part.index, part.size) for part in found)
        if observed != expected:
            return Finding("parts", path, f"parts of an upload to {path!r}", str(expected), str(observed))
        for part in found:
            etag = world.etags.get(parts[part.index].step, part.etag)
            if etag != part.etag:
                return Finding("etag", path, f"etag of part {part.index} of {path!r}", repr(etag), repr(part.etag))
        return None

    if session is None or session.ended:
        situation = f"{session.ended} upload" if session else "unknown upload"
        return Expectation(call=call, path=path, situation=situation, errors=ANY, text="no parts", accepts=accepts)
    situation = "fresh" if not parts else ""
    return Expectation(call=call, path=path, situation=situation, text=f"{len(parts)} parts", accepts=accepts)


def create(world: World, call: Call) -> Expectation | None:
    """``create`` is local: with the id of an upload it makes a handle as good as the first one."""
    path, number = call.args[0], world.number
    upload = call.pairs.get("multipart_id")
    session = None if upload is None else getattr(upload, "step", None)
    mode = ObjectMode.PART if upload is not None else ObjectMode.READ
    mode = ObjectMode(call.pairs.get("object_mode") or mode)
    if session is not None and world.sessions.get(session, Session("part", "")).path != path:
        session = None

    def accepts(value: Any) -> Finding | None:
        if isinstance(value, Object) and value.path == path and mode in value.mode:
            return None
        return Finding("mode", path, f"what create of {path!r} returned", f"{path!r}, mode {mode}", repr(value)[:120])

    def then() -> None:
        world.handles[number] = (session, path, mode)

    return Expectation(call=call, path=path, situation="upload" if upload else "", accepts=accepts, then=then)


RULES: dict[str, Rule] = {
    "create": create,
    "create_multipart": create_multipart,
    "write_multipart": write_multipart,
    "copy_multipart": copy_multipart,
    "complete_multipart": complete_multipart,
    "list_multipart": list_multipart,
}
