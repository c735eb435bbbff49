"""Swift: what its answers mean, what is sent for what it has not, and what an operator is told."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from conformance.adapters.connection import open_backend
from conformance.adapters.swift import client
from conformance.adapters.swift.client import LeadsNowhere, failure_for
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    MetadataUnrecognized,
    ObjectMode,
    ObjectNotExist,
    PairUnsupported,
    Part,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    Unexpected,
)

TOKEN = {"X-Storage-Url": "", "X-Auth-Token": "t"}
ETAG = "9dd4e461268c8034f5c8564e155c67a6"  # of b"x"


class Service:
    """Answers each request as ``say`` tells, and remembers what it was asked."""

    def __init__(self):
        self.say = {}
        self.asked = []

    def answer(self, method, path, headers, body):
        self.asked.append((method, path, headers, body))
        status, told, content = self.say.get(f"{method} {path}", (404, {}, b"<html>not found</html>"))
        return status, told, content

    def sent(self, method):
        return [asked for asked in self.asked if asked[0] == method]


@contextmanager
def listening(service):
    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = service.answer(self.command, self.path, self.headers, body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_COPY = answer  # noqa: N815 - as http.server calls them

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    for name in ("ST_AUTH", "ST_USER", "ST_KEY", "OS_STORAGE_URL", "OS_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    client._signed_in.cache_clear()


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def url(service):
    with listening(service) as url:
        yield url


@pytest.fixture
def connection(service, url, monkeypatch):
    monkeypatch.setenv("OS_STORAGE_URL", f"{url}/v1/A")
    monkeypatch.setenv("OS_AUTH_TOKEN", "t")
    return open_backend("swift://c/p?create=true")


@pytest.fixture
def store(connection):
    return connection.open("/w/")


def put(store, path, content=b"x", **pairs):
    return store.write(path, io.BytesIO(content), len(content), **pairs)


@pytest.mark.parametrize(
    ("status", "sentence", "kind"),
    [
        (304, "", PreconditionFailed),
        (401, "<html>", PermissionDenied),
        (403, "", PermissionDenied),
        (404, "", ObjectNotExist),
        (409, "Too many levels of symbolic links, maximum allowed is 2", LeadsNowhere),
        (409, "", LeadsNowhere),
        (409, "Etag mismatch", Unexpected),
        (412, "", PreconditionFailed),
        (412, "Invalid UTF8 or contains NULL", Unexpected),
        (400, "Object name length of 1025 longer than 1024", RestrictionDissatisfied),
        (400, "Metadata value longer than 256: x-object-meta-L", RestrictionDissatisfied),
        (413, "", RestrictionDissatisfied),
        (416, "", Unexpected),
        (422, "", Unexpected),
        (498, "", RequestThrottled),
        (503, "", ServiceInternal),
    ],
)
def test_an_answer_tells_the_error(status, sentence, kind):
    failure = failure_for(status, {}, sentence.encode())
    assert isinstance(failure, kind)
    assert failure.code == kind.code


def test_names_are_sent_as_they_are(store, service):
    service.say["PUT /v1/A/c/p/w/a%20%3F%23%2541%C3%A9//.."] = (201, {"Etag": ETAG}, b"")
    assert put(store, "a ?#%41é//..").object.etag == ETAG


def test_what_describes_an_object_is_headers(store, service):
    service.say["PUT /v1/A/c/p/w/a"] = (201, {}, b"")
    put(store, "a", content_type="text/x", user_metadata={"Colour": "grün"}, content_md5="ndTkYSaMgDT1yFZOFVxnpg==")
    headers = service.asked[-1][2]
    assert (headers["Content-Type"], headers["ETag"]) == ("text/x", ETAG)
    assert headers["X-Object-Meta-Colour"].encode("latin-1").decode() == "grün"
    for name, value in (("a b", "x"), ("a", "x\ny"), ("", "x")):
        with pytest.raises(MetadataUnrecognized):
            put(store, "a", user_metadata={name: value})
    with pytest.raises(Unexpected, match="is no base64"):
        put(store, "a", content_md5="?")
    with pytest.raises(PairUnsupported):
        put(store, "a", if_none_match=ETAG)


def test_an_object_is_told_by_its_headers(store, service):
    headers = {"Etag": ETAG, "Content-Length": "1", "X-Object-Meta-Colour": "blue"}
    service.say["HEAD /v1/A/c/p/w/a"] = (200, headers, b"")
    o = store.stat("a")
    assert (o.content_md5, o.user_metadata) == ("ndTkYSaMgDT1yFZOFVxnpg==", {"colour": "blue"})
    service.say["HEAD /v1/A/c/p/w/a"] = (200, {**headers, "X-Static-Large-Object": "True"}, b"")
    assert store.stat("a").content_md5 is None


def test_a_link_is_told_with_what_it_leads_to(store, service):
    followed = {"Etag": ETAG, "Content-Length": "1", "Content-Location": "/v1/A/c/p/w/t"}
    service.say["HEAD /v1/A/c/p/w/l"] = (200, followed, b"")
    service.say["HEAD /v1/A/c/p/w/l?symlink=get"] = (200, {"X-Symlink-Target": "c/p/w/t%20u"}, b"")
    o = store.stat("l")
    assert (str(o.mode), o.link_target, o.content_length) == ("read|link", "t u", 1)
    service.say["HEAD /v1/A/c/p/w/l"] = (404, {"Content-Location": "/v1/A/c/p/w/t"}, b"")
    o = store.stat("l")
    assert (o.mode, o.link_target) == (ObjectMode.LINK, "t u")


def test_a_range_that_is_another_one_is_refused(store, service):
    service.say["GET /v1/A/c/p/w/a"] = (206, {"Content-Range": "bytes 0-1/5"}, b"he")
    with pytest.raises(Unexpected, match="bytes from 2 were asked for"):
        store.read("a", io.BytesIO(), offset=2, size=2)
    assert store.read("a", io.BytesIO(), size=2).object.content_length == 5
    service.say["GET /v1/A/c/p/w/a"] = (416, {}, b"")
    assert store.read("a", io.BytesIO(), offset=9) == 0
    service.say["GET /v1/A/c/p/w/a"] = (200, {"Content-Length": "9"}, b"short")
    with pytest.raises(Unexpected, match="ended 4 bytes early"):
        store.read("a", io.BytesIO())


def test_an_empty_name_is_not_the_container(connection, service):
    with pytest.raises(Unexpected, match="an empty name"):
        open_backend("swift://c").open("/").delete("")
    assert service.asked == []


def test_a_copy_asks_for_conditions_of_the_source(store, service):
    service.say["COPY /v1/A/c/p/w/a?symlink=get"] = (201, {}, b"")
    store.copy("a", "b é", if_source_match="x", user_metadata={"k": "v"})
    headers = service.asked[-1][2]
    assert headers["Destination"] == "c/p/w/b%20%C3%A9"
    assert (headers["If-Match"], headers["X-Fresh-Metadata"]) == ("x", "true")


def test_a_bulk_deletion_tells_what_failed(store, service):
    told = {"Errors": [], "Response Status": "200 OK", "Number Not Found": 1}
    service.say["POST /v1/A?bulk-delete"] = (200, {}, json.dumps(told).encode())
    store.delete_many(["a", "b\n"])
    assert service.asked[-1][3] == b"/c/p/w/a\n/c/p/w/b%0A\n"
    told |= {"Errors": [["/c/p/w/a", "403 Forbidden"]], "Response Status": "400 Bad Request"}
    service.say["POST /v1/A?bulk-delete"] = (200, {}, json.dumps(told).encode())
    with pytest.raises(PermissionDenied):
        store.delete_many(["a"])
    count = len(service.asked)
    store.delete_many([])
    assert len(service.asked) == count


def test_parts_become_a_manifest_that_is_verified(store, service):
    upload = "/v1/A/c_segments/open/p/w/a/1"
    service.say[f"HEAD {upload}"] = (200, {"Content-Type": "text/x", "X-Object-Meta-K": "v"}, b"")
    service.say["PUT /v1/A/c/p/w/a?multipart-manifest=put"] = (201, {"Etag": '"e"'}, b"")
    listed = [{"name": f"parts/1/0000{n}", "bytes": 1, "hash": ETAG} for n in (0, 1)]
    listing = "GET /v1/A/c_segments?format=json&limit=7&prefix=parts%2F1%2F&marker="
    service.say[listing] = (200, {}, json.dumps(listed).encode())
    done = json.dumps({"Errors": [], "Response Status": "200 OK"}).encode()
    service.say["POST /v1/A?bulk-delete"] = (200, {}, done)
    o = store.create("a", multipart_id="1")
    assert list(store.list_multipart(o)) == [Part(0, 1, ETAG), Part(1, 1, ETAG)]
    assert store.complete_multipart(o, [Part(1, 1, ETAG)]).etag == '"e"'
    [(_, _, headers, body)] = service.sent("PUT")
    assert json.loads(body) == [{"path": "/c_segments/parts/1/00001", "etag": ETAG, "size_bytes": 1}]
    assert (headers["Content-Type"], headers["X-Object-Meta-K"]) == ("text/x", "v")
    assert service.sent("POST")[0][3] == b"/c_segments/open/p/w/a/1\n/c_segments/parts/1/00000\n"
    del service.say[f"HEAD {upload}"]
    store.delete("a", multipart_id="1")
    for call in (
        lambda: store.write_multipart(o, io.BytesIO(b"x"), 1, 0),
        lambda: store.complete_multipart(o, []),
        lambda: list(store.list_multipart(o)),
        lambda: store.stat("a", multipart_id="1"),
    ):
        with pytest.raises(ObjectNotExist):
            call()
    with pytest.raises(RestrictionDissatisfied):
        store.write_multipart(o, io.BytesIO(b"x"), 1, 1000)


def test_listings(store, service):
    def page(prefix, marker, *entries, delimiter=""):
        query = f"format=json&limit=2&prefix={prefix}&marker={marker}{delimiter}"
        service.say[f"GET /v1/A/c?{query}"] = (200, {}, json.dumps(entries).encode())

    def entry(name, **more):
        at = "2026-01-02T03:04:05.678900"
        return {"name": name, "bytes": 1, "hash": "h", "content_type": "t", "last_modified": at, **more}

    slashed = "&delimiter=%2F"
    page("p%2Fw%2F", "", {"subdir": "p/w/d/"}, entry("p/w/e"), delimiter=slashed)
    page("p%2Fw%2F", "p%2Fw%2Fe", entry("p/w/l", symlink_path="/v1/A/c/p/w/t"), delimiter=slashed)
    found = list(store.list("", list_mode=ListMode.DIR, page_size=2))
    assert [(o.path, str(o.mode), o.link_target) for o in found] == [
        ("d", "dir", None),
        ("e", "read", None),
        ("l", "link", "t"),
    ]
    page("p%2Fw%2Fx", "", entry("p/w/x", slo_etag='"s"'), entry("p/w/x"))
    page("p%2Fw%2Fx", "p%2Fw%2Fx", entry("p/w/x"), entry("p/w/x"))
    with pytest.raises(Unexpected, match="goes in circles"):
        list(store.list("x", page_size=2))


def test_signed_requests_hold_what_tempurl_wants(store, service, url):
    service.say["HEAD /v1/A/c"] = (204, {"X-Container-Meta-Temp-URL-Key": "k"}, b"")
    request = store.reach("é", verb="write", size=3)
    parts = urlsplit(request.url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    signed = f"PUT\n{query['temp_url_expires']}\n/v1/A/c/p/w/é"
    assert hmac.new(b"k", signed.encode(), hashlib.sha256).hexdigest() == query["temp_url_sig"]
    assert (request.method, parts.path, request.headers) == ("PUT", "/v1/A/c/p/w/%C3%A9", {"Content-Length": "3"})
    with pytest.raises(RestrictionDissatisfied):
        store.reach("a", verb="create_multipart")
    with pytest.raises(PermissionDenied):
        store.read_only().reach("a", verb="write")
    service.say["HEAD /v1/A/c"] = (204, {}, b"")
    with pytest.raises(Unexpected, match="has no X-Container-Meta-Temp-URL-Key"):
        store.reach("a")


# what an operator is told


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("swift://", "write swift://container/prefix?auth=URL"),
        ("swift:c", "write swift://container/prefix?auth=URL"),
        ("swift://c?auth=here", "is no URL"),
        ("swift://c?creat=true", "did you mean create?"),
    ],
)
def test_a_wrong_connection_string_is_told_so(spec, text):
    with pytest.raises(ConnectionStringInvalid) as caught:
        open_backend(spec)
    assert text in caught.value.message


def test_credentials_that_miss_or_are_refused(service, url, monkeypatch):
    with pytest.raises(ConnectionStringInvalid, match="no account: add auth=URL"):
        open_backend("swift://c").prepare()
    connection = open_backend(f"swift://c?auth={url}/auth/v1.0")
    with pytest.raises(ConnectionStringInvalid, match="set ST_USER and ST_KEY"):
        connection.prepare()
    monkeypatch.setenv("ST_USER", "u")
    monkeypatch.setenv("ST_KEY", "k")
    with pytest.raises(ConnectionStringInvalid, match="gives no token: it answers with HTTP 404"):
        connection.prepare()
    service.say["GET /auth/v1.0"] = (401, {}, b"")
    with pytest.raises(PermissionDenied, match="does not know the user 'u'"):
        connection.prepare()
    service.say["GET /auth/v1.0"] = (200, TOKEN | {"X-Storage-Url": f"{url}/v1/A"}, b"")
    with pytest.raises(ConnectionStringInvalid, match="there is no container c: make it, or add create=true"):
        connection.prepare()
    assert service.asked[-1][2]["X-Auth-Token"] == "t"
    service.say["HEAD /v1/A/c"] = (403, {}, b"")
    with pytest.raises(PermissionDenied, match="may not use the container c"):
        connection.prepare()


def test_nobody_at_the_address(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OS_STORAGE_URL", f"http://127.0.0.1:{taken.getsockname()[1]}/v1/A")
        monkeypatch.setenv("OS_AUTH_TOKEN", "t")
        with pytest.raises(ConnectionStringInvalid, match="cannot be reached, is the server running"):
            open_backend("swift://c").prepare()


def test_only_what_was_made_is_removed(connection, service):
    service.say |= {f"{method} /v1/A/c_segments": (201, {}, b"") for method in ("PUT", "DELETE")}
    service.say["HEAD /v1/A/c"] = (204, {}, b"")
    listing = "GET /v1/A/c_segments?format=json&limit=1000&prefix=&marker="
    service.say[listing] = (200, {}, json.dumps([{"name": "parts/1/00000"}]).encode())
    connection.prepare()
    connection.remove_root()
    assert [path for _, path, *_ in service.sent("PUT")] == ["/v1/A/c_segments"]
    assert [path for _, path, *_ in service.sent("DELETE")] == ["/v1/A/c_segments/parts/1/00000", "/v1/A/c_segments"]
    connection.remove_root()
    assert len(service.sent("DELETE")) == 2
    service.say["GET /info"] = (200, {}, b'{"swift": {"version": "2.38.3"}}')
    assert connection.version() == "Swift 2.38.3"
