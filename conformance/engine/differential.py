"""Differential runs: the same programs on two backends, each against the model and against each other.

A difference is a defect where one of the two leaves the specification. Where neither does, the specification leaves the
point open and the two have chosen differently: that is worth knowing to whoever wants to replace one by the other.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from conformance.engine.programs import BYTES_PER_STEP, Perform, Theme, decode
from conformance.engine.programs.themes import STEPS
from conformance.engine.shrink import shrink
from conformance.model import Divergence, Model
from conformance.model.state import above
from conformance.storage import Features, Object, ObjectMode, Restrictions
from conformance.storage.calls import Call, Outcome, Step

THEMES: tuple[Theme, ...] = ("namespace", "uploads", "growing", "second client", "many keys")
BUDGET = 400
"""Calls on each of the two backends that making a difference smaller may take."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two backends: its name, what it declares, and how calls are made in a fresh ``work_dir``."""

    name: str
    features: Features
    limits: Restrictions
    begin: Callable[[], Perform]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two backends part: the steps of both up to there, and who left the specification, if anybody did."""

    steps: tuple[Sequence[Step], Sequence[Step]]
    divergence: Divergence
    wrong: str
    program: int = -1


def compare(one: Side, other: Side, *, programs: int, seed: int) -> Difference | None:
    """Run the same programs on both and return the first difference, made as small as it gets, or None.

    Parameters:
        one: a backend.
        other: the other one; programs keep to what both have.
        programs: how many programs are run.
        seed: where they come from.

    """
    features, limits = common(one.features, other.features), _tighter(one.limits, other.limits)
    for number, calls in enumerate(_programs(features, limits, programs, seed)):
        if one.features.directories != other.features.directories and nested(calls):
            continue
        found = alike(calls, one, other)
        if found is None:
            continue
        latest: dict[str, Difference] = {}

        def fails(candidate: Sequence[Call], latest: dict[str, Difference] = latest) -> Divergence | None:
            difference = alike(candidate, one, other)
            if difference is None:
                return None
            latest[repr(tuple(candidate[: difference.divergence.step + 1]))] = difference
            return difference.divergence

        shrunk = shrink(calls, found.divergence, fails, BUDGET)
        return replace(latest.get(repr(tuple(shrunk.calls)), found), program=number)
    return None


def common(one: Features, other: Features) -> Features:
    """Return what both backends have."""
    operations = one.operations & other.operations
    return replace(
        one,
        operations=operations,
        pairs={op: one.pairs.get(op, frozenset()) & other.pairs.get(op, frozenset()) for op in operations},
        list_modes=one.list_modes & other.list_modes,
        directories=one.directories if one.directories == other.directories else "native",
        write_empty_object=one.write_empty_object and other.write_empty_object,
        backslash_separates=one.backslash_separates or other.backslash_separates,
        case_sensitive=one.case_sensitive and other.case_sensitive,
        unicode_exact=one.unicode_exact and other.unicode_exact,
        control_characters=one.control_characters and other.control_characters,
        forbidden_characters="".join(sorted({*one.forbidden_characters, *other.forbidden_characters})),
        trailing_blanks=one.trailing_blanks and other.trailing_blanks,
        name_maximum=_least(one.name_maximum, other.name_maximum),
        path_maximum=_least(one.path_maximum, other.path_maximum),
        part_order_free=one.part_order_free and other.part_order_free,
        part_gaps=one.part_gaps and other.part_gaps,
        part_minimum_enforced=one.part_minimum_enforced or other.part_minimum_enforced,
        etag=one.etag if one.etag == other.etag else None,
        segments=one.segments if one.segments == other.segments else "none",
    )


def alike(calls: Sequence[Call], one: Side, other: Side) -> Difference | None:
    """Run calls on both sides, step by step; return where one leaves the specification or the two part."""
    sides = (_Running(one), _Running(other))
    for number, call in enumerate(calls):
        for side in sides:
            side.make(number, call)
        for side in sides:
            if side.divergence is not None:
                return _difference(sides, side.divergence, side.side.name)
        outcomes = [side.steps[-1].outcome for side in sides]
        if "NotMade" in {outcome.error for outcome in outcomes}:
            if outcomes[0].error == outcomes[1].error:
                continue
            return None
        seen = [essence(call, outcome) for outcome in outcomes]
        if seen[0] != seen[1]:
            return _difference(sides, _parted(number, call, one, other, outcomes), "")
    return None


class _Running:
    """One side in the middle of a program."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.steps: list[Step] = []
        self.divergence: Divergence | None = None
        self._model = Model(side.features, side.limits)
        self._make = side.begin()
        self._results: list[Any] = []

    def make(self, number: int, call: Call) -> None:
        expectation = self._model.step(number, call)
        try:
            outcome = self._make(call, self._results)
        except LookupError as error:
            self._model.skip()
            outcome = Outcome(error="NotMade", error_type="NotMade", message=str(error))
        else:
            found = expectation.judge(outcome)
            self.divergence = None if found is None or found.claim else found
            self._model.observe(outcome)
        self.steps.append(Step(call, outcome, expectation.expected))
        self._results.append(outcome.value if outcome.ok else None)


def _difference(sides: tuple[_Running, _Running], divergence: Divergence, wrong: str) -> Difference:
    steps = (tuple(sides[0].steps), tuple(sides[1].steps))
    aspect = divergence.aspect if not wrong else f"{wrong} {divergence.aspect}"
    return Difference(steps, replace(divergence, aspect=aspect), wrong)


def _parted(number: int, call: Call, one: Side, other: Side, outcomes: list[Outcome]) -> Divergence:
    path = next((term for term in call.args if isinstance(term, str)), "")
    return Divergence(
        requirement="",
        what=f"{call.op} of {path!r}",
        expected=f"{one.name}: {outcomes[0].brief()}",
        observed=f"{other.name}: {outcomes[1].brief()}",
        op=call.op,
        aspect=f"differs {outcomes[0].ok}/{outcomes[1].ok}",
        path=path,
        step=number,
    )


def essence(call: Call, outcome: Outcome) -> Any:
    """Return what must be the same of an outcome for two stores to be interchangeable.

    Which error it is, and what else an object is told to be, each store is asked by the model.
    """
    if not outcome.ok:
        return "refused"
    if call.op == "read":
        return outcome.data
    if call.op == "stat" and isinstance(outcome.value, Object):
        o = outcome.value
        return ObjectMode.DIR in o.mode, ObjectMode.LINK in o.mode, o.content_length if ObjectMode.READ in o.mode else 0
    if call.op == "list":
        found = cast("list[Object]", outcome.value)
        return sorted(o.path for o in found if ObjectMode.DIR not in o.mode and ObjectMode.PART not in o.mode)
    return "done"


def nested(calls: Sequence[Call]) -> bool:
    """Whether one path of a program lies below another one."""
    paths = {term.rstrip("/") for call in calls for term in call.args if isinstance(term, str)}
    return any(parent in paths for path in paths for parent in above(path))


def _programs(features: Features, limits: Restrictions, count: int, seed: int) -> Iterator[tuple[Call, ...]]:
    rng = random.Random(seed)
    for number in range(count):
        theme = THEMES[number % len(THEMES)]
        yield decode(rng.randbytes(STEPS[theme] * BYTES_PER_STEP), features, limits, theme)


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def _tighter(one: Restrictions, other: Restrictions) -> Restrictions:
    """Return the limits that hold for both."""
    changes = {
        name: _least(getattr(one, name), getattr(other, name))
        for name in one.__slots__
        if not name.endswith("_minimum")
    }
    least = max(one.multipart_size_minimum or 0, other.multipart_size_minimum or 0)
    return replace(one, **changes, multipart_size_minimum=least or None)
