"""The same programs on two backends: nothing is said of alike ones, and a defect of one of them is shown small."""

from __future__ import annotations

import pytest

from conformance.adapters.memory.service import MemoryService
from conformance.engine.differential import Side, compare
from conformance.engine.programs import Perform, clients
from conformance.storage import Storage
from tests.defects import DEFECTS, wrap


def side(name: str, defect: str = "") -> Side:
    """Return a memory of its own, with a planted defect where one is named."""

    def begin() -> Perform:
        service = MemoryService()
        opener = wrap(service.open, DEFECTS[defect]) if defect else service.open
        return clients(lambda: opener("/"))

    store: Storage = MemoryService().open("/")
    return Side(name, store.features(), store.metadata().restrictions, begin)


def test_two_alike_do_not_differ() -> None:
    assert compare(side("one"), side("other"), programs=40, seed=1) is None


@pytest.mark.parametrize(
    ("defect", "blamed"),
    [
        ("third_write_lost", {"write.stores", "completeness.write"}),
        ("append_object_remembers_its_predecessor", {"append.write", "completeness.create_append"}),
    ],
)
def test_a_defect_of_one_is_shown_on_both(defect: str, blamed: set[str]) -> None:
    found = compare(side("right"), side("broken", defect), programs=100, seed=1)
    assert found is not None
    assert found.wrong == "broken"
    assert found.divergence.requirement in blamed
    right, broken = found.steps
    assert [step.call for step in right] == [step.call for step in broken]
    assert len(broken) == found.divergence.step + 1 <= 6
    assert right[-1].outcome.brief() != broken[-1].outcome.brief()
