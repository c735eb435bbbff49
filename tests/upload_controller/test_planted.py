"""Every planted defect is caught and blamed where it is, and every requirement has one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.requirements import requirements
from conformance.upload_controller.attempt import attempt
from conformance.upload_controller.blame import Suspicions
from conformance.upload_controller.checks import checks
from conformance.upload_controller.expect import Broken
from conformance.upload_controller.running import run_check
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
            return Suspicions(place, 0).blamed(check, broken), world.used.total(), check.id
        assert broken is None, (check.id, broken)
    return None, 0, ""


@pytest.mark.parametrize("planted", PLANTED.values(), ids=lambda planted: planted.name)
def test_a_planted_defect_is_caught(s3, planted):
    with serving(s3, planted) as place:
        blamed, _, check = caught(place, planted)
    assert blamed is not None, f"escaped: {planted.sentence}"
    assert blamed in planted.trips, (blamed, check)


def test_a_state_that_the_api_tells_is_asked_for_there(s3):
    """What is no success is a failure of the service, and not an error of the kit."""
    with serving(s3, PLANTED["the_cancelled_are_unknown"]) as place:
        operations = {**place.api.operations, "state": place.hooks.bindings["state"]}
        told = replace(place, api=replace(place.api, operations=operations))
        result = run_check(told, checks()["upload_states.every_state_is_one_of_the_six"], 0)
    assert (result.state, result.failure.requirement) == ("fail", "upload_states.spelling")
    assert result.failure.observed.startswith("404")


@pytest.mark.parametrize(
    ("name", "check", "blamed"),
    [
        # a step that fails everywhere is told of itself, whatever the law was about
        ("FindsNothing", "upload_cancel.cancelling_again_changes_nothing", "upload_find.in_each_state"),
        ("answers_with_a_body", "upload_complete.an_upload_of_all_parts_completes", "upload_complete.completes"),
        # one that fails in the circumstances of a law is told of that law
        (
            "RejectedCloses",
            "upload_create.a_rejected_upload_makes_room_for_another",
            "upload_create.again_after_the_end",
        ),
        ("LargestIsTooLarge", "upload_files.the_pending_upload_is_told_with_its_part_size", "upload_part_size.enough"),
    ],
)
def test_a_failing_step_is_told_of_what_broke_it(s3, name, check, blamed):
    with serving(s3, PLANTED[name]) as place:
        result = run_check(place, checks()[check], 0)
    assert (result.state, result.failure.requirement) == ("fail", blamed)


@pytest.mark.parametrize("name", ["CaseDoesNotCount", "CutsIds"])
def test_the_same_seed_shows_it_again_on_the_same_service(s3, name):
    """What a law registers is new each time: else a second run would find its files closed, and nothing wrong."""
    with serving(s3, PLANTED[name]) as place:
        _, _, check = caught(place, PLANTED[name])
        assert isinstance(attempt(place, checks()[check], 0)[1], Broken)


def test_every_requirement_has_a_planted_defect():
    tripped = {name for planted in PLANTED.values() for name in planted.trips[:1]}
    known = set(requirements("upload-controller"))
    assert {name for planted in PLANTED.values() for name in planted.trips} <= known
    assert sorted(known - tripped - set(WITHOUT_DEFECT)) == []


def test_every_requirement_has_a_check():
    verified = {name for check in checks().values() for name in (check.requirement, *check.also)}
    assert verified == set(requirements("upload-controller"))
