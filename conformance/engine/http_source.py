"""A web server for ``fetch`` to fetch from: what it serves is written in the URL itself.

The server keeps no state, so that a recorded URL serves the same whenever it is asked for; only its port belongs to
the process. It listens on the loopback interface, starts with the first URL and ends with the process.
"""

from __future__ import annotations

import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from conformance.storage import Content

TYPE = "application/x-served"


def served(
    content: Content | bytes,
    *,
    status: int = 200,
    chunked: bool = False,
    cut: int = 0,
    redirects: int = 0,
    content_type: str = TYPE,
) -> str:
    """Return a URL that serves ``content``.

    Parameters:
        content: the body, also of an error.
        status: the HTTP status of the answer.
        chunked: send the body in chunks, without a length told before.
        cut: how many bytes of the body are left out at its end, against the length told.
        redirects: how many redirects lead there.
        content_type: the type told.

    """
    if isinstance(content, bytes):
        content = Content.of(content)
    what = (
        {"size": content.size, "salt": content.salt} if content.literal is None else {"literal": content.literal.hex()}
    )
    query = urlencode({**what, "status": status, "chunked": int(chunked), "cut": cut, "type": content_type})
    return f"http://127.0.0.1:{_server().server_port}/{redirects}?{query}"


class _Handler(BaseHTTPRequestHandler):
    """Serves what the URL says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        redirects = int(url.path.removeprefix("/"))
        if redirects:
            self.send_response(302)
            self.send_header("Location", f"/{redirects - 1}?{url.query}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._serve({name: values[0] for name, values in parse_qs(url.query).items()})

    def _serve(self, what: dict[str, str]) -> None:
        if "size" in what:
            content = Content(int(what["size"]), int(what["salt"]))
        else:
            content = Content.of(bytes.fromhex(what.get("literal", "")))  # an empty value is not kept in a query
        data, cut = content.data, int(what["cut"])
        self.send_response(int(what["status"]))
        self.send_header("Content-Type", what["type"])
        if what["chunked"] == "1":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(data) - cut, 700):
                piece = data[at : min(at + 700, len(data) - cut)]
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if not cut:
                self.wfile.write(b"0\r\n\r\n")
        else:
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) - cut])
        self.close_connection = cut > 0

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
