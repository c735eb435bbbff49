"""The examples of harnesses, in Go and in Node.js: a storage in another language that is checked through ``exec:``."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import NotInstalled, ServerFailed, Started

if TYPE_CHECKING:
    from collections.abc import Generator

HERE = Path(__file__).parent
BUILD_SECONDS = 300


@contextmanager
def start_go() -> Generator[Started]:
    """Build the harness in ``go/`` and yield it; the kit starts it.

    Raises:
        NotInstalled: there is no Go.
        ServerFailed: it cannot be built, with an older Go for one.

    """
    go = _program("go", "install Go 1.23 or newer")
    with tempfile.TemporaryDirectory(prefix="harness-go-") as directory:
        program = Path(directory) / "harness"
        _said(go, "build", "-C", str(HERE / "go"), "-o", str(program), ".")
        version = _said(go, "env", "GOVERSION").removeprefix("go")
        yield Started(name="go-example", connection=f"exec:{shlex.quote(str(program))}", version=f"Go {version}")


@contextmanager
def start_node() -> Generator[Started]:
    """Yield the harness in ``node/``; the kit starts it.

    Raises:
        NotInstalled: there is no Node.js.
        ServerFailed: it cannot be started.

    """
    node = _program("node", "install the package nodejs of your system")
    version = _said(node, "--version").removeprefix("v")
    command = shlex.join([node, str(HERE / "node" / "main.mjs")])
    yield Started(name="node-example", connection=f"exec:{command}", version=f"Node.js {version}")


def _program(name: str, how: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise NotInstalled(f"{name} is not installed: {how}")
    return path


def _said(*command: str) -> str:
    """Return what a command writes."""
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_SECONDS)  # noqa: S603 - ours
    if ran.returncode:
        raise ServerFailed(f"{shlex.join(command)} ended with {ran.returncode}:\n{ran.stderr}")
    return ran.stdout.strip()
