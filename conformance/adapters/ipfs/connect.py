"""Connection strings of IPFS nodes: ``ipfs://HOST:PORT/directory``, the address of the RPC API (kubo, js-ipfs).

The directory is one of the node's mutable file system; ``?create=true`` makes a missing one.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from conformance.adapters.connection import Connection, address, leads_to
from conformance.adapters.exchange import Server, Unreachable
from conformance.adapters.ipfs.client import NONE, Node, call
from conformance.adapters.ipfs.client import Options as RpcOptions
from conformance.adapters.ipfs.storage import Ipfs
from conformance.adapters.options import Options, flag, number
from conformance.storage import ConnectionStringInvalid, ObjectNotExist, PermissionDenied, Storage, Unexpected

OPTIONS: Options = {"create": flag, "timeout": number(float, 0.1, 600)}
"""Options of ``ipfs://`` connections: ``create=true`` makes a missing directory, ``timeout`` is in seconds."""
TIMEOUT = 10.0
PORT = 5001
"""Where the RPC API listens when nothing else is said."""


def connect(spec: str) -> Connection:
    """Return the connection to the files of the node that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no host, or an option is wrong.

    """
    parts = address(spec, "ipfs://127.0.0.1:5001/directory", OPTIONS, what="host")
    named, host = None, parts.place
    try:
        place = urlsplit(f"//{host}")
        named = place.hostname
        host = host if place.port is not None else f"{host}:{PORT}"
    except ValueError:
        named = None
    if not named or "@" in host:
        raise ConnectionStringInvalid(f"{parts.place!r} is no address: write ipfs://127.0.0.1:5001/directory")
    create: bool = parts.options.pop("create", False)
    prefix = tuple(name for name in parts.prefix.split("/") if name)
    if not {".", ".."}.isdisjoint(prefix):
        raise ConnectionStringInvalid(f"{spec!r} holds a segment of dots")
    node = Node(server=Server(host, timeout=parts.options.get("timeout", TIMEOUT)), prefix=prefix)
    directory = _Directory(node, create=create)
    return leads_to(
        directory,
        spec=spec,
        name=parts.name,
        describe=f"the files of the IPFS node at {host} below /{parts.prefix}",
    )


class _Directory:
    """The root of a connection; with ``create``, a missing one is made, and that one only is removed again."""

    def __init__(self, node: Node, *, create: bool) -> None:
        self._node = node
        self._path = "/" + "/".join(node.prefix)
        self._create = create
        self._created = False

    def open(self, work_dir: str) -> Storage:
        return Ipfs(self._node, work_dir)

    def prepare(self) -> None:
        self.version()
        try:
            kind = self._ask("files/stat", self._path)["Type"]
        except ObjectNotExist:
            if not self._create:
                raise ConnectionStringInvalid(
                    f"there is no directory {self._path} at {self._node.server.url}: make it, or add create=true"
                ) from None
            self._ask("files/mkdir", self._path, options={"parents": True})
            self._created = True
        else:
            if kind != "directory":
                raise ConnectionStringInvalid(f"{self._path} at {self._node.server.url} is a {kind}")

    def is_empty(self) -> bool:
        return not self._ask("files/ls", self._path)["Entries"]

    def remove(self) -> None:
        if self._created:
            self._ask("files/rm", self._path, options={"recursive": True})
            self._created = False

    def version(self) -> str:
        told: Any = self._ask("version")
        if not isinstance(told, dict) or "Version" not in told:
            raise ConnectionStringInvalid(f"{self._node.server.url} is not the RPC API of an IPFS node")
        software = "js-ipfs" if "ipfs-core" in told else "kubo"
        return f"{software} {told['Version']}"

    def _ask(self, command: str, *arguments: str, options: RpcOptions = NONE) -> Any:
        """Send a command, and put what an operator has to change into words."""
        try:
            return call(self._node, command, *arguments, options=options)
        except Unreachable as error:
            raise ConnectionStringInvalid(
                f"{self._node.server.url} cannot be reached, is the node running? ({error.message})"
            ) from None
        except PermissionDenied as error:
            raise PermissionDenied(f"{self._node.server.url} does not allow {command}: {error.message}") from None
        except ObjectNotExist:
            raise
        except Unexpected as error:
            raise ConnectionStringInvalid(
                f"{self._node.server.url} is not the RPC API of an IPFS node: {command}: {error.message}"
            ) from None
