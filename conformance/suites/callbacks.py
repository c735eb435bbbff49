"""A callback only looks on: what is refused without one is refused with it (Prop-10, GSP-751)."""

from __future__ import annotations

from conformance.engine.conditions import takes
from conformance.engine.expect import absent, refused
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Source


@verifies("write.none_reader_refused", needs=("read",), **takes("write", "io_callback"))
def test_a_callback_is_no_reader(store: Recorder) -> None:
    """With a callback no reader is refused all the same, and so is one that ends early; there is no object."""
    with refused(what="write without a reader, with io_callback"):
        store.write("a", Source(Content(0), "none"), 5, io_callback=bytes)
    with refused(what="write of 300 bytes from a reader of 100, with io_callback", requirement="write.short_reader"):
        store.write("a", Source(Content(100, 1), "ragged"), 300, io_callback=bytes)
    absent(store, "a", listed_in=None)
