"""Writes deviations into the file from what a run observed, when its author asks for it; never by itself."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from conformance.declaration.carried import upheld
from conformance.declaration.deviations import DeclarationInvalid, Declarations, Deviation, loads, visible
from conformance.declaration.judging import Replay, matching, stand
from conformance.results import Document, Failure, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The new text of a deviations file, what it adds and removes, and the diff to show."""

    text: str
    added: tuple[Deviation, ...]
    removed: tuple[Deviation, ...]
    diff: str


def accept(
    document: Document,
    declarations: Declarations | None = None,
    *,
    prune: bool = False,
    reason: str = "",
    issue: str | None = None,
    replayed: Mapping[str, Replay] | None = None,
    today: date | None = None,
    known: Collection[str] | None = None,
) -> Accepted:
    """Return the deviations file with every undeclared failure of a run added, or with ``prune`` what is over removed.

    Entries that are there keep their text, comments and reasons. A new one gets ``reason`` (by default what was
    expected and observed, to be replaced by the author) and ``issue`` (by default ``untracked = true``). ``prune``
    removes entries that are stale or expired and adds none, so that whoever tidies up accepts nothing by the way; what
    the run did not ask for, or not with all of its checks, it leaves alone. ``replayed`` is as for :func:`judge`.
    Errors and checks that did not run are never accepted.

    Raises:
        DeclarationInvalid: a failure blames a requirement that is not ``known``.

    """
    declared = declarations or Declarations()
    day = today or date.fromisoformat(document.header.started[:10])
    specs = {backend.name: backend.spec for backend in document.header.backends}
    added: dict[str, Deviation] = {}
    for result, failure in () if prune else document.failures:
        new = _deviation(result, failure, reason, issue, date.fromisoformat(document.header.started[:10]))
        theirs = declared.of(result.backend, specs.get(result.backend, ""))
        if matching(failure, [entry for entry in theirs if entry.requirement == new.requirement]):
            continue
        added.setdefault(new.key, new)
    replays = upheld(document) if replayed is None else replayed
    removed = tuple(entry for entry in declared.deviations if prune and _outdated(document, entry, replays, day))
    text = _without(declared, removed, known) if removed else declared.text
    for entry in added.values():
        text = (text.rstrip("\n") + "\n\n" if text.strip() else "") + written(entry)
    loads(text, known, declared.name)
    lines = difflib.unified_diff(
        declared.text.splitlines(keepends=True), text.splitlines(keepends=True), declared.name, declared.name
    )
    return Accepted(text=text, added=tuple(added.values()), removed=removed, diff="".join(lines))


def written(deviation: Deviation) -> str:
    """Return a deviation as the TOML table that reads back as the same deviation."""
    lines = [
        "[[deviation]]",
        f"backend = {quoted(deviation.backend)}",
        f"requirement = {quoted(deviation.requirement)}",
        f"reason = {quoted(deviation.reason)}",
        f"issue = {quoted(deviation.issue)}" if deviation.issue is not None else "untracked = true",
        f"signature = {quoted(deviation.signature)}",
    ]
    if deviation.first_seen is not None:
        lines.append(f"first_seen = {deviation.first_seen.isoformat()}")
    if deviation.expires is not None:
        lines.append(f"expires = {deviation.expires.isoformat()}")
    if deviation.flaky:
        lines.append("flaky = true")
    if deviation.calls:
        # JSON has its own escape for the apostrophe, so nothing inside can end the literal text around it.
        data = json.dumps(list(deviation.calls), ensure_ascii=True).replace("'", "\\u0027")
        lines.append(f"calls = '''{data}'''")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Return a text as a TOML basic string on one line."""
    escaped = visible(text).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", _escape, escaped) + '"'


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04X}"


def _deviation(result: Result, failure: Failure, reason: str, issue: str | None, day: date) -> Deviation:
    observed = f"{failure.what}: expected {failure.expected}, observed {failure.observed}"
    return Deviation(
        backend=result.backend,
        requirement=failure.requirement,
        reason=reason or visible(observed),
        issue=issue,
        untracked=issue is None,
        signature=visible(failure.signature),
        first_seen=day,
        flaky=failure.flaky,
        calls=failure.calls,
    )


def _outdated(document: Document, entry: Deviation, replayed: Mapping[str, Replay], today: date) -> bool:
    names = [backend.name for backend in document.header.backends if entry.about(backend.name, backend.spec)]
    return all(_over(document, name, entry, replayed, today) for name in names or [entry.backend])


def _over(document: Document, name: str, entry: Deviation, replayed: Mapping[str, Replay], today: date) -> bool:
    covers = {plan.key: (plan.requirement, *plan.also) for plan in document.header.plan}
    results = document.of(name)
    cell = stand(
        name,
        entry.requirement,
        covering=[result for result in results if entry.requirement in covers.get(result.key, ())],
        blaming=[(r, r.failure) for r in results if r.failure and matching(r.failure, [entry])],
        declared=[entry],
        replayed=replayed,
        today=today,
        partial=entry.requirement in document.header.partial.get(name, ()),
    )
    return cell.standing in ("stale", "expired")


def _without(declared: Declarations, removed: Collection[Deviation], known: Collection[str] | None) -> str:
    """Return the text of the file without some entries, as its author wrote it wherever that can be told apart."""
    gone = {entry.key for entry in removed}
    left = [entry for entry in declared.deviations if entry.key not in gone]
    preamble, *blocks = re.split(r"(?m)^(?=[ \t]*\[\[[ \t]*deviation[ \t]*\]\])", declared.text)
    if len(blocks) == len(declared.deviations):
        kept = [block for block, entry in zip(blocks, declared.deviations, strict=True) if entry.key not in gone]
        text = preamble + "".join(kept)
        try:
            if list(loads(text, known).deviations) == left:
                return text
        except DeclarationInvalid:
            pass
    # A header inside a text, or tables written inline: the entries are told apart by writing them anew.
    return "\n".join(written(entry) for entry in left)
