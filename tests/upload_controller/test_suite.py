"""The suite never accuses a service that is right: with every seed, on every database, before every kind of store."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from backends import NotInstalled, postgresql, seaweedfs
from backends.upload_controller.config import S3Settings
from conformance.planning import Asked
from conformance.upload_controller.checks import MISSING, checks
from conformance.upload_controller.running import covered, run
from tests.upload_controller.serving import serving

SEEDS = os.environ.get("CONFORMANCE_SEEDS")
"""How many seeds are tried; a few, if that is not said."""
BEYOND_MOTO = {"signatures", "error_fields"}
"""What moto does not do, or the first profile does not say: the laws that need it do not apply there."""


def seeds(few):
    return range(int(SEEDS or few))


@pytest.fixture(scope="module")
def servers():
    """Yield what starts a server that is skipped where it is not installed."""
    with ExitStack() as stack:

        def started(start):
            try:
                return stack.enter_context(start())
            except NotInstalled as error:
                pytest.skip(str(error))

        yield started


def held(place, seed, only=None):
    """Run everything, or ``only`` some laws; demand that nobody is accused, and return why laws did not apply."""
    document = run(place, Asked(profile="standard", seed=seed, only=only))
    accused = [
        (result.check, result.reason or (result.failure.what, result.failure.expected, result.failure.observed))
        for result in document.results
        if result.state not in {"pass", "not-applicable"}
    ]
    assert accused == []
    reasons = (result.reason for result in document.results if result.state == "not-applicable")
    return {part for reason in reasons for part in reason.split("; ")}


@pytest.mark.parametrize("seed", seeds(2))
def test_our_service_on_sqlite(s3, seed):
    with serving(s3) as place:
        assert held(place, seed) == {MISSING[need] for need in {*BEYOND_MOTO, "small_parts"}}


@pytest.mark.parametrize("seed", seeds(1))
def test_our_service_on_postgresql(s3, servers, seed):
    pytest.importorskip("psycopg")
    url = servers(postgresql.start)
    with serving(s3, database_url=url, part_minimum=1) as place:
        assert held(place, seed) == {MISSING[need] for need in BEYOND_MOTO}


@pytest.mark.parametrize("seed", seeds(1))
def test_every_law_applies_somewhere(servers, monkeypatch, seed):
    """What moto leaves out: SeaweedFS verifies signatures, and our service says what its refusals look like.

    Only those laws: a part that is sent again is listed twice by SeaweedFS, so that no controller keeps its promises.
    """
    backend = servers(seaweedfs.start)
    for name, value in backend.environment.items():
        monkeypatch.setenv(name, value)
    endpoint = parse_qs(urlsplit(backend.connection).query)["endpoint"][0]
    access_key, secret_key = backend.environment.values()
    laws = tuple(check.id for check in checks().values() if set(check.needs) & BEYOND_MOTO)
    with serving(S3Settings(endpoint=endpoint, access_key=access_key, secret_key=secret_key)) as place:
        api = replace(place.api, error_fields=("exception_id", "description", "data"))
        assert held(replace(place, api=api, has=place.has | {"error_fields"}), seed, laws) == set()
    assert laws


def test_every_requirement_has_a_law():
    assert covered()
