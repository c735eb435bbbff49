"""``conformance explain``: one requirement, one check, or all requirements of a subject in full."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from textwrap import dedent, fill

import click

from conformance.engine.laws import Check, checks
from conformance.problems import Problem, meant
from conformance.requirements import Requirement, requirements
from conformance.requirements.left_out import LeftOut, left_out

LEVELS = {
    "spec-must": "the specification demands it (MUST)",
    "spec-should": "the specification asks for it (SHOULD)",
    "spec-docs": "the documentation of the specification says so",
    "derived": "it follows from the specification",
}


@click.command(name="explain")
@click.argument("name", metavar="ID")
@click.option("--code", is_flag=True, help="Also show the check as it is written.")
def command(name: str, *, code: bool) -> None:
    """Explain a requirement, a check or a subject: what is asked, who says so, and how it is found out.

    Of what the documents say and no check asks, it tells why.

    \b
    Examples:
      conformance explain delete.idempotent
      conformance explain delete.deleting_again_gives_the_same_result --code
      conformance explain multipart
    """
    if name in requirements():
        lines = list(_requirement(requirements()[name], code=code))
    elif name in checks():
        lines = [*_check(checks()[name], code=code), "", *_requirement(requirements()[checks()[name].requirement])]
    elif name in left_out():
        lines = list(_left_out(left_out()[name]))
    elif name in subjects():
        asked = [_requirement(found, code=code) for found in requirements().values() if found.subject == name]
        left = [_left_out(found) for found in left_out().values() if found.id.partition(".")[0] == name]
        lines = [line for block in (*asked, *left) for line in (*block, "")][:-1]
    else:
        known = [*requirements(), *checks(), *left_out(), *subjects()]
        hint = meant(name, known, "; `conformance list` shows all of them")
        raise Problem(f"no requirement or check is called {name!r}{hint}")
    click.echo("\n".join(lines))


def subjects() -> list[str]:
    """Return what requirements are about, the first words of their ids, sorted."""
    return sorted({name.partition(".")[0] for name in (*requirements(), *left_out())})


def _left_out(found: LeftOut) -> Iterator[str]:
    yield click.style(found.id, bold=True)
    yield fill(found.statement, 100, initial_indent="  ", subsequent_indent="  ")
    yield ""
    yield f"  source      {found.source}"
    yield fill(found.reason, 100, initial_indent="  left out    ", subsequent_indent="              ")


def _requirement(found: Requirement, *, code: bool = False) -> Iterator[str]:
    yield click.style(found.id, bold=True)
    yield fill(found.statement, 100, initial_indent="  ", subsequent_indent="  ")
    if found.quote:
        yield fill(f"“{found.quote}”", 100, initial_indent="  ", subsequent_indent="   ")
    yield ""
    yield f"  level       {found.level}: {LEVELS[found.level]}"
    yield f"  source      {found.source}"
    yield f"  operations  {', '.join(found.operations)}"
    if found.policy:
        yield f"  policy      {found.policy} (the RFCs leave a choice; the backend declares it)"
    yield ""
    verifying = [check for check in checks().values() if found.id in (check.requirement, *check.also)]
    if not verifying:
        yield "  No check verifies it by itself; it is blamed when another check meets it."
    for check in verifying:
        yield from (f"  {line}" if line else "" for line in _check(check, code=code))


def _check(check: Check, *, code: bool = False) -> Iterator[str]:
    yield f"check {check.id}"
    yield f"  {(check.function.__doc__ or '').strip()}"
    if check.unless:
        yield f"  not applicable where {check.unless}"
    if code:
        yield ""
        yield from (f"    {line}" for line in dedent(inspect.getsource(check.function)).rstrip().splitlines())
