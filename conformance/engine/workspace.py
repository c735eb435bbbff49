"""Workspaces: a fresh ``work_dir`` for every example, everything a run made removed at its end and proven gone.

All of them are equally long, those of a counterexample's file too: how long a path may get can depend on it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress

from conformance.engine.backend import Backend
from conformance.storage import Features, ListMode, Object, ObjectMode, ObjectNotExist, Storage, StorageError, in_sync

PAGE = 1000
"""Entries of one page of the listings for cleaning: as many as a service gives."""

LONGEST = 4096
"""Characters of a path beyond which a listing goes in circles, where no longer one was declared or written."""

FAILED = "(cleaning failed: "


class Workspaces:
    """The part of a backend that belongs to one run: ``/conformance-<id>/<number of five digits>/``."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.root = f"/conformance-{uuid.uuid4().hex[:10]}/"
        self.used = 0
        self.cleaning_calls = 0
        self.one_by_one = False
        """Whether ``delete_many`` is known to do wrong: what it deletes may be somebody else's then."""
        self._seen = False
        self._uploads: dict[str, tuple[str, str]] = {}
        self._paths: dict[tuple[str, str], None] = {}

    def fresh(self) -> str:
        """Return a ``work_dir`` that nobody used before."""
        self.used += 1
        return self._place(self.used)

    def _place(self, number: int) -> str:
        return f"{self.root}{number:05}/"

    def open(self, work_dir: str) -> Storage:
        """Open one client of a ``work_dir``."""
        return in_sync(self.backend.open(work_dir))

    def note(self, work_dir: str, upload: Object) -> None:
        """Remember an upload that was begun: some services list uploads under paths that do not lead back to them."""
        if upload.multipart_id is not None:
            self._uploads[upload.multipart_id] = (work_dir, upload.path)

    def note_path(self, work_dir: str, path: str) -> None:
        """Remember a path that was written: where there is no listing, that is how it is found again."""
        self._paths[work_dir, path] = None

    def clean(self) -> list[str]:
        """Remove what the run made, open uploads included, and return what is still there (should be nothing).

        The whole root is cleaned through one client; where such a client does not see its children, every
        ``work_dir`` is cleaned by itself.
        """
        if not self.used:
            return []
        left = self._empty(self.root)
        if left:
            # A path may be too long from the root, or be listed there in a way that does not lead back to it.
            for number in sorted({path.partition("/")[0] for path in left if not path.startswith(FAILED)}):
                self._empty(f"{self.root}{number}/")
            return self._empty(self.root)
        if not self._seen:
            for number in range(1, self.used + 1):
                left += [f"{number}/{path}" for path in self._empty(self._place(number))]
        return left

    def _empty(self, work_dir: str) -> list[str]:
        """Remove what a ``work_dir`` shows, and return what a second look at it still shows."""
        store = self.open(work_dir)
        features = store.features()
        try:
            if not {"list", "delete"} <= features.operations:
                return self._unseen(work_dir, "delete" in features.operations)
            segments = self._segments(store)
            found = list(self._survivors(store))
            self._seen = self._seen or bool(found)
            together = [o for o in found if self._batches(store) and _plain(o, features)]
            self._together(store, together)
            self._one_by_one(store, work_dir, [o for o in found if not (together and _plain(o, features))])
            left = list(self._survivors(store)) if found else []
            if left and together:
                # It may have failed, or said that it deleted what it did not.
                self._one_by_one(store, work_dir, left)
                left = list(self._survivors(store))
            if left and features.directories == "virtual":
                left = self._markers(store, left)
            blocks = self._blocks(store)
            if not left and features.directories == "native":
                parent, _, name = work_dir.rstrip("/").rpartition("/")
                self.cleaning_calls += 1
                self.open(parent + "/").delete(name, object_mode=ObjectMode.DIR)
        except Exception as error:  # noqa: BLE001 - a backend under test may fail here in any way
            return [f"{FAILED}{type(error).__name__}: {error})"]
        finally:
            store.close()
        return [*segments, *blocks, *_innermost(left)]

    def _segments(self, store: Storage) -> list[str]:
        """Abort the segments that are open, and return the paths of those that still are."""
        if not {"list_segments", "abort_segment"} <= store.features().operations:
            return []
        self.cleaning_calls += 1
        found = list(store.list_segments(""))
        for seg in found:
            self.cleaning_calls += 1
            with suppress(Exception):
                store.abort_segment(seg)
        return [seg.path for seg in store.list_segments("")] if found else []

    def _blocks(self, store: Storage) -> list[str]:
        """Discard blocks that were never combined, now that there is no object beside them; return what stays."""
        features = store.features()
        if ListMode.BLOCK not in features.list_modes or "create_block" not in features.operations:
            return []
        self.cleaning_calls += 1
        found = list(store.list("", list_mode=ListMode.BLOCK))
        for o in found:
            self.cleaning_calls += 1
            with suppress(Exception):
                store.delete(o.path, object_mode=ObjectMode.BLOCK)
        return [o.path for o in store.list("", list_mode=ListMode.BLOCK)] if found else []

    def _batches(self, store: Storage) -> bool:
        return not self.one_by_one and "delete_many" in store.features().operations

    def _together(self, store: Storage, found: list[Object]) -> None:
        """Delete objects in one call, and in another one the markers of virtual directories, which are objects too."""
        objects = [o.path for o in found if ObjectMode.DIR not in o.mode]
        markers = [f"{o.path}/" for o in found if ObjectMode.DIR in o.mode]
        for paths in filter(None, (objects, markers)):
            self.cleaning_calls += 1
            with suppress(Exception):
                store.delete_many(paths)

    def _one_by_one(self, store: Storage, work_dir: str, found: list[Object]) -> None:
        """Delete objects, abort uploads and remove directories, each by itself."""
        for o in found:
            self.cleaning_calls += 1
            # What could not be deleted is found by the second look.
            with suppress(Exception):
                if o.multipart_id is not None and ObjectMode.PART in o.mode:
                    home, path = self._uploads.get(o.multipart_id, (work_dir, o.path))
                    self.open(home).delete(path, multipart_id=o.multipart_id)
                elif ObjectMode.DIR in o.mode:
                    store.delete(o.path, object_mode=ObjectMode.DIR)
                else:
                    store.delete(o.path)

    def _unseen(self, work_dir: str, deletes: bool) -> list[str]:
        """Delete what was written, by its path, where nothing can be listed; tell what is left or cannot be known."""
        if work_dir != self.root or not self._paths:
            return []
        if not deletes:
            return [f"(cannot be cleaned: the backend does not delete) {self.root}"]
        left: list[str] = []
        for home, path in self._paths:
            self.cleaning_calls += 1
            try:
                self.open(home).delete(path)
            except Exception as error:  # noqa: BLE001 - a backend under test may fail here in any way
                left.append(f"{home.removeprefix(self.root)}{path} ({type(error).__name__})")
        return left

    def _markers(self, store: Storage, left: list[Object]) -> list[Object]:
        """Delete what is left as directory markers, which some services list as the objects beside them."""
        for path in sorted((o.path for o in left), key=len, reverse=True):
            self.cleaning_calls += 1
            with suppress(StorageError):
                store.delete(path, object_mode=ObjectMode.DIR)
        return list(self._survivors(store))

    def _survivors(self, store: Storage) -> Iterator[Object]:
        """Yield files before the directories that hold them, then open uploads."""
        features = store.features()
        yield from self._below(store)
        if ListMode.PART in features.list_modes and "create_multipart" in features.operations:
            self.cleaning_calls += 1
            # A service without open uploads may say that there is no such thing.
            with suppress(ObjectNotExist):
                yield from _whole(store, ListMode.PART)

    def _below(self, store: Storage) -> Iterator[Object]:
        features = store.features()
        if ListMode.PREFIX in features.list_modes and features.directories != "native":
            self.cleaning_calls += 1
            yield from _whole(store, ListMode.PREFIX)
            return
        seen: set[str] = set()
        written = max((len(home) + len(path) for home, path in self._paths), default=0)
        longest = max(LONGEST, 2 * (features.path_maximum or 0), written)
        # Directories that are open, each with what is left of it; as deep as paths get, which a stack of calls is not.
        walk: list[tuple[Object | None, Iterator[Object]]] = [(None, self._members(store, ""))]
        while walk:
            directory, members = walk[-1]
            o = next(members, None)
            if o is None:
                walk.pop()
                if directory is not None:
                    yield directory
            # A directory that lists itself must not send the walk in circles.
            elif o.path and o.path not in seen and len(o.path) <= longest:
                seen.add(o.path)
                if ObjectMode.DIR in o.mode:
                    walk.append((o, self._members(store, o.path)))
                else:
                    yield o

    def _members(self, store: Storage, path: str) -> Iterator[Object]:
        self.cleaning_calls += 1
        try:
            return iter(list(store.list(path)))
        except StorageError:
            return iter(())


def _innermost(left: Iterable[Object]) -> list[str]:
    """Return the paths of what is left, without directories that are there because of what is below them."""
    found = list(left)
    above = {o.path.rstrip("/").rpartition("/")[0] for o in found}
    return [o.path for o in found if ObjectMode.DIR not in o.mode or o.path.rstrip("/") not in above]


def _whole(store: Storage, mode: ListMode) -> Iterator[Object]:
    """List everything, in pages as large as a service gives where their size can be asked for."""
    if "page_size" in store.features().pairs.get("list", ()):
        return store.list("", list_mode=mode, page_size=PAGE)
    return store.list("", list_mode=mode)


def _plain(o: Object, features: Features) -> bool:
    """Whether this is an object, or the marker of a directory, whose path cannot lead elsewhere.

    Any other is deleted by itself, as the laws have tried it.
    """
    special = ObjectMode.PART if features.directories == "virtual" else ObjectMode.PART | ObjectMode.DIR
    return not o.mode & special and {"", ".", ".."}.isdisjoint(o.path.split("/"))
