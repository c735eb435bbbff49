"""Apache httpd with mod_dav: a directory of the local disk behind RFC 4918."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import Started, answers, running, system_program
from backends.webdav import USER, users_file, worker

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

MODULES = Path("/usr/lib/apache2/modules")
CONFIGURATION = """\
ServerRoot {directory}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {directory}/pid
ErrorLog /dev/stderr
{account}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule auth_basic_module {modules}/mod_auth_basic.so
LoadModule dav_module {modules}/mod_dav.so
LoadModule dav_fs_module {modules}/mod_dav_fs.so
LoadModule dir_module {modules}/mod_dir.so
DavLockDB {directory}/locks
DocumentRoot {directory}/served
# names may hold an encoded slash or backslash, and a GET of a collection is not redirected
AllowEncodedSlashes NoDecode
DirectorySlash Off
<Directory {directory}/served>
  Dav On
  FileETag Digest
  DavDepthInfinity On
  AuthType Basic
  AuthName conformance
  AuthUserFile {users}
  Require valid-user
</Directory>
"""
"""The least that serves one folder with locks, one user, and listings of whole trees.

By default an ETag is weak for the second after a change, in which no If-Match holds: those of ``Digest`` are strong.
"""
"""The least that serves one folder with locks, users, and listings of whole trees."""


@contextmanager
def start() -> Generator[Started]:
    """Start ``apache2`` in the foreground on an empty directory and yield it.

    Raises:
        NotInstalled: Apache is missing.
        ServerFailed: it did not start.

    """
    program = system_program("apache2", "apache2-bin")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        (directory / "served").mkdir()
        users, settings = users_file(directory), directory / "apache.conf"
        account = "User {}\nGroup {}".format(*as_nobody) if (as_nobody := worker(directory)) else ""
        settings.write_text(
            CONFIGURATION.format(directory=directory, port=ports[0], modules=MODULES, account=account, users=users)
        )
        return (program, "-X", "-f", str(settings))

    with running("apache-dav", command, ports=1, ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/", 401)) as (
        ports,
        log,
    ):
        yield Started(
            name="apache-dav",
            connection=f"webdav://127.0.0.1:{ports[0]}/conformance?create=true&infinity=true&pages=true",
            version=version(program),
            environment=USER,
            log=log,
        )


def version(program: str) -> str:
    """Return what the program is: ``Apache httpd 2.4.62``."""
    said = subprocess.run((program, "-v"), capture_output=True, text=True, check=True).stdout  # noqa: S603 - as above
    return f"Apache httpd {said.partition('Apache/')[2].split()[0]}"
