"""Samba from the system's packages, with a share in a temporary directory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backends.server import NotInstalled, ServerFailed, Started, running

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_USER, _PASSWORD = "root", "testtest"  # the only account that every system has
_CONFIGURATION = """\
[global]
server role = standalone server
server min protocol = SMB2
mangled names = no
interfaces = 127.0.0.1/8
bind interfaces only = yes
smb ports = {port}
disable netbios = yes
private dir = {directory}/private
lock directory = {directory}/lock
state directory = {directory}/state
cache directory = {directory}/cache
pid directory = {directory}/run
ncalrpc dir = {directory}/run/ncalrpc
log file = {directory}/smbd.log
passdb backend = tdbsam:{directory}/private/passdb.tdb
map to guest = never
load printers = no
printing = bsd
printcap name = /dev/null
disable spoolss = yes

[share]
path = {directory}/served
read only = no
"""


@contextmanager
def start() -> Generator[Started]:
    """Start ``smbd`` with an empty share and yield it.

    Raises:
        NotInstalled: Samba is missing, or this is not root, which smbd has to be to act for its users.
        ServerFailed: it did not start.

    """
    smbd, smbpasswd = _program("smbd"), _program("smbpasswd")
    if os.getuid() != 0:
        raise NotInstalled("smbd acts for its users, which only root can: run this as root")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        for name in ("served", "private", "lock", "state", "cache", "run"):
            (directory / name).mkdir()
        configuration = directory / "smb.conf"
        configuration.write_text(_CONFIGURATION.format(directory=directory, port=ports[0]))
        added = subprocess.run(  # noqa: S603 - the command is ours
            (smbpasswd, "-c", str(configuration), "-a", "-s", _USER),
            input=f"{_PASSWORD}\n{_PASSWORD}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        if added.returncode != 0:
            raise ServerFailed(f"smbpasswd ended with {added.returncode}: {added.stderr}")
        return (smbd, "--foreground", "--no-process-group", "--debug-stdout", "-s", str(configuration))

    with running("samba", command, ports=1, ready=_ready) as (ports, log):
        told = subprocess.run((smbd, "--version"), check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours
        yield Started(
            name="samba",
            connection=f"smb://{_USER}@127.0.0.1:{ports[0]}/share",
            version=f"Samba {told.split()[1].partition('-')[0]}",
            environment={"SMB_PASSWORD": _PASSWORD},
            log=log,
        )


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        raise NotInstalled(f"{name} is not installed: apt-get install samba")
    return found


def _ready(ports: Sequence[int]) -> bool:
    try:
        socket.create_connection(("127.0.0.1", ports[0]), timeout=2).close()
    except OSError:
        return False
    return True
