"""How a real server is started for a run: on loopback, on ports of our choosing, and never outliving us.

A server is a child process in a group of its own. It writes to a log in a temporary directory, is ready when it answers
its own protocol, dies with the thread that started it (Linux), and is ended by its own process id.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
STOP_SECONDS = 3.0
ATTEMPTS = 3
LOG_TAIL = 2000
CREDENTIALS: Mapping[str, str] = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testtest"}
"""What every S3 server here accepts, for the environment of its clients."""

_PR_SET_PDEATHSIG = 1
_libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None


class NotInstalled(Exception):
    """The package that brings a server is missing; the text says how to install it."""


class ServerFailed(Exception):
    """A server ended or did not answer in time; the text ends with the tail of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A backend that can be checked now: how to reach it and what it is."""

    name: str
    connection: str
    """Connection string for ``conformance check``."""
    version: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Variables that a client needs, credentials above all."""
    log: Path | None = None
    """What the server writes, while it runs."""


Command = Callable[[Path, Sequence[int]], Sequence[str]]
"""Makes the command line of a server from its directory and the ports chosen for it."""
Ready = Callable[[Sequence[int]], bool]
"""Tells, by asking the server on its ports, whether it serves."""


def script(name: str, package: str) -> str:
    """Return the path of a program that ``package`` installs beside this interpreter.

    Only there: a program of that name in ``PATH`` may be of another version, or another program.

    Raises:
        NotInstalled: there is none.

    """
    path = shutil.which(name, path=sysconfig.get_path("scripts"))
    if path is None:
        raise NotInstalled(f"{name} is not installed: pip install {package}")
    return path


@contextmanager
def running(
    name: str,
    command: Command,
    *,
    ports: int,
    ready: Ready,
    environment: Mapping[str, str] | None = None,
) -> Generator[tuple[Sequence[int], Path]]:
    """Run a server and yield its ports and its log; the first port is the one that clients use.

    A port may be taken by somebody else between choosing and using it: then the start is tried again with others.

    Args:
        name: what to call it in messages.
        command: makes the command line.
        ports: how many ports it needs.
        ready: tells whether it serves.
        environment: variables for the server, besides ours without AWS settings and proxies.

    Raises:
        ServerFailed: it did not become ready in any of three attempts.

    """
    for attempt in range(1, ATTEMPTS + 1):
        with ExitStack() as stack:
            temporary = tempfile.TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True)
            directory = Path(stack.enter_context(temporary))
            chosen = free_ports(ports)
            log = directory / "server.log"
            process = stack.enter_context(_process(command(directory, chosen), directory, log, environment or {}))
            if _becomes_ready(process, chosen, ready):
                yield chosen, log
                return
            if attempt == ATTEMPTS:
                ended = process.poll()
                how = "did not answer" if ended is None else f"ended with {ended}"
                tail = log.read_bytes()[-LOG_TAIL:].decode(errors="replace")
                raise ServerFailed(f"{name} {how}; its log ends:\n{tail}")


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody listens on; held together while choosing, so that they differ."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def answers(url: str, *statuses: int) -> bool:
    """Tell whether a GET of ``url`` is answered with one of ``statuses``."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return answer.status in statuses
    except urllib.error.HTTPError as error:
        return error.code in statuses
    except (OSError, ValueError):
        return False


def _becomes_ready(process: subprocess.Popen[bytes], ports: Sequence[int], ready: Ready) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if ready(ports):
            return process.poll() is None  # else somebody else's server answered on our port
        time.sleep(0.05)
    return False


@contextmanager
def _process(
    command: Sequence[str], directory: Path, log: Path, environment: Mapping[str, str]
) -> Generator[subprocess.Popen[bytes]]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            cwd=directory,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if _libc else None,  # noqa: PLW1509 - one C call, nothing that could lock
        )
    try:
        yield process
    finally:
        _end(process)


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the group that ``process`` leads; the data are disposable, so a slow one is killed."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
