"""What every SSH server needs before it starts: a key of the host, known to the client, and a greeting to wait for."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from backends.server import NotInstalled


def program(name: str) -> str:
    """Return the path of a program of OpenSSH, which may be among those of the administrator.

    Raises:
        NotInstalled: there is none.

    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NotInstalled(f"{name} is not installed: apt-get install openssh-server")
    return found


def make_key(path: Path) -> str:
    """Make a key in the file ``path``, and return its public half.

    Raises:
        NotInstalled: there is no ``ssh-keygen``.

    """
    command = (program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path))
    subprocess.run(command, check=True)  # noqa: S603 - the command is ours
    return path.with_name(f"{path.name}.pub").read_text().strip()


def make_host_key(directory: Path, port: int) -> tuple[Path, Path]:
    """Make a key for the server on ``port``, and return its file and the ``known_hosts`` that names it."""
    host_key, known_hosts = directory / "host_key", directory / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {make_key(host_key)}\n")
    return host_key, known_hosts


def greeting(port: int) -> str:
    """Return the software that the server on ``port`` names in its first line, or ``""``."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return connection.recv(255).decode().splitlines()[0].removeprefix("SSH-2.0-")
    except (OSError, UnicodeError, IndexError):
        return ""
