"""The deviations file: where a backend knowingly behaves otherwise than specified, and why.

One ``[[deviation]]`` table per difference::

    [[deviation]]
    backend = "fs"
    requirement = "delete.idempotent"
    signature = "delete.idempotent: ObjectNotExist"
    reason = "remove(2) reports a missing file and the driver passes it on"
    issue = "https://example.org/issues/7"      # or: untracked = true
    first_seen = 2026-03-01
    expires = 2026-09-01                        # optional: from this day on the entry no longer counts
    flaky = true                                # optional: it fails at times and passes at times
    calls = '''[{"op":"delete",…}]'''           # optional: the smallest program that shows it

``backend`` is the name that the run gives the backend, or where it comes from: ``module:opener`` or the connection
string. One opener has several names (``mystore:open_store`` on the command line, ``store`` in a suite, whatever
``pyproject.toml`` calls it); an entry for ``mystore:open_store`` counts under each of them.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from conformance.requirements import every_requirement


class DeclarationInvalid(ValueError):
    """The deviations file does not say what it must; the message is one sentence that names the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One declared difference of one backend."""

    backend: str
    requirement: str
    reason: str
    issue: str | None = None
    untracked: bool = False
    signature: str = ""
    first_seen: date | None = None
    expires: date | None = None
    flaky: bool = False
    calls: tuple[Any, ...] = ()

    @property
    def key(self) -> str:
        """The identity of the deviation; two ways to break one requirement are two deviations."""
        return f"{self.backend}/{self.requirement}/{self.signature}"

    def about(self, backend: str, spec: str = "") -> bool:
        """Return whether the entry is about a backend: it has its name in the run, or where it comes from."""
        return self.backend in (backend, spec)

    def matches(self, signature: str) -> bool:
        """Return whether a failure with that signature is this deviation."""
        return self.signature == visible(signature)

    def expired(self, today: date) -> bool:
        """Return whether the entry no longer counts on that day."""
        return self.expires is not None and self.expires <= today


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """The content of a deviations file; ``text`` is the file as its author wrote it."""

    deviations: tuple[Deviation, ...] = ()
    text: str = ""
    name: str = "deviations.toml"
    carried: frozenset[str] = frozenset()
    """Backends that need not be part of a run: their entries came with the kit, or lie in a directory with others'."""

    def of(self, backend: str, spec: str = "") -> tuple[Deviation, ...]:
        """Return what one backend declares: under its name in the run, and under ``spec``, where it comes from."""
        return tuple(deviation for deviation in self.deviations if deviation.about(backend, spec))


def visible(text: str) -> str:
    """Return a text in which every character that TOML cannot hold (a lone surrogate) is written as its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def load(path: str | Path, known: Collection[str] | None = None) -> Declarations:
    """Return the declarations in a file, or in all ``*.toml`` files of a directory; see :func:`loads`.

    Raises:
        DeclarationInvalid: a file does not say what it must, or two of a directory declare the same.
        OSError: a file cannot be read.

    """
    if Path(path).is_dir():
        return _together([load(file, known) for file in sorted(Path(path).glob("*.toml"))], str(path))
    try:
        text = Path(path).read_text("utf-8")
    except UnicodeDecodeError:
        raise DeclarationInvalid(f"{path} is not UTF-8: save it as UTF-8, as TOML asks") from None
    return loads(text, known, str(path))


def _together(files: Sequence[Declarations], name: str) -> Declarations:
    if not files:
        raise DeclarationInvalid(f"{name} is a directory without any *.toml in it")
    found: dict[str, str] = {}
    for file in files:
        for entry in file.deviations:
            if entry.key in found:
                raise DeclarationInvalid(
                    f"{file.name} and {found[entry.key]} both declare {entry.requirement} of {entry.backend} with the "
                    "same signature; keep one of them"
                )
            found[entry.key] = file.name
    deviations = tuple(entry for file in files for entry in file.deviations)
    text = "\n".join(file.text for file in files)
    together = frozenset(entry.backend for entry in deviations)
    return Declarations(deviations=deviations, text=text, name=name, carried=together)


def loads(text: str, known: Collection[str] | None = None, name: str = "deviations.toml") -> Declarations:
    """Return the declarations in a text; ``known`` are the ids that exist (default: all requirements).

    Raises:
        DeclarationInvalid: no TOML, an unknown key or requirement, a missing reason, neither issue nor ``untracked``,
            a value of the wrong type, or an entry that is there twice.

    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DeclarationInvalid(f"{name} is not TOML: {error}") from None
    for key in data:
        if key != "deviation":
            raise DeclarationInvalid(f"{name}: unknown key {key!r}; a deviations file holds [[deviation]] tables only")
    entries = data.get("deviation", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in cast("list[Any]", entries)):
        raise DeclarationInvalid(f"{name}: write each entry as a [[deviation]] table, with two brackets")
    ids = every_requirement().keys() if known is None else known
    found: dict[str, Deviation] = {}
    for number, entry in enumerate(cast("list[dict[str, Any]]", entries), 1):
        deviation = _entry(entry, ids, f"{name}, entry {number}")
        if deviation.key in found:
            raise DeclarationInvalid(
                f"{name}, entry {number}: {deviation.backend} declares {deviation.requirement} with this signature "
                "twice; keep one of them"
            )
        found[deviation.key] = deviation
    return Declarations(deviations=tuple(found.values()), text=text, name=name)


KEYS = tuple(field.name for field in fields(Deviation))
TYPES: Mapping[str, tuple[type[Any], str]] = {
    "backend": (str, "a text"),
    "requirement": (str, "a text"),
    "reason": (str, "a text"),
    "issue": (str, "a text"),
    "signature": (str, "a text"),
    "untracked": (bool, "true or false"),
    "flaky": (bool, "true or false"),
    "first_seen": (date, "a date such as 2026-03-01, without quotes"),
    "expires": (date, "a date such as 2026-03-01, without quotes"),
}


def _entry(entry: dict[str, Any], ids: Collection[str], place: str) -> Deviation:
    for key, value in entry.items():
        if key not in KEYS:
            raise DeclarationInvalid(f"{place}: unknown key {key!r}{_hint(key, KEYS)}")
        kind, wanted = TYPES.get(key, (object, ""))
        if not isinstance(value, kind) or isinstance(value, datetime):
            raise DeclarationInvalid(f"{place}: {key} is to be {wanted}")
    for key, why in (
        ("backend", "name the backend that it is about"),
        ("requirement", "name the requirement that does not hold"),
        ("reason", "say in a sentence why the backend behaves otherwise"),
    ):
        if not entry.get(key, "").strip():
            raise DeclarationInvalid(f"{place}: {key} is missing; {why}")
    place = f"{place} ({entry['backend']}, {entry['requirement']})"
    if entry["requirement"] not in ids:
        hint = _hint(entry["requirement"], ids) or "; `conformance list` shows all of them"
        raise DeclarationInvalid(f"{place}: there is no such requirement{hint}")
    issue = entry.get("issue")
    if (issue is not None) == entry.get("untracked", False):
        raise DeclarationInvalid(f"{place}: give either the issue as a link or untracked = true")
    if issue is not None and not issue.startswith(("https://", "http://")):
        raise DeclarationInvalid(f"{place}: issue is to be a link that begins with https://")
    arguments: dict[str, Any] = {**entry, "calls": _calls(entry.get("calls", ()), place)}
    return Deviation(**arguments)


def _calls(value: Any, place: str) -> tuple[Any, ...]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise DeclarationInvalid(f"{place}: calls is not JSON: {error}") from None
    if not isinstance(value, (list, tuple)):
        raise DeclarationInvalid(f"{place}: calls is to be a list of calls, as JSON in a text or as TOML tables")
    calls = tuple(cast("Sequence[Any]", value))
    if not all(isinstance(call, dict) and isinstance(cast("dict[str, Any]", call).get("op"), str) for call in calls):
        raise DeclarationInvalid(f"{place}: every call names its operation as op")
    return calls


def _hint(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, known, n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""
