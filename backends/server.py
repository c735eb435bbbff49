"""How a real server is started for a run: on loopback, on ports of our choosing, and never outliving us.

It is ready when it answers its own protocol; its processes are those of :mod:`backends.processes`.
"""

from __future__ import annotations

import os
import shutil
import socket
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backends.processes import Processes, ServerFailed

ATTEMPTS = 3
CREDENTIALS: Mapping[str, str] = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "testtest"}
"""What every S3 server here accepts, for the environment of its clients."""


class NotInstalled(Exception):
    """The package that brings a server is missing; the text says how to install it."""


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


def system_program(name: str, package: str) -> str:
    """Return the path of a program that a package of the system brings.

    Raises:
        NotInstalled: there is none.

    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise NotInstalled(f"{name} is not installed: apt-get install {package}")
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
    """Run a server of one process and yield its ports and its log; the first port is the one that clients use.

    Args:
        name: what to call it in messages.
        command: makes the command line.
        ports: how many ports it needs.
        ready: tells whether it serves.
        environment: variables for the server, besides ours without AWS settings and proxies.

    Raises:
        ServerFailed: it did not become ready in any of three attempts.

    """

    def start(server: Processes) -> None:
        server.spawn(*command(server.directory, server.ports))
        server.wait(lambda: ready(server.ports))

    with running_several(name, start, ports=ports, environment=environment) as server:
        yield server.ports, server.log


@contextmanager
def running_several(
    name: str, start: Callable[[Processes], None], *, ports: int, environment: Mapping[str, str] | None = None
) -> Generator[Processes]:
    """Run a backend of several processes and yield them.

    A port may be taken by somebody else between choosing and using it: then the start is tried again with others.

    Args:
        name: what to call it in messages.
        start: runs the preparatory commands, spawns the processes and waits until they serve.
        ports: how many ports they need.
        environment: variables for them, besides ours without AWS settings and proxies.

    Raises:
        ServerFailed: ``start`` raised it in each of three attempts.

    """
    for attempt in range(1, ATTEMPTS + 1):
        with Processes(name, free_ports(ports), environment or {}) as processes:
            try:
                start(processes)
            except ServerFailed:
                if attempt == ATTEMPTS:
                    raise
                continue
            yield processes
            return


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
