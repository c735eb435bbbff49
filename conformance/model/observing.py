"""The rules of looking at one object: read and stat."""

from __future__ import annotations

from typing import Any

from conformance.model import answers
from conformance.model.data import Data
from conformance.model.expectation import ANY, MISSING, NONE, WRONG_MODE, Expectation, Finding
from conformance.model.objects import Rule, is_directory
from conformance.model.state import World
from conformance.storage import Object, ObjectMode
from conformance.storage.calls import Call, IdOf, describe

SHAPES = {"offset": "offset", "size": "size", "offset size": "range", "suffix": "suffix"}


def read(world: World, call: Call) -> Expectation | None:
    """Exactly the bytes of the object, or of the range of it; ObjectNotExist where there is none."""
    path = call.args[0]
    asked = {name: call.pairs[name] for name in ("offset", "size", "suffix") if call.pairs.get(name) is not None}
    if "suffix" in asked and len(asked) > 1:
        return None
    if any(value < 0 for value in asked.values()):
        return Expectation(call=call, path=path, situation="negative", success=False, errors=ANY)
    situation = SHAPES.get(" ".join(sorted(asked)), "")
    entry = world.space.entries.get(path)
    if entry is None:
        directory = world.space.native and world.space.directory(path) is not False
        situation = "of a directory" if directory else "missing"
        return Expectation(
            call=call, path=path, situation=situation, success=False, errors=ANY if directory else MISSING
        )
    found = world.space.resolve(path)
    if entry.kind == "link":
        if found is None or found.kind != "file":
            return Expectation(call=call, path=path, errors=ANY)
        return _delivers(world, call, (found.data,), ANY, "through a link")
    if entry.kind == "pending":
        if not entry.visible:
            return Expectation(call=call, path=path, situation="hidden", success=False, errors=ANY)
        return _delivers(world, call, entry.visible, ANY, "under construction")
    if entry.kind == "unknown":
        return Expectation(call=call, path=path, errors=ANY)
    errors, situation = _bounds(asked, entry.data.size, situation)
    world.tellers[world.number] = (path, entry)
    return _delivers(world, call, (entry.data,), errors, situation)


def _bounds(asked: dict[str, int], end: int, situation: str) -> tuple[frozenset[str], str]:
    """Return which refusals are allowed to a range of an object of ``end`` bytes, and its situation."""
    offset, size, suffix = asked.get("offset", 0), asked.get("size"), asked.get("suffix")
    if suffix is not None:
        if not suffix or not end:
            return ANY - MISSING, "suffix of nothing" if suffix else "suffix zero"
        return NONE, "suffix beyond the start" if suffix > end else situation
    if offset >= end and offset:
        return ANY - MISSING, "beyond the end"
    if offset + (size or 0) > end:
        return NONE, "size beyond the end"
    return NONE, "size zero" if size == 0 else situation


def _part(asked: dict[str, Any], data: Data) -> Data:
    """Return what is asked for of some data."""
    if asked.get("suffix") is not None:
        return data.part(max(data.size - asked["suffix"], 0), data.size)
    offset, size = asked.get("offset") or 0, asked.get("size")
    return data.part(offset, data.size if size is None else offset + size)


def _delivers(
    world: World,
    call: Call,
    visible: tuple[Data, ...],
    errors: frozenset[str],
    situation: str,
) -> Expectation:
    path = call.args[0]
    target = world.tellers.get(world.number, (path, None))[1]
    choices = [_part(call.pairs, data) for data in visible]

    def accepts(value: Any) -> Finding | None:
        count, data = value
        what = f"content of {path!r}" + (f" ({situation})" if situation else "")
        if data not in [choice.bytes for choice in choices]:
            expected = " or ".join(describe(choice.bytes) for choice in choices)
            return Finding("content", path, what, expected, describe(data))
        if count != len(data):
            what = f"the number that read of {path!r} returned"
            return Finding("count", path, what, str(len(data)), repr(count))
        return None if target is None else answers.told(world, path, target, count, "read")

    def learn(value: Any) -> None:
        if target is not None:
            answers.learn(target, value, "read")

    text = f"{choices[0].size} bytes"
    return Expectation(
        call=call, path=path, situation=situation, errors=errors, text=text, accepts=accepts, learn=learn
    )


def stat(world: World, call: Call) -> Expectation | None:
    """The object as it was written: mode, length, metadata, an etag that changes with the content only."""
    path = call.args[0]
    hint = ObjectMode(call.pairs.get("object_mode") or 0)
    if "multipart_id" in call.pairs:
        return _stat_upload(world, call)
    if hint not in {ObjectMode(0), ObjectMode.DIR, ObjectMode.READ}:
        return None
    entry = world.space.entries.get(path)
    space = world.space
    directory = space.directory(path) if space.native else path in space.made
    if hint == ObjectMode.DIR:
        if not space.native and not directory:
            doubtful = space.below(path) is not False or entry is not None
            return Expectation(call=call, path=path, success=doubtful, errors=WRONG_MODE | MISSING, situation="hint")
        if entry is not None and not directory:
            return Expectation(
                call=call, path=path, success=not entry.certain, errors=WRONG_MODE | MISSING, situation="hint"
            )
    if entry is None or hint == ObjectMode.DIR:
        if directory and (space.native or hint):
            errors = WRONG_MODE | MISSING if hint == ObjectMode.READ else NONE
            return Expectation(call=call, path=path, errors=errors, situation="directory", accepts=is_directory(path))
        doubt = directory is None or (not space.native and bool(directory or space.below(path) is not False))
        return Expectation(
            call=call, path=path, success=doubt, errors=MISSING | WRONG_MODE if doubt else MISSING, situation="missing"
        )
    if not entry.certain or (entry.kind == "link" and hint):
        return Expectation(call=call, path=path, errors=ANY)

    world.tellers[world.number] = (path, entry)
    return Expectation(
        call=call,
        path=path,
        text=f"an object of {entry.data.size} bytes" if entry.kind == "file" else "a link",
        accepts=lambda value: answers.described(world, path, entry, value),
        learn=lambda value: answers.learn(entry, value, "stat"),
    )


def _stat_upload(world: World, call: Call) -> Expectation | None:
    path, upload = call.args[0], call.pairs["multipart_id"]
    session = world.sessions.get(upload.step) if isinstance(upload, IdOf) else None
    if session is None or session.path != path:
        return None
    if session.ended:
        return Expectation(call=call, path=path, success=session.ended == "completed", errors=ANY, situation="ended")

    def accepts(value: Any) -> Finding | None:
        mode = value.mode if isinstance(value, Object) else ObjectMode(0)
        if ObjectMode.PART in mode and ObjectMode.READ not in mode:
            return None
        return Finding("mode", path, f"mode of an upload to {path!r}", "part, not read", str(mode) or "none")

    return Expectation(call=call, path=path, situation="upload", accepts=accepts)


RULES: dict[str, Rule] = {"read": read, "stat": stat}
