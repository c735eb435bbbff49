"""A proxy that makes races and accidents happen on purpose: it holds a request, drops an answer, or fails.

In front of the store, it stops the service in the middle of what it does while a rival goes on; in front of the
service, it loses answers on their way to the client. Everything else passes unchanged: host header, body and all, so
that signatures stay valid.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import Event, Lock, Thread
from typing import Literal
from urllib.parse import parse_qs, urlsplit

HOLD_SECONDS = 20.0
"""How long a request is held at most: a gate never blocks a service for good."""
HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"})


@dataclass(frozen=True, slots=True)
class Request:
    """What a gate sees of a request: ``query`` has the names without values too."""

    method: str
    path: str
    query: frozenset[str]

    @property
    def s3(self) -> str:
        """The operation of S3 that the request is, as far as uploads go: ``"CompleteMultipartUpload"``, or ``""``."""
        named = (self.method, "uploads" in self.query, "uploadId" in self.query)
        return {
            ("POST", True, False): "CreateMultipartUpload",
            ("POST", False, True): "CompleteMultipartUpload",
            ("DELETE", False, True): "AbortMultipartUpload",
            ("GET", False, True): "ListParts",
            ("GET", True, False): "ListMultipartUploads",
            ("PUT", False, True): "UploadPart",
        }.get(named, "")


Match = Callable[[Request], bool]
What = Literal["hold", "late", "drop", "fail"]
"""Hold the request, or its answer; drop the answer; fail without asking."""


def s3_is(operation: str) -> Match:
    """Return what matches the requests of an operation of S3."""
    return lambda request: request.s3 == operation


@dataclass(slots=True)
class Trap:
    """What is done to the first request that matches."""

    match: Match
    what: What
    code: int = 500
    arrived: Event = field(default_factory=Event)
    """Set when the request is here and has not been passed on, or when its late answer is here and was not."""
    released: Event = field(default_factory=Event)
    """Set to let a held request pass."""
    done: Event = field(default_factory=Event)
    """Set when its answer has come, or been dropped."""

    def release(self) -> None:
        """Let the held request pass."""
        self.released.set()


class Gate:
    """A proxy on loopback in front of one server."""

    def __init__(self, target: str, port: int = 0) -> None:
        """Listen on a port of loopback (0: any) and pass everything on to ``target``, a URL.

        Raises:
            OSError: the port is taken.

        """
        parts = urlsplit(target)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._traps: list[Trap] = []
        self._lock = Lock()
        self.passed = 0
        """Requests that came through."""
        self._server = _Server(port, self)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Let everything that is held pass, and stop listening."""
        with self._lock:
            for trap in self._traps:
                trap.release()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def trap(self, match: Match, what: What, code: int = 500) -> Generator[Trap]:
        """Do something to the first request that matches while the block runs; a held one passes at its end."""
        trap = Trap(match, what, code)
        with self._lock:
            self._traps.append(trap)
        try:
            yield trap
        finally:
            with self._lock:
                if trap in self._traps:
                    self._traps.remove(trap)
            trap.release()

    def caught(self, request: Request) -> Trap | None:
        """Return the trap that a request falls into, and take it away: it is for one request."""
        with self._lock:
            self.passed += 1
            found = next((trap for trap in self._traps if trap.match(request)), None)
            if found is not None:
                self._traps.remove(found)
            return found

    def ask(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> _Answer:
        """Pass a request on and return the answer."""
        connection = HTTPConnection(self._host, self._port, timeout=60)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None)
            response = connection.getresponse()
            return _Answer(response.status, response.reason, response.getheaders(), response.read())
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class _Answer:
    code: int
    reason: str
    headers: list[tuple[str, str]]
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, gate: Gate) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.gate = gate
        self.connections: set[socket] = set()

    def hang_up(self) -> None:
        """End the connections that a client would keep, and that would pass a gate that comes after this one."""
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self._server.connections.add(self.connection)

    def finish(self) -> None:
        self._server.connections.discard(self.connection)
        super().finish()

    @property
    def _server(self) -> _Server:
        assert isinstance(self.server, _Server)
        return self.server

    @property
    def _gate(self) -> Gate:
        return self._server.gate

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        with suppress(OSError):
            self._pass()

    def _pass(self) -> None:
        body = self._body()
        parts = urlsplit(self.path)
        request = Request(self.command, parts.path, frozenset(parse_qs(parts.query, keep_blank_values=True)))
        trap = self._gate.caught(request)
        if trap is not None and trap.what != "late":
            trap.arrived.set()
        if trap is not None and trap.what == "hold":
            trap.released.wait(HOLD_SECONDS)
        if trap is not None and trap.what == "fail":
            answer = _Answer(trap.code, "Failed", [("Content-Type", "text/plain")], b"failed on purpose")
        else:
            answer = self._asked(body)
        if trap is not None and trap.what == "late":
            trap.arrived.set()
            trap.released.wait(HOLD_SECONDS)
        if trap is not None:
            trap.done.set()
            if trap.what == "drop":
                self.close_connection = True
                return
        self._send(answer)

    def _asked(self, body: bytes) -> _Answer:
        kept = [(name, value) for name, value in self.headers.items() if name.lower() not in HOP]
        if "content-length" not in {name.lower() for name, _ in kept} and body:
            kept.append(("Content-Length", str(len(body))))
        try:
            return self._gate.ask(self.command, self.path, kept, body)
        except (OSError, HTTPException) as error:
            return _Answer(502, "Bad Gateway", [("Content-Type", "text/plain")], str(error).encode())

    def _body(self) -> bytes:
        if "100-continue" in self.headers.get("Expect", "").lower():
            self.send_response_only(100)
            self.end_headers()
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)

    def _send(self, answer: _Answer) -> None:
        self.send_response_only(answer.code, answer.reason)
        for name, value in answer.headers:
            if name.lower() not in HOP | {"content-length"}:
                self.send_header(name, value)
        told = {name.lower(): value for name, value in answer.headers}
        length = told.get("content-length", "0") if self.command == "HEAD" else str(len(answer.body))
        if answer.code not in {204, 304}:
            self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
