"""``python -m backends [NAME]``: start one backend, say how to reach it, and keep it until interrupted."""

from __future__ import annotations

import shlex
import signal
import sys
from contextlib import suppress
from typing import TextIO

from backends import BACKENDS, NotInstalled, ServerFailed


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status: 0, or 2 when there is no such backend or it does not start."""
    if len(arguments) != 1 or arguments[0] not in BACKENDS:
        _say(f"usage: python -m backends NAME, where NAME is one of: {', '.join(BACKENDS)}", sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell that starts us in the background has SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt), BACKENDS[arguments[0]]() as started:
            variables = [f"{name}={shlex.quote(value)}" for name, value in started.environment.items()]
            command = " ".join([*variables, "conformance check", shlex.quote(started.connection)])
            _say(f"{started.version} is running, until Ctrl-C. To check it:\n\n  {command}\n", sys.stdout)
            while True:
                signal.pause()
    except (NotInstalled, ServerFailed) as error:
        _say(str(error), sys.stderr)
        return 2
    return 0


def _say(text: str, to: TextIO) -> None:
    to.write(f"{text}\n")
    to.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
