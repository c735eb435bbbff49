"""Reach: signed HTTP requests, which anybody may send (GSP-706, GSP-729)."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import contents, group, group_names, paths
from conformance.engine.evidence import unchanged
from conformance.engine.expect import absent, demand, holds, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, HTTPRequest

SECONDS = 10.0
PARTIAL = 206
"""The status of an answer that is a slice of the object (RFC 9110, 15.3.7)."""


def send(request: HTTPRequest, body: bytes | None = None, *, method: str | None = None) -> tuple[int, bytes]:
    """Send a signed request as somebody without any credentials would; return status and body of the answer."""
    status, answered, _ = exchange(request, body, method=method)
    return status, answered


def exchange(
    request: HTTPRequest,
    body: bytes | None = None,
    *,
    method: str | None = None,
    more: dict[str, str] | None = None,
) -> tuple[int, bytes, Message]:
    """Send a signed request, with ``more`` headers that nobody signed; return status, body and headers."""
    headers = {"Content-Type": "", **request.headers} if body is not None else dict(request.headers)
    headers |= more or {}
    message = urllib.request.Request(  # noqa: S310 - the URL is the one under test
        request.url,
        data=body,
        headers=headers,
        method=method or request.method,
    )
    try:
        with urllib.request.urlopen(message, timeout=SECONDS) as answer:  # noqa: S310
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers


@verifies("reach.read", smoke=True)
@given(path=paths(), content=contents(minimum=1))
def test_a_signed_read_delivers_the_object(store: Recorder, path: str, content: Content) -> None:
    """Sent by anybody, the request is answered with exactly the object."""
    store.write(path, content)
    status, body = send(store.reach(path))
    same((status // 100, body), (2, content.data), "class of the status, and body")


@verifies("reach.read")
@given(name=group_names())
def test_a_signed_read_is_of_one_object(store: Recorder, features: Features, name: str) -> None:
    """Among names that look alike each request delivers its own object."""
    keys = group(name, features)[:3]
    for number, key in enumerate(keys):
        store.write(key, Content(20, number + 1))
    for number, key in enumerate(keys):
        same(send(store.reach(key))[1], Content(20, number + 1).data, f"what the request for {key!r} delivers")


@verifies("reach.write", needs=("stat",))
@given(path=st.sampled_from(("a+b%41", "a", "d/a b")), content=contents(minimum=1))
def test_a_signed_write_creates_the_object(store: Recorder, path: str, content: Content) -> None:
    """The body of the request, as long as was signed, becomes the object, also in place of another one."""
    store.write(path, b"another object")
    request = store.reach(path, verb="write", size=content.size)
    same(send(request, content.data)[0] // 100, 2, "class of the status")
    holds(store, path, content)


@verifies("reach.delete", needs=("read", "stat"))
@given(path=paths())
def test_a_signed_delete_removes_one_object(store: Recorder, path: str) -> None:
    """The object is gone, its neighbour is not, also when the request is sent again, whatever it answers then."""
    store.write(path, b"to be deleted")
    store.write(f"{path}2", b"neighbour")
    request = store.reach(path, verb="delete")
    same(send(request)[0] // 100, 2, "class of the status")
    send(request)  # only the storage's own delete has to be idempotent: over HTTP, Azure answers 404
    absent(store, path)
    holds(store, f"{path}2", b"neighbour")


@verifies("reach.agrees_with_stat")
def test_a_signed_read_describes_the_object(store: Recorder, features: Features) -> None:
    """The headers of the answer tell what stat tells of objects, described or plain; a slice tells its place."""
    described = {
        "content_type": "text/x-described; charset=utf-8",
        "content_disposition": 'attachment; filename="a.txt"',
        "user_metadata": {"colour": "blue"},
    }
    taken: dict[str, Any] = {name: v for name, v in described.items() if name in features.pairs["write"]}
    content = Content(300, 1)
    store.write("described", content, **taken)
    store.write("plain", content)
    for path in ("described", "plain"):
        o = store.stat(path)
        request = store.reach(path)
        _, body, headers = exchange(request)
        same(body, content.data, f"content of {path!r}")
        known = {
            "Content-Length": None if o.content_length is None else str(o.content_length),
            "Content-Type": o.content_type,
            "Content-Disposition": o.content_disposition,
            "ETag": o.etag,
        }
        for name, value in known.items():
            if value is not None:
                same(headers[name], value, f"{name} in the answer, beside what stat tells of {path!r}")
        if o.last_modified is not None and headers["Last-Modified"] is not None:
            told = parsedate_to_datetime(headers["Last-Modified"])
            same(told, o.last_modified.replace(microsecond=0), f"Last-Modified in the answer, beside stat of {path!r}")
        values = sorted(o.user_metadata.values())
        same([v for v in values if v not in headers.values()], [], f"user_metadata of {path!r} not in the answer")
    _, _, headers = exchange(store.reach("sent", verb="write", size=content.size), content.data)
    etag = store.stat("sent").etag
    same(headers["ETag"] or etag, etag, "ETag in the answer to a signed write, beside what stat tells")
    if headers["ETag"]:
        quoted = re.fullmatch('(W/)?"[^"]*"', headers["ETag"]) is not None
        demand(quoted, "ETag in the answer", expected="an entity tag in quotes (RFC 9110)", observed=headers["ETag"])
    status, body, headers = exchange(store.reach("plain"), more={"Range": "bytes=100-199"})
    if status == PARTIAL:
        same((body, headers["Content-Range"]), (content.data[100:200], "bytes 100-199/300"), "the slice and its place")
    else:
        same(body, content.data, "what is answered to a range that is not served as one")


@verifies("reach.only_signed", needs=("read", "stat", "list"))
def test_an_altered_request_is_refused(store: Recorder) -> None:
    """With another path or another method the request is refused, and nothing is read, written or deleted."""
    store.write("allowed", b"signed")
    store.write("secret1", b"not signed")
    request = store.reach("allowed")
    with unchanged(store, "allowed", "secret1"):
        altered = request._replace(url=request.url.replace("allowed", "secret1", 1))
        if altered != request:  # a URL need not tell the path
            status, body = send(altered)
            same((status // 100 == 4, b"not signed" in body), (True, False), "whether refused, and whether read anyway")
        same(send(request, method="DELETE")[0] // 100, 4, "class of the status of DELETE with a signature for GET")
        same(send(request, b"altered", method="PUT")[0] // 100, 4, "class of the status of PUT with one for GET")


@verifies("reach.local", needs=("read", "stat", "list"))
@given(verb=st.sampled_from(("read", "write", "delete")))
def test_signing_changes_nothing(store: Recorder, verb: str) -> None:
    """A request that is signed and never sent has no effect, on an object or on nothing."""
    store.write("there", b"stays")
    with unchanged(store, "there", "missing"):
        for path in ("there", "missing"):
            request = store.reach(path, verb=verb, **({"size": 3} if verb == "write" else {}))
            same(request.url.startswith(("http://", "https://")), True, "whether the URL is one of HTTP")
