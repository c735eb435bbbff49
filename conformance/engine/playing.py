"""Runs programs on a backend outside of any check: stored ones beside the model, and the same ones on two backends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conformance.engine.deadline import CallHung, within
from conformance.engine.programs import Perform, Run, run
from conformance.engine.runner import Runner
from conformance.storage import Storage
from conformance.storage.calls import OUTSIDE, READER, Call, Outcome, perform


def play(runner: Runner, stored: Iterable[Mapping[str, Any]]) -> Run:
    """Run a program, as documents and declarations store it, in a fresh ``work_dir``; stop where it diverges."""
    clients: dict[int, Storage] = {}
    make = performer(runner, clients)
    try:
        return run([Call.from_json(dict(call)) for call in stored], make, runner.features, runner.limits)
    finally:
        for storage in clients.values():
            storage.close()


def diverging(runner: Runner, programs: Mapping[str, Iterable[Mapping[str, Any]]]) -> list[str]:
    """Return which of the declared programs still show their deviation, whatever the checks came upon."""
    found: list[str] = []
    for key, calls in programs.items():
        try:
            if play(runner, calls).divergence is not None:
                found.append(key)
        except Exception:  # noqa: BLE001, S112 - a program of another version shows nothing either way
            continue
    return found


def performer(runner: Runner, clients: dict[int, Storage]) -> Perform:
    """Return what makes calls in a fresh ``work_dir``; the clients that it opens are kept in ``clients``."""
    work_dir = runner.workspaces.fresh()

    def make(call: Call, results: Sequence[Any]) -> Outcome:
        if call.client not in clients:
            storage = runner.workspaces.open(runner.workspaces.root if call.client == OUTSIDE else work_dir)
            clients[call.client] = storage.read_only() if call.client == READER else storage
        try:
            return within(runner.profile.deadline, lambda: perform(call, clients[call.client], results))
        except CallHung as hung:
            return Outcome(error="Hung", error_type="CallHung", message=str(hung), exception=hung)

    return make
