"""What a recorder keeps."""

from __future__ import annotations

import tracemalloc

import pytest

from conformance.adapters.memory.service import MemoryService
from conformance.engine.recorder import Recorder, Trace

MIB = 1024 * 1024


class BreaksOff:
    """A storage of which every read ends with an error behind a mebibyte."""

    def __init__(self):
        self._storage = MemoryService().open("/w/")

    def __getattr__(self, name):
        return getattr(self._storage, name)

    def read(self, path, w, **pairs):
        piece = bytes(MIB)
        w.write(piece)
        raise ConnectionResetError(path)


def test_the_bytes_among_which_an_error_was_raised_are_not_kept():
    store = Recorder(BreaksOff(), Trace())
    tracemalloc.start()
    try:
        for _ in range(10):
            with pytest.raises(ConnectionResetError):
                store.read("a")
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < MIB


def test_where_an_error_was_raised_is_kept():
    trace = Trace()
    with pytest.raises(ConnectionResetError):
        Recorder(BreaksOff(), trace).read("a")
    (step,) = trace.steps
    assert "test_recorder.py" in step.outcome.message
