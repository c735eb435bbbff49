"""The end of a run in words: what fails and how to see it again, then the verdict on every backend."""

from __future__ import annotations

import click

from conformance.declaration import Declarations, Exit, Judgement, Verdict, judge
from conformance.problems import printable
from conformance.results import Document, Failure, Result

SHOWN = 12
MARKS = {
    Exit.AS_DECLARED: ("✓", "green"),
    Exit.DIFFERS: ("✗", "red"),
    Exit.NO_VERDICT: ("?", "yellow"),
    Exit.OUT_OF_DATE: ("!", "yellow"),
    Exit.INTERRUPTED: ("?", "yellow"),
}


def tell(document: Document, declared: Declarations | None, *, quiet: bool = False) -> Judgement:
    """Print failures (unless ``quiet``) and verdicts to stdout; return the judgement."""
    judgement = judge(document, declared)
    if not quiet:
        for line in story(document, judgement):
            click.echo(line)
    for verdict in judgement.verdicts:
        mark, colour = MARKS[verdict.code]
        click.echo(click.style(f"{mark} {verdict.sentence}", fg=colour, bold=True))
        if not quiet:
            for weak in verdict.weak:
                click.echo(click.style(f"    {weak}", dim=True))
    for note in judgement.notes:
        click.echo(f"! {note}")
    return judgement


def numbers(document: Document) -> dict[int, tuple[Result, Failure]]:
    """Return the failures by the number under which they are shown and replayed."""
    return dict(enumerate(document.failures, 1))


def story(document: Document, judgement: Judgement) -> list[str]:
    """Return the lines on what stands out: failures that are not as declared, errors, stale declarations."""
    lines: list[str] = []
    ordinals = {result.identifier: number for number, (result, _) in numbers(document).items()}
    for verdict in judgement.verdicts:
        lines += _of(verdict, ordinals)
    for result in document.results:
        if result.state == "error":
            lines += [f"{result.identifier} ended in an error: {printable(result.reason or '')}", ""]
    for name, paths in document.footer.leaks.items():
        lines += [f"{name} still holds what the run could not remove: {printable(', '.join(paths[:5]))}", ""]
    return lines


def _of(verdict: Verdict, ordinals: dict[str, int]) -> list[str]:
    lines: list[str] = []
    failing = [cell for cell in verdict.cells.values() if cell.standing == "fail"]
    for cell in failing[:SHOWN]:
        if not cell.blaming:
            lines += [f"{verdict.backend} · {cell.requirement}: {printable(cell.reason)}", ""]
            continue
        result, failure = cell.blaming[0]
        number = ordinals[result.identifier]
        lines += [
            click.style(f"{number}. {verdict.backend} · {cell.requirement}", bold=True),
            f"   {printable(failure.what)}",
            f"   expected  {printable(failure.expected)}",
            f"   observed  {printable(failure.observed)}",
            f"   {failure.reproduced} · conformance replay {number} · conformance explain {cell.requirement}",
        ]
        others = len(cell.blaming) - 1
        lines += [f"   and {others} more {'check' if others == 1 else 'checks'} with the same blame"] if others else []
        lines.append("")
    if len(failing) > SHOWN:
        lines += [f"and {len(failing) - SHOWN} more requirements of {verdict.backend}: see the page", ""]
    for cell in verdict.cells.values():
        if cell.standing in ("stale", "expired"):
            lines += [
                f"{verdict.backend} · {cell.requirement}: {printable(cell.reason)}",
                "   `conformance accept --prune` removes the entry",
                "",
            ]
    return lines
