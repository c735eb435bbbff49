"""``conformance doctor``: whether a backend can be checked at all, step by step, in words."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from conformance.cli.choosing import choose
from conformance.cli.opening import opened
from conformance.engine.deadline import CallHung, within
from conformance.engine.laws import checks
from conformance.engine.opener import Promises
from conformance.engine.runner import Runner
from conformance.planning import Asked
from conformance.problems import printable
from conformance.settings import PROFILE_NAMES, settings
from conformance.storage import Features, ListMode, Restrictions, Storage
from conformance.storage.calls import bounded

PATIENCE = 15.0


@click.command(name="doctor")
@click.argument("backend", metavar="BACKEND")
@click.option("--allow-non-empty", is_flag=True, help="Do not mind that the directory or prefix holds something.")
@click.pass_context
def command(ctx: click.Context, backend: str, allow_non_empty: bool) -> None:
    """Look at a backend before anything is judged: can it be reached, may we write, what does it declare?

    Ends with 2 where conformance check would refuse it, and where one of six simple calls goes wrong.

    \b
    Examples:
      conformance doctor "s3://bucket?endpoint=http://127.0.0.1:9000"
      conformance doctor mystore:open_store
    """
    ((name, spec),) = choose((backend,), settings(Path.cwd()))
    with opened(name, spec, Asked()) as (connection, runner):
        click.echo(f"{name}: {connection.describe}")
        _line(ok=True, text=f"it opens{f', {connection.version()}' if connection.version() else ''}")
        empty = connection.is_empty()
        told = "as allowed" if allow_non_empty else "check needs --allow-non-empty"
        if empty and not connection.sees_root:
            _line(ok=None, text="whether its root is empty cannot be seen: every run works in a directory of its own")
        else:
            _line(ok=empty or allow_non_empty, text="its root is empty" if empty else f"its root is not empty: {told}")
        well = _probes(runner) and _promises(runner.promises())
        _declares(runner.features, runner.limits)
        applying = [check for check in checks().values() if check.missing(runner.features) is None]
        asked = ", ".join(
            f"{sum(Asked(profile=profile).selects(check) for check in applying)} {profile}" for profile in PROFILE_NAMES
        )
        click.echo(f"{len(applying)} of {len(checks())} checks apply, by profile: {asked}")
    if not well or not (empty or allow_non_empty):
        click.echo("something above is wrong: put it right before you run conformance check", err=True)
        ctx.exit(2)


def _probes(runner: Runner) -> bool:
    store = runner.workspaces.open(runner.workspaces.fresh())
    path, data = "doctor", b"0123456789"
    tries: list[tuple[str, str, Callable[[], Any], Any]] = [
        ("write", f"write {len(data)} bytes", lambda: store.write(path, io.BytesIO(data), len(data)), len(data)),
        ("stat", "stat tells their length", lambda: store.stat(path).content_length, len(data)),
        ("read", "read delivers them", lambda: _read(store, path), data),
        ("list", "list shows them", lambda: [o.path for o in store.list("")], [path]),
        ("delete", "delete succeeds", lambda: store.delete(path), None),
        ("list", "list shows nothing any more", lambda: [o.path for o in store.list("")], []),
    ]
    well = True
    for operation, text, attempt, expected in tries:
        if operation not in runner.features.operations:
            continue
        try:
            answer = within(PATIENCE, attempt)
        except CallHung:
            problem = f"no answer within {PATIENCE:g} seconds"
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever the backend raises is what the doctor is asked about
            problem = f"{type(error).__name__}: {error}"
        else:
            problem = "" if answer == expected else f"it answered {answer!r}"
        _line(ok=not problem, text=f"{text}{f': {problem}' if problem else ''}")
        well = well and not problem
    store.close()
    return well


def _promises(seen: Promises) -> bool:
    """Tell whether clients see the same and work_dirs are apart."""
    if seen.alone:
        _line(ok=False, text=f"a second client works while the first is open: {bounded(seen.alone)}")
        click.echo("  several clients live at once in one process: share what can be opened only once")
        return False
    for kept, text in (
        (seen.together, "two clients of one work_dir see the same data"),
        (seen.apart, "two work_dirs are apart"),
    ):
        if kept is None:
            _line(ok=None, text=f"whether {text} could not be seen")
        elif kept:
            _line(ok=True, text=text)
    if seen.broken:
        _line(ok=False, text=seen.broken)
    return not seen.broken


def _read(store: Storage, path: str) -> bytes:
    sink = io.BytesIO()
    store.read(path, sink)
    return sink.getvalue()


def _declares(features: Features, limits: Restrictions) -> None:
    click.echo(f"operations: {', '.join(sorted(features.operations))}")
    told: list[str] = []
    for field in fields(features):
        value = getattr(features, field.name)
        if field.name not in {"operations", "pairs"}:
            told.append(f"{field.name} {str(value).lower() if isinstance(value, bool) else _modes(value)}")
    click.echo(f"declares: {', '.join(told)}")
    known = [(field.name, getattr(limits, field.name)) for field in fields(limits)]
    told = [f"{name} {value:,}" for name, value in known if value is not None]
    click.echo(f"limits: {', '.join(told) or 'none published'}")


def _modes(value: Any) -> str:
    if isinstance(value, ListMode):
        return "|".join(str(mode.name).lower() for mode in ListMode if mode in value) or "none"
    return str(value)


def _line(*, ok: bool | None, text: str) -> None:
    """Show one line, ticked or crossed; or neither where nothing could be seen."""
    mark = "·" if ok is None else click.style("✓", fg="green") if ok else click.style("✗", fg="red")
    click.echo(f"{mark} {printable(text)}")
