"""kubo, the node of IPFS that people run, built from its Go module: offline, without peers, on loopback."""

from __future__ import annotations

import json
import shutil
import sysconfig
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backends.ipfs import ready
from backends.server import NotInstalled, Started, running_several

if TYPE_CHECKING:
    from collections.abc import Generator

    from backends.processes import Processes

VERSION = "v0.40.1"
MODULE = f"github.com/ipfs/kubo@{VERSION}"
# it is built where its own versions of all that it needs are written down
INSTALL = f"go mod download {MODULE} && go build -C $(go env GOMODCACHE)/{MODULE} -o {{program}} ./cmd/ipfs"


@contextmanager
def start() -> Generator[Started]:
    """Start a node and yield it.

    Raises:
        NotInstalled: it was not built.
        ServerFailed: it did not start.

    """
    scripts = sysconfig.get_path("scripts")
    program = shutil.which("ipfs", path=scripts)
    if program is None:
        raise NotInstalled(f"kubo is not installed, build it with Go: {INSTALL.format(program=f'{scripts}/ipfs')}")
    version = ""

    def started(node: Processes) -> None:
        nonlocal version
        repository = node.directory / "repository"
        version = node.run(program, "version", "--number").strip()
        node.run(program, f"--repo-dir={repository}", "init", "--profile=test", "--empty-repo")
        file = repository / "config"
        config = json.loads(file.read_text("utf-8"))
        config["Addresses"] |= {"API": f"/ip4/127.0.0.1/tcp/{node.ports[0]}", "Gateway": [], "Swarm": []}
        file.write_text(json.dumps(config), "utf-8")
        node.spawn(program, f"--repo-dir={repository}", "daemon", "--offline")
        node.wait(lambda: ready(node.ports))

    with running_several("kubo", started, ports=1, environment={"IPFS_TELEMETRY": "off"}) as node:
        yield Started(
            name="kubo",
            connection=f"ipfs://127.0.0.1:{node.ports[0]}/conformance?create=true",
            version=f"kubo {version}",
            log=node.log,
        )
