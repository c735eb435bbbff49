"""Actions on objects that grow: append, block and page objects."""

from __future__ import annotations

from conformance.engine.programs.author import Writer
from conformance.storage import Source
from conformance.storage.calls import Handle

PAGE = 512
"""Bytes that pages are multiples of."""


class Growing(Writer):
    """Lives the life of an append, block or page object."""

    def append(self) -> None:
        """Create an append object, append to it, and mostly commit it."""
        grown = self.add("create_append", self.key(), **self.metadata("create_append"))
        if grown is None:
            return
        for _ in range(1 + self.dice.below(3)):
            source, size = self.source(self.dice.choose((10, 1, 300)))
            self.add("write_append", Handle(grown), source, size)
        if not self.dice.once_in(6):
            self.add("commit_append", Handle(grown))

    def blocks(self) -> None:
        """Create a block object, write blocks in any order, and mostly combine some of them."""
        made = self.add("create_block", self.key())
        if made is None:
            return
        names = ("b1", "b2", "b0")[: 1 + self.dice.below(3)]
        for name in self.dice.shuffled(names):
            source, size = self.source(self.dice.choose((10, 1, 300)))
            self.add("write_block", Handle(made), source, size, name)
        if "list_block" in self.features.operations and self.dice.once_in(2):
            self.add("list_block", Handle(made))
        written = list(self.model.world.sessions[made].blocks)
        if written and not self.dice.once_in(6):
            chosen = self.dice.shuffled(written)
            self.add("combine_block", Handle(made), chosen[1:] if len(chosen) > 1 and self.dice.once_in(3) else chosen)

    def pages(self) -> None:
        """Create a page object and write pages behind and over each other, now and then with a gap."""
        path = self.key()
        made = self.add("create_page", path)
        if made is None:
            return
        at = 0
        for _ in range(1 + self.dice.below(3)):
            size = PAGE * (1 + self.dice.below(2))
            written = self.add("write_page", Handle(made), Source(self.content(size)), size, at)
            at = self.dice.choose((at + size, at, at + size, at + size + PAGE)) if written is not None else at
        if "read" in self.features.operations:
            self.add("read", path)
