"""Every requirement has a planted defect that trips it, and every defect trips a requirement that exists."""

from __future__ import annotations

import pytest

from conformance.requirements import requirements
from conformance.storage import operations

from . import DEFECTS, FAMILIES
from .http import DEFECTS as OF_HTTP

_NOT_OURS = "who answers a signed request is no storage of ours: a defect of HTTP trips it"
_NO_MD5 = "no storage of ours has etags made as Amazon makes them: a defect of HTTP trips it"
WITHOUT_DEFECT: dict[str, str] = {
    "checksum.etag_is_md5": _NO_MD5,
    "checksum.etag_of_parts": _NO_MD5,
    "reach.expires": "no storage of ours lets signed requests expire: a defect of HTTP trips it",
    "reach.only_signed": "no storage of ours verifies signatures: a defect of HTTP trips it",
    "reach.unsigned": _NOT_OURS,
    "reach.write_once": _NOT_OURS,
    "reach.write_type": _NOT_OURS,
    "reach.write_whole": _NOT_OURS,
}
"""Requirements that no defect here can trip, each with the reason."""

TRIPPED = {identifier for planted in DEFECTS.values() for identifier in planted.trips}


def test_every_requirement_has_a_defect():
    assert sorted(set(requirements()) - TRIPPED - set(WITHOUT_DEFECT)) == []


def test_what_no_defect_here_can_trip_one_of_http_does():
    assert (
        sorted(set(WITHOUT_DEFECT) - {identifier for planted in OF_HTTP.values() for identifier in planted.trips}) == []
    )


def test_no_exception_is_stale():
    assert sorted(set(WITHOUT_DEFECT) & TRIPPED) == []
    assert sorted(set(WITHOUT_DEFECT) - set(requirements())) == []


@pytest.mark.parametrize("planted", DEFECTS.values(), ids=DEFECTS.keys())
def test_every_defect_is_described(planted):
    assert set(planted.trips) <= set(requirements()), "a defect trips requirements that exist"
    assert planted.trips
    assert len(set(planted.trips)) == len(planted.trips)
    assert planted.sentence.endswith(".")
    assert "\n" not in planted.sentence
    assert planted.family in FAMILIES
    assert set(planted.on) <= {"memory", "fs", "moto", "memory-offset", "flat", "moto-server"}
    assert planted.needs <= set(operations())


def test_there_are_as_many_as_promised():
    assert len(DEFECTS) >= 110
