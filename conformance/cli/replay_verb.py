"""``conformance replay``: run the stored sequence of a failure again."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.opening import opened
from conformance.cli.outputs import document
from conformance.engine.laws import checks
from conformance.engine.playing import play
from conformance.engine.result import arguments_text, attributes_of
from conformance.engine.runner import Runner
from conformance.planning import FOLDER, Asked, check_promises
from conformance.problems import Problem, meant, printable
from conformance.results import Document, Failure, Result

TIMES = 3


@click.command(name="replay")
@click.argument("failure", metavar="FAILURE")
@click.pass_context
def command(ctx: click.Context, failure: str) -> None:
    """Run the smallest sequence of a failure again, three times: STILL FAILS, FIXED or ERROR.

    \b
    FAILURE is one of
      1                                   the number under which the last run showed it
      mystore/delete.deleting_again…      backend and check of the last run
      run.jsonl#mystore/delete.deleting…  the same of a stored run (run.jsonl#1 will do)

    Where the sequence behaves now, the whole check is run again with the profile and seed of the run, before FIXED is
    said. Exit codes: 0 fixed, 1 still fails, 2 error.
    """
    file, _, name = failure.rpartition("#")
    stored = document(Path(file) if file else Path.cwd() / FOLDER / "last.jsonl")
    result, found = _pick(stored, name)
    spec = next(entry.spec for entry in stored.header.backends if entry.name == result.backend)
    if not spec:
        raise Problem(f"{result.backend} lives in a fixture of your tests: run {found.replay or 'its test again'}")
    asked = Asked(profile=stored.header.profile, seed=stored.header.seed)
    try:
        with opened(result.backend, spec, asked) as (_, runner):
            code = _replay(runner, result, found)
    except Problem as problem:
        raise Problem(f"ERROR: {problem}") from None
    ctx.exit(code)


def _pick(stored: Document, name: str) -> tuple[Result, Failure]:
    failures = dict(enumerate(stored.failures, 1))
    if name.isascii() and name.isdigit():
        if int(name) not in failures:
            raise Problem(f"there is no failure {name}: that run has {len(failures)}")
        return failures[int(name)]
    for result, failure in failures.values():
        if result.identifier == name:
            return result, failure
    known = [result.identifier for result, _ in failures.values()]
    if any(result.identifier == name for result in stored.results):
        raise Problem(f"{name} did not fail in that run")
    raise Problem(f"no failure is called {name!r}{meant(name, known, f'; that run has {len(known)} failures')}")


def _blamed(then: Failure, requirement: str, observed: str) -> str:
    """Return which requirement fails: that of the run, unless something else is seen than then."""
    if requirement == then.requirement or observed == then.observed:
        return then.requirement
    return f"{then.requirement}, now fails as {requirement}"


def _replay(runner: Runner, result: Result, failure: Failure) -> int:
    click.echo(f"{result.identifier} · {failure.requirement}: {printable(failure.what)}")
    click.echo(f"  expected then  {printable(failure.expected)}")
    click.echo(f"  observed then  {printable(failure.observed)}\n")
    try:
        runs = [play(runner, failure.calls) for _ in range(TIMES)] if failure.calls else []
    except (KeyError, TypeError) as error:
        raise Problem(f"the stored sequence of {result.identifier} cannot be read: {error!r}") from None
    diverging = [ran for ran in runs if ran.divergence is not None]
    shown = (diverging or runs)[-1:]
    attributes = attributes_of(f"{failure.requirement} {failure.what}")
    for ran in shown:
        for number, step in enumerate(ran.steps, 1):
            mark = ">" if ran.divergence is not None and number == len(ran.steps) else " "
            call = f"{step.call.op}({arguments_text(step.call)})"
            click.echo(printable(f"{mark} {number}  {call}  →  {step.outcome.brief(attributes)}"))
    if diverging and diverging[-1].divergence is not None:
        now = diverging[-1].divergence
        click.echo(f"\n  expected  {printable(now.expected)}\n  observed  {printable(now.observed)}")
        click.echo(f"\nSTILL FAILS ({len(diverging)} of {TIMES}): {_blamed(failure, now.requirement, now.observed)}")
        return 1
    # Some failures only their law can see: it compares the answers of several calls.
    check = checks().get(result.check)
    if check is None:
        raise Problem(f"{result.check} is no check of this version, and its sequence alone shows nothing wrong")
    again = runner.run(check)
    if again.failure is not None:
        click.echo(f"\n  expected  {printable(again.failure.expected)}")
        click.echo(f"  observed  {printable(again.failure.observed)}")
        blamed = _blamed(failure, again.failure.requirement, again.failure.observed)
        click.echo(f"\nSTILL FAILS: {blamed} (seen by the whole check {check.id})")
        return 1
    if again.state != "pass":
        raise Problem(f"{check.id} came to no result: {again.reason}")
    # What other work_dirs leave behind in this one was not there, now that the sequence ran alone.
    check_promises(runner)
    click.echo(f"\nFIXED: the sequence behaves {TIMES} times of {TIMES}, and the whole check passes")
    return 0
