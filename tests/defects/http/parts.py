"""The parts that a request to complete an upload lists, for the families that tamper with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .base import Hook, Server, before
from .messages import Request, Response, element, value


@dataclass(frozen=True, slots=True)
class Listed:
    """One part as the client lists it."""

    number: int
    etag: str


def parts_of(request: Request) -> list[Listed]:
    """Return the parts that are to make the object."""
    blocks = Response(status=200, body=request.body).blocks("Part")
    return [Listed(int(value(block, "PartNumber")), value(block, "ETag")) for block in blocks]


def listing(request: Request, parts: list[Listed]) -> Request:
    """Return the request with other parts."""
    blocks = [element("Part", element("PartNumber", str(part.number)), element("ETag", part.etag)) for part in parts]
    return request.but(body=element("CompleteMultipartUpload", "".join(blocks) or "<!---->").encode())


def completing(change: Callable[[Server, Request, list[Listed]], list[Listed] | Response | None]) -> Hook:
    """Return a hook under which other parts make the object; None leaves those that were listed."""

    def changed(server: Server, request: Request) -> Request | Response | None:
        instead = change(server, request, parts_of(request))
        return listing(request, instead) if isinstance(instead, list) else instead

    return before(("complete",), changed)
