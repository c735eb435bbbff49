"""What laws look at beside bytes: everything that is listed, everything that is told, and that nothing changed."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from conformance.engine.expect import demand, same
from conformance.engine.recorder import Recorder
from conformance.storage import ListMode, Object, ObjectMode, ObjectNotExist, StorageError, Told


def level(store: Recorder, path: str = "", *, at_once: bool = False) -> list[str]:
    """Return the paths directly in a directory, sorted, a directory's with a ``/`` at its end; none when missing."""
    return sorted(o.path + "/" * is_dir(o) for o in listed(store, path, ListMode.DIR, at_once=at_once))


def shows(observed: list[str], expected: list[str], what: str) -> None:
    """Demand that two levels are the same; directories, which have no slash in their paths, are told as ``d (dir)``."""
    __tracebackhide__ = True
    told = [[p.removesuffix("/") + " (dir)" * p.endswith("/") for p in paths] for paths in (observed, expected)]
    same(told[0], told[1], what)


def same_time(seen: datetime, known: datetime, what: str) -> None:
    """Demand that two answers tell the same time, on the second.

    Where only one of them is in whole seconds, as an HTTP date, they may be a second apart: a header is made when a
    request begins, what is stored is dated when it is over, and a second may pass between.
    """
    __tracebackhide__ = True
    mixed = (seen.microsecond == 0) != (known.microsecond == 0)
    seen, known = seen.replace(microsecond=0), known.replace(microsecond=0)
    same(known if mixed and abs((seen - known).total_seconds()) <= 1 else seen, known, what)


def in_mode(store: Recorder, mode: ListMode) -> dict[str, Any]:
    """Return the arguments that list in this mode, or by default where the backend does not take it."""
    return {"list_mode": mode} if mode in store.features.list_modes else {}


def listed(store: Recorder, path: str = "", mode: ListMode = ListMode.DIR, *, at_once: bool = False) -> list[Object]:
    """Return a listing in the order of paths, the default one where the backend does not take the mode.

    A missing directory is empty (whether it is that or an error is open in GSP-654). ``at_once`` asks for pages as
    large as services have them, where the backend takes their size: for laws that are not about the edges of pages.
    """
    large: dict[str, Any] = (
        {"page_size": 1000} if at_once and "page_size" in store.features.pairs.get("list", ()) else {}
    )
    try:
        found = store.list(path, **in_mode(store, mode), **large)
    except ObjectNotExist:
        found = []
    return sorted(found, key=lambda o: (o.path, o.mode))


def everything(store: Recorder, path: str = "", *, at_once: bool = False) -> list[Object]:
    """Return every object below ``path`` that is no directory, in the order of paths."""
    if ListMode.PREFIX in store.features.list_modes:
        prefix = path + "/" * bool(path)
        return [o for o in listed(store, prefix, ListMode.PREFIX, at_once=at_once) if not is_dir(o)]
    found = listed(store, path, at_once=at_once)
    if ListMode.DIR not in store.features.list_modes:
        # The default may take the path as a prefix, and may show all levels at once.
        found = [o for o in found if not path or o.path.startswith(path + "/")]
    objects = [o for o in found if not is_dir(o)]
    for o in found:
        if is_dir(o) and not any(inner.path.startswith(o.path + "/") for inner in found):
            objects += everything(store, o.path)
    return sorted(objects, key=lambda o: o.path)


def shows_lengths(found: list[Object], expected: Mapping[str, int], what: str) -> None:
    """Demand that a listing shows exactly these paths, and no wrong length: one that it does not tell is None."""
    __tracebackhide__ = True
    told = [(o.path, expected.get(o.path) if o.content_length is None else o.content_length) for o in found]
    same(told, sorted(expected.items()), what)


def entries(store: Recorder) -> list[tuple[str, int | None, str | None]]:
    """Return path, length and etag of every object in the work_dir, as the listing tells them."""
    return [(o.path, o.content_length, o.etag) for o in everything(store)]


def answered(store: Recorder) -> Object | None:
    """Return what the last call told of its object beside what it was asked for, if anything."""
    value = store.trace.steps[-1].outcome.value
    return value.object if isinstance(value, Told) else None


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
    """Demand that the block changes nothing: bytes and description of ``paths``, and the whole listing.

    A path that is not in the listing has nothing to be read; that there is still nothing the listing tells afterwards.
    """
    __tracebackhide__ = True
    before = entries(store) if "list" in store.features.operations else None
    there = [path for path in paths if before is None or any(path == entry[0] for entry in before)]
    facts = {path: dict(_facts(store, path)) for path in there}
    yield
    for path in there:
        for what, value in _facts(store, path):
            same(value, facts[path][what], f"{what} of {path!r} after what must not change it")
    if before is not None:
        same(entries(store), before, "the listing after what must not change it")


def _facts(store: Recorder, path: str) -> Generator[tuple[str, Any]]:
    """Yield bytes and description; the answer to read has the description too, where it tells etag and time."""
    yield "content", _answer(store, "read", path)
    told = answered(store)
    if told is not None and told.etag and told.last_modified:
        yield "description", told
    elif "stat" in store.features.operations:
        yield "description", _answer(store, "stat", path)


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
