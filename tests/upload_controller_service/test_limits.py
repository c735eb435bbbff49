"""More parts, and more uploads, than a store lists at once."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from backends.upload_controller.errors import PartsMismatch, UploadBeingCompleted
from backends.upload_controller.states import UploadStatus

SIZE = 1024  # the smallest part that this store takes, bytes


def test_more_than_a_thousand_parts(make, bucket):
    controller, count = make(), 1005
    controller.register("f", count * SIZE)
    upload = controller.create("f")
    contents = {number: number.to_bytes(2, "big") * (SIZE // 2) for number in range(1, count + 1)}
    where = {"Bucket": bucket.name, "Key": upload.upload_id, "UploadId": upload.s3_upload_id}

    def put(number):
        return bucket.s3.upload_part(**where, PartNumber=number, Body=contents[number])["ETag"]

    with ThreadPoolExecutor(8) as threads:
        parts = dict(zip(contents, threads.map(put, contents), strict=True))
    with pytest.raises(PartsMismatch) as refused:
        controller.complete(upload.upload_id, {number: parts[number] for number in range(1, 1001)})
    assert refused.value.data["not_named"] == [1001, 1002, 1003, 1004, 1005]
    controller.complete(upload.upload_id, parts)
    expected = hashlib.sha256(b"".join(contents.values())).digest()
    assert hashlib.sha256(bucket.read(upload.upload_id)).digest() == expected


def test_more_than_a_thousand_uploads_in_the_bucket(make, bucket):
    controller = make()
    with ThreadPoolExecutor(8) as threads:
        begin = lambda number: bucket.s3.create_multipart_upload(Bucket=bucket.name, Key=f"!{number:04}")  # noqa: E731
        list(threads.map(begin, range(1005)))
    controller.register("f", 0)
    ended = controller.create("f").upload_id
    controller.cancel(ended)
    controller.store.create(ended)
    live = controller.create("f").upload_id
    assert controller.presign(live, 1)
    assert set(bucket.uploads()) >= {ended, live}
    controller.tidy()
    assert len(bucket.uploads()) == 1006
    assert live in bucket.uploads()


def test_many_claims_in_a_row_leave_one(make):
    """Compare-and-set at its plainest: whoever comes second is told so."""
    controller = make()
    controller.register("f", 0)
    upload = controller.create("f")
    rows = controller.uploads
    assert rows.claim(upload.upload_id, "a", 100.0, stale=50.0)
    assert not rows.claim(upload.upload_id, "b", 101.0, stale=51.0)
    assert not rows.end(upload.upload_id, UploadStatus.CANCELLED, stale=51.0)
    assert not rows.release(upload.upload_id, 99.0)
    assert rows.claim(upload.upload_id, "b", 200.0, stale=150.0)
    assert not rows.finish(upload)
    assert rows.release(upload.upload_id, 200.0)
    assert rows.end(upload.upload_id, UploadStatus.CANCELLED, stale=150.0)
    assert not rows.end(upload.upload_id, UploadStatus.FAILED, stale=150.0)
    assert not rows.touch(upload.upload_id, 1.0)
    assert not rows.decide(upload.upload_id, UploadStatus.ACCEPTED)


def test_a_rival_that_claimed_while_the_parts_were_checked(make):
    controller = make()
    controller.register("f", 0)
    upload = controller.create("f")
    stale = controller.uploads.get(upload.upload_id)
    now = controller.clock()
    assert controller.uploads.claim(upload.upload_id, "theirs", now, now - 90)
    assert controller._claim(stale, "ours") is None
    with pytest.raises(UploadBeingCompleted):
        controller._require_completed(upload.upload_id, "ours", AssertionError)
