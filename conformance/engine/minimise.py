"""From a failing example to the smallest sequence of calls that shows the same divergence from the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conformance.engine.calls import Call, Step
from conformance.engine.recorder import Recorder, Trace
from conformance.storage import Features, Restrictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Calls with what came of them, and where and how that is wrong."""

    calls: list[Call]
    steps: Sequence[Step]
    requirement: str
    what: str
    expected: str
    observed: str
    diverges: int


def run_program(
    calls: Sequence[Call],
    recorder: Callable[[int], Recorder],
    trace: Trace,
    features: Features,
    limits: Restrictions,
) -> None:
    raise NotImplementedError


def minimise(example: Example, known: tuple[Features, Restrictions], execute: Callable[[list[Call]], Example | None]) -> Example:
    return example
