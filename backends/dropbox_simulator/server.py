"""The HTTP server: styles of routes, tokens, statuses, links, and the switches of a test.

Beside Dropbox's own paths, ``/simulator/…`` is for tests: a POST to ``/simulator/throttle`` with
``{"requests": 2, "retry_after": 1, "reason": "too_many_requests"}`` lets the next two requests be answered with 429,
and one to ``/simulator/reset_cursors`` makes the cursors of listings useless.
"""

from __future__ import annotations

import json
import mimetypes
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from backends.dropbox_simulator.account import BODY_MAXIMUM, Account
from backends.dropbox_simulator.arguments import Argument
from backends.dropbox_simulator.links import Gone
from backends.dropbox_simulator.ranges import NotSatisfiable, span
from backends.dropbox_simulator.refusals import BadInput, Refused, Throttled, Unauthorized, WriteFailed, tag
from backends.dropbox_simulator.tree import content_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.dropbox_simulator.tree import File

NAME = "dropbox-simulator"
"""How the server calls itself in its answers."""

RPC: Mapping[str, str] = {
    "files/copy_v2": "copy",
    "files/create_folder_v2": "create_folder",
    "files/delete_v2": "delete",
    "files/get_metadata": "get_metadata",
    "files/list_folder": "list_folder",
    "files/list_folder/continue": "list_continue",
    "files/list_folder/get_latest_cursor": "latest_cursor",
    "files/move_v2": "move",
    "files/save_url": "save_url",
    "files/save_url/check_job_status": "check_job_status",
    "files/upload_session/finish_batch_v2": "session_finish_batch",
}
"""Routes whose argument and result are bodies, and the method of the account for each."""
LINKS: Mapping[str, str] = {
    "files/get_temporary_link": "temporary_link",
    "files/get_temporary_upload_link": "temporary_upload_link",
}
"""The same for routes whose result tells a URL of this server."""
UPLOAD: Mapping[str, str] = {
    "files/upload": "upload",
    "files/upload_session/append_v2": "session_append",
    "files/upload_session/finish": "session_finish",
    "files/upload_session/start": "session_start",
}
"""The same for routes whose argument is a header, and the body a file's."""


@dataclass(slots=True)
class Answer:
    """What goes back over the wire."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])


class Simulator(ThreadingHTTPServer):
    """The server of one account on loopback; ``port`` 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, token: str) -> None:
        self.account = Account()
        self.token = token
        self.throttled: list[Throttled] = []
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: Simulator
    protocol_version = "HTTP/1.1"
    server_version = NAME
    sys_version = ""
    wbufsize = 1 << 16  # headers and body in one segment: apart, the second would wait for an acknowledgement
    timeout = 60

    def do_POST(self) -> None:
        """Answer a call of the API, or the use of a link to write."""
        body = self._body()
        if body is not None:
            self._send(self._answered(body))

    def do_GET(self) -> None:
        """Answer a download, or the use of a link to read."""
        self._send(self._answered(b""))

    do_HEAD = do_GET  # noqa: N815 - the names that the base calls

    def do_PUT(self) -> None:
        """Refuse what is neither a call of the API nor the use of a link."""
        self.close_connection = True
        self._send(Answer(405, b"", "text/plain", {"Allow": "GET, HEAD, POST"}))

    do_DELETE = do_PATCH = do_PUT  # noqa: N815 - likewise

    def log_message(self, format: str, *args: Any) -> None:
        """Write no line for each request."""

    def _body(self) -> bytes | None:
        """Return the body; None when the connection is of no use any more."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._send(Answer(400, b"A Content-Length is needed", "text/plain"))
            return None
        if int(length) > BODY_MAXIMUM:
            self.close_connection = True
            self._send(_refused(Refused(tag("payload_too_large"))))
            return None
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            self.close_connection = True
            return None
        return body

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.body)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    # what is asked for

    def _answered(self, body: bytes) -> Answer:
        first, _, rest = urlsplit(self.path).path.removeprefix("/").partition("/")
        try:
            match first, self.command:
                case "2", _:
                    return self._route(rest, body)
                case "cd", "GET" | "HEAD":
                    return self._read_link(rest)
                case "apitul", "POST":
                    return self._write_link(rest, body)
                case "simulator", "POST":
                    return self._switch(rest, body)
                case _:
                    return Answer(404, b"There is nothing here", "text/plain")
        except Refused as error:
            return _refused(error)
        except BadInput as error:
            text = f'Error in call to API function "{rest}": {error}'
            return Answer(400, text.encode(errors="backslashreplace"), "text/plain; charset=utf-8")
        except Unauthorized:
            return _json(401, {"error_summary": "invalid_access_token/..", "error": tag("invalid_access_token")})
        except Throttled as error:
            limit = {"reason": tag(error.reason), "retry_after": error.retry_after}
            answer = _json(429, {"error_summary": f"{error.reason}/..", "error": limit})
            answer.headers["Retry-After"] = str(error.retry_after)
            return answer

    def _route(self, route: str, body: bytes) -> Answer:
        account = self.server.account
        self._authorize()
        if self.server.throttled:
            raise self.server.throttled.pop(0)
        if route == "files/download":
            argument = self._argument()
            with account.lock:
                file = account.download(argument)
            return self._served(file, "application/octet-stream", {"Dropbox-API-Result": _escaped(file.metadata())})
        if self.command != "POST":
            raise BadInput(f"Your request's HTTP request method is {self.command!r}. Expecting HTTP POST.")
        if route in UPLOAD:
            self._expect("application/octet-stream", "text/plain; charset=dropbox-cors-hack")
            argument = self._argument()
            with account.lock:
                return _json(200, getattr(account, UPLOAD[route])(argument, body))
        if route == "users/get_current_account":
            return _json(200, account.current_account())
        if route in RPC or route in LINKS:
            self._expect("application/json", "application/json; charset=utf-8", "text/plain; charset=dropbox-cors-hack")
            argument = Argument.read(body, "request body")
            with account.lock:
                if route in LINKS:
                    return _json(200, getattr(account, LINKS[route])(argument, self.server.url))
                return _json(200, getattr(account, RPC[route])(argument))
        raise BadInput("Unknown API function")

    def _authorize(self) -> None:
        given = self.headers.get("Authorization") or self._parameter("authorization")
        if given is None:
            raise BadInput('Must provide HTTP header "Authorization" or URL parameter "authorization".')
        if given != f"Bearer {self.server.token}":
            raise Unauthorized

    def _argument(self) -> Argument:
        """Return the argument of a route of the content host, which is a header of ASCII, or a parameter."""
        header = self.headers.get("Dropbox-API-Arg")
        given = header if header is not None else self._parameter("arg")
        if given is None:
            raise BadInput('Must provide HTTP header "Dropbox-API-Arg" or URL parameter "arg".')
        if header is not None and not (header.isascii() and header.isprintable()):
            raise BadInput('HTTP header "Dropbox-API-Arg": characters have to be escaped')
        return Argument.read(given, 'HTTP header "Dropbox-API-Arg"')

    def _parameter(self, name: str) -> str | None:
        return parse_qs(urlsplit(self.path).query).get(name, [None])[0]

    def _expect(self, *types: str) -> None:
        given = self.headers.get("Content-Type", "")
        if given not in types:
            raise BadInput(
                f'Bad HTTP "Content-Type" header: {given!r}. Expecting one of {", ".join(map(repr, types))}.'
            )

    # files over HTTP

    def _served(self, file: File, content_type: str, headers: dict[str, str]) -> Answer:
        """Return a file, or the range of it that was asked for.

        Dropbox documents ranges and If-None-Match for downloads. That links do the same, that both take If-Match, and
        that the ETag is the revision, is assumed.
        """
        etag = f'"{file.rev}"'
        headers = {**headers, "ETag": etag, "Accept-Ranges": "bytes"}
        if self.headers.get("If-Match", "*").strip() not in {etag, "*"}:
            return Answer(412, b"", "text/plain")
        if self.headers.get("If-None-Match", "").strip() in {etag, f"W/{etag}", "*"}:
            return Answer(304, b"", content_type, headers)
        length = len(file.data)
        try:
            chosen = span(self.headers.get("Range"), length)
        except NotSatisfiable:
            return Answer(416, b"", "text/plain", {"Content-Range": f"bytes */{length}"})
        if chosen is None:
            return Answer(200, file.data, content_type, headers)
        begin, end = chosen
        headers["Content-Range"] = f"bytes {begin}-{end - 1}/{length}"
        return Answer(206, file.data[begin:end], content_type, headers)

    def _read_link(self, rest: str) -> Answer:
        account = self.server.account
        try:
            with account.lock:
                file = account.links.readable(rest.removeprefix("0/get/").partition("/")[0])
        except KeyError:
            return Answer(404, b"", "text/plain")
        except Gone:
            return Answer(410, b"", "text/plain")
        return self._served(file, mimetypes.guess_type(file.path)[0] or "application/octet-stream", {})

    def _write_link(self, rest: str, body: bytes) -> Answer:
        account = self.server.account
        if self.headers.get("Content-Type") not in {"application/octet-stream", "text/plain"}:
            return Answer(400, b"", "text/plain")
        try:
            with account.lock:
                account.tree.write(account.links.writable(rest.removeprefix("1/")), body)
        except (KeyError, WriteFailed):
            return Answer(409, b"", "text/plain")
        except Gone:
            return Answer(410, b"", "text/plain")
        return _json(200, {"content-hash": content_hash(body)})

    # the switches of a test

    def _switch(self, name: str, body: bytes) -> Answer:
        if name == "throttle":
            asked = Argument.read(body, "request body")
            wait = int(asked.number("retry_after", 0, 3600, default=1))
            reason = asked.text("reason", "too_many_(requests|write_operations)", default="too_many_requests")
            self.server.throttled[:] = [Throttled(reason, wait)] * int(asked.number("requests", 0, 1000))
        elif name == "reset_cursors":
            with self.server.account.lock:
                self.server.account.listings.reset()
        else:
            raise BadInput("there is no such switch")
        return _json(200, None)


def _json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode())


def _refused(error: Refused) -> Answer:
    return _json(409, {"error_summary": error.summary, "error": error.error})


def _escaped(value: Any) -> str:
    """Return JSON that may stand in a header."""
    return json.dumps(value).replace("\x7f", "\\u007f")
