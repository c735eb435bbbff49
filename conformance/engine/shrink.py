"""The shrinker: from a program that diverges to the smallest one that diverges in the same way.

It leaves calls out (delta debugging) and then makes what is left plainer. Every candidate is run afresh by the caller;
the cost is counted in backend calls, because that is what a slow backend makes dear: a median of some fifty of them,
where shrinking by Hypothesis takes thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from conformance.model import Divergence, blame
from conformance.storage import Content, Part, Source, operations
from conformance.storage.calls import Call, Fabricated, Handle, PartOf

BUDGET = 600
"""Backend calls that shrinking may take."""

Fails = Callable[[Sequence[Call]], Divergence | None]
"""Runs a program in a fresh workspace and returns how it diverges, if it does."""

MAKERS = frozenset(
    {"copy", "move", "complete_multipart", "commit_append", "combine_block", "write_page", "complete_segment"}
)
"""Operations after which there is an object that a plain write makes as well."""
MOST_JOINED = 4
"""Of how many paths it is tried whether two of them may be one."""
PATHS = frozenset({"path", "src", "dst", "target"})


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The smallest program found, how it diverges, and the backend calls that finding it took."""

    calls: tuple[Call, ...]
    divergence: Divergence
    spent: int


def shrink(calls: Sequence[Call], divergence: Divergence, fails: Fails, budget: int = BUDGET) -> Shrunk:
    """Return the smallest program with the same signature as ``divergence``.

    Parameters:
        calls: the program that diverged.
        divergence: how it did; calls behind its step are dropped at once.
        fails: runs a candidate in a fresh workspace.
        budget: how many backend calls the search may take altogether.

    """
    search = _Search(tuple(calls[: divergence.step + 1]), divergence, fails, budget)
    search.look_directly()
    search.keep_related()
    search.leave_out()
    before: tuple[Call, ...] = ()
    while search.calls != before:
        before = search.calls
        search.write_instead()
        search.simplify()
        search.join_paths()
        if search.calls != before:
            search.look_directly()
            search.leave_out()
    search.look_closer()
    return Shrunk(search.calls, search.divergence, search.spent)


def without(calls: Sequence[Call], left_out: set[int]) -> tuple[Call, ...]:
    """Return the calls but for ``left_out`` and all that refer to one of them, with their references renumbered.

    A list of parts only loses those that are left out.
    """
    numbers: dict[int, int] = {}
    kept: list[Call] = []
    for number, call in enumerate(calls):
        left = call if number in left_out else _listing_only(call, numbers)
        if number in left_out or not left.steps() <= numbers.keys():
            continue
        numbers[number] = len(kept)
        kept.append(left.renumbered(numbers))
    return tuple(kept)


def _listing_only(call: Call, known: dict[int, int]) -> Call:
    """Return the call without the parts in its lists that no known step returned."""

    def kept(term: Any) -> Any:
        if not isinstance(term, list):
            return term
        members = cast("list[Any]", term)
        return [member for member in members if not isinstance(member, PartOf) or member.step in known]

    return replace(call, args=tuple(kept(term) for term in call.args))


class _Search:
    def __init__(self, calls: tuple[Call, ...], divergence: Divergence, fails: Fails, budget: int) -> None:
        self.calls = calls
        self.divergence: Divergence = divergence
        self.spent = 0
        self._fails = fails
        self._budget = budget
        self._tried: set[str] = {repr(calls)}

    def accept(self, candidate: tuple[Call, ...], *, anyhow: bool = False) -> bool:
        """Run a candidate and keep it when it diverges in the same way, or ``anyhow``."""
        key = repr(candidate)
        if not candidate or key in self._tried or self.spent + len(candidate) > self._budget:
            return False
        self._tried.add(key)
        found = self._fails(candidate)
        self.spent += len(candidate) if found is None else found.step + 1
        if found is None or not (anyhow or found.signature == self.divergence.signature):
            return False
        self.calls = candidate[: found.step + 1]
        self.divergence = found
        return True

    def keep_related(self) -> None:
        """Try first what is most likely: only the calls that share a path with the last one, and fewer of these."""
        last = len(self.calls) - 1
        paths = set(_touched(self.calls, last)) | {self.divergence.path}
        related = {n for n in range(last) if paths.intersection(_touched(self.calls, n))}
        self.accept(without(self.calls, set(range(last)) - related))

    def leave_out(self) -> None:
        """Leave out runs of calls, halving their length, until no single call can go."""
        length = max(len(self.calls) // 2, 1)
        while True:
            changed = False
            end = len(self.calls) - 1
            while end > 0:
                start = max(end - length, 0)
                changed |= self.accept(without(self.calls, set(range(start, end))))
                end = min(start, len(self.calls) - 1)
            if length > 1:
                length = max(length // 2, 1)
            elif not changed:
                return

    def look_directly(self) -> None:
        """Read the object in question instead of what showed the divergence: nothing is plainer than wrong bytes."""
        *before, last = self.calls
        wrong = self.divergence
        if last.op == "read" and not last.pairs:
            return
        if last.op in {"read", "list", "stat"} or wrong.aspect.startswith("answer "):
            sources = last.args[:1] if last.op in {"copy", "move"} else ()
            for path in dict.fromkeys((*sources, wrong.path)):
                if path and self.accept((*before, Call("read", (path,), {}, last.client)), anyhow=True):
                    return

    def write_instead(self) -> None:
        """Make objects by a plain write where they are copied, moved, uploaded or grown."""
        for number in range(len(self.calls) - 2, -1, -1):
            if number >= len(self.calls) - 1 or self.calls[number].op not in MAKERS:
                continue
            path = _made_at(self.calls, number)
            for size in dict.fromkeys((10, max([_size(call) for call in self.calls], default=10))):
                written = Call("write", (path, Source(Content(size, 90 + number)), size), {}, self.calls[number].client)
                if path and self.accept(
                    without_uses((*self.calls[:number], written, *self.calls[number + 1 :]), number)
                ):
                    break

    def join_paths(self) -> None:
        """Say the same of one path that is said of two."""
        paths = sorted({path for number in range(len(self.calls)) for path in _touched(self.calls, number)})
        if len(paths) > MOST_JOINED:
            return
        for one in paths:
            for other in paths:
                if one != other and "" not in {one, other}:
                    self.accept(tuple(_renamed(call, {one: other}) for call in self.calls))

    def look_closer(self) -> None:
        """Read the object that a listing or stat told wrongly: is it wrong itself, or only told so?"""
        *before, last = self.calls
        wrong = self.divergence
        if blame.alone(wrong.op, wrong.aspect, wrong.situation) is None or self.spent + len(self.calls) > self._budget:
            return
        candidate = (*before, Call("read", (wrong.path,), {}, last.client))
        found = self._fails(candidate)
        self.spent += len(candidate)
        if found is None:
            requirement = blame.alone(wrong.op, wrong.aspect, wrong.situation) or wrong.requirement
            self.divergence = replace(wrong, requirement=requirement)
        elif found.step == len(before):
            self.calls, self.divergence = candidate, found

    def simplify(self) -> None:
        """Make the calls plainer: one client, plain readers, small sizes, no optional arguments, plain names."""
        self.accept(tuple(replace(call, client=0) for call in self.calls))
        names = _plain_names(self.calls)
        self.accept(tuple(_renamed(call, names) for call in self.calls))
        self.accept(tuple(_plainer(call) for call in self.calls))
        self.accept(_close_together(self.calls))
        self.accept(tuple(_ascending(self.calls, call) for call in self.calls))
        for number in range(len(self.calls)):
            for call in _simpler(self.calls[number]):
                if number < len(self.calls):
                    self.accept((*self.calls[:number], call, *self.calls[number + 1 :]))


def without_uses(calls: tuple[Call, ...], number: int) -> tuple[Call, ...]:
    """Return the calls without those that refer to what step ``number`` returned."""
    return without(calls, {n for n, call in enumerate(calls) if number in call.steps()})


def _made_at(calls: Sequence[Call], number: int) -> str:
    """Return the path at which a call makes an object."""
    call = calls[number]
    if call.op in {"copy", "move"}:
        return call.args[1]
    return next(iter(_touched(calls, number)), "")


def _size(call: Call) -> int:
    source = _source(call)
    return 0 if source is None else source.content.size


def _path_positions(call: Call) -> list[int]:
    if call.op not in operations():  # close is a call and no operation
        return []
    return [n for n, name in enumerate(operations()[call.op].params) if name in PATHS and n < len(call.args)]


def _touched(calls: Sequence[Call], number: int) -> Iterator[str]:
    """Yield the paths that a call speaks of, those of its handles included."""
    call = calls[number]
    for position in _path_positions(call):
        yield call.args[position]
    if call.op == "delete_many":
        yield from call.args[0]
    for step in call.steps():
        if step < number:
            yield from _touched(calls, step)


def _plain_names(calls: Sequence[Call]) -> dict[str, str]:
    """Return short plain names for all paths; directories stay directories."""
    paths = sorted({path.rstrip("/") for n in range(len(calls)) for path in _touched(calls, n)} - {""})
    segments = sorted({segment for path in paths for segment in path.split("/")})
    if len(segments) > 26:
        return {}
    letters = {segment: chr(ord("a") + n) for n, segment in enumerate(segments)}
    return {path: "/".join(letters[segment] for segment in path.split("/")) for path in paths}


def _renamed(call: Call, names: dict[str, str]) -> Call:
    def rename(position: int, term: Any) -> Any:
        if position in positions:
            return names.get(term, term)
        if isinstance(term, (Handle, Fabricated)) and term.path is not None:
            return replace(term, path=names.get(term.path, term.path))
        if call.op == "delete_many":
            return [names.get(path, path) for path in cast("list[str]", term)]
        return term

    positions = _path_positions(call)
    pairs = dict(call.pairs)
    if "start_after" in pairs:
        pairs["start_after"] = names.get(pairs["start_after"], pairs["start_after"])
    return replace(call, args=tuple(rename(n, term) for n, term in enumerate(call.args)), pairs=pairs)


def _close_together(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """Return the calls with part indexes from 0 on without a gap."""
    used = sorted({call.args[3] for call in calls if call.op == "write_multipart"})

    def moved(call: Call) -> Call:
        return replace(call, args=(*call.args[:3], used.index(call.args[3])))

    return tuple(moved(call) if call.op == "write_multipart" else call for call in calls)


def _ascending(calls: tuple[Call, ...], call: Call) -> Call:
    """Return a complete_multipart with its parts in the order of their indexes, and any other call as it is."""
    if call.op != "complete_multipart":
        return call

    def index(part: PartOf | Part) -> int:
        if isinstance(part, Part) or part.index is not None:
            return cast("int", part.index)
        made = calls[part.step]
        return made.args[operations()[made.op].params.index("index")]

    return replace(call, args=(call.args[0], sorted(call.args[1], key=index)))


def _sized(call: Call, source: Source, size: int) -> Call:
    """Return the call with another source; the declared size keeps its distance from what there is."""
    position = next(n for n, term in enumerate(call.args) if isinstance(term, Source))
    old: Source = call.args[position]
    declared = call.args[position + 1] + size - old.content.size
    if declared < 0:
        return call
    args = (*call.args[:position], source, declared, *call.args[position + 2 :])
    return replace(call, args=args)


def _source(call: Call) -> Source | None:
    return next((term for term in call.args if isinstance(term, Source)), None)


def _plainer(call: Call) -> Call:
    """Return the call without optional arguments and with a plain reader."""
    kept = {"multipart_id", "list_mode", "object_mode", *(["index", "offset"] if call.op == "write_segment" else [])}
    pairs = {name: value for name, value in call.pairs.items() if name in kept}
    plain = replace(call, pairs=pairs)
    source = _source(call)
    return plain if source is None else _sized(plain, Source(source.content), source.content.size)


def _simpler(call: Call) -> Iterator[Call]:
    """Yield plainer forms of one call, the plainest first."""
    plain = _plainer(call)
    if plain != call:
        yield plain
    for name in call.pairs:
        yield replace(call, pairs={other: value for other, value in call.pairs.items() if other != name})
    source = _source(call)
    if source is None:
        return
    for size in (1, 2, 10, 1000):
        if size < source.content.size:
            smaller = Source(Content(size, source.content.salt or 1), source.kind, min(source.at, size // 2))
            yield _sized(call, smaller, size)
