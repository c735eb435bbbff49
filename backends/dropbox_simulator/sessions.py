"""Upload sessions: a file that arrives in several requests, in order, or in blocks of 4 MiB in any order."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from backends.dropbox_simulator.refusals import Refused, Union, tag
from backends.dropbox_simulator.tree import BLOCK

LIFETIME = 7 * 24 * 3600
"""Seconds that a session can be used."""
FILE_MAXIMUM = 2**41 - 2**22
"""Bytes of one file."""


@dataclass(slots=True)
class Session:
    """What has arrived so far, by offset."""

    concurrent: bool
    closed: bool
    begun: float = field(default_factory=time.monotonic)
    pieces: dict[int, bytes] = field(default_factory=dict[int, bytes])

    @property
    def size(self) -> int:
        """Bytes from the beginning to the last that arrived."""
        return max((offset + len(data) for offset, data in self.pieces.items()), default=0)

    @property
    def content(self) -> bytes | None:
        """All bytes in their order; None while a piece is missing."""
        ordered = b"".join(self.pieces[offset] for offset in sorted(self.pieces))
        return ordered if len(ordered) == self.size else None


class Sessions:
    """The upload sessions of the account; callers hold the lock of the server."""

    def __init__(self) -> None:
        self._open: dict[str, Session] = {}

    def start(self, data: bytes, *, close: bool, concurrent: bool) -> str:
        """Begin a session with its first bytes and return its id.

        Raises:
            Refused: the UploadSessionStartError.

        """
        if concurrent and data:
            raise Refused(tag("concurrent_session_data_not_allowed"))
        if concurrent and close:
            raise Refused(tag("concurrent_session_close_not_allowed"))
        id = f"pid_upload_session:{secrets.token_urlsafe(24)}"
        self._open[id] = Session(concurrent=concurrent, closed=close, pieces={0: data} if data else {})
        return id

    def append(self, id: str, offset: int, data: bytes, *, close: bool) -> None:
        """Add bytes at ``offset``.

        Raises:
            Refused: the UploadSessionAppendError.

        """
        session = self._session(id)
        if session is None:
            raise Refused(tag("not_found"))
        reason = self._refusal(session, offset, data, close=close)
        if reason is not None:
            raise Refused(reason)
        if data:
            session.pieces[offset] = data
        session.closed = session.closed or close

    def finish(self, id: str, offset: int, data: bytes, *, batch: bool = False) -> bytes:
        """Add the last bytes and return the whole content; the session stays until :meth:`forget`.

        With ``batch`` the session has to be closed already.

        Raises:
            Refused: the UploadSessionFinishError.

        """
        session = self._session(id)
        if session is None:
            raise Refused(tag("lookup_failed", tag("not_found")))
        if session.concurrent and data:
            raise Refused(tag("concurrent_session_data_not_allowed"))
        if session.concurrent and not session.closed:
            raise Refused(tag("concurrent_session_not_closed"))
        if batch and not session.closed:
            raise Refused(tag("lookup_failed", tag("not_closed")))
        if offset != session.size:
            raise Refused(tag("lookup_failed", tag("incorrect_offset", correct_offset=session.size)))
        if data and session.closed:
            raise Refused(tag("lookup_failed", tag("closed")))
        if session.content is None:
            raise Refused(tag("concurrent_session_missing_data"))
        if data:
            session.pieces[offset] = data
        return session.content or b""

    def forget(self, id: str) -> None:
        """End a session whose content is a file now."""
        self._open.pop(id, None)

    def _session(self, id: str) -> Session | None:
        found = self._open.get(id)
        if found is not None and time.monotonic() - found.begun > LIFETIME:
            self.forget(id)
            return None
        return found

    @staticmethod
    def _refusal(session: Session, offset: int, data: bytes, *, close: bool) -> Union | None:
        if session.closed:
            return tag("closed")
        if session.concurrent:
            if offset % BLOCK:
                return tag("concurrent_session_invalid_offset")
            if len(data) % BLOCK and not close:
                return tag("concurrent_session_invalid_data_size")
        elif offset != session.size:
            return tag("incorrect_offset", correct_offset=session.size)
        return tag("too_large") if offset + len(data) > FILE_MAXIMUM else None
