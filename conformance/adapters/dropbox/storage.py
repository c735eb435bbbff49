"""Dropbox, over its official SDK: files and folders in one account.

The translation is thin: what the service answers is passed on, be it right or wrong, and requests are sent once. Paths
have no case, folders are made by the files below them, and the revision of a file is its ETag. An append object is an
upload session, whose id its handle carries; the file appears, in place of another one, when it is committed.

Translations: a missing file is deleted with success, and a missing folder lists as an empty one (GSP-46, GSP-749). Copy
and move never replace anything at Dropbox, and are not allowed to rename instead (autorename off): where a file is in
the way, it is deleted, as the very revision that was found, and the request is sent again, as GSP-134 asks for of such
services; in between there is nothing. ``save_url`` always renames: the file that it made is moved in the same way. A
folder that exists is created with success (AOS-49). How many bytes a session has is known to Dropbox alone: where its
answer is ``incorrect_offset``, the append is sent again at the offset that it tells.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.adapters.dropbox.base import REQUEST_MAXIMUM, only_any
from conformance.adapters.dropbox.client import FileInTheWay, IncorrectOffset, attempt, failure_for
from conformance.adapters.dropbox.objects import DropboxObjects
from conformance.adapters.streams import check_size, exactly
from conformance.storage import (
    HTTPRequest,
    IoCallback,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    PermissionDenied,
    Reader,
    RestrictionDissatisfied,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.adapters.dropbox.client import Location

SESSION = "upload_session_id"
"""Under which name of its system metadata an append object carries its session."""
APPEND_ATTEMPTS = 100
"""How often an append is tried anew while others append to the same object."""
FETCH_SECONDS = 60.0
"""How long the service may take to fetch a URL."""


class Dropbox(DropboxObjects):
    """One client of one ``work_dir``; see :class:`~conformance.adapters.dropbox.base.DropboxBase`."""

    def __init__(self, location: Location, work_dir: str = "/") -> None:
        super().__init__(location, work_dir)
        self._offsets: dict[str, int] = {}

    # appender

    def create_append(self, path: str) -> Object:
        """Start an upload session (AOS-44); what is at ``path`` stays until the commit, and the path is not checked."""
        begun = attempt(self._client.files_upload_session_start, b"")
        return Object(
            path=path,
            id=self._at(path),
            mode=ObjectMode.APPEND,
            append_offset=0,
            system_metadata={SESSION: begun.session_id},
        )

    def write_append(self, o: Object, r: Reader | None, size: int, *, io_callback: IoCallback | None = None) -> int:
        """Add ``size`` bytes at the tail of the session (append_v2).

        Raises:
            ObjectNotExist: the session has ended.
            RestrictionDissatisfied: ``size`` is above 150 MiB, or ``r`` is missing.
            Unexpected: the handle has no session, ``size`` is negative, or ``r`` ended early or raised.

        """
        check_size(size, REQUEST_MAXIMUM)
        data = b"".join(exactly(r, size, io_callback))
        offset = self._at_tail(self._client.files_upload_session_append_v2, data, o)
        self._offsets[_session(o)] = offset + size
        return size

    def commit_append(self, o: Object) -> None:
        """Make the file of what the session has (finish), in place of another one.

        Raises:
            ObjectNotExist: the session has ended.
            ObjectModeInvalid: a directory is there, or a file is above.
            Unexpected: the handle has no session.

        """
        self._at_tail(partial(self._client.files_upload_session_finish, commit=self._commit(o.path)), b"", o)
        self._offsets.pop(_session(o), None)

    def _at_tail(self, call: Callable[..., Any], data: bytes, o: Object) -> int:
        """Call with a cursor at the end of the session and return where that is."""
        session = _session(o)
        for _ in range(APPEND_ATTEMPTS):
            offset = self._offsets.get(session, 0)
            try:
                attempt(call, data, self._files.UploadSessionCursor(session, offset))
            except IncorrectOffset as error:
                self._offsets[session] = error.correct
            else:
                return offset
        raise Unexpected(f"the offset was not correct {APPEND_ATTEMPTS} times")

    # copier, direr, fetcher, mover, reacher

    def copy(self, src: str, dst: str, *, if_none_match: str | None = None) -> Object:
        """Copy a file inside the service (copy_v2).

        Raises:
            ObjectNotExist: there is no ``src``.
            ObjectModeInvalid: ``src`` or ``dst`` is a directory, or a file is above ``dst``.
            PairUnsupported: ``if_none_match`` is an ETag.
            PreconditionFailed: ``if_none_match`` is ``"*"``, and something is at ``dst``.

        """
        return self._relocate(self._client.files_copy_v2, src, dst, if_none_match)

    def move(self, src: str, dst: str, *, if_none_match: str | None = None) -> Object:
        """Move a file inside the service (move_v2); raises as :meth:`copy` does."""
        return self._relocate(self._client.files_move_v2, src, dst, if_none_match)

    def create_dir(self, path: str) -> Object:
        """Create a folder with all above it (create_folder_v2); an existing one keeps its children.

        Raises:
            ObjectModeInvalid: a file is there, or above.

        """
        try:
            made = attempt(self._client.files_create_folder_v2, self._at(path), autorename=False).metadata
        except FileInTheWay:
            made = None
        except ObjectModeInvalid as error:
            if error.expected == ObjectMode.DIR:
                raise
            made = self._found(path)
        if made is None:
            raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=ObjectMode.READ)
        return self._object(path, made)

    def fetch(self, path: str, url: str) -> None:
        """Let the service store what ``url`` serves (save_url), and wait until it is done.

        Raises:
            ObjectModeInvalid: a directory is at ``path``, or a file above.
            Unexpected: the service could not fetch it, or not in a minute.

        """
        begun = attempt(self._client.files_save_url, self._at(path), url)
        made = begun.get_complete() if begun.is_complete() else self._awaited(begun.get_async_job_id())
        if made.path_lower != self._at(path).lower():
            self._move_into_place(made, path)

    def reach(self, path: str, *, verb: str = "read", size: int | None = None) -> HTTPRequest:
        """Return a temporary link, good for four hours: to read or describe the file, or to write one, once.

        Dropbox itself looks for the file that is to be read. A link to write is not bound to ``size``.

        Raises:
            ObjectNotExist: there is no file to read.
            ObjectModeInvalid: it is a directory.
            PermissionDenied: this client may only read, and the verb is ``write``.
            RestrictionDissatisfied: ``verb`` is not ``read``, ``stat`` or ``write``.

        """
        if verb in {"read", "stat"}:
            link = attempt(self._client.files_get_temporary_link, self._at(path)).link
            return HTTPRequest("GET" if verb == "read" else "HEAD", link)
        if verb != "write":
            raise RestrictionDissatisfied(f"verb {verb!r} is not read, stat or write")
        if not self.may_change:
            raise PermissionDenied("this client may only read")
        headers = {"Content-Type": "application/octet-stream"}
        if size is not None:
            headers["Content-Length"] = str(size)
        commit = self._commit(path)
        return HTTPRequest("POST", attempt(self._client.files_get_temporary_upload_link, commit).link, headers)

    # replacing, where Dropbox does not

    def _relocate(self, call: Callable[..., Any], src: str, dst: str, if_none_match: str | None) -> Object:
        only_any("if_none_match", if_none_match)
        try:
            answer = attempt(call, self._at(src), self._at(dst), autorename=False)
        except FileInTheWay:
            if if_none_match is not None:
                raise
            source, there = self._found(src), self._found(dst)
            if source.id == there.id:
                return self._object(dst, there)  # nothing but the file itself is in its way
            if isinstance(source, self._files.FolderMetadata):
                raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR) from None
            self._remove(there)
            answer = attempt(call, self._at(src), self._at(dst), autorename=False)
        return self._object(dst, answer.metadata)

    def _move_into_place(self, made: Any, path: str) -> None:
        there = self._found(path)
        if isinstance(there, self._files.FolderMetadata):
            self._remove(made)
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)
        self._remove(there)
        attempt(self._client.files_move_v2, made.path_lower, self._at(path), autorename=False)

    def _remove(self, file: Any) -> None:
        """Delete a file in the revision that was found, and no later one."""
        attempt(self._client.files_delete_v2, file.path_lower, parent_rev=file.rev)

    def _awaited(self, job: str) -> Any:
        pause, deadline = 0.01, time.monotonic() + FETCH_SECONDS
        while time.monotonic() < deadline:
            state = attempt(self._client.files_save_url_check_job_status, job)
            if state.is_complete():
                return state.get_complete()
            if state.is_failed():
                raise failure_for(state.get_failed())
            time.sleep(pause)
            pause = min(2 * pause, 1.0)
        raise Unexpected(f"the service did not fetch it within {FETCH_SECONDS:.0f} seconds")


def _session(o: Object) -> str:
    system: Mapping[str, str] = o.system_metadata
    if SESSION not in system:
        raise Unexpected("this handle is of no upload session: create_append begins one")
    return system[SESSION]
