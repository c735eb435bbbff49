"""Paths that may be too long: each is kept whole or refused, and never cut to one that is short enough (GSP-749)."""

from __future__ import annotations

from conformance.engine.evidence import everything
from conformance.engine.expect import either, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Features

USUAL = (255,)
"""Lengths in bytes at which names are cut: that of a name in most file systems."""
DECLARED = 4000
"""Declared lengths beyond this are not tried."""


def twins(features: Features) -> list[str]:
    """Return pairs of paths that differ behind a length, in their last character only."""
    declared = [length for length in (features.name_maximum, features.path_maximum) if length and length <= DECLARED]
    return ["n" * length + last for length in sorted({*USUAL, *declared}) for last in "12"]


@verifies("paths.too_long")
def test_paths_that_differ_behind_a_limit(store: Recorder, features: Features) -> None:
    """Of two paths that differ behind a usual or a declared length both are kept apart, or neither is kept cut."""
    kept: dict[str, bytes] = {}
    for number, path in enumerate(twins(features)):
        with either() as refusal:
            store.write(path, bytes([number]))
        if not refusal:
            kept[path] = bytes([number])
    same([o.path for o in everything(store)], sorted(kept), "the paths listed")
    for path, content in kept.items():
        same(store.read(path), content, f"content of a path of {len(path)} characters")
