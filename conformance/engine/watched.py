"""A source that tells whether its reader was touched: for operations that have to refuse before they read."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.engine.expect import same
from conformance.storage import Content, Source
from conformance.storage.base import Reader


@dataclass(frozen=True, slots=True, repr=False)
class Watched(Source):
    """A plain source that keeps the size of every read that anybody asks of it."""

    reads: list[int] = field(default_factory=list[int], compare=False)

    def open(self) -> Reader:
        """Return a new reader, watched."""
        return _Watch(self.content, self.reads)

    def untouched(self, what: str, *, requirement: str | None = None) -> None:
        """Demand that nothing was read."""
        __tracebackhide__ = True
        same(self.reads, [], f"reads of {what}", requirement=requirement)


class _Watch:
    def __init__(self, content: Content, reads: list[int]) -> None:
        self._data = content.data
        self._reads = reads

    def read(self, size: int = -1, /) -> bytes:
        self._reads.append(size)
        wanted, self._data = (self._data, b"") if size < 0 else (self._data[:size], self._data[size:])
        return wanted
