"""``conformance compare``: the same programs on two backends, each against the model and against each other."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click

from conformance.cli.choosing import choose
from conformance.cli.opening import opened
from conformance.engine.differential import Difference, Side, compare
from conformance.engine.playing import performer
from conformance.engine.programs import Perform
from conformance.engine.result import arguments_text
from conformance.engine.runner import Runner
from conformance.planning import Asked
from conformance.problems import Problem, printable
from conformance.requirements import requirements
from conformance.settings import settings


@click.command(name="compare")
@click.argument("one", metavar="BACKEND")
@click.argument("other", metavar="OTHER")
@click.option("--programs", type=click.IntRange(min=1), default=40, help="How many programs are run. [40]")
@click.option("--seed", type=int, default=0, help="Where the programs come from. [0]")
@click.option("--deadline", type=click.FloatRange(min=0.1), metavar="SECONDS", help="How long one call may take. [15]")
@click.pass_context
def command(ctx: click.Context, one: str, other: str, *, programs: int, seed: int, deadline: float | None) -> None:
    """Run the same programs on BACKEND and OTHER and show the first difference, made as small as it gets.

    Programs keep to what both declare. A difference is a defect where one of them leaves the specification; otherwise
    the specification leaves the point open. Ends with 0 when there is none, and with 1 when there is one.

    \b
    Examples:
      conformance compare memory fs
      conformance compare mystore:open_old mystore:open_new --programs 200 --seed 7
    """
    ((name, spec), (other_name, other_spec)) = _two(one, other)
    asked = Asked(deadline=deadline)
    with ExitStack() as stack:
        first = _side(stack.enter_context(opened(name, spec, asked))[1], name)
        second = _side(stack.enter_context(opened(other_name, other_spec, asked))[1], other_name)
        found = compare(first, second, programs=programs, seed=seed)
    if found is None:
        click.echo(f"{name} and {other_name} do the same in {programs} programs (seed {seed})")
    else:
        _show(found, (name, other_name))
    ctx.exit(0 if found is None else 1)


def _two(one: str, other: str) -> tuple[tuple[str, str], tuple[str, str]]:
    known = settings(Path.cwd())
    (first,), (second,) = choose((one,), known), choose((other,), known)
    return first, (second if second[0] != first[0] else (f"{second[0]} (other)", second[1]))


def _side(runner: Runner, name: str) -> Side:
    if not {"write", "read"} <= runner.features.operations:
        raise Problem(f"{name} cannot be compared: it declares no write and read")

    def begin() -> Perform:
        return performer(runner, {})

    return Side(name, runner.features, runner.limits, begin)


def _show(found: Difference, names: tuple[str, str]) -> None:
    divergence = found.divergence
    if found.wrong:
        click.echo(f"{found.wrong} leaves the specification: {divergence.requirement}")
        known = requirements().get(divergence.requirement)
        if known is not None:
            click.echo(f"  {known.statement}")
    else:
        click.echo("They differ where the specification leaves it open")
    click.echo(f"  {printable(divergence.what)}\n")
    for name, steps in zip(names, found.steps, strict=True):
        click.echo(f"{name}:")
        for number, step in enumerate(steps, 1):
            mark = ">" if number == divergence.step + 1 else " "
            call = f"{step.call.op}({arguments_text(step.call)})"
            click.echo(printable(f"{mark} {number}  {call}  →  {step.outcome.brief()}"))
        click.echo()
    click.echo(f"  expected  {printable(divergence.expected)}\n  observed  {printable(divergence.observed)}")
