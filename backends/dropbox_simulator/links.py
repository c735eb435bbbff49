"""Temporary links: to read a file for four hours, or to write one once."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from backends.dropbox_simulator.tree import Commit, File

LIFETIME = 4 * 3600.0
"""Seconds that a link to read lasts, and one to write at most."""


class Gone(Exception):
    """HTTP 410: a link was used up, or its time is over."""


class ReadLink(NamedTuple):
    """A link to a file, whichever revision it had when the link was made."""

    file: File
    ends: float


class WriteLink(NamedTuple):
    """A link that makes a file of what is posted to it."""

    commit: Commit
    ends: float


class Links:
    """The links handed out, by the secret in their URL; callers hold the lock of the server."""

    def __init__(self) -> None:
        self._read: dict[str, ReadLink] = {}
        self._write: dict[str, WriteLink | None] = {}

    def to_read(self, file: File) -> str:
        """Return the path of a URL that serves ``file``."""
        name = secrets.token_urlsafe(24)
        self._read[name] = ReadLink(file, time.monotonic() + LIFETIME)
        return f"/cd/0/get/{name}/file"

    def to_write(self, commit: Commit, seconds: float) -> str:
        """Return the path of a URL that takes one file."""
        name = secrets.token_urlsafe(24)
        self._write[name] = WriteLink(commit, time.monotonic() + seconds)
        return f"/apitul/1/{name}"

    def readable(self, name: str) -> File:
        """Return the file of a link.

        Raises:
            KeyError: there is no such link.
            Gone: its time is over.

        """
        link = self._read[name]
        if time.monotonic() > link.ends:
            raise Gone
        return link.file

    def writable(self, name: str) -> Commit:
        """Return where the body of the one request to a link goes; the link is used up.

        Raises:
            KeyError: there is no such link.
            Gone: it was used, or its time is over.

        """
        link = self._write[name]
        self._write[name] = None
        if link is None or time.monotonic() > link.ends:
            raise Gone
        return link.commit
