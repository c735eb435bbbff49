"""What laws look at beside bytes: everything that is listed, everything that is told, and that nothing changed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from conformance.engine.expect import demand, same
from conformance.engine.recorder import Recorder
from conformance.storage import ListMode, Object, ObjectMode, ObjectNotExist, StorageError


def level(store: Recorder, path: str = "") -> list[str]:
    """Return the paths directly in a directory, sorted, a directory's with a ``/`` at its end; none when missing."""
    return sorted(o.path + "/" * is_dir(o) for o in listed(store, path, ListMode.DIR))


def listed(store: Recorder, path: str = "", mode: ListMode = ListMode.DIR) -> list[Object]:
    """Return a listing in the order of paths; a missing directory is empty (which of both is open in GSP-654)."""
    declared = mode in store.features.list_modes
    try:
        found = store.list(path, list_mode=mode if declared else None)
    except ObjectNotExist:
        found = []
    return sorted(found, key=lambda o: (o.path, o.mode))


def everything(store: Recorder, path: str = "") -> list[Object]:
    """Return every object below ``path`` that is no directory, in the order of paths."""
    if ListMode.PREFIX in store.features.list_modes:
        return [o for o in listed(store, path + "/" * bool(path), ListMode.PREFIX) if not is_dir(o)]
    found: list[Object] = []
    for o in listed(store, path):
        found += everything(store, o.path) if is_dir(o) else [o]
    return sorted(found, key=lambda o: o.path)


def entries(store: Recorder) -> list[tuple[str, int | None, str | None]]:
    """Return path, length and etag of every object in the work_dir, as the listing tells them."""
    return [(o.path, o.content_length, o.etag) for o in everything(store)]


def is_dir(o: Object) -> bool:
    """Whether an object is a directory."""
    return ObjectMode.DIR in o.mode


def has_dir(store: Recorder, path: str) -> bool:
    """Whether stat with object_mode dir tells a directory at ``path``."""
    try:
        return is_dir(store.stat(path, object_mode=ObjectMode.DIR))
    except ObjectNotExist:
        return False


def mark(store: Recorder, number: int, op: str = "write") -> dict[str, Any]:
    """Return user metadata of their own for each number, where the operation takes any."""
    if "user_metadata" not in store.features.pairs.get(op, ()):
        return {}
    return {"user_metadata": {"number": str(number)}}


def metadata(o: Object) -> dict[str, Any]:
    """Return what a caller said of an object when writing it."""
    return {
        "content_type": o.content_type,
        "content_disposition": o.content_disposition,
        "user_metadata": dict(o.user_metadata),
    }


@contextmanager
def unchanged(store: Recorder, *paths: str) -> Generator[None]:
    """Demand that the block changes nothing: bytes and description of ``paths``, and the whole listing."""
    __tracebackhide__ = True
    before = [_facts(store, path) for path in paths]
    entries_before = entries(store) if "list" in store.features.operations else []
    yield
    for path, known in zip(paths, before, strict=True):
        for what, value in _facts(store, path).items():
            same(value, known[what], f"{what} of {path!r} after what must not change it")
    if "list" in store.features.operations:
        same(entries(store), entries_before, "the listing after what must not change it")


def _facts(store: Recorder, path: str) -> dict[str, Any]:
    return {
        "content": _answer(store, "read", path),
        **({"description": _answer(store, "stat", path)} if "stat" in store.features.operations else {}),
    }


def _answer(store: Recorder, op: str, path: str) -> Any:
    try:
        return getattr(store, op)(path)
    except StorageError as error:
        return error.code


@contextmanager
def fails(what: str) -> Generator[None]:
    """Demand that the block raises, whatever it is: the cause lies in what the caller handed in."""
    __tracebackhide__ = True
    raised: Exception | None = None
    try:
        yield
    except Exception as error:  # noqa: BLE001 - any exception is a refusal here
        raised = error
    demand(raised is not None, what, expected="an error", observed="success")
