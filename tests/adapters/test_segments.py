"""Both kinds of segments, and those that are multipart uploads, pass the laws of segments."""

from __future__ import annotations

import pytest

from conformance.adapters.connection import open_backend
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner

LAWS = [check for check in checks().values() if check.requirement.startswith("segments.")]
MOTO = {"segments.identity"}
"""moto finds an upload by its id alone; S3 answers NoSuchUpload under another key."""


@pytest.mark.parametrize(
    ("spec", "deviates"), [("memory", set()), ("memory:?segments=offset", set()), ("moto:?segments=index", MOTO)]
)
def test_the_laws_of_segments_hold(spec, deviates):
    connection = open_backend(spec)
    connection.prepare()
    runner = Runner(Backend(name=spec, open=connection.open), seed=1, stop_on_first=True)
    results = [runner.run(check) for check in LAWS]
    assert {result.requirement for result in results if result.state in {"fail", "error"}} == deviates
    assert sum(result.state == "pass" for result in results) >= 20
    assert runner.clean() == []


def test_segments_left_open_are_cleaned():
    for spec in ("memory", "memory:?segments=offset", "moto:?segments=index"):
        connection = open_backend(spec)
        connection.prepare()
        runner = Runner(Backend(name=spec, open=connection.open))
        store = connection.open(runner.workspaces.fresh())
        for path in ("a", "d/a b+%41"):
            store.init_segment(path)
        assert runner.clean() == []
        assert list(store.list_segments("")) == []
