"""From a failing example to the smallest sequence of calls that shows the same divergence, and whom it blames."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from conformance.engine.judge import judge
from conformance.engine.recorder import Trace
from conformance.engine.shrink import shrink
from conformance.model import Divergence
from conformance.model.blame import OBSERVERS
from conformance.model.conditions import PAIRS
from conformance.requirements import requirement
from conformance.storage import Features, Restrictions
from conformance.storage.calls import Call, Step, shorten


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """Steps of which the last one is wrong, and how."""

    steps: Sequence[Step]
    requirement: str
    what: str
    expected: str
    observed: str

    @property
    def signature(self) -> str:
        """What kind of failure this is, stable over keys, sizes and seeds."""
        if not self.steps:
            return f"{self.requirement}: no call"
        last = self.steps[-1]
        return f"{self.requirement}: {last.call.op} {last.outcome.error_type or 'answers'}"


ABOUT = {
    "suffix": frozenset({"suffix"}),
    "listing_pages": frozenset({"start_after", "page_size"}),
    "conditional": PAIRS,
}
"""Subjects that are about optional arguments: without any of them a call says nothing about the subject."""

Execute = Callable[[Sequence[Call]], tuple[Divergence, list[Step]] | None]
"""Runs calls in a fresh ``work_dir`` against the model; returns how they diverge, with the steps, or None."""


def minimise(
    example: Counterexample,
    execute: Execute,
    known: tuple[Features, Restrictions, Collection[str]],
    *,
    budget: int,
    by_law: bool = True,
) -> Counterexample:
    """Return the smallest counterexample that the model vouches for.

    A failure that only its law can see (it compares answers of several calls) stays as the law left it.

    Parameters:
        example: the failing example, as recorded.
        execute: runs a candidate.
        known: features and limits of the backend, for the model, and what is declared of its answers.
        budget: backend calls that the search may take.
        by_law: whether a law found it. What a program does has no point of its own: there the model alone blames, for
            what is left in the end.

    """
    trace = Trace()
    trace.steps.extend(example.steps)
    divergence = judge(trace, *known)
    if divergence is None:
        return example
    latest: dict[str, list[Step]] = {}

    def fails(calls: Sequence[Call]) -> Divergence | None:
        found = execute(calls)
        if found is None:
            return None
        latest[repr(tuple(calls[: found[0].step + 1]))] = found[1]
        return found[0]

    shrunk = shrink([step.call for step in example.steps], divergence, fails, budget)
    steps = latest.get(repr(tuple(shrunk.calls)), list(example.steps[: divergence.step + 1]))
    return Counterexample(
        steps=steps,
        requirement=_blamed(example.requirement, shrunk.divergence.requirement, steps)
        if by_law
        else shrunk.divergence.requirement,
        what=shorten(shrunk.divergence.what),
        expected=shrunk.divergence.expected,
        observed=shrunk.divergence.observed,
    )


def _blamed(law: str, model: str, steps: Sequence[Step]) -> str:
    """Return the law's own requirement where the minimal program is about its subject, else what the model blames.

    A law is precise about what it set out to show. When its failure has shrunk to calls that it only made on the way,
    it never came to its point.
    """
    wanted = ABOUT.get(law.partition(".")[0])
    if wanted is not None and not any(wanted & step.call.pairs.keys() for step in steps):
        return model
    changes = [step.call.op for step in steps[:-1] if step.call.op not in OBSERVERS]
    subject = requirement(law).operations[0]
    return law if subject in {steps[-1].call.op, *changes[-1:]} else model
