"""The empty path, which is the ``work_dir`` itself: the documents do not say what an object of that path would be."""

from __future__ import annotations

from contextlib import suppress

from conformance.engine.expect import holds, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import ObjectNotExist, StorageError


@verifies("paths.empty", needs=("list",))
def test_the_empty_path_harms_nobody(store: Recorder) -> None:
    """An object of the empty path is refused, or kept apart from every other object."""
    store.write("a", b"stays")
    store.write("d/b", b"stays too")
    try:
        store.write("", b"of no name")
    except StorageError:
        with suppress(StorageError):
            same(store.read("") == b"of no name", False, "whether what was refused can be read")
    else:
        with suppress(ObjectNotExist):
            same(store.read(""), b"of no name", "content under the empty path, which was written")
    holds(store, "a", b"stays")
    holds(store, "d/b", b"stays too")
    same("a" in {o.path for o in store.list("")}, True, "whether a is listed")
