"""Objects of gigabytes: written from a generator and compared while they are read, in constant memory.

The bytes of such an object are told by its size and a salt. A block of one mebibyte is drawn from the salt and repeated
with its number at its beginning, so that lost, repeated or swapped blocks show.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from conformance.storage.base import Storage

BLOCK = 1024 * 1024
NUMBER = 16
"""Bytes of a block that hold its number."""
PATIENCE = 60
"""How many times as long as any other call one with such an object may take."""


class Large:
    """The bytes of a large object, from any place on; a reader of them from the beginning."""

    def __init__(self, size: int, salt: int) -> None:
        self.size = size
        self._rest = random.Random(salt).randbytes(BLOCK - NUMBER)
        self._at = 0
        self._block = b""
        self._number = -1

    def at(self, place: int, size: int) -> bytes:
        """Return up to ``size`` bytes from ``place``, no more than there are in one block."""
        number, offset = divmod(place, BLOCK)
        if number != self._number:
            self._block = number.to_bytes(NUMBER, "big") + self._rest
            self._number = number
        return self._block[offset : min(offset + size, BLOCK, offset + self.size - place)]

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, as many as asked for unless the object ends."""
        wanted = self.size - self._at if size < 0 else min(size, self.size - self._at)
        pieces: list[bytes] = []
        while wanted > 0:
            pieces.append(self.at(self._at, wanted))
            self._at += len(pieces[-1])
            wanted -= len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Compared(NamedTuple):
    """What a read delivered: the number that it returned, the bytes that came, and where they first differed."""

    returned: int
    delivered: int
    differs: int | None


class _Comparing:
    """A writer that holds what comes against what is expected."""

    def __init__(self, expected: Large) -> None:
        self._expected = expected
        self.delivered = 0
        self.differs: int | None = None

    def write(self, data: bytes, /) -> int:
        view = memoryview(data)
        while view and self.differs is None:
            expected = self._expected.at(self.delivered, len(view)) if self.delivered < self._expected.size else b""
            if not expected or view[: len(expected)] != memoryview(expected):
                self.differs = self.delivered
                break
            self.delivered += len(expected)
            view = view[len(expected) :]
        self.delivered += len(view)
        return len(data)


def write_large(storage: Storage, path: str, size: int, salt: int) -> int:
    """Write a large object and return what write returns."""
    return storage.write(path, Large(size, salt), size)


def read_large(storage: Storage, path: str, size: int, salt: int, **pairs: Any) -> Compared:
    """Read a large object and compare it; ``differs`` is a place in the block where the first difference lies."""
    writer = _Comparing(Large(size, salt))
    returned = storage.read(path, writer, **pairs)
    return Compared(int(returned), writer.delivered, writer.differs)


LARGE: dict[str, Callable[..., Any]] = {"write_large": write_large, "read_large": read_large}
"""The calls on large objects."""
