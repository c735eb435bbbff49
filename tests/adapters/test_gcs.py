"""Google Cloud Storage: what is sent to the service and made of its answers, by a server that follows a script."""

from __future__ import annotations

import base64
import io
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from conformance.adapters.connection import open_backend
from conformance.adapters.gcs import storage as gcs_storage
from conformance.adapters.gcs.client import Location, client_for
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    ListModeInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    OperationNotSupported,
    PairUnsupported,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)

pytest.importorskip("google.cloud.storage")
google_crc32c = pytest.importorskip("google_crc32c")


def told(name="w/a", **fields):
    return {
        "kind": "storage#object",
        "name": name,
        "generation": "1700",
        "metageneration": "1",
        "size": "7",
        "contentType": "text/x",
        "md5Hash": "md5",
        "updated": "2026-11-21T16:00:00.123Z",
        **fields,
    }


def page(*names, prefixes=(), token=None):
    found = {"items": [told(name) for name in names], "prefixes": list(prefixes)}
    return found | ({"nextPageToken": token} if token else {})


class Script(BaseHTTPRequestHandler):
    """Answers each request with the next line of the server's script and writes down what was asked."""

    protocol_version = "HTTP/1.1"

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, self.headers, body))
        status, answer, *headers = self.server.answers.pop(0)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response_only(status)
        given = {"Content-Type": "application/json", "Content-Length": str(len(data))} | dict(*headers)
        for name, value in given.items():
            self.send_header(name, value)
        self.end_headers()
        if status != 304:
            self.wfile.write(data)

    do_GET = do_PUT = do_DELETE = do_POST = handle_one  # noqa: N815 - the names that the base calls

    def log_message(self, *_):
        pass


@contextmanager
def serving(answers):
    with ThreadingHTTPServer(("127.0.0.1", 0), Script) as server:
        server.asked, server.answers = [], answers
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def answers():
    return []


@pytest.fixture
def server(answers):
    with serving(answers) as server:
        yield server


@pytest.fixture
def url(server):
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def store(url):
    return open_backend(f"gcs://bucket?endpoint={url}&timeout=30&page_size=2").open("/w/")


def put(store, path="a", content=b"content", **pairs):
    return store.write(path, io.BytesIO(content), len(content), **pairs)


def query(asked):
    return {name: values[0] for name, values in parse_qs(urlsplit(asked[1]).query).items()}


def refused(status, message=""):
    return status, {"error": {"code": status, "message": message}}


# what is sent


def test_a_write_says_all_that_is_known(store, server, answers):
    answers.append((200, told(crc32c="sum")))
    given = {"content_type": "text/x; charset=utf-8", "content_md5": "promised", "user_metadata": {"K": "v"}}
    given |= {"cache_control": "no-cache", "content_disposition": "inline"}
    result = put(store, **given, content_encoding="gzip", content_language="de", if_none_match="*")
    _, _, _, body = server.asked[0]
    assert query(server.asked[0]) == {"uploadType": "multipart", "ifGenerationMatch": "0"}
    sent = json.loads(body.split(b"\r\n\r\n")[1].partition(b"\r\n")[0])
    wanted = {"name": "w/a", "md5Hash": "promised", "metadata": {"K": "v"}, "cacheControl": "no-cache"}
    wanted |= {"contentDisposition": "inline", "contentEncoding": "gzip", "contentLanguage": "de"}
    assert wanted.items() <= sent.items()
    assert "crc32c" in sent
    assert b"text/x; charset=utf-8\r\n\r\ncontent\r\n" in body
    o = result.object
    assert (result, o.path, o.id, o.etag, o.content_length) == (7, "a", "w/a", '"1700"', 7)
    assert (o.system_metadata, o.last_modified.microsecond) == ({"crc32c": "sum"}, 123000)


def test_large_objects_are_sent_in_a_resumable_upload(store, server, url, answers):
    content = bytes(8 * 1024 * 1024 + 1)
    checksum = base64.b64encode(google_crc32c.Checksum(content).digest()).decode()
    answers += [(200, {}, {"Location": f"{url}/session"}), (200, told(crc32c=checksum))]
    assert put(store, content=content) == len(content)
    assert query(server.asked[0])["uploadType"] == "resumable"
    assert (server.asked[1][0], server.asked[1][3] == content) == ("PUT", True)


def test_conditions_are_generations(store, server, answers):
    answers += [(200, told()), (200, b"content"), (200, told()), (204, b"")]
    put(store, if_match='"12"')
    store.read("a", io.BytesIO(), if_match='"12"', if_none_match='"13"')
    store.stat("a", if_none_match='"14"')
    store.delete("a", if_match='"15"')
    sent = [{k: v for k, v in query(asked).items() if k.startswith("if")} for asked in server.asked]
    assert sent == [
        {"ifGenerationMatch": "12"},
        {"ifGenerationMatch": "12", "ifGenerationNotMatch": "13"},
        {"ifGenerationNotMatch": "14"},
        {"ifGenerationMatch": "15"},
    ]
    for call in (
        lambda: put(store, if_match='"other"'),
        lambda: store.stat("a", if_match="W/1"),
    ):
        with pytest.raises(PreconditionFailed):
            call()
    for call in (
        lambda: put(store, if_match="*"),
        lambda: put(store, if_none_match='"12"'),
        lambda: put(store, if_match='"12"', if_none_match="*"),
        lambda: store.stat("a", if_none_match="*"),
    ):
        with pytest.raises(PairUnsupported):
            call()
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({}, None),
        ({"offset": 0}, None),
        ({"offset": 2}, "bytes=2-"),
        ({"size": 3}, "bytes=0-2"),
        ({"offset": 2, "size": 3}, "bytes=2-4"),
    ],
)
def test_ranges(store, server, answers, pairs, expected):
    answers.append((206 if expected else 200, b"bytes", {"Content-Range": "bytes 2-6/10"} if expected else {}))
    w = io.BytesIO()
    assert (store.read("a", w, **pairs), w.getvalue()) == (5, b"bytes")
    assert server.asked[0][2]["Range"] == expected


def test_an_empty_range_is_a_look(store, server, answers):
    answers += [(200, told()), refused(404), refused(416)]
    assert store.read("a", io.BytesIO(), size=0) == 0
    assert query(server.asked[0]).get("alt") != "media"
    with pytest.raises(ObjectNotExist):
        store.read("a", io.BytesIO(), size=0)
    assert store.read("a", io.BytesIO(), offset=99) == 0


def test_wrong_bytes_are_noticed_by_their_checksum(store, answers):
    wrong = base64.b64encode(b"\0\0\0\1").decode()
    answers.append((200, b"bytes", {"X-Goog-Hash": f"crc32c={wrong}"}))
    with pytest.raises(Unexpected, match="DataCorruption"):
        store.read("a", io.BytesIO())


def test_a_body_that_breaks_off_is_an_error(store, answers):
    answers.append((200, b"bytes", {"Content-Length": "9", "Connection": "close"}))
    with pytest.raises(Unexpected):
        store.read("a", io.BytesIO())
    assert answers == []


# listings


def test_a_listing_is_asked_for_page_by_page(store, server, answers):
    answers += [(200, page("w/d/1", prefixes=["w/d/s/"], token="next")), (200, page("w/d/2"))]
    listed = [(o.path, str(o.mode)) for o in store.list("d", list_mode=ListMode.DIR)]
    assert listed == [("d/1", "read"), ("d/s", "dir"), ("d/2", "read")]
    first, second = (query(asked) for asked in server.asked)
    assert (first["prefix"], first["delimiter"], first["maxResults"]) == ("w/d/", "/", "2")
    assert second["pageToken"] == "next"
    answers.append((200, page("w/da")))
    assert [o.path for o in store.list("d", page_size=5)] == ["da"]
    last = query(server.asked[-1])
    assert (last["prefix"], last["maxResults"], "delimiter" in last) == ("w/d", "5", False)
    with pytest.raises(ListModeInvalid):
        store.list("", list_mode=ListMode.PART)


def test_a_listing_that_goes_in_circles_ends(store, answers):
    answers += [(200, page("w/1", token="again"))] * 3
    with pytest.raises(Unexpected, match="circles"):
        list(store.list(""))


# copy, delete


def test_a_copy_goes_on_until_the_service_is_done(store, server, answers):
    going = {"kind": "storage#rewriteResponse", "done": False, "rewriteToken": "more"}
    going |= {"totalBytesRewritten": "1", "objectSize": "2"}
    answers += [(200, going), (200, {**going, "done": True, "resource": told("w/b")})]
    assert store.copy("a b", "b", if_none_match="*", if_source_match='"3"').etag == '"1700"'
    first, second = server.asked
    assert unquote(urlsplit(first[1]).path).endswith("/b/bucket/o/w/a b/rewriteTo/b/bucket/o/w/b")
    assert (query(first)["ifGenerationMatch"], query(first)["ifSourceGenerationMatch"]) == ("0", "3")
    assert query(second)["rewriteToken"] == "more"


def test_deleting_what_is_missing_succeeds(store, answers):
    answers += [refused(404, "No such object: bucket/w/a")] * 2
    store.delete("a")
    store.delete("a", object_mode=ObjectMode.APPEND)
    store.delete("a", object_mode=ObjectMode.DIR)
    answers += [(200, told())]
    with pytest.raises(ObjectModeInvalid):
        store.delete("a", object_mode=ObjectMode.APPEND)


def batch(*statuses):
    parts = "".join(
        f"--B\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 {status} x\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}\r\n"
        for status in statuses
    )
    return 200, f"{parts}--B--".encode(), {"Content-Type": "multipart/mixed; boundary=B"}


def test_many_are_deleted_in_few_requests(store, server, answers, monkeypatch):
    monkeypatch.setattr(gcs_storage, "BATCH", 2)
    answers += [batch(204, 404), batch(204)]
    store.delete_many(["a", "missing", "é +%41"])
    assert [asked[3].count(b"DELETE ") for asked in server.asked] == [2, 1]
    assert b"w%2F%C3%A9%20%2B%2541" in server.asked[1][3]
    store.delete_many([])
    answers.append(batch(204, 503))
    with pytest.raises(ServiceInternal):
        store.delete_many(["a", "b"])


# errors


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (304, "", PreconditionFailed),
        (400, "Invalid argument.", Unexpected),
        (401, "", PermissionDenied),
        (403, "", PermissionDenied),
        (404, "No such object: bucket/w/a", ObjectNotExist),
        (404, "The specified bucket does not exist.", Unexpected),
        (412, "", PreconditionFailed),
        (429, "", RequestThrottled),
        (500, "", ServiceInternal),
        (503, "", ServiceInternal),
    ],
)
def test_errors_are_told_once(store, server, answers, status, message, error):  # noqa: PLR0917
    answers.append(refused(status, message))
    with pytest.raises(StorageError) as caught:
        store.stat("a")
    assert (type(caught.value), caught.value.__cause__, caught.value.__context__) == (error, None, None)
    assert len(server.asked) == 1


def test_what_is_no_name_is_not_sent(store, url, server):
    root = open_backend(f"gcs://bucket?endpoint={url}").open("/")
    for call in (
        lambda: root.delete(".."),
        lambda: root.stat("."),
        lambda: put(root, ""),
        lambda: put(store, "\ud800"),
    ):
        with pytest.raises(Unexpected):
            call()
    with pytest.raises(RestrictionDissatisfied):
        store.write("a", io.BytesIO(b""), 5 * 1024**4 + 1)
    assert server.asked == []


# connections


def test_what_an_emulator_lacks_is_left_out(url):
    connection = open_backend(f"gcs://bucket/some/prefix?endpoint={url}&without=copy,if_match,write.if_none_match")
    assert connection.describe == f"the bucket bucket below some/prefix/ at {url}"
    store = connection.open("/w/")
    features = store.features()
    assert {"copy", "reach"}.isdisjoint(features.operations)
    assert {"if_match", "if_none_match"}.isdisjoint(features.pairs["write"])
    assert "if_none_match" in features.pairs["stat"]
    assert features.path_maximum == 1024 - len("some/prefix/w/")
    with pytest.raises(OperationNotSupported):
        store.copy("a", "b")
    with pytest.raises(PairUnsupported):
        put(store, if_none_match="*")
    with pytest.raises(ConnectionStringInvalid, match="'nonsense', which is no operation"):
        open_backend("gcs://bucket?without=nonsense")


def test_a_bucket_is_made_and_removed_again(url, server, answers):
    answers += [refused(404), refused(404), (200, {"name": "bucket"}), (200, {}), (204, b"")]
    with pytest.raises(ConnectionStringInvalid, match=r"there is no bucket bucket at http:.* add create=true"):
        open_backend(f"gcs://bucket?endpoint={url}").prepare()
    connection = open_backend(f"gcs://bucket?endpoint={url}&create=true")
    connection.prepare()
    connection.remove_root()
    connection.remove_root()
    assert [asked[0] for asked in server.asked] == ["GET", "GET", "POST", "GET", "DELETE"]
    answers.append((200, page("x")))
    assert not connection.is_empty()


def test_mistakes_are_told_in_a_sentence(url, server, answers, monkeypatch):
    answers.append(refused(403, "no"))
    with pytest.raises(PermissionDenied, match="the credentials may not use the bucket bucket at http"):
        open_backend(f"gcs://bucket?endpoint={url}").prepare()
    server.server_close()
    with pytest.raises(ConnectionStringInvalid, match="cannot be reached"):
        open_backend(f"gcs://bucket?endpoint={url}&timeout=1").prepare()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    with pytest.raises(ConnectionStringInvalid, match=r"no credentials for Google Cloud Storage: .*nowhere"):
        open_backend("gcs://bucket").prepare()


def test_requests_are_signed_where_the_credentials_can(url, server, monkeypatch):
    service_account = pytest.importorskip("google.oauth2.service_account")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {"client_email": "a@example.com", "private_key": key.decode(), "token_uri": "http://127.0.0.1:9/"}
    credentials = service_account.Credentials.from_service_account_info(account)
    client = client_for(Location(bucket="bucket", endpoint=url))
    monkeypatch.setattr(client, "_credentials", credentials)
    store = open_backend(f"gcs://bucket?endpoint={url}").open("/w/")
    assert "reach" in store.features().operations
    request = store.reach("a b", expire=60, verb="write", size=3)
    assert (request.method, request.headers) == ("PUT", {"Content-Length": "3"})
    assert request.url.startswith(f"{url}/bucket/w/a%20b?")
    assert parse_qs(urlsplit(request.url).query)["X-Goog-Expires"] == ["60"]
    with pytest.raises(RestrictionDissatisfied):
        store.reach("a", verb="append")
    with pytest.raises(PermissionDenied):
        store.read_only().reach("a", verb="delete")
    assert server.asked == []
