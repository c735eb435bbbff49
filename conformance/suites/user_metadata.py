"""User metadata: as many, as long and of whatever object, they come back (GSP-134, proposal 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.engine.catalogue import described
from conformance.engine.conditions import takes
from conformance.engine.expect import same
from conformance.engine.laws import verifies
from conformance.storage import Content

if TYPE_CHECKING:
    from conformance.engine.recorder import Recorder

MANY = {f"name-{number:02}": f"value {number}" for number in range(40)}
"""More entries than any limit of their number that is not one of their bytes; together below 2 KB."""
LONG = {"n" * 100: "v" * 1500 + "end"}
MARKS = {"marks": "\\ ' ` ^ ~ | ! $ ( ) [ ] { } @ # ?", "markup": '<a href="x">&amp;</a>', "list": "1;2;3, 4=5:6"}


@verifies("write.user_metadata_of_any_object", **takes("write", "user_metadata"))
def test_metadata_are_kept_of_any_object(store: Recorder) -> None:
    """Many metadata, long ones and odd ones come back, of empty and large objects, and deep down."""
    objects = {
        "empty": (Content(0 if store.features.write_empty_object else 1), described(MANY, store.features)),
        "large": (Content(300_000, 2), described(LONG, store.features)),
        "very/deep/down/in/the/tree": (Content(3, 3), MARKS),
    }
    for path, (content, metadata) in objects.items():
        store.write(path, content, user_metadata=metadata)
    for path, (_, metadata) in objects.items():
        told = {name.lower(): value for name, value in store.stat(path).user_metadata.items()}
        same(told, metadata, f"user_metadata of {path!r}, names in lower case")
