"""Workspaces: a fresh ``work_dir`` for every example, everything a run made removed at its end and proven gone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress

from conformance.engine.backend import Backend
from conformance.storage import ListMode, Object, ObjectMode, ObjectNotExist, Storage, StorageError, in_sync


class Workspaces:
    """The part of a backend that belongs to one run: ``/conformance-<id>/<number>/``."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.root = f"/conformance-{uuid.uuid4().hex[:10]}/"
        self.used = 0
        self.cleaning_calls = 0
        self._uploads: dict[str, tuple[str, str]] = {}
        self._paths: dict[tuple[str, str], None] = {}

    def fresh(self) -> str:
        """Return a ``work_dir`` that nobody used before."""
        self.used += 1
        return f"{self.root}{self.used}/"

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
            for number in sorted({path.partition("/")[0] for path in left}):
                self._empty(f"{self.root}{number}/")
            return self._empty(self.root)
        if self._something_in(f"{self.root}{self.used}/"):
            for number in range(1, self.used + 1):
                left += [f"{number}/{path}" for path in self._empty(f"{self.root}{number}/")]
        return left

    def _something_in(self, work_dir: str) -> bool:
        store = self.open(work_dir)
        return "list" in store.features().operations and any(True for _ in self._survivors(store))

    def _empty(self, work_dir: str) -> list[str]:
        store = self.open(work_dir)
        operations = store.features().operations
        if not {"list", "delete"} <= operations:
            return self._unseen(work_dir, "delete" in operations)
        try:
            for o in list(self._survivors(store)):
                self.cleaning_calls += 1
                try:
                    if o.multipart_id is not None and ObjectMode.PART in o.mode:
                        home, path = self._uploads.get(o.multipart_id, (work_dir, o.path))
                        self.open(home).delete(path, multipart_id=o.multipart_id)
                    elif ObjectMode.DIR in o.mode:
                        store.delete(o.path, object_mode=ObjectMode.DIR)
                    else:
                        store.delete(o.path)
                except Exception:  # noqa: BLE001, S112 - what could not be deleted is found by the second look
                    continue
            left = [o.path for o in self._survivors(store)]
            if left and store.features().directories == "virtual":
                left = self._markers(store, left)
            if not left and store.features().directories == "native":
                parent, _, name = work_dir.rstrip("/").rpartition("/")
                self.open(parent + "/").delete(name, object_mode=ObjectMode.DIR)
        except Exception as error:  # noqa: BLE001 - a backend under test may fail here in any way
            return [f"(cleaning failed: {type(error).__name__}: {error})"]
        finally:
            store.close()
        return left

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

    def _markers(self, store: Storage, left: list[str]) -> list[str]:
        """Delete what is left as directory markers, which some services list as the objects beside them."""
        for path in sorted(left, key=len, reverse=True):
            with suppress(StorageError):
                store.delete(path, object_mode=ObjectMode.DIR)
        return [o.path for o in self._survivors(store)]

    def _survivors(self, store: Storage) -> Iterator[Object]:
        """Yield files before the directories that hold them, then open uploads."""
        features = store.features()
        yield from self._below(store, "", set())
        if ListMode.PART in features.list_modes and "create_multipart" in features.operations:
            self.cleaning_calls += 1
            # A service without open uploads may say that there is no such thing.
            with suppress(ObjectNotExist):
                yield from store.list("", list_mode=ListMode.PART)

    def _below(self, store: Storage, path: str, seen: set[str]) -> Iterator[Object]:
        if ListMode.PREFIX in store.features().list_modes and store.features().directories != "native":
            self.cleaning_calls += 1
            yield from store.list("", list_mode=ListMode.PREFIX)
            return
        self.cleaning_calls += 1
        try:
            members = list(store.list(path))
        except StorageError:
            return
        for o in members:
            # A directory that lists itself must not send the walk in circles.
            if o.path in seen or not o.path or len(o.path) > 4096:
                continue
            seen.add(o.path)
            if ObjectMode.DIR in o.mode:
                yield from self._below(store, o.path, seen)
            yield o
