"""What the documents say and no check asks, each with its reason: so that nobody looks for it in vain."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from conformance.requirements import RequirementFileInvalid, requirements

FILE = "left_out.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """One statement of the documents without a check: ``source`` cites it, ``reason`` says why, ``id`` names it."""

    id: str
    statement: str
    source: str
    reason: str


@cache
def left_out() -> Mapping[str, LeftOut]:
    """Return every statement left out, by id, in the order of the file.

    Raises:
        RequirementFileInvalid: an entry misses a field or has an unknown one, or its id is taken.

    """
    found: dict[str, LeftOut] = {}
    text = files("conformance.requirements").joinpath(FILE).read_text("utf-8")
    for entry in tomllib.loads(text)["left_out"]:
        if set(entry) != set(LeftOut.__slots__):
            wrong = sorted(set(entry) ^ set(LeftOut.__slots__))
            raise RequirementFileInvalid(f"{FILE}: {entry.get('id', 'an entry without id')}: {', '.join(wrong)}")
        if entry["id"] in found or entry["id"] in requirements():
            raise RequirementFileInvalid(f"{FILE}: {entry['id']} is declared twice")
        found[entry["id"]] = LeftOut(**entry)
    return MappingProxyType(found)
