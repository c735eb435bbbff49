"""What can be compared of answers that two runs of one story get: the ids, ETags and times in them differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | None"


def shape(value: Json, known: Mapping[str, str], kept: Collection[str]) -> Json:
    """Return a JSON value with the ids that are known by their names, and what differs from run to run by its kind.

    ``kept`` are texts that stay as they are, and keys whose numbers do.
    """
    if isinstance(value, dict):
        return {
            known.get(key, key): each if key in kept and isinstance(each, int) else shape(each, known, kept)
            for key, each in sorted(value.items())
        }
    if isinstance(value, list):
        return [shape(each, known, kept) for each in value]
    if isinstance(value, str):
        return known.get(value) or (value if value in kept else "a text")
    return value if value is None or isinstance(value, bool) else "a number"
