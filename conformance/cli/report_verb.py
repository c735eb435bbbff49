"""``conformance report``: pages and verdicts from stored documents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from conformance.cli.outputs import declarations, document, step_summary, write_badge, write_junit, write_page
from conformance.cli.telling import tell
from conformance.declaration import with_embedded
from conformance.planning import FOLDER
from conformance.problems import Problem
from conformance.results import DocumentError, merge


@click.command(name="report")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE.jsonl]...")
@click.option(
    "--declared", type=click.Path(path_type=Path), metavar="FILE", help="Judge by this. [what the run was judged by]"
)
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="[conformance-report.html]")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE.xml", help="Also write JUnit XML.")
@click.option("--badge", type=click.Path(path_type=Path), metavar="FILE.json", help="Also write a shields.io badge.")
@click.option("--quiet", "-q", is_flag=True, help="Only the verdicts.")
@click.pass_context
def command(ctx: click.Context, files: tuple[Path, ...], **options: Any) -> None:
    """Make the page of stored result documents (the last run when none is given), and tell the verdicts.

    \b
    Several documents about different backends become one page:
      conformance report memory.jsonl minio.jsonl --report matrix.html

    Nothing is run; verdict and exit code are those of the run, with what was declared then. --declared judges the
    documents by what a file says now.
    """
    folder = Path.cwd()
    documents = [document(file) for file in files or [folder / FOLDER / "last.jsonl"]]
    try:
        joined = merge(documents)
    except DocumentError as error:
        raise Problem(str(error)) from None
    declared = with_embedded(declarations(options["declared"])) if options["declared"] else None
    judgement = tell(joined, declared, quiet=options["quiet"])
    page: Path = options["report"] or folder / "conformance-report.html"
    write_page(page, joined, judgement)
    if options["junit"]:
        write_junit(options["junit"], joined, judgement)
    if options["badge"]:
        write_badge(options["badge"], judgement)
    step_summary(joined, judgement)
    if not options["quiet"]:
        click.echo(f"\nThe whole story: {page}")
    ctx.exit(int(judgement.code))
