"""Azurite, Microsoft's emulator of Azure Storage: its blob service, the data in memory."""

from __future__ import annotations

import json
import shutil
import sys
import sysconfig
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started, answers, running

if TYPE_CHECKING:
    from collections.abc import Generator

VERSION = "3.37.0"
ACCOUNT = "devstoreaccount1"
# the account that every Azurite has, key and all: published by Microsoft, and good for nothing else
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


@contextmanager
def start() -> Generator[Started]:
    """Start ``azurite-blob`` and yield it.

    Raises:
        NotInstalled: Azurite or Node.js is missing.
        ServerFailed: it did not start.

    """
    program = _program()
    with running(
        "azurite",
        # the SDK speaks a newer version of the protocol than Azurite knows, which Azurite otherwise refuses
        lambda _, ports: (
            *(program, "--blobHost", "127.0.0.1", "--blobPort", str(ports[0])),
            *("--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"),
        ),
        ports=1,
        ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/", 400),
    ) as (ports, log):
        yield Started(
            name="azurite",
            connection=f"azblob://conformance?endpoint=http://127.0.0.1:{ports[0]}/{ACCOUNT}&create=true",
            version=f"Azurite {_version(program)}",
            environment={"AZURE_STORAGE_ACCOUNT": ACCOUNT, "AZURE_STORAGE_KEY": KEY},
            log=log,
        )


def _program() -> str:
    """Return the path of the program that npm installed beside this interpreter, and only there."""
    if shutil.which("node") is None:
        raise NotInstalled("Azurite needs Node.js with npm: install the packages nodejs and npm of your system")
    path = shutil.which("azurite-blob", path=sysconfig.get_path("scripts"))
    if path is None:
        command = f"npm install --global --prefix {sys.prefix} azurite@{VERSION}"
        raise NotInstalled(f"Azurite is not installed: {command}")
    return path


def _version(program: str) -> str:
    package = Path(program).resolve().parents[3] / "package.json"
    return json.loads(package.read_text("utf-8"))["version"]
