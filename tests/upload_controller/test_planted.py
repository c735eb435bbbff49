"""Every planted defect is caught and blamed where it is, and every requirement has one."""

from __future__ import annotations

import pytest

from conformance.requirements import requirements
from conformance.upload_controller.checks import checks
from conformance.upload_controller.expect import Broken
from conformance.upload_controller.running import attempt
from tests.upload_controller.planted import PLANTED
from tests.upload_controller.serving import serving

WITHOUT_DEFECT: dict[str, str] = {}
"""Requirements without a planted defect, and why."""


def caught(place, planted):
    """Run the laws of the tripped requirements until one blames somebody; return whom, the requests, and the law."""
    tripped = [
        check
        for check in checks().values()
        if check.missing(place.has) is None and {check.requirement, *check.also} & set(planted.trips)
    ]
    for check in sorted(tripped, key=lambda check: (check.requirement != planted.trips[0], check.id)):
        world, broken = attempt(place, check, 0)
        if isinstance(broken, Broken):
            return broken.requirement or check.requirement, world.used.total(), check.id
        assert broken is None, (check.id, broken)
    return None, 0, ""


@pytest.mark.parametrize("planted", PLANTED.values(), ids=lambda planted: planted.name)
def test_a_planted_defect_is_caught(s3, planted):
    with serving(s3, planted) as place:
        blamed, _, check = caught(place, planted)
    assert blamed is not None, f"escaped: {planted.sentence}"
    assert blamed in planted.trips, (blamed, check)


def test_every_requirement_has_a_planted_defect():
    tripped = {name for planted in PLANTED.values() for name in planted.trips[:1]}
    known = set(requirements("upload-controller"))
    assert {name for planted in PLANTED.values() for name in planted.trips} <= known
    assert sorted(known - tripped - set(WITHOUT_DEFECT)) == []


def test_every_requirement_has_a_check():
    verified = {name for check in checks().values() for name in (check.requirement, *check.also)}
    assert verified == set(requirements("upload-controller"))
