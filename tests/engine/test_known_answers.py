"""An answer that is declared to tell something else hides nothing that is checked beside it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from conformance.adapters.memory.service import Memory, MemoryService
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner

LAW = "multipart_complete.parts_of_equal_content_count_each"
PROGRAMS = "programs.programs_over_uploads"
OWN = "answers.a_completion_tells_of_the_new_object"
# which of two answers is wrong nobody knows: the blame is on the later one
KNOWN = (
    "answers.complete_multipart: complete_multipart answers",
    "answers.read: read answers",
    "list.agrees_with_stat: list answers",
)


class TellsAnotherEtag(Memory):
    """Its completions tell an etag that the object does not have."""

    def complete_multipart(self, o, parts, **pairs):
        return replace(super().complete_multipart(o, parts, **pairs), etag='"another"')


class LosesBytes(TellsAnotherEtag):
    """Its completions are empty besides."""

    def complete_multipart(self, o, parts, **pairs):
        answer = super().complete_multipart(o, parts, **pairs)
        self.write(o.path, io.BytesIO(), 0)
        return replace(answer, etag='"another"')


def run(kind, check, *known):
    service = MemoryService()
    runner = Runner(Backend(name="m", open=lambda work_dir: kind(service, work_dir)), known=known)
    return runner.run(checks()[check])


@pytest.mark.parametrize("check", [LAW, PROGRAMS])
def test_a_declared_answer_fails_its_own_checks_alone(check):
    assert run(TellsAnotherEtag, check).failure.signature in KNOWN
    assert run(TellsAnotherEtag, check, *KNOWN).state == "pass"
    assert run(TellsAnotherEtag, OWN, *KNOWN).state == "fail"


@pytest.mark.parametrize("check", [LAW, PROGRAMS])
def test_what_is_wrong_besides_is_found(check):
    assert run(LosesBytes, check, *KNOWN).state == "fail"
