"""A counterexample script shows its defect by itself: with the broken store it ends with 1, with a right one with 0."""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.memory.service import MemoryService
from conformance.engine.backend import Backend
from conformance.engine.expect import Violation, same
from conformance.engine.programs import clients, run
from conformance.engine.script import script
from conformance.engine.workspace import Workspaces
from conformance.storage import Content, ListMode, ObjectMode, Source
from conformance.storage.calls import OUTSIDE, Call, Handle, IdOf, Outcome, PartOf, Step
from conformance.storage.literals import literal

BROKEN = '''
from conformance.adapters.memory.service import Memory, MemoryService

class Keeps(Memory):
    """Completing an upload takes all parts; a delete removes nothing."""

    def delete(self, path, *, object_mode=None, multipart_id=None):
        pass

service = MemoryService()
open_broken = lambda work_dir: Keeps(service, work_dir)
open_right = service.open
'''

PROGRAM = (
    Call("write", ('it\'s "n"', Source(Content(30, 1)), 30), {"user_metadata": {"colour": "red"}}),
    Call("write", ("b", Source(Content.of(b"\x00\xff"), "ragged"), 2), {}, 1),
    Call("write", ("b", Source(Content(3, 1), "raises", at=1), 3)),
    Call("create_multipart", ("b",)),
    Call("write_multipart", (Handle(3), Source(Content(20, 2)), 20, 0), {}, 1),
    Call("create", ("b",), {"multipart_id": IdOf(3)}),
    Call("complete_multipart", (Handle(5), [PartOf(4)])),
    Call("list", ("",), {"list_mode": ListMode.PREFIX}),
    Call("stat", ("b",), {"object_mode": ObjectMode.READ}),
    Call("delete", ("b",)),
)


def printed(program: tuple[Call, ...], *, broken: bool) -> str:
    """Return the script of a program run on the store that deletes nothing, or on the right one."""
    service = MemoryService()
    names: dict[str, object] = {}
    exec(BROKEN, names)
    opener = names["open_broken"] if broken else service.open
    store = opener("/w/")  # type: ignore[operator]
    result = run(program, clients(lambda: store), store.features(), store.metadata().restrictions)
    return script(
        result.steps,
        opener="open_broken" if broken else "open_right",
        imports="from broken import open_broken, open_right",
        requirement="delete.removes",
        expected="ObjectNotExist",
        observed='a "quoted" \x07 observation',
    )


def ended(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run a script beside the module that it imports."""
    (folder / "broken.py").write_text(BROKEN)
    (folder / "counterexample.py").write_text(text)
    command = [sys.executable, "counterexample.py"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_the_script_shows_the_defect_again(tmp_path: Path) -> None:
    program = (*PROGRAM, Call("read", ("b",), {"offset": 1}))
    result = ended(tmp_path, printed(program, broken=True))
    assert result.returncode == 1, result.stderr
    assert "delete.removes does not hold" in result.stderr


def test_the_script_ends_well_where_the_defect_is_gone(tmp_path: Path) -> None:
    program = (*PROGRAM, Call("read", ("b",), {"offset": 1}))
    text = printed(program, broken=True).replace("open_store = open_broken", "open_store = open_right")
    result = ended(tmp_path, text)
    assert result.returncode == 0, result.stderr
    assert "does not show" in result.stdout


LIMITED = '''
from conformance.adapters.memory.service import Memory, MemoryService

class BadValueSize(Exception):
    code = -30781

class Limited(Memory):
    """Keys have a greatest length, and the library's error comes through, with a code of its own."""

    def write(self, path, r, size, **pairs):
        if len(self.metadata().work_dir + path) > 511:
            raise BadValueSize("mdb_put")
        return super().write(path, r, size, **pairs)

service = MemoryService()
open_limited = lambda work_dir: Limited(service, work_dir)
'''


def test_an_error_with_a_code_that_is_not_ours_is_seen_again_at_the_very_limit(tmp_path: Path) -> None:
    (tmp_path / "limited.py").write_text(LIMITED)
    names: dict[str, Any] = {}
    exec(LIMITED, names)
    spaces = Workspaces(Backend(name="limited", open=names["open_limited"]))
    # One character more than there is room for in a work_dir of a run.
    path = "n" * (512 - len(spaces.fresh()))
    store = spaces.open(spaces.fresh())
    program = (Call("write", (path, Source(Content(3, 1)), 3)),)
    result = run(program, clients(lambda: store), store.features(), store.metadata().restrictions)
    assert result.steps[-1].outcome.error == "Foreign"
    text = script(
        result.steps,
        opener="open_limited",
        imports="from limited import open_limited",
        requirement="errors.taxonomy",
        expected="success",
        observed="BadValueSize",
    )
    shown = ended(tmp_path, text)
    assert (shown.returncode, "Foreign (BadValueSize)" in shown.stdout) == (1, True), shown


@pytest.mark.parametrize("client", [0, OUTSIDE])
def test_the_work_dir_of_a_script_is_as_long_as_those_of_a_run(client: int) -> None:
    steps = [Step(Call("read", ("a",), {}, client), Outcome(3, b"abc"))]
    text = script(steps, opener="o", requirement="read.missing", expected="x", observed="y")
    (line,) = [line for line in text.splitlines() if line.startswith("work_dir = ")]
    names: dict[str, Any] = {"uuid": uuid}
    exec(line, names)
    spaces = Workspaces(Backend(name="memory", open=MemoryService().open))
    assert len(names["work_dir"]) == len(spaces.fresh())


def test_the_script_needs_no_engine() -> None:
    text = printed(PROGRAM, broken=True)
    assert "conformance.engine" not in text
    assert "first.write('b'" in text
    assert "second.write_multipart(o4" in text
    compile(text, "counterexample.py", "exec")


def test_steps_that_were_not_made_are_left_out() -> None:
    steps = [
        Step(Call("create_multipart", ("a",)), Outcome(error="Unexpected", error_type="Unexpected")),
        Step(Call("list_multipart", (Handle(0),)), Outcome(error="NotMade", error_type="NotMade")),
        Step(Call("read", ("a",)), Outcome(3, b"abc")),
    ]
    text = script(steps, opener="o", requirement="read.missing", expected="x", observed="y")
    assert "list_multipart" not in text
    assert "before = \"3, b'abc'\"" in text


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Content(5000, 1).data, "Content(5000, 1).data"),
        (Content(5000, 1).data[:-1] + b"\0", "Content(5000, 1).data[:4999] + b'\\x00'"),
        ("n" * 300 + "1", "'n' * 300 + '1'"),
        (b"'\n" * 200, 'b"\'\\n" * 200'),
        ("short", "'short'"),
    ],
)
def test_long_values_are_short_expressions(value: str | bytes, told: str) -> None:
    assert literal(value) == told
    assert eval(told, {"Content": Content}) == value


def test_long_values_that_differ_late_are_told_apart() -> None:
    before = [f"{number:04}" for number in range(500)]
    with pytest.raises(Violation) as found:
        same([*before, "b"], [*before, "a"], "the names")
    assert found.value.expected.endswith("number 501: 'a'")
    assert found.value.observed.endswith("number 501: 'b'")
