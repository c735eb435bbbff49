"""``conformance profile``: what a backend does on every point that the specification leaves open."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.cli.choosing import choose
from conformance.cli.opening import opened
from conformance.declaration.verdict import plural
from conformance.engine.probes import Answer, characterise
from conformance.planning import Asked
from conformance.problems import Problem, printable
from conformance.settings import settings
from conformance.storage.calls import bounded

FILE_WIDTH = 140
"""Columns of a table that goes to no terminal."""
SHOWN = 60
"""Characters of a name that are enough to find it."""


@click.command(name="profile")
@click.argument("backend", metavar="BACKEND")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    help="How to show it. [table]",
)
@click.option("--all", "whole", is_flag=True, help="Show the points that do not apply in the table, too.")
@click.option("--allow-non-empty", is_flag=True, help="Go on where the directory or prefix holds something already.")
@click.option("--deadline", type=click.FloatRange(min=0.1), metavar="SECONDS", help="How long one call may take. [15]")
@click.pass_context
def command(
    ctx: click.Context, backend: str, *, form: str, whole: bool, allow_non_empty: bool, deadline: float | None
) -> None:
    """Tell what BACKEND does where the specification leaves a choice, beside what it declares.

    Every answer is proven first: where the effect could not have been seen, the point is not known. Ends with 1 when an
    answer is not what the backend declares, or is outside of what a requirement allows.

    \b
    Examples:
      conformance profile fs
      conformance profile mystore:open_store --format markdown
    """
    ((name, spec),) = choose((backend,), settings(Path.cwd()))
    with opened(name, spec, Asked(deadline=deadline)) as (connection, runner):
        if not allow_non_empty and not connection.is_empty():
            raise Problem(f"{name} is not empty: name an empty directory or prefix, or pass --allow-non-empty")
        if not {"write", "read"} <= runner.features.operations:
            raise Problem(f"{name} cannot be characterised: it declares no write and read")
        patience = runner.profile.deadline
        rows = list(characterise(runner.workspaces, runner.features, runner.limits, patience=patience))
        version = connection.version()
        left = runner.clean()
    if form == "json":
        click.echo(
            json.dumps({"backend": name, "version": version, "points": [row.to_json() for row in rows]}, indent=2)
        )
    elif form == "markdown":
        click.echo(markdown(name, version, rows))
    else:
        table(name, version, rows, whole=whole)
    if left:
        things = "1 thing" if len(left) == 1 else f"{len(left)} things"
        click.echo(f"{things} could not be removed, such as {printable(bounded(left[0], SHOWN))}", err=True)
    ctx.exit(1 if any(row.contradicts for row in rows) else 0)


def markdown(name: str, version: str, rows: Sequence[Answer]) -> str:
    """Return the profile as a page."""
    lines = [
        f"# Profile of {name}{f', {version}' if version else ''}",
        "",
        "| point | what the store does | declared | documents |",
        "|---|---|---|---|",
    ]
    for row in rows:
        cells = (row.point, row.answer + (f" — **but {row.contradicts}**" if row.contradicts else ""))
        lines.append("| " + " | ".join(_cell(cell) for cell in (*cells, row.declared, row.source)) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|")


def table(name: str, version: str, rows: Sequence[Answer], *, whole: bool) -> None:
    """Print the profile as a table; points that do not apply are left out unless it is the ``whole``."""
    console = Console(width=None if sys.stdout.isatty() else FILE_WIDTH)
    table = Table(title=f"{name}{f', {version}' if version else ''}", title_justify="left", show_lines=False)
    for heading, share in (("point", 4), ("what the store does", 5), ("declared", 2), ("documents", 3)):
        table.add_column(heading, ratio=share, overflow="fold")
    for row in rows:
        if row.state == "not-applicable" and not whole:
            continue
        style = {"not-known": "yellow", "not-applicable": "dim"}.get(row.state, "red" if row.contradicts else "")
        cells = [escape(printable(text)) for text in (row.point, row.answer, row.declared, row.source)]
        cells[1] += f"\nbut {escape(printable(row.contradicts))}" if row.contradicts else ""
        table.add_row(*cells, style=style)
    console.print(table)
    wrong = sum(bool(row.contradicts) for row in rows)
    unknown = sum(row.state == "not-known" for row in rows)
    known = sum(row.state == "known" for row in rows)
    others = len(rows) - known - unknown
    told = " (--all shows them)" if others and not whole else ""
    console.print(f"{plural(known, 'point')} known, {unknown} not known, {others} not applicable{told}")
    if wrong:
        are = "1 answer is" if wrong == 1 else f"{wrong} answers are"
        console.print(f"{are} not what the backend declares, or what a requirement allows", style="red")
