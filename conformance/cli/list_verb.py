"""``conformance list``: what is asked, how it is found out, and what can be checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from conformance.cli.explain_verb import subjects
from conformance.engine.laws import checks
from conformance.problems import Problem, meant
from conformance.registry import entry_point_backends
from conformance.requirements import requirements
from conformance.requirements.left_out import left_out
from conformance.settings import settings

KINDS = ("requirements", "checks", "backends")
ABOUT = {"id", "requirement"}
"""What of a row tells its subject."""


@click.command(name="list")
@click.argument("words", nargs=-1, metavar="[requirements|checks|backends] [SUBJECT]...")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[text]")
@click.option("--left-out", "only_left_out", is_flag=True, help="What the documents say and no check asks, and why.")
def command(words: tuple[str, ...], form: str, only_left_out: bool) -> None:
    """List the requirements (the default), the checks that verify them, or the backends known here.

    Requirements and checks of some SUBJECTs only, such as delete, where these are named.

    As JSON, the requirements are followed by what is left out, with the reason as left_out (null for the others).

    \b
    Examples:
      conformance list
      conformance list checks
      conformance list delete multipart
      conformance list requirements --format json
      conformance list --left-out
    """
    what, named = (words[0], words[1:]) if words[:1] and words[0] in KINDS else ("requirements", words)
    for word in named:
        if what == "backends" or word not in subjects():
            known = KINDS if what == "backends" else [*KINDS, *subjects()]
            ways = "; list requirements, checks or backends, or name a subject such as delete"
            raise Problem(f"there is no list of {word!r}{meant(word, known, ways)}")
    if only_left_out and what != "requirements":
        raise Problem(f"--left-out tells of requirements: there are no {what} left out")
    rows = {"requirements": _requirements, "checks": _checks, "backends": _backends}[what]()
    if only_left_out:
        rows = _left_out()
    elif what == "requirements" and form == "json":
        rows += _left_out()
    if named:
        rows = [row for row in rows if {str(row[key]).partition(".")[0] for key in ABOUT & set(row)} & set(named)]
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return
    width = max((len(row["id"]) for row in rows), default=0)
    for row in rows:
        click.echo(f"{row['id']:{width}}  {row['text']}")
        if row.get("left_out"):
            click.echo(f"{'':{width}}  left out: {row['left_out']}")


def _requirements() -> list[dict[str, Any]]:
    verified: dict[str, list[str]] = {}
    for check in checks().values():
        for name in (check.requirement, *check.also):
            verified.setdefault(name, []).append(check.id)
    return [
        {
            "id": found.id,
            "level": found.level,
            "source": found.source,
            "checks": verified.get(found.id, []),
            "text": found.statement,
            "left_out": None,
        }
        for found in requirements().values()
    ]


def _left_out() -> list[dict[str, Any]]:
    return [
        {
            "id": found.id,
            "level": None,
            "source": found.source,
            "checks": [],
            "text": found.statement,
            "left_out": found.reason,
        }
        for found in left_out().values()
    ]


def _checks() -> list[dict[str, Any]]:
    return [
        {
            "id": check.id,
            "requirement": check.requirement,
            "also": list(check.also),
            "needs": sorted(check.needs),
            "smoke": check.smoke,
            "text": (check.function.__doc__ or "").strip().partition("\n")[0],
        }
        for check in checks().values()
    ]


def _backends() -> list[dict[str, Any]]:
    own = settings(Path.cwd())
    known = {
        "memory": "the reference storage in memory",
        "fs": "the local file system in a temporary directory",
        "moto": "S3 through moto in this process",
        **entry_point_backends(own),
        **own.backends,
    }
    return [{"id": name, "text": text} for name, text in known.items()]
