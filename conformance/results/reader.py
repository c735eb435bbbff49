"""Reads a result document and refuses what cannot be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from conformance.results.codec import Unfit
from conformance.results.cover import cover
from conformance.results.document import FORMAT, Document, Footer, Header, Result
from conformance.results.errors import DuplicateResult, MissingFooter, NotAResultFile, PlanNotCovered, UnknownFormat


def read(path: str | Path) -> Document:
    """Return the document in a file.

    Raises:
        DocumentError: one of its kinds, see :func:`loads`.
        OSError: the file cannot be read.

    """
    try:
        return loads(Path(path).read_text("utf-8"), str(path))
    except UnicodeDecodeError:
        raise NotAResultFile(str(path), "it is not UTF-8") from None


def loads(text: str, name: str = "the document") -> Document:
    """Return the document in a text; ``name`` is what messages call it.

    Raises:
        NotAResultFile: it does not begin with a header, or a line is damaged.
        UnknownFormat: it was written by a version with another format.
        MissingFooter: its run did not come to its end.
        DuplicateResult: a check of a backend is reported twice.
        PlanNotCovered: something planned has no result, or a result was not planned.

    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        raise NotAResultFile(name, "it is empty")
    records: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line, parse_constant=_refuse)
        except (ValueError, RecursionError):
            # The last line of a run that was killed may be cut in the middle; its footer is what is missing.
            if records and number == len(lines):
                break
            raise NotAResultFile(name, f"line {number} is not JSON") from None
        if not isinstance(record, dict):
            raise NotAResultFile(name, f"line {number} is no object")
        records.append(cast("dict[str, Any]", record))
    first = records[0]
    if first.get("kind") != "header":
        raise NotAResultFile(name, "its first line is no header")
    if first.get("format") != FORMAT:
        raise UnknownFormat(name, first.get("format"), FORMAT)
    try:
        return _assemble(name, records)
    except Unfit as why:
        raise NotAResultFile(name, str(why)) from None


def _assemble(name: str, records: list[dict[str, Any]]) -> Document:
    header = Header.from_json(records[0])
    planned = {entry.key: entry for entry in header.plan}
    footer: Footer | None = None
    results: dict[tuple[str, str], Result] = {}
    for number, record in enumerate(records[1:], 2):
        if footer is not None:
            raise NotAResultFile(name, f"line {number} follows the footer")
        if record.get("kind") == "footer":
            footer = Footer.from_json(record)
        elif record.get("kind") == "result":
            result = Result.from_json(record)
            if result.key in results:
                raise DuplicateResult(name, *result.key)
            results[result.key] = result
        else:
            raise NotAResultFile(name, f"line {number} has the kind {record.get('kind')!r}")
    if footer is None:
        raise MissingFooter(name, len(results), sum(entry.applies for entry in header.plan))
    lacking = [_shown(key) for key, entry in planned.items() if entry.applies and key not in results]
    strange = [_shown(key) for key in results if key not in planned]
    if lacking or strange:
        raise PlanNotCovered(name, lacking, strange)
    return Document(header=header, results=cover(header.plan, results.values()), footer=footer)


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no number of JSON")


def _shown(key: tuple[str, str]) -> str:
    return f"{key[0]}/{key[1]}"
