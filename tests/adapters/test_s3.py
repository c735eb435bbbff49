"""S3: the translation to its protocol, against moto in this process and against scripted answers."""

from __future__ import annotations

import io
import os
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from conformance.adapters.s3 import client as s3_client
from conformance.adapters.s3 import moto
from conformance.adapters.s3.client import Location, client_for
from conformance.adapters.s3.connect import connect
from conformance.adapters.s3.moto import open_moto
from conformance.adapters.s3.storage import S3
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    ListModeInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Part,
    PermissionDenied,
    PreconditionFailed,
    RequestThrottled,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)

stub = pytest.importorskip("botocore.stub")
pytest.importorskip("moto")

WORK_DIRS = iter(range(1, 10_000))
ODD = [
    "a b",
    "a+b",
    "a%20b",
    "%41",
    "A",
    "é",
    "e\u0301",
    "a?x=1",
    "a#y",
    "a&b<>\"'",
    "n\nl",
    "\x01",
    "..",
    "../z",
    "😀",
    "/",
    "//",
]


@pytest.fixture
def work_dir():
    return f"/s3/{next(WORK_DIRS)}/"


@pytest.fixture
def store(work_dir):
    return open_moto(work_dir)


@pytest.fixture
def paged(work_dir):
    """The same data, two entries a page."""
    location = Location(bucket="conformance", page_size=2)
    return S3(location, work_dir, client=moto._client())


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return client_for(Location(bucket="b", endpoint="http://127.0.0.1:1", timeout=1))


@pytest.fixture
def scripted(client):
    """A store whose service says what the test tells it to."""
    with stub.Stubber(client) as script:
        yield S3(Location(bucket="b"), "/w/", client=client), script


def put(store, path, content=b"x", **pairs):
    return store.write(path, io.BytesIO(content), len(content), **pairs)


def get(store, path, **pairs):
    w = io.BytesIO()
    assert store.read(path, w, **pairs) == len(w.getvalue())
    return w.getvalue()


def names(listing):
    return [(o.path, str(o.mode)) for o in listing]


def upload(store, path, *contents):
    o = store.create_multipart(path)
    return o, [store.write_multipart(o, io.BytesIO(c), len(c), i)[1] for i, c in enumerate(contents)]


# objects


def test_an_object_comes_back_with_its_metadata(store):
    put(store, "a", b"hello", content_type="text/x", content_disposition="inline", user_metadata={"k": "v"})
    o = store.stat("a")
    assert (o.path, o.mode, o.content_length) == ("a", ObjectMode.READ, 5)
    assert (o.content_type, o.content_disposition, o.user_metadata) == ("text/x", "inline", {"k": "v"})
    assert o.id.endswith("/a")
    assert o.etag
    assert o.last_modified is not None
    assert o.last_modified.tzinfo is not None
    assert get(store, "a") == b"hello"


@pytest.mark.parametrize(
    ("offset", "size", "expected"),
    [
        (None, None, b"hello"),
        (0, None, b"hello"),
        (1, 2, b"el"),
        (3, 20, b"lo"),
        (5, None, b""),
        (50, 3, b""),
        (2, 0, b""),
    ],
)
def test_ranges(store, offset, size, expected):
    put(store, "a", b"hello")
    assert get(store, "a", offset=offset, size=size) == expected


def test_a_range_of_an_empty_object_is_empty(store):
    store.write("e", None, 0)
    assert get(store, "e", offset=0, size=5) == get(store, "e", offset=3) == get(store, "e") == b""


@pytest.mark.parametrize("pairs", [{}, {"size": 0}, {"offset": 3}])
def test_reading_a_missing_object_says_so(store, pairs):
    with pytest.raises(ObjectNotExist):
        store.read("missing", io.BytesIO(), **pairs)


def test_callbacks_see_every_byte_once(store):
    written, seen = bytearray(), bytearray()
    put(store, "a", bytes(range(256)) * 999, io_callback=written.extend)
    store.read("a", io.BytesIO(), offset=5, io_callback=seen.extend)
    assert bytes(written) == bytes(range(256)) * 999
    assert seen == written[5:]


@pytest.mark.parametrize("reader", [io.BytesIO(b"abc"), None])
def test_a_write_without_enough_bytes_sends_nothing(scripted, reader):
    store, _ = scripted  # any request would be one too many
    with pytest.raises(StorageError):
        store.write("a", reader, 4)


def test_what_cannot_be_sent_is_refused_before_sending(scripted):
    store, _ = scripted
    upload = store.create("a", multipart_id="u")
    for index in (-1, 10_000):
        with pytest.raises(RestrictionDissatisfied):
            store.write_multipart(upload, io.BytesIO(b"x"), 1, index)
    with pytest.raises(RestrictionDissatisfied):
        store.write("a", io.BytesIO(), 5 * 1024**3 + 1)
    with pytest.raises(ObjectModeInvalid):
        store.write_multipart(store.create("a"), io.BytesIO(b"x"), 1, 0)


@pytest.mark.parametrize("path", ODD)
def test_keys_are_taken_as_they_are(store, path):
    put(store, path, path.encode())
    put(store, "k" + path, b"other")
    assert get(store, path) == path.encode()
    assert sorted(o.path for o in store.list("")) == sorted([path, "k" + path])
    store.delete(path)
    with pytest.raises(ObjectNotExist):
        store.stat(path)
    assert get(store, "k" + path) == b"other"


@pytest.mark.parametrize("path", [path for path in ODD if path.isprintable()])
def test_keys_of_uploads_are_taken_as_they_are(store, path):
    handle = store.create_multipart(path)
    (listed,) = [o for o in store.list("", list_mode=ListMode.PART) if o.multipart_id == handle.multipart_id]
    assert listed.path == path


def test_work_dirs_are_apart(store, work_dir):
    put(store, "a")
    other = open_moto(work_dir[:-1] + "x/")
    assert list(other.list("")) == []
    assert get(open_moto(work_dir), "a") == b"x"


@pytest.mark.parametrize("hint", [ObjectMode.LINK, ObjectMode.PART, ObjectMode.APPEND | ObjectMode.READ])
def test_an_object_is_not_of_a_kind_that_s3_does_not_have(store, hint):
    put(store, "a")
    for operation in (store.stat, store.delete):
        with pytest.raises(ObjectModeInvalid):
            operation("a", object_mode=hint)
    assert get(store, "a") == b"x"
    assert store.stat("a", object_mode=ObjectMode.READ).mode == ObjectMode.READ
    store.delete("missing", object_mode=hint)
    with pytest.raises(ObjectNotExist):
        store.stat("missing", object_mode=hint)
    store.delete("a", object_mode=ObjectMode.READ)
    assert list(store.list("")) == []


# directories and listings


def test_a_directory_is_a_marker_beside_the_objects(store):
    assert store.create_dir("d").mode == store.create_dir("d").mode == ObjectMode.DIR
    with pytest.raises(ObjectNotExist):
        store.stat("d")
    put(store, "d", b"object")
    put(store, "d/x")
    store.delete("d")
    assert store.stat("d", object_mode=ObjectMode.DIR).mode == ObjectMode.DIR
    store.delete("d", object_mode=ObjectMode.DIR)
    store.delete("d", object_mode=ObjectMode.DIR)
    with pytest.raises(ObjectNotExist):
        store.stat("d", object_mode=ObjectMode.DIR)
    assert get(store, "d/x") == b"x"


@pytest.mark.parametrize("fixture", ["store", "paged"])
def test_listings(request, fixture):
    store = request.getfixturevalue(fixture)
    store.create_dir("d")
    for path in ("d", "d/1", "d/2", "d/3", "d/sub/x", "d/sub/y", "dd"):
        put(store, path)
    assert sorted(names(store.list("", list_mode=ListMode.DIR))) == [("d", "dir"), ("d", "read"), ("dd", "read")]
    inside = [("d/1", "read"), ("d/2", "read"), ("d/3", "read"), ("d/sub", "dir")]
    assert sorted(names(store.list("d", list_mode=ListMode.DIR))) == inside
    assert sorted(names(store.list("d/", list_mode=ListMode.DIR))) == inside
    assert names(store.list("d/s", list_mode=ListMode.PREFIX)) == [("d/sub/x", "read"), ("d/sub/y", "read")]
    assert ("d", "dir") in names(store.list("d"))
    assert len(list(store.list(""))) == 8
    for mode in (ListMode.BLOCK, ListMode(0), ListMode.DIR | ListMode.PART):
        with pytest.raises(ListModeInvalid):
            store.list("", list_mode=mode)


def test_uploads_are_listed_across_pages(paged):
    made = {paged.create_multipart(path).multipart_id for path in ("a", "a", "b", "c/d", "é")}
    assert {o.multipart_id for o in paged.list("", list_mode=ListMode.PART)} == made
    assert names(paged.list("c", list_mode=ListMode.PART)) == [("c/d", "part")]


def test_parts_are_listed_across_pages(scripted):
    store, script = scripted
    for marker, numbers, answer in ((None, (1, 2), {"IsTruncated": True, "NextPartNumberMarker": 2}), (2, (9,), {})):
        expected = {"Bucket": "b", "Key": "w/a", "UploadId": "u", "MaxParts": Location(bucket="b").page_size}
        parts = [{"PartNumber": number, "Size": 7, "ETag": f'"{number}"'} for number in numbers]
        script.add_response(
            "list_parts",
            {**answer, "Parts": parts},
            expected if marker is None else {**expected, "PartNumberMarker": marker},
        )
    listed = list(store.list_multipart(store.create("a", multipart_id="u")))
    assert listed == [Part(0, 7, '"1"'), Part(1, 7, '"2"'), Part(8, 7, '"9"')]


@pytest.mark.parametrize("tokens", [("t", "t"), (None,)])
def test_a_service_that_never_ends_a_listing_is_left(scripted, tokens):
    store, script = scripted
    for token in tokens:
        answer = {"IsTruncated": True, **({"NextContinuationToken": token} if token else {})}
        script.add_response("list_objects_v2", answer)
    with pytest.raises(Unexpected):
        list(store.list(""))
    script.assert_no_pending_responses()


def test_listings_ask_for_no_page_that_nobody_wants(scripted):
    store, script = scripted
    entry = {"Key": "w/a", "Size": 1, "ETag": '"e"', "LastModified": datetime.now(UTC)}
    script.add_response("list_objects_v2", {"IsTruncated": True, "NextContinuationToken": "t", "Contents": [entry]})
    assert next(store.list("")).path == "a"


# copy, fetch, reach


def test_copy_takes_the_metadata_along(store):
    put(store, "a b+c%", b"content", content_type="text/x", user_metadata={"k": "v"})
    store.copy("a b+c%", "copy")
    assert get(store, "copy") == b"content"
    assert (store.stat("copy").content_type, store.stat("copy").user_metadata) == ("text/x", {"k": "v"})
    with pytest.raises(ObjectNotExist):
        store.copy("missing", "copy")
    assert get(store, "copy") == b"content"


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path != "/missing" else 404)
        self.send_header("Content-Type", "text/x")
        self.send_header("Content-Length", "9" if self.path == "/cut" else "7")
        self.end_headers()
        self.wfile.write(b"fetched")

    def log_message(self, *_):
        pass


@pytest.fixture
def url():
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_fetch_uploads_what_the_url_serves_or_nothing(store, url):
    store.fetch("a", f"{url}/page")
    assert (get(store, "a"), store.stat("a").content_type) == (b"fetched", "text/x")
    for bad in (f"{url}/missing", f"{url}/cut", "file:///etc/passwd", "http://127.0.0.1:1/"):
        with pytest.raises(Unexpected):
            store.fetch("b", bad)
    with pytest.raises(ObjectNotExist):
        store.stat("b")


def test_signed_requests(scripted):
    store, _ = scripted
    request = store.reach("a b", expire=60.9)
    assert (request.method, request.headers) == ("GET", {})
    assert request.url.startswith("http://127.0.0.1:1/b/w/a%20b?")
    assert "X-Amz-Expires=60&" in request.url
    assert store.reach("a", verb="write", size=3).headers == {"Content-Length": "3"}
    assert store.reach("a", verb="delete").method == "DELETE"
    with pytest.raises(RestrictionDissatisfied):
        store.reach("a", verb="append")


# multipart


def test_an_upload_from_begin_to_end(store):
    handle = store.create_multipart("a", content_type="text/x", user_metadata={"k": "v"})
    assert (handle.path, handle.mode) == ("a", ObjectMode.PART)
    parts = [store.write_multipart(handle, io.BytesIO(bytes([i]) * 2000), 2000, i)[1] for i in (0, 2, 7)]
    assert [part.index for part in parts] == [0, 2, 7]
    assert list(store.list_multipart(handle)) == parts
    assert store.stat("a", multipart_id=handle.multipart_id).mode == ObjectMode.PART
    with pytest.raises(ObjectNotExist):
        store.stat("a")
    store.complete_multipart(handle, parts[1:])
    assert get(store, "a") == b"\x02" * 2000 + b"\x07" * 2000
    assert store.stat("a").content_type == "text/x"


def test_another_client_can_end_an_upload(store, work_dir):
    handle, parts = upload(store, "a", b"content")
    other = open_moto(work_dir)
    other.complete_multipart(other.create("a", multipart_id=handle.multipart_id), parts)
    assert get(store, "a") == b"content"


def test_aborting_twice_leaves_the_object_alone(store):
    put(store, "a", b"old")
    handle, _ = upload(store, "a", b"new")
    store.delete("a", multipart_id=handle.multipart_id)
    store.delete("a", multipart_id=handle.multipart_id)
    assert get(store, "a") == b"old"
    with pytest.raises(ObjectNotExist):
        store.stat("a", multipart_id=handle.multipart_id)


def test_parts_that_are_too_small_are_refused(store):
    handle, parts = upload(store, "a", b"x" * (moto.PART_MINIMUM - 1), b"last")
    with pytest.raises(RestrictionDissatisfied):
        store.complete_multipart(handle, parts)
    assert store.metadata().restrictions.multipart_size_minimum == moto.PART_MINIMUM


# errors


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("NoSuchKey", 404, ObjectNotExist),
        ("404", 404, ObjectNotExist),
        ("NoSuchUpload", 404, ObjectNotExist),
        ("NoSuchBucket", 404, Unexpected),
        ("AccessDenied", 403, PermissionDenied),
        ("403", 403, PermissionDenied),
        ("SlowDown", 503, RequestThrottled),
        ("429", 429, RequestThrottled),
        ("InternalError", 500, ServiceInternal),
        ("503", 503, ServiceInternal),
        ("KeyTooLongError", 400, RestrictionDissatisfied),
        ("BadDigest", 400, Unexpected),
        ("PreconditionFailed", 412, PreconditionFailed),
        ("412", 412, PreconditionFailed),
        ("304", 304, PreconditionFailed),
    ],
)
def test_errors_are_those_of_the_taxonomy(scripted, code, status, expected):
    store, script = scripted
    script.add_client_error("head_object", code, "why", status)
    with pytest.raises(StorageError) as caught:
        store.stat("a")
    error = caught.value
    assert type(error) is expected
    assert str(error) == f"stat: a: {error.code}: {code}: why (HTTP {status})"
    assert error.__cause__ is None
    assert error.__context__ is None


def test_a_deletion_that_is_refused_is_told_also_of_what_does_not_exist(scripted):
    store, script = scripted
    script.add_client_error("delete_object", "NoSuchKey", "", 404)
    with pytest.raises(ObjectNotExist):
        store.delete("a")
    script.add_client_error("delete_object", "AccessDenied", "", 403)
    with pytest.raises(PermissionDenied):
        store.delete("a")


def test_an_upload_that_is_over_and_a_condition_on_nothing_end_without_a_trace(scripted):
    store, script = scripted
    script.add_client_error("abort_multipart_upload", "NoSuchUpload", "", 404)
    store.delete("a", multipart_id="1")
    script.add_client_error("delete_object", "NoSuchKey", "", 404)
    store.delete("a", if_match='"1"')


def test_a_range_that_the_service_ignores_is_passed_on(scripted):
    store, script = scripted
    script.add_response(
        "get_object", {"Body": io.BytesIO(b"whole")}, {"Bucket": "b", "Key": "w/a", "Range": "bytes=1-2"}
    )
    assert get(store, "a", offset=1, size=2) == b"whole"


def test_a_body_that_is_said_to_be_another_range_is_refused(scripted):
    store, script = scripted
    script.add_response(
        "get_object",
        {"Body": io.BytesIO(b"ab"), "ContentLength": 2, "ContentRange": "bytes 0-1/5"},
        {"Bucket": "b", "Key": "w/a", "Range": "bytes=1-2"},
    )
    with pytest.raises(Unexpected, match="0-1/5"):
        get(store, "a", offset=1, size=2)


def test_a_service_that_cannot_be_reached_is_unexpected(client):
    with pytest.raises(Unexpected, match="EndpointConnectionError"):
        S3(Location(bucket="b"), client=client).stat("a")


def test_what_boto3_refuses_is_told_on_one_line(store):
    with pytest.raises(Unexpected, match=r"ParamValidationError: .* can only contain ASCII") as caught:
        put(store, "a", user_metadata={"name": "café"})
    assert "\n" not in str(caught.value)
    assert list(store.list("")) == []


def test_whatever_escapes_from_a_service_in_process_is_unexpected(store):
    handle, _ = upload(store, "a", b"x")
    store.delete("a", multipart_id=handle.multipart_id)
    with pytest.raises(Unexpected):
        store.write_multipart(handle, io.BytesIO(b"x"), 1, 0)


# the client


def test_clients_are_shared_per_endpoint_and_credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "one")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "one")
    here = Location(bucket="a", endpoint="http://127.0.0.1:1")
    first = client_for(here)
    assert client_for(Location(bucket="b", prefix="p", endpoint="http://127.0.0.1:1", page_size=3)) is first
    assert client_for(Location(bucket="a", endpoint="http://127.0.0.1:2")) is not first
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "two")
    assert client_for(here) is not first


@pytest.mark.parametrize(
    ("word", "instead"),
    [("delete_man", "delete_many"), ("if_mach", "if_match"), ("copy.if_matches", "copy.if_match")],
)
def test_what_a_server_lacks_is_spelled_right(word, instead):
    with pytest.raises(ConnectionStringInvalid) as refused:
        connect(f"s3://b?without=delete_many,{word}")
    assert refused.value.message.count(word) == 1 + instead.count(word)
    assert refused.value.message.endswith(f"of S3, did you mean {instead}?")


def test_a_server_that_does_not_speak_tls_is_told_so(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    quiet = type("Quiet", (BaseHTTPRequestHandler,), {"log_message": lambda *_: None})
    server = HTTPServer(("127.0.0.1", 0), quiet)
    server.timeout = 10
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    here = f"127.0.0.1:{server.server_port}"
    with pytest.raises(ConnectionStringInvalid, match=f"https://{here} does not speak TLS, did you mean http://{here}"):
        connect(f"s3://b?endpoint=https://{here}").prepare()
    thread.join()
    server.server_close()


def test_a_request_is_sent_once(client):
    sent = []
    client.meta.events.register("before-send.s3.HeadObject", lambda **event: sent.append(event))
    with pytest.raises(Unexpected):
        S3(Location(bucket="b"), client=client).stat("a")
    assert len(sent) == 1


def test_without_boto3_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)
    with pytest.raises(ConnectionStringInvalid, match=r"pip install 'storage-conformance\[s3\]'"):
        s3_client.boto3()


def test_without_moto_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "moto.s3.models", None)
    with pytest.raises(ConnectionStringInvalid, match=r"pip install 'storage-conformance\[moto\]'"):
        moto.moto_version()


def test_moto_leaves_the_process_as_it_was(store):
    from moto.s3 import models

    put(store, "a")
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    assert models.S3_UPLOAD_PART_MIN_SIZE == 5 * 1024**2


def test_the_declaration(store):
    features = store.features()
    assert features.directories == "virtual"
    assert "reach" not in features.operations
    assert "move" not in features.operations
    assert "reach" in S3.implements
    assert features.path_maximum == 1024 - len(store.metadata().work_dir) + 1
