"""Python storage layers, each over a storage of this machine: memory, a temporary directory, or moto's S3 server.

The layers are libraries and run in the process of the check. What stands behind their ``s3`` is an emulator.
"""

from __future__ import annotations

import tempfile
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from backends import moto_server
from backends.server import NotInstalled, Started

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from contextlib import AbstractContextManager

    Start = Callable[[], AbstractContextManager[Started]]

BUCKET = "conformance"


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


def in_bucket(name: str, connection: str) -> Start:
    """Return what starts ``name`` over a bucket of moto's server, whose ``{endpoint}`` or ``{host}`` it is told."""

    @contextmanager
    def start() -> Generator[Started]:
        told = _version(connection.partition(":")[0])
        with moto_server.start() as server:
            endpoint = parse_qs(urlsplit(server.connection).query)["endpoint"][0]
            host = urlsplit(endpoint).netloc
            with closing(HTTPConnection(host, timeout=10)) as client:
                client.request("PUT", f"/{BUCKET}")  # moto takes it unsigned
                client.getresponse()
            yield Started(
                name=name,
                connection=connection.format(bucket=BUCKET, endpoint=endpoint, host=host),
                version=f"{server.version} (an emulator) behind {told}",
                environment={**server.environment, "AWS_EC2_METADATA_DISABLED": "true"},
                log=server.log,
            )

    return start


def _version(layer: str) -> str:
    package = layer.removesuffix("-async")
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        raise NotInstalled(f"{package} is not installed: pip install {package}") from None


# moto's web framework has no route for a key with a line break
S3 = "bucket={bucket}&endpoint={endpoint}&region=us-east-1&control_characters=false"
ARROW_S3 = "root={bucket}&endpoint_override={host}&scheme=http&region=us-east-1&control_characters=false"

LAYERS: Mapping[str, Start] = {
    "fsspec-memory": in_memory("fsspec", "?global_store=false"),
    "fsspec-local": in_directory("fsspec-local", "fsspec:file?root={root}&auto_mkdir=true"),
    "opendal-memory": in_memory("opendal"),
    "opendal-fs": in_directory("opendal-fs", "opendal:fs?root={root}"),
    "opendal-s3": in_bucket("opendal-s3", f"opendal:s3?{S3}"),
    "opendal-async-fs": in_directory("opendal-async-fs", "opendal-async:fs?root={root}"),
    "opendal-async-s3": in_bucket("opendal-async-s3", f"opendal-async:s3?{S3}"),
    "obstore-memory": in_memory("obstore"),
    "obstore-local": in_directory("obstore-local", "obstore:local?root={root}&automatic_cleanup=true"),
    "obstore-s3": in_bucket("obstore-s3", f"obstore:s3?{S3}&allow_http=true"),
    "pyarrow-local": in_directory("pyarrow-local", "pyarrow:local?root={root}"),
    "pyarrow-s3": in_bucket("pyarrow-s3", f"pyarrow:s3?{ARROW_S3}"),
}
"""What starts each layer, by the name of the backend."""
