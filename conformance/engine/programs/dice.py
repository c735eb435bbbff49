"""Choices taken from bytes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")


@lru_cache(maxsize=8)
def _pad(size: int) -> int:
    return int.from_bytes(random.Random(f"storage {size}").randbytes(size), "big")


class Dice:
    """Choices taken from bytes. They are masked with a fixed pad, so that no bytes give a poor program."""

    def __init__(self, data: bytes) -> None:
        size = max(len(data), 1)
        self._bytes = (int.from_bytes(data, "big") ^ _pad(size)).to_bytes(size, "big")
        self._at = 0

    def below(self, bound: int) -> int:
        """Return a number from 0 to ``bound`` - 1; ``bound`` is at most 256."""
        round_, at = divmod(self._at, len(self._bytes))
        self._at += 1
        return (self._bytes[at] + 31 * round_) % 256 * bound >> 8

    def once_in(self, times: int) -> bool:
        """Return True in one of ``times`` cases."""
        return self.below(times) == 0

    def choose(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in some order."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]
