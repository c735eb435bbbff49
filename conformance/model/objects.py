"""The rules of objects, directories and links: write, read, stat, delete, copy, move, create_dir, create_link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.model.data import Data
from conformance.model.expectation import ANY, MISSING, NONE, WRONG_MODE, Expectation, Finding
from conformance.model.sources import taken
from conformance.model.state import NOTHING, Entry, World, above
from conformance.storage import Object, ObjectMode
from conformance.storage.calls import Call, IdOf, describe

Rule = Callable[[World, Call], Expectation | None]
"""The rule of one operation; None where the call goes beyond what the model describes."""

METADATA = ("content_type", "content_disposition", "user_metadata")


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
    return {name: call.pairs[name] for name in METADATA if name in call.pairs}


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
    if took is None or "content_md5" in call.pairs:
        return None
    possible, refusals, situation = destination(world, path)
    metadata = told(call)
    if not possible:
        took = replace(took, errors=took.errors | refusals if took.success else ANY | took.errors)
    elif took.situation:
        situation = took.situation

    def then() -> None:
        world.store(path, took.data, metadata)

    return Expectation(
        call=call,
        path=path,
        situation=situation,
        success=possible and took.success,
        errors=took.errors | refusals,
        text=f"{took.data.size} bytes written",
        accepts=counted(call, path, size),
        then=then,
    )


def read(world: World, call: Call) -> Expectation | None:
    """Exactly the bytes of the object, or of the range of it; ObjectNotExist where there is none."""
    path = call.args[0]
    offset, size = call.pairs.get("offset") or 0, call.pairs.get("size")
    if offset < 0 or (size is not None and size < 0):
        return None
    shape = {"offset": "offset", "size": "size", "offset size": "range"}.get(" ".join(sorted(call.pairs)), "")
    situation = "size zero" if size == 0 else shape
    entry = world.space.entries.get(path)
    found = world.space.resolve(path)
    directory = world.space.native and world.space.directory(path) is not False

    def expect(visible: tuple[Data, ...], errors: frozenset[str], situation: str) -> Expectation:
        choices = [data.part(offset, data.size if size is None else offset + size) for data in visible]

        def accepts(value: Any) -> Finding | None:
            count, data = value
            what = f"content of {path!r}" + (f" ({situation})" if situation else "")
            if data not in [choice.bytes for choice in choices]:
                expected = " or ".join(describe(choice.bytes) for choice in choices)
                return Finding("content", path, what, expected, describe(data))
            if count != len(data):
                what = f"the number that read of {path!r} returned"
                return Finding("count", path, what, str(len(data)), repr(count))
            return None

        text = f"{choices[0].size} bytes" if choices else "success"
        return Expectation(
            call=call, path=path, situation=situation, success=bool(choices), errors=errors, text=text, accepts=accepts
        )

    if entry is None:
        return expect((), ANY if directory else MISSING, "of a directory" if directory else "missing")
    if entry.kind == "unknown" or (found is not None and found.kind == "unknown"):
        return Expectation(call=call, path=path, errors=ANY)
    if entry.kind == "link":
        target = (found.data,) if found is not None and found.kind == "file" else ()
        return expect(target, ANY, "through a link") if target else Expectation(call=call, path=path, errors=ANY)
    if entry.kind == "pending":
        return expect(entry.visible, ANY, "under construction")
    end = entry.data.size
    if offset >= end and offset:
        return expect((entry.data,), ANY, "beyond the end")
    if offset + (size or 0) > end:
        situation = "size beyond the end"
    return expect((entry.data,), NONE, situation)


def stat(world: World, call: Call) -> Expectation | None:
    """The object as it was written: mode, length, metadata, an etag that changes with the content only."""
    path = call.args[0]
    hint = ObjectMode(call.pairs.get("object_mode") or 0)
    if "multipart_id" in call.pairs:
        return _stat_upload(world, call)
    if hint & ~(ObjectMode.DIR | ObjectMode.READ):
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
            return Expectation(call=call, path=path, errors=errors, situation="directory", accepts=_is_directory(path))
        doubt = directory is None or (not space.native and bool(directory or space.below(path) is not False))
        return Expectation(
            call=call, path=path, success=doubt, errors=MISSING | WRONG_MODE if doubt else MISSING, situation="missing"
        )
    if not entry.certain or (entry.kind == "link" and hint):
        return Expectation(call=call, path=path, errors=ANY)

    def accepts(value: Any) -> Finding | None:
        return _described(world, path, entry, value)

    def learn(value: Any) -> None:
        if isinstance(value, Object) and value.etag:
            entry.seen["etag"] = value.etag

    text = f"an object of {entry.data.size} bytes" if entry.kind == "file" else "a link"
    return Expectation(call=call, path=path, text=text, accepts=accepts, learn=learn)


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


def _is_directory(path: str) -> Callable[[Any], Finding | None]:
    def accepts(value: Any) -> Finding | None:
        mode = value.mode if isinstance(value, Object) else ObjectMode(0)
        if ObjectMode.DIR in mode and ObjectMode.READ not in mode:
            return None
        return Finding("directory", path, f"mode of the directory {path!r}", "dir, not read", str(mode) or "none")

    return accepts


def _described(world: World, path: str, entry: Entry, found: Any) -> Finding | None:
    if not isinstance(found, Object):
        return Finding("mode", path, f"stat of {path!r}", "an object", repr(found)[:80])
    if found.path != path:
        return Finding("path", path, f"path of {path!r}", repr(path), repr(found.path))
    mode = str(found.mode) or "none"
    if entry.kind == "link":
        if ObjectMode.LINK not in found.mode:
            return Finding("link", path, f"mode of the link {path!r}", "link", mode)
        if found.link_target is not None and not found.link_target.endswith(entry.target):
            return Finding("link", path, f"target of the link {path!r}", entry.target, found.link_target)
        return None
    return _described_file(world, path, entry, found)


def _described_file(world: World, path: str, entry: Entry, found: Object) -> Finding | None:
    mode = str(found.mode) or "none"
    strange = ObjectMode.DIR | ObjectMode.PART | ObjectMode.LINK
    if ObjectMode.READ not in found.mode or found.mode & strange:
        return Finding("mode", path, f"mode of {path!r}", "read, and no dir, part or link", mode)
    if found.content_length != entry.data.size:
        expected, observed = str(entry.data.size), str(found.content_length)
        return Finding("length", path, f"content_length of {path!r}", expected, observed)
    return _described_metadata(path, entry, found) or _described_etag(world, path, entry, found)


def _described_metadata(path: str, entry: Entry, found: Object) -> Finding | None:
    for name, value in entry.told.items():
        observed = getattr(found, name)
        if (dict(observed) if name == "user_metadata" else observed) != value:
            return Finding(f"metadata {name}", path, f"{name} of {path!r}", repr(value), repr(observed))
    for name, value in entry.former.items():
        observed = getattr(found, name)
        if name != "etag" and value and (dict(observed) if name == "user_metadata" else observed) == value:
            return Finding(
                "former metadata", path, f"{name} of {path!r}", "not that of an older object", repr(observed)
            )
    return None


def _described_etag(world: World, path: str, entry: Entry, found: Object) -> Finding | None:
    if world.features.etag is not False and found.etag:
        if found.etag != entry.seen.get("etag", found.etag):
            return Finding("etag moved", path, f"etag of the unchanged {path!r}", entry.seen["etag"], found.etag)
        if found.etag == entry.former.get("etag"):
            return Finding("etag stayed", path, f"etag of the changed {path!r}", "another than before", found.etag)
    return None


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
            return None
        return Expectation(
            call=call,
            path=path,
            source=source,
            situation="missing source",
            about=source,
            success=False,
            errors=MISSING | WRONG_MODE if space.native else MISSING,
        )
    if not entry.certain or entry.kind == "link" or space.place(path) == "linked":
        return None
    if source == path:

        def itself() -> None:
            space.entries[path] = replace(entry, seen={}, former=NOTHING)

        return Expectation(call=call, path=path, source=source, situation="itself", errors=ANY, then=itself)
    possible, refusals, situation = destination(world, path)

    def then() -> None:
        world.store(path, entry.data, entry.told)
        if not keep:
            world.remove(source)

    return Expectation(
        call=call, path=path, source=source, situation=situation, success=possible, errors=refusals, then=then
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
        return _is_directory(path)(value)

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
        return _described(world, path, Entry(kind="link", target=target), value)

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
    "read": read,
    "stat": stat,
    "delete": delete,
    "copy": copy,
    "move": move,
    "create_dir": create_dir,
    "create_link": create_link,
}
