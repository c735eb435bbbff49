"""The errors of the API: endpoint errors are tagged unions (HTTP 409), all others have a status of their own."""

from __future__ import annotations

from typing import Any

Union = dict[str, Any]
"""A value of a union in JSON: its ``.tag``, and under the name of the tag, or beside it, what it holds."""


def tag(name: str, inner: Union | None = None, **fields: Any) -> Union:
    """Return the union value ``name``, which holds another union value, or the fields of a struct."""
    return {".tag": name, **({} if inner is None else {name: inner}), **fields}


class Refused(Exception):
    """An endpoint refuses, and says why with the union of its route."""

    def __init__(self, error: Union) -> None:
        super().__init__(error)
        self.error = error

    @property
    def summary(self) -> str:
        """The tags from the outside in, as Dropbox writes them: its own dots at the end are of random number."""
        words: list[str] = []
        at: Any = self.error
        while isinstance(at, dict):
            name = at[".tag"]
            words.append(name)
            at = at.get(name, at.get("reason"))
        return "/".join((*words, ".."))


class BadInput(Exception):
    """HTTP 400: the request is not what the route takes; the text is the whole answer."""


class Throttled(Exception):
    """HTTP 429, after which the client waits for ``retry_after`` seconds."""

    def __init__(self, reason: str, retry_after: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class Unauthorized(Exception):
    """HTTP 401: no token, or one that is not this account's."""


class LookupFailed(Exception):
    """What a path leads to is missing or of the wrong kind; each route wraps the tag in a union of its own."""

    def __init__(self, reason: Union) -> None:
        super().__init__(reason)
        self.reason = reason


class WriteFailed(Exception):
    """Something cannot be written at a path; each route wraps the tag in a union of its own."""

    def __init__(self, reason: Union) -> None:
        super().__init__(reason)
        self.reason = reason


def conflict(kind: str) -> WriteFailed:
    """Return the failure that a ``file``, a ``folder`` or a ``file_ancestor`` is in the way."""
    return WriteFailed(tag("conflict", tag(kind)))
