"""moto as a server of its own: the S3 emulator over HTTP, its data in memory."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from backends.server import CREDENTIALS, Started, answers, running, script

if TYPE_CHECKING:
    from collections.abc import Generator

# moto lets its smallest part be set; Amazon's 5 MiB would only make the checks slow. Bytes.
PART_MINIMUM = 1024
# up to this size an object stays in memory; moto derives it from the smallest part, which would make it 0. Bytes.
BUFFER = 8 * 1024 * 1024


@contextmanager
def start() -> Generator[Started]:
    """Start ``moto_server`` and yield it.

    Raises:
        NotInstalled: moto or the web framework that its server needs is missing.
        ServerFailed: it did not start.

    """
    program = script("moto_server", "'moto[server,s3]'")
    with running(
        "moto-server",
        lambda _, ports: (program, "-H", "127.0.0.1", "-p", str(ports[0])),
        ports=1,
        ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/moto-api/", 200),
        environment={"S3_UPLOAD_PART_MIN_SIZE": str(PART_MINIMUM), "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(BUFFER)},
    ) as (ports, log):
        yield Started(
            name="moto-server",
            # its web framework has no route for a key with a line break
            connection=f"s3://conformance?endpoint=http://127.0.0.1:{ports[0]}&create=true&part_minimum={PART_MINIMUM}"
            "&control_characters=false",
            version=f"moto {version('moto')}",
            environment=CREDENTIALS,
            log=log,
        )
