"""The process of a harness: in a group of its own that ends with it and with the kit, its stderr kept."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from conformance.storage import ConnectionStringInvalid

ENDING_SECONDS = 2.0
"""How long a harness may take to end after its stdin was closed, and again after SIGTERM."""
TAIL = 1000
"""Bytes of stderr that are kept."""
GUARD = ("/bin/sh", "-c", 'read -r told || kill -s KILL -- "-$1"', "guard of a harness")
"""Waits until it is told that a group has ended; kills it where whoever was to tell it is gone, SIGKILL or not."""


class Process:
    """A running harness.

    Raises:
        ConnectionStringInvalid: it cannot be started.

    """

    def __init__(self, command: Sequence[str]) -> None:
        pipe = subprocess.PIPE
        try:
            self._popen = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)  # noqa: S603 - the operator names it
        except OSError as error:
            raise ConnectionStringInvalid(f"{command[0]} cannot be started: {error.strerror}") from None
        self._guard = subprocess.Popen((*GUARD, str(self._popen.pid)), stdin=pipe, start_new_session=True)  # noqa: S603 - no word of it is a stranger's
        self._lock = threading.Lock()
        self._tail = b""
        self._drain = threading.Thread(target=self._keep_stderr, name="stderr of a harness", daemon=True)
        self._drain.start()

    @property
    def stdin(self) -> IO[bytes]:
        """Where requests are written."""
        return _there(self._popen.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        """Where answers are read."""
        return _there(self._popen.stdout)

    def stderr(self) -> str:
        """Return what stderr ends with, on one line; ``""`` when nothing was written."""
        lines = self._tail.decode(errors="replace").splitlines()
        return " | ".join(line.strip() for line in lines if line.strip())

    def ended(self, seconds: float) -> bool:
        """Tell whether it ends by itself within so many seconds."""
        deadline = time.monotonic() + seconds
        # looked at and not waited for, so that its number, which is that of its group, stays its own
        looking = os.WEXITED | os.WNOHANG | os.WNOWAIT
        with suppress(ChildProcessError):  # another thread has waited for it
            while os.waitid(os.P_PID, self._popen.pid, looking) is None:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.005)
        return True

    def end(self, *, kill: bool = False) -> str:
        """End the process and whatever it has started, and return how it ended, in words.

        Its stdin is closed, which is how a harness is told to end; SIGTERM and SIGKILL follow where it does not.
        ``kill`` leaves out all but the last. Ending again changes nothing.
        """
        with self._lock:
            if self._popen.returncode is None:
                self._finish(kill=kill)
            code = self._popen.returncode or 0
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def _finish(self, *, kill: bool) -> None:
        if not kill:
            self._close_stdin()
            if not self.ended(ENDING_SECONDS):
                self._signal(signal.SIGTERM)
                self.ended(ENDING_SECONDS)
        self._signal(signal.SIGKILL)  # a dead one too: what it has started may be alive
        self._guard.communicate(b"\n")  # before the wait: its number may be somebody else's afterwards
        self._popen.wait()
        self._close_stdin()
        self._drain.join(ENDING_SECONDS)  # no longer: a daemon that has left the group may hold the other end

    def _close_stdin(self) -> None:
        with suppress(OSError):  # what could not be written any more
            self.stdin.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, number)

    def _keep_stderr(self) -> None:
        with _there(self._popen.stderr) as stream:
            while written := os.read(stream.fileno(), 65536):
                self._tail = (self._tail + written)[-TAIL:]


def _there(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise TypeError("a stream that was asked for")
    return stream
