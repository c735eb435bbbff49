"""``python -m backends NAME``: start one backend, say how to reach it, and keep it until interrupted.

``python -m backends check NAME…`` starts, checks and ends; see :mod:`backends.checking`.
"""

from __future__ import annotations

import shlex
import signal
import sys
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import TextIO

from backends import BACKENDS, NotInstalled, ServerFailed
from backends.checking import DEVIATIONS, EMBEDDED, check
from conformance.cli.interruption import Interruption
from conformance.problems import meant

USAGE = """\
usage: python -m backends NAME              start it, print how to reach it, keep it until Ctrl-C
       python -m backends check NAME…       start it, hold it to what is declared of it, end it"""


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status: 0, that of a check, or 2 when a backend is unknown or does not start.

    A check that is interrupted, by SIGTERM too, ends its servers first; then it is 130.
    """
    checked = arguments[:1] == ["check"]
    names = list(takewhile(lambda word: not word.startswith("-"), arguments[checked:]))
    known = {*BACKENDS, *EMBEDDED} if checked else BACKENDS.keys()
    if not arguments or {"-h", "--help"} & set(arguments[:2]):
        _say(f"{USAGE}\n\n{_listed()}", sys.stdout)
        return 0
    for name in names:
        if name not in known:
            _say(f"there is no backend {name} (python -m backends lists them){meant(name, sorted(known))}", sys.stderr)
            return 2
    if not names or (not checked and len(arguments) != 1):
        _say(USAGE, sys.stderr)
        return 2
    try:
        if not checked:
            return _keep(names[0])
        with Interruption():
            return check(names, *arguments[1 + len(names) :])
    except (NotInstalled, ServerFailed) as error:
        _say(str(error), sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _keep(name: str) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell that starts us in the background has SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    with suppress(KeyboardInterrupt), BACKENDS[name]() as started:
        variables = [f"{variable}={shlex.quote(value)}" for variable, value in started.environment.items()]
        file = DEVIATIONS / f"{name}.toml"
        shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
        declared = ["--declared", shlex.quote(str(shown))] if file.exists() else []
        target = f"{name}={started.connection}" if declared else started.connection  # declarations go by the name
        command = " ".join([*variables, "conformance check", shlex.quote(target), *declared])
        _say(f"{started.version} is running, until Ctrl-C. To check it:\n\n  {command}\n", sys.stdout)
        while True:
            signal.pause()
    return 0


def _listed() -> str:
    """Return the backends with what their modules say they are."""
    said = {name: (sys.modules[start.__module__].__doc__ or "").partition("\n")[0] for name, start in BACKENDS.items()}
    return "\n".join(f"  {name:25}  {text.replace('``', '')}" for name, text in said.items())


def _say(text: str, to: TextIO) -> None:
    to.write(f"{text}\n")
    to.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
