"""The files and folders of the account, and the journal that cursors of listings read."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backends.dropbox_simulator import paths
from backends.dropbox_simulator.refusals import LookupFailed, Refused, WriteFailed, conflict, tag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCK = 4 * 1024 * 1024
"""Bytes of one block of a content hash."""


def content_hash(data: bytes) -> str:
    """Return the hash of a file as Dropbox defines it: SHA-256 of the SHA-256 of its blocks of 4 MiB."""
    blocks = (hashlib.sha256(data[at : at + BLOCK]).digest() for at in range(0, len(data), BLOCK))
    return hashlib.sha256(b"".join(blocks)).hexdigest()


def now() -> str:
    """Return the time in whole seconds, as timestamps of the API are."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A folder, known by its id; ``path`` is in the case that it was made with."""

    path: str
    id: str

    def metadata(self) -> dict[str, Any]:
        """Return its FolderMetadata."""
        return {".tag": "folder", **_named(self.path), "id": self.id}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One revision of a file."""

    path: str
    id: str
    rev: str
    data: bytes
    client_modified: str
    server_modified: str = field(default_factory=now)

    def metadata(self) -> dict[str, Any]:
        """Return its FileMetadata."""
        return {
            ".tag": "file",
            **_named(self.path),
            "id": self.id,
            "client_modified": self.client_modified,
            "server_modified": self.server_modified,
            "rev": self.rev,
            "size": len(self.data),
            "is_downloadable": True,
            "content_hash": content_hash(self.data),
        }


Entry = File | Folder


def _named(path: str) -> dict[str, str]:
    return {"name": path.rpartition("/")[2], "path_lower": paths.key(path), "path_display": path}


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """Where and how a file is written (CommitInfo)."""

    path: str
    mode: str = "add"
    """``add``, ``overwrite``, or ``update`` of the revision ``rev``."""
    rev: str = ""
    autorename: bool = False
    strict_conflict: bool = False
    client_modified: str | None = None


class Tree:
    """Everything in the account, by ``path_lower``; callers hold the lock of the server."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._numbers = itertools.count(1)
        self.journal: list[str] = []
        """The keys of all changes, in their order."""

    # looking

    def find(self, path: str) -> Entry:
        """Return what is at a path or has that id or current revision.

        Raises:
            LookupFailed: nothing, or the path is malformed.

        """
        if path.startswith(("id:", "rev:")):
            known = (e for e in self._entries.values() if path == e.id or (isinstance(e, File) and path[4:] == e.rev))
            found = next(known, None)
        else:
            found = self._entries.get(paths.for_lookup(path))
        if found is None:
            raise LookupFailed(tag("not_found"))
        return found

    def file(self, path: str) -> File:
        """Return the file at a path.

        Raises:
            LookupFailed: there is none.

        """
        found = self.find(path)
        if isinstance(found, Folder):
            raise LookupFailed(tag("not_file"))
        return found

    def at(self, key: str) -> Entry | None:
        """Return the entry of that key, if there is one."""
        return self._entries.get(key)

    def below(self, key: str) -> Iterator[tuple[str, Entry]]:
        """Yield all that lies in the folder of that key, at any depth, by key."""
        start = f"{key}/"
        return ((k, e) for k, e in list(self._entries.items()) if k.startswith(start))

    # changing

    def write(self, commit: Commit, data: bytes) -> File:
        """Write a file as the mode says, making the folders above it.

        Raises:
            WriteFailed: a conflict, or a path that cannot be.

        """
        found = self._entries.get(paths.key(self._place(commit.path)))
        if isinstance(found, File):
            if commit.mode == "overwrite" or (commit.mode == "update" and commit.rev == found.rev):
                return self._revised(found, data, commit) if found.data != data or commit.strict_conflict else found
            if found.data == data and not commit.strict_conflict:
                return found
        elif found is None and not (commit.mode == "update" and commit.strict_conflict):
            return self._made(commit.path, data, commit)
        if commit.autorename:
            other = paths.conflicted if commit.mode == "update" else paths.numbered
            return self._made(self._free(commit.path, other), data, commit)
        raise conflict("folder" if isinstance(found, Folder) else "file")

    def create_folder(self, path: str, *, autorename: bool) -> Folder:
        """Make a folder with all above it.

        Raises:
            WriteFailed: something is at the path, or it cannot be.

        """
        found = self._entries.get(paths.key(self._place(path)))
        if found is not None and autorename:
            path = self._free(path, paths.numbered)
        elif found is not None:
            raise conflict("folder" if isinstance(found, Folder) else "file")
        return self._folder(path)

    def delete(self, path: str, parent_rev: str | None) -> Entry:
        """Take a file away, or a folder with all that lies in it; with ``parent_rev`` only a file of that revision.

        Raises:
            LookupFailed: nothing is there.
            WriteFailed: the file has another revision, or it is a folder.

        """
        found = self.find(path)
        if parent_rev is not None and (isinstance(found, Folder) or found.rev != parent_rev):
            raise conflict("folder" if isinstance(found, Folder) else "file")
        key = paths.key(found.path)
        for inside in [k for k, _ in self.below(key)] + [key]:
            self._take(inside)
        return found

    def relocate(self, source: str, target: str, *, keep: bool, autorename: bool) -> Entry:
        """Copy or move a file, or a folder with all that lies in it.

        Raises:
            Refused: the RelocationError.

        """
        try:
            found = self.find(source)
            before, self_key = paths.key(found.path), paths.key(target)
            if isinstance(found, Folder) and self_key.startswith(f"{before}/"):
                raise Refused(tag("cant_move_folder_into_itself"))
            there = self._entries.get(paths.key(self._place(target)))
            if there is not None and autorename:
                target = self._free(target, paths.numbered)
            elif there is not None:
                raise conflict("folder" if isinstance(there, Folder) else "file")
        except LookupFailed as error:
            raise Refused(tag("from_lookup", error.reason)) from None
        except WriteFailed as error:
            raise Refused(tag("to", error.reason)) from None
        moved = [(target + entry.path[len(found.path) :], entry) for _, entry in [(before, found), *self.below(before)]]
        if not keep:
            for _, entry in reversed(moved):
                self._take(paths.key(entry.path))
        for path, entry in moved:
            fresh = {"path": path} | ({"id": self._new_id()} if keep else {})
            if isinstance(entry, File):
                fresh |= {"rev": self._new_rev(), "server_modified": now()}
            self._put(replace(entry, **fresh))
        return self.find(target)

    # the parts of a change

    def _place(self, path: str) -> str:
        """Return ``path``, which may be written: no file lies above it.

        Raises:
            WriteFailed: it cannot be.

        """
        found = paths.for_write(path)
        for depth in range(1, len(found)):
            if isinstance(self._entries.get(paths.key("/" + "/".join(found[:depth]))), File):
                raise conflict("file_ancestor")
        return path

    def _free(self, path: str, other: Callable[[str, int], str]) -> str:
        return next(p for n in itertools.count(1) if paths.key(p := other(path, n)) not in self._entries)

    def _made(self, path: str, data: bytes, commit: Commit) -> File:
        modified = commit.client_modified or now()
        return self._put(File(path=path, id=self._new_id(), rev=self._new_rev(), data=data, client_modified=modified))

    def _revised(self, found: File, data: bytes, commit: Commit) -> File:
        modified = commit.client_modified or now()
        fresh = replace(found, rev=self._new_rev(), data=data, client_modified=modified, server_modified=now())
        return self._put(fresh)

    def _folder(self, path: str) -> Folder:
        return self._put(Folder(path=path, id=self._new_id()))

    def _put(self, entry: Any) -> Any:
        """Put an entry in its place, with the folders above it, in whose case its own path is told."""
        above, _, name = entry.path.rpartition("/")
        if above:
            folder = self._entries.get(paths.key(above)) or self._folder(above)
            entry = replace(entry, path=f"{folder.path}/{name}")
        key = paths.key(entry.path)
        self._entries[key] = entry
        self.journal.append(key)
        return entry

    def _take(self, key: str) -> None:
        del self._entries[key]
        self.journal.append(key)

    def _new_id(self) -> str:
        return "id:" + hashlib.sha256(b"id %d" % next(self._numbers)).hexdigest()[:22]

    def _new_rev(self) -> str:
        return f"{next(self._numbers):016x}"
