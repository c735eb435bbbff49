"""Listings in pages: a cursor knows how far it has come, and afterwards what has changed since.

The entries of a folder come in the order of their lower-case paths, which Dropbox does not promise. What changes while
a listing is under way is told again once its pages are through.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backends.dropbox_simulator import paths
from backends.dropbox_simulator.refusals import LookupFailed, Refused, tag
from backends.dropbox_simulator.tree import Folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backends.dropbox_simulator.tree import Entry, Tree

LIMIT = 500
"""Entries of a page when the client does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where a listing of the folder ``key`` stands."""

    key: str
    recursive: bool
    limit: int
    seen: int
    """How much of the journal the entries told so far, or to be told from the tree, account for."""
    after: str | None = ""
    """The last key told from the tree; None once the pages are through."""


class Listings:
    """The cursors handed out; callers hold the lock of the server."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._cursors: dict[str, Cursor] = {}
        self._numbers = itertools.count(1)

    def begin(self, path: str, *, recursive: bool, limit: int) -> dict[str, Any]:
        """Return the first page of a folder.

        Raises:
            LookupFailed: it is missing, or a file.

        """
        key = ""
        if path:
            found = self._tree.find(path)
            if not isinstance(found, Folder):
                raise LookupFailed(tag("not_folder"))
            key = paths.key(found.path)
        start = Cursor(key=key, recursive=recursive, limit=limit, seen=len(self._tree.journal))
        return self._page(start)

    def latest(self, path: str, *, recursive: bool, limit: int) -> str:
        """Return a cursor that tells only what changes from now on."""
        page = self.begin(path, recursive=recursive, limit=limit)
        now = replace(self._cursors[page["cursor"]], after=None, seen=len(self._tree.journal))
        return self._handed_out(now)

    def go_on(self, name: str) -> dict[str, Any]:
        """Return the page that follows a cursor.

        Raises:
            LookupFailed: the folder is gone.
            Refused: the cursor is of no use any more.

        """
        cursor = self._cursors.get(name)
        if cursor is None:
            raise Refused(tag("reset"))
        if cursor.key and not isinstance(self._tree.at(cursor.key), Folder):
            raise LookupFailed(tag("not_found"))
        return self._page(cursor)

    def reset(self) -> None:
        """Make all cursors useless."""
        self._cursors.clear()

    def _page(self, cursor: Cursor) -> dict[str, Any]:
        if cursor.after is None:
            return self._changes(cursor)
        after = cursor.after
        entries = {k: e for k, e in self._tree.below(cursor.key) if k > after and self._is_told(cursor, k)}
        itself = self._tree.at(cursor.key)
        if cursor.recursive and itself is not None and cursor.key > after:
            entries[cursor.key] = itself
        chosen = sorted(entries)[: cursor.limit]
        more = len(entries) > len(chosen)
        following = replace(cursor, after=chosen[-1] if more else None)
        return self._answer((_told(key, entries[key]) for key in chosen), following, more=more)

    def _changes(self, cursor: Cursor) -> dict[str, Any]:
        journal = self._tree.journal[cursor.seen : cursor.seen + cursor.limit]
        following = replace(cursor, seen=cursor.seen + len(journal))
        start = f"{cursor.key}/"
        changed = dict.fromkeys(key for key in journal if key.startswith(start) and self._is_told(cursor, key))
        entries = (_told(key, self._tree.at(key)) for key in changed)
        return self._answer(entries, following, more=following.seen < len(self._tree.journal))

    @staticmethod
    def _is_told(cursor: Cursor, key: str) -> bool:
        return cursor.recursive or "/" not in key[len(cursor.key) + 1 :]

    def _answer(self, entries: Iterable[dict[str, Any]], following: Cursor, *, more: bool) -> dict[str, Any]:
        return {"entries": list(entries), "cursor": self._handed_out(following), "has_more": more}

    def _handed_out(self, cursor: Cursor) -> str:
        name = f"AA{next(self._numbers):x}"
        self._cursors[name] = cursor
        return name


def _told(key: str, entry: Entry | None) -> dict[str, Any]:
    if entry is not None:
        return entry.metadata()
    return {".tag": "deleted", "name": key.rpartition("/")[2], "path_lower": key, "path_display": key}
