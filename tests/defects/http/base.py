"""What a defect is: a function between a client and a correct server, and the registry of them all.

A defect is written in the module of its family as a function of ``server`` and ``request``::

    @family.defect("overwrite.write_exists")
    def keeps_the_tail(server, request):
        \"\"\"A shorter object keeps the end of the longer one that it replaces.\"\"\"

It may alter, drop, repeat or answer requests, look at the server (:class:`Server`) and remember what it saw. Most only
alter some kinds of requests (``family.before``) or of answers (``family.after``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar
from urllib.parse import unquote

from .messages import Kind, Request, Response, answer, etag, value

Send = Callable[[Request], Response]


class Server:
    """The correct server behind a defect, what the defect remembers, and how it looks around."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.memory: dict[Any, Any] = {}

    def __call__(self, request: Request) -> Response:
        return self._send(request)

    def head(self, request: Request, key: str | None = None) -> Response:
        """Return what is told of the object that a request is about, or of another one in its bucket."""
        return self(Request(method="HEAD", bucket=request.bucket, key=request.key if key is None else key))

    def get(self, request: Request, key: str | None = None) -> Response:
        """Return the whole object that a request is about, or another one."""
        return self(Request(method="GET", bucket=request.bucket, key=request.key if key is None else key))

    def put(self, request: Request, body: bytes, described: dict[str, str] | None = None) -> Response:
        """Store other bytes at the key of a request."""
        headers = {**(described or {}), "content-length": str(len(body))}
        return self(Request(method="PUT", bucket=request.bucket, key=request.key, headers=headers, body=body))

    def delete(self, request: Request, key: str | None = None) -> Response:
        """Delete the object that a request is about, or another one."""
        return self(Request(method="DELETE", bucket=request.bucket, key=request.key if key is None else key))

    def abort(self, request: Request, upload: str) -> Response:
        """End another upload to the key of a request."""
        return self(
            Request(method="DELETE", bucket=request.bucket, key=request.key, query={"uploadId": upload}),
        )

    def parts(self, request: Request) -> list[tuple[int, str]]:
        """Return the parts of the upload of a request: numbers and ETags."""
        listed = self(
            Request(method="GET", bucket=request.bucket, key=request.key, query={"uploadId": request.upload}),
        )
        return [(int(value(part, "PartNumber")), value(part, "ETag")) for part in listed.blocks("Part")]

    def keys(self, request: Request, prefix: str) -> list[str]:
        """Return up to a thousand keys that begin with ``prefix``, in the bucket of a request."""
        query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
        listed = self(Request(method="GET", bucket=request.bucket, query=query))
        return [unquote(value(entry, "Key")) for entry in listed.blocks("Contents")]


Hook = Callable[[Server, Request], Response]
Before = Callable[[Server, Request], "Request | Response | None"]
After = Callable[[Server, Request, Response], Response]
_F = TypeVar("_F", bound=Callable[..., Any])
Profile = Literal["standard", "deep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPDefect:
    """One planted defect: its sentence, the requirements of which it must trip one, the real bug it imitates.

    ``needs`` are operations without which it cannot show, ``profile`` the smallest profile that shows it.
    """

    name: str
    family: str
    sentence: str
    hook: Hook
    trips: tuple[str, ...]
    like: str = ""
    needs: frozenset[str] = frozenset()
    profile: Profile = "standard"

    def plant(self, send: Send) -> Send:
        """Return ``send`` with the defect before it; what it remembers begins anew."""
        server = Server(send)
        return lambda request: self.hook(server, request)


DEFECTS: dict[str, HTTPDefect] = {}
"""Every planted defect by name, in the order of modules and lines."""


@dataclass(frozen=True, slots=True)
class Family:
    """The defects of one module; ``trips`` are the requirements of those that name none themselves."""

    name: str
    trips: tuple[str, ...] = ()
    needs: tuple[str, ...] = field(default=(), kw_only=True)

    def plant(
        self,
        name: str,
        sentence: str,
        hook: Hook,
        *trips: str,
        like: str = "",
        needs: tuple[str, ...] = (),
        profile: Profile = "standard",
    ) -> None:
        """Register a defect; for members of a table, which have no function of their own.

        Raises:
            ValueError: there is one of that name.

        """
        full = f"{self.name}.{name}"
        if full in DEFECTS:
            raise ValueError(f"two defects are called {full}")
        DEFECTS[full] = HTTPDefect(
            name=full,
            family=self.name,
            sentence=sentence,
            hook=hook,
            trips=trips or self.trips,
            like=like,
            needs=frozenset((*self.needs, *needs)),
            profile=profile,
        )

    def defect(self, *trips: str, **facts: Any) -> Callable[[_F], _F]:
        """Register a function of server and request that returns the answer."""
        return self._registered(lambda function: function, trips, facts)

    def before(self, *kinds: Kind, trips: tuple[str, ...] = (), **facts: Any) -> Callable[[_F], _F]:
        """Register what happens to requests of some kinds before they are sent.

        The function returns another request to send, an answer to give without sending any, or None to send it as it
        is. Everything else passes.
        """
        return self._registered(lambda function: before(kinds, function), trips, facts)

    def after(self, *kinds: Kind, trips: tuple[str, ...] = (), **facts: Any) -> Callable[[_F], _F]:
        """Register what happens to answers of requests of some kinds that were fulfilled. Everything else passes."""
        return self._registered(lambda function: after(kinds, function), trips, facts)

    def refused(self, *kinds: Kind, trips: tuple[str, ...] = (), **facts: Any) -> Callable[[_F], _F]:
        """Register what happens to answers of requests of some kinds that were refused. Everything else passes."""
        return self._registered(lambda function: after(kinds, function, fulfilled=False), trips, facts)

    def _registered(
        self, hook: Callable[[Any], Hook], trips: tuple[str, ...], facts: dict[str, Any]
    ) -> Callable[[_F], _F]:
        def register(function: _F) -> _F:
            self.plant(function.__name__, (function.__doc__ or "").strip(), hook(function), *trips, **facts)
            return function

        return register


def before(kinds: tuple[Kind, ...], change: Before) -> Hook:
    """Return a hook that changes requests of some kinds."""

    def hook(server: Server, request: Request) -> Response:
        changed = change(server, request) if request.kind in kinds else None
        return changed if isinstance(changed, Response) else server(request if changed is None else changed)

    return hook


def after(kinds: tuple[Kind, ...], change: After, *, fulfilled: bool = True) -> Hook:
    """Return a hook that changes answers of requests of some kinds."""

    def hook(server: Server, request: Request) -> Response:
        given = server(request)
        return change(server, request, given) if request.kind in kinds and given.ok is fulfilled else given

    return hook


def pretended(request: Request) -> Response:
    """Return the answer to a write or deletion that was not done."""
    return answer(204) if request.method == "DELETE" else answer(200, etag=etag(request.body))
