"""The command group: what every verb shares, above all that a person sees sentences and never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from conformance import __version__
from conformance.cli.apart import apart
from conformance.cli.streams import nobody_reads, usable
from conformance.problems import Problem, meant

VERBS = {
    "check": "Run every check that applies to a backend; tell the verdict.",
    "list": "List the requirements, the checks or the backends.",
    "explain": "Explain a requirement, a check or a subject.",
    "replay": "Run a failure's smallest sequence again.",
    "doctor": "Look at a backend before anything is judged.",
    "profile": "Tell what a backend does where it has a choice.",
    "compare": "Show the first difference between two backends.",
    "report": "Make the page of result documents; tell the verdicts.",
    "accept": "Declare the failures of a run, so that only a change fails.",
    "upload": "Upload a file through an upload controller.",
}
"""What each does, in words that fit beside it on 80 columns."""
LOOKING = frozenset({"replay", "doctor", "profile", "compare"})
"""Verbs that open backends in a process of their own."""
COULD_NOT = 2
INTERRUPTED = 130


class Verbs(click.Group):
    """Loads a verb when it is asked for, and suggests the one that was meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the verbs in the order in which one meets them."""
        return list(VERBS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - likewise
        """Write what the verbs do, without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - likewise
        """Return the verb of that name."""
        if cmd_name not in VERBS:
            return None
        return import_module(f"conformance.cli.{cmd_name}_verb").command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one was meant."""
        name = args[0]
        if name not in VERBS and not name.startswith("-"):
            hint = meant(name, VERBS, f"; the verbs are {', '.join(VERBS)}")
            looks_like_backend = ":" in name or name in {"memory", "fs", "moto"}
            hint = f"; try conformance check {name}" if looks_like_backend else hint
            raise Problem(f"there is no verb {name!r}{hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; that nobody reads its output any more, as after ``| head``, is no news of a backend."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            nobody_reads(sys.stdout)
            raise click.exceptions.Exit(COULD_NOT) from None

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run a verb and turn what went wrong into one sentence and an exit code."""
        usable()
        words = sys.argv[1:] if args is None else list(args)
        # Where output is captured in this process, as in tests, a child could not be heard.
        if words[:1] and words[0] in LOOKING and hasattr(os, "fork") and sys.stdout is sys.__stdout__:
            sys.exit(apart(lambda: self._run(args, prog_name, extra)))
        sys.exit(self._run(args, prog_name, extra))

    def _run(self, args: Sequence[str] | None, prog_name: str | None, extra: dict[str, Any]) -> int:
        try:
            extra["standalone_mode"] = False
            code: Any = super().main(args, prog_name, **extra)
        except click.exceptions.Exit as exit_:
            code = exit_.exit_code
        except click.Abort:
            click.echo("interrupted", err=True)
            code = INTERRUPTED
        except click.UsageError as error:
            click.echo(f"{error.format_message()} (conformance --help tells how)", err=True)
            code = COULD_NOT
        except (Problem, click.ClickException) as error:
            click.echo(error.format_message() if isinstance(error, click.ClickException) else str(error), err=True)
            code = COULD_NOT
        except KeyboardInterrupt:
            code = INTERRUPTED
        except BrokenPipeError:
            sys.stderr.close()
            code = COULD_NOT
        except Exception as error:
            if os.environ.get("CONFORMANCE_DEBUG"):
                raise
            fault = f"this is a fault of the kit: {type(error).__name__}: {error}"
            click.echo(f"{fault} (please report it, with what CONFORMANCE_DEBUG=1 shows)", err=True)
            code = COULD_NOT
        except BaseException as error:  # noqa: BLE001 - a backend may raise SystemExit and the like
            click.echo(f"the backend ended the run with {type(error).__name__}: nothing can be said of it", err=True)
            code = COULD_NOT
        return code if isinstance(code, int) else 0


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="storage-conformance")
def group() -> None:
    """Tells whether a storage backend behaves as specified, and proves it where it does not.

    \b
    Begin here. Where your project names no backend, those inside this process are checked:
      conformance check
    \b
    Then your own. Any function that takes a work_dir and returns a Storage will do:
      conformance check mystore:open_store
      conformance check fs:/some/empty/dir
      conformance check "s3://bucket/prefix?endpoint=http://127.0.0.1:9000"
    \b
    It ends with a verdict in words, conformance-report.html, and an exit code for your CI:
      0 as declared   1 differs   2 could not do its job   3 a declaration is out of date   130 interrupted
    \b
    Something failed? See what is asked, see it again, read the whole story:
      conformance explain delete.idempotent
      conformance replay 1
      open conformance-report.html
    \b
    You know, and it stays like that? Declare it; from then on only a change fails:
      conformance accept --declared deviations.toml
      conformance check mystore:open_store --declared deviations.toml
    \b
    Something is odd before anything ran:
      conformance doctor mystore:open_store
    \b
    What does it do where the specification leaves a choice?
      conformance profile mystore:open_store
    \b
    Is another one a replacement for it?
      conformance compare mystore:open_store memory
    """
