"""Nothing planned goes unreported: what a dead worker or an interruption leaves is filled in, with the reason."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.results.document import Planned, Result, State

# A crashed check may be reported again after it was rescheduled: the worse of the two is what happened.
PRECEDENCE: tuple[State, ...] = ("fail", "error", "not-run", "pass", "not-applicable")


def cover(
    plan: Iterable[Planned],
    results: Iterable[Result],
    *,
    state: State = "error",
    reason: str = "the worker that ran this check died before it reported",
) -> tuple[Result, ...]:
    """Return exactly one result for every planned check, in the order of the plan.

    A check that does not apply becomes ``not-applicable`` with the plan's reason. One that applies and was not
    reported becomes ``state`` with ``reason``. Of several results for one check the worst is kept (fail, error,
    not-run, pass, not-applicable). Results outside the plan come last, for the reader to refuse.
    """
    found: dict[tuple[str, str], Result] = {}
    for result in results:
        known = found.get(result.key)
        if known is None or PRECEDENCE.index(result.state) < PRECEDENCE.index(known.state):
            found[result.key] = result
    complete = [found.pop(entry.key, None) or _absent(entry, state, reason) for entry in plan]
    return (*complete, *found.values())


def _absent(entry: Planned, state: State, reason: str) -> Result:
    return Result(
        backend=entry.backend,
        check=entry.check,
        requirement=entry.requirement,
        state=state if entry.applies else "not-applicable",
        reason=reason if entry.applies else entry.reason,
    )
