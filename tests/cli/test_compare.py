"""``conformance compare``: what it says of two alike stores, and of two that are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def compare(*arguments: str, expect: int, place: Path | None = None) -> str:
    """Run the verb and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "conformance.cli", "compare", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=place,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_two_of_a_kind_do_the_same() -> None:
    assert "memory and memory (other) do the same in 4 programs (seed 3)" in compare(
        "memory", "memory", "--programs", "4", "--seed", "3", expect=0
    )


def test_a_store_that_loses_writes_is_shown(tmp_path: Path) -> None:
    (tmp_path / "losing.py").write_text(
        "from conformance.adapters.memory.service import Memory, MemoryService\n"
        "service = MemoryService()\n"
        "class Losing(Memory):\n"
        "    def delete(self, path, *, object_mode=None, multipart_id=None, if_match=None):\n"
        "        if multipart_id is not None:\n"
        "            super().delete(path, multipart_id=multipart_id)\n"
        "def open_store(work_dir):\n"
        "    return Losing(service, work_dir)\n"
    )
    told = compare("memory", "losing:open_store", expect=1, place=tmp_path)
    assert "leaves the specification: delete.removes" in told
    assert "expected" in told


def test_a_backend_that_is_none_is_said_so() -> None:
    assert "nosuch" in compare("memory", "nosuch", expect=2)
