"""A proxy that spoils one behaviour of an S3 server: HTTP/1.1 on loopback, one request answered at a time.

``python -m tests.defects.http.proxy DEFECT --endpoint http://127.0.0.1:9000`` serves the server at that address with
the defect planted, until it is interrupted; any S3 test suite can be pointed at it. Paths and bodies may be altered on
the way, so the server behind must not verify signatures (moto does not).
"""

from __future__ import annotations

import argparse
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from .base import Send
from .messages import ANONYMOUS, Request, Response

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "te", "upgrade"})
"""Headers that belong to one connection (RFC 9110, 7.6.1); lengths are those of the bodies sent."""
TIMEOUT = 60.0
"""Seconds to wait for the server."""
SIGNED = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
"""The header of requests that a defect makes itself: a server that verifies nothing asks for one all the same."""


class Proxy:
    """Serves ``send`` on a free port of loopback; as a context manager, gives its base URL."""

    def __init__(self, send: Send, port: int = 0) -> None:
        one_at_a_time = Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = _body(self)
                request = Request.of(self.command, self.path, dict(self.headers.items()), body)
                if "authorization" not in request.headers and "X-Amz-Signature" not in request.query:
                    request = request.having(**{ANONYMOUS: "true"})
                with one_at_a_time:
                    given = send(request)
                self.send_response_only(given.status)
                for name, told in given.headers.items():
                    if name not in HOP_BY_HOP:
                        self.send_header(name, told)
                told = given.headers.get("content-length") if self.command == "HEAD" else str(len(given.body))
                if told is not None and given.status not in (204, 304):
                    self.send_header("content-length", told)
                self.end_headers()
                if self.command != "HEAD" and given.status not in (204, 304):
                    self.wfile.write(given.body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - names of http.server

            def log_message(self, *_: Any) -> None:
                """Say nothing: thousands of requests are served."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if "chunked" not in handler.headers.get("transfer-encoding", ""):
        return handler.rfile.read(int(handler.headers.get("content-length") or 0))
    chunks: list[bytes] = []
    while size := int(handler.rfile.readline().partition(b";")[0], 16):
        chunks.append(handler.rfile.read(size))
        handler.rfile.readline()
    while handler.rfile.readline().strip():  # trailers
        pass
    return b"".join(chunks)


def upstream(endpoint: str) -> Send:
    """Return a function that sends requests to the server at ``endpoint``, each over a connection of its own."""
    split = urlsplit(endpoint)
    connect = HTTPSConnection if split.scheme == "https" else HTTPConnection

    def send(request: Request) -> Response:
        connection = connect(split.netloc, timeout=TIMEOUT)
        try:
            headers = {name: told for name, told in request.headers.items() if name not in {*HOP_BY_HOP, "expect"}}
            if "X-Amz-Signature" not in request.query:
                headers.setdefault("authorization", SIGNED)
            headers["host"] = split.netloc
            if request.method in ("PUT", "POST"):
                headers["content-length"] = str(len(request.body))
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, told in headers.items():
                connection.putheader(name, told.encode("latin-1"))
            connection.endheaders(request.body or None)
            given = connection.getresponse()
            return Response(
                status=given.status,
                headers={name.lower(): told for name, told in given.getheaders()},
                body=given.read(),
            )
        finally:
            connection.close()

    return send


def main() -> None:
    """Serve until interrupted."""
    from . import DEFECTS
    from .correct import correct

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("defect", choices=[*DEFECTS, "none"], metavar="DEFECT", help="its name, or none")
    parser.add_argument("--endpoint", required=True, help="base URL of the server behind")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    right = correct(upstream(options.endpoint))
    served = right if options.defect == "none" else DEFECTS[options.defect].plant(right)
    with Proxy(served, options.port) as address:
        print(address, flush=True)  # noqa: T201 - this is a command
        try:
            Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
