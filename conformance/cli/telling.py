"""The end of a run in words, on stdout."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping

import click
from rich.console import Console

from conformance.declaration import Declarations, Judgement, Replay, judge
from conformance.problems import printable
from conformance.report import show
from conformance.results import Document

WIDTH = 120


def tell(
    document: Document,
    declared: Declarations | None,
    *,
    quiet: bool = False,
    replayed: Mapping[str, Replay] | None = None,
    programs: str = "",
) -> Judgement:
    """Print failures and verdicts (only these when ``quiet``) to stdout; return the judgement.

    ``programs`` is the folder with the programs of the failures, as one types it.
    """
    judgement = judge(document, declared, replayed=replayed)
    if quiet:
        for verdict in judgement.verdicts:
            click.echo(printable(verdict.sentence))
    else:
        width = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH
        out = Console(width=width, highlight=False, soft_wrap=not sys.stdout.isatty())
        show(document, judgement, out, programs=programs)
    for note in judgement.notes:
        click.echo(f"! {printable(note)}")
    return judgement
