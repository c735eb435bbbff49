"""Ceph's S3 gateway from the system's packages: one monitor, one storage daemon with its data in memory, the gateway.

All of it is in a temporary directory, without authentication between the daemons, and without a manager, which S3 does
not need.
"""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from backends.server import CREDENTIALS, ServerFailed, Started, answers, running_several, system_program

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from backends.processes import Processes

_PACKAGES = {
    "monmaptool": "ceph-common",
    "ceph": "ceph-common",
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
    "radosgw": "radosgw",
    "radosgw-admin": "radosgw",
}
# it compares no SHA-256, and of conditions on the object written it knows those of PutObject alone; those on the source
# of a copy have other names in it ("x-amz-copy-if-match")
WITHOUT = (
    *("content_sha256", "delete.if_match", "copy.if_match", "copy.if_none_match"),
    *("copy.if_source_match", "copy.if_source_none_match"),
    *("complete_multipart.if_match", "complete_multipart.if_none_match"),
)
_MEMORY = 2 * 1024**3
"""Most that the objects may take, in bytes."""
_OSD_PORTS = 300
_OSD_STARTS = 8

# paxos: a proposal of the monitor waits a second otherwise, and a start is made of some ten of them
_CONFIGURATION = """
[global]
fsid = {cluster}
mon host = [v1:127.0.0.1:{monitor}]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr2 = false
ms bind port min = {lowest}
ms bind port max = {highest}
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = false
run dir = {directory}/run
admin socket = {directory}/run/$name.$pid.asok
log file = {directory}/$name.log
pid file = {directory}/run/$name.$pid.pid
crash dir = {directory}/run
keyring = {directory}/keyring
paxos propose interval = 0.05
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data = {directory}/mon
mon cluster log file = {directory}/cluster.$channel.log
mon data avail warn = 1
mon data avail crit = 0
osd data = {directory}/osd
osd objectstore = memstore
memstore device bytes = {memory}
osd op num shards = 1
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{gateway}
rgw data = {directory}/run
rgw thread pool size = 32
rgw enable usage log = false
rgw run sync thread = false
rgw gc obj min wait = 1
"""


@contextmanager
def start() -> Generator[Started]:
    """Start Ceph with its gateway and yield it.

    Raises:
        NotInstalled: a package of Ceph is missing.
        ServerFailed: it did not start.

    """
    programs = {name: system_program(name, package) for name, package in _PACKAGES.items()}
    with running_several("ceph-rgw", _Start(programs), ports=3) as server:
        version = server.run(programs["radosgw"], "--version")
        number = re.search(r"\d+(\.\d+)+", version)
        yield Started(
            name="ceph-rgw",
            connection=f"s3://conformance?endpoint=http://127.0.0.1:{server.ports[0]}&create=true&bare_etags=true"
            f"&without={','.join(WITHOUT)}",
            version=f"Ceph RGW {number[0] if number else version}",
            environment=CREDENTIALS,
            log=server.log,
        )


class _Start:
    """The steps of a start, in the order in which each needs the one before."""

    def __init__(self, programs: dict[str, str]) -> None:
        self._programs = programs

    def __call__(self, server: Processes) -> None:
        gateway, monitor, lowest = server.ports
        cluster, osd = str(uuid.uuid4()), str(uuid.uuid4())
        _configure(server.directory, cluster, gateway, monitor, lowest)
        self._start_monitor(server, cluster, monitor)
        server.wait(lambda: self._tried(server, "ceph", "--connect-timeout", "5", "osd", "new", osd) is not None)
        # an id other than the one that the monitor was told makes it ignore the daemon without a word
        self._run(server, "ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._start_storage(server)
        server.spawn(*self._command(server, "radosgw", "-n", "client.rgw", "-f"))
        server.wait(lambda: answers(f"http://127.0.0.1:{gateway}/", 200))
        access_key, secret_key = CREDENTIALS.values()
        user = ("--uid=check", "--display-name=check", f"--access-key={access_key}", f"--secret-key={secret_key}")
        create = ("radosgw-admin", "-n", "client.rgw", "user", "create", *user)
        server.wait(lambda: self._tried(server, *create) is not None)

    def _start_monitor(self, server: Processes, cluster: str, port: int) -> None:
        map_, address = server.directory / "monmap", f"[v1:127.0.0.1:{port}]"
        server.run(self._programs["monmaptool"], "--create", "--fsid", cluster, "--addv", "a", address, map_)
        self._run(server, "ceph-mon", "--mkfs", "-i", "a", "--monmap", str(map_))
        server.spawn(*self._command(server, "ceph-mon", "-i", "a", "-f"))

    def _start_storage(self, server: Processes) -> None:
        """Start the storage daemon, again if it ends.

        Without authentication a client may ask before it has the monitor's map, is refused (``wrong fsid``), and ends.
        """
        for left in reversed(range(_OSD_STARTS)):
            server.spawn(*self._command(server, "ceph-osd", "-i", "0", "-f"))
            try:
                server.wait(
                    lambda: " 1 up" in (self._tried(server, "ceph", "--connect-timeout", "5", "osd", "stat") or "")
                )
            except ServerFailed:
                if not left:
                    raise
            else:
                return

    def _command(self, server: Processes, program: str, *arguments: str) -> Sequence[str]:
        return (self._programs[program], "-c", str(server.directory / "ceph.conf"), *arguments)

    def _run(self, server: Processes, program: str, *arguments: str) -> str:
        return server.run(*self._command(server, program, *arguments))

    def _tried(self, server: Processes, program: str, *arguments: str) -> str | None:
        """Return what a client of the monitor prints, or ``None`` when it was refused: see :meth:`_start_storage`."""
        with suppress(ServerFailed):
            return self._run(server, program, *arguments)
        return None


def _configure(directory: Path, cluster: str, gateway: int, monitor: int, lowest: int) -> None:
    for name in ("mon", "osd", "run"):
        (directory / name).mkdir()
    (directory / "keyring").touch()
    lowest = min(lowest, 65535 - _OSD_PORTS)
    text = _CONFIGURATION.format(
        directory=directory,
        cluster=cluster,
        monitor=monitor,
        gateway=gateway,
        lowest=lowest,
        highest=lowest + _OSD_PORTS,
        memory=_MEMORY,
    )
    (directory / "ceph.conf").write_text(text)
