"""A directory of an FTP server as a storage: directories are native, and files grow at their end.

Translations: FTP refuses whatever concerns a file with 550 or 450, whose text is for people (RFC 959, 4.2): MLST (RFC
3659) tells what is there, and that decides which error it is. DELE or RMD of what is missing is such a refusal, and is
success (GSP-46); so is MKD of a directory that is there (AOS-49). ``delete`` sends DELE, and RMD where that is refused
because of a directory. STOR and RNTO below a directory that is missing are refused, and GSP-134 has it made: the
directories above are made with MKD, and the command is sent once more. APPE makes a file that is missing, so that MLST
tells first whether there is one (AOS-44). A ``work_dir`` is there before its first object: it lists as empty.

A range begins with REST; where it ends before the file does, the connection for data is closed, and the reply may be
one of failure. REST before STOR is for a transfer that broke off, and at 0 it is a STOR of a whole file, so that there
are no page objects. FTP copies nothing by itself, and knows no ETags and no conditions.
"""

from __future__ import annotations

import ftplib
import select
from typing import TYPE_CHECKING

from conformance.adapters.ftp import facts
from conformance.adapters.ftp.base import FtpBase, where
from conformance.adapters.ftp.client import Refusal, translated
from conformance.adapters.paths import Key
from conformance.adapters.streams import CHUNK, Span, check_size, deliver, exactly, refuse
from conformance.storage import (
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

STALLED = 3.0
"""Seconds for which a server may take nothing of an upload before that is ended and its reply awaited."""


class Ftp(FtpBase):
    """One client of one ``work_dir``: storager, appender, direr and mover."""

    def write(self, path: str, r: Reader | None, size: int, *, io_callback: IoCallback | None = None) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (STOR), with the directories above it.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            RestrictionDissatisfied: ``r`` is missing, or the server has no room for it.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        key = self._place(path)
        check_size(size, None)
        self._store(key, b"".join(exactly(r, size, io_callback)))
        return size

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the file, or ``size`` bytes from ``offset``, to ``w`` (REST, RETR) and return the number of bytes.

        Raises:
            ObjectNotExist: there is nothing, also when ``size`` is 0.
            ObjectModeInvalid: there is a directory.
            Unexpected: a negative range, or one that the server refuses because it begins behind the end.

        """
        span = Span.checked(offset, size)
        key = self._key(path)
        if key.directory or size == 0:
            self._file(key)
            return 0
        counts: list[int] = []

        def transfer(session: ftplib.FTP) -> None:
            counts.append(deliver(_retrieved(session, where(key.names), span), w, io_callback))

        error = self._do(transfer)
        if error is not None:
            refuse(self._why(key, error, ObjectMode.READ))
        return counts[0]

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        """Describe the file or directory (MLST).

        Raises:
            ObjectNotExist: there is nothing.
            ObjectModeInvalid: it is of another kind than the hint.

        """
        key = self._key(path)
        found = self._find(key)
        if found is None:
            raise ObjectNotExist
        described = self._described(path, key.names, found)
        if object_mode is not None and object_mode not in described.mode:
            raise ObjectModeInvalid(expected=object_mode, actual=described.mode)
        return described

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Delete one file (DELE) or one empty directory (RMD); a missing one is no error (GSP-46).

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself, or an object of another kind than the hint.
            Unexpected: the directory is not empty.

        """
        key = self._key(path)
        if not self._inside(key):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        if object_mode is not None:
            found = self._find(key)
            mode = self._described(path, key.names, found).mode if found is not None else object_mode
            if object_mode not in mode:
                raise ObjectModeInvalid(expected=object_mode, actual=mode)
        error = None
        if object_mode is None or ObjectMode.DIR not in object_mode:
            error = self._do(lambda session: session.delete(where(key.names)))
            if error is None:
                return
        found = self._find(key)
        if found is not None and found.mode == ObjectMode.DIR:
            error = self._do(lambda session: session.rmd(where(key.names)))
        if error is not None and self._find(key) is not None:
            refuse(translated(error, self._location.url))

    def list(  # pyright: ignore[reportIncompatibleMethodOverride] - FTP has neither pages nor tokens
        self, path: str, *, list_mode: ListMode | None = None
    ) -> Iterator[Object]:
        """Iterate over the members of a directory (MLSD).

        Raises:
            ListModeInvalid: another mode.
            ObjectModeInvalid: ``path`` is a file.
            ObjectNotExist: there is no such directory.

        """
        if list_mode not in {None, ListMode.DIR}:
            raise ListModeInvalid(list_mode or ListMode(0))
        key = self._key(path)
        found: list[tuple[str, facts.Facts]] = []
        error = self._do(lambda session: found.extend(facts.members(session, where(key.names))))
        if error is not None:
            failure = self._why(Key(key.names), error, ObjectMode.DIR)
            if self._inside(key) or not isinstance(failure, ObjectNotExist):
                refuse(failure)
        below = path if not path or path.endswith("/") else path + "/"
        return iter([self._described(below + name, (*key.names, name), told) for name, told in found])

    # appender, direr, mover

    def create_append(self, path: str) -> Object:
        """Put an empty file under ``path``, in place of one that is there (AOS-44); raises as :meth:`write`."""
        key = self._place(path)
        self._store(key, b"")
        return self._object(path, key.names, ObjectMode.READ | ObjectMode.APPEND, append_offset=0)

    def write_append(self, o: Object, r: Reader | None, size: int, *, io_callback: IoCallback | None = None) -> int:
        """Add ``size`` bytes at the end of the file (APPE).

        Raises:
            ObjectNotExist: there is no file any more.
            ObjectModeInvalid: there is a directory.
            RestrictionDissatisfied: ``r`` is missing.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, None)
        key, data = self._place(o.path), b"".join(exactly(r, size, io_callback))
        self._file(key)
        if data:
            error = self._do(lambda session: _sent(session, f"APPE {where(key.names)}", data))
            if error is not None:
                refuse(self._why(key, error, ObjectMode.READ))
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing to a file: every append can be read at once (AOS-44); raises as :meth:`write_append`."""
        self._file(self._place(o.path))

    def create_dir(self, path: str) -> Object:
        """Make a directory with all above it (MKD); an existing one keeps its members (AOS-49).

        Raises:
            ObjectModeInvalid: a file is there or above.

        """
        key = self._key(path)
        self._make(key, lambda session: session.mkd(where(key.names)), kind=ObjectMode.DIR)
        return self._object(path, key.names, ObjectMode.DIR)

    def move(self, src: str, dst: str) -> None:
        """Rename a file or directory (RNFR, RNTO); a file that is at ``dst`` is replaced where the server does so.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: a directory is at ``dst``, or a file is above.

        """
        source, key = self._key(src), self._place(dst)

        def there() -> None:
            if self._find(source) is None:
                raise ObjectNotExist

        def rename(session: ftplib.FTP) -> None:
            session.rename(where(source.names), where(key.names))

        self._make(key, rename, kind=ObjectMode.READ, possible=there)

    # how it is done

    def _store(self, key: Key, data: bytes) -> None:
        self._make(
            key,
            lambda session: _sent(session, f"STOR {where(key.names)}", data),
            kind=ObjectMode.READ,
        )

    def _file(self, key: Key) -> None:
        found = self._find(key)
        if found is None:
            raise ObjectNotExist
        if found.mode != ObjectMode.READ:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=found.mode)


def _retrieved(session: ftplib.FTP, path: str, span: Span) -> Iterator[bytes]:
    """Yield the bytes of a span; afterwards the session can be used again."""
    left = span.size
    session.voidcmd("TYPE I")  # a listing was of text
    with session.transfercmd(f"RETR {path}", rest=span.offset or None) as connection:
        while left != 0 and (chunk := connection.recv(CHUNK if left is None else min(CHUNK, left))):
            left = None if left is None else left - len(chunk)
            yield chunk
    try:
        session.voidresp()
    except Refusal:
        if left != 0:  # else we were who closed the connection
            raise


def _sent(session: ftplib.FTP, command: str, data: bytes) -> None:
    """Send all of ``data``, or as much as the server takes: ftplib would wait where it refuses without reading."""
    session.voidcmd("TYPE I")
    with session.transfercmd(command) as connection:
        left = memoryview(data)
        while left and select.select([], [connection], [], STALLED)[1]:
            left = left[connection.send(left[:CHUNK]) :]
    session.voidresp()
    if left:
        raise EOFError(f"the server takes {len(data) - len(left)} of {len(data)} bytes, and calls that success")
