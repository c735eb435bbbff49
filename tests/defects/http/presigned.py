"""Signed requests, which anybody may send: what they allow, and what they do."""

from __future__ import annotations

import time
from datetime import timedelta

from .base import Family, Server
from .messages import ANONYMOUS, Request, Response, answer, refusal
from .signing import age, is_genuine, is_over, is_signed, unsigned

LATE = 1.0
"""Seconds."""
family = Family("presigned", ("reach.read", "reach.write", "reach.delete"), needs=("reach",))


def _plant(name: str, sentence: str, kind: str, *trips: str):
    """Register a defect of signed requests of one kind: what is done instead, given server and request."""

    def register(change):
        def hook(server: Server, request: Request) -> Response:
            return change(server, request) if is_signed(request) and request.kind == kind else server(request)

        family.plant(name, sentence, hook, *trips)
        return change

    return register


_plant("read_empty", "A signed read delivers nothing.", "get", "reach.read")(lambda s, q: s(q).but(body=b""))
_plant("read_forbidden", "A signed read is forbidden.", "get", "reach.read")(
    lambda s, q: refusal(403, "SignatureDoesNotMatch")
)
_plant("read_cut", "A signed read delivers all but the last byte.", "get", "reach.read")(
    lambda s, q: (r := s(q)).but(body=r.body[:-1])
)
_plant("read_has_no_type", "A signed read tells the default content type.", "get", "reach.agrees_with_stat")(
    lambda s, q: s(q).having(content_type="application/octet-stream")
)
_plant("read_has_no_etag", "A signed read tells no ETag.", "get", "reach.agrees_with_stat")(
    lambda s, q: s(q).having(etag=None)
)
_plant("read_has_other_time", "A signed read tells when it was made.", "get", "reach.agrees_with_stat")(
    lambda s, q: s(q).having(last_modified="Thu, 01 Jan 1970 00:00:00 GMT")
)
_plant("write_dropped", "A signed write is answered and dropped.", "put", "reach.write")(
    lambda s, q: answer(200, etag='"x"')
)
_plant("write_empty", "A signed write stores an empty object.", "put", "reach.write")(lambda s, q: s(q.but(body=b"")))
_plant("write_forbidden", "A signed write is forbidden.", "put", "reach.write")(
    lambda s, q: refusal(403, "AccessDenied")
)
_plant("write_to_decoded_key", "A signed write goes to the key decoded once more.", "put", "reach.write")(
    lambda s, q: s(q.but(key=q.key.replace("%25", "%").replace("+", " ")))
)
_plant("write_keeps_old", "A signed write does not replace an object.", "put", "reach.write")(
    lambda s, q: answer(200, etag='"x"') if s.head(q).ok else s(q)
)
_plant("write_loses_type", "A signed write stores the default content type.", "put", "reach.write_type")(
    lambda s, q: s(q.having(content_type=None))
)
_plant("write_broken_off_stored", "A signed write that breaks off is stored as it came.", "put", "reach.write_whole")(
    lambda s, q: s(unsigned(q).having(content_length=str(len(q.body))) if is_genuine(q) else q)
)


def _behind(server: Server, request: Request) -> Response:
    now = time.monotonic()
    late = now - server.memory.get(request.key, -LATE) < LATE
    given = server(request.having(if_none_match=None) if late else request)
    if given.ok:
        server.memory.setdefault(request.key, now)
    return given


_plant("condition_is_behind", "What a condition is compared with is a second behind.", "put", "reach.write_once")(
    _behind
)
_plant("delete_does_nothing", "A signed deletion is answered and not done.", "delete", "reach.delete")(
    lambda s, q: answer(204)
)
_plant("delete_forbidden", "A signed deletion is forbidden.", "delete", "reach.delete")(
    lambda s, q: refusal(403, "AccessDenied")
)


def _takes_prefix(server: Server, request: Request) -> Response:
    for key in server.keys(request, request.key):
        server.delete(request, key)
    return answer(204)


_plant("delete_takes_prefix", "A signed deletion takes all keys that begin with the key.", "delete", "reach.delete")(
    _takes_prefix
)


# Who is let in


@family.defect("reach.only_signed")
def signature_is_not_verified(server: Server, request: Request) -> Response:
    """Whatever is signed is let in, for another key or method, too."""
    return server(unsigned(request) if is_signed(request) and not is_over(request) else request)


@family.defect("reach.only_signed")
def signature_is_for_every_method(server: Server, request: Request) -> Response:
    """A signature of a read lets deletions in."""
    return server(unsigned(request) if is_signed(request) and request.method == "DELETE" else request)


@family.defect("reach.unsigned")
def anybody_may_read(server: Server, request: Request) -> Response:
    """Who asks without a signature may read, as in a public bucket."""
    return server(request.having(**{ANONYMOUS: None}) if request.method in ("GET", "HEAD") else request)


@family.defect("reach.unsigned")
def anybody_may_delete(server: Server, request: Request) -> Response:
    """Who asks without a signature may delete."""
    return server(request.having(**{ANONYMOUS: None}) if request.method == "DELETE" else request)


@family.defect("reach.expires")
def signature_never_ends(server: Server, request: Request) -> Response:
    """A signed request is let in after its time, too."""
    return server(unsigned(request) if is_signed(request) and is_over(request) else request)


@family.defect("reach.expires")
def signature_ends_at_once(server: Server, request: Request) -> Response:
    """A signed request is refused after a second, however long it is to last."""
    return (
        refusal(403, "AccessDenied") if is_signed(request) and age(request) > timedelta(seconds=1) else server(request)
    )
