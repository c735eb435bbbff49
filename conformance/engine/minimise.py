"""From a failing example to the smallest sequence of calls that shows the same divergence from the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conformance.engine.calls import Call, Step
from conformance.model import Divergence


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """Steps of which the last one is wrong, and how."""

    steps: Sequence[Step]
    requirement: str
    what: str
    expected: str
    observed: str


Execute = Callable[[Sequence[Call]], tuple[Divergence, list[Step]] | None]


def minimise(example: Counterexample, execute: Execute, *, budget: int) -> Counterexample:
    return example
