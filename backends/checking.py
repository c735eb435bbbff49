"""One of our backends held to what ``deviations/`` declares of it: started, checked under its name, and ended.

``python -m backends check NAME…`` is for the command line; options of ``conformance check`` may follow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from backends import BACKENDS, Started

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

DEVIATIONS = Path(__file__).parent / "deviations"
EMBEDDED = ("memory", "fs", "moto")


def check(names: Collection[str], *options: str) -> int:
    """Check backends by name, with ``options`` of ``conformance check``; return the exit status of that command.

    Raises:
        NotInstalled: a server is not installed.
        ServerFailed: a server does not start.

    """
    with ExitStack() as stack:
        return held(names, [stack.enter_context(BACKENDS[name]()) for name in names if name not in EMBEDDED], *options)


def held(names: Iterable[str], running: Iterable[Started], *options: str) -> int:
    """Check backends of which those that need a server are ``running``; return the exit status as :func:`check`.

    An interruption ends the command, which tidies up first.
    """
    environment, lines = dict(os.environ), ["[tool.conformance.backends]"]
    for started in running:
        environment.update(started.environment)
        lines.append(f"{started.name} = {json.dumps(started.connection)}")
    with tempfile.TemporaryDirectory(prefix="conformance-check-") as folder:
        (Path(folder) / "pyproject.toml").write_text("\n".join(lines) + "\n", "utf-8")
        command = [sys.executable, "-m", "conformance.cli", "check", *names, "--declared", str(DEVIATIONS), *options]
        with subprocess.Popen(command, cwd=folder, env=environment) as process:  # noqa: S603 - our command
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.terminate()  # what a terminal sends it has heard already, and hears no more
                process.wait()
                raise
