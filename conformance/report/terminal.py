"""A run on a terminal: what failed and how to see it again, counts by subject, then the verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.declaration import Exit, Judgement
from conformance.report.view import Card, View, view
from conformance.report.words import SIGNS, heart, on_one_line, program_name, visible
from conformance.results import Document
from conformance.storage.calls import shorten

STYLES = {
    "pass": "green",
    "fail": "bold red",
    "deviation": "yellow",
    "stale": "magenta",
    "not-applicable": "dim",
    "not-run": "dim",
    "error": "bold red",
}
LONGEST = 240
"""Characters of a program's line."""
NAMED = 3
"""How many requirements with no result for the same reason are named."""
VERDICTS = {
    Exit.AS_DECLARED: "pass",
    Exit.DIFFERS: "fail",
    Exit.NO_VERDICT: "error",
    Exit.OUT_OF_DATE: "stale",
    Exit.INTERRUPTED: "error",
}


def show(
    document: Document,
    judgement: Judgement,
    console: Console | None = None,
    *,
    failures: int = 10,
    programs: str = "",
) -> None:
    """Print a run, at most ``failures`` undeclared failures in full; the verdicts come last, where one looks.

    ``programs`` is the folder, as one types it, in which the programs of the failures lie by their number: that of the
    last run, which ``conformance replay`` knows by the same numbers.
    """
    out = console or Console()
    shown = view(document, judgement)
    new = [card for card in shown.cards if card.state == "fail"]
    for card in new[:failures]:
        if card.like is None:
            _card(out, card, programs)
    alike = [card for card in new[:failures] if card.like is not None]
    for card in alike:
        _alike(out, card)
    if alike:
        out.print()
    if len(new) > failures:
        out.print(f"and {len(new) - failures} more failures; the report page has them all\n")
    for line in _reasons(judgement):
        out.print(line, soft_wrap=True)
    if judgement.verdicts:
        _subjects(out, shown)
    for exercised in shown.exercised:
        line = f"{on_one_line(exercised.backend)}: {on_one_line(exercised.sentence)}"
        out.print(Text(line, style="dim"), soft_wrap=True)
    for alarm in shown.alarms:
        out.print(Text(f"! {on_one_line(alarm)}", style="yellow"), soft_wrap=True)
    for verdict in judgement.verdicts:
        state = VERDICTS[verdict.code]
        out.print(Text(f"{SIGNS[state].glyph} {on_one_line(verdict.sentence)}", style=STYLES[state]), soft_wrap=True)
        for note in verdict.weak:
            out.print(Text(f"  {on_one_line(note)}", style="dim"), soft_wrap=True)


def _card(out: Console, card: Card, programs: str) -> None:
    failure = card.failure
    title = Text.assemble(
        (f"{SIGNS['fail'].glyph} {card.number}  {on_one_line(card.requirement)}", STYLES["fail"]),
        (f" on {on_one_line(card.backend)}", "bold"),
    )
    file = f"{programs}/{program_name(card.number, card.requirement)}"
    facts = [
        ("expected", failure.expected),
        ("observed", failure.observed),
        ("reproduced", failure.reproduced or "not tried again"),
        *([("run it", f"python {file}")] if programs and failure.script else []),
        ("replay", _replay(card, short=bool(programs))),
    ]
    # Soft wrapping leaves lines to the terminal: what is copied from it is what was printed.
    out.print(title, soft_wrap=True)
    statement = Text(f"  {on_one_line(card.text.statement)}", style="italic")
    out.print(statement.append(f" ({on_one_line(card.text.source)})", style="dim"), soft_wrap=True)
    out.print(Text(f"  {_cut(on_one_line(shorten(failure.what)))}"), soft_wrap=True)
    for name, value in facts:
        out.print(Text.assemble((f"  {name:<10}  ", "dim"), on_one_line(value)), soft_wrap=True)
    if failure.script:
        lines = "\n".join(_cut(line) for line in visible(heart(failure.script)).splitlines())
        out.print(Text(f"\n{lines}"), soft_wrap=True)
    out.print()


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}… ({len(line):,} characters)"


def _alike(out: Console, card: Card) -> None:
    what = _cut(on_one_line(shorten(card.failure.what)))
    told = f" on {on_one_line(card.backend)}: {what}; the same calls as in {card.like}"
    sign = f"{SIGNS['fail'].glyph} {card.number}  {on_one_line(card.requirement)}"
    out.print(Text.assemble((sign, STYLES["fail"]), told), soft_wrap=True)


def _reasons(judgement: Judgement) -> Iterable[Text]:
    for verdict in judgement.verdicts:
        same: dict[tuple[str, str], list[str]] = {}
        for cell in verdict.cells.values():
            if cell.state in ("stale", "error") or cell.standing == "not-run":
                same.setdefault((cell.state, cell.reason), []).append(cell.requirement)
        for (state, reason), names in same.items():
            shown = names if len(names) <= NAMED else [f"{len(names)} requirements"]
            for name in shown:
                yield Text.assemble(
                    (f"{SIGNS[state].glyph} {on_one_line(name)}", STYLES[state]),
                    f" on {on_one_line(verdict.backend)}: {on_one_line(reason)}",
                )


def _subjects(out: Console, shown: View) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    table.add_column("subject")
    for verdict in shown.judgement.verdicts:
        table.add_column(Text(on_one_line(verdict.backend)))
    table.add_column("calls", justify="right", style="dim")
    idle: list[str] = []
    legend: set[str] = set()
    for group in shown.groups:
        if all(cell.standing == "unplanned" for row in group.rows for cell in row.cells):
            continue
        if all(cell.standing in ("not-applicable", "unplanned") for row in group.rows for cell in row.cells):
            idle.append(group.subject.replace("_", " "))
            continue
        legend |= {cell.state for row in group.rows for cell in row.cells}
        cells: list[Text] = []
        for verdict in shown.judgement.verdicts:
            states = Counter(verdict.cells[row.id].state for row in group.rows if row.id in verdict.cells)
            told = [(f"{SIGNS[state].glyph}{states[state]} ", STYLES[state]) for state in SIGNS if states[state]]
            cells.append(Text.assemble(*told))
        table.add_row(group.subject.replace("_", " "), *cells, f"{group.calls:,}")
    out.print(table)
    if idle:
        out.print(Text(f"not applicable: {', '.join(idle)}", style="dim"), soft_wrap=True)
    told = [f"{sign.glyph} {sign.word}" for state, sign in SIGNS.items() if state in legend]
    if told:
        out.print(Text("   ".join(told), style="dim"), soft_wrap=True)


def _replay(card: Card, *, short: bool) -> str:
    """Return the line that shows a failure again, ``short`` where the run is the last one: by its number alone."""
    return (
        f"conformance replay {card.number}" if short and card.replay.startswith("conformance replay") else card.replay
    )
