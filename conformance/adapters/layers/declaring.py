"""What a storage behind a layer declares: the adapter's declaration with what is known of the kind of storage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.storage import Features, ListMode, Object, ObjectMode, ObjectModeInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.layers.address import Place


def declaration(
    declared: Features, pairs: Mapping[str, frozenset[str]], place: Place, *, list_modes: ListMode | None = None
) -> Features:
    """Return ``declared`` with the operations and optional arguments that are left, and what the place declares."""
    modes = declared.list_modes if list_modes is None else list_modes
    return replace(
        declared,
        operations=frozenset(pairs),
        pairs=pairs,
        list_modes=modes if "list_mode" in pairs.get("list", ()) else ListMode(0),
        **place.declares,
    )


def mode_of_files(pairs: Mapping[str, frozenset[str]]) -> ObjectMode:
    """Return what can be done with an ordinary object: a mode that is set works (AOS-25)."""
    return ObjectMode.READ | (ObjectMode.APPEND if "write_append" in pairs else ObjectMode(0))


def fitting(o: Object, object_mode: ObjectMode | None) -> Object:
    """Return ``o`` if it is what the hint of stat says (GSP-93).

    Raises:
        ObjectModeInvalid: it is of another kind.

    """
    if object_mode is not None and object_mode not in o.mode:
        raise ObjectModeInvalid(expected=object_mode, actual=o.mode)
    return o
