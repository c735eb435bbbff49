"""Operations that are left in the middle are calls like any others: recorded, stored, replayed, printed."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from conformance.adapters.memory.service import MemoryService
from conformance.engine.recorder import Recorder, Trace
from conformance.engine.script import script
from conformance.storage import Content, ListMode, ObjectNotExist, Storage
from conformance.storage.calls import Call, RestOf, perform
from conformance.storage.interleaved import read_begin


@pytest.fixture
def store():
    return Recorder(MemoryService().open("/w/"), Trace())


def replayed(steps):
    storage, results = MemoryService().open("/w/"), []
    for step in steps:
        call = Call.from_json(step.call.to_json())
        assert call == step.call
        outcome = perform(call, storage, results)
        results.append(outcome.value)
        yield outcome


def test_a_listing_that_was_left_goes_on(store):
    for name in "abcd":
        store.write(name, b"x")
    left = store.list_begin("", 2, list_mode=ListMode.PREFIX)
    store.delete("a")
    store.delete("d")
    rest = store.list_rest(left)
    assert [[o.path for o in objects] for objects in (left.seen, rest)] == [["a", "b"], ["c", "d"]]
    assert store.trace.steps[-1].call == Call("list_rest", (RestOf(4),))
    *_, last = replayed(store.trace.steps)
    assert [o.path for o in last.value] == ["c", "d"]


def test_a_read_that_was_left_goes_on(store):
    content = Content(300_000, 1)
    store.write("a", content)
    left = store.read_begin("a", 10)
    store.write("a", b"other")
    assert store.read_rest(left) == content.data
    assert store.trace.steps[-1].outcome.value == content.size
    *_, last = replayed(store.trace.steps)
    assert (last.value, last.data) == (content.size, content.data)


def test_a_read_that_ends_before_it_is_left(store):
    store.write("a", b"short")
    assert store.read_rest(store.read_begin("a", 10)) == b"short"
    with pytest.raises(ObjectNotExist):
        store.read_rest(store.read_begin("missing", 10))


def test_a_read_that_nobody_goes_on_with_ends_by_itself(monkeypatch):
    monkeypatch.setattr("conformance.storage.interleaved.PATIENCE", 0.05)

    class Slow(Storage):
        ended = False

        def read(self, path, w, **_):
            w.write(b"first")
            w.write(b"second")
            type(self).ended = True
            return 11

    left = read_begin(Slow(), "a", 1)
    left._thread.join(5)
    assert Slow.ended
    assert left.rest() == (11, b"firstsecond")


def test_the_script_leaves_and_goes_on(store, tmp_path):
    store.write("a", Content(100, 1))
    left = store.list_begin("", 0)
    store.write("b", b"x")
    read = store.read_begin("a", 1)
    store.list_rest(left)
    store.read_rest(read)
    text = script(
        store.trace.steps,
        opener="conformance.adapters.memory.service.MemoryService().open",
        imports="import conformance.adapters.memory.service",
        requirement="interleaved.read",
        expected="something else",
        observed="this",
    )
    file = tmp_path / "counterexample.py"
    file.write_text(text, "utf-8")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "interleaved.read does not hold" in done.stderr


def test_bytes_are_collected_like_any_read(store):
    store.write("a", b"0123456789")
    sink = io.BytesIO()
    assert store.storage.read("a", sink, offset=2) == 8
    assert store.read_rest(store.read_begin("a", 1, offset=2)) == sink.getvalue()
