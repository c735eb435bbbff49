"""gcp-storage-emulator: an emulator of the JSON API of Google Cloud Storage, the data in memory."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from backends.server import Started, answers, running, script

if TYPE_CHECKING:
    from collections.abc import Generator


# It looks at no precondition at all: what is asked for on a condition is done (docs/findings/gcs-emulator.md).
WITHOUT = ("if_match", "if_none_match", "if_source_match", "if_source_none_match")


@contextmanager
def start() -> Generator[Started]:
    """Start the emulator and yield it.

    Raises:
        NotInstalled: it is missing.
        ServerFailed: it did not start.

    """
    program = script("gcp-storage-emulator", "gcp-storage-emulator")
    with running(
        "gcs-emulator",
        lambda _, ports: (program, "start", "--host=127.0.0.1", f"--port={ports[0]}", "--in-memory", "--quiet"),
        ports=1,
        ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/storage/v1/b", 200),
    ) as (ports, log):
        yield Started(
            name="gcs-emulator",
            connection=f"gcs://conformance?endpoint=http://127.0.0.1:{ports[0]}&create=true&without={','.join(WITHOUT)}",
            version=f"gcp-storage-emulator {version('gcp-storage-emulator')}",
            log=log,
        )
