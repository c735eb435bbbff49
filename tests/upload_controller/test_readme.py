"""The commands of the README about upload controllers, as they stand there, on a port that is free."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backends.server import answers, free_ports

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"<!-- tested: (controller|upload) -->\n```console\n(.*?)```", re.DOTALL)
COMMANDS = {"python": [sys.executable], "conformance": [sys.executable, "-m", "conformance.cli"], "curl": ["curl"]}
ONLY = ["--only", "upload_find", "--report", "/dev/null"]


def command(line, port):
    """Return a line of the README as a command of this environment; a check is shortened."""
    name, *words = shlex.split(line.replace("8000", str(port)))
    return [*COMMANDS[name], *words, *(ONLY if words[0] == "check" else [])]


def test_the_service_without_its_requirements(tmp_path):
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError(name='uvicorn')")
    done = subprocess.run(
        [sys.executable, "-m", "backends.upload_controller"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = "uvicorn is not installed: pip install -r backends/upload_controller/requirements.txt\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_the_commands_of_the_readme(tmp_path):
    blocks = dict(BLOCK.findall((ROOT / "README.md").read_text("utf-8")))
    (port,) = free_ports(1)
    (tmp_path / "README.md").write_bytes(b"content")
    with subprocess.Popen(command(blocks["controller"], port), cwd=ROOT, stdout=subprocess.PIPE, text=True) as service:
        try:
            while not answers(f"http://127.0.0.1:{port}/health", 200):
                assert service.poll() is None
            said = [
                subprocess.run(
                    command(line, port), cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
                ).stdout
                for line in blocks["upload"].splitlines()
            ]
        finally:
            service.terminate()
    assert "✓ upload-controller: conformant to all " in said[0]
    assert said[-1] == "readme: 7 bytes in 1 part uploaded\n"
