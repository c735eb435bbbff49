"""A web server for ``fetch`` to fetch from: what it serves is written in the URL itself.

The server keeps no state, so that a recorded URL serves the same whenever it is asked for; only its port belongs to
the process. It listens on the loopback interface, starts with the first URL and ends with the process.
"""

from __future__ import annotations

import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from conformance.storage import Content

TYPE = "application/x-served"
PIECE = 700
"""Bytes that are sent at a time."""


def served(
    content: Content | bytes,
    *,
    status: int = 200,
    chunked: bool = False,
    cut: int = 0,
    redirects: int = 0,
    pause: float = 0.0,
    announced: int | None = None,
    encoding: str = "",
    content_type: str = TYPE,
) -> str:
    """Return a URL that serves ``content``.

    Parameters:
        content: the body, also of an error.
        status: the HTTP status of the answer.
        chunked: send the body in chunks, without a length told before.
        cut: how many bytes of the body are left out at its end, against the length told.
        redirects: how many redirects lead there; -1 for redirects in a circle.
        pause: seconds between the pieces of 700 bytes in which the body is sent.
        announced: the length told, in bytes, instead of that of the body.
        encoding: the content encoding told; the body is sent as it is.
        content_type: the type told.

    """
    if isinstance(content, bytes):
        content = Content.of(content)
    what = content.to_json()
    how = {"chunked": int(chunked), "cut": cut, "pause": pause, "announced": "" if announced is None else announced}
    query = urlencode({**what, "status": status, **how, "encoding": encoding, "type": content_type})
    return f"http://127.0.0.1:{_server().server_port}/{redirects}?{query}"


class _Handler(BaseHTTPRequestHandler):
    """Serves what the URL says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        redirects = int(url.path.removeprefix("/"))
        if redirects:
            self.send_response(302)
            self.send_header("Location", f"/{max(redirects - 1, -1)}?{url.query}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._serve({name: values[0] for name, values in parse_qs(url.query).items()})

    def _serve(self, what: dict[str, str]) -> None:
        numbers = {name: int(what[name]) for name in ("size", "salt", "changed") if name in what}
        # an empty value is not kept in a query
        content = Content.from_json(numbers or {"literal": what.get("literal", "")})
        sent = content.data[: content.size - int(what["cut"])]
        pieces = [sent[at : at + PIECE] for at in range(0, len(sent), PIECE)]
        announced = int(what.get("announced", content.size))
        self.send_response(int(what["status"]))
        self.send_header("Content-Type", what["type"])
        if "encoding" in what:
            self.send_header("Content-Encoding", what["encoding"])
        if what["chunked"] == "1":
            self.send_header("Transfer-Encoding", "chunked")
            pieces = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
            pieces += [b"0\r\n\r\n"] if len(sent) == content.size else []
        else:
            self.send_header("Content-Length", str(announced))
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            time.sleep(float(what["pause"]))
        self.close_connection = len(sent) != announced

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    """Serves in threads that end with the process."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up: whoever fetches may."""


@cache
def _server() -> _Server:
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, name="http source", daemon=True).start()
    return server
