"""OpenSSH's server with its own SFTP, from the system's packages, without privileges."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started, running
from backends.ssh_keys import greeting, make_host_key, make_key, program

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
    sshd = program("sshd")
    account, as_account = _account()
    home = Path()

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        nonlocal home
        home = directory
        (directory / "served").mkdir()
        make_key(directory / "user_key")
        host_key, _ = make_host_key(directory, ports[0])
        own = (
            f"HostKey {host_key}",
            f"PidFile {directory / 'pid'}",
            f"AuthorizedKeysFile {directory / 'user_key.pub'}",
            f"ListenAddress 127.0.0.1:{ports[0]}",
        )
        (directory / "sshd_config").write_text("\n".join((*own, *_SETTINGS)) + "\n")
        if as_account:
            for path in (directory, *directory.iterdir()):
                shutil.chown(path, account)
        return (*as_account, sshd, "-D", "-e", "-f", str(directory / "sshd_config"))

    with running("openssh", command, ports=1, ready=lambda ports: bool(greeting(ports[0]))) as (ports, log):
        try:
            yield Started(
                name="openssh",
                connection=f"sftp://{account}@127.0.0.1:{ports[0]}{home / 'served'}"
                f"?key={home / 'user_key'}&known_hosts={home / 'known_hosts'}",
                version=greeting(ports[0]).partition(" ")[0].replace("_", " "),
                log=log,
            )
        finally:
            _end_connections(home / "pid")


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


def _end_connections(pid: Path) -> None:
    """End the processes that serve open connections: each has a session of its own and outlives the server."""
    with suppress(OSError, ValueError):
        server = int(pid.read_text())
        for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGTERM)
