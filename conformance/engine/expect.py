"""The few sentences that laws are written with: what is there, what is not, what was refused."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

from conformance.engine.recorder import Recorder
from conformance.model.expectation import ANY_ERROR, UNTRUE
from conformance.storage import Content, ListMode, ObjectNotExist, StorageError
from conformance.storage.calls import apart, brief, describe, parting, shorten
from conformance.storage.literals import agreeing


class Violation(AssertionError):
    """A requirement does not hold. ``requirement`` is the one to blame where it is not the law's own."""

    def __init__(self, what: str, *, expected: str, observed: str, requirement: str | None = None) -> None:
        self.what, self.expected, self.observed = shorten(what), *apart(shorten(expected), shorten(observed))
        super().__init__(f"{self.what}: expected {self.expected}, observed {self.observed}")
        self.requirement = requirement


def same(observed: Any, expected: Any, what: str, *, requirement: str | None = None) -> None:
    """Demand that two values are equal."""
    __tracebackhide__ = True
    if observed != expected:
        shown = [describe(v) if isinstance(v, bytes) else brief(v) for v in (expected, observed)]
        if shown[0] == shown[1]:
            # What is shown of long values may be the same: then the place where they part is shown as well.
            shown = [f"{s}, {rest}" for s, rest in zip(shown, _parting(expected, observed), strict=True)]
        raise Violation(what, expected=shown[0], observed=shown[1], requirement=requirement)


def _parting(expected: Any, observed: Any) -> tuple[str, str]:
    """Return both values from where they differ first."""
    values: tuple[Any, Any] = (expected, observed)
    if isinstance(expected, list) and isinstance(observed, list):
        members = cast("list[Any]", expected), cast("list[Any]", observed)
        at = next((n for n, (e, o) in enumerate(zip(*members, strict=False)) if e != o), min(map(len, members)))
        rests = [brief(m[at]) if at < len(m) else "nothing" for m in members]
        if rests[0] != rests[1]:
            return f"number {at + 1}: {rests[0]}", f"number {at + 1}: {rests[1]}"
    if isinstance(expected, bytes) and isinstance(observed, bytes):
        at = agreeing(expected, observed)
        first, second = (
            f"from byte {at} on: {value[at : at + 8].hex() or 'nothing'}" for value in (expected, observed)
        )
        return first, second
    return parting(*map(repr, values))


def demand(condition: object, what: str, *, expected: str, observed: str, requirement: str | None = None) -> None:
    """Demand that a condition holds, in words."""
    __tracebackhide__ = True
    if not condition:
        raise Violation(what, expected=expected, observed=observed, requirement=requirement)


def holds(store: Recorder, path: str, content: Content | bytes, *, requirement: str | None = None) -> None:
    """Demand that ``path`` holds exactly this content: read delivers it."""
    __tracebackhide__ = True
    expected = content if isinstance(content, bytes) else content.data
    try:
        same(store.read(path), expected, f"content of {path!r}", requirement=requirement)
    except ObjectNotExist as error:
        raise Violation(
            f"content of {path!r}",
            expected=describe(expected),
            observed=f"no object ({error})",
            requirement=requirement,
        ) from None


def absent(store: Recorder, path: str, *, requirement: str | None = None, listed_in: str | None = "") -> None:
    """Demand that there is no object: read says ObjectNotExist (stat where there is no read), its listing omits it."""
    __tracebackhide__ = True
    observe = store.read if "read" in store.features.operations else store.stat
    if observe.__name__ in store.features.operations:
        with refused(ObjectNotExist, what=f"{observe.__name__} of the absent {path!r}", requirement=requirement):
            observe(path)
    if listed_in is not None and "list" in store.features.operations:
        with either(ObjectNotExist):  # GSP-654 leaves open how a missing directory is listed
            found = [o.path for o in store.list(path.rpartition("/")[0]) if o.path == path and not o.mode & 1]
            same(found, [], f"entries for the absent {path!r} in the listing", requirement=requirement)


def paths(store: Recorder, path: str = "", list_mode: ListMode | None = None) -> list[str]:
    """Return the sorted paths of a listing (the order is unspecified)."""
    return sorted(o.path for o in store.list(path, list_mode=list_mode))


@contextmanager
def refused(
    *errors: type[StorageError],
    what: str = "the operation",
    requirement: str | None = None,
) -> Generator[list[StorageError], None, None]:
    """Demand that the call in the block is refused with one of the errors (any of the taxonomy when none is given).

    What the caller did wrong is never the service's failure, nor a condition that nobody made. Yields a list that holds
    the error after the block.
    """
    __tracebackhide__ = True
    kinds = errors or (StorageError,)
    names = " or ".join(kind.__name__ for kind in kinds) if errors else ANY_ERROR
    caught: list[StorageError] = []
    try:
        yield caught
    except Violation:
        raise
    except kinds as error:
        caught.append(error)
        if not errors and error.code in UNTRUE:
            told = f"{type(error).__name__}: {error}"
            raise Violation(what, expected=names, observed=told, requirement="errors.client_fault") from None
        return
    except Exception as error:
        raise Violation(
            what,
            expected=names,
            observed=f"{type(error).__name__}: {error}",
            requirement=requirement,
        ) from error
    raise Violation(what, expected=names, observed="success", requirement=requirement)


@contextmanager
def either(*errors: type[StorageError]) -> Generator[list[StorageError], None, None]:
    """Allow success or one of the errors, where the specification leaves both open; yields a list with the error."""
    kinds = errors or (StorageError,)
    caught: list[StorageError] = []
    try:
        yield caught
    except kinds as error:
        caught.append(error)
