"""The S3 server moto inside this process: nothing to start, no network, and the data go with the process.

moto's own ``mock_aws`` would divert every boto3 client of the process and change its environment. Here moto answers one
client only, ours, so that a real bucket can be checked beside it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.metadata import version
from threading import Lock
from typing import Any
from unittest.mock import patch

from conformance.adapters.s3.client import Location, boto3, client_config
from conformance.adapters.s3.storage import open_s3
from conformance.storage import ConnectionStringInvalid, Storage

# moto refuses a smaller part that is not the last; Amazon's 5 MiB would only make the checks slow.
PART_MINIMUM = 1024
# A signed request is sent by somebody else's client, which moto does not answer here.
WITHOUT = ("reach",)
_LOCATION = Location(
    bucket="conformance",
    endpoint="https://s3.us-east-1.amazonaws.com",
    part_minimum=PART_MINIMUM,
    without=WITHOUT,
)


def open_moto(work_dir: str) -> Storage:
    """Return a client of ``work_dir`` in moto's one bucket; all clients of the process share its data.

    Raises:
        ConnectionStringInvalid: moto or boto3 is not installed.

    """
    return open_s3(_LOCATION, work_dir, client=_client())


def open_moto_with_segments(work_dir: str) -> Storage:
    """Return a client like those of :func:`open_moto` whose uploads are also segments by index."""
    return open_s3(replace(_LOCATION, declares=(("segments", "index"),)), work_dir, client=_client())


def moto_version() -> str:
    """Return the version of the installed moto.

    Raises:
        ConnectionStringInvalid: moto or boto3 is not installed.

    """
    _models()
    return version("moto")


def _models() -> Any:
    try:
        return import_module("moto.s3.models")
    except ModuleNotFoundError as error:
        missing = error.name
    raise ConnectionStringInvalid(
        f"moto needs {missing}, which is not installed: pip install 'storage-conformance[moto]'",
    )


@cache
def _client() -> Any:
    models = _models()
    answer = import_module("moto.core.botocore_stubber").BotocoreStubber()
    answer.enabled = True
    one_at_a_time = Lock()  # moto's models are plain dictionaries, made for one thread

    def answered(**event: Any) -> Any:
        with one_at_a_time, patch.object(models, "S3_UPLOAD_PART_MIN_SIZE", PART_MINIMUM):
            return answer(**event)

    session = boto3().Session(
        aws_access_key_id="moto",
        aws_secret_access_key="moto",  # noqa: S106 - moto takes any
        region_name="us-east-1",
    )
    client = session.client("s3", endpoint_url=_LOCATION.endpoint, config=client_config(_LOCATION))
    client.meta.events.register_first("before-send.s3", answered)
    client.create_bucket(Bucket=_LOCATION.bucket)
    return client
