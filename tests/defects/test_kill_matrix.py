"""Every planted defect is caught at profile ``standard``.

By default each is planted in memory with one seed, and a sample in a file system and in moto. The environment asks
for more: ``CONFORMANCE_SEEDS=5``, ``CONFORMANCE_KILL_ALL=1`` (all of them on all backends) and
``CONFORMANCE_KILL_MATRIX=FILE`` (the matrix as JSON; each worker of pytest-xdist adds its name).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import DEFECTS
from .matrix import applies, connection, measure, remove_roots, store, summary

SEEDS = int(os.environ.get("CONFORMANCE_SEEDS", "1"))
EVERYTHING = bool(os.environ.get("CONFORMANCE_KILL_ALL"))
BACKENDS = ("memory", "memory-offset", "fs", "moto", "flat", "moto-server")
SAMPLE = 8
"""One in this many of the defects that memory has already shown is planted in the other backends too."""
ESCAPES: dict[str, str] = {}
"""Defects that the kit does not catch yet, each with the reason; one that is caught must leave this list."""


def _backends(number, planted):
    elsewhere = EVERYTHING or "memory" not in planted.on or number % SAMPLE == 0
    return [backend for backend in (BACKENDS if elsewhere else ("memory",)) if applies(planted, backend)]


CELLS = [
    pytest.param(
        planted,
        backend,
        id=f"{planted.name}-{backend}",
        marks=[pytest.mark.xfail(reason=ESCAPES[planted.name], strict=True)] if planted.name in ESCAPES else [],
    )
    for number, planted in enumerate(DEFECTS.values())
    for backend in _backends(number, planted)
]


@pytest.fixture(scope="module")
def matrix(request):
    rows = []
    yield rows
    remove_roots({row.backend for row in rows})
    if target := os.environ.get("CONFORMANCE_KILL_MATRIX"):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        store(rows, Path(target).with_suffix(f".{worker}.json" if worker else ".json"))
    reporter = request.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and rows:
        reporter.ensure_newline()
        reporter.write_line(summary(rows))


@pytest.mark.parametrize(("planted", "backend"), CELLS)
def test_a_planted_defect_is_caught(matrix, planted, backend):
    for seed in range(1, SEEDS + 1):
        row = measure(planted, backend, seed=seed)
        matrix.append(row)
        assert row.caught, f"escaped with seed {seed} after {row.calls} calls: {planted.sentence}"


def test_a_correct_storage_behind_the_proxy_is_not_accused(matrix):
    from conformance.engine.backend import Backend
    from conformance.engine.laws import checks
    from conformance.engine.runner import Runner

    from .base import Defect, Defective, wrap

    harmless = Defect(name="none", family="none", kind=Defective, trips=(), like="", on=("memory",), needs=frozenset())
    runner = Runner(Backend(name="memory", open=wrap(connection("memory").open, harmless)), seed=1)
    results = [runner.run(check) for check in checks().values() if runner.selects(check)]
    assert [(r.check, r.failure or r.reason) for r in results if r.state not in {"pass", "not-applicable"}] == []
