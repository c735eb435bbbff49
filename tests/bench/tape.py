"""A run on tape: every call of every example with its real arguments, to be played again without the kit."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.engine.runner import Runner
from conformance.storage import Source, in_sync, operations
from conformance.storage.calls import LISTED, OUTSIDE, READER, invoke, resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from conformance.engine.backend import Backend
    from conformance.engine.laws import Check
    from conformance.engine.recorder import Trace
    from conformance.storage.calls import Call

ITERATED = frozenset(LISTED)


@dataclass(slots=True)
class Tape:
    """The examples of a run, in order: which clients were opened where, and what they were asked."""

    examples: list[tuple[str, list[Call]]] = field(default_factory=list)

    def add(self, work_dir: str, trace: Trace) -> None:
        """Keep one example."""
        self.examples.append((work_dir, [step.call for step in trace.steps]))

    @property
    def calls(self) -> int:
        """How many backend calls there are on the tape."""
        return sum(len(calls) for _, calls in self.examples)

    def play(self, backend: Backend, root: str) -> float:
        """Make the same calls again, below another root; return the seconds it took, preparation excluded."""
        prepared = [
            (f"{root}{number}/", root, [(call, _plain(call)) for call in calls])
            for number, (_, calls) in enumerate(self.examples, 1)
        ]
        began = time.perf_counter()
        for work_dir, parent, calls in prepared:
            clients: dict[int, Any] = {}
            results: list[Any] = []
            for call, plain in calls:
                if call.client not in clients:
                    opened = in_sync(backend.open(parent if call.client == OUTSIDE else work_dir))
                    clients[call.client] = opened.read_only() if call.client == READER else opened
                results.append(_make(clients[call.client], call, plain, results))
            for client in clients.values():
                client.close()
        return time.perf_counter() - began


def _plain(call: Call) -> bool:
    """Whether the arguments need nothing that an earlier call returned."""
    return not call.steps()


def _make(client: Any, call: Call, plain: bool, results: Sequence[Any]) -> Any:
    arguments = [
        term.open()
        if isinstance(term, Source)
        else (term if plain and isinstance(term, (str, int)) else resolve(term, results))
        for term in call.args
    ]
    pairs = {name: resolve(term, results) for name, term in call.pairs.items()}
    if call.op not in operations():
        return invoke(client, call.op, arguments, pairs).value
    if call.op == "read":
        arguments.append(io.BytesIO())
    try:
        answer = getattr(client, call.op)(*arguments, **pairs)
        return list(answer) if call.op in ITERATED else answer
    except Exception:  # noqa: BLE001 - refused operations are part of the tape
        return None


def record(
    backend: Backend, checks: Sequence[Check], profile: str, known: Collection[str] = ()
) -> tuple[Tape, float, Runner]:
    """Run checks, of whose failures those ``known`` are declared; return the tape, the seconds, and the runner."""
    tape = Tape()
    runner = Runner(backend, profile=profile, on_example=tape.add, known=known)  # type: ignore[arg-type]
    began = time.perf_counter()
    for check in checks:
        if runner.selects(check):
            runner.run(check)
    return tape, time.perf_counter() - began, runner
