"""Connection strings of SMB shares: ``smb://user@host:port/share/dir``, the password in the environment."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from conformance.adapters.connection import Connection, address
from conformance.adapters.files.root import Root
from conformance.adapters.options import Options, flag, lacking, number
from conformance.adapters.smb.files import SmbFiles
from conformance.adapters.smb.server import Location, connect_to, server_for
from conformance.adapters.smb.storage import Smb
from conformance.storage import ConnectionStringInvalid

EXAMPLE = "smb://user@127.0.0.1:445/share/dir"
OPTIONS: Options = {
    "create": flag,
    "timeout": number(int, 1, 600),
    "without": lacking(Smb.implements, "SMB"),
}
"""Options of ``smb://`` connections: ``create=true`` makes a missing directory, all others are fields of
``Location``."""


def connect(spec: str) -> Connection:
    """Return the connection to the share, or the directory of it, that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no server and share, holds a password, or an option is wrong.

    """
    parts = address(spec, EXAMPLE, OPTIONS, what="server", instead="SMB_PASSWORD", user=True)
    create: bool = parts.options.pop("create", False)
    server = urlsplit(f"//{parts.place}")
    try:
        host, port = server.hostname, server.port
    except ValueError:
        host = port = None
    share, _, root = parts.prefix.partition("/")
    if not host or not share:
        raise ConnectionStringInvalid(f"{spec!r} names no server and share: write {EXAMPLE}")
    user = unquote(server.username) if server.username else None
    location = Location(host=host, port=port or 445, share=share, root=root, user=user, **parts.options)
    reached = server_for(location)
    directory = Root(SmbFiles(reached), create=create)

    def prepare() -> None:
        connect_to(reached)
        directory.prepare()

    return Connection(
        spec=spec,
        name=parts.name,
        describe=f"the share {parts.prefix} of the SMB server {location}",
        open=lambda work_dir: Smb(reached, work_dir),
        prepare=prepare,
        is_empty=directory.is_empty,
        remove_root=directory.remove,
        version=reached.version,
    )
