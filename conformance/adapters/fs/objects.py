"""Reading, writing, listing and deleting the files below a directory."""

# Names are checked before they are joined; os takes the text as it is, and at once.
# ruff: noqa: PTH123

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from conformance.adapters.conditions import Conditions
from conformance.adapters.fs.client import FileSystemClient, chunks
from conformance.adapters.fs.tree import Names, mode, taxonomy
from conformance.adapters.listing import Entry, Listing, first, page_of
from conformance.adapters.streams import Span, check_size, deliver, exactly, verified
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
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from conformance.adapters.paths import Key


class FileSystemObjects(FileSystemClient):
    """Storager, and the derived ``delete_many``."""

    def delete(self, path: str, *, object_mode: ObjectMode | None = None) -> None:
        """Remove one file, link or empty directory; what is missing, or below a file, is no error (GSP-46).

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself, or an object of another kind than the hint.
            Unexpected: the directory is not empty.

        """
        self._remove(self._removable(path), object_mode)

    def delete_many(self, paths: Iterable[str]) -> None:
        """Remove several objects in the order given; missing ones are no error.

        A path that can name nothing is refused before any other is removed. The host removes one after the other: at
        another failure those before are gone.

        Raises:
            ObjectModeInvalid: the ``work_dir`` itself is among them.
            Unexpected: a directory is not empty.

        """
        for key in [self._removable(path) for path in paths]:
            self._remove(key, None)

    def list(
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        continuation_token: str | None = None,
        start_after: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate over the children of a directory, or over every file and link of a prefix (GSP-654).

        ``page_size`` is how many are described at a time, more than 1000 being as 1000.

        Raises:
            ListModeInvalid: any other mode, or a combination.
            ObjectModeInvalid: ``path`` is no directory; a missing one is empty.
            RestrictionDissatisfied: ``page_size`` is below 1.

        """
        count = page_of(page_size)
        match list_mode:
            case None | ListMode.DIR:
                page = self._page_of_children(path, start_after or "", count)
            case ListMode.PREFIX:
                page = self._page_of_prefix(path, start_after or "", count)
            case _:
                raise ListModeInvalid(list_mode)
        return Listing(page, continuation_token)

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> Told:
        """Copy a file, or the target of a link, to ``w``; a range past the end has as many bytes as there are.

        A ``suffix`` of 0 has no bytes, and one longer than the object has all of them. The number of bytes tells what
        :meth:`stat` tells of ``path``, which is also what the conditions are compared with.

        Raises:
            ObjectNotExist: nothing is there, whatever the conditions, or the link leads nowhere.
            ObjectModeInvalid: it is no file.
            PermissionDenied: the host forbids it, or the link leads out of the ``work_dir``.
            PreconditionFailed: a condition does not hold; nothing was delivered.
            RestrictionDissatisfied: ``suffix`` is given with ``offset`` or ``size``.
            Unexpected: a negative range, or a writer that fails.

        """
        span = Span.checked(offset, size, suffix)
        conditions = Conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        )
        key = self._key(path)
        with taxonomy():
            status = self._find(key)
            found = self._tree.resolve(key.names) if status is not None else None
            if status is None or found is None:
                raise ObjectNotExist
            names, file_status = found
            if not stat.S_ISREG(file_status.st_mode):
                raise ObjectModeInvalid(expected=ObjectMode.READ, actual=mode(file_status))
            with open(self._tree.host(names), "rb") as file:
                # the file that is open, whatever has taken its place since
                opened = os.fstat(file.fileno())
                o = self._describe(path, key.names, opened if names == key.names else status, opened)
                conditions.check(o)
                begin, end = span.of(opened.st_size)
                return Told(deliver(chunks(file, begin, end), w, io_callback), o)

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe what is under ``path``, a link not followed (GSP-93).

        Raises:
            ObjectNotExist: nothing is there, whatever the conditions.
            ObjectModeInvalid: it is of another kind than the hint.
            PreconditionFailed: a condition does not hold.

        """
        key = self._key(path)
        with taxonomy():
            status = self._find(key)
            if status is None:
                raise ObjectNotExist
            found = self._describe(path, key.names, status)
        _check_hint(object_mode, found.mode)
        Conditions(
            if_match=if_match,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            if_unmodified_since=if_unmodified_since,
        ).check(found)
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
    ) -> Told:
        """Replace what is under ``path`` by exactly ``size`` bytes of ``r``, or change nothing (GSP-134, GSP-751).

        With ``if_none_match="*"`` the host itself refuses to replace. The size returned tells what :meth:`stat` would.

        Raises:
            ObjectModeInvalid: a directory is there, or a file is above.
            PairUnsupported: ``if_none_match`` is an ETag.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is there.
            RestrictionDissatisfied: ``r`` is ``None``, and ``size`` is not 0.
            Unexpected: the reader fails or ends early, the content has another digest than promised, the disk is full.

        """
        names = self._place(path, if_none_match)
        check_size(size, None)
        with taxonomy():
            data = verified(exactly(r, size, io_callback), content_md5, content_sha256)
            status = self._tree.store(names, data, exclusive=if_none_match is not None)
            return Told(size, self._describe(path, names, status))

    def _removable(self, path: str) -> Key:
        key = self._key(path)
        if not key.names:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        return key

    def _remove(self, key: Key, object_mode: ObjectMode | None) -> None:
        with taxonomy():
            status = self._find(key)
            if status is None:
                return
            _check_hint(object_mode, self._mode(key.names, status))
            remove = os.rmdir if stat.S_ISDIR(status.st_mode) else os.unlink
            with suppress(FileNotFoundError):
                remove(self._tree.host(key.names))

    # pages of listings

    def _page_of_children(self, path: str, begin: str, count: int) -> Callable[[str], list[Entry]]:
        names = self._key(path).names
        with taxonomy():
            status = self._tree.find(names)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=mode(status))
        below = path if not path or path.endswith("/") else path + "/"

        def page(after: str) -> list[Entry]:
            with taxonomy():
                return [
                    (name, self._describe(below + name, (*names, name), status))
                    for name in first(
                        (n for n in self._tree.names(names) if "/".join((*names, n)) > begin), after, count
                    )
                    if (status := self._tree.find((*names, name))) is not None
                ]

        return page

    def _page_of_prefix(self, prefix: str, begin: str, count: int) -> Callable[[str], list[Entry]]:
        try:
            directory = self._key(prefix[: prefix.rfind("/") + 1]).names
        except StorageError:
            # a prefix is any text, and no path begins with what no path can hold
            return lambda _: []

        def page(after: str) -> list[Entry]:
            with taxonomy():
                found = dict(self._walk(directory))
                return [
                    (name, self._describe(name, tuple(name.split("/")), found[name]))
                    for name in first(
                        (name for name in found if name.startswith(prefix) and name > begin), after, count
                    )
                ]

        return page

    def _walk(self, directory: Names) -> Iterator[tuple[str, os.stat_result]]:
        pending = [directory]
        while pending:
            above = pending.pop()
            for name in self._tree.names(above):
                names = (*above, name)
                status = self._tree.find(names)
                if status is not None and stat.S_ISDIR(status.st_mode):
                    pending.append(names)
                elif status is not None:
                    yield "/".join(names), status


def _check_hint(object_mode: ObjectMode | None, actual: ObjectMode) -> None:
    if object_mode is not None and object_mode not in actual:
        raise ObjectModeInvalid(expected=object_mode, actual=actual)
