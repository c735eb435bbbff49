"""A verb in a process of its own, so that a backend that ends the process cannot pass for one that did well."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click

COULD_NOT = 2


def apart(run: Callable[[], int]) -> int:
    """Run in a forked child and return its exit code, or 2 when it ended before ``run`` had come to its end."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = run()
        sys.stdout.flush()
        os.write(writing, b".")
        os._exit(code)
    os.close(writing)
    while True:
        try:
            came_to_its_end = os.read(reading, 1)
            _, status = os.waitpid(child, 0)
        except KeyboardInterrupt:  # the child hears it as well, and ends
            continue
        os.close(reading)
        break
    if came_to_its_end:
        return os.waitstatus_to_exitcode(status)
    click.echo("the backend ended the process: nothing can be said of it", err=True)
    return COULD_NOT
