"""Files of a server as objects, through whatever protocol serves them.

Directories are native, every file can be appended to and written at any offset, there are no ETags and no headers.

Translations, of every protocol of files: a delete of what is missing is an error there and none here (GSP-46). The
directories above a new file are made, and removed again when it fails. A file grows in the server's sight while it is
uploaded: it is uploaded to the root of the connection under a name that begins with ``.storage-conformance-`` and
renamed when it is complete, so that a failed write leaves the old object (GSP-134, GSP-751); appends and pages change
a file in place, once their reader was drained. Where the server refuses without a reason, the names concerned are asked
for: a directory is there, a file is above, or something is there already. What is deleted is looked at first, as files
and directories are removed by different requests, and so is what is read, moved, or changed in place, as these could
succeed on something else. The ``work_dir`` is there before its first object.
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Literal

from conformance.adapters.files.client import TEMPORARY, FilesClient
from conformance.adapters.files.protocol import Names, OpenFile
from conformance.adapters.streams import CHUNK, Span, check_size, deliver, exactly, verified
from conformance.storage import (
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Reader,
    StorageError,
    Told,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.adapters.paths import Key

SPOOL = 1024 * 1024
"""Bytes of an append or page that are kept in memory while they arrive; more go to a file."""


class FilesStorage(FilesClient):
    """Storager, direr, appender, pager and mover."""

    # storager

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Remove one file, link or empty directory; what is missing is no error (GSP-46).

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself, or an object of another kind than the hint.
            Unexpected: the directory is not empty.

        """
        key = self._key(path)
        if key.names == self._paths.work_names:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        status = self._find(key)
        if status is None:
            return
        self._check_hint(object_mode, self._describe(path, key.names, status).mode)
        remove = self._files.remove_directory if ObjectMode.DIR in status.mode else self._files.remove_file
        try:
            remove(key.names)
        except ObjectNotExist:
            return

    def list(self, path: str, *, list_mode: ListMode | None = None) -> Iterator[Object]:
        """Iterate over the children of a directory, in the order of the server (GSP-654).

        Raises:
            ListModeInvalid: any other mode.
            ObjectModeInvalid: ``path`` is no directory; a missing one is empty.

        """
        if list_mode not in {None, ListMode.DIR}:
            raise ListModeInvalid(list_mode or ListMode(0))
        names = self._key(path).names
        status = self._files.status(names)
        if status is None:
            return iter(())
        if ObjectMode.DIR not in status.mode:
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=status.mode)
        return self._children(path if not path or path.endswith("/") else path + "/", names)

    def _children(self, below: str, names: Names) -> Iterator[Object]:
        for name, status in self._files.members(names):
            if names or not name.startswith(TEMPORARY):
                yield self._describe(below + name, (*names, name), status)

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Copy a file, or the target of a link, to ``w``; a range past the end has as many bytes as there are.

        Raises:
            ObjectNotExist: nothing is there, or the link leads nowhere.
            ObjectModeInvalid: it is no file.
            PermissionDenied: the server forbids it.
            RestrictionDissatisfied: ``suffix`` is given with ``offset`` or ``size``.
            Unexpected: a negative range, or a writer that fails.

        """
        span = Span.checked(offset, size, suffix)
        key = self._key(path)
        found = self._find(key)
        if found is None:
            raise ObjectNotExist
        if ObjectMode.DIR in found.mode:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        with self._files.reading(key.names) as (file, status):
            if ObjectMode.READ not in status.mode:
                raise ObjectModeInvalid(expected=ObjectMode.READ, actual=status.mode)
            begin, end = span.of(status.length)
            told = self._describe(path, key.names, status if ObjectMode.LINK not in found.mode else found)
            return Told(deliver(_chunks(file, begin, end), w, io_callback), told)

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        """Describe what is under ``path``, a link not followed (GSP-93).

        Raises:
            ObjectNotExist: nothing is there.
            ObjectModeInvalid: it is of another kind than the hint.

        """
        key = self._key(path)
        status = self._find(key)
        if status is None:
            raise ObjectNotExist
        found = self._describe(path, key.names, status)
        self._check_hint(object_mode, found.mode)
        return found

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        content_sha256: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Replace what is under ``path`` by exactly ``size`` bytes of ``r``, or change nothing (GSP-134, GSP-751).

        With ``if_none_match="*"`` it is the server that refuses to rename over what is there.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            PairUnsupported: ``if_none_match`` is an ETag.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is there.
            RestrictionDissatisfied: ``r`` is ``None``, and ``size`` is not 0.
            Unexpected: the reader fails or ends early, or the content has another digest than promised.

        """
        names = self._place(path, if_none_match)
        check_size(size, None)
        data = verified(exactly(r, size, io_callback), content_md5, content_sha256)
        self._store(names, data, exclusive=if_none_match is not None)
        return size

    # appender, pager

    def create_append(self, path: str, *, if_none_match: str | None = None) -> Object:
        """Put an empty file under ``path`` (AOS-44); ``if_none_match`` is as for :meth:`write`."""
        return self._create_empty(path, if_none_match)

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the end of the file, whichever client appended last (AOS-44)."""
        check_size(size, None)
        self._change(o, "end", verified(exactly(r, size, io_callback), content_md5), 0)
        return size

    def commit_append(self, o: Object) -> None:
        """Do nothing to a file: every append is readable at once (AOS-44)."""
        self._changeable(o)

    def create_page(self, path: str, *, if_none_match: str | None = None) -> Object:
        """Put an empty file under ``path`` (AOS-25); ``if_none_match`` is as for :meth:`write`."""
        return self._create_empty(path, if_none_match)

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write at ``offset``; the file grows as needed, and what was never written reads as zeros."""
        check_size(size, None)
        check_size(offset, None, "offset")
        self._change(o, "within", exactly(r, size), offset)
        return size

    # direr, mover

    def create_dir(self, path: str) -> Object:
        """Make a directory with all above it; an existing one keeps its children (AOS-49, GSP-134).

        Raises:
            ObjectModeInvalid: something else is there or above.

        """
        key = self._key(path)
        try:
            with self._parents(key.names):
                self._files.make_directory(key.names)
        except StorageError as failure:
            error = failure
        else:
            return self._made(path, key.names)
        status = self._find(key)
        if status is None:
            self._explain(key.names)
            raise error
        if ObjectMode.DIR not in status.mode:
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=status.mode)
        return self._describe(path, key.names, status)

    def move(self, src: str, dst: str, *, if_none_match: str | None = None) -> None:
        """Rename one file or link.

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` is a directory, or ``dst`` cannot take a file.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is at ``dst``.

        """
        source = self._source(self._key(src))
        target = self._place(dst, if_none_match)
        self._install(source, target, exclusive=if_none_match is not None)

    def _source(self, key: Key) -> Names:
        status = self._find(key)
        if status is None:
            raise ObjectNotExist
        if not status.mode & (ObjectMode.READ | ObjectMode.LINK):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=status.mode)
        return key.names

    # files that are changed in place, or empty

    def _create_empty(self, path: str, if_none_match: str | None) -> Object:
        names = self._place(path, if_none_match)
        self._store(names, (), exclusive=if_none_match is not None)
        return self._made(path, names)

    def _changeable(self, o: Object) -> Names:
        """Return the file of a handle, which may have changed since it was made."""
        key = self._key(o.path)
        status = self._find(key)
        if status is None:
            raise ObjectNotExist
        if ObjectMode.APPEND not in status.mode:
            raise ObjectModeInvalid(expected=ObjectMode.APPEND, actual=status.mode)
        return key.names

    def _change(self, o: Object, where: Literal["end", "within"], chunks: Iterator[bytes], offset: int) -> None:
        """Write ``chunks`` at the end or at ``offset``, once all of them have arrived."""
        self._changeable(o)
        with SpooledTemporaryFile(SPOOL) as arrived:
            arrived.writelines(chunks)
            arrived.seek(0)
            with self._files.writing(self._changeable(o), where) as file:
                if where == "within":
                    file.seek(offset)
                while chunk := arrived.read(CHUNK):
                    file.write(chunk)

    @staticmethod
    def _check_hint(object_mode: ObjectMode | None, actual: ObjectMode) -> None:
        if object_mode is not None and object_mode not in actual:
            raise ObjectModeInvalid(expected=object_mode, actual=actual)


def _chunks(file: OpenFile, begin: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of an open file from ``begin`` to ``end``, fewer when it is cut off meanwhile."""
    left = end - begin
    if left > 0 and begin:
        file.seek(begin)
    while left > 0 and (chunk := file.read(min(left, CHUNK))):
        left -= len(chunk)
        yield chunk
