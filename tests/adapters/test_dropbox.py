"""Dropbox: what the adapter makes of the answers of the API, given by the simulator; and the real one, with a token."""

from __future__ import annotations

import io
import os
import threading
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from backends.dropbox_simulator.refusals import Throttled
from backends.dropbox_simulator.server import Simulator
from conformance.adapters.connection import open_backend
from conformance.adapters.dropbox import storage as dropbox_storage
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    RestrictionDissatisfied,
    StorageError,
    Unexpected,
)

pytest.importorskip("dropbox")

VARIABLE = "DROPBOX_ACCESS_TOKEN"
GIVEN = os.environ.get(VARIABLE)


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def simulator(monkeypatch):
    monkeypatch.setenv(VARIABLE, "simulated")
    with serving(Simulator(0, "simulated")) as server:
        yield server


@pytest.fixture
def connection(simulator):
    connection = open_backend(f"dropbox:///base?endpoint={simulator.url}&create=true&page_size=2")
    connection.prepare()
    return connection


@pytest.fixture
def store(connection):
    return connection.open("/Work/")


def put(store, path, content=b"x", **pairs):
    return store.write(path, io.BytesIO(content), len(content), **pairs)


def get(store, path, **pairs):
    w = io.BytesIO()
    assert store.read(path, w, **pairs) == len(w.getvalue())
    return w.getvalue()


def append(store, o, content):
    return store.write_append(o, io.BytesIO(content), len(content))


def names(store, path="", **pairs):
    return [(o.path, str(o.mode)) for o in store.list(path, **pairs)]


# objects


def test_a_file_is_told_with_its_revision(store):
    told = put(store, "d/A b", b"content")
    o = store.stat("d/A b")
    assert (o.path, o.id, o.mode, o.content_length) == ("d/A b", "/base/Work/d/A b", ObjectMode.READ, 7)
    assert o.etag == f'"{o.system_metadata["rev"]}"'
    assert told.object == o == next(iter(store.list("d")))
    w = io.BytesIO()
    assert store.read("d/A b", w, offset=2, size=3).object == o
    assert (w.getvalue(), str(store.stat("d").mode)) == (b"nte", "dir")


@pytest.mark.parametrize(
    ("offset", "size", "expected"),
    [
        (None, None, b"hello"),
        (1, 2, b"el"),
        (3, 20, b"lo"),
        (None, 2, b"he"),
        (5, None, b""),
        (50, 3, b""),
        (2, 0, b""),
    ],
)
def test_ranges(store, offset, size, expected):
    put(store, "a", b"hello")
    put(store, "empty", b"")
    assert get(store, "a", offset=offset, size=size) == expected
    assert get(store, "empty", offset=offset, size=size) == b""
    with pytest.raises(ObjectNotExist):
        get(store, "missing", offset=offset, size=size)
    with pytest.raises(ObjectModeInvalid):
        get(store, "", offset=offset, size=size)


def test_revisions_are_conditions(store):
    first = put(store, "a", b"one", if_none_match="*").object.etag
    for refused in (
        lambda: put(store, "a", b"one", if_none_match="*"),
        lambda: get(store, "a", if_none_match=first),
        lambda: get(store, "a", if_none_match=first, size=0),
        lambda: put(store, "a", b"two", if_match='"0123456789"'),
        lambda: put(store, "a", b"two", if_match='"no revision"'),
        lambda: put(store, "missing", b"two", if_match=first),
        lambda: store.delete("a", if_match='"0123456789"'),
        lambda: store.copy("a", "a", if_none_match="*"),
    ):
        with pytest.raises(PreconditionFailed):
            refused()
    assert get(store, "a", if_none_match='"0123456789"') == b"one"
    second = put(store, "a", b"two", if_match=first).object.etag
    for pairs in ({"if_match": "*"}, {"if_none_match": second}):
        with pytest.raises(PairUnsupported):
            put(store, "a", b"three", **pairs)
    store.delete("a", if_match=second)
    assert list(store.list("")) == []


def test_folders_are_no_files(store):
    put(store, "d/a")
    for call in (
        lambda: put(store, "d"),
        lambda: put(store, "d/a/b"),
        lambda: get(store, "d"),
        lambda: store.create_dir("d/a"),
        lambda: store.create_dir("d/a/b"),
        lambda: store.copy("d/a", "d"),
        lambda: store.stat("d", object_mode=ObjectMode.READ),
        lambda: store.delete("d", object_mode=ObjectMode.READ),
        lambda: store.delete(""),
        lambda: list(store.list("d/a")),
    ):
        with pytest.raises(ObjectModeInvalid):
            call()
    assert str(store.create_dir("d").mode) == "dir"
    assert names(store, "d") == [("d/a", "read")]


def test_listings(store):
    for path in ("d/1", "d/2", "d/3", "d/sub/x", "dd", "Key"):
        put(store, path)
    assert names(store) == [("d", "dir"), ("dd", "read"), ("Key", "read")]
    inside = [("d/1", "read"), ("d/2", "read"), ("d/3", "read"), ("d/sub", "dir")]
    assert names(store, "d") == names(store, "d/", list_mode=ListMode.DIR, page_size=1) == inside
    assert names(store, "d", list_mode=ListMode.PREFIX)[-2:] == [("d/sub/x", "read"), ("dd", "read")]
    assert names(store, "d/s", list_mode=ListMode.PREFIX) == [("d/sub/x", "read")]
    assert names(store, "missing") == names(store, "missing/", list_mode=ListMode.PREFIX) == []
    with pytest.raises(ListModeInvalid):
        store.list("", list_mode=ListMode.PART)


def test_what_is_deleted_under_way_is_not_listed(store):
    for path in "abcd":
        put(store, path)
    listing = store.list("", page_size=1)
    assert next(listing).path == "a"
    store.delete("a")
    assert [o.path for o in listing] == ["b", "c", "d"]


# replacing


def test_copy_and_move_replace_what_is_there(store):
    put(store, "a", b"new")
    put(store, "b", b"old")
    put(store, "c", b"older")
    assert store.copy("a", "b").etag == store.stat("b").etag
    store.move("a", "c")
    assert (get(store, "b"), get(store, "c"), [o.path for o in store.list("")]) == (b"new", b"new", ["b", "c"])
    with pytest.raises(ObjectNotExist):
        store.copy("missing", "b")
    with pytest.raises(ObjectNotExist):
        store.move("missing", "b")
    assert get(store, "b") == b"new"


def test_a_file_that_is_in_its_own_way_stays(store):
    etag = put(store, "a", b"content").object.etag
    assert store.copy("a", "a").etag == store.move("a", "A").etag == etag
    assert get(store, "a") == b"content"


def test_a_folder_does_not_replace_a_file(store):
    put(store, "d/x")
    put(store, "a", b"old")
    with pytest.raises(ObjectModeInvalid):
        store.copy("d", "a")
    assert get(store, "a") == b"old"


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "7")
        self.end_headers()
        self.wfile.write(b"fetched")

    def log_message(self, *_):
        pass


def test_a_fetched_file_is_moved_into_place(store, monkeypatch):
    put(store, "a", b"old")
    put(store, "d/x")
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Page)) as source:
        url = f"http://127.0.0.1:{source.server_port}"
        store.fetch("a", f"{url}/")
        store.fetch("new/b", f"{url}/")
        for path, page, error in (("a", "broken", Unexpected), ("d", "", ObjectModeInvalid)):
            with pytest.raises(error):
                store.fetch(path, f"{url}/{page}")
        monkeypatch.setattr(dropbox_storage, "FETCH_SECONDS", 0.0)
        with pytest.raises(Unexpected, match="did not fetch it within 0 seconds"):
            store.fetch("slow", f"{url}/")
    assert (get(store, "a"), get(store, "new/b")) == (b"fetched", b"fetched")
    assert {o.path for o in store.list("")} - {"slow"} == {"a", "d", "new"}


# append


def test_an_append_object_is_a_session(connection, store):
    put(store, "a", b"old")
    o, other = store.create_append("a"), connection.open("/Work/")
    assert (str(o.mode), o.append_offset) == ("append", 0)
    assert [append(s, o, content) for s, content in ((store, b"1"), (other, b"22"), (store, b""), (store, b"3"))] == [
        1,
        2,
        0,
        1,
    ]
    assert get(store, "a") == b"old"
    other.commit_append(o)
    assert (get(store, "a"), str(store.stat("a").mode)) == (b"1223", "read")
    for call in (lambda: append(store, o, b"late"), lambda: store.commit_append(o)):
        with pytest.raises(ObjectNotExist):
            call()
    with pytest.raises(Unexpected, match="of no upload session"):
        append(store, Object(path="a", mode=ObjectMode.APPEND), b"x")
    o = store.create_append("d")
    put(store, "d/x")
    with pytest.raises(ObjectModeInvalid):
        store.commit_append(o)


# links, limits, errors


def send(request, body=None):
    message = urllib.request.Request(request.url, body, dict(request.headers), method=request.method)
    with urllib.request.urlopen(message, timeout=30) as answer:
        return answer.read()


def test_links(store):
    put(store, "a", b"content")
    assert send(store.reach("a")) == b"content"
    assert send(store.reach("a", verb="stat")) == b""
    send(store.reach("b", verb="write", size=3), b"new")
    assert get(store, "b") == b"new"
    with pytest.raises(ObjectNotExist):
        store.reach("missing")
    with pytest.raises(RestrictionDissatisfied):
        store.reach("a", verb="delete")
    reader = store.read_only()
    with pytest.raises(PermissionDenied):
        reader.reach("a", verb="write")
    with pytest.raises(PermissionDenied):
        put(reader, "a")
    reader.close()
    with pytest.raises(Unexpected, match="closed"):
        get(reader, "a")


def test_limits_are_looked_at_before_anything_is_sent(store):
    for call in (store.write, lambda path, r, size: store.write_append(store.create_append(path), r, size)):
        with pytest.raises(RestrictionDissatisfied):
            call("a", io.BytesIO(b""), 150 * 1024**2 + 1)


def test_throttling_is_told_and_not_waited_for(simulator, store):
    simulator.throttled.append(Throttled("too_many_requests", 60))
    with pytest.raises(RequestThrottled):
        put(store, "a")
    assert list(store.list("")) == []


def test_a_cursor_that_is_given_up_is_told(simulator, store):
    for path in "abc":
        put(store, path)
    listing = store.list("", page_size=1)
    next(listing)
    simulator.account.listings.reset()
    with pytest.raises(Unexpected, match="reset"):
        list(listing)


@pytest.mark.parametrize("path", ["a/", "a//b", "..", "a\\b", "a ", "\x7f", "\ud800", "x" * 256])
def test_malformed_paths_are_refused(store, path):
    for call in (lambda: put(store, path), lambda: store.stat(path), lambda: get(store, path)):
        with pytest.raises(Unexpected):
            call()


# connections


def test_the_folder_is_made_and_removed_again(simulator):
    spec = f"dropbox:///some/folder?endpoint={simulator.url}"
    with pytest.raises(ConnectionStringInvalid, match=r"there is no folder /some/folder at http:.*add create=true"):
        open_backend(spec).prepare()
    made = open_backend(f"{spec}&create=true")
    made.prepare()
    assert made.is_empty()
    open_backend(spec).remove_root()
    put(made.open("/w/"), "a")
    with pytest.raises(Unexpected, match="is not empty"):
        made.remove_root()
    made.open("/").delete("w")
    made.remove_root()
    with pytest.raises(StorageError):
        made.is_empty()


def test_a_simulator_is_called_one(connection, simulator):
    assert connection.describe == f"the folder /base of a simulator of Dropbox at {simulator.url}, not Dropbox itself"
    assert connection.version().startswith("Dropbox simulator, not Dropbox, SDK ")
    assert open_backend("dropbox:///").describe == "the folder / of Dropbox"


def test_fetch_is_declared_where_the_service_can_reach_us(connection, monkeypatch):
    monkeypatch.setenv(VARIABLE, "never sent")
    assert "fetch" in connection.open("/w/").features().operations
    real = open_backend("dropbox:///x").open("/w/")
    assert "fetch" not in real.features().operations
    with pytest.raises(StorageError, match="does not have it"):
        real.fetch("a", "http://127.0.0.1/")


def test_mistakes_are_told_in_a_sentence(simulator, monkeypatch):
    for spec in (
        "dropbox:base",
        "dropbox://base",
        "dropbox:///a#b",
        "dropbox:///a?endpoint=x",
        "dropbox:///a?nonsense=1",
    ):
        with pytest.raises(ConnectionStringInvalid):
            open_backend(spec)
    spec = f"dropbox:///base?endpoint={simulator.url}"
    monkeypatch.setenv(VARIABLE, "wrong")
    with pytest.raises(PermissionDenied, match="the token in DROPBOX_ACCESS_TOKEN may not use http"):
        open_backend(spec).prepare()
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ConnectionStringInvalid, match=r"no credentials for http.*: set DROPBOX_ACCESS_TOKEN"):
        open_backend(spec).prepare()
    monkeypatch.setenv(VARIABLE, "x")
    port = urlsplit(simulator.url).port
    simulator.server_close()
    with pytest.raises(ConnectionStringInvalid, match=f"http://127.0.0.1:{port} cannot be reached"):
        open_backend(spec).prepare()


@pytest.mark.skipif(GIVEN is None, reason=f"{VARIABLE} is not set: Dropbox itself is not asked")
def test_the_real_service():
    connection = open_backend("dropbox:///storage-conformance-test?create=true")
    connection.prepare()
    try:
        assert connection.is_empty()
        store = connection.open("/w/")
        put(store, "a", b"one")
        put(store, "b", b"two")
        store.copy("a", "b")
        assert get(store, "b", offset=1) == b"ne"
        o = store.create_append("c")
        append(store, o, b"1")
        append(store, o, b"2")
        store.commit_append(o)
        assert (get(store, "c"), [o.path for o in store.list("")]) == (b"12", ["a", "b", "c"])
        connection.open("/").delete("w")
    finally:
        connection.remove_root()
