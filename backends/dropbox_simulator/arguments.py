"""The argument of a request: a JSON object whose fields each route takes as what they have to be."""

from __future__ import annotations

import json
import re
from typing import Any

from backends.dropbox_simulator.refusals import BadInput
from backends.dropbox_simulator.tree import Commit

PATH = r"/(.|[\r\n])*"
WRITTEN = rf"({PATH})|(ns:[0-9]+(/(.|[\r\n])*)?)|(id:.*)"
"""Paths to write, as the published interface has them."""
READ = rf"({PATH}|id:.*)|(rev:[0-9a-f]{{9,}})|(ns:[0-9]+(/(.|[\r\n])*)?)"
"""Paths of files and folders to read."""
FOLDER = rf"({PATH})?|id:.*|(ns:[0-9]+(/(.|[\r\n])*)?)"
"""Paths of folders to list, ``""`` being the root."""
REV = r"[0-9a-f]{9,}"
_NOTHING = object()


class Argument:
    """The fields of one struct, taken by name; what is missing or of another type is BadInput."""

    def __init__(self, fields: Any, where: str = "request body") -> None:
        if not isinstance(fields, dict):
            raise BadInput(f"{where}: expected object, got {type(fields).__name__}")
        self._fields: dict[str, Any] = fields
        self._where = where

    @classmethod
    def read(cls, text: bytes | str, where: str) -> Argument:
        """Return the argument that ``text`` is in JSON."""
        try:
            return cls(json.loads(text), where)
        except ValueError:
            raise BadInput(f"{where}: could not decode input as JSON") from None

    def text(self, name: str, pattern: str = "(?s:.*)", default: Any = _NOTHING) -> str:
        """Take a string that matches ``pattern`` as a whole."""
        value = self._taken(name, str, default)
        if value is not None and re.fullmatch(pattern, value) is None:
            raise BadInput(f"{self._where}: {name}: {value!r} did not match pattern {pattern!r}")
        return value

    def flag(self, name: str) -> bool:
        """Take a boolean, false when it is not there."""
        return self._taken(name, bool, default=False)

    def number(self, name: str, least: float, most: float, default: Any = _NOTHING) -> Any:
        """Take a number from ``least`` to ``most``."""
        value = self._taken(name, (int, float), default)
        if value is not None and not least <= value <= most:
            raise BadInput(f"{self._where}: {name}: {value} is not within range [{least}, {most}]")
        return value

    def struct(self, name: str) -> Argument:
        """Take an inner struct."""
        return Argument(self._taken(name, dict), f"{self._where}: {name}")

    def structs(self, name: str) -> list[Argument]:
        """Take a list of structs."""
        return [Argument(one, f"{self._where}: {name}") for one in self._taken(name, list)]

    def union(self, name: str, *tags: str, default: str) -> tuple[str, Any]:
        """Take a union value, which is a string when it holds nothing, and return its tag and what it holds."""
        value = self._taken(name, (str, dict), default)
        chosen = value if isinstance(value, str) else value.get(".tag")
        if chosen not in tags:
            raise BadInput(f"{self._where}: {name}: invalid tag {chosen!r}")
        return chosen, None if isinstance(value, str) else value.get(chosen)

    def commit(self) -> Commit:
        """Take the fields of a CommitInfo."""
        mode, rev = self.union("mode", "add", "overwrite", "update", default="add")
        if mode == "update" and (not isinstance(rev, str) or re.fullmatch(REV, rev) is None):
            raise BadInput(f"{self._where}: mode: update: {rev!r} did not match pattern {REV!r}")
        return Commit(
            path=self.text("path", WRITTEN),
            mode=mode,
            rev=rev or "",
            autorename=self.flag("autorename"),
            strict_conflict=self.flag("strict_conflict"),
            client_modified=self.text("client_modified", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", default=None),
        )

    def _taken(self, name: str, kind: Any, default: Any = _NOTHING) -> Any:
        value = self._fields.get(name)
        if value is None:
            if default is _NOTHING:
                raise BadInput(f"{self._where}: missing required field '{name}'")
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise BadInput(f"{self._where}: {name}: got {type(value).__name__}")
        return value
