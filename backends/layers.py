"""Python storage layers, each over a storage of this machine: memory, a temporary directory, or moto's S3 server.

The layers are libraries and run in the process of the check; what stands behind their ``s3`` is an emulator.
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
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    Start = Callable[[], AbstractContextManager[Started]]

BUCKET = "conformance"
S3_OPTIONS = {
    "opendal": "bucket={bucket}&endpoint={endpoint}&region=us-east-1",
    "opendal-async": "bucket={bucket}&endpoint={endpoint}&region=us-east-1",
    "obstore": "bucket={bucket}&endpoint={endpoint}&region=us-east-1&allow_http=true",
    "pyarrow": "root={bucket}&endpoint_override={host}&scheme=http&region=us-east-1",
}
"""How each layer is told of a bucket."""


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


def in_bucket(layer: str) -> Start:
    """Return what starts a layer over a bucket of moto's server, which is made first."""

    @contextmanager
    def start() -> Generator[Started]:
        told = _version(layer)
        with moto_server.start() as server:
            endpoint = parse_qs(urlsplit(server.connection).query)["endpoint"][0]
            with closing(HTTPConnection(urlsplit(endpoint).netloc, timeout=10)) as client:
                client.request("PUT", f"/{BUCKET}")  # moto takes it unsigned
                client.getresponse()
            options = S3_OPTIONS[layer].format(bucket=BUCKET, endpoint=endpoint, host=urlsplit(endpoint).netloc)
            yield Started(
                name=f"{layer}-s3",
                # moto's web framework has no route for a key with a line break
                connection=f"{layer}:s3?{options}&control_characters=false",
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


LAYERS: dict[str, Start] = {
    "fsspec-memory": in_memory("fsspec", "?global_store=false"),
    "fsspec-local": in_directory("fsspec-local", "fsspec:file?root={root}&auto_mkdir=true"),
    "opendal-memory": in_memory("opendal"),
    "opendal-fs": in_directory("opendal-fs", "opendal:fs?root={root}"),
    "opendal-s3": in_bucket("opendal"),
    "opendal-async-fs": in_directory("opendal-async-fs", "opendal-async:fs?root={root}"),
    "opendal-async-s3": in_bucket("opendal-async"),
    "obstore-memory": in_memory("obstore"),
    "obstore-local": in_directory("obstore-local", "obstore:local?root={root}&automatic_cleanup=true"),
    "obstore-s3": in_bucket("obstore"),
    "pyarrow-local": in_directory("pyarrow-local", "pyarrow:local?root={root}"),
    "pyarrow-s3": in_bucket("pyarrow"),
}
"""What starts each layer, by the name of the backend."""
