"""What profiles cost: the ceilings that they promise hold on a backend with every interface."""

from __future__ import annotations

import pytest

from conformance.adapters.memory.service import Memory, MemoryService
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.profiles import PROFILES, ProfileName
from conformance.engine.runner import Runner


@pytest.mark.parametrize("profile", ["smoke", "standard"])
def test_a_profile_stays_within_its_calls(profile: ProfileName):
    service = MemoryService()
    runner = Runner(Backend(name="memory", open=lambda work_dir: Memory(service, work_dir)), profile=profile)
    for check in checks().values():
        if runner.selects(check):
            runner.run(check)
    ceiling = PROFILES[profile].calls
    assert ceiling is not None
    assert ceiling / 4 < runner.calls <= ceiling
