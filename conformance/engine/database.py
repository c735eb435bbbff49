"""The example database, keyed by backend and check.

Hypothesis keys what it keeps by the source of the test function. With one function for many backends, a correct
backend would replay the failing examples of a broken one, see them pass, and delete them; so every backend and every
check has keys of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from hypothesis.database import ExampleDatabase


class KeyedDatabase(ExampleDatabase):
    """A database of which every key begins with the hash of an owner."""

    def __init__(self, inner: ExampleDatabase, owner: str) -> None:
        super().__init__()
        self._inner = inner
        self._prefix = hashlib.sha256(owner.encode()).digest()[:16]

    def save(self, key: bytes, value: bytes) -> None:
        """Keep an example."""
        self._inner.save(self._key(key), value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Return the examples kept under a key."""
        return self._inner.fetch(self._key(key))

    def delete(self, key: bytes, value: bytes) -> None:
        """Forget an example."""
        self._inner.delete(self._key(key), value)

    def _key(self, key: bytes) -> bytes:
        # What the search function of the kit looks like is no part of the identity, only the phase suffix is.
        suffix = key.partition(b".")[2]
        return self._prefix + suffix
