"""Conditions under which a law applies: read off the declaration, each with the sentence that explains its absence.

They are passed to ``verifies`` whole: ``@verifies("list.prefix", **lists(ListMode.PREFIX))``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from conformance.storage import Features, ListMode


class Condition(TypedDict):
    """When a law applies, and why it does not otherwise."""

    when: Callable[[Features], bool]
    unless: str


def takes(op: str, *pairs: str) -> Condition:
    """Apply where the operation honours all of these optional arguments."""
    return {
        "when": lambda features: set(pairs) <= set(features.pairs.get(op, ())),
        "unless": f"{op} does not take {' and '.join(pairs)}",
    }


def all_of(*conditions: Condition) -> Condition:
    """Apply where all of these conditions do."""
    return {
        "when": lambda features: all(condition["when"](features) for condition in conditions),
        "unless": ", or ".join(condition["unless"] for condition in conditions),
    }


def lists(mode: ListMode) -> Condition:
    """Apply where the storage lists in this mode."""
    return {
        "when": lambda features: mode in features.list_modes,
        "unless": f"the backend does not list in the mode {(mode.name or '').lower()}",
    }


NATIVE: Condition = {
    "when": lambda features: features.directories == "native",
    "unless": "the backend has no native directories: a directory and an object may share a path",
}
VIRTUAL: Condition = {
    "when": lambda features: features.directories == "virtual",
    "unless": "the backend's directories are not virtual",
}
NO_DIRECTORIES: Condition = {
    "when": lambda features: features.directories == "none",
    "unless": "the backend has directories",
}
FLAT: Condition = {
    "when": lambda features: features.directories != "native",
    "unless": "the backend has native directories: nothing can lie below an object",
}
EMPTY_OBJECTS: Condition = {
    "when": lambda features: features.write_empty_object,
    "unless": "the backend declares to have no empty objects",
}
ETAGS: Condition = {
    "when": lambda features: features.etag is not False,
    "unless": "the backend declares to tell no etags",
}
