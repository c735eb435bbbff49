"""The Dropbox simulator of this project, which the official SDK talks to; it is not Dropbox."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started, answers, running

if TYPE_CHECKING:
    from collections.abc import Generator

TOKEN = "simulated"  # noqa: S105 - it opens nothing but the simulator


@contextmanager
def start() -> Generator[Started]:
    """Start the simulator and yield it.

    Raises:
        NotInstalled: the SDK is missing.
        ServerFailed: it did not start.

    """
    try:
        sdk = version("dropbox")
    except PackageNotFoundError:
        raise NotInstalled("the Dropbox SDK is not installed: pip install dropbox") from None
    with running(
        "dropbox-simulator",
        lambda _, ports: (
            *(sys.executable, "-m", "backends.dropbox_simulator"),
            *("--port", str(ports[0]), "--token", TOKEN),
        ),
        ports=1,
        ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/", 404),
        environment={"PYTHONPATH": str(Path(__file__).parents[1])},
    ) as (ports, log):
        yield Started(
            name="dropbox",
            connection=f"dropbox:///conformance?endpoint=http://127.0.0.1:{ports[0]}&create=true",
            version=f"Dropbox simulator of this project, not Dropbox, with SDK {sdk}",
            environment={"DROPBOX_ACCESS_TOKEN": TOKEN},
            log=log,
        )
