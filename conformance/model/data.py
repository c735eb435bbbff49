"""Bytes as the model knows them: pieces of contents, expanded only where an answer has to be compared."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from conformance.storage import Content


@lru_cache(maxsize=256)
def _expanded(content: Content) -> bytes:
    return content.data


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes ``[start, stop)`` of a content."""

    content: Content
    start: int
    stop: int

    @property
    def size(self) -> int:
        """How many bytes these are."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class Data:
    """A sequence of pieces; ``size`` in bytes is known without expanding them."""

    pieces: tuple[Piece, ...] = ()
    size: int = 0

    @classmethod
    def of(cls, content: Content, size: int | None = None) -> Data:
        """Return the first ``size`` bytes of a content, or all of it."""
        size = content.size if size is None else size
        return cls((Piece(content, 0, size),), size) if size else EMPTY

    @property
    def bytes(self) -> bytes:
        """The bytes themselves."""
        return b"".join(_expanded(piece.content)[piece.start : piece.stop] for piece in self.pieces)

    def __add__(self, other: Data) -> Data:
        return Data(self.pieces + other.pieces, self.size + other.size)

    def part(self, start: int, stop: int) -> Data:
        """Return the bytes ``[start, stop)``, as far as there are any."""
        kept: list[Piece] = []
        at = 0
        for piece in self.pieces:
            first, last = max(start - at, 0), min(stop - at, piece.size)
            if first < last:
                kept.append(Piece(piece.content, piece.start + first, piece.start + last))
            at += piece.size
        return Data(tuple(kept), sum(piece.size for piece in kept))

    def overlaid(self, offset: int, other: Data) -> Data:
        """Return the bytes with ``other`` put at ``offset``; there must be no gap before it."""
        return self.part(0, offset) + other + self.part(offset + other.size, self.size)

    def equals(self, other: Data) -> bool:
        """Whether the two are the same bytes."""
        return self.size == other.size and (self.pieces == other.pieces or self.bytes == other.bytes)


EMPTY = Data()

DIGESTS: dict[str, Callable[..., Any]] = {"content_md5": hashlib.md5, "content_sha256": hashlib.sha256}
"""The checksums that travel with objects, by the name that they have there."""


def digest(name: str, data: Data) -> str:
    """Return ``content_md5`` or ``content_sha256`` of some data, in base64."""
    return base64.b64encode(DIGESTS[name](data.bytes).digest()).decode()
