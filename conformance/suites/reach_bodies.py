"""Reach: bodies of signed writes that come slowly, break off, or overlap with other writes (GSP-134, GSP-729).

A race is made here, not met: the second half of a body is held back until something else has happened.
"""

from __future__ import annotations

import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from conformance.engine.conditions import takes
from conformance.engine.evidence import unchanged
from conformance.engine.expect import demand, either, holds, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, HTTPRequest
from conformance.storage.calls import describe
from conformance.suites.reach import SECONDS, exchange, send

OLD, NEW, OTHER = Content(300, 1), Content(200_077, 2), Content(100_033, 3)
"""What is there, what comes slowly (more than the buffers of most servers), and what comes meanwhile."""
REFUSED, CONFLICT = 4, (409, 412)
NOTHING_THERE = {"If-None-Match": "*"}
TYPE = "text/x-sent; charset=utf-8"


class Slow:
    """The body of a signed write of which all but the rest was sent."""

    def __init__(self, connection: HTTPConnection, rest: bytes) -> None:
        self._connection, self._rest = connection, rest

    def release(self) -> None:
        """Send the rest, without waiting for the answer."""
        with suppress(OSError):  # who refuses need not read the rest first
            self._connection.send(self._rest)

    def finish(self) -> int:
        """Send the rest and return the status of the answer."""
        self.release()
        return self.answer()

    def break_off(self) -> None:
        """Tell the server that nothing more comes, and wait until it has answered or hung up."""
        self._connection.sock.shutdown(socket.SHUT_WR)
        self.answer()

    def answer(self) -> int:
        """Return the status of the answer, or 0 where the server has hung up without one."""
        try:
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, HTTPException):
            return 0
        return answer.status


@contextmanager
def slowly(
    request: HTTPRequest, content: Content, more: dict[str, str] | None = None, *, rest: int | None = None
) -> Generator[Slow]:
    """Begin to send a signed write, with ``more`` headers that nobody signed, but for half or ``rest`` of its bytes."""
    url = urlsplit(request.url)
    connection = (HTTPSConnection if url.scheme == "https" else HTTPConnection)(url.netloc, timeout=SECONDS)
    headers = {"Content-Length": str(content.size), **request.headers, **(more or {})}
    begun = content.size - (content.size // 2 if rest is None else rest)
    try:
        connection.putrequest(request.method, f"{url.path}?{url.query}", skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(content.data[:begun])
        yield Slow(connection, content.data[begun:])
    finally:
        connection.close()


def written(store: Recorder, path: str, content: Content) -> HTTPRequest:
    """Return the signed write of a content."""
    return store.reach(path, verb="write", size=content.size)


@verifies("reach.write_whole", needs=("stat", "list"))
def test_a_body_on_its_way_is_not_seen(store: Recorder, again: Recorder) -> None:
    """Halfway an object is still the former one for every client, and a new one not yet there; then both are whole."""
    store.write("old", OLD)
    with ExitStack() as on_their_way:
        with unchanged(again, "old", "new"):
            bodies = [on_their_way.enter_context(slowly(written(store, path, NEW), NEW)) for path in ("old", "new")]
        same([body.finish() // 100 for body in bodies], [2, 2], "classes of the statuses")
    for path in ("old", "new"):
        holds(again, path, NEW)


@verifies("reach.write_whole", needs=("stat", "list"))
def test_a_body_that_breaks_off_changes_nothing(store: Recorder) -> None:
    """With half of their bodies signed writes neither replace an object nor make one."""
    store.write("old", OLD)
    with unchanged(store, "old", "new"):
        for path in ("old", "new"):
            with slowly(written(store, path, NEW), NEW) as slow:
                slow.break_off()


@verifies("reach.write_whole", needs=("stat",))
def test_of_two_that_overlap_one_remains_whole(store: Recorder, again: Recorder) -> None:
    """A write that takes place while a body is on its way leaves one of both contents for everybody."""
    store.write("a", OLD)
    with slowly(written(store, "a", NEW), NEW) as slow:
        again.write("a", OTHER)
        holds(again, "a", OTHER)
        slow.finish()
    data = store.read("a")
    whole = next((content for content in (NEW, OTHER) if content.data == data), None)
    demand(whole is not None, "content after two writes", expected="one of both whole", observed=describe(data))
    if whole is not None:
        holds(again, "a", whole)


@verifies("reach.write_once", needs=("stat",), **takes("write", "if_none_match"))
def test_of_two_that_want_nothing_there_one_succeeds(store: Recorder, again: Recorder) -> None:
    """Of writes that overlap, all on the condition that nothing is there, one succeeds, and the others are refused.

    First one is begun before another and ended after it, then three are ended at one moment.
    """
    store.write("there", OLD)
    status, _, _ = exchange(written(store, "there", OTHER), OTHER.data, more=NOTHING_THERE)
    if status in CONFLICT:  # elsewhere a signed write takes no condition
        with slowly(written(store, "a", NEW), NEW, NOTHING_THERE) as slow:
            succeeded: list[Content] = []
            with either():
                again.write("a", OTHER, if_none_match="*")
                succeeded.append(OTHER)
            if slow.finish() // 100 == 2:
                succeeded.append(NEW)
        same(len(succeeded), 1, "how many of two succeeded that both want nothing to be there")
        holds(again, "a", succeeded[0])
        contents = [Content(OTHER.size, salt) for salt in (4, 5, 6)]
        with ExitStack() as on_their_way:
            bodies = [
                on_their_way.enter_context(slowly(written(store, "b", content), content, NOTHING_THERE, rest=1))
                for content in contents
            ]
            for body in bodies:
                body.release()
            statuses = [body.answer() // 100 for body in bodies]
        same(statuses.count(2), 1, "how many of three succeeded, of which the last byte came at one moment")
        holds(again, "b", contents[statuses.index(2)])


@verifies("reach.write_type", needs=("stat",), **takes("write", "content_type"))
def test_a_type_sent_along_is_that_of_the_object(store: Recorder) -> None:
    """In place of an object with another type, one that is sent with a type has this, if the request is let in."""
    before: dict[str, Any] = {"content_type": "text/x-before"}
    store.write("a", OLD, **before)
    status, _, _ = exchange(written(store, "a", OTHER), OTHER.data, more={"Content-Type": TYPE})
    demand(status // 100 in (2, REFUSED), "status", expected="success, or a refusal", observed=str(status))
    content, told = (OTHER, TYPE) if status // 100 == 2 else (OLD, before["content_type"])
    same(store.read("a"), content.data, f"content after status {status}")
    same(store.stat("a").content_type, told, f"content_type after status {status}")


@verifies("reach.unsigned", needs=("read", "stat", "list"))
def test_without_its_signature_a_request_is_refused(store: Recorder) -> None:
    """An address without its parameters, which hold the signature, neither delivers, replaces nor deletes an object."""
    store.write("a", OLD)
    read, write = store.reach("a"), written(store, "a", OTHER)
    with unchanged(store, "a"):
        for request, body in ((read, None), (write, OTHER.data), (read._replace(method="DELETE"), None)):
            bare = request._replace(url=request.url.partition("?")[0])
            if bare.url != request.url:  # a signature need not be among the parameters
                status, answered = send(bare, body)
                told = (status // 100, OLD.data in answered)
                same(
                    told, (REFUSED, False), f"class of the status, and whether bytes came, of an unsigned {bare.method}"
                )
