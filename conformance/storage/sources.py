"""Contents and readers as data: what a write is given, in a form that can be stored, replayed and printed.

Every byte of a content depends on its position, so that lost, repeated or swapped pieces show. A source is a content
together with the way in which its reader hands it out; every kind but ``raises`` keeps the contract of ``read(n)``.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from typing import Any, Literal, get_args

from conformance.storage.base import Reader

SourceKind = Literal["plain", "one", "ragged", "unseekable", "raises", "none"]
KINDS: tuple[SourceKind, ...] = get_args(SourceKind)


class SourceFailed(Exception):
    """What a ``raises`` reader raises; a storage must not report success after it."""


@dataclass(frozen=True, slots=True)
class Content:
    """``size`` bytes drawn from ``salt``, or the ``literal`` bytes where their very shape matters.

    ``changed`` is the place of the one byte that is another than in the content of this size and salt.
    """

    size: int
    salt: int = 0
    literal: bytes | None = None
    changed: int | None = None

    @classmethod
    def of(cls, literal: bytes) -> Content:
        """Return the content that is exactly ``literal``."""
        return cls(len(literal), 0, literal)

    @property
    def data(self) -> bytes:
        """The bytes themselves."""
        if self.literal is not None:
            return self.literal
        data = random.Random(self.salt).randbytes(self.size)
        if self.changed is None:
            return data
        return data[: self.changed] + bytes([data[self.changed] ^ 1]) + data[self.changed + 1 :]

    def __repr__(self) -> str:
        if self.literal is not None:
            return f"Content.of({self.literal!r})"
        changed = "" if self.changed is None else f", changed={self.changed}"
        return f"Content({self.size}, {self.salt}{changed})"

    def to_json(self) -> dict[str, Any]:
        """Return the content as JSON-able data."""
        if self.literal is not None:
            return {"literal": self.literal.hex()}
        changed = {} if self.changed is None else {"changed": self.changed}
        return {"size": self.size, "salt": self.salt, **changed}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Content:
        """Return the content that :meth:`to_json` wrote."""
        if "literal" in data:
            return cls.of(bytes.fromhex(data["literal"]))
        return cls(data["size"], data["salt"], changed=data.get("changed"))


@dataclass(frozen=True, slots=True)
class Source:
    """A content and how its reader behaves.

    Kinds: ``plain`` (seekable, complete reads), ``one`` (a byte at a time), ``ragged`` (short reads of changing
    length), ``unseekable`` (no seek, no tell), ``raises`` (:class:`SourceFailed` after ``at`` bytes), ``none`` (the
    reader is ``None``). A reader shorter or longer than declared is a content of another size than the one passed.
    """

    content: Content
    kind: SourceKind = "plain"
    at: int = 0

    def open(self) -> Reader | None:
        """Return a new reader, or ``None`` for the kind ``none``."""
        if self.kind == "none":
            return None
        return io.BytesIO(self.content.data) if self.kind == "plain" else _Reader(self)

    def __repr__(self) -> str:
        extra = "" if self.kind == "plain" else f", {self.kind!r}" + (f", at={self.at}" if self.at else "")
        return f"Source({self.content!r}{extra})"

    def to_json(self) -> dict[str, Any]:
        """Return the source as JSON-able data."""
        return {"content": self.content.to_json(), "kind": self.kind, "at": self.at}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Source:
        """Return the source that :meth:`to_json` wrote."""
        return cls(Content.from_json(data["content"]), data["kind"], data["at"])


class _Reader:
    """A reader without seek that hands its bytes out as its source says."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._stream = io.BytesIO(source.content.data)
        self._reads = 0

    def read(self, size: int = -1, /) -> bytes:
        self._reads += 1
        if self._source.kind == "raises":
            left = self._source.at - self._stream.tell()
            if left <= 0:
                raise SourceFailed(f"the reader failed after {self._source.at} bytes, as it was told to")
            size = left if size < 0 else min(size, left)
        # A read without a size asks for everything: only a sized read may legally come back short.
        elif size > 1 and self._source.kind == "one":
            size = 1
        elif size > 1 and self._source.kind == "ragged":
            size = 1 + (self._reads * 7919) % size
        return self._stream.read(size)
