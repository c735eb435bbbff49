"""Redis from the system's packages, in memory only."""

from __future__ import annotations

import shutil
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started, running

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path


@contextmanager
def start() -> Generator[Started]:
    """Start ``redis-server`` without any data and yield it.

    Raises:
        NotInstalled: Redis is missing.
        ServerFailed: it did not start.

    """
    program = shutil.which("redis-server")
    if program is None:
        raise NotInstalled("redis-server is not installed: apt-get install redis-server")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        nothing_saved = ("--save", "", "--appendonly", "no", "--dir", str(directory))
        return (program, "--bind", "127.0.0.1", "--port", str(ports[0]), *nothing_saved)

    with running("redis", command, ports=1, ready=_ready) as (ports, log):
        yield Started(
            name="redis",
            connection=f"redis://127.0.0.1:{ports[0]}/0",
            version=f"Redis {_told(ports[0], b'INFO server', b'redis_version:')}",
            log=log,
        )


def _ready(ports: Sequence[int]) -> bool:
    return _told(ports[0], b"PING", b"+PO") == "NG"


def _told(port: int, command: bytes, begin: bytes) -> str:
    """Return what follows ``begin`` on a line of the answer to an inline command, or ``""``."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(command + b"\r\n")
            answer = connection.recv(64 * 1024)
    except OSError:
        return ""
    return next((line[len(begin) :].decode() for line in answer.split(b"\r\n") if line.startswith(begin)), "")
