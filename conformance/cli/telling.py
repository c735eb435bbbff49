"""The end of a run in words, on stdout."""

from __future__ import annotations

import shutil
import sys

import click
from rich.console import Console

from conformance.cli.streams import nobody_reads
from conformance.declaration import Declarations, Judgement, judge
from conformance.problems import Problem, printable
from conformance.report import show
from conformance.results import Document

WIDTH = 120


def tell(
    document: Document,
    declared: Declarations | None,
    *,
    quiet: bool = False,
    programs: str = "",
) -> Judgement:
    """Print failures and verdicts (only these when ``quiet``) to stdout; return the judgement.

    ``declared`` is what the run is judged by; None for what its document says that it was judged by.
    ``programs`` is the folder with the programs of the failures, as one types it. That nobody reads any further, as
    after ``| head``, changes nothing in the judgement.

    Raises:
        Problem: stdout cannot be written.

    """
    judgement = judge(document, declared)
    try:
        _print(document, judgement, quiet=quiet, programs=programs)
    except BrokenPipeError:
        nobody_reads(sys.stdout)
    except OSError as error:
        nobody_reads(sys.stdout)  # what is still in its buffer would fail again at the end of the process
        raise Problem(f"the verdict cannot be printed: {error.strerror or error}") from None
    return judgement


def _print(document: Document, judgement: Judgement, *, quiet: bool, programs: str) -> None:
    if quiet:
        for verdict in judgement.verdicts:
            click.echo(printable(verdict.sentence))
    else:
        width = shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH
        out = _Out(width=width, highlight=False, soft_wrap=not sys.stdout.isatty())
        show(document, judgement, out, programs=programs)
    for note in judgement.notes:
        click.echo(f"! {printable(note)}")
    sys.stdout.flush()


class _Out(Console):
    def on_broken_pipe(self) -> None:
        """Tell the caller, where the console itself would end the process."""
        raise BrokenPipeError
