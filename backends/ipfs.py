"""js-ipfs (ipfs-core 0.18.1): a node of IPFS with its RPC API, which the project archived in favour of Helia.

It is alone: offline, without peers, the data in memory. ``js_ipfs.mjs`` is what Node.js runs.
"""

from __future__ import annotations

import json
import shutil
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started, running

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

# mortice 3.0.1 is what ipfs-core asks for and the last that runs on Node.js 20: as a package of its own it is shared
PACKAGES = ("ipfs-core@0.18.1", "ipfs-http-server@0.15.1", "mortice@3.0.1")
HOME = Path(sys.prefix) / "lib" / "js-ipfs"
"""Where npm puts the packages: below this interpreter, not among those that are global to it."""
SCRIPT = Path(__file__).with_name("js_ipfs.mjs")


@contextmanager
def start() -> Generator[Started]:
    """Start a node and yield it.

    Raises:
        NotInstalled: the packages or Node.js are missing.
        ServerFailed: it did not start.

    """
    node, modules = shutil.which("node"), HOME / "node_modules"
    if node is None:
        raise NotInstalled("js-ipfs needs Node.js with npm: install the packages nodejs and npm of your system")
    manifest = modules / "ipfs-core" / "package.json"
    if not manifest.is_file():
        raise NotInstalled(
            f"js-ipfs is not installed: npm install --prefix {HOME} --ignore-scripts {' '.join(PACKAGES)}"
        )

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        # modules are looked for beside the script
        (directory / "node_modules").symlink_to(modules)
        script = shutil.copy(SCRIPT, directory)
        return (node, script, str(ports[0]))

    with running("js-ipfs", command, ports=1, ready=ready) as (ports, log):
        yield Started(
            name="js-ipfs",
            connection=f"ipfs://127.0.0.1:{ports[0]}/conformance?create=true",
            version=f"js-ipfs, ipfs-core {json.loads(manifest.read_text('utf-8'))['version']}",
            log=log,
        )


def ready(ports: Sequence[int]) -> bool:
    """Tell whether the RPC API answers; it takes POST only."""
    asked = urllib.request.Request(f"http://127.0.0.1:{ports[0]}/api/v0/version", method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=2) as answer:
            return answer.status == 200
    except (OSError, ValueError):
        return False
