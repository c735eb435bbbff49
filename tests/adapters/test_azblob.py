"""Azure: what is sent to the service and made of its answers, against a server that says what the test tells it to."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conformance.adapters.azblob import client as azblob_client
from conformance.adapters.azblob.client import Account, ContainerLocation, account_of, client_for
from conformance.adapters.azblob.storage import AzBlob
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)

pytest.importorskip("azure.storage.blob")

KEY = "a2V5"
ETAG = '"0x1"'
HEADERS = {
    "ETag": ETAG,
    "Last-Modified": "Sat, 21 Nov 2026 16:00:00 GMT",
    "x-ms-blob-type": "BlockBlob",
    "Content-Type": "text/x",
}
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ServiceEndpoint="http://127.0.0.1/" ContainerName="c">
<Prefix>w/</Prefix><MaxResults>2</MaxResults><Blobs>{blobs}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"""
BLOB = """<Blob><Name>{name}</Name><Properties><Last-Modified>Sat, 21 Nov 2026 16:00:00 GMT</Last-Modified>
<Etag>0x1</Etag><Content-Length>1</Content-Length><Content-Type>text/x</Content-Type>
<BlobType>BlockBlob</BlobType></Properties></Blob>"""


class Script(BaseHTTPRequestHandler):
    """Answers each request with the next line of the server's script and writes down what was asked."""

    protocol_version = "HTTP/1.1"

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, self.headers, body))
        status, headers, answer = self.server.answers.pop(0)
        self.send_response_only(status)
        for name, value in ({"Content-Length": str(len(answer))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_one  # noqa: N815 - the names that the base calls

    def log_message(self, *_):
        pass


@contextmanager
def serving():
    with ThreadingHTTPServer(("127.0.0.1", 0), Script) as server:
        server.daemon_threads = True
        server.asked, server.answers = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "acc")
    monkeypatch.setenv("AZURE_STORAGE_KEY", KEY)
    with serving() as server:
        endpoint = f"http://127.0.0.1:{server.server_port}/acc"
        yield AzBlob(ContainerLocation(container="c", endpoint=endpoint, timeout=30), "/w/"), server


def refusal(status, code):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>why</Message></Error>".encode() if code else b""
    return status, {"x-ms-error-code": code, "Content-Type": "application/xml"} if code else {}, body


def get(store, path, **pairs):
    w = io.BytesIO()
    assert store.read(path, w, **pairs) == len(w.getvalue())
    return w.getvalue()


# what is sent


def test_an_object_is_written_in_one_request(scripted):
    store, server = scripted
    server.answers.append((201, HEADERS, b""))
    told = store.write(
        "a b/é", io.BytesIO(b"abc"), 3, content_md5="kAFQmDzST7DWlj99KOF/cg==", user_metadata={"k": "v"}, if_match=ETAG
    )
    assert (told, told.object.etag, told.object.id) == (3, ETAG, "w/a b/é")
    ((method, path, headers, body),) = server.asked
    assert (method, path.partition("?")[0], body) == ("PUT", "/acc/c/w/a%20b/%C3%A9", b"abc")
    sent = {name.lower(): value for name, value in headers.items()}
    assert (
        sent.items()
        >= {
            "x-ms-blob-type": "BlockBlob",
            "content-md5": "kAFQmDzST7DWlj99KOF/cg==",
            "x-ms-meta-k": "v",
            "if-match": ETAG,
        }.items()
    )
    assert sent["authorization"].startswith("SharedKey acc:")


def test_all_conditions_are_sent(scripted):
    store, server = scripted
    server.answers.append((200, {**HEADERS, "Content-Length": "3"}, b""))
    store.stat(
        "a",
        if_match=ETAG,
        if_none_match='"0x2"',
        if_modified_since=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        if_unmodified_since=datetime.fromisoformat("2026-01-02T05:04:05+02:00"),
    )
    ((_, _, headers, _),) = server.asked
    names = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
    time = "Fri, 02 Jan 2026 03:04:05 GMT"
    assert [headers[name] for name in names] == [ETAG, '"0x2"', time, time]


@pytest.mark.parametrize("reader", [io.BytesIO(b"abc"), None])
def test_a_write_without_enough_bytes_sends_nothing(scripted, reader):
    store, server = scripted
    with pytest.raises(StorageError):
        store.write("a", reader, 4)
    assert server.asked == []


def test_what_cannot_be_sent_is_refused_before_sending(scripted):
    store, server = scripted
    pages, blocks, appends = (
        store.create("a", object_mode=mode) for mode in (ObjectMode.PAGE, ObjectMode.BLOCK, ObjectMode.APPEND)
    )
    mib = 1024**2
    for call in (
        lambda: store.write("a", io.BytesIO(), 5000 * mib + 1),
        lambda: store.write_append(appends, io.BytesIO(), 100 * mib + 1),
        lambda: store.write_block(blocks, io.BytesIO(), 4000 * mib + 1, "b"),
        lambda: store.write_block(blocks, io.BytesIO(b"x"), 1, "x" * 65),
        lambda: store.write_page(pages, io.BytesIO(), 4 * mib + 512, 0),
        lambda: store.write_page(pages, io.BytesIO(b"x"), 1, 0),
        lambda: store.reach("a", verb="append"),
    ):
        with pytest.raises(RestrictionDissatisfied):
            call()
    for path in ("..", "a/../../other", "./a"):
        with pytest.raises(Unexpected, match="dots"):
            store.stat(path)
    store.create_block("a")
    store.commit_append(appends)
    store.delete("a", object_mode=ObjectMode.DIR)
    assert server.asked == []


def test_page_objects_grow_only_as_they_were_seen(scripted):
    store, server = scripted
    page = {**HEADERS, "x-ms-blob-type": "PageBlob", "Content-Length": "512"}
    server.answers += [(200, page, b""), refusal(412, "ConditionNotMet")]
    with pytest.raises(PreconditionFailed):
        store.write_page(store.create("a", object_mode=ObjectMode.PAGE), io.BytesIO(b"x" * 512), 512, 1024)
    (_, resize) = server.asked
    assert (resize[2]["x-ms-blob-content-length"], resize[2]["If-Match"]) == ("1536", ETAG)


def test_signed_requests(scripted):
    store, server = scripted
    request = store.reach("a b", expire=60)
    assert (request.method, request.headers) == ("GET", {})
    assert request.url.startswith(f"http://127.0.0.1:{server.server_port}/acc/c/w/a%20b?")
    assert "sp=r&" in request.url
    assert KEY not in request.url
    written = store.reach("a", verb="write", size=3)
    assert (written.method, written.headers) == ("PUT", {"x-ms-blob-type": "BlockBlob", "Content-Length": "3"})
    assert [store.reach("a", verb=verb).method for verb in ("stat", "delete")] == ["HEAD", "DELETE"]
    assert server.asked == []


# what is answered


def test_a_range_is_passed_on(scripted):
    store, server = scripted
    server.answers.append((206, {**HEADERS, "Content-Range": "bytes 1-2/5"}, b"bc"))
    w = io.BytesIO()
    told = store.read("a", w, offset=1, size=2)
    assert (told, w.getvalue(), told.object.content_length, told.object.etag) == (2, b"bc", 5, ETAG)
    assert server.asked[0][2]["x-ms-range"] == "bytes=1-2"


def test_a_body_that_is_said_to_be_another_range_is_refused(scripted):
    store, server = scripted
    server.answers.append((206, {**HEADERS, "Content-Range": "bytes 0-1/5"}, b"ab"))
    with pytest.raises(Unexpected, match="0-1/5"):
        get(store, "a", offset=1, size=2)
    assert len(server.asked) == 1


def test_a_body_that_breaks_off_is_not_asked_for_again(scripted):
    store, server = scripted
    broken = {**HEADERS, "Content-Range": "bytes 0-4/5", "Content-Length": "5", "Connection": "close"}
    whole = {**HEADERS, "Content-Range": "bytes 0-4/5"}
    server.answers += [(206, broken, b"ab"), (206, whole, b"abcde")]
    with pytest.raises(Unexpected, match="broke off"):
        get(store, "a")
    assert len(server.asked) == 1


def test_pages_follow_each_other(scripted):
    store, server = scripted
    for marker, blobs in (("next", ("w/a", "w/b")), ("", ("w/c",))):
        listed = PAGE.format(blobs="".join(BLOB.format(name=name) for name in blobs), marker=marker)
        server.answers.append((200, {"Content-Type": "application/xml"}, listed.encode()))
    listing = store.list("", page_size=2)
    assert (next(listing).path, len(server.asked)) == ("a", 1)
    assert [(o.path, o.etag) for o in listing] == [("b", ETAG), ("c", ETAG)]
    assert ["maxresults=2" in path for _, path, _, _ in server.asked] == [True, True]
    assert "marker=next" in server.asked[1][1]


def test_a_service_that_goes_in_circles_is_left(scripted):
    store, server = scripted
    listed = PAGE.format(blobs=BLOB.format(name="w/a"), marker="again").encode()
    server.answers += [(200, {"Content-Type": "application/xml"}, listed)] * 3
    with pytest.raises(Unexpected, match="circles"):
        list(store.list(""))


def test_a_copy_that_takes_its_time_is_waited_for(scripted):
    store, server = scripted
    copying = {"x-ms-copy-id": "1", "ETag": ETAG}
    server.answers += [
        (202, {**copying, "x-ms-copy-status": "pending"}, b""),
        (200, {**HEADERS, **copying, "x-ms-copy-status": "pending", "Content-Length": "1"}, b""),
        (200, {**HEADERS, **copying, "x-ms-copy-status": "success", "Content-Length": "1"}, b""),
    ]
    assert store.copy("a", "b").etag == ETAG
    server.answers.append((202, {**copying, "x-ms-copy-status": "failed"}, b""))
    with pytest.raises(Unexpected, match="the copy is failed"):
        store.copy("a", "b")


# errors


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "BlobNotFound", ObjectNotExist),
        (404, "", ObjectNotExist),
        (404, "ContainerNotFound", Unexpected),
        (403, "AuthenticationFailed", PermissionDenied),
        (304, "ConditionNotMet", PreconditionFailed),
        (412, "ConditionNotMet", PreconditionFailed),
        (409, "BlobAlreadyExists", PreconditionFailed),
        (409, "InvalidBlobType", Unexpected),
        (503, "ServerBusy", RequestThrottled),
        (429, "", RequestThrottled),
        (500, "InternalError", ServiceInternal),
        (503, "", ServiceInternal),
        (400, "OutOfRangeInput", RestrictionDissatisfied),
        (413, "RequestBodyTooLarge", RestrictionDissatisfied),
        (400, "Md5Mismatch", Unexpected),
    ],
)
def test_errors_are_those_of_the_taxonomy_and_requests_are_sent_once(scripted, status, code, expected):
    store, server = scripted
    server.answers += [refusal(status, code)] * 3
    with pytest.raises(StorageError) as caught:
        store.stat("a")
    error = caught.value
    assert isinstance(error, expected)
    assert error.code == expected.code
    assert str(error).startswith(f"stat: a: {error.code}: {code or 'no code'}: ")
    assert str(error).endswith(f" (HTTP {status})")
    assert "\n" not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert len(server.asked) == 1


def test_the_kind_that_was_needed_is_told(scripted):
    store, server = scripted
    for mode, call in (
        (ObjectMode.APPEND, lambda o: store.write_append(o, io.BytesIO(b"x"), 1)),
        (ObjectMode.BLOCK, lambda o: store.write_block(o, io.BytesIO(b"x"), 1, "b")),
        (ObjectMode.BLOCK, lambda o: store.combine_block(o, ["b"])),
        (ObjectMode.BLOCK, store.list_block),
    ):
        server.answers.append(refusal(409, "InvalidBlobType"))
        with pytest.raises(ObjectModeInvalid) as caught:
            call(store.create("a", object_mode=mode))
        assert (caught.value.expected, caught.value.actual) == (mode, ObjectMode.READ)


def test_only_what_does_not_exist_may_be_deleted_without_a_trace(scripted):
    store, server = scripted
    server.answers += [refusal(404, "BlobNotFound"), refusal(403, "AuthorizationFailure")]
    store.delete("a")
    with pytest.raises(PermissionDenied):
        store.delete("a")


def test_a_service_that_cannot_be_reached_is_unexpected(scripted):
    nobody = ContainerLocation(container="c", endpoint="http://127.0.0.1:1/acc", timeout=1)
    with pytest.raises(Unexpected, match="ServiceRequestError"):
        AzBlob(nobody).stat("a")


def test_what_the_sdk_refuses_is_told_on_one_line(scripted):
    store, server = scripted
    with pytest.raises(Unexpected, match="UnicodeEncodeError") as caught:
        store.write("a", io.BytesIO(b"x"), 1, user_metadata={"name": "日本"})
    assert "\n" not in str(caught.value)
    assert server.asked == []


# the account


def test_accounts_are_read_as_azures_own_tools_read_them(monkeypatch):
    here, at = ContainerLocation(container="c"), ContainerLocation(container="c", endpoint="http://127.0.0.1:1/one")
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConnectionStringInvalid, match="no credentials for Azure: set AZURE_STORAGE_CONNECTION_STRING"):
        account_of(here)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "one")
    monkeypatch.setenv("AZURE_STORAGE_KEY", KEY)
    assert account_of(here) == Account("one", KEY, "https://one.blob.core.windows.net")
    assert account_of(at) == Account("one", KEY, "http://127.0.0.1:1/one")
    monkeypatch.setenv(
        "AZURE_STORAGE_CONNECTION_STRING",
        "DefaultEndpointsProtocol=https;AccountName=two;AccountKey=Zm9v==;EndpointSuffix=core.example",
    )
    assert account_of(here) == Account("two", "Zm9v==", "https://two.blob.core.example")
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=two;AccountKey=Zm9v;BlobEndpoint=http://h/two;")
    assert account_of(here).endpoint == "http://h/two"


def test_connections_are_shared_per_account(scripted, monkeypatch):
    here = ContainerLocation(container="c", endpoint="http://127.0.0.1:1/acc")
    service = azblob_client._service
    first = service(account_of(here), 5)
    assert service(account_of(ContainerLocation(container="d", endpoint=here.endpoint)), 5) is first
    assert client_for(here).container_name == "c"
    monkeypatch.setenv("AZURE_STORAGE_KEY", "b3RoZXI=")
    assert service(account_of(here), 5) is not first


def test_without_the_sdk_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "azure.storage.blob", None)
    with pytest.raises(ConnectionStringInvalid, match=r"pip install 'storage-conformance\[azblob\]'"):
        azblob_client.sdk()


def test_the_declaration(scripted):
    store, _ = scripted
    features = store.features()
    assert {"create_append", "create_block", "create_page", "reach", "delete_many"} <= features.operations
    assert not {"move", "fetch", "create_dir", "create_multipart"} & features.operations
    assert features.path_maximum == 1024 - len("w/")
    assert store.metadata().work_dir == "/w/"
    assert store.metadata().restrictions.append_size_maximum == 100 * 1024**2
