"""Connection strings of SFTP servers: ``sftp://user@host:port/root/dir?key=FILE&known_hosts=FILE``."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from conformance.adapters.connection import Connection, address
from conformance.adapters.files.root import Root
from conformance.adapters.options import Options, flag, lacking, number, text
from conformance.adapters.sftp.files import SftpFiles
from conformance.adapters.sftp.server import Location, server_for
from conformance.adapters.sftp.storage import Sftp
from conformance.storage import ConnectionStringInvalid

EXAMPLE = "sftp://user@127.0.0.1:22/root/dir"
OPTIONS: Options = {
    "key": text,
    "known_hosts": text,
    "create": flag,
    "timeout": number(float, 0.1, 600),
    "without": lacking(Sftp.implements, "SFTP"),
}
"""Options of ``sftp://`` connections: ``create=true`` makes a missing root, all others are fields of ``Location``."""


def connect(spec: str) -> Connection:
    """Return the connection to the directory that ``spec`` names; without one it is where one is after logging in.

    Raises:
        ConnectionStringInvalid: it names no server, holds a password, or an option is wrong.

    """
    parts = address(spec, EXAMPLE, OPTIONS, what="server", instead="SFTP_PASSWORD", user=True)
    create: bool = parts.options.pop("create", False)
    server = urlsplit(f"//{parts.place}")
    try:
        host, port = server.hostname, server.port
    except ValueError:
        host = port = None
    if not host:
        raise ConnectionStringInvalid(f"{spec!r} names no server: write {EXAMPLE}")
    location = Location(
        host=host,
        port=port or 22,
        user=unquote(server.username) if server.username else None,
        root=f"/{parts.prefix}" if parts.prefix else "",
        **parts.options,
    )
    reached = server_for(location)
    root = Root(SftpFiles(reached), create=create)
    return Connection(
        spec=spec,
        name=parts.name,
        describe=f"the directory {location.root or 'of the login'} of the SFTP server {location}",
        open=lambda work_dir: Sftp(reached, work_dir),
        prepare=root.prepare,
        is_empty=root.is_empty,
        remove_root=root.remove,
        version=reached.version,
    )
