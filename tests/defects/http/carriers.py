"""How a defect comes between the kit and a server: inside this process, or behind a socket.

Both give an opener of the S3 adapter and count the requests that its client sends.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from threading import Lock
from typing import Any
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.s3 import models

from backends import moto_server
from conformance.adapters.s3.client import Location, client_config
from conformance.adapters.s3.storage import S3
from conformance.storage import Storage

from .base import HTTPDefect, Send
from .correct import correct
from .messages import Request, Response, refusal
from .proxy import SIGNED, Proxy, upstream

PART_MINIMUM = moto_server.PART_MINIMUM
ACCOUNT = "123456789012"
"""Whose buckets moto takes them to be."""
ENDPOINT = "https://s3.us-east-1.amazonaws.com"
_numbers = count(1)


@dataclass
class Carried:
    """A server with a defect, ready to be checked; ``requests`` counts what its clients sent."""

    open: Callable[[str], Storage]
    requests: int = 0


def planted(defect: HTTPDefect | None, send: Send) -> Send:
    """Return the correct server behind ``send`` with the defect before it."""
    right = correct(send)
    return right if defect is None else defect.plant(right)


@contextmanager
def in_process(defect: HTTPDefect | None) -> Generator[Carried]:
    """Plant a defect in a bucket of moto inside this process; the bucket goes at the end."""
    bucket = f"spoiled-{next(_numbers)}"
    # a signed request is sent by somebody else's client, which nobody answers in this process
    location = Location(bucket=bucket, endpoint=ENDPOINT, part_minimum=PART_MINIMUM, without=("reach",))
    served = planted(defect, moto)
    one_at_a_time = Lock()

    def answered(*, request: Any, **_: Any) -> AWSResponse:
        body = request.body.read() if hasattr(request.body, "read") else request.body or b""
        asked = Request.of(
            request.method, request.url, request.headers, body if isinstance(body, bytes) else body.encode()
        )
        with one_at_a_time:
            carried.requests += 1
            given = served(asked)
        shown = b"" if request.method == "HEAD" else given.body
        return AWSResponse(request.url, given.status, dict(given.headers), MockRawResponse(shown))

    session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
    client = session.client("s3", endpoint_url=ENDPOINT, config=client_config(location))
    client.meta.events.register_first("before-send.s3", answered)
    carried = Carried(lambda work_dir: S3(location, work_dir, client=client))
    moto(Request(method="PUT", bucket=bucket))
    try:
        yield carried
    finally:
        models.s3_backends[ACCOUNT]["aws"].buckets.pop(bucket, None)


def moto(request: Request) -> Response:
    """Send a request to moto inside this process; what its code raises is the failure of a server."""
    headers = HTTPHeaders()
    for name, told in {"authorization": SIGNED, **request.headers}.items():
        headers[name] = str(len(request.body)) if name == "content-length" else told
    prepared = AWSPreparedRequest(request.method, ENDPOINT + request.target, headers, request.body, False)
    with patch.object(models, "S3_UPLOAD_PART_MIN_SIZE", PART_MINIMUM):
        try:
            status, told, body = _stub().process_request(prepared)
        except Exception:  # noqa: BLE001 - moto leaks any exception, a server would answer 500
            return refusal(500, "InternalError")
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else b"".join(body or ())
    return Response(status=status, headers={name.lower(): str(told[name]) for name in told}, body=content)


@cache
def _stub() -> Any:
    stub = BotocoreStubber()
    stub.enabled = True
    return stub


@contextmanager
def behind_socket(defect: HTTPDefect | None) -> Generator[Carried]:
    """Plant a defect in a proxy before moto's server, in a bucket of its own; the server ends with the process."""
    served = planted(defect, upstream(_moto_server()))
    bucket = f"spoiled-{os.getpid()}-{next(_numbers)}"
    upstream(_moto_server())(Request(method="PUT", bucket=bucket))

    def counted(request: Request) -> Response:
        carried.requests += 1
        return served(request)

    with Proxy(counted) as endpoint:
        location = Location(
            bucket=bucket, endpoint=endpoint, part_minimum=PART_MINIMUM, declares=(("control_characters", False),)
        )
        carried = Carried(lambda work_dir: S3(location, work_dir))
        yield carried


_servers = ExitStack()
atexit.register(_servers.close)


@cache
def _moto_server() -> str:
    started = _servers.enter_context(moto_server.start())
    os.environ.update(started.environment)
    return started.connection.partition("endpoint=")[2].partition("&")[0]


CARRIERS = {"process": in_process, "proxy": behind_socket}
"""The ways in which a defect is carried, by the name on the command line."""
