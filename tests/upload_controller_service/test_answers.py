"""What clients are answered, request by request; on SQLite, as no answer depends on the database."""

from __future__ import annotations

import hashlib
import re

import httpx
import pytest

TIB = 1024**4
MIB = 1024**2
GOOD = {"status": "uploaded", "parts": {"1": "x"}}


@pytest.fixture
def client(fresh):
    return fresh[0]


@pytest.fixture
def bucket(fresh):
    return fresh[1]


def refused(answer, code, exception_id):
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"exception_id", "description", "data"}
    assert body["exception_id"] == exception_id
    assert body["description"]
    return body["data"]


def test_creation_answers_an_id_and_the_part_size(client, bucket):
    client.register()
    answer = client.create()
    assert answer.status_code == 200
    upload_id = answer.json()["upload_id"]
    assert answer.json() == {"upload_id": upload_id, "part_size": 16 * MIB}
    assert client.pending().json() == answer.json()
    assert bucket.uploads() == [upload_id]
    state = client.http.get(f"/hooks/multipart_uploads/{upload_id}").json()
    assert (state["upload_status"], state["object_key"], state["bucket"]) == ("pending", upload_id, bucket.name)
    assert client.http.get("/hooks/files/f").json() == {"file_id": "f", "size": 10, "upload_id": upload_id}


def test_a_second_creation_is_told_of_the_first(client, bucket):
    upload_id = client.begin()
    data = refused(client.create(), 409, "existingActiveUpload")
    expected = {"upload_id": upload_id, "upload_status": "pending", "part_size": 16 * MIB}
    assert data == {"file_id": "f", "active_upload": expected}
    assert bucket.uploads() == [upload_id]


@pytest.mark.parametrize(
    ("size", "part_size"),
    [
        (0, 16),
        (1, 16),
        (2**31, 16),
        (2**33, 16),
        (16 * MIB * 10_000, 16),
        (16 * MIB * 10_000 + 1, 32),
        (200 * 10**9, 32),
        (512 * MIB * 10_000, 512),
        (5 * TIB, 1024),
    ],
)
def test_the_part_size_suits_the_file(client, size, part_size):
    client.register(size=size)
    assert client.create().json()["part_size"] == part_size * MIB


def test_a_file_that_no_store_holds_is_refused_without_a_trace(client, bucket):
    client.register(size=5 * TIB + 1)
    data = refused(client.create(), 400, "fileTooLarge")
    assert data == {"file_id": "f", "size": 5 * TIB + 1, "maximum": 5 * TIB}
    assert client.pending().json() is None
    assert bucket.is_empty()


@pytest.mark.parametrize(
    "file_id", ["f", "ab", "x" * 255, "a_b", "..", ".", "Dürüm", "日本", "a b", "%25", "a%3Fb", "🦔"]
)
def test_any_file_that_can_be_registered_can_be_uploaded(client, bucket, file_id):
    file_id = file_id if file_id.startswith(("%", "a%")) else "".join(f"%{byte:02X}" for byte in file_id.encode())
    client.register(file_id)
    upload_id = client.create(file_id).json()["upload_id"]
    assert client.complete(upload_id, client.put(upload_id)).status_code == 204
    assert bucket.read(upload_id) == b"0123456789"


@pytest.mark.parametrize("file_id", ["%00", "a%0Ab", "x" * 256, "%7F", "%FF", "a%ED%A0%80"])
def test_ids_that_cannot_be_are_refused_everywhere(client, file_id):
    refused(client.http.put(f"/hooks/files/{file_id}", json={"size": 1}), 422, "validationError")
    refused(client.create(file_id), 422, "validationError")
    refused(client.pending(file_id), 422, "validationError")
    refused(client.presign(file_id), 422, "validationError")
    refused(client.cancel(file_id), 422, "validationError")


def test_unknown_ids_are_not_found_on_every_path(client, bucket):
    refused(client.create("no"), 404, "fileNotRegistered")
    refused(client.pending("no"), 404, "fileNotRegistered")
    refused(client.http.get("/hooks/files/no"), 404, "fileNotRegistered")
    assert refused(client.presign("no"), 404, "uploadNotFound") == {"upload_id": "no"}
    refused(client.complete("no", "x"), 404, "uploadNotFound")
    refused(client.cancel("no"), 404, "uploadNotFound")
    refused(client.decide("no", "accept"), 404, "uploadNotFound")
    refused(client.http.get("/hooks/multipart_uploads/no"), 404, "uploadNotFound")
    refused(client.create("a%2Fb"), 404, "notFound")
    assert bucket.is_empty()


@pytest.mark.parametrize("query", ["", "?status=", "?status=uploaded", "?status=PENDING", "?state=pending"])
def test_only_pending_uploads_can_be_asked_for(client, query):
    client.begin()
    refused(client.http.get(f"/files/f/multipart_uploads{query}"), 422, "validationError")
    refused(client.http.get(f"/files/no/multipart_uploads{query}"), 422, "validationError")


@pytest.mark.parametrize(
    "number", ["0", "-1", "10001", "one", "1.0", "01", "1e2", "%20", "99999999999999999999", "%D9%A1"]
)
def test_part_numbers_that_no_store_takes(client, number):
    refused(client.presign(client.begin(), number), 422, "validationError")


def test_a_url_takes_its_part_and_answers_its_etag(client):
    upload_id = client.begin()
    for number in (1, 10_000):
        url = client.presign(upload_id, number).json()["url"]
        assert f"partNumber={number}" in url
        assert "X-Amz-Expires=3600" in url
        etag = httpx.put(url, content=b"abc", trust_env=False).headers["etag"]
        assert etag == f'"{hashlib.md5(b"abc").hexdigest()}"'


def test_parts_come_in_any_order_and_can_be_replaced(client, bucket):
    upload_id = client.begin(size=3 * 2000)
    etags = {number: client.put(upload_id, number, bytes([number]) * 2000) for number in (3, 1, 2)}
    etags[2] = client.put(upload_id, 2, b"x" * 2000)
    assert client.complete(upload_id, etags[1], etags[2].strip('"'), etags[3]).status_code == 204
    assert bucket.read(upload_id) == b"\1" * 2000 + b"x" * 2000 + b"\3" * 2000


def test_completion_answers_nothing_and_tells_once(client, bucket):
    upload_id = client.begin()
    etag = client.put(upload_id)
    answer = client.complete(upload_id, etag)
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.status(upload_id) == "uploaded"
    assert bucket.read(upload_id) == b"0123456789"
    assert client.pending().json() is None
    assert client.complete(upload_id, etag.strip('"')).status_code == 204
    (event,) = client.http.get("/hooks/events").json()
    del event["event_id"]
    where = {"bucket": bucket.name, "object_key": upload_id}
    assert event == {"type": "upload_received", "file_id": "f", "upload_id": upload_id, "size": 10, **where}
    assert client.http.get("/hooks/events", params={"file_id": "other"}).json() == []


def test_an_empty_file_is_one_empty_part(client, bucket):
    upload_id = client.begin(size=0)
    refused(client.complete(upload_id), 400, "partsRefused")
    assert client.complete(upload_id, client.put(upload_id, content=b"")).status_code == 204
    assert bucket.read(upload_id) == b""


@pytest.mark.parametrize(
    ("named", "data"),
    [
        ({}, {"not_named": [1, 3]}),
        ({"1": "A"}, {"not_named": [3]}),
        ({"1": "A", "2": "B", "3": "B"}, {"not_in_store": [2]}),
        ({"1": "B", "3": "A"}, {"of_other_etag": [1, 3]}),
        ({"1": "A", "3": "wrong"}, {"of_other_etag": [3]}),
        ({"1": "A", "2": "B"}, {"not_in_store": [2], "not_named": [3]}),
    ],
)
def test_parts_that_are_not_as_named(client, bucket, named, data):
    upload_id = client.begin(size=3000)
    etags = {"A": client.put(upload_id, 1, b"a" * 2000), "B": client.put(upload_id, 3, b"b" * 1000)}
    body = {"status": "uploaded", "parts": {number: etags.get(etag, etag) for number, etag in named.items()}}
    answer = client.http.patch(f"/multipart_uploads/{upload_id}/", json=body)
    expected = {"upload_id": upload_id, "not_in_store": [], "not_named": [], "of_other_etag": []}
    assert refused(answer, 400, "partsMismatch") == {**expected, **data}
    assert client.status(upload_id) == "pending"
    assert bucket.objects() == []
    body["parts"] = {"3": etags["B"], "1": etags["A"].strip('"')}
    assert client.http.patch(f"/multipart_uploads/{upload_id}", json=body).status_code == 204
    assert bucket.read(upload_id) == b"a" * 2000 + b"b" * 1000


@pytest.mark.parametrize("size", [0, 9, 11, 5 * TIB])
def test_parts_of_another_sum(client, bucket, size):
    upload_id = client.begin(size=size)
    data = refused(client.complete(upload_id, client.put(upload_id)), 400, "sizeMismatch")
    assert data == {"upload_id": upload_id, "registered_size": size, "received_size": 10}
    assert client.status(upload_id) == "pending"
    assert bucket.objects() == client.events() == []


def test_parts_that_the_store_refuses_can_be_mended(client, bucket):
    upload_id = client.begin(size=2100)
    small = client.put(upload_id, 1, b"x" * 100), client.put(upload_id, 2, b"x" * 2000)
    assert refused(client.complete(upload_id, *small), 400, "partsRefused")["reason"] == "EntityTooSmall"
    assert client.status(upload_id) == "pending"
    mended = client.put(upload_id, 1, b"x" * 2000), client.put(upload_id, 2, b"x" * 100)
    assert client.complete(upload_id, *mended).status_code == 204
    assert bucket.read(upload_id) == b"x" * 2100


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "uploaded"},
        {"status": "uploaded", "parts": None},
        {"status": "uploaded", "parts": ["x"]},
        {"status": "uploaded", "parts": {"0": "x"}},
        {"status": "uploaded", "parts": {"01": "x"}},
        {"status": "uploaded", "parts": {"10001": "x"}},
        {"status": "uploaded", "parts": {"one": "x"}},
        {"status": "uploaded", "parts": {"1": 1}},
        {"status": "uploaded", "parts": {"1": ""}},
        {"status": "cancelled", "parts": {"1": "x"}},
        *(
            {"status": status}
            for status in ("canceled", "pending", "failed", "accepted", "rejected", "UPLOADED", "", 1)
        ),
        {"status": None},
        {"upload_status": "cancelled"},
        [],
        "cancelled",
        None,
    ],
)
def test_bodies_that_are_not_as_documented_change_nothing(client, body):
    upload_id = client.begin()
    for known in (upload_id, "no"):
        refused(client.http.patch(f"/multipart_uploads/{known}/", json=body), 422, "validationError")
    assert client.status(upload_id) == "pending"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"status": ' + b"9" * 5000 + b"}",
        b'{"status": "\\ud800"}',
        b"NaN",
        b'{"status": "uploaded", "parts": {"1": "\\ud800"}}',
        b'{"status": "uploaded", "parts": {"\\ud800": "x"}}',
    ],
)
def test_bodies_that_cannot_be_parsed(client, content):
    upload_id = client.begin()
    headers = {"Content-Type": "application/json"}
    answer = client.http.patch(f"/multipart_uploads/{upload_id}/", content=content, headers=headers)
    refused(answer, answer.status_code, answer.json()["exception_id"])
    assert answer.status_code in {400, 422}
    plain = client.http.patch(f"/multipart_uploads/{upload_id}/", content=b"status=cancelled")
    refused(plain, 422, "validationError")


@pytest.mark.parametrize("body", [{"size": -1}, {"size": "1"}, {"size": 1.5}, {"size": 2**63}, []])
def test_files_that_cannot_be_registered(client, body):
    refused(client.http.put("/hooks/files/f", json=body), 422, "validationError")
    refused(client.create(), 404, "fileNotRegistered")


def test_a_file_is_registered_once(client):
    client.register(size=10)
    client.register(size=10)
    answer = client.http.put("/hooks/files/f", json={"size": 11})
    assert refused(answer, 409, "fileAlreadyRegistered") == {"file_id": "f", "size": 10}


@pytest.mark.parametrize("body", [{}, {"size": None}])
def test_a_file_whose_size_nobody_knows(client, bucket, body):
    register = lambda: client.http.put("/hooks/files/f", json=body)  # noqa: E731
    assert (register().json()["size"], register().status_code) == (None, 200)
    assert client.http.put("/hooks/files/f", json={"size": 10}).status_code == 409
    created = client.create().json()
    assert created["part_size"] == 16 * MIB
    upload_id = created["upload_id"]
    assert client.complete(upload_id, client.put(upload_id, content=b"any length")).status_code == 204
    assert bucket.read(upload_id) == b"any length"
    (event,) = client.http.get("/hooks/events").json()
    assert (event["upload_id"], event["size"]) == (upload_id, None)


def test_what_there_is_not(client):
    refused(client.http.get("/"), 404, "notFound")
    refused(client.http.get("/files/f"), 404, "notFound")
    refused(client.http.post("/files/f/multipart_uploads/"), 404, "notFound")
    answer = client.http.delete("/files/f/multipart_uploads")
    refused(answer, 405, "methodNotAllowed")
    assert answer.headers["allow"]
    refused(client.http.get("/multipart_uploads/u/"), 405, "methodNotAllowed")
    refused(client.http.post("/hooks/multipart_uploads/u/forget"), 422, "validationError")
    assert client.http.get("/health").json() == {"status": "OK"}


def test_the_openapi_page_has_every_request(client):
    assert client.http.get("/docs").status_code == 200
    document = client.http.get("/openapi.json").json()
    clients = {path for path in document["paths"] if not re.match("/hooks|/health", path)}
    assert clients == {
        "/files/{file_id}/multipart_uploads",
        "/multipart_uploads/{upload_id}/part/{part_no}/presigned_post",
        "/multipart_uploads/{upload_id}/",
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            conflict = operation["responses"]["409"]["content"]["application/json"]["schema"]
            assert conflict == {"$ref": "#/components/schemas/ErrorBody"}
