"""Large objects: what no memory holds is stored and delivered byte by byte (definitions of write and read)."""

from __future__ import annotations

from conformance.engine.conditions import Condition
from conformance.engine.evidence import everything
from conformance.engine.expect import demand, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Restrictions

GIB = 1024 * 1024 * 1024
SIZE = 5 * GIB + 3
"""More than any number of 32 bits counts, and no multiple of a block."""
LARGE: Condition = {
    "when": lambda features: features.large_objects,
    "unless": "the backend does not declare to take objects of gigabytes",
}


@verifies("large.streamed", needs=("stat", "list"), weight=0, **LARGE)
def test_a_large_object_is_stored_whole(store: Recorder, limits: Restrictions) -> None:
    """The largest object up to five gibibytes is delivered as it was written, in whole and at its end."""
    size = min(SIZE, limits.write_size_maximum or SIZE)
    same(int(store.write_large("large", size, 1)), size, "the number returned by write")
    told = store.read_large("large", size, 1)
    observed = f"{told.delivered} bytes, the first difference in the block at {told.differs}"
    demand(told.differs is None and told.delivered == size, "content", expected=f"{size} bytes", observed=observed)
    same(told.returned, size, "the number returned by read")
    same(store.stat("large").content_length, size, "length told by stat")
    lengths = [o.content_length for o in everything(store)]
    same([length for length in lengths if length is not None and length != size], [], "other lengths listed")
    store.delete("large")
    same([o.path for o in everything(store)], [], "all objects after delete")
