"""The summary of a CI step: short Markdown, never longer than the place it is written to takes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from conformance.declaration import Exit, Judgement
from conformance.report.view import Card, Group, tally, view
from conformance.report.words import SHORT, SIGNS, fenced, on_one_line, visible
from conformance.results import Document

LIMIT = 1024 * 1024
"""GitHub drops a step summary beyond 1 MiB altogether, in bytes of UTF-8."""

MARKS = {
    Exit.AS_DECLARED: "✅",
    Exit.DIFFERS: "❌",
    Exit.NO_VERDICT: "⚠️",
    Exit.OUT_OF_DATE: "⚠️",
    Exit.INTERRUPTED: "⚠️",
}


def markdown(document: Document, judgement: Judgement, *, limit: int = LIMIT) -> str:
    """Return a run as Markdown of less than ``limit`` bytes: verdicts, weaknesses, failures, what is out of date.

    Whole blocks are left out from the end where it would grow too long, and the text says how many.
    """
    shown = view(document, judgement)
    blocks = [
        *_head(document, judgement, shown.alarms),
        *map(_card, shown.cards),
        *_outdated(judgement),
        *_spent(shown.groups),
    ]
    kept: list[str] = []
    size = 200
    for number, block in enumerate(blocks):
        size += len(block.encode()) + 2
        if size >= limit:
            kept.append(f"_{len(blocks) - number} more blocks are left out here; the report page has them._")
            break
        kept.append(block)
    return "\n\n".join(kept) + "\n"


def _head(document: Document, judgement: Judgement, alarms: Iterable[str]) -> Iterable[str]:
    yield "## Storage conformance"
    told = "\n".join(f"> - {_plain(alarm)}" for alarm in alarms)
    if told:
        yield f"> [!WARNING]\n{told}"
    for verdict in judgement.verdicts:
        counts = " · ".join(
            f"{SIGNS[state].glyph} {count} {SIGNS[state].word}" for state, count in tally(verdict).items()
        )
        lines = [
            f"{MARKS[verdict.code]} **{_plain(verdict.backend)}**: {_plain(verdict.words)}  ",
            f"<sub>{counts}</sub>",
        ]
        yield "\n".join([*lines, *(f"- {_plain(note)}" for note in verdict.weak)])
    header = document.header
    yield (
        f"<sub>storage-conformance {_plain(header.kit)}, profile {_plain(header.profile)}, seed {header.seed}, "
        f"{document.footer.calls:,} backend calls</sub>"
    )


def _card(card: Card) -> str:
    failure = card.failure
    declared = f"\n\nDeclared: {_plain(card.deviation.reason)}" if card.deviation else ""
    script = f"\n\n{fenced(visible(failure.script), 'python')}" if failure.script else ""
    return (
        f"<details{'' if card.deviation else ' open'}><summary>{SIGNS[card.state].glyph} "
        f"<code>{_plain(card.requirement)}</code> on <code>{_plain(card.backend)}</code></summary>\n\n"
        f"{_plain(card.text.statement)} ({_plain(card.text.source)})\n\n"
        f"{_plain(failure.what)}\n\n- expected: {_plain(failure.expected)}\n- observed: {_plain(failure.observed)}"
        f"{declared}{script}\n\n{fenced(on_one_line(card.replay), 'sh')}\n\n</details>"
    )


def _outdated(judgement: Judgement) -> Iterable[str]:
    rows = [
        f"| {_plain(cell.backend)} | {_plain(cell.requirement)} | {SHORT[cell.standing]} | {_plain(cell.reason)} |"
        for verdict in judgement.verdicts
        for cell in verdict.cells.values()
        if cell.standing in ("stale", "expired", "error", "not-run")
    ]
    if rows:
        yield "\n".join(["| backend | requirement | state | why |", "|---|---|---|---|", *rows])


def _spent(groups: Iterable[Group]) -> Iterable[str]:
    """Yield what the run spent: calls by subject, and for each requirement."""
    rows = [
        f"| {_plain(group.subject)} | {group.calls:,} | "
        + ", ".join(f"{_plain(row.id)} {calls:,}" for row in group.rows if (calls := sum(c.calls for c in row.cells)))
        + " |"
        for group in groups
        if group.calls
    ]
    if rows:
        table = "\n".join(["| subject | calls | for each requirement |", "|---|--:|---|", *rows])
        yield f"<details><summary>The backend calls spent</summary>\n\n{table}\n\n</details>"


def _plain(text: str) -> str:
    """Return a text in which nothing means anything to Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~<>&$@:])", lambda m: f"&#{ord(m[0])};", on_one_line(text))
