"""The normative data: every requirement with id, level, statement and source, one TOML file per subject.

There are two systems of which requirements speak: a storage, whose files lie here, and an upload controller, a service
in front of one, whose files lie in ``upload_controller/``. A run is about one of them; ids are of all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, get_args

from conformance.storage import operations

Level = Literal["spec-must", "spec-should", "spec-docs", "derived"]
System = Literal["storage", "upload-controller"]
_FOLDERS: Mapping[System, str] = {"storage": ".", "upload-controller": "upload_controller"}


class RequirementFileInvalid(ValueError):
    """A requirement file does not say what it must; the message names file and entry."""


class UnknownRequirement(LookupError):
    """No requirement has that id; the message suggests the closest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One sentence that a storage, or an upload controller, has to live up to.

    ``operations`` are those of a storage that it speaks of, the subject first; an upload controller has none of them.
    ``source`` cites RFC and section, ``quote`` its words where it has some; ``policy`` names the point on which the
    RFCs leave a choice to the backend.
    """

    id: str
    subject: str
    level: Level
    statement: str
    source: str
    operations: tuple[str, ...]
    quote: str = ""
    policy: str = ""


@cache
def requirements(system: System = "storage") -> Mapping[str, Requirement]:
    """Return every requirement of a system by id, ordered by file and place.

    Raises:
        RequirementFileInvalid: an entry misses a field, has an unknown one, or repeats an id.

    """
    found: dict[str, Requirement] = {}
    folder = files("conformance.requirements").joinpath(_FOLDERS[system])
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".toml"):
            continue
        for entry in tomllib.loads(file.read_text("utf-8")).get("requirement", []):
            loaded = _load(file.name, entry if system == "storage" else {"operations": [], **entry})
            if loaded.id in found:
                raise RequirementFileInvalid(f"{file.name}: {loaded.id} is declared twice")
            found[loaded.id] = loaded
    return MappingProxyType(found)


@cache
def every_requirement() -> Mapping[str, Requirement]:
    """Return the requirements of all systems by id.

    Raises:
        RequirementFileInvalid: as :func:`requirements`, or two systems use the same id.

    """
    found: dict[str, Requirement] = {}
    for system in get_args(System):
        for identifier, entry in requirements(system).items():
            if identifier in found:
                raise RequirementFileInvalid(f"{identifier} is a requirement of two systems")
            found[identifier] = entry
    return MappingProxyType(found)


def requirement(identifier: str) -> Requirement:
    """Return the requirement with that id.

    Raises:
        UnknownRequirement: there is none.

    """
    known = every_requirement()
    if identifier not in known:
        close = get_close_matches(identifier, known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else "; `conformance list` shows all of them"
        raise UnknownRequirement(f"no requirement is called {identifier!r}{hint}")
    return known[identifier]


def _load(file: str, entry: dict[str, Any]) -> Requirement:
    name = entry.get("id", "an entry without id")
    unknown = set(entry) - set(Requirement.__slots__)
    lacking = {"id", "level", "statement", "source", "operations"} - set(entry)
    strange = [op for op in entry.get("operations", []) if op not in operations()]
    if unknown or lacking or strange or entry["level"] not in get_args(Level):
        raise RequirementFileInvalid(
            f"{file}: {name}: unknown fields {sorted(unknown)}, missing {sorted(lacking)}, "
            f"unknown operations {strange}, level {entry.get('level')!r}",
        )
    fields: dict[str, Any] = {"subject": file.removesuffix(".toml"), **entry, "operations": tuple(entry["operations"])}
    return Requirement(**fields)
