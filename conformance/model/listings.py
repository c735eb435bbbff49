"""The rules of list (GSP-654): which entries must be there, which may, each of them once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, cast

from conformance.model import answers
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


def _behind(after: str, must: set[Shown], may: set[Shown]) -> tuple[set[Shown], set[Shown]]:
    """Return what is left of what a listing shows behind a path; a directory may stand where its objects stand."""
    shown = {(path, directory) for path, directory in must if path > after}
    possible = {(path, directory) for path, directory in may if (path + "/" * directory) > after}
    holding = {(path, directory) for path, directory in may if directory and after.startswith(path + "/")}
    return shown, shown | possible | holding


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
            told_as_file = kind == "missing" and directory and (at, False) in extra
            aspect = (
                "mode told"
                if told_as_file
                else "renamed"
                if renamed
                else _aspect(world, kind, at, path, directory=directory)
            )
            expected = ", ".join(repr(p) + " (dir)" * d for p, d in sorted(must)) or "no objects"
            observed = ", ".join(repr(p) + " (dir)" * d for p, d in sorted(shown.elements())) or "no objects"
            return Finding(aspect, at, what, expected, observed)
    for o in cast("list[Object]", found):
        entry = world.space.entries.get(o.path)
        if entry is None or entry.kind != "file" or ObjectMode.DIR in o.mode:
            continue
        finding = answers.listed(world, entry, o)
        if finding is not None:
            return finding
    return None


def _learn(world: World, found: list[Any]) -> None:
    for o in found:
        entry = world.space.entries.get(o.path)
        if entry is not None and ObjectMode.DIR not in o.mode:
            answers.learn(entry, o, "list")


TAKEN = frozenset({"list_mode", "start_after", "page_size"})
"""Optional arguments that the model knows; a continuation_token means something to its backend only."""


def listing(world: World, call: Call) -> Expectation | None:
    """Every object and directory of the level or prefix, or every open upload, each once and nothing else."""
    path = call.args[0] if call.args else ""
    mode = call.pairs.get("list_mode")
    if not call.pairs.keys() <= TAKEN or mode not in {None, ListMode.DIR, ListMode.PREFIX, ListMode.PART}:
        return None
    if (mode is not None and mode not in world.features.list_modes) or (mode is None and path):
        return None
    if mode == ListMode.PART:
        return _uploads(world, call, path)
    what = f"listing of {path!r}" + (f" in mode {mode.name.lower()}" if mode is not None else "")
    ways, sure = _ways(world, path, mode)
    situation = _situation(world, call, path, mode, sure)
    after, nothing = call.pairs.get("start_after") or "", situation == "page size zero"
    if after:
        ways = [_behind(after, *allowed) for allowed in ways]

    def accepts(value: Any) -> Finding | None:
        if nothing and not value:
            return None
        findings = [_wrong(world, list(value), allowed, path, what) for allowed in ways]
        return None if None in findings else findings[0]

    return Expectation(
        call=call,
        path=path,
        situation=situation,
        errors=NONE if sure and not nothing else ANY,
        text=f"{len(ways[0][0])} entries",
        accepts=accepts,
        learn=lambda value: _learn(world, value),
    )


def _ways(world: World, path: str, mode: ListMode | None) -> tuple[list[tuple[set[Shown], set[Shown]]], bool]:
    """Return what a listing must show and may show, in each way that is open, and whether it must succeed."""
    base, space = path.removesuffix("/"), world.space
    if mode == ListMode.PREFIX:
        prefixed = _prefixed(world, path)
        return [prefixed], bool(prefixed[0]) or not path
    must, may = _children(world, base)
    sure = not base or (bool(must) if not space.native else bool(space.directory(base)))
    if mode is None:
        return [(must, may), _prefixed(world, path)], sure
    return [(must, may | ({(base, False)} if base in space.entries else set()))], sure


def _situation(world: World, call: Call, path: str, mode: ListMode | None, sure: bool) -> str:
    if call.pairs.get("page_size", 1) < 1:
        return "page size zero"
    if call.pairs.get("start_after"):
        return "start after prefix" if path else "start after"
    base = path.removesuffix("/")
    if mode == ListMode.PREFIX:
        named = "prefix"
    elif not base:
        named = "root"
    elif base in world.space.entries and mode == ListMode.DIR:
        return "of an object"
    else:
        named = "directory"
    paged = "paged " if "page_size" in call.pairs else ""
    return paged + (named if sure else "missing")


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
