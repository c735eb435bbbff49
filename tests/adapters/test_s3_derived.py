"""S3 beyond the specification: what is sent for it and how the answers are told, by script and against moto."""

from __future__ import annotations

import io
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count

import pytest

from conformance.adapters.s3.client import Location, client_for
from conformance.adapters.s3.moto import open_moto
from conformance.adapters.s3.storage import S3
from conformance.storage import (
    ListMode,
    ObjectMode,
    ObjectNotExist,
    PairRequired,
    PairUnsupported,
    Part,
    PermissionDenied,
    PreconditionFailed,
    RestrictionDissatisfied,
    Told,
    Unexpected,
)

stub = pytest.importorskip("botocore.stub")
pytest.importorskip("moto")

WORK_DIRS = count(1)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
WANTED = {"if_match": '"a"', "if_none_match": '"b"'}
SENT = {"IfMatch": '"a"', "IfNoneMatch": '"b"'}
TIMES = {"if_modified_since": NOW, "if_unmodified_since": NOW}
TIMES_SENT = {"IfModifiedSince": NOW, "IfUnmodifiedSince": NOW}
AT = {"Bucket": "b", "Key": "w/a"}
SHA256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="


@pytest.fixture
def store():
    return open_moto(f"/s3-derived/{next(WORK_DIRS)}/")


@pytest.fixture
def scripted(monkeypatch):
    """A store whose service says what the test tells it to, and the script."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = client_for(Location(bucket="b", endpoint="http://127.0.0.1:1", timeout=1))
    with stub.Stubber(client) as script:
        yield S3(Location(bucket="b"), "/w/", client=client), script
        script.assert_no_pending_responses()


def put(store, path, content=b"x", **pairs):
    return store.write(path, io.BytesIO(content), len(content), **pairs)


def get(store, path, **pairs):
    w = io.BytesIO()
    assert store.read(path, w, **pairs) == len(w.getvalue())
    return w.getvalue()


def body(content, **answer):
    return {"Body": io.BytesIO(content), "ContentLength": len(content), **answer}


# conditions


def test_conditions_are_sent_as_they_are(scripted):
    store, script = scripted
    script.add_response("put_object", {"ETag": '"e"'}, {**AT, "Body": b"x", **SENT})
    assert put(store, "a", **WANTED).object.etag == '"e"'
    script.add_response("get_object", body(b"x"), {**AT, **SENT, **TIMES_SENT})
    get(store, "a", **WANTED, **TIMES)
    script.add_response("head_object", {}, {**AT, **SENT, **TIMES_SENT, "ChecksumMode": "ENABLED"})
    store.stat("a", **WANTED, **TIMES)
    script.add_response("delete_object", {}, {**AT, "IfMatch": '"a"'})
    store.delete("a", if_match='"a"')
    source = {"if_source_match": '"c"', "if_source_none_match": '"d"'}
    script.add_response(
        "copy_object",
        {"CopyObjectResult": {"ETag": '"e"', "LastModified": NOW}},
        {
            **AT,
            "CopySource": {"Bucket": "b", "Key": "w/s"},
            **SENT,
            "CopySourceIfMatch": '"c"',
            "CopySourceIfNoneMatch": '"d"',
        },
    )
    made = store.copy("s", "a", **WANTED, **source)
    assert (made.path, made.etag, made.last_modified) == ("a", '"e"', NOW)
    upload = store.create("a", multipart_id="u")
    script.add_response(
        "complete_multipart_upload",
        {"ETag": '"e-1"'},
        {**AT, "UploadId": "u", "MultipartUpload": {"Parts": []}, **SENT},
    )
    assert store.complete_multipart(upload, [], **WANTED).etag == '"e-1"'


@pytest.mark.parametrize(("operation", "op"), [("put_object", "write"), ("complete_multipart_upload", "complete")])
def test_nothing_to_match_is_a_condition_that_does_not_hold(scripted, operation, op):
    store, script = scripted
    upload = store.create("a", multipart_id="u")

    def write(**pairs):
        return put(store, "a", **pairs) if op == "write" else store.complete_multipart(upload, [], **pairs)

    script.add_client_error(operation, "NoSuchKey", "", 404)
    with pytest.raises(PreconditionFailed) as caught:
        write(if_match='"a"')
    assert caught.value.__context__ is None
    script.add_client_error(operation, "NoSuchKey", "", 404)
    with pytest.raises(ObjectNotExist):
        write()
    script.add_client_error(operation, "NoSuchUpload", "", 404)
    with pytest.raises(ObjectNotExist):
        write(if_match='"a"')


class Late(BaseHTTPRequestHandler):
    """Says 200 at once and in the body that the condition did not hold, as S3 does when an answer takes long."""

    def do_PUT(self):
        content = b"<?xml version='1.0'?><Error><Code>PreconditionFailed</Code><Message>late</Message></Error>"
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self):
        self.do_PUT()

    def log_message(self, *_):
        pass


def test_an_error_in_an_answer_that_succeeds_is_told_by_its_code(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with HTTPServer(("127.0.0.1", 0), Late) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        store = S3(Location(bucket="b", endpoint=f"http://127.0.0.1:{server.server_port}", region="r"), "/w/")
        upload = store.create("a", multipart_id="u")
        for write in (
            lambda: store.copy("s", "a", if_none_match="*"),
            lambda: store.complete_multipart(upload, [Part(0, 1, '"e"')], if_none_match="*"),
        ):
            with pytest.raises(PreconditionFailed):
                write()
        server.shutdown()
        thread.join()


def test_an_upload_has_no_conditions(scripted):
    store, _ = scripted
    for call in (store.stat, store.delete):
        with pytest.raises(PairUnsupported):
            call("a", multipart_id="u", if_match='"a"')


def test_conditions_that_moto_keeps(store):
    etag = put(store, "a", b"old").object.etag
    for refused in (
        lambda: put(store, "a", b"new", if_none_match="*"),
        lambda: put(store, "a", b"new", if_match='"x"'),
        lambda: put(store, "missing", b"new", if_match=etag),
        lambda: get(store, "a", if_none_match=etag),
        lambda: get(store, "a", if_match='"x"', size=0),
        lambda: store.stat("a", if_modified_since=datetime.now(UTC) + timedelta(minutes=1)),
        lambda: store.delete("a", if_match='"x"'),
        lambda: store.copy("a", "b", if_source_none_match=etag),
    ):
        with pytest.raises(PreconditionFailed):
            refused()
    assert get(store, "a", if_match=etag) == b"old"
    store.delete("missing", if_match=etag)
    store.delete("a", if_match=etag)
    assert list(store.list("")) == []


# tails, pages, answers


def test_the_tail_of_an_object(store):
    put(store, "a", b"0123456789")
    put(store, "empty", b"")
    assert [get(store, "a", suffix=n) for n in (0, 1, 10, 11)] == [b"", b"9", b"0123456789", b"0123456789"]
    assert get(store, "empty", suffix=3) == b""
    for call in (lambda: get(store, "a", suffix=1, size=1), lambda: get(store, "a", suffix=1, offset=0)):
        with pytest.raises(RestrictionDissatisfied):
            call()
    with pytest.raises(ObjectNotExist):
        get(store, "missing", suffix=0)


def test_a_tail_that_is_said_to_be_another_is_refused(scripted):
    store, script = scripted
    wanted = {**AT, "Range": "bytes=-2"}
    script.add_response("get_object", body(b"de", ContentRange="bytes 3-4/5"), wanted)
    assert get(store, "a", suffix=2) == b"de"
    script.add_response("get_object", body(b"ab", ContentRange="bytes 0-1/5"), wanted)
    with pytest.raises(Unexpected, match="0-1/5"):
        get(store, "a", suffix=2)


def test_a_read_tells_of_the_whole_object(scripted):
    store, script = scripted
    headers = {"ETag": '"e"', "LastModified": NOW, "ContentType": "text/x", "CacheControl": "no-store"}
    script.add_response("get_object", body(b"bc", ContentRange="bytes 1-2/5", **headers))
    told = store.read("a", io.BytesIO(), offset=1, size=2)
    assert isinstance(told, Told)
    assert (told, told.object.content_length, told.object.etag) == (2, 5, '"e"')
    assert (told.object.content_type, told.object.cache_control, told.object.last_modified) == (
        "text/x",
        "no-store",
        NOW,
    )
    script.add_response("get_object", body(b"bc", ContentRange="bytes 1-2/*"))
    assert store.read("a", io.BytesIO(), offset=1, size=2).object.content_length is None


def test_listings_begin_after_a_path_and_come_in_pages(store):
    for path in ("a", "d/1", "d/2", "d-", "e"):
        put(store, path)
    store.create_dir("d")

    def names(path="", mode=ListMode.PREFIX, **pairs):
        return sorted(o.path for o in store.list(path, list_mode=mode, **pairs))

    for size in (1, 2, 1000):
        assert names(start_after="d", page_size=size) == ["d-", "d/1", "d/2", "e"]
        assert names(start_after="d/1", page_size=size) == ["d/2", "e"]
        assert names("d/", ListMode.DIR, start_after="d/1", page_size=size) == ["d/2"]
        assert names(mode=ListMode.DIR, start_after="a", page_size=size) == ["d", "d-", "e"]
        assert names(mode=ListMode.DIR, start_after="d", page_size=size) == ["d-", "e"]
    with pytest.raises(RestrictionDissatisfied):
        store.list("", page_size=0)


def test_uploads_are_listed_from_a_key_marker(scripted):
    store, script = scripted
    first = {"Bucket": "b", "Prefix": "w/", "EncodingType": "url", "MaxUploads": 2}
    uploads = {"Uploads": [{"Key": "w/b", "UploadId": "1"}]}
    more = {"IsTruncated": True, "NextKeyMarker": "w/b", "NextUploadIdMarker": "1"}
    script.add_response("list_multipart_uploads", {**uploads, **more}, {**first, "KeyMarker": "w/a"})
    script.add_response("list_multipart_uploads", uploads, {**first, "KeyMarker": "w/b", "UploadIdMarker": "1"})
    assert len(list(store.list("", list_mode=ListMode.PART, start_after="a", page_size=2))) == 2


def test_headers_come_back_with_objects_and_uploads(store):
    headers = {"cache_control": "no-store", "content_encoding": "gzip", "content_language": "de"}
    put(store, "a", **headers)
    o = store.create_multipart("b", **headers)
    _, part = store.write_multipart(o, io.BytesIO(b"x"), 1, 0)
    store.complete_multipart(o, [part])
    for path in ("a", "b"):
        told = store.stat(path)
        assert {name: getattr(told, name) for name in headers} == headers


def test_digests_are_sent_and_told(scripted):
    store, script = scripted
    script.add_response("put_object", {"ChecksumSHA256": SHA256}, {**AT, "Body": b"abc", "ChecksumSHA256": SHA256})
    assert put(store, "a", b"abc", content_sha256=SHA256).object.content_sha256 == SHA256
    wanted = {**AT, "UploadId": "u", "PartNumber": 1, "Body": b"abc", "ChecksumSHA256": SHA256}
    script.add_response("upload_part", {"ETag": '"e"'}, wanted)
    store.write_multipart(store.create("a", multipart_id="u"), io.BytesIO(b"abc"), 3, 0, content_sha256=SHA256)
    for answer, told in (
        ({"ChecksumSHA256": SHA256}, SHA256),
        ({"ChecksumSHA256": f"{SHA256}-2"}, None),
        ({"ChecksumSHA256": SHA256, "ChecksumType": "COMPOSITE"}, None),
        ({}, None),
    ):
        script.add_response("head_object", answer)
        assert store.stat("a").content_sha256 == told


def test_metadata_given_to_a_copy_replace_all(store):
    put(store, "a", content_type="text/css", cache_control="no-store", user_metadata={"a": "1"})
    store.copy("a", "kept")
    store.copy("a", "a", content_disposition="inline")
    told, kept = store.stat("a"), store.stat("kept")
    assert (told.content_disposition, told.cache_control, told.user_metadata) == ("inline", None, {})
    assert (kept.content_type, kept.cache_control, kept.user_metadata) == ("text/css", "no-store", {"a": "1"})
    store.copy("kept", "kept", user_metadata={})
    assert store.stat("kept").user_metadata == {}


# many objects, copied parts


def test_many_objects_are_deleted_in_few_requests(scripted):
    store, script = scripted
    paths = [str(number) for number in range(1001)]
    for some in (paths[:1000], paths[1000:]):
        objects = [{"Key": f"w/{path}"} for path in some]
        script.add_response("delete_objects", {"Deleted": objects}, {"Bucket": "b", "Delete": {"Objects": objects}})
    store.delete_many(iter(paths))
    store.delete_many([])


def test_a_key_that_is_not_told_among_many_is_no_success(scripted):
    store, script = scripted
    script.add_response("delete_objects", {"Deleted": [{"Key": "w/a"}, {"Key": "w/c"}]})
    with pytest.raises(Unexpected, match="whether 'w/b' is deleted"):
        store.delete_many(["a", "b", "c"])


@pytest.mark.parametrize(("code", "expected"), [("AccessDenied", PermissionDenied), ("Nonsense", Unexpected)])
def test_a_failure_among_many_is_raised(scripted, code, expected):
    store, script = scripted
    failures = [{"Key": "w/a", "Code": "NoSuchKey"}, {"Key": "w/b", "Code": code, "Message": "why"}]
    script.add_response("delete_objects", {"Errors": failures})
    with pytest.raises(expected, match="why"):
        store.delete_many(["a", "b"])


def test_odd_names_among_many(store):
    odd = ["a b", "a&b<>\"'", "é", "n\nl", "r\rl", "%20", "a+b", " ", "\x01", "\ufffe", "😀"]
    for path in (*odd, "kept"):
        put(store, path)
    store.delete_many([*odd, "missing"])
    assert [o.path for o in store.list("")] == ["kept"]


def test_a_part_is_copied_from_an_object(store):
    put(store, "s", b"0123456789" * 200)
    o = store.create_multipart("a")
    size, first = store.copy_multipart(o, "s", 0)
    assert (size, first.index, first.size) == (2000, 0, 2000)
    tail, second = store.copy_multipart(o, "s", 1, offset=1995)
    middle, third = store.copy_multipart(o, "s", 2, offset=3, size=4)
    assert (tail, middle) == (5, 4)
    for outside in ({"offset": 2000}, {"offset": 2001}, {"size": 0}, {"offset": -1}, {"size": -1}):
        with pytest.raises(Unexpected):
            store.copy_multipart(o, "s", 0, **outside)
    with pytest.raises(ObjectNotExist):
        store.copy_multipart(o, "missing", 0)
    with pytest.raises(RestrictionDissatisfied):
        store.copy_multipart(o, "s", -1)
    assert list(store.list_multipart(o)) == [first, second, third]


# signed requests


def test_every_step_is_signed(scripted):
    store, _ = scripted
    upload = {"multipart_id": "u"}
    for verb, pairs, method, query in (
        ("stat", {}, "HEAD", ""),
        ("create_multipart", {}, "POST", "uploads"),
        ("write_multipart", {**upload, "index": 0, "size": 3}, "PUT", "uploadId=u&partNumber=1"),
        ("list_multipart", upload, "GET", "uploadId=u"),
        ("complete_multipart", upload, "POST", "uploadId=u"),
        ("delete", upload, "DELETE", "uploadId=u"),
    ):
        request = store.reach("a", verb=verb, **pairs)
        assert request.method == method
        assert request.url.startswith("http://127.0.0.1:1/b/w/a?" + query)
        assert request.headers == ({"Content-Length": "3"} if "size" in pairs else {})
    for verb, pairs, missing in (
        ("write_multipart", {"index": 0}, ("multipart_id",)),
        ("write_multipart", upload, ("index",)),
        ("list_multipart", {}, ("multipart_id",)),
    ):
        with pytest.raises(PairRequired) as caught:
            store.reach("a", verb=verb, **pairs)
        assert caught.value.pairs == missing


# servers that tell things in another spelling


def test_names_of_metadata_have_no_case(scripted):
    store, script = scripted
    script.add_response("head_object", {"Metadata": {"Colour": "Deep Blue"}})
    assert store.stat("a").user_metadata == {"colour": "Deep Blue"}


def test_bare_etags_get_their_quotes_where_that_is_declared(scripted):
    plain, script = scripted
    quoting = S3(Location(bucket="b", endpoint="http://127.0.0.1:1", bare_etags=True), "/w/", client=plain._client)
    for store, wanted in ((plain, "e"), (quoting, '"e"')):
        script.add_response("list_objects_v2", {"Contents": [{"Key": "w/a", "ETag": "e"}]})
        script.add_response("copy_object", {"CopyObjectResult": {"ETag": "e"}})
        script.add_response("upload_part_copy", {"CopyPartResult": {"ETag": "e"}})
        script.add_response("list_parts", {"Parts": [{"PartNumber": 1, "Size": 1, "ETag": "e"}]})
        upload = store.create("a", multipart_id="u")
        told = [
            *(o.etag for o in store.list("")),
            store.copy("a", "b").etag,
            store.copy_multipart(upload, "a", 0, size=1)[1].etag,
            *(part.etag for part in store.list_multipart(upload)),
        ]
        assert told == [wanted] * 4
        script.add_response("head_object", {"ETag": '"e"'})
        assert store.stat("a").etag == '"e"'


# clients that refuse


def test_a_reader_signs_and_sends_what_reads_only(scripted):
    store, script = scripted
    reader = store.read_only()
    for verb in ("read", "stat", "write", "delete", "create_multipart"):
        if verb in {"read", "stat"}:
            assert reader.reach("a", verb=verb).url
        else:
            with pytest.raises(PermissionDenied):
                reader.reach("a", verb=verb)
    upload = reader.create("a", multipart_id="u")
    for change in (
        lambda: put(reader, "a"),
        lambda: reader.delete("a"),
        lambda: reader.delete_many(["a"]),
        lambda: reader.copy("a", "b"),
        lambda: reader.create_dir("a"),
        lambda: reader.create_multipart("a"),
        lambda: reader.write_multipart(upload, io.BytesIO(b"x"), 1, 0),
        lambda: reader.copy_multipart(upload, "s", 0),
        lambda: reader.complete_multipart(upload, []),
        lambda: reader.delete("a", multipart_id="u"),
    ):
        with pytest.raises(PermissionDenied):
            change()
    script.add_response("get_object", body(b"x"))
    assert get(reader, "a") == b"x"


def test_a_closed_client_sends_nothing(store):
    put(store, "a")
    again = store.read_only()
    store.close()
    store.close()
    for call in (lambda: store.stat("a"), lambda: get(store, "a"), lambda: store.list(""), lambda: put(store, "a")):
        with pytest.raises(Unexpected, match="closed"):
            call()
    assert again.stat("a").mode == ObjectMode.READ
    assert store.features().close_refuses


def test_what_a_service_lacks_is_refused_before_anything_is_read(scripted):
    _, _ = scripted
    store = S3(Location(bucket="b", endpoint="http://127.0.0.1:1", without=("write.if_match", "suffix")), "/w/")
    reader = io.BytesIO(b"x")
    with pytest.raises(PairUnsupported):
        store.write("a", reader, 1, if_match='"a"')
    assert reader.tell() == 0
    with pytest.raises(PairUnsupported):
        get(store.read_only(), "a", suffix=1)
    pairs = store.features().pairs
    assert ("if_match" in pairs["write"], "if_match" in pairs["read"], "suffix" in pairs["read"]) == (
        False,
        True,
        False,
    )
