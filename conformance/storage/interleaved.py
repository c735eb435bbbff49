"""Operations that are left in the middle: a listing after some objects, a read after some bytes.

A call is a step, and so is the rest of it. What is done in between are ordinary steps, so that such a history is a
list of calls like any other: it can be recorded, replayed, and printed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from conformance.storage.base import Storage
from conformance.storage.objects import Object

PATIENCE = 5.0
"""Seconds after which a read that was left goes on by itself: a service may let writers wait for readers."""


class Listing:
    """A listing of which ``seen`` was taken."""

    def __init__(self, objects: Iterator[Object], count: int) -> None:
        self._objects = objects
        self.seen = list(islice(objects, count))

    def rest(self) -> tuple[list[Object], None]:
        """Return the objects that were not taken yet."""
        return list(self._objects), None

    def __repr__(self) -> str:
        return f"a listing left after {[o.path for o in self.seen]}"


class Reading:
    """A read that waits in the hands of its writer once ``at`` bytes were delivered."""

    def __init__(self, read: Callable[[Any], int], at: int) -> None:
        self._read = read
        self._at = at
        self._data = bytearray()
        self._left = threading.Event()
        self._on = threading.Event()
        self._value: int | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="a read that was left", daemon=True)
        self._thread.start()
        self._left.wait()

    def write(self, data: bytes, /) -> int:
        """Take the next bytes; wait when there are as many as wanted."""
        self._data += data
        if len(self._data) >= self._at and not self._left.is_set():
            self._left.set()
            self._on.wait(PATIENCE)
        return len(data)

    def rest(self) -> tuple[int, bytes]:
        """Let the read go on; return the number that it returned, and all bytes that it delivered.

        Raises:
            BaseException: what the read raised.

        """
        self._on.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value or 0, bytes(self._data)

    def _run(self) -> None:
        try:
            self._value = self._read(self)
        except BaseException as error:  # noqa: BLE001 - whatever a backend raises is its answer
            self._error = error
        finally:
            self._left.set()

    def __repr__(self) -> str:
        return f"a read left after {self._at} bytes"


def list_begin(storage: Storage, path: str, count: int, **pairs: Any) -> Listing:
    """List ``path`` and take the first ``count`` objects."""
    return Listing(iter(storage.list(path, **pairs)), count)


def read_begin(storage: Storage, path: str, at: int, **pairs: Any) -> Reading:
    """Read ``path`` until ``at`` bytes or more were delivered, or all of them."""

    def read(writer: Any) -> int:
        return storage.read(path, writer, **pairs)

    return Reading(read, at)


def rest(left: Listing | Reading) -> Any:
    """Go on to the end; return the other objects, or the number and the bytes of a read."""
    value, data = left.rest()
    return value if data is None else (value, data)


BEGINNINGS: dict[str, Callable[..., Listing | Reading]] = {"list_begin": list_begin, "read_begin": read_begin}
"""The calls that are left in the middle; ``list_rest`` and ``read_rest`` go on."""
RESTS = frozenset({"list_rest", "read_rest"})
