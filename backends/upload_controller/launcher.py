"""Starts the service for a block of code: as a process of its own, or in a thread of this one."""

from __future__ import annotations

import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import uvicorn

from backends import moto_server
from backends.server import CREDENTIALS, ServerFailed, answers, free_ports, running
from backends.upload_controller.api import create_app
from backends.upload_controller.config import S3Settings
from backends.upload_controller.service import make_controller

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from fastapi import FastAPI

    from backends.upload_controller.config import Settings
    from backends.upload_controller.controller import UploadController
    from backends.upload_controller.outbox import Sink
    from backends.upload_controller.service import Pieces

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that can be used now."""

    url: str
    """Without a slash at its end."""
    s3: S3Settings
    """Where its parts and objects are."""
    database_url: str
    log: Path | None = None
    """What it writes, if it is a process."""


@contextmanager
def start(
    database_url: str | None = None, s3: S3Settings | None = None, options: Sequence[str] = ()
) -> Generator[Service]:
    """Start the service as a process and yield it. Several can share a database and a store.

    Args:
        database_url: a new SQLite file in a temporary directory, unless given.
        s3: a moto server of its own, unless given.
        options: more options of ``python -m backends.upload_controller``.

    Raises:
        NotInstalled: moto is needed and missing.
        ServerFailed: it did not start.

    """
    with _surroundings(database_url, s3) as (database, store):
        command = (sys.executable, "-m", "backends.upload_controller", "--host", "127.0.0.1")
        settings = ("--s3-endpoint", store.endpoint, "--bucket", store.bucket, "--region", store.region, *options)
        with running(
            "upload-controller",
            lambda _, ports: (*command, "--port", str(ports[0]), "--database-url", database, *settings),
            ports=1,
            ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/health", 200),
            environment={
                "PYTHONPATH": str(_ROOT),
                "AWS_ACCESS_KEY_ID": store.access_key,
                "AWS_SECRET_ACCESS_KEY": store.secret_key,
            },
        ) as (ports, log):
            yield Service(url=f"http://127.0.0.1:{ports[0]}", s3=store, database_url=database, log=log)


@contextmanager
def start_here(
    database_url: str | None = None,
    s3: S3Settings | None = None,
    settings: Settings | None = None,
    *,
    sink: Sink | None = None,
    pieces: Pieces | None = None,
    make_app: Callable[[UploadController], FastAPI] = create_app,
) -> Generator[Service]:
    """Start the service in a thread of this process and yield it; faster than :func:`start`.

    Args:
        database_url: a new SQLite file in a temporary directory, unless given.
        s3: a moto server of its own, unless given.
        settings: how it behaves.
        sink: who is told of received files.
        pieces: what it is made of.
        make_app: makes the application.

    Raises:
        NotInstalled: moto is needed and missing.
        ServerFailed: it did not start.

    """
    with _surroundings(database_url, s3) as (database, store):
        app = make_app(make_controller(database, store, settings, sink=sink, pieces=pieces))
        with serving(app) as url:
            yield Service(url=url, s3=store, database_url=database)


@contextmanager
def serving(app: FastAPI) -> Generator[str]:
    """Serve an application on a free port of loopback, in a thread of this process, and yield its URL.

    Raises:
        ServerFailed: it did not start.

    """
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, name="upload-controller")
    thread.start()
    try:
        while not answers(f"{url}/health", 200):
            if not thread.is_alive():
                raise ServerFailed("the upload controller did not start")
            thread.join(0.01)
        yield url
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def embedded_store() -> Generator[S3Settings]:
    """Start a moto server and yield how to reach it.

    Raises:
        NotInstalled: moto is missing.
        ServerFailed: it did not start.

    """
    with moto_server.start() as started:
        endpoint = parse_qs(urlsplit(started.connection).query)["endpoint"][0]
        access_key, secret_key = CREDENTIALS.values()
        yield S3Settings(endpoint=endpoint, access_key=access_key, secret_key=secret_key)


@contextmanager
def embedded_database() -> Generator[str]:
    """Yield the URL of a new SQLite database, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="upload-controller-", ignore_cleanup_errors=True) as directory:
        yield f"sqlite:///{directory}/uploads.sqlite"


@contextmanager
def _surroundings(database_url: str | None, s3: S3Settings | None) -> Generator[tuple[str, S3Settings]]:
    with ExitStack() as stack:
        store = s3 or stack.enter_context(embedded_store())
        yield database_url or stack.enter_context(embedded_database()), store
