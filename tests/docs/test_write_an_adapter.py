"""The page that tells how to write an adapter, executed from its first block to its last."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "write-an-adapter.md"
BLOCK = re.compile(r"^(?:<!-- (?P<what>[^\n]*) -->\n)?```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_runs_from_its_first_block_to_its_last(tmp_path):
    blocks = list(BLOCK.finditer(PAGE.read_text("utf-8")))
    assert len(blocks) > 25
    said, ran = "", 0
    for block in blocks:
        what, _, name = (block["what"] or "").partition(": ")
        if what == "file":
            (tmp_path / name).write_text(block["text"], "utf-8")
        elif what == "add":
            file = tmp_path / name
            file.write_text(with_members(file.read_text("utf-8"), block["text"]), "utf-8")
        elif what == "run":
            said = run(block["text"], int(name), tmp_path)
            ran += 1
        else:
            assert what == "said", f"a block that nobody executes: {block['text']}"
            printed = " ".join(said.split())
            for line in block["text"].splitlines():
                assert " ".join(line.split()) in printed, (line, said)
    assert ran > 12


def with_members(source: str, members: str) -> str:
    """Return a module in whose last class the members stand, instead of those of the same name."""
    lines = source.splitlines()
    owner = ast.parse(source).body[-1]
    new = ast.parse("class Members:\n" + members).body[0]
    assert isinstance(owner, ast.ClassDef)
    assert isinstance(new, ast.ClassDef)
    names = {called(member) for member in new.body}
    for old in reversed(owner.body):
        if called(old) in names:
            del lines[old.lineno - 1 : old.end_lineno]
    return "\n".join(lines).rstrip() + "\n\n" + members


def called(member: ast.stmt) -> str:
    if isinstance(member, ast.FunctionDef):
        return member.name
    return ast.unparse(member.targets[0]) if isinstance(member, ast.Assign) else ""


def run(command: str, code: int, folder: Path) -> str:
    words = shlex.split(command)
    module = {"conformance": "conformance.cli", "pytest": "pytest"}[words[0]]
    # bytes compiled within the second in which a file changes would be taken for those of the change
    ours = ("PYTEST", "CONFORMANCE", "COV")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, "-m", module, *words[1:]],
        cwd=folder,
        env={**clean, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"{command}{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout
