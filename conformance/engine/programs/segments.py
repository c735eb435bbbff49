"""Actions on segments (Prop-18)."""

from __future__ import annotations

from conformance.engine.programs.author import Writer
from conformance.storage import Source
from conformance.storage.calls import SegmentOf


class Segments(Writer):
    """Begins a segment, writes its pieces in any order, and completes it, aborts it or leaves it open."""

    def segments(self) -> None:
        """Live the life of a segment, sometimes beside another one of the same path."""
        path = self.key()
        begun = self.add("init_segment", path)
        if begun is None:
            return
        if self.dice.once_in(4):
            other = self.add("init_segment", path)
            if other is not None and self.dice.once_in(2):
                begun = other
        sizes = [self.dice.choose((10, 1, 300)) for _ in range(1 + self.dice.below(3))]
        for number in self.dice.shuffled(range(len(sizes))):
            self._piece(begun, sizes, number)
        if self.dice.once_in(3):
            self._piece(begun, sizes, self.dice.below(len(sizes)))
        match self.dice.below(6):
            case 0 if "abort_segment" in self.features.operations:
                self.add("abort_segment", SegmentOf(begun))
            case 1 if "list_segments" in self.features.operations:
                self.add("list_segments", "")
            case _:
                self.add("complete_segment", SegmentOf(begun))

    def _piece(self, segment: int, sizes: list[int], number: int) -> None:
        size = sizes[number]
        kind = self.features.segments
        place = number if kind == "index" else sum(sizes[:number])
        self.add("write_segment", SegmentOf(segment), Source(self.content(size)), size, **{kind: place})
