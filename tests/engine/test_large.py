"""Large objects pass through in constant memory, and every byte of them is compared."""

from __future__ import annotations

import io
import tracemalloc
from dataclasses import replace

import pytest

from conformance.adapters.fs.storage import FileSystem
from conformance.adapters.memory.service import MemoryService
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner
from conformance.storage import Restrictions
from conformance.storage.large import BLOCK, Large, read_large, write_large

MIB = 1024 * 1024
SIZE = 300 * MIB + 5
PEAK = 16 * MIB


def test_the_law_holds_on_a_file_system_in_constant_memory(tmp_path):
    class Roomy(FileSystem):
        declared = replace(FileSystem.declared, large_objects=True)

        def metadata(self):
            return replace(super().metadata(), restrictions=Restrictions(write_size_maximum=SIZE))

    runner = Runner(Backend(name="roomy", open=lambda work_dir: Roomy(tmp_path, work_dir)), profile="deep")
    tracemalloc.start()
    result = runner.run(checks()["large.a_large_object_is_stored_whole"])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.state == "pass", result.failure or result.reason
    assert peak < PEAK
    assert runner.clean() == []


def test_who_does_not_declare_them_is_not_asked():
    runner = Runner(Backend(name="memory", open=MemoryService().open), profile="deep")
    assert runner.run(checks()["large.a_large_object_is_stored_whole"]).state == "not-applicable"


@pytest.mark.parametrize("piece", [1000, BLOCK - 1, BLOCK, 3 * BLOCK, -1])
def test_the_bytes_do_not_depend_on_how_they_are_read(piece):
    size = 2 * BLOCK + 77
    whole = Large(size, 1).read()
    reader = Large(size, 1)
    assert b"".join(iter(lambda: reader.read(piece), b"")) == whole
    assert len(whole) == size
    assert whole[:BLOCK] != whole[BLOCK : 2 * BLOCK]
    assert Large(size, 2).read(BLOCK) != whole[:BLOCK]


@pytest.mark.parametrize(
    ("spoilt", "differs"),
    [
        (lambda d: d, None),
        (lambda d: d[:-1] + b"x", 2 * BLOCK),
        (lambda d: d[BLOCK : 2 * BLOCK] + d[:BLOCK] + d[2 * BLOCK :], 0),
        (lambda d: d + b"more", 2 * BLOCK + 9),
        (lambda d: d[:-1], None),
    ],
)
def test_a_difference_is_found_in_its_block(spoilt, differs):
    store = MemoryService().open("/w/")
    size = 2 * BLOCK + 9
    assert write_large(store, "a", size, 1) == size
    data = spoilt(Large(size, 1).read())
    store.write("a", io.BytesIO(data), len(data))
    told = read_large(store, "a", size, 1)
    assert (told.returned, told.delivered) == (len(data), len(data))
    assert told.differs is None if differs is None else told.differs // BLOCK == differs // BLOCK
