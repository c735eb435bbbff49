"""The model at work: programs are run against it, and the traces of laws are judged by it afterwards.

A law asserts its own sentence. What else its calls came to is judged here at no cost, because the trace is there: a
wrong answer on the way to the law's point is found, and blamed for what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from conformance.engine.expect import Violation
from conformance.engine.programs.running import NOT_MADE, run
from conformance.engine.recorder import Recorder, Trace
from conformance.model import Divergence, Model
from conformance.storage import Features, Restrictions
from conformance.storage.calls import Call, Outcome


def run_program(
    calls: Sequence[Call],
    recorder: Callable[[int], Recorder],
    trace: Trace,
    features: Features,
    limits: Restrictions,
    *,
    declared: Collection[str] = (),
) -> Divergence | None:
    """Run calls against the model in the workspace of a trace; return the first divergence, or None; see `judge`."""

    def perform(call: Call, results: Sequence[object]) -> Outcome:
        return recorder(call.client).perform(call, results)

    outcome = run(calls, perform, features, limits, declared)
    trace.steps[:] = outcome.steps
    return outcome.divergence


def judge(trace: Trace, features: Features, limits: Restrictions, declared: Collection[str] = ()) -> Divergence | None:
    """Return where the answers of a recorded trace leave the model, or None.

    Judging ends at the first call that goes beyond what the model describes. What only one answer claims of an object
    counts where nothing else turns out to be wrong; not at all where its kind is ``declared``, lest a deviation that
    shows in every answer of its kind hide all that is checked beside it.
    """
    model = Model(features, limits)
    claim: Divergence | None = None
    for number, step in enumerate(trace.steps):
        expectation = model.step(number, step.call)
        if model.lost:
            return claim
        if step.outcome.error == NOT_MADE:
            model.skip()
            continue
        divergence = expectation.judge(step.outcome)
        if divergence is not None and not divergence.claim:
            return divergence
        if divergence is not None and divergence.kind not in declared:
            claim = claim or divergence
        model.observe(step.outcome)
    return claim


def violation(divergence: Divergence) -> Violation:
    """Return a divergence as what laws raise."""
    return Violation(
        divergence.what,
        expected=divergence.expected,
        observed=divergence.observed,
        requirement=divergence.requirement,
    )
