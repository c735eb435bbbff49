"""The states of an upload and what leads from one to another, on both databases."""

from __future__ import annotations

import httpx
import pytest

STATES = ("pending", "uploaded", "accepted", "rejected", "cancelled", "failed")
ENDED = STATES[1:]


@pytest.fixture
def client(fresh_on_each):
    return fresh_on_each[0]


@pytest.fixture
def bucket(fresh_on_each):
    return fresh_on_each[1]


def conflict(answer, exception_id, status=None):
    assert answer.status_code == 409, answer.text
    assert answer.json()["exception_id"] == exception_id
    assert answer.json()["data"].get("current_upload_status") == status


@pytest.mark.parametrize("state", STATES)
def test_only_these_states_close_a_file(client, bucket, state):
    upload_id = client.reach(state)
    answer = client.create()
    if state in {"pending", "uploaded", "accepted"}:
        conflict(answer, "existingActiveUpload")
        active = answer.json()["data"]["active_upload"]
        assert (active["upload_id"], active["upload_status"]) == (upload_id, state)
        assert client.http.get("/hooks/files/f").json()["upload_id"] == upload_id
    else:
        assert answer.json()["upload_id"] != upload_id
        assert client.pending().json() == answer.json()
        assert bucket.uploads() == [answer.json()["upload_id"]]
    assert client.status(upload_id) == state


@pytest.mark.parametrize("state", ENDED)
def test_an_ended_upload_takes_no_parts_and_does_not_end_again(client, bucket, state):
    upload_id = client.reach(state)
    before = bucket.objects()
    conflict(client.presign(upload_id), "uploadNotPending", state)
    conflict(client.complete(upload_id, "other"), "uploadNotPending", state)
    if state == "cancelled":
        assert client.cancel(upload_id).status_code == 204
    else:
        conflict(client.cancel(upload_id), "uploadNotPending", state)
    assert client.pending().json() is None
    assert client.status(upload_id) == state
    assert bucket.objects() == before
    assert client.events() == ([upload_id] if state in {"uploaded", "accepted", "rejected"} else [])


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verdict", ["accept", "reject"])
def test_only_an_uploaded_file_is_decided_on_and_once(client, bucket, state, verdict):
    upload_id = client.reach(state)
    decided = f"{verdict}ed"
    answer = client.decide(upload_id, verdict)
    if state in {"uploaded", decided}:
        assert (answer.status_code, answer.content) == (204, b"")
        assert client.status(upload_id) == decided
        assert bucket.is_empty()
    else:
        conflict(answer, "uploadNotUploaded", state)
        assert client.status(upload_id) == state
    assert len(client.events()) <= 1


def test_a_decision_on_an_earlier_attempt_does_not_meet_the_later(client, bucket):
    earlier = client.reach("rejected")
    later = client.reach("uploaded")
    assert client.decide(earlier, "reject").status_code == 204
    conflict(client.decide(earlier, "accept"), "uploadNotUploaded", "rejected")
    assert client.status(later) == "uploaded"
    assert bucket.objects() == [later]


def test_cancelling_removes_the_parts_and_their_urls(client, bucket):
    upload_id = client.begin()
    client.put(upload_id)
    url = client.presign(upload_id, 2).json()["url"]
    assert client.cancel(upload_id).status_code == 204
    assert bucket.is_empty()
    again = client.create().json()["upload_id"]
    assert httpx.put(url, content=b"late", trust_env=False).status_code >= 400  # moto: 500
    assert client.complete(again, client.put(again)).status_code == 204
    assert bucket.read(again) == b"0123456789"


def test_two_clients_never_mix_their_parts(client, bucket):
    """The second cancels what it finds and begins again, as uploaders do; the first goes on and fails cleanly."""
    first = client.begin(size=4000)
    etag = client.put(first, 1, b"1" * 2000)
    found = client.pending().json()["upload_id"]
    assert client.cancel(found).status_code == 204
    second = client.create().json()["upload_id"]
    conflict(client.presign(first, 2), "uploadNotPending", "cancelled")
    etags = [client.put(second, number, b"2" * 2000) for number in (1, 2)]
    conflict(client.complete(first, etag, etags[1]), "uploadNotPending", "cancelled")
    assert client.complete(second, *etags).status_code == 204
    assert bucket.read(second) == b"2" * 4000


def test_abandoned_uploads_fail_and_leave_nothing(client, bucket):
    abandoned, kept = client.begin("a"), client.begin("b")
    client.put(abandoned)
    client.put(kept)
    done = client.reach("uploaded", "c")
    assert client.age(3600).json() == {"failed": []}
    assert sorted(bucket.uploads()) == sorted([abandoned, kept])
    assert sorted(client.age().json()["failed"]) == sorted([abandoned, kept])
    assert client.status(abandoned) == "failed"
    assert bucket.uploads() == []
    assert bucket.objects() == [done]
    assert client.age().json() == {"failed": []}


def test_the_store_dropped_an_upload(client, bucket):
    upload_id = client.begin()
    etag = client.put(upload_id)
    bucket.abort_all()
    conflict(client.presign(upload_id), "storageUploadMissing")
    conflict(client.complete(upload_id, etag), "storageUploadMissing")
    assert client.status(upload_id) == "pending"
    assert client.cancel(upload_id).status_code == 204
    again = client.create().json()["upload_id"]
    assert client.complete(again, client.put(again)).status_code == 204


def test_an_object_of_the_files_name_is_in_nobodys_way(client, bucket):
    client.register()
    bucket.s3.put_object(Bucket=bucket.name, Key="f", Body=b"old")
    upload_id = client.create().json()["upload_id"]
    assert client.complete(upload_id, client.put(upload_id)).status_code == 204
    assert client.decide(upload_id, "accept").status_code == 204
    assert bucket.read("f") == b"old"


def test_uploads_of_others_in_the_bucket_are_left_alone(client, bucket):
    bucket.s3.create_multipart_upload(Bucket=bucket.name, Key="theirs")
    client.begin()
    client.age()
    assert bucket.uploads() == ["theirs"]
