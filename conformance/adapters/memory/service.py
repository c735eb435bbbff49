"""The reference storage: in memory, with every interface but ``reach``, and right in everything the specification says.

Its side of the open points: directories are native, parents are made, a link is an object that only ``read`` follows,
each append is readable at once, an upload or a block object stays apart from the object at its path until it is
completed, and a failed operation changes nothing. What the derived conditions are compared with is what ``stat`` tells;
they are compared under the lock that the change itself takes.
"""

from __future__ import annotations

from conformance.adapters.memory.client import RESTRICTIONS, MemoryData
from conformance.adapters.memory.growing import MemoryGrowing
from conformance.adapters.memory.listing import MemoryListing
from conformance.adapters.memory.segments import IndexSegments, OffsetSegments
from conformance.adapters.memory.storager import MemoryStorager
from conformance.adapters.memory.transfer import MemoryTransfer
from conformance.adapters.memory.uploads import MemoryUploads

__all__ = ["RESTRICTIONS", "Memory", "MemoryService", "open_memory"]


class Memory(IndexSegments, MemoryStorager, MemoryListing, MemoryTransfer, MemoryGrowing, MemoryUploads):
    """One client of a :class:`MemoryService`, safe to use from several threads; its segments are by index."""


class MemoryByOffset(OffsetSegments, MemoryStorager, MemoryListing, MemoryTransfer, MemoryGrowing, MemoryUploads):
    """A client whose segments are by offset: a storage has one of the two kinds (Prop-24)."""


class MemoryService(MemoryData):
    """The data that every client opened from it shares; its :meth:`open` is the opener to register."""

    def open(self, work_dir: str) -> Memory:
        """Return a client of these data at ``work_dir``."""
        return Memory(self, work_dir)

    def open_by_offset(self, work_dir: str) -> MemoryByOffset:
        """Return a client of these data at ``work_dir`` whose segments are by offset."""
        return MemoryByOffset(self, work_dir)


_service = MemoryService()
open_memory = _service.open
"""The opener of the data that this process shares."""
