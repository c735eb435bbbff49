"""What the WebDAV servers here have in common: their user, and the account that they serve as."""

from __future__ import annotations

import base64
import grp
import hashlib
import os
import pwd
from collections.abc import Mapping
from pathlib import Path

USER: Mapping[str, str] = {"WEBDAV_USER": "test", "WEBDAV_PASSWORD": "testtest"}
"""What every WebDAV server here accepts, for the environment of its clients."""


def users_file(directory: Path) -> Path:
    """Write the file by which Apache and nginx know the user, and return it."""
    user, password = USER.values()
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    file = directory / "users"
    file.write_text(f"{user}:{{SHA}}{base64.b64encode(digest).decode()}\n")
    return file


def worker(directory: Path) -> tuple[str, str] | None:
    """Return account and group for the processes that serve, when we are root: nobody, who is given the directory."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    for path in (directory, *directory.iterdir()):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return nobody.pw_name, grp.getgrgid(nobody.pw_gid).gr_name
