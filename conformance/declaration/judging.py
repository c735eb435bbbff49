"""The rule of the gate for one requirement of one backend: observed is to equal declared.

=====================  ======================  =======================================================
observed               not declared            declared
=====================  ======================  =======================================================
passes                 pass                    stale (unless flaky, or its stored program still diverges)
fails as declared      --                      deviation
fails otherwise        fail                    fail
fails at times         fail                    fail, or deviation when declared flaky or its program diverges
entry is past its day  --                      expired
not reported           not run                 not run
error                  error                   error
does not apply         not applicable          stale
=====================  ======================  =======================================================

Where a run left out some of the checks of a requirement, as one with ``--only`` may, a declared deviation that nothing
showed is no stale one: the others might see it.

A check that failed because of another requirement says nothing of its own: it is *blocked by* that one. A requirement
that no check of the run covers is *unplanned*; both are told, neither fails the gate.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from conformance.declaration.deviations import Deviation
from conformance.results import Failure, Result, State

Replay = Literal["diverges", "agrees"]
Standing = Literal[
    "pass", "fail", "deviation", "stale", "expired", "not-applicable", "not-run", "error", "blocked", "unplanned"
]
COLUMNS: Mapping[Standing, str] = {
    "pass": "pass",
    "fail": "fail",
    "deviation": "deviation",
    "stale": "stale",
    "expired": "stale",
    "not-applicable": "not-applicable",
    "not-run": "not-run",
    "error": "error",
    "blocked": "not-run",
    "unplanned": "not-run",
}
"""Each standing as one of the seven states that a matrix shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Where one requirement of one backend stands, and the evidence.

    ``covering`` are the results of the checks that cover it, ``blaming`` the failures of any check that blame it,
    ``deviations`` what is declared, ``upheld`` the keys of those that their stored program shows, ``blockers`` the
    requirements that kept checks from coming to their point.
    """

    backend: str
    requirement: str
    standing: Standing
    reason: str
    covering: tuple[Result, ...] = ()
    blaming: tuple[tuple[Result, Failure], ...] = ()
    deviations: tuple[Deviation, ...] = ()
    upheld: frozenset[str] = frozenset()
    blockers: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """One of the seven states: pass, fail, deviation, stale, not-applicable, not-run, error."""
        return COLUMNS[self.standing]

    def declared(self, failure: Failure) -> Deviation | None:
        """Return the declaration that covers a failure which blames this requirement, None when nothing does."""
        entry = matching(failure, self.deviations)
        if entry is None or self.standing == "expired":
            return None
        return None if at_times_only(failure, entry, self.upheld) else entry

    @property
    def ran(self) -> bool:
        """Whether a check that covers it came to a result."""
        return any(result.state in ("pass", "fail") for result in self.covering)

    @property
    def calls(self) -> int:
        """Backend calls spent by the checks that cover the requirement."""
        return sum(result.calls for result in self.covering)

    @property
    def examples(self) -> int:
        """Examples tried by the checks that cover the requirement."""
        return sum(result.examples for result in self.covering)


def stand(
    backend: str,
    requirement: str,
    *,
    covering: Sequence[Result],
    blaming: Sequence[tuple[Result, Failure]],
    declared: Sequence[Deviation],
    replayed: Mapping[str, Replay],
    today: date,
    partial: bool = False,
) -> Cell:
    """Return where a requirement of a backend stands; the worst fact about it decides.

    ``partial`` says that the run left out checks of the requirement, which might have seen what these did not.
    """
    upheld = frozenset(entry.key for entry in declared if replayed.get(entry.key) == "diverges")
    facts = [_failing(failure, declared, upheld) for _, failure in blaming]
    facts += [_entry(deviation, covering, blaming, replayed, today, partial=partial) for deviation in declared]
    facts += [_observed(covering, requirement)]
    standing, reason = min(facts, key=lambda fact: ORDER.index(fact[0]))
    return Cell(
        backend=backend,
        requirement=requirement,
        standing=standing,
        reason=reason,
        covering=tuple(covering),
        blaming=tuple(blaming),
        deviations=tuple(declared),
        upheld=upheld,
        blockers=tuple(dict.fromkeys(_blockers(covering, requirement))),
    )


Fact = tuple[Standing, str]
ORDER: tuple[Standing, ...] = (
    "fail",
    "error",
    "not-run",
    "expired",
    "stale",
    "deviation",
    "blocked",
    "pass",
    "not-applicable",
    "unplanned",
)


def matching(failure: Failure, declared: Sequence[Deviation]) -> Deviation | None:
    """Return the declared deviation that a failure is, by its signature."""
    return next((entry for entry in declared if entry.matches(failure.signature)), None)


def at_times_only(failure: Failure, entry: Deviation, upheld: Collection[str]) -> bool:
    """Return whether a failure comes and goes, of which its declaration says nothing.

    What the stored program shows whenever it runs does not: a shorter sequence may still depend on the time of day.
    """
    return failure.flaky and not entry.flaky and entry.key not in upheld


def _failing(failure: Failure, declared: Sequence[Deviation], upheld: Collection[str]) -> Fact:
    entry = matching(failure, declared)
    told = f"{failure.what}: expected {failure.expected}, observed {failure.observed}"
    if entry is None:
        return "fail", f"fails otherwise than declared: {told}" if declared else told
    if at_times_only(failure, entry, upheld):
        return "fail", f"failed {failure.reproduced} times; the declaration is to say flaky = true: {told}"
    return "deviation", f"declared: {entry.reason}"


def _entry(
    entry: Deviation,
    covering: Sequence[Result],
    blaming: Sequence[tuple[Result, Failure]],
    replayed: Mapping[str, Replay],
    today: date,
    *,
    partial: bool,
) -> Fact:
    if entry.expired(today):
        return "expired", f"the declaration expired on {entry.expires}: {entry.reason}"
    replay = replayed.get(entry.key)
    if entry.flaky or replay == "diverges" or any(matching(failure, [entry]) for _, failure in blaming):
        return "deviation", f"declared: {entry.reason}"
    if replay == "agrees":
        return "stale", "declared as a deviation, and its stored program now does as specified"
    states = {result.state for result in covering}
    if partial:
        return "deviation", f"declared, not seen again by the checks of this run: {entry.reason}"
    if states == {"not-applicable"}:
        return "stale", "declared as a deviation, and the requirement does not apply"
    if states and states <= {"pass", "not-applicable"}:
        return "stale", "declared as a deviation, and it passes now"
    return "deviation", f"declared, not seen again in this run: {entry.reason}"


def _observed(covering: Sequence[Result], requirement: str) -> Fact:
    blockers = _blockers(covering, requirement)
    by_state: dict[State, Result] = {}
    for result in covering:
        by_state.setdefault(result.state, result)
    if "error" in by_state:
        return "error", by_state["error"].reason or "the kit or the environment failed"
    if "not-run" in by_state:
        return "not-run", by_state["not-run"].reason or "planned and not run"
    if "pass" in by_state:
        partly = f"; {len(blockers)} of {len(covering)} checks blocked by {_names(blockers)}" if blockers else ""
        return "pass", f"holds{partly}"
    if blockers:
        return "blocked", f"blocked by {_names(blockers)}"
    if "not-applicable" in by_state:
        return "not-applicable", by_state["not-applicable"].reason or "does not apply"
    return "unplanned", "no check of this run covers it"


def _blockers(covering: Sequence[Result], requirement: str) -> list[str]:
    blamed = [result.failure.requirement for result in covering if result.failure is not None]
    return [other for other in blamed if other != requirement]


def _names(names: Sequence[str]) -> str:
    return " and ".join(dict.fromkeys(names))
