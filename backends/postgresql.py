"""PostgreSQL from the system's packages: a new cluster in a temporary directory, without a password, on loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import NotInstalled, ServerFailed, running

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

USER = "conformance"
DATABASE = "postgres"
# the data are disposable: what protects them from a power cut only costs time
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "unix_socket_directories=", "TimeZone=UTC")
_DEBIAN = Path("/usr/lib/postgresql")
_ACCOUNT = "postgres"


@contextmanager
def start() -> Generator[str]:
    """Start a server with an empty database and yield its URL, ``postgresql://conformance@127.0.0.1:PORT/postgres``.

    PostgreSQL refuses to run as root: there it runs as the account ``postgres`` that its package makes.

    Raises:
        NotInstalled: PostgreSQL, or that account, is missing.
        ServerFailed: it did not start.

    """
    programs = _programs()
    as_account = _as_account()
    data = Path()

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        nonlocal data
        data = directory / "data"
        if as_account:
            shutil.chown(directory, _ACCOUNT)
        _make_cluster((*as_account, str(programs / "initdb")), data)
        options = (option for setting in (*_SETTINGS, f"port={ports[0]}") for option in ("-c", setting))
        return (*as_account, str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", *options)

    def ready(ports: Sequence[int]) -> bool:
        ask = (str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(ports[0]))
        return subprocess.run(ask, check=False).returncode == 0  # noqa: S603 - the command is ours

    with running("postgresql", command, ports=1, ready=ready) as (ports, _):
        try:
            yield f"postgresql://{USER}@127.0.0.1:{ports[0]}/{DATABASE}"
        finally:
            _end_at_once(data)


def version() -> str:
    """Return what the server calls itself.

    Raises:
        NotInstalled: PostgreSQL is missing.

    """
    asked = (str(_programs() / "postgres"), "--version")
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - ours


def _programs() -> Path:
    """Return the directory of the server's programs: Debian keeps them out of ``PATH``, one directory a version."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    installed = sorted(_DEBIAN.glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if not installed:
        raise NotInstalled("PostgreSQL is not installed: apt-get install postgresql")
    return installed[-1].parent


def _as_account() -> tuple[str, ...]:
    if os.getuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    try:
        pwd.getpwnam(_ACCOUNT)
    except KeyError:
        setpriv = None
    if setpriv is None:
        raise NotInstalled(f"PostgreSQL does not run as root, and there is no setpriv or no account {_ACCOUNT}")
    # the kernel forgets the signal of a parent's death when the account changes
    account = (f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--clear-groups", "--pdeathsig=KILL")
    return (setpriv, *account)


def _make_cluster(initdb: Sequence[str], data: Path) -> None:
    options = ("--no-sync", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C", "-D", str(data))
    made = subprocess.run(  # noqa: S603 - the command is ours
        (*initdb, *options), check=False, capture_output=True, text=True, cwd=data.parent
    )
    if made.returncode != 0:
        raise ServerFailed(f"initdb ended with {made.returncode}:\n{made.stdout}{made.stderr}")


def _end_at_once(data: Path) -> None:
    """End it without waiting for its clients, which the usual signal does."""
    with suppress(OSError, ValueError):
        os.kill(int((data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
