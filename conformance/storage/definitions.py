"""``operations.toml``, read once: the operations of the specification as data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from conformance.storage.modes import ObjectMode

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: its interface, arguments, results, and the mode that its object must have (AOS-61).

    ``derived`` operations and ``derived_pairs``, which ``pairs`` holds too, are beyond the specification.
    """

    name: str
    interface: str
    description: str
    params: tuple[str, ...]
    pairs: tuple[str, ...]
    derived_pairs: tuple[str, ...]
    results: tuple[str, ...]
    object_mode: ObjectMode | None
    local: bool
    write: bool
    derived: bool


@cache
def operations() -> Mapping[str, Operation]:
    """Return every declared operation by name, in the order of the file."""
    document = tomllib.loads(files("conformance.storage").joinpath("operations.toml").read_text("utf-8"))
    return MappingProxyType(
        {
            name: _operation(interface, name, {"derived": section.get("derived", False), **entry})
            for interface, section in document.items()
            for name, entry in section["op"].items()
        },
    )


def _operation(interface: str, name: str, entry: Mapping[str, Any]) -> Operation:
    mode = entry.get("object_mode")
    return Operation(
        name=name,
        interface=interface,
        description=entry["description"],
        params=tuple(entry["params"]),
        pairs=(*entry["pairs"], *entry.get("derived_pairs", ())),
        derived_pairs=tuple(entry.get("derived_pairs", ())),
        results=tuple(entry["results"]),
        object_mode=ObjectMode.named(mode) if mode else None,
        local=entry.get("local", False),
        write=entry.get("write", False),
        derived=entry["derived"],
    )
