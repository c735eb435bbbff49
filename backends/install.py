"""``python -m backends.install``: what npm brings, beside this interpreter: Azurite and js-ipfs.

Everything else comes with ``pip install -r backends/requirements.txt`` and the packages of ``debian-packages.txt``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from backends import azurite, ipfs

QUIETLY = ("--ignore-scripts", "--no-audit", "--no-fund")


def main() -> int:
    """Run npm and return its exit status, or 2 where there is no npm."""
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write("Azurite and js-ipfs need npm: install the packages nodejs and npm of your system\n")
        return 2
    commands = (
        (npm, "install", *QUIETLY, "--global", "--prefix", sys.prefix, f"azurite@{azurite.VERSION}"),
        (npm, "install", *QUIETLY, "--prefix", str(ipfs.HOME), *ipfs.PACKAGES),
    )
    running = [subprocess.Popen(command) for command in commands]  # noqa: S603 - our commands
    return max(each.wait() for each in running)


if __name__ == "__main__":
    sys.exit(main())
