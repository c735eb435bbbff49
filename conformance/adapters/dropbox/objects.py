"""Reading, writing, listing and deleting files and folders."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from conformance.adapters.conditions import Conditions
from conformance.adapters.dropbox.base import REQUEST_MAXIMUM, DropboxBase, only_any, revision
from conformance.adapters.dropbox.client import RangeNotSatisfiable, attempt
from conformance.adapters.streams import CHUNK, check_size, deliver, exactly
from conformance.storage import (
    IoCallback,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    Reader,
    Told,
    Unexpected,
    Writer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class DropboxObjects(DropboxBase):
    """Storager."""

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` (one upload) and return ``size``.

        ``if_match`` is an update of that revision, ``if_none_match="*"`` an add; otherwise the file is overwritten.

        Raises:
            RestrictionDissatisfied: ``size`` is above 150 MiB, or ``r`` is missing.
            ObjectModeInvalid: a directory is there, or a file is above.
            PairUnsupported: ``if_match`` is ``"*"``, ``if_none_match`` is an ETag, or both are given.
            PreconditionFailed: a condition does not hold.
            Unexpected: ``size`` is negative, or ``r`` ended early or raised; nothing was sent.

        """
        check_size(size, REQUEST_MAXIMUM)
        mode = self._mode(if_match, if_none_match)
        told = attempt(
            self._client.files_upload,
            b"".join(exactly(r, size, io_callback)),
            self._at(path),
            mode=mode,
            autorename=False,
            mute=True,
            # otherwise a file of the same content is no conflict, whatever its revision
            strict_conflict=if_match is not None or if_none_match is not None,
        )
        return Told(size, self._object(path, told))

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the file, or ``size`` bytes from ``offset``, to ``w`` (one download) and return the number of bytes.

        A range behind the end is empty.

        Raises:
            ObjectNotExist: there is no file, also when ``size`` is 0.
            ObjectModeInvalid: it is a directory.
            PreconditionFailed: the file has the ETag ``if_none_match``.
            Unexpected: ``offset`` or ``size`` is negative, or the body ends early.

        """
        check_size(offset or 0, None, "offset")
        check_size(size or 0, None)
        if size == 0:  # an empty range cannot be asked for in HTTP
            there = self.stat(path, object_mode=ObjectMode.READ)
            Conditions(if_none_match=if_none_match).check(there)
            return 0
        headers = {} if if_none_match is None else {"If-None-Match": if_none_match}
        if offset or size is not None:
            begin = offset or 0
            headers["Range"] = f"bytes={begin}-{'' if size is None else begin + size - 1}"
        try:
            told, answer = attempt(self._download, self._at(path), headers)
        except RangeNotSatisfiable:
            return 0
        with contextlib.closing(answer):
            chunks = answer.iter_content(CHUNK)
            count = deliver(iter(lambda: attempt(next, chunks, b""), b""), w, io_callback)
        return Told(count, self._object(path, told))

    def stat(self, path: str, *, object_mode: ObjectMode | None = None) -> Object:
        """Describe the file or folder (get_metadata).

        Raises:
            ObjectNotExist: there is none at ``path``.
            ObjectModeInvalid: what is there is of another kind than the hint.

        """
        found = self._object(path, self._found(path))
        if object_mode is not None and object_mode not in found.mode:
            raise ObjectModeInvalid(expected=object_mode, actual=found.mode)
        return found

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, if_match: str | None = None) -> None:
        """Delete the file, or the folder with all that lies in it (delete_v2); a missing one is no error (GSP-46).

        Raises:
            ObjectModeInvalid: it is the ``work_dir`` itself, or of another kind than the hint.
            PairUnsupported: ``if_match`` is ``"*"``.
            PreconditionFailed: the file has another ETag.

        """
        if not path:
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        if if_match == "*":
            raise PairUnsupported(["if_match"])
        rev = None if if_match is None else revision(if_match)
        with contextlib.suppress(ObjectNotExist):
            if object_mode is not None:
                self.stat(path, object_mode=object_mode)
            attempt(self._client.files_delete_v2, self._at(path), parent_rev=rev)

    def list(  # pyright: ignore[reportIncompatibleMethodOverride] - no continuation_token: a cursor is of a page
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate page by page over the children of a folder, or over every file of a prefix.

        The files of a prefix are those of the folder that it ends in, listed recursively, whose paths begin with it.

        Raises:
            ListModeInvalid: ``list_mode`` is not exactly one of ``dir`` and ``prefix``.
            ObjectModeInvalid: while iterating: ``path`` is no directory.
            Unexpected: while iterating: the service sends the same page again, or gives the cursor up.

        """
        size = page_size or self._location.page_size
        match list_mode:
            case None | ListMode.DIR:
                return self._children(path.removesuffix("/"), size)
            case ListMode.PREFIX:
                return self._below(path, size)
            case _:
                raise ListModeInvalid(list_mode)

    def _children(self, folder: str, page_size: int) -> Iterator[Object]:
        for entry in self._entries(folder, page_size, recursive=False):
            yield self._object(f"{folder}/{entry.name}" if folder else entry.name, entry)

    def _below(self, prefix: str, page_size: int) -> Iterator[Object]:
        depth = self._root.count("/") + 1
        for entry in self._entries(prefix.rpartition("/")[0], page_size, recursive=True):
            path = "/".join(entry.path_display.split("/")[depth:])
            if isinstance(entry, self._files.FileMetadata) and path.startswith(prefix):
                yield self._object(path, entry)

    def _entries(self, folder: str, page_size: int, *, recursive: bool) -> Iterator[Any]:
        """Yield the metadata of files and folders; a folder that is not there holds nothing."""
        seen = set[str]()
        try:
            page = attempt(self._client.files_list_folder, self._at(folder), recursive=recursive, limit=page_size)
        except ObjectNotExist:
            return
        while True:
            # what was deleted since the listing began is told too
            yield from (entry for entry in page.entries if not isinstance(entry, self._files.DeletedMetadata))
            if not page.has_more:
                return
            if page.cursor in seen:
                raise Unexpected("the listing goes in circles: its cursor came before")
            seen.add(page.cursor)
            page = attempt(self._client.files_list_folder_continue, page.cursor)

    def _download(self, path: str, headers: dict[str, str]) -> Any:
        files = self._files  # the SDK's own files_download takes no headers
        return self._client.request(files.download, "files", files.DownloadArg(path), None, extra_headers=headers)

    def _mode(self, if_match: str | None, if_none_match: str | None) -> Any:
        """Return the write mode that says what conditions say."""
        modes = self._files.WriteMode
        only_any("if_none_match", if_none_match)
        if if_match == "*" or (if_match is not None and if_none_match is not None):
            raise PairUnsupported(["if_match"])
        if if_match is not None:
            return modes.update(revision(if_match))
        return modes.overwrite if if_none_match is None else modes.add
