"""Every planted defect at the HTTP level is caught at profile ``standard``; a sample of them, inside this process.

Which ones is decided by a hash of their names, so that a run is the same as the last. ``CONFORMANCE_KILL_ALL=1`` asks
for all of them; ``python -m tests.defects.http`` measures and prints the whole matrix.
"""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path

import pytest

from conformance.declaration.deviations import load
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner
from conformance.requirements import requirements
from conformance.storage import operations

from .http import DEFECTS, FAMILIES
from .http.__main__ import applies, measure
from .http.carriers import behind_socket, in_process
from .http.escapes import ESCAPES

SAMPLE = 16
"""One in this many is measured."""
EVERYTHING = bool(os.environ.get("CONFORMANCE_KILL_ALL"))
DECLARED = Path(__file__).parents[2] / "backends" / "deviations"


def _chosen(planted):
    sampled = zlib.crc32(planted.name.encode()) % SAMPLE == 0 and planted.name not in ESCAPES
    return (EVERYTHING or sampled) and planted.profile == "standard" and applies(planted, "process")


@pytest.mark.parametrize(
    "planted",
    [
        pytest.param(
            planted,
            marks=[pytest.mark.xfail(reason=ESCAPES[planted.name], strict=True)] if planted.name in ESCAPES else [],
        )
        for planted in DEFECTS.values()
        if _chosen(planted)
    ],
    ids=lambda planted: planted.name,
)
def test_a_planted_defect_is_caught(planted):
    row = measure(planted)
    assert row.caught, f"escaped after {row.calls} calls: {planted.sentence}"


def test_inside_the_process_the_server_without_a_defect_is_a_correct_one():
    with in_process(None) as carried:
        runner = Runner(Backend(name="s3", open=carried.open), seed=1, stop_on_first=True)
        results = [runner.run(check) for check in checks().values() if runner.selects(check)]
        assert [(r.check, r.failure or r.reason) for r in results if r.state not in {"pass", "not-applicable"}] == []
        assert runner.clean() == []
        assert carried.requests > 1000


def test_behind_a_socket_the_server_without_a_defect_is_the_one_it_is():
    declared = {entry.signature for entry in load(DECLARED).of("moto-server")}
    subjects = ("paths.", "conditional.", "read.", "batch.")
    with behind_socket(None) as carried:
        runner = Runner(Backend(name="s3", open=carried.open), seed=1, stop_on_first=True)
        chosen = [check for check in checks().values() if runner.selects(check) and check.id.startswith(subjects)]
        results = [runner.run(check) for check in chosen]
        assert {r.state for r in results} <= {"pass", "not-applicable", "fail"}
        assert {r.failure.signature for r in results if r.failure} <= declared
        assert runner.clean() == []


@pytest.mark.parametrize("planted", DEFECTS.values(), ids=DEFECTS.keys())
def test_every_defect_is_described(planted):
    assert planted.trips, "a defect trips a requirement"
    assert set(planted.trips) <= set(requirements()), "which exists"
    assert planted.sentence.endswith(".")
    assert "\n" not in planted.sentence
    assert planted.family in FAMILIES
    assert planted.needs <= set(operations())


def test_no_escape_is_stale():
    assert sorted(set(ESCAPES) - set(DEFECTS)) == []


def test_there_are_as_many_as_promised():
    assert len(DEFECTS) >= 350


def test_one_defect_is_the_same_behind_a_socket():
    planted = DEFECTS["overwrite.keeps_the_tail"]
    behind, inside = measure(planted, carrier="proxy"), measure(planted)
    assert (behind.caught, behind.check, behind.blamed) == (inside.caught, inside.check, inside.blamed)


@pytest.mark.parametrize("name", [name for name in DEFECTS if name.startswith("presigned.signature_")])
def test_who_is_let_in_by_a_signature_is_verified(name):
    row = measure(DEFECTS[name], carrier="proxy")
    assert row.caught, f"escaped after {row.calls} calls: {row.sentence}"
    assert row.blamed in DEFECTS[name].trips


@pytest.mark.parametrize("carrier", [in_process, behind_socket])
def test_clients_of_one_defect_share_what_it_remembers(carrier):
    with carrier(DEFECTS["delete.only_from_listings"]) as carried:
        first, second = carried.open("/a/"), carried.open("/a/")
        first.write("x", io.BytesIO(b"1"), 1)
        second.delete("x")
        assert [o.path for o in first.list("")] == []
        assert first.stat("x").content_length == 1
