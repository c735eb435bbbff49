"""Files fetched from a URL (save_url), each by a thread of its own; a client asks whether its job is done."""

from __future__ import annotations

import http.client
import secrets
import urllib.request
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from backends.dropbox_simulator.refusals import Union, WriteFailed, tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.dropbox_simulator.tree import File

SECONDS = 15 * 60
"""How long a transfer may take."""


class Jobs:
    """The jobs of the account.

    Args:
        save: writes a file, at a path, of the bytes that were fetched.

    """

    def __init__(self, save: Callable[[str, bytes], File]) -> None:
        self._save = save
        self._lock = Lock()
        self._states: dict[str, Union] = {}

    def start(self, path: str, url: str) -> str:
        """Begin to fetch ``url`` and return the id of the job."""
        id = secrets.token_urlsafe(12)
        self._states[id] = tag("in_progress")
        Thread(target=self._run, args=(id, path, url), daemon=True).start()
        return id

    def state(self, id: str) -> Union:
        """Return the SaveUrlJobStatus.

        Raises:
            KeyError: there is no such job.

        """
        with self._lock:
            return self._states[id]

    def _run(self, id: str, path: str, url: str) -> None:
        try:
            state = _complete(self._save(path, _fetched(url)))
        except WriteFailed as error:
            state = tag("failed", tag("path", error.reason))
        except (OSError, http.client.HTTPException, ValueError):
            state = tag("failed", tag("download_failed"))
        with self._lock:
            self._states[id] = state


def _complete(file: File) -> dict[str, Any]:
    return {**file.metadata(), ".tag": "complete"}


def _fetched(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - the route takes http and https only
        return answer.read()
