"""``python -m backends [NAME]``: start one backend, say how to reach it, and keep it until interrupted."""

from __future__ import annotations

import shlex
import signal
import sys
from contextlib import suppress

from backends import BACKENDS, NotInstalled, ServerFailed


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status: 0, or 2 when there is no such backend or it does not start."""
    if len(arguments) != 1 or arguments[0] not in BACKENDS:
        print(f"usage: python -m backends NAME, where NAME is one of: {', '.join(BACKENDS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        try:
            with BACKENDS[arguments[0]]() as started:
                variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in started.environment.items())
                print(f"{started.version} is running; check it from another terminal, end it with Ctrl-C:", flush=True)
                print(f"  {variables} conformance check {shlex.quote(started.connection)}".replace("   ", "  "), flush=True)
                while True:
                    signal.pause()
        except (NotInstalled, ServerFailed) as error:
            print(error, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
