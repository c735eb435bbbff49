"""pyftpdlib, an FTP server in Python: a directory of the local disk behind RFC 959 and RFC 3659."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started, running

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

USER: Mapping[str, str] = {"FTP_USER": "test", "FTP_PASSWORD": "testtest"}
"""What every FTP server here accepts, for the environment of its clients."""


@contextmanager
def start() -> Generator[Started]:
    """Start ``python -m pyftpdlib`` on an empty directory and yield it.

    Raises:
        NotInstalled: pyftpdlib is missing.
        ServerFailed: it did not start.

    """
    try:
        installed = version("pyftpdlib")
    except PackageNotFoundError:
        raise NotInstalled("pyftpdlib is not installed: pip install pyftpdlib") from None

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        served = directory / "served"
        served.mkdir()
        user, password = USER.values()
        at = ("-i", "127.0.0.1", "-p", str(ports[0]))
        return (sys.executable, "-m", "pyftpdlib", *at, "-w", "-d", str(served), "-u", user, "-P", password)

    with running("pyftpdlib", command, ports=1, ready=greets) as (ports, log):
        yield Started(
            name="pyftpdlib",
            connection=f"ftp://127.0.0.1:{ports[0]}/conformance?create=true",
            version=f"pyftpdlib {installed}",
            environment=USER,
            log=log,
        )


def greets(ports: Sequence[int]) -> bool:
    """Tell whether an FTP server greets on the first port."""
    try:
        with socket.create_connection(("127.0.0.1", ports[0]), timeout=2) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False
