"""The processes of one attempt to start a backend, with what they share: a directory, ports, a log, an environment.

Each is a child in a group of its own, dies with the thread that started it (Linux), and is ended by its process id.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

START_SECONDS = 60.0
STOP_SECONDS = 3.0
LOG_TAIL = 2000

_PR_SET_PDEATHSIG = 1
_libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None


class ServerFailed(Exception):
    """A server ended or did not answer in time; the text ends with the tail of its log."""


class Processes:
    """What a backend consists of while it runs; at the end of its block all are ended and the directory is removed."""

    def __init__(self, name: str, ports: Sequence[int], environment: Mapping[str, str]) -> None:
        """Make the directory.

        Args:
            name: what to call the backend in messages.
            ports: what was chosen for it, all on loopback.
            environment: variables for its processes, besides ours without AWS settings and proxies. Its home is the
                directory too, so that what some servers keep there (JuiceFS ``.minio``) goes with it.

        """
        self.name = name
        self.ports = ports
        self.directory = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self.log = self.directory / "server.log"
        inherited = {name: value for name, value in os.environ.items() if not _ours(name)}
        self._environment = {**inherited, "HOME": str(self.directory), **environment}
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._running[::-1])
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(self, *command: str | Path, statuses: Sequence[int] = (0,)) -> str:
        """Run a preparatory command to its end and return what it prints.

        Raises:
            ServerFailed: it ended with another status than ``statuses``, or not in time.

        """
        try:
            ended = subprocess.run(  # noqa: S603 - the command is ours
                [str(word) for word in command],
                cwd=self.directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=START_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"{self.name}: {_program(command)} did not end") from None
        said = ended.stdout.decode(errors="replace")
        if ended.returncode not in statuses:
            raise ServerFailed(f"{self.name}: {_program(command)} ended with {ended.returncode}: {said[-LOG_TAIL:]}")
        return said

    def spawn(self, *command: str | Path) -> None:
        """Start a process that stays; it writes to the common log."""
        with self.log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - the command is ours
                [str(word) for word in command],
                cwd=self.directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if _libc else None,  # noqa: PLW1509 - one C call, nothing that could lock
            )
        self._running.append(process)

    def wait(self, ready: Callable[[], bool]) -> None:
        """Wait until ``ready`` tells, by asking the servers, that they serve.

        Raises:
            ServerFailed: it does not in time, or a process ended, which is then no longer one of them: a start that
                knows why may go on with another.

        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            # asked first: should one have ended, then somebody else's server may have answered on our port
            told = ready()
            for process in self._running:
                if process.poll() is not None:
                    self._running.remove(process)
                    raise self._failed(f"{_program(process.args)} ended with {process.returncode}")
            if told:
                return
            time.sleep(0.05)
        raise self._failed("no answer")

    def _failed(self, how: str) -> ServerFailed:
        tail = self.log.read_bytes()[-LOG_TAIL:].decode(errors="replace")
        return ServerFailed(f"{self.name}: {how}; its log ends:\n{tail}")


def _ours(variable: str) -> bool:
    return variable.startswith("AWS_") or variable.lower().endswith("_proxy")


def _program(command: Any) -> str:
    return Path(command[0]).name


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the group that each leads; the data are disposable, so the slow ones are killed."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        _signal(process, signal.SIGKILL)
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)
