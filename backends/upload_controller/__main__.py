"""``python -m backends.upload_controller``: start the service, say how to reach it, and keep it until interrupted."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import ExitStack, suppress

try:
    import uvicorn
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    from backends.server import NotInstalled, ServerFailed
    from backends.upload_controller.api import create_app
    from backends.upload_controller.config import S3Settings, Settings
    from backends.upload_controller.errors import DatabaseUnavailable
    from backends.upload_controller.launcher import embedded_database, embedded_store
    from backends.upload_controller.service import make_controller
    from backends.upload_controller.webhook import webhook
except ModuleNotFoundError as missing:
    if (missing.name or "").partition(".")[0] in {"backends", "conformance"}:
        raise
    sys.stderr.write(f"{missing.name} is not installed: pip install -r backends/upload_controller/requirements.txt\n")
    sys.exit(2)

_DEFAULT = Settings()


def main(arguments: list[str]) -> int:
    """Run the command and return its exit status: 0, or 2 when it does not start."""
    options = _parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell that starts us in the background has SIGINT ignored
        signal.signal(number, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt), ExitStack() as stack:
            database = options.database_url or stack.enter_context(embedded_database())
            s3 = _given_store(options) if options.s3_endpoint else stack.enter_context(embedded_store())
            sink = webhook(options.event_url) if options.event_url else None
            app = create_app(make_controller(database, s3, _settings(options), sink=sink), hooks=options.hooks)
            _say(_how_to_reach(f"http://{options.host}:{options.port}", database, s3, options))
            uvicorn.run(app, host=options.host, port=options.port, log_level="warning")
    except (NotInstalled, ServerFailed, DatabaseUnavailable, ArgumentError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m backends.upload_controller",
        description="A service that lets clients upload files in parts. Credentials of the store are read from "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--database-url", help="sqlite:////PATH or postgresql://...; default: a temporary SQLite file")
    parser.add_argument("--s3-endpoint", help="URL of the store; default: a moto server of its own")
    parser.add_argument("--bucket", default="inbox")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--part-size", type=int, default=_DEFAULT.part_size, help="bytes, doubled for large files")
    parser.add_argument("--url-lifetime", type=int, default=_DEFAULT.url_lifetime, help="seconds")
    parser.add_argument("--upload-lifetime", type=float, default=_DEFAULT.upload_lifetime, help="idle seconds")
    parser.add_argument("--completion-lease", type=float, default=_DEFAULT.completion_lease, help="seconds")
    parser.add_argument("--tidy-interval", type=float, default=_DEFAULT.tidy_interval, help="seconds; 0: never")
    parser.add_argument("--event-url", help="events are POSTed to it; default: they wait")
    parser.add_argument("--no-hooks", dest="hooks", action="store_false", help="do not serve /hooks")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        part_size=options.part_size,
        url_lifetime=options.url_lifetime,
        upload_lifetime=options.upload_lifetime,
        completion_lease=options.completion_lease,
        tidy_interval=options.tidy_interval,
    )


def _given_store(options: argparse.Namespace) -> S3Settings:
    try:
        keys = {
            "access_key": os.environ["AWS_ACCESS_KEY_ID"],
            "secret_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        }
    except KeyError as missing:
        raise ServerFailed(f"{missing.args[0]} is not set") from None
    return S3Settings(endpoint=options.s3_endpoint, bucket=options.bucket, region=options.region, **keys)


def _how_to_reach(url: str, database: str, s3: S3Settings, options: argparse.Namespace) -> str:
    lines = [
        "The upload controller runs until Ctrl-C.",
        "",
        f"  URL        {url}",
        f"  OpenAPI    {url}/docs",
        f"  Hooks      {url + '/hooks' if options.hooks else 'not served'}",
        f"  Database   {make_url(database).render_as_string(hide_password=True)}",
        f"  S3         {s3.endpoint}, bucket {s3.bucket}, region {s3.region}",
    ]
    if not options.s3_endpoint:
        lines.append(f"             AWS_ACCESS_KEY_ID={s3.access_key} AWS_SECRET_ACCESS_KEY={s3.secret_key}")
    return "\n".join(lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
