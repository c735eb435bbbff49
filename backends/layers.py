"""Python storage layers, each over a storage of this machine: memory, a temporary directory, or a server of ours.

The layers are libraries and run in the process of the check. What stands behind those over a server is told in their
version: moto is an emulator, WsgiDAV is the server itself.
"""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from backends import moto_server, webdav, wsgidav
from backends.server import NotInstalled, Started

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from contextlib import AbstractContextManager

    Start = Callable[[], AbstractContextManager[Started]]

PLACE = "conformance"
"""The bucket or collection of a server that the layers work in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A server for a layer to stand on."""

    start: Start
    kind: str
    """What it is, for the version: ``"an emulator"``."""
    made: Callable[[Started], Mapping[str, str]]
    """Makes the place to work in, if need be, and returns what a connection string has to say of the server."""


def in_memory(layer: str, options: str = "") -> Start:
    """Return what starts the ``memory`` of a layer."""

    @contextmanager
    def start() -> Generator[Started]:
        yield Started(name=f"{layer}-memory", connection=f"{layer}:memory{options}", version=_version(layer))

    return start


def in_directory(name: str, connection: str) -> Start:
    """Return what starts ``name`` in a temporary directory, which is the ``{root}`` of its connection string."""

    @contextmanager
    def start() -> Generator[Started]:
        told = _version(connection.partition(":")[0])
        with tempfile.TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True) as directory:
            yield Started(name=name, connection=connection.format(root=quote(directory)), version=told)

    return start


def over(name: str, server: Behind, connection: str) -> Start:
    """Return what starts ``name`` over a server, whose ``{endpoint}`` and so on are in its connection string."""

    @contextmanager
    def start() -> Generator[Started]:
        told = _version(connection.partition(":")[0])
        with server.start() as started:
            yield Started(
                name=name,
                connection=connection.format_map({"place": PLACE, **server.made(started)}),
                version=f"{started.version} ({server.kind}) behind {told}",
                environment={**started.environment, "AWS_EC2_METADATA_DISABLED": "true"},
                log=started.log,
            )

    return start


def _version(layer: str) -> str:
    package = layer.removesuffix("-async")
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        raise NotInstalled(f"{package} is not installed: pip install {package}") from None


def _endpoint(server: Started) -> str:
    return parse_qs(urlsplit(server.connection).query)["endpoint"][0]


def _bucket(server: Started) -> Mapping[str, str]:
    endpoint = _endpoint(server)
    host = urlsplit(endpoint).netloc
    with closing(HTTPConnection(host, timeout=10)) as client:
        client.request("PUT", f"/{PLACE}")  # moto takes it unsigned
        client.getresponse()
    return {"endpoint": endpoint, "host": host}


def _share(server: Started) -> Mapping[str, str]:
    user, password = webdav.USER.values()
    return {"endpoint": f"http://{urlsplit(server.connection).netloc}", "user": user, "password": password}


MOTO = Behind(start=moto_server.start, kind="an emulator", made=_bucket)
WSGIDAV = Behind(start=wsgidav.start, kind="a server", made=_share)

# moto's web framework has no route for a key with a line break
S3 = "bucket={place}&endpoint={endpoint}&region=us-east-1&control_characters=false"
ARROW_S3 = "root={place}&endpoint_override={host}&scheme=http&region=us-east-1&control_characters=false"
# WsgiDAV keeps no properties of its own making unless it is given a place for them
DAV = "endpoint={endpoint}&username={user}&password={password}&root=/{place}&without=user_metadata"

LAYERS: Mapping[str, Start] = {
    "fsspec-memory": in_memory("fsspec", "?global_store=false"),
    "fsspec-local": in_directory("fsspec-local", "fsspec:file?root={root}&auto_mkdir=true"),
    "opendal-memory": in_memory("opendal"),
    "opendal-fs": in_directory("opendal-fs", "opendal:fs?root={root}"),
    "opendal-s3": over("opendal-s3", MOTO, f"opendal:s3?{S3}"),
    "opendal-webdav": over("opendal-webdav", WSGIDAV, f"opendal:webdav?{DAV}"),
    "opendal-async-fs": in_directory("opendal-async-fs", "opendal-async:fs?root={root}"),
    "opendal-async-s3": over("opendal-async-s3", MOTO, f"opendal-async:s3?{S3}"),
    "obstore-memory": in_memory("obstore"),
    "obstore-local": in_directory("obstore-local", "obstore:local?root={root}&automatic_cleanup=true"),
    "obstore-s3": over("obstore-s3", MOTO, f"obstore:s3?{S3}&allow_http=true"),
    "pyarrow-local": in_directory("pyarrow-local", "pyarrow:local?root={root}"),
    "pyarrow-s3": over("pyarrow-s3", MOTO, f"pyarrow:s3?{ARROW_S3}"),
}
"""What starts each layer, by the name of the backend."""
