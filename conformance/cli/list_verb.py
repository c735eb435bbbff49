"""``conformance list``: what is asked, how it is found out, and what can be checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from conformance.engine.laws import checks
from conformance.problems import Problem, meant
from conformance.registry import entry_point_backends
from conformance.requirements import requirements
from conformance.requirements.left_out import left_out
from conformance.settings import settings

KINDS = ("requirements", "checks", "backends")


@click.command(name="list")
@click.argument("what", default="requirements", metavar="[requirements|checks|backends]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="[text]")
@click.option("--left-out", "only_left_out", is_flag=True, help="What the documents say and no check asks, and why.")
def command(what: str, form: str, only_left_out: bool) -> None:
    """List the requirements (the default), the checks that verify them, or the backends known here.

    As JSON, the requirements are followed by what is left out, with the reason as left_out (null for the others).

    \b
    Examples:
      conformance list
      conformance list checks
      conformance list requirements --format json
      conformance list --left-out
    """
    if what not in KINDS:
        raise Problem(f"there is no list of {what!r}{meant(what, KINDS, '; list requirements, checks or backends')}")
    if only_left_out and what != "requirements":
        raise Problem(f"--left-out tells of requirements: there are no {what} left out")
    rows = {"requirements": _requirements, "checks": _checks, "backends": _backends}[what]()
    if only_left_out:
        rows = _left_out()
    elif what == "requirements" and form == "json":
        rows += _left_out()
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
