"""The rules of list (GSP-654): which entries must be there, which may, each of them once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, cast

from conformance.model.expectation import ANY, NONE, Expectation, Finding
from conformance.model.objects import Rule
from conformance.model.state import World, above
from conformance.storage import ListMode, Object, ObjectMode
from conformance.storage.calls import Call

Shown = tuple[str, bool]
"""A path and whether it is shown as a directory."""


def _directories(world: World) -> tuple[set[str], set[str]]:
    """Return the directories that are certain and those that are possible."""
    space = world.space
    certain = set(space.made)
    possible = set(space.perhaps)
    for path, entry in space.entries.items():
        (certain if entry.certain else possible).update(above(path))
        if entry.kind == "unknown":
            possible.add(path)
    for path in space.made:
        (certain if space.native else possible).update(above(path))
    return certain, possible


def _children(world: World, base: str) -> tuple[set[Shown], set[Shown]]:
    """Return what a listing of the directory ``base`` must show and what it may show besides."""
    start = base + "/" if base else ""
    certain, possible = _directories(world)

    def direct(paths: Iterable[str]) -> set[str]:
        return {path for path in paths if path.startswith(start) and path != base and "/" not in path[len(start) :]}

    entries = world.space.entries
    must = {(path, False) for path in direct(entries) if entries[path].certain}
    may = {(path, False) for path in direct(entries)}
    must |= {(path, True) for path in direct(certain)}
    may |= {(path, True) for path in direct(possible)}
    return must, may | must | ({(base, True)} if base else set())


def _prefixed(world: World, prefix: str) -> tuple[set[Shown], set[Shown]]:
    """Return what a listing by prefix must show and what it may show besides: it may tell of directories."""
    certain, possible = _directories(world)
    entries = world.space.entries
    begins = {path for path in entries if path.startswith(prefix)}
    must = {(path, False) for path in begins if entries[path].certain}
    may = {(path, False) for path in begins}
    may |= {(path, True) for path in certain | possible if (path + "/").startswith(prefix)}
    return must, may


def _aspect(world: World, kind: str, at: str, path: str, *, directory: bool) -> str:
    """Return the kind of a difference more closely: what is amiss is a directory, lies elsewhere, or lies deeper."""
    if kind == "missing" and directory:
        return "missing directory"
    if kind == "extra" and not at.startswith(path):
        return "outside"
    entry = world.space.entries.get(at)
    return "deeper" if kind == "extra" and not directory and entry is not None else kind


def _wrong(
    world: World, found: list[Any], allowed: tuple[set[Shown], set[Shown]], path: str, what: str
) -> Finding | None:
    must, may = allowed
    shown: Counter[Shown] = Counter()
    for o in found:
        if not isinstance(o, Object):
            return Finding("entry", path, what, "objects", repr(o)[:80])
        directory = ObjectMode.DIR in o.mode
        shown[(o.path.rstrip("/") if directory else o.path, directory)] += 1
    missing, extra = sorted(must - set(shown)), sorted(set(shown) - may)
    twice = sorted(entry for entry, times in shown.items() if times > 1)
    renamed = bool(missing and extra) and {at for at, _ in missing}.isdisjoint(at for at, _ in extra)
    for kind, entries in (("missing", missing), ("extra", extra), ("twice", twice)):
        if entries:
            at, directory = entries[0]
            aspect = "renamed" if renamed else _aspect(world, kind, at, path, directory=directory)
            expected = ", ".join(repr(p) + " (dir)" * d for p, d in sorted(must)) or "no objects"
            observed = ", ".join(repr(p) + " (dir)" * d for p, d in sorted(shown.elements())) or "no objects"
            return Finding(aspect, at, what, expected, observed)
    for o in cast("list[Object]", found):
        entry = world.space.entries.get(o.path)
        if entry is None or entry.kind != "file" or ObjectMode.DIR in o.mode:
            continue
        if o.content_length is not None and o.content_length != entry.data.size:
            told = f"content_length of {o.path!r} in the listing"
            return Finding("length", o.path, told, str(entry.data.size), str(o.content_length))
    return None


def listing(world: World, call: Call) -> Expectation | None:
    """Every object and directory of the level or prefix, or every open upload, each once and nothing else."""
    path = call.args[0] if call.args else ""
    base = path.removesuffix("/")
    mode = call.pairs.get("list_mode")
    if call.pairs.keys() - {"list_mode"} or mode not in {None, ListMode.DIR, ListMode.PREFIX, ListMode.PART}:
        return None
    if mode is not None and mode not in world.features.list_modes:
        return None
    if mode == ListMode.PART:
        return _uploads(world, call, path)
    if mode is None and path:
        return None
    what = f"listing of {path!r}" + (f" in mode {mode.name.lower()}" if mode is not None else "")
    space = world.space
    ways = [_children(world, base)] if mode != ListMode.PREFIX else []
    if mode != ListMode.DIR:
        ways.append(_prefixed(world, path))
    entry = space.entries.get(base)
    if entry is not None and mode == ListMode.DIR:
        must, may = ways[0]
        ways = [(must, may | {(base, False)})]
    if mode == ListMode.PREFIX:
        sure = bool(ways[0][0]) or not path
    else:
        sure = not base or (bool(ways[0][0]) if not space.native else bool(space.directory(base)))

    def accepts(value: Any) -> Finding | None:
        findings = [_wrong(world, list(value), allowed, path, what) for allowed in ways]
        return None if None in findings else findings[0]

    named = "of an object" if entry is not None and mode == ListMode.DIR else "directory"
    named = "prefix" if mode == ListMode.PREFIX else "root" if not base else named
    return Expectation(
        call=call,
        path=path,
        situation=named if sure or named == "of an object" else "missing",
        errors=NONE if sure else ANY,
        text=f"{len(ways[0][0])} entries",
        accepts=accepts,
    )


def _uploads(world: World, call: Call, path: str) -> Expectation | None:
    numbers = [n for n in world.open_sessions("part") if world.sessions[n].path.startswith(path)]
    expected = Counter((world.sessions[n].path, world.ids.get(n, "")) for n in numbers)

    def accepts(value: Any) -> Finding | None:
        found = Counter((o.path, o.multipart_id or "") for o in value if isinstance(o, Object))
        for aspect, differing in (("uploads missing", expected - found), ("uploads extra", found - expected)):
            if differing:
                at = min(differing)[0]
                shown = [", ".join(repr(p) for p, _ in sorted(c.elements())) or "none" for c in (expected, found)]
                return Finding(aspect, at, f"open uploads below {path!r}", shown[0], shown[1])
        return None

    return Expectation(
        call=call,
        path=path,
        situation="uploads",
        errors=NONE if expected or not path else ANY,
        text=f"{len(numbers)} uploads",
        accepts=accepts,
    )


RULES: dict[str, Rule] = {"list": listing}
