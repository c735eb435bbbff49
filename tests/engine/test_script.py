"""A counterexample script shows its defect by itself: with the broken store it ends with 1, with a right one with 0."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.adapters.memory.service import MemoryService
from conformance.engine.expect import Violation, same
from conformance.engine.programs import clients, run
from conformance.engine.script import script
from conformance.storage import Content, ListMode, ObjectMode, Source
from conformance.storage.calls import Call, Handle, IdOf, Outcome, PartOf, Step
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
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


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
