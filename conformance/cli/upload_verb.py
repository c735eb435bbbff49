"""``conformance upload``: a file to any upload controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from conformance.adapters.upload_controller.api import api
from conformance.adapters.upload_controller.client import TIMEOUT, Controller
from conformance.cli.controller_check import named_values
from conformance.cli.interruption import Interruption
from conformance.problems import Problem
from conformance.storage import ConnectionStringInvalid
from conformance.upload_controller.uploader import Plan, Uploader, UploadFailed


def _not_empty(_: click.Context, __: click.Parameter, value: str) -> str:
    if not value:
        raise click.BadParameter("it is empty")
    return value


@click.command(name="upload")
@click.option("--api-url", required=True, metavar="URL", help="Where the upload controller is.")
@click.option(
    "--file-id",
    required=True,
    metavar="ID",
    callback=_not_empty,
    help="The id that the file is registered under.",
)
@click.option("--file-path", required=True, type=click.Path(path_type=Path), metavar="PATH", help="The file.")
@click.option("--profile", default="seed", metavar="API", help="Which API it has: a name, or a TOML file. [seed]")
@click.option("--parallel", default=3, type=click.IntRange(1, 32), metavar="N", help="Parts in flight. [3]")
@click.option("--attempts", default=4, type=click.IntRange(1, 20), metavar="N", help="Tries for a part. [4]")
@click.option(
    "--timeout",
    default=TIMEOUT,
    type=click.FloatRange(0.1, 3600),
    metavar="SECONDS",
    help="How long a request may be silent: no byte sent, none received. [30]",
)
@click.option(
    "--on-pending",
    type=click.Choice(["refuse", "resume", "restart"]),
    default="refuse",
    help="What to do about an upload of the file that is pending already. [refuse]",
)
@click.option("--value", multiple=True, metavar="NAME=VALUE", help="What the API names in its requests besides.")
@click.option("--quiet", "-q", is_flag=True, help="No progress bar.")
@click.pass_context
def command(ctx: click.Context, **options: Any) -> None:
    """Upload a file in parts through an upload controller.

    \b
    Memory stays constant, a part that failed is sent again with a fresh URL, and every ETag is compared with the
    bytes sent. What could not be finished is cancelled, also after Ctrl-C.
      conformance upload --api-url http://127.0.0.1:8000 --file-id sample-7 --file-path sample-7.bam

    \b
    Exit codes: 0 uploaded   1 not uploaded   2 something given is wrong   130 interrupted
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=options["quiet"],
        transient=True,
    )
    path: Path = options["file_path"]
    task = bar.add_task(path.name, total=None)

    def begun(plan: Plan) -> None:
        bar.update(task, total=plan.size)

    try:
        controller = Controller(
            options["api_url"],
            api(options["profile"]),
            values=named_values(options["value"]),
            timeout=options["timeout"],
        )
        uploader = Uploader(
            controller=controller,
            parallel=options["parallel"],
            attempts=options["attempts"],
            on_pending=options["on_pending"],
            progress=lambda count: bar.advance(task, count),
            begun=begun,
        )
        with Interruption(), bar:
            plan = uploader.upload(options["file_id"], path)
    except ConnectionStringInvalid as error:
        raise Problem(str(error.args[0])) from None
    except UploadFailed as failed:
        if failed.wrong_input:
            raise Problem(str(failed)) from None
        click.echo(f"not uploaded: {failed}", err=True)
        ctx.exit(1)
    parts = len(plan.numbers)
    click.echo(f"{options['file_id']}: {plan.size:,} bytes in {parts} {'part' if parts == 1 else 'parts'} uploaded")
