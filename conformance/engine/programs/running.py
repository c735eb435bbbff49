"""Running a program against the model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.model import Divergence, Model
from conformance.storage import Features, Restrictions, Storage
from conformance.storage.calls import READER, Call, Outcome, Step, perform

NOT_MADE = "NotMade"
"""The error of a step that was left out, because it needs what an earlier call did not return; no answer of anybody."""
Perform = Callable[[Call, Sequence[Any]], Outcome]
"""Makes one call, given what the earlier ones returned. Raises LookupError when it needs one that returned nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """The steps of a program as far as it went, and how it diverged from the model."""

    steps: list[Step]
    divergence: Divergence | None


def clients(open_client: Callable[[], Storage]) -> Perform:
    """Return a performer over clients that are opened when first asked for."""
    opened: dict[int, Storage] = {}

    def make(call: Call, results: Sequence[Any]) -> Outcome:
        if call.client not in opened:
            storage = open_client()
            opened[call.client] = storage.read_only() if call.client == READER else storage
        return perform(call, opened[call.client], results)

    return make


def run(
    program: Sequence[Call],
    make: Perform,
    features: Features,
    limits: Restrictions,
    declared: Collection[str] = (),
) -> Run:
    """Run a program call by call against the model and stop at the first divergence.

    A call that refers to what an earlier, rightly refused call did not return is left out. What only one answer claims
    of an object stops nothing, and is the divergence where no other comes and its kind is not ``declared``.
    """
    claim: Divergence | None = None
    model = Model(features, limits)
    results: list[Any] = []
    steps: list[Step] = []
    for number, call in enumerate(program):
        expectation = model.step(number, call)
        try:
            outcome = make(call, results)
        except LookupError as error:
            model.skip()
            results.append(None)
            steps.append(Step(call, Outcome(error=NOT_MADE, error_type=NOT_MADE, message=str(error)), "not made"))
            continue
        divergence = expectation.judge(outcome)
        steps.append(Step(call, outcome, expectation.expected))
        if divergence is not None and not divergence.claim:
            return Run(steps, divergence)
        if divergence is not None and divergence.kind not in declared:
            claim = claim or divergence
        model.observe(outcome)
        results.append(outcome.value if outcome.ok else None)
    return Run(steps if claim is None else steps[: claim.step + 1], claim)
