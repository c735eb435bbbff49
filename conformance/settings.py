"""``[tool.conformance]`` in ``pyproject.toml``: backends by name, and defaults for the options of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from conformance.problems import Problem, meant

PROFILE_NAMES = ("smoke", "standard", "deep")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project says of its conformance runs.

    ``backends`` maps names to connection strings or ``package.module:opener``, ``deviations`` is a file relative to
    ``folder``, ``project`` the name of the distribution that lives there.
    """

    folder: Path
    backends: Mapping[str, str] = field(default_factory=dict[str, str])
    profile: str | None = None
    seed: int | None = None
    deviations: str | None = None
    project: str | None = None

    @property
    def declared(self) -> Path | None:
        """The deviations file, where the project names one."""
        return None if self.deviations is None else self.folder / self.deviations

    def overlooked(self, option: str) -> str:
        """Return a sentence on a deviations file that nobody named, and the ``option`` that names it, or ``""``."""
        if self.deviations is not None or not (self.folder / DEVIATIONS).is_file():
            return ""
        return f"{DEVIATIONS} lies here and was not given: {option} {DEVIATIONS}"


ALIASES = {"declared": "deviations"}
"""What the options of the commands call a key."""
DEVIATIONS = "deviations.toml"
"""What the deviations file is called in all examples."""
KEYS = tuple(entry.name for entry in fields(Settings) if entry.name not in {"folder", "project"})


def settings(folder: Path) -> Settings:
    """Return what ``pyproject.toml`` in ``folder`` says; nothing where there is no such file or table.

    Raises:
        Problem: the file is no TOML, a key is unknown, or a value is of the wrong kind.

    """
    file = folder / "pyproject.toml"
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Settings(folder=folder)
    except (OSError, ValueError) as error:
        raise Problem(f"{file} cannot be read: {error}") from None
    project = _table(_table(data, "project"), "name") if isinstance(data.get("project"), dict) else None
    table: dict[str, Any] = _table(_table(data, "tool") or {}, "conformance") or {}
    if not isinstance(cast("Any", table), dict):
        raise Problem(f"{file}: [tool.conformance] is not a table")
    for key in table:
        if key not in KEYS:
            known = f"; it knows {', '.join(KEYS)}"
            hint = f"; did you mean {ALIASES[key]}?" if key in ALIASES else meant(key, KEYS, known)
            raise Problem(f"{file}: [tool.conformance] has no key {key!r}{hint}")
    _check(file, table)
    return Settings(folder=folder, project=project if isinstance(project, str) else None, **table)


def _table(data: Any, key: str) -> Any:
    return cast("dict[str, Any]", data).get(key) if isinstance(data, dict) else None


def _check(file: Path, table: dict[str, Any]) -> None:
    backends = table.get("backends", {})
    if not isinstance(backends, dict) or not all(isinstance(v, str) for v in cast("dict[str, Any]", backends).values()):
        example = 'backends = {mystore = "mystore:open_store"}'
        raise Problem(f"{file}: backends maps names to connection strings: {example}")
    profile = table.get("profile", "standard")
    if profile not in PROFILE_NAMES:
        hint = meant(str(profile), PROFILE_NAMES, "; use smoke, standard or deep")
        raise Problem(f"{file}: profile is {profile!r}{hint}")
    if type(table.get("seed", 0)) is not int:
        raise Problem(f"{file}: seed is {table['seed']!r} and not a whole number")
    if not isinstance(table.get("deviations", ""), str):
        raise Problem(f"{file}: deviations names a file and is {table['deviations']!r}")
