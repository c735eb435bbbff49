"""The routes of one account: each takes its argument and a body, and returns its result."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Any

from backends.dropbox_simulator.arguments import FOLDER, PATH, READ, REV, WRITTEN, Argument
from backends.dropbox_simulator.jobs import Jobs
from backends.dropbox_simulator.links import LIFETIME, Links
from backends.dropbox_simulator.listing import LIMIT, Listings
from backends.dropbox_simulator.refusals import BadInput, LookupFailed, Refused, WriteFailed, tag
from backends.dropbox_simulator.sessions import Sessions
from backends.dropbox_simulator.tree import Commit, File, Tree, content_hash

if TYPE_CHECKING:
    from collections.abc import Callable

BODY_MAXIMUM = 150 * 1024 * 1024
"""Bytes of one request."""
BATCH_MAXIMUM = 1000
_NAME = "simulator@example.com"


class Account:
    """One account and its data. The lock is held while a route runs."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.tree = Tree()
        self.sessions = Sessions()
        self.listings = Listings(self.tree)
        self.links = Links()
        self.jobs = Jobs(self._save)

    def _save(self, path: str, data: bytes) -> File:
        with self.lock:
            return self.tree.write(Commit(path=path, autorename=True, strict_conflict=True), data)

    # uploads

    def upload(self, argument: Argument, body: bytes) -> dict[str, Any]:
        """files/upload."""
        commit = argument.commit()
        _verify(argument, body)
        try:
            return _struct(self.tree.write(commit, body))
        except WriteFailed as error:
            # a session that would hold the bytes for another try is not kept here
            raise Refused(tag("path", reason=error.reason, upload_session_id="")) from None

    def session_start(self, argument: Argument, body: bytes) -> dict[str, Any]:
        """files/upload_session/start."""
        kind, _ = argument.union("session_type", "sequential", "concurrent", default="sequential")
        _verify(argument, body)
        id = self.sessions.start(body, close=argument.flag("close"), concurrent=kind == "concurrent")
        return {"session_id": id}

    def session_append(self, argument: Argument, body: bytes) -> None:
        """files/upload_session/append_v2."""
        id, offset = _cursor(argument)
        _verify(argument, body)
        self.sessions.append(id, offset, body, close=argument.flag("close"))

    def session_finish(self, argument: Argument, body: bytes) -> dict[str, Any]:
        """files/upload_session/finish."""
        _verify(argument, body)
        return self._finished(argument, body)

    def session_finish_batch(self, argument: Argument) -> dict[str, Any]:
        """files/upload_session/finish_batch_v2: each file by itself, in the order given."""
        entries = argument.structs("entries")
        if len(entries) > BATCH_MAXIMUM:
            raise BadInput(f"request body: entries: list has {len(entries)} items, at most {BATCH_MAXIMUM}")
        results: list[dict[str, Any]] = []
        for entry in entries:
            try:
                results.append({**self._finished(entry, b"", batch=True), ".tag": "success"})
            except Refused as error:
                results.append(tag("failure", error.error))
        return {"entries": results}

    def _finished(self, argument: Argument, body: bytes, *, batch: bool = False) -> dict[str, Any]:
        id, offset = _cursor(argument)
        commit = argument.struct("commit").commit()
        data = self.sessions.finish(id, offset, body, batch=batch)
        try:
            made = self.tree.write(commit, data)
        except WriteFailed as error:
            raise Refused(tag("path", error.reason)) from None
        self.sessions.forget(id)
        return _struct(made)

    # files and folders

    def download(self, argument: Argument) -> File:
        """files/download, as far as it finds the file."""
        path = argument.text("path", READ)
        try:
            return self.tree.file(path)
        except LookupFailed as error:
            raise Refused(tag("path", error.reason)) from None

    def copy(self, argument: Argument) -> dict[str, Any]:
        """files/copy_v2."""
        return self._relocated(argument, keep=True)

    def move(self, argument: Argument) -> dict[str, Any]:
        """files/move_v2."""
        return self._relocated(argument, keep=False)

    def _relocated(self, argument: Argument, *, keep: bool) -> dict[str, Any]:
        source, target = argument.text("from_path", WRITTEN), argument.text("to_path", WRITTEN)
        entry = self.tree.relocate(source, target, keep=keep, autorename=argument.flag("autorename"))
        return {"metadata": entry.metadata()}

    def delete(self, argument: Argument) -> dict[str, Any]:
        """files/delete_v2."""
        path, rev = argument.text("path", WRITTEN), argument.text("parent_rev", REV, default=None)
        try:
            return {"metadata": self.tree.delete(path, rev).metadata()}
        except LookupFailed as error:
            raise Refused(tag("path_lookup", error.reason)) from None
        except WriteFailed as error:
            raise Refused(tag("path_write", error.reason)) from None

    def create_folder(self, argument: Argument) -> dict[str, Any]:
        """files/create_folder_v2."""
        path = argument.text("path", rf"({PATH})|(ns:[0-9]+(/(.|[\r\n])*)?)")
        try:
            made = self.tree.create_folder(path, autorename=argument.flag("autorename"))
        except WriteFailed as error:
            raise Refused(tag("path", error.reason)) from None
        return {"metadata": _struct(made)}

    def get_metadata(self, argument: Argument) -> dict[str, Any]:
        """files/get_metadata."""
        path = argument.text("path", READ)
        try:
            return self.tree.find(path).metadata()
        except LookupFailed as error:
            raise Refused(tag("path", error.reason)) from None

    # listings

    def list_folder(self, argument: Argument) -> dict[str, Any]:
        """files/list_folder."""
        return self._listed(argument, self.listings.begin)

    def latest_cursor(self, argument: Argument) -> dict[str, Any]:
        """files/list_folder/get_latest_cursor."""
        return {"cursor": self._listed(argument, self.listings.latest)}

    def list_continue(self, argument: Argument) -> dict[str, Any]:
        """files/list_folder/continue."""
        cursor = argument.text("cursor", "(?s:.+)")
        try:
            return self.listings.go_on(cursor)
        except LookupFailed as error:
            raise Refused(tag("path", error.reason)) from None

    def _listed(self, argument: Argument, begin: Callable[..., Any]) -> Any:
        path, limit = argument.text("path", FOLDER), argument.number("limit", 1, 2000, default=LIMIT)
        try:
            return begin(path, recursive=argument.flag("recursive"), limit=limit)
        except LookupFailed as error:
            raise Refused(tag("path", error.reason)) from None

    # links and jobs

    def temporary_link(self, argument: Argument, base: str) -> dict[str, Any]:
        """files/get_temporary_link; ``base`` is the URL of this server."""
        file = self.download(argument)
        return {"metadata": _struct(file), "link": base + self.links.to_read(file)}

    def temporary_upload_link(self, argument: Argument, base: str) -> dict[str, Any]:
        """files/get_temporary_upload_link."""
        seconds = argument.number("duration", 60, LIFETIME, default=LIFETIME)
        return {"link": base + self.links.to_write(argument.struct("commit_info").commit(), seconds)}

    def save_url(self, argument: Argument) -> dict[str, Any]:
        """files/save_url: what is at the path stays, the new file gets a number behind its name."""
        path, url = argument.text("path", PATH), argument.text("url")
        if not url.lower().startswith(("http://", "https://")):
            raise Refused(tag("invalid_url"))
        return {".tag": "async_job_id", "async_job_id": self.jobs.start(path, url)}

    def check_job_status(self, argument: Argument) -> dict[str, Any]:
        """files/save_url/check_job_status."""
        try:
            return self.jobs.state(argument.text("async_job_id"))
        except KeyError:
            raise Refused(tag("invalid_async_job_id")) from None

    # the user

    def current_account(self) -> dict[str, Any]:
        """users/get_current_account."""
        name = {"given_name": "The", "surname": "Simulator", "familiar_name": "The"}
        root = {".tag": "user", "root_namespace_id": "1", "home_namespace_id": "1"}
        return {
            "account_id": "dbid:" + "A" * 35,
            "name": {**name, "display_name": "The Simulator", "abbreviated_name": "TS"},
            "email": _NAME,
            "email_verified": True,
            "disabled": False,
            "locale": "en",
            "referral_link": "https://example.com/",
            "is_paired": False,
            "account_type": {".tag": "basic"},
            "root_info": root,
        }


def _cursor(argument: Argument) -> tuple[str, int]:
    cursor = argument.struct("cursor")
    return cursor.text("session_id"), int(cursor.number("offset", 0, 2**64 - 1))


def _verify(argument: Argument, body: bytes) -> None:
    """Compare the content hash that the client promised, if it did."""
    promised = argument.text("content_hash", "[0-9a-f]{64}", default=None)
    if promised is not None and promised != content_hash(body):
        raise Refused(tag("content_hash_mismatch"))


def _struct(entry: Any) -> dict[str, Any]:
    """Return metadata where its type needs no tag."""
    return {name: value for name, value in entry.metadata().items() if name != ".tag"}
