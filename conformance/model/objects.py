"""The rules of objects, directories and links: write, delete, copy, move, create_dir, create_link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.model import answers
from conformance.model.expectation import ANY, MISSING, NONE, WRONG_MODE, Expectation, Finding
from conformance.model.sources import taken, verified
from conformance.model.state import Entry, World, above
from conformance.storage import Object, ObjectMode
from conformance.storage.calls import Call, IdOf

Rule = Callable[[World, Call], Expectation | None]
"""The rule of one operation; None where the call goes beyond what the model describes."""

METADATA = (
    "content_type",
    "content_disposition",
    "user_metadata",
    "cache_control",
    "content_encoding",
    "content_language",
)


def destination(world: World, path: str, *, link: bool = False) -> tuple[bool, frozenset[str], str]:
    """Return whether an object may be put at a path, with which errors it may be refused, and the situation."""
    place = world.space.place(path)
    if place == "directory":
        return False, WRONG_MODE, "onto directory"
    if place == "below":
        return False, ANY, "below file"
    if place == "perhaps":
        return True, ANY, "perhaps onto directory"
    old = world.space.entries.get(path)
    if old is None:
        return True, NONE, "again" if path in world.forgotten else "new"
    if old.kind == "unknown":
        return True, ANY, "over existing"
    if (old.kind == "link") != link:
        return True, WRONG_MODE, "onto link" if old.kind == "link" else "onto object"
    return True, NONE, "over existing"


def told(call: Call) -> dict[str, Any]:
    """Return the metadata that the optional arguments of a call give."""
    given = {name: call.pairs[name] for name in METADATA if call.pairs.get(name)}
    if not ordinary(given.get("user_metadata", {})):
        del given["user_metadata"]
    return given


def ordinary(user_metadata: Mapping[str, str]) -> bool:
    """Whether user metadata travel as they are everywhere: case of names, outer blanks and non-ASCII do not."""
    return all(
        name == name.lower() and value == value.strip() and (name + value).isascii() and (name + value).isprintable()
        for name, value in user_metadata.items()
    )


def is_directory(path: str) -> Callable[[Any], Finding | None]:
    """Return the check that an answer describes a directory."""

    def accepts(value: Any) -> Finding | None:
        mode = value.mode if isinstance(value, Object) else ObjectMode(0)
        if ObjectMode.DIR in mode and ObjectMode.READ not in mode:
            return None
        return Finding("directory", path, f"mode of the directory {path!r}", "dir, not read", str(mode) or "none")

    return accepts


def counted(call: Call, path: str, size: int) -> Callable[[Any], Finding | None]:
    """Return the check that a call reports ``size`` bytes."""

    def accepts(value: Any) -> Finding | None:
        if value == size:
            return None
        return Finding("count", path, f"the size that {call.op} of {path!r} returned", str(size), repr(value))

    return accepts


def write(world: World, call: Call) -> Expectation | None:
    """Exactly the bytes and metadata given replace what was there; a failed write changes nothing."""
    path, source, size = call.args
    took = taken(source, size, world.features)
    if took is None:
        return None
    took = verified(call, took)
    possible, refusals, situation = destination(world, path)
    fresh = world.fresh(path, took.data, told(call))
    count = counted(call, path, size)
    world.tellers[world.number] = (path, fresh)
    if not possible:
        took = replace(took, errors=took.errors | refusals if took.success else ANY | took.errors)
    elif took.situation:
        situation = took.situation

    return Expectation(
        call=call,
        path=path,
        situation=situation,
        success=possible and took.success,
        errors=took.errors | refusals,
        text=f"{took.data.size} bytes written",
        accepts=lambda value: count(value) or answers.told(world, path, fresh, value, "write"),
        then=lambda: world.store(path, fresh),
        learn=lambda value: answers.learn(fresh, value, "write"),
    )


def delete(world: World, call: Call) -> Expectation | None:
    """One object, upload or empty directory goes; where there is none, deleting succeeds too."""
    path = call.args[0]
    if "multipart_id" in call.pairs:
        return _abort(world, call)
    hint = ObjectMode(call.pairs.get("object_mode") or 0)
    if hint not in {ObjectMode(0), ObjectMode.DIR, ObjectMode.READ}:
        return None
    entry = world.space.entries.get(path)
    if entry is not None and (hint != ObjectMode.DIR or world.space.native):
        if hint == ObjectMode.DIR or (hint and entry.kind != "file"):
            return None

        def remove() -> None:
            world.remove(path)

        session = None if entry.session is None else world.sessions.get(entry.session)
        situation = entry.kind if session is None else f"{session.kind} object"
        occupied = not entry.certain and world.space.native and world.space.directory(path) is not False
        errors = ANY - MISSING if occupied else NONE
        return Expectation(call=call, path=path, situation=situation, errors=errors, then=remove)
    if not world.space.native and hint != ObjectMode.DIR:
        return Expectation(call=call, path=path, situation="again" if path in world.forgotten else "missing")
    return _delete_directory(world, call, hint)


def _delete_directory(world: World, call: Call, hint: ObjectMode) -> Expectation | None:
    path, space = call.args[0], world.space
    if hint == ObjectMode.READ and space.directory(path) is not False:
        return None
    inside = space.below(path)
    occupied = inside if space.native or inside is False else None
    directory = space.directory(path) if space.native else path in space.made

    def then() -> None:
        if path in space.made:
            space.made.discard(path)
            if space.native and (occupied is not False or not hint):
                space.perhaps.add(path)
        if space.native and directory is None and hint and occupied is False:
            space.perhaps.discard(path)
        if directory is not False:
            space.touch(path)

    if directory is False:
        below = space.native and space.place(path) == "below"
        missing = "missing directory" if hint else "again" if path in world.forgotten else "missing"
        return Expectation(call=call, path=path, situation="below file" if below else missing, then=then)
    # A refusal is never that there is nothing (GSP-46); an empty directory goes where the hint names it.
    refusable = occupied is not False or not hint
    situation = "directory" if occupied is False else "directory with children"
    return Expectation(
        call=call, path=path, situation=situation, errors=ANY - MISSING if refusable else NONE, then=then
    )


def _abort(world: World, call: Call) -> Expectation | None:
    path, upload = call.args[0], call.pairs["multipart_id"]
    session = world.sessions.get(upload.step) if isinstance(upload, IdOf) else None
    if session is None or session.path != path:
        return None if isinstance(upload, IdOf) else Expectation(call=call, path=path, situation="unknown upload")
    situation = {"": "upload", "completed": "completed upload"}.get(session.ended, "upload again")

    def then() -> None:
        if not session.ended:
            session.ended = "aborted"

    return Expectation(call=call, path=path, situation=situation, then=then)


def copy(world: World, call: Call) -> Expectation | None:
    """The destination becomes what the source is."""
    return _transfer(world, call, keep=True)


def move(world: World, call: Call) -> Expectation | None:
    """The destination becomes what the source was."""
    return _transfer(world, call, keep=False)


def _transfer(world: World, call: Call, *, keep: bool) -> Expectation | None:
    source, path = call.args
    space = world.space
    entry = space.entries.get(source)
    if entry is None:
        if space.directory(source) is not False or space.place(source) == "linked":
            situation = "of a directory"
            return Expectation(call=call, path=path, source=source, situation=situation, errors=ANY, leads_out=True)
        return Expectation(
            call=call,
            path=path,
            source=source,
            situation="missing source",
            about=source,
            success=False,
            errors=MISSING | WRONG_MODE if space.native else MISSING,
        )
    if entry.kind != "file" or space.place(path) == "linked":
        return Expectation(call=call, path=path, source=source, situation="of a link", errors=ANY, leads_out=True)
    maximum = world.limits.copy_size_maximum if keep else world.limits.move_size_maximum
    if maximum is not None and entry.data.size > maximum:
        situation = "above maximum"
        return Expectation(call=call, path=path, source=source, situation=situation, success=False, errors=ANY)
    given = told(call) if any(name in call.pairs for name in METADATA) else None
    kept = entry.told if given is None else given
    outdated = {} if given is None else {name: value for name, value in entry.told.items() if name not in given}
    if source == path:
        fresh = replace(entry, seen={}, told=kept, former=outdated)
        possible, refusals, situation = True, ANY, "itself"
    else:
        fresh = world.fresh(path, entry.data, kept)
        fresh = replace(fresh, former={**fresh.former, **outdated})
        possible, refusals, situation = destination(world, path)
        situation = "replacing metadata" if possible and not refusals and given is not None else situation
    world.tellers[world.number] = (path, fresh)

    def then() -> None:
        world.store(path, fresh)
        if not keep and source != path:
            world.remove(source)

    return Expectation(
        call=call,
        path=path,
        source=source,
        situation=situation,
        success=possible,
        errors=refusals,
        accepts=lambda value: answers.told(world, path, fresh, value, call.op),
        then=then,
        learn=lambda value: answers.learn(fresh, value, call.op),
    )


def create_dir(world: World, call: Call) -> Expectation | None:
    """A directory, also where there is one; never in place of an object where the two exclude each other."""
    path, space = call.args[0], world.space
    place = space.place(path)
    entry = space.entries.get(path)
    blocked = space.native and (place == "below" or (entry is not None and entry.kind == "file"))
    if space.native and (place == "linked" or (entry is not None and entry.kind != "file")):
        return None

    def accepts(value: Any) -> Finding | None:
        if isinstance(value, Object) and value.path.rstrip("/") != path:
            return Finding("path", path, f"path of the directory {path!r}", repr(path), repr(value.path))
        return is_directory(path)(value)

    def then() -> None:
        space.made.add(path)
        space.perhaps.discard(path)

    doubt = space.native and any(not space.entries[p].certain for p in above(path) if p in space.entries)
    errors = (WRONG_MODE if place != "below" else ANY) if blocked else ANY if doubt else NONE
    situation = "onto file" if blocked else "over existing" if space.directory(path) else "new"
    return Expectation(
        call=call, path=path, situation=situation, success=not blocked, errors=errors, accepts=accepts, then=then
    )


def create_link(world: World, call: Call) -> Expectation | None:
    """A link to a target that need not exist; it replaces a link, and perhaps an object."""
    path, target = call.args
    space = world.space
    old = space.entries.get(path)
    if old is not None and old.kind == "pending":
        return None
    possible, refusals, situation = destination(world, path, link=True)
    if situation in {"new", "again"} and target not in space.entries:
        situation = "dangling"

    def accepts(value: Any) -> Finding | None:
        return answers.described(world, path, Entry(kind="link", target=target), value)

    def then() -> None:
        world.replace_sessions(path)
        space.put(path, Entry(kind="link", target=target))

    return Expectation(
        call=call,
        path=path,
        source=target,
        situation=situation,
        success=possible,
        errors=refusals,
        accepts=accepts,
        then=then,
    )


RULES: dict[str, Rule] = {
    "write": write,
    "delete": delete,
    "copy": copy,
    "move": move,
    "create_dir": create_dir,
    "create_link": create_link,
}
