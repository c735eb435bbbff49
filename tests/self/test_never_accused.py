"""Correct backends are never accused: every check, many seeds, on memory, a file system and moto.

``CONFORMANCE_SEEDS`` says how many seeds (5 by default, so that CI stays short; 50 for a release).
"""

from __future__ import annotations

import os

import pytest

from conformance.adapters.connection import open_backend
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner

SEEDS = int(os.environ.get("CONFORMANCE_SEEDS", "5"))


@pytest.fixture(scope="module", params=["memory", "fs"])
def correct(request):
    connection = open_backend(request.param)
    connection.prepare()
    yield Backend(name=request.param, open=connection.open)
    connection.remove_root()


# Ids end otherwise than those of the plugin, which would take these tests for its own.
@pytest.mark.parametrize("check", checks().values(), ids=[f"{name}: many seeds" for name in checks()])
def test_a_correct_backend_is_never_accused(correct, check):
    for seed in range(1, SEEDS + 1):
        runner = Runner(correct, seed=seed)
        if not runner.selects(check):
            pytest.skip("only the profile deep runs it")
        result = runner.run(check)
        assert result.state in {"pass", "not-applicable"}, f"seed {seed}: {result.reason or result.failure}"
        assert runner.clean() == []
