"""The examples of harnesses are conformant, and leave nothing behind."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path

import pytest

from backends import BACKENDS, NotInstalled, harnesses
from backends.checking import check
from conformance.adapters.connection import open_backend
from conformance.adapters.harness.channel import HarnessBroken

EXAMPLES = ("go-example", "node-example")


@pytest.fixture(params=EXAMPLES)
def example(request):
    with ExitStack() as stack:
        try:
            yield stack.enter_context(BACKENDS[request.param]())
        except NotInstalled as error:
            pytest.skip(str(error))


def test_an_example_is_conformant(example, tmp_path):
    assert check([example.name], "--results", str(tmp_path / "results.jsonl"), "--quiet") == 0


def test_an_example_ends_with_its_connection(example):
    connection = open_backend(example.connection)
    connection.prepare()
    store = connection.open("/run/1/")
    assert connection.version().startswith("the example in ")
    assert store.write("a", None, 0) == 0
    assert store.stat("a").content_length == 0
    connection.remove_root()
    with pytest.raises(HarnessBroken, match="ended with exit code 0, as it was told to"):
        store.stat("a")


def test_what_go_builds_goes():
    with ExitStack() as stack:
        try:
            started = stack.enter_context(harnesses.start_go())
        except NotInstalled as error:
            pytest.skip(str(error))
        (program,) = shlex.split(started.connection.removeprefix("exec:"))
        assert Path(program).is_file()
    assert not Path(program).parent.exists()


def test_a_missing_toolchain_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotInstalled, match="go is not installed: install Go"), harnesses.start_go():
        pass
    with pytest.raises(NotInstalled, match="node is not installed: install the package nodejs"), harnesses.start_node():
        pass
