"""``conformance check``: run the checks on backends and tell the verdict."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from conformance.cli.choosing import choose, unnamed
from conformance.cli.outputs import (
    check_writable,
    declarations,
    step_summary,
    write_badge,
    write_junit,
    write_page,
    write_programs,
)
from conformance.cli.progress import progress
from conformance.cli.running import run
from conformance.cli.telling import tell
from conformance.declaration import Exit, Judgement, with_embedded
from conformance.planning import FOLDER, Asked, check_profile, check_seed, own_folder, select
from conformance.problems import Problem
from conformance.settings import settings

FILE = click.Path(path_type=Path)


@click.command(name="check")
@click.argument("backends", nargs=-1, metavar="[BACKEND]...")
@click.option(
    "--profile",
    metavar="smoke|standard|deep",
    help="How much to ask of a backend: about 400 calls, about 4,000, or as many as it takes. [standard]",
)
@click.option(
    "--seed",
    metavar="N",
    help="Where examples come from: one seed, one set of examples; random for a new one. [0]",
)
@click.option(
    "--only",
    multiple=True,
    metavar="ID",
    help="Only this check, requirement or subject (delete); may be given several times.",
)
@click.option(
    "-n", "workers", type=click.IntRange(1, 64), default=1, metavar="WORKERS", help="Processes per backend. [1]"
)
@click.option(
    "--declared",
    type=FILE,
    metavar="FILE",
    help="What the backend is known to do otherwise: a file, or a directory of them.",
)
@click.option(
    "--results",
    type=FILE,
    metavar="FILE.jsonl",
    help="Where to write the result document. [.conformance/last.jsonl]",
)
@click.option("--report", type=FILE, metavar="FILE.html", help="Where to write the page. [conformance-report.html]")
@click.option("--junit", type=FILE, metavar="FILE.xml", help="Also write JUnit XML.")
@click.option("--badge", type=FILE, metavar="FILE.json", help="Also write the endpoint JSON of a shields.io badge.")
@click.option("--allow-non-empty", is_flag=True, help="Go on where the directory or prefix holds something already.")
@click.option("--deadline", type=click.FloatRange(min=0.1), metavar="SECONDS", help="How long one call may take. [15]")
@click.option("--quiet", "-q", is_flag=True, help="Only the verdicts.")
@click.option("--url", metavar="URL", help="upload-controller: where the service is. Its API is the --profile. [seed]")
@click.option("--hooks", metavar="FILE", help="upload-controller: what the operator lets the kit do, or reference.")
@click.option("--store", metavar="S3", help="upload-controller: the bucket behind it, s3://bucket?endpoint=URL.")
@click.option("--gate", type=int, metavar="PORT", help="upload-controller: where it reaches its store through the kit.")
@click.option("--value", multiple=True, metavar="NAME=VALUE", help="upload-controller: what its API names in requests.")
@click.pass_context
def command(ctx: click.Context, backends: tuple[str, ...], **options: Any) -> None:
    """Check BACKENDs: run every check that applies and tell the verdict.

    \b
    A BACKEND is one of
      memory, fs, moto                    inside this process
      fs:/some/dir                        the local file system below a directory
      s3://bucket/prefix?endpoint=URL     any S3 server; credentials from the ordinary AWS chain;
                                          add &create=true where the bucket is to be made
      azblob: gcs: swift: ipfs: dropbox: sftp: smb: webdav: ftp: redis: postgres:
      fsspec: opendal: obstore: pyarrow:  other services and libraries; docs/backends.md has their strings
      exec:./my-harness --flag            a program in any language; see docs/harness-protocol.md
      package.module:open_store           your own opener: open_store(work_dir) -> Storage
      mystore                             a name from [tool.conformance] in pyproject.toml
      mystore=s3://bucket                 any of these under a name, which --declared knows
      upload-controller                   a service that takes files in parts; see docs/upload-controller.md

    Without any: those that pyproject.toml and the project's entry points name; where these name none, the three inside
    this process, as far as they are installed.

    \b
    Examples:
      conformance check
      conformance check mystore:open_store --profile smoke
      conformance check fs:/tmp/empty moto --only delete --only multipart.hidden_until_complete
      conformance check mystore:open_store -n 4 --declared deviations.toml --junit conformance.xml

    Each backend runs in a process of its own: a backend that crashes or hangs is a result, not the end of the run.
    """
    if backends == ("upload-controller",):
        from conformance.cli import controller_check

        controller_check.check(ctx, options)
        return
    for option in ("url", "hooks", "store", "gate", "value"):
        if options[option]:
            raise Problem(f"--{option} is for an upload controller: conformance check upload-controller --url URL")
    folder = Path.cwd()
    own = settings(folder)
    seed = options["seed"]
    asked = Asked(
        profile=check_profile(options["profile"] or own.profile or "standard"),
        seed=check_seed(seed) if seed is not None else own.seed or 0,
        only=select(options["only"]),
        deadline=options["deadline"],
    )
    chosen, left_out = (choose(backends, own), "") if backends else unnamed(own)
    declared = with_embedded(declarations(options["declared"] or own.declared))
    results: Path = options["results"] or own_folder(folder) / "last.jsonl"
    page: Path = options["report"] or folder / "conformance-report.html"
    for file in (results, page, *(options[name] for name in ("junit", "badge") if options[name])):
        check_writable(file)
    if options["quiet"] and seed == "random":
        click.echo(f"seed {asked.seed}", err=True)
    if left_out:
        click.echo(left_out, err=True)
    watcher = progress(quiet=options["quiet"], asked=asked)
    try:
        with watcher:
            document = run(
                chosen,
                asked,
                folder=folder,
                file=results,
                workers=options["workers"],
                allow_non_empty=options["allow_non_empty"],
                watcher=watcher,
                replay=f"{options['results']}#" if options["results"] else "",
                declared=declared,
            )
        if options["results"]:
            shutil.copyfile(results, own_folder(folder) / "last.jsonl")
    except OSError as error:
        raise Problem(f"{error.filename or results} cannot be written: {error.strerror or error}") from None
    write_programs(own_folder(folder) / "failures", document)
    programs = f"{FOLDER}/failures"
    judgement = tell(document, declared, quiet=options["quiet"], programs=programs)
    write_page(page, document, judgement)
    if options["junit"]:
        write_junit(options["junit"], document, judgement)
    if options["badge"]:
        write_badge(options["badge"], judgement)
    step_summary(document, judgement)
    if not options["quiet"]:
        _overlooked(judgement, "" if options["declared"] else own.overlooked("--declared"))
        click.echo(f"\nThe whole story: {page}")
    ctx.exit(int(judgement.code))


def _overlooked(judgement: Judgement, told: str) -> None:
    if told and judgement.code is Exit.DIFFERS:
        click.echo(f"! {told}")
