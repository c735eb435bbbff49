"""``conformance check upload-controller``: the suite for upload controllers, with the ends of every other check."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from conformance.cli.interruption import Interruption
from conformance.cli.outputs import (
    check_writable,
    declarations,
    step_summary,
    write_badge,
    write_junit,
    write_page,
    write_programs,
)
from conformance.cli.telling import tell
from conformance.declaration import Declarations, judged_by
from conformance.planning import FOLDER, Asked, check_seed, own_folder
from conformance.problems import Problem, meant
from conformance.requirements import requirements
from conformance.results import Document, Result, dumps
from conformance.storage import StorageError
from conformance.upload_controller.checks import checks
from conformance.upload_controller.place import Given, placed, try_hooks
from conformance.upload_controller.running import run

NAME = "upload-controller"
_SIGNS = {"pass": ".", "fail": "F", "error": "E"}


def check(ctx: click.Context, options: dict[str, Any]) -> None:
    """Run the suite and end as ``conformance check`` does.

    Raises:
        Problem: something given is wrong, or the service cannot be reached.

    """
    if not options["url"]:
        raise Problem(f"say where the service is: conformance check {NAME} --url http://127.0.0.1:8080")
    if options["workers"] != 1:
        raise Problem("-n is for storages: the races of an upload controller would disturb each other")
    folder = Path.cwd()
    results: Path = options["results"] or own_folder(folder) / "last.jsonl"
    page: Path = options["report"] or folder / "conformance-report.html"
    for file in (results, page, *(options[name] for name in ("junit", "badge") if options[name])):
        check_writable(file)
    declared = declarations(options["declared"])
    asked = Asked(profile="standard", seed=check_seed(options["seed"] or "0"), only=_select(options["only"]))
    document = judged_by(_ran(options, asked), declared or Declarations())
    results.write_text(dumps(document), "utf-8")
    if options["results"]:
        shutil.copyfile(results, own_folder(folder) / "last.jsonl")
    write_programs(own_folder(folder) / "failures", document)
    judgement = tell(document, declared, quiet=options["quiet"], programs=f"{FOLDER}/failures")
    write_page(page, document, judgement)
    if options["junit"]:
        write_junit(options["junit"], document, judgement)
    if options["badge"]:
        write_badge(options["badge"], judgement)
    step_summary(document, judgement)
    if not options["quiet"]:
        click.echo(f"\nThe whole story: {page}")
    ctx.exit(int(judgement.code))


def _ran(options: dict[str, Any], asked: Asked) -> Document:
    given = Given(
        url=options["url"],
        api=options["profile"] or "seed",
        values=named_values(options["value"]),
        hooks=options["hooks"],
        store=options["store"],
        gate=options["gate"],
    )
    try:
        with Interruption(), placed(given) as place:
            if not options["quiet"]:
                click.echo(f"{NAME} at {place.url}, API {place.api.name}, seed {asked.seed}", err=True)
            try_hooks(place)
            document = run(place, asked, reported=_dot if not options["quiet"] else lambda _: None)
            if not options["quiet"] and any(result.state in _SIGNS for result in document.results):
                click.echo(err=True)  # ends the line of signs
    except StorageError as error:
        raise Problem(str(error.args[0])) from None
    if not any(entry.applies for entry in document.header.plan):
        needed = min((entry.reason or "" for entry in document.header.plan), key=len)
        raise Problem(f"nothing applies: {needed}; give --hooks")
    return document


def _dot(result: Result) -> None:
    """Show that the run goes on."""
    click.echo(_SIGNS.get(result.state, ""), nl=False, err=True)


def named_values(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return the values given as name=value.

    Raises:
        Problem: one is not.

    """
    for pair in pairs:
        if "=" not in pair:
            raise Problem(f"--value {pair}: write name=value, for what the API names in its requests")
    return dict(pair.split("=", 1) for pair in pairs)


def _select(names: tuple[str, ...]) -> tuple[str, ...] | None:
    if not names:
        return None
    every = checks()
    found: set[str] = set()
    for name in names:
        matching = {
            law.id
            for law in every.values()
            if name in (law.id, law.requirement, *law.also)
            or name in (law.id.partition(".")[0], law.requirement.partition(".")[0])
        }
        if not matching:
            known = {*every, *requirements(NAME), *(other.partition(".")[0] for other in requirements(NAME))}
            raise Problem(
                f"no check or requirement of an upload controller is called {name!r}{meant(name, sorted(known))}"
            )
        found |= matching
    return tuple(sorted(found))
