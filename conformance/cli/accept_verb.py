"""``conformance accept``: declare what a run observed, after its author has seen the difference."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from conformance.cli.outputs import declarations, document
from conformance.declaration import DeclarationInvalid, Declarations, Deviation, accept
from conformance.planning import FOLDER
from conformance.problems import Problem, printable
from conformance.results import Document
from conformance.settings import settings


@click.command(name="accept")
@click.argument("results", required=False, type=click.Path(path_type=Path), metavar="[RESULTS]")
@click.option("--declared", type=click.Path(path_type=Path), metavar="FILE", help="The deviations file to write.")
@click.option("--prune", is_flag=True, help="Only remove entries that are stale or expired; declare nothing.")
@click.option("--reason", default="", metavar="TEXT", help="Why the backend behaves so. [what was observed]")
@click.option("--issue", metavar="URL", help="Where it is tracked. [untracked = true]")
@click.option("--yes", is_flag=True, help="Write without asking.")
def command(
    results: Path | None,
    declared: Path | None,
    *,
    prune: bool,
    reason: str,
    issue: str | None,
    yes: bool,
) -> None:
    """Declare the failures of a run (the last one) as deviations: from then on only a change fails.

    \b
    Shows the difference and asks before it writes. Errors are never accepted.
    With --prune it is the other way round: what is over is removed, and nothing is declared.
      conformance accept --declared deviations.toml
      conformance accept --declared deviations.toml --prune
      conformance accept run.jsonl --declared deviations.toml --issue https://example.org/issues/7 --yes
    """
    folder = Path.cwd()
    file = declared or settings(folder).declared
    if file is None:
        raise Problem("name the deviations file: conformance accept --declared deviations.toml")
    if file.is_dir():
        raise Problem(f"{file} is a directory: name the file in it that is to be written")
    observed = document(results or folder / FOLDER / "last.jsonl")
    known = (declarations(file) if file.exists() else None) or Declarations(name=str(file))
    try:
        accepted = accept(observed, known, prune=prune, reason=reason, issue=issue)
    except DeclarationInvalid as error:
        raise Problem(str(error)) from None
    kept = _unjudged(observed, known, accepted.removed) if prune else []
    for entry, why in kept:
        click.echo(f"! {printable(f'{entry.requirement} of {entry.backend} stays: {why}')}")
    if accepted.text == known.text:
        click.echo(f"nothing in {file} is out of date" if prune else f"{file} says all of it already")
        return
    for line in accepted.diff.splitlines():
        colour = {"+": "green", "-": "red"}.get(line[:1])
        click.echo(click.style(printable(line), fg=colour))
    question = f"Remove {_entries(accepted.removed)}" if prune else f"Add {_entries(accepted.added)}"
    if not yes and not sys.stdin.isatty():
        raise Problem("nobody to ask: pass --yes")
    if not yes and not click.confirm(f"{question} in {file}?"):
        click.echo("nothing written")
        return
    try:
        file.write_text(accepted.text, "utf-8")
    except OSError as error:
        raise Problem(f"{file} cannot be written: {error.strerror or error}") from None
    done = f"{_entries(accepted.removed)} removed" if prune else f"{_entries(accepted.added)} added"
    they = "it is" if len(kept) == 1 else "they are"
    left = f", {_entries(kept)} kept: the run does not tell whether {they} over" if kept else ""
    click.echo(f"{file}: {done}{left}")


def _entries(some: Sequence[object]) -> str:
    return "1 entry" if len(some) == 1 else f"{len(some)} entries"


def _unjudged(observed: Document, known: Declarations, removed: Sequence[Deviation]) -> list[tuple[Deviation, str]]:
    """Return the entries of which a run, of some checks or some backends, cannot tell whether they are over, and why.

    Those ``removed`` are over by their date.
    """
    judged = {(e.backend, name) for e in observed.header.plan for name in (e.requirement, *e.also)}
    judged |= {(result.backend, failure.requirement) for result, failure in observed.failures}
    found: list[tuple[Deviation, str]] = []
    for entry in known.deviations:
        if entry in removed:
            continue
        names = [backend.name for backend in observed.header.backends if entry.about(backend.name, backend.spec)]
        if not names:
            found.append((entry, "it was not part of the run"))
        elif not any((name, entry.requirement) in judged for name in names):
            found.append((entry, "the run did not ask for it, so nothing is known of it"))
        elif any(entry.requirement in observed.header.partial.get(name, ()) for name in names) and not _seen(
            observed, entry
        ):
            found.append((entry, "the run left out checks of it, which might see it"))
    return found


def _seen(observed: Document, entry: Deviation) -> bool:
    return any(failure.requirement == entry.requirement for _, failure in observed.failures)
