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
SHARES = 6
"""Into how many tests a run of everything is divided, so that they share the processors."""
STORIES = ("upload_programs.every_story_of_a_file_follows_the_table",)
"""What is another with every seed."""
BEYOND_MOTO = {"signatures", "error_fields"}
"""What moto does not do, or the first profile does not say: the laws that need it do not apply there."""


def seeds(few, first=0):
    return range(first, first + int(SEEDS or few))


def share(number):
    """Return the laws of one share of all: neighbours, which take as long, go to different ones."""
    return tuple(checks())[number::SHARES]


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


@pytest.fixture(scope="module")
def database(servers):
    """Return the URL of a PostgreSQL database."""
    pytest.importorskip("psycopg")
    return servers(postgresql.start)


def held(place, seed, only):
    """Run some laws; demand that nobody is accused, and return why laws did not apply."""
    document = run(place, Asked(profile="standard", seed=seed, only=only))
    accused = [
        (result.check, result.reason or (result.failure.what, result.failure.expected, result.failure.observed))
        for result in document.results
        if result.state not in {"pass", "not-applicable"}
    ]
    assert accused == []
    reasons = (result.reason for result in document.results if result.state == "not-applicable")
    return {part for reason in reasons for part in reason.split("; ")}


@pytest.mark.parametrize("number", range(SHARES))
@pytest.mark.parametrize("seed", seeds(1))
def test_our_service_on_sqlite(s3, seed, number):
    with serving(s3) as place:
        assert held(place, seed, share(number)) <= {MISSING[need] for need in {*BEYOND_MOTO, "small_parts"}}


@pytest.mark.parametrize("number", range(SHARES))
@pytest.mark.parametrize("seed", seeds(1, first=1))
def test_our_service_on_postgresql(s3, database, seed, number):
    with serving(s3, database_url=database, part_minimum=1) as place:
        assert held(place, seed, share(number)) <= {MISSING[need] for need in BEYOND_MOTO}


def test_our_service_in_many_stories(s3):
    with serving(s3) as place:
        for seed in seeds(2, first=2):
            assert held(place, seed, STORIES) == set()


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
