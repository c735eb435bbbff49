"""OpenSSH's server with its own SFTP, from the system's packages, without privileges."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started, running

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_SETTINGS = (
    "AuthenticationMethods publickey",
    # by itself it would look into /etc/shadow, which only root may read, and take the account for a locked one
    "UsePAM yes",
    "StrictModes no",
    "AllowTcpForwarding no",
    "Subsystem sftp internal-sftp",
)
_ACCOUNT = "nobody"


@contextmanager
def start() -> Generator[Started]:
    """Start ``sshd`` with keys made for it, serving a temporary directory, and yield it.

    As root it would want a directory of the system to itself: there it runs as the account ``nobody``.

    Raises:
        NotInstalled: OpenSSH, or that account, is missing.
        ServerFailed: it did not start.

    """
    program, keygen = _program("sshd"), _program("ssh-keygen")
    account, prefix = _account()
    home = Path()

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        nonlocal home
        home = directory
        host_key, user_key = directory / "host_key", directory / "user_key"
        for key in (host_key, user_key):
            subprocess.run(  # noqa: S603 - the command is ours
                (keygen, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)), check=True
            )
        (directory / "served").mkdir()
        kind, public = (directory / "host_key.pub").read_text().split()[:2]
        (directory / "known_hosts").write_text(f"[127.0.0.1]:{ports[0]} {kind} {public}\n")
        own = (
            f"HostKey {host_key}",
            f"PidFile {directory / 'pid'}",
            f"AuthorizedKeysFile {directory / 'user_key.pub'}",
            f"ListenAddress 127.0.0.1:{ports[0]}",
        )
        (directory / "sshd_config").write_text("\n".join((*own, *_SETTINGS)) + "\n")
        if prefix:
            for path in (directory, *directory.iterdir()):
                shutil.chown(path, account)
        return (*prefix, program, "-D", "-e", "-f", str(directory / "sshd_config"))

    with running("openssh", command, ports=1, ready=lambda ports: bool(_greeting(ports[0]))) as (ports, log):
        try:
            yield Started(
                name="openssh",
                connection=f"sftp://{account}@127.0.0.1:{ports[0]}{home / 'served'}"
                f"?key={home / 'user_key'}&known_hosts={home / 'known_hosts'}",
                version=_greeting(ports[0]).replace("SSH-2.0-OpenSSH_", "OpenSSH ").partition(" Debian")[0],
                log=log,
            )
        finally:
            _end_connections(home / "pid")


def _program(name: str) -> str:
    """Return the path of a program, which may be among those of the administrator."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NotInstalled(f"{name} is not installed: apt-get install openssh-server")
    return found


def _account() -> tuple[str, Sequence[str]]:
    """Return whom to log in as, and what to put before a command so that it runs as this account."""
    if os.getuid() != 0:
        return pwd.getpwuid(os.getuid()).pw_name, ()
    setpriv = shutil.which("setpriv")
    try:
        group = pwd.getpwnam(_ACCOUNT).pw_gid
    except KeyError:
        setpriv, group = None, 0
    if setpriv is None:
        raise NotInstalled(f"sshd is not started as root, and there is no setpriv or no account {_ACCOUNT}")
    # the kernel forgets the signal of a parent's death when the account changes
    return _ACCOUNT, (setpriv, f"--reuid={_ACCOUNT}", f"--regid={group}", "--clear-groups", "--pdeathsig=KILL")


def _greeting(port: int) -> str:
    """Return the first line that the server sends, or ``""``."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return connection.recv(255).decode().splitlines()[0]
    except (OSError, UnicodeError, IndexError):
        return ""


def _end_connections(pid: Path) -> None:
    """End the processes that serve open connections: each has a session of its own and outlives the server."""
    with suppress(OSError, ValueError):
        server = int(pid.read_text())
        for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGTERM)
