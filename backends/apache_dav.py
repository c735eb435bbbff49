"""Apache httpd with mod_dav: a directory of the local disk behind RFC 4918."""

from __future__ import annotations

import base64
import grp
import hashlib
import os
import pwd
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from backends.server import Started, answers, running, system_program
from backends.wsgidav import USER

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

MODULES = Path("/usr/lib/apache2/modules")
CONFIGURATION = """\
ServerRoot {directory}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {directory}/pid
ErrorLog /dev/stderr
User {account}
Group {group}
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
  DavDepthInfinity On
  AuthType Basic
  AuthName conformance
  AuthUserFile {directory}/users
  Require valid-user
</Directory>
"""
"""The least that serves one folder with locks, one user, and listings of whole trees."""
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
        served, users, settings = directory / "served", directory / "users", directory / "apache.conf"
        served.mkdir()
        user, password = USER.values()
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
        users.write_text(f"{user}:{{SHA}}{base64.b64encode(digest).decode()}\n")
        account, group = worker(directory)
        settings.write_text(
            CONFIGURATION.format(directory=directory, port=ports[0], modules=MODULES, account=account, group=group)
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


def worker(directory: Path) -> tuple[str, str]:
    """Return account and group that serve requests: ours, but as root that of nobody, who is given the directory."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    nobody = pwd.getpwnam("nobody")
    for path in (directory, *directory.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_name, grp.getgrgid(nobody.pw_gid).gr_name


def version(program: str) -> str:
    """Return how the program calls itself: ``Apache/2.4.62 (Debian)``."""
    said = subprocess.run((program, "-v"), capture_output=True, text=True, check=True).stdout  # noqa: S603 - as above
    return said.partition("\n")[0].removeprefix("Server version: ")
