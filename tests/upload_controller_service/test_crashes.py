"""A process that dies, a store that does not answer, an answer that is lost: what is left is finished or cleared."""

from __future__ import annotations

from contextlib import ExitStack

import httpx
import pytest

from backends.server import free_ports
from backends.upload_controller.config import S3Settings, Settings
from backends.upload_controller.errors import (
    DatabaseUnavailable,
    ExistingActiveUpload,
    StorageUnavailable,
    UploadBeingCompleted,
    UploadNotPending,
)
from backends.upload_controller.launcher import start_here
from backends.upload_controller.states import UploadStatus
from backends.upload_controller.store import Store
from backends.upload_controller.uploads import Uploads

SHORT = Settings(tidy_interval=0, completion_lease=0)
"""Nobody is believed to be still at work."""


class Died(BaseException):
    """The process is no more: nothing catches it, nothing is done after it."""


def dying(kind, method, *, after, error=Died):
    """Return a kind of piece whose method raises instead of working, or after it has worked; once."""
    original, armed = getattr(kind, method), [True]

    def call(self, *args, **kwargs):
        if not armed or not armed.pop():
            return original(self, *args, **kwargs)
        if after:
            original(self, *args, **kwargs)
        raise error

    return type(f"Dying{kind.__name__}", (kind,), {method: call})


@pytest.fixture(params=[False, True], ids=["before", "after"])
def after(request):
    return request.param


def put(controller, upload_id, number=1, content=b"0123456789"):
    answer = httpx.put(controller.presign(upload_id, number), content=content, trust_env=False)
    return {number: answer.headers["etag"]}


def told(controller):
    return [event.upload_id for event in controller.events()]


def status(controller, upload_id):
    return controller.uploads.get(upload_id).status


# the process dies


@pytest.mark.parametrize("kind", [Store, Uploads])
def test_died_in_a_creation_whose_id_can_still_be_used(make, database, bucket, kind, after):
    piece = dying(kind, "create" if kind is Store else "record", after=after)
    dead = make(database, **{kind.__name__.lower(): piece})
    dead.register("f", 10)
    with pytest.raises(Died):
        dead.create("f")
    alive = make(database)
    alive.recover()
    with pytest.raises(ExistingActiveUpload) as refused:
        alive.create("f")
    found = alive.find_pending("f")
    assert refused.value.data["active_upload"]["upload_id"] == found.upload_id
    alive.complete(found.upload_id, put(alive, found.upload_id))
    assert bucket.read(found.upload_id) == b"0123456789"
    assert bucket.uploads() == []


@pytest.mark.parametrize("end", ["cancel", "age"])
def test_died_in_a_creation_that_is_given_up(make, bucket, after, end):
    dead = make(store=dying(Store, "create", after=after))
    dead.register("f", 10)
    with pytest.raises(Died):
        dead.create("f")
    alive = make()
    left = alive.find_pending("f").upload_id
    if end == "cancel":
        alive.cancel(left)
    else:
        assert alive.tidy(0) == [left]
    assert bucket.is_empty()
    assert alive.create("f").upload_id != left


def test_died_before_a_row_was_written(make, bucket, after):
    dead = make(uploads=dying(Uploads, "insert", after=False))
    dead.register("f", 10)
    with pytest.raises(Died):
        dead.create("f")
    assert bucket.is_empty()
    assert make().create("f")


@pytest.mark.parametrize("then", ["start", "repeat", "tidy", "cancel", "presign", "create"])
def test_died_when_the_object_was_made(make, database, bucket, then):
    dead = make(database, store=dying(Store, "complete", after=True))
    dead.register("f", 10)
    upload_id = dead.create("f").upload_id
    parts = put(dead, upload_id)
    with pytest.raises(Died):
        dead.complete(upload_id, parts)
    alive = make(database)
    assert status(alive, upload_id) is UploadStatus.PENDING
    if then == "start":
        alive.recover()
    elif then == "tidy":
        assert alive.tidy(0) == []
    elif then == "repeat":
        alive.complete(upload_id, parts)
    elif then == "create":
        with pytest.raises(ExistingActiveUpload):
            alive.create("f")
        alive.recover()
    else:
        with pytest.raises(UploadNotPending):
            alive.cancel(upload_id) if then == "cancel" else alive.presign(upload_id, 1)
    assert status(alive, upload_id) is UploadStatus.UPLOADED
    assert told(alive) == [upload_id]
    alive.complete(upload_id, parts)
    with pytest.raises(UploadNotPending):
        alive.complete(upload_id, {1: "other"})
    assert told(alive) == [upload_id]
    assert bucket.objects() == [upload_id]


def test_died_before_the_object_was_made(make, database, bucket):
    dead = make(database, store=dying(Store, "complete", after=False))
    dead.register("f", 10)
    upload_id = dead.create("f").upload_id
    parts = put(dead, upload_id)
    with pytest.raises(Died):
        dead.complete(upload_id, parts)
    beside = make(database)
    beside.recover()
    for request in (lambda: beside.complete(upload_id, parts), lambda: beside.cancel(upload_id)):
        with pytest.raises(UploadBeingCompleted):
            request()
    later = make(database, SHORT)
    later.complete(upload_id, parts)
    assert told(later) == bucket.objects() == [upload_id]


@pytest.mark.parametrize("end", ["cancel", "age"])
def test_died_before_the_object_was_made_and_is_given_up(make, bucket, end):
    dead = make(store=dying(Store, "complete", after=False))
    dead.register("f", 10)
    upload_id = dead.create("f").upload_id
    parts = put(dead, upload_id)
    with pytest.raises(Died):
        dead.complete(upload_id, parts)
    assert make().tidy(0) == []
    later = make(settings=SHORT)
    later.cancel(upload_id) if end == "cancel" else later.tidy(0)
    assert status(later, upload_id) is (UploadStatus.CANCELLED if end == "cancel" else UploadStatus.FAILED)
    assert bucket.is_empty()
    assert told(later) == []


def test_died_between_the_state_and_its_event(make, database, bucket):
    """Both or neither: an event that cannot be written takes the state back."""
    from backends.upload_controller.outbox import Outbox

    dead = make(database, outbox=dying(Outbox, "record", after=True))
    dead.register("f", 10)
    upload_id = dead.create("f").upload_id
    parts = put(dead, upload_id)
    with pytest.raises(Died):
        dead.complete(upload_id, parts)
    alive = make(database)
    assert status(alive, upload_id) is UploadStatus.PENDING
    assert told(alive) == []
    alive.recover()
    assert status(alive, upload_id) is UploadStatus.UPLOADED
    assert told(alive) == [upload_id]


@pytest.mark.parametrize("method", ["abort", "delete_object"])
@pytest.mark.parametrize("then", ["start", "repeat", "tidy"])
def test_died_in_a_cancellation(make, bucket, after, method, then):
    dead = make(store=dying(Store, method, after=after))
    dead.register("f", 10)
    upload_id = dead.create("f").upload_id
    put(dead, upload_id)
    with pytest.raises(Died):
        dead.cancel(upload_id)
    alive = make()
    assert status(alive, upload_id) is UploadStatus.CANCELLED
    {"start": alive.recover, "repeat": lambda: alive.cancel(upload_id), "tidy": alive.tidy}[then]()
    assert bucket.is_empty()
    assert not alive.uploads.uncleared()


@pytest.mark.parametrize("verdict", [UploadStatus.ACCEPTED, UploadStatus.REJECTED])
def test_died_in_a_decision(make, bucket, verdict):
    dead = make(store=dying(Store, "delete_object", after=False))
    dead.register("f", 10)
    upload_id = dead.create("f").upload_id
    dead.complete(upload_id, put(dead, upload_id))
    with pytest.raises(Died):
        dead.decide(upload_id, verdict)
    assert bucket.objects() == [upload_id]
    alive = make()
    alive.recover()
    assert status(alive, upload_id) is verdict
    assert bucket.is_empty()


# the store does not answer


def test_a_creation_that_the_store_leaves_open(make, bucket, after):
    controller = make(store=dying(Store, "create", after=after, error=StorageUnavailable("no")))
    controller.register("f", 10)
    with pytest.raises(StorageUnavailable):
        controller.create("f")
    assert controller.find_pending("f") is None
    assert bucket.is_empty()
    assert controller.create("f").upload_id == bucket.uploads()[0]


def test_a_completion_whose_answer_is_lost(make, bucket):
    controller = make(store=dying(Store, "complete", after=True, error=StorageUnavailable("no")))
    controller.register("f", 10)
    upload_id = controller.create("f").upload_id
    controller.complete(upload_id, put(controller, upload_id))
    assert told(controller) == bucket.objects() == [upload_id]


@pytest.mark.parametrize("answered", [True, False])
def test_a_completion_whose_answer_is_lost_and_nothing_can_be_seen(make, bucket, answered):
    """The store goes away in the middle; when it is back, the repeat succeeds whether or not it had done it."""
    silent = dying(Store, "complete", after=answered, error=StorageUnavailable("no"))
    controller = make(store=dying(silent, "has_object", after=False, error=StorageUnavailable("no")))
    controller.register("f", 10)
    upload_id = controller.create("f").upload_id
    parts = put(controller, upload_id)
    with pytest.raises(StorageUnavailable):
        controller.complete(upload_id, parts)
    assert status(controller, upload_id) is UploadStatus.PENDING
    controller.complete(upload_id, parts)
    assert told(controller) == bucket.objects() == [upload_id]


def test_a_completion_that_the_store_did_not_do(make, bucket):
    controller = make(store=dying(Store, "complete", after=False, error=StorageUnavailable("no")))
    controller.register("f", 10)
    upload_id = controller.create("f").upload_id
    parts = put(controller, upload_id)
    with pytest.raises(StorageUnavailable):
        controller.complete(upload_id, parts)
    controller.complete(upload_id, parts)
    assert told(controller) == bucket.objects() == [upload_id]


def test_a_completion_that_the_store_does_after_the_cancellation(make, bucket):
    controller = make(store=dying(Store, "complete", after=False, error=StorageUnavailable("no")))
    controller.register("f", 10)
    upload_id = controller.create("f").upload_id
    with pytest.raises(StorageUnavailable):
        controller.complete(upload_id, put(controller, upload_id))
    controller.cancel(upload_id)
    assert bucket.is_empty()
    bucket.s3.put_object(Bucket=bucket.name, Key=upload_id, Body=b"late")
    controller.tidy()
    assert bucket.is_empty()
    assert status(controller, upload_id) is UploadStatus.CANCELLED
    assert controller.uploads.uncleared()
    make(settings=SHORT).tidy()
    assert not controller.uploads.uncleared()


def test_a_completion_that_comes_after_its_upload_was_given_up(make, bucket):
    """It was so slow that nobody believed in it any more: the object that it makes has to go."""

    class Slow(Store):
        def complete(self, key, s3_upload_id, parts):
            super().complete(key, s3_upload_id, parts)
            self.delete_object(key)  # as the rival saw the bucket a moment earlier
            rival.cancel(key)
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=b"late")

    rival = make(settings=SHORT)
    slow = make(store=Slow)
    slow.register("f", 10)
    upload_id = slow.create("f").upload_id
    parts = put(slow, upload_id)
    with pytest.raises(UploadNotPending):
        slow.complete(upload_id, parts)
    assert status(slow, upload_id) is UploadStatus.CANCELLED
    assert bucket.is_empty()
    assert told(slow) == []


def test_a_part_that_survives_an_abort_is_aborted_again(make, bucket):
    calls = []

    class Busy(Store):
        def has(self, key, s3_upload_id):
            calls.append(key)
            return len(calls) == 1 or super().has(key, s3_upload_id)

    controller = make(store=Busy)
    controller.register("f", 10)
    controller.cancel(controller.create("f").upload_id)
    assert bucket.is_empty()

    class Stubborn(Store):
        def has(self, key, s3_upload_id):
            return True

    store = make(store=Stubborn).store
    store._s3.abort_multipart_upload = lambda **_: None
    with pytest.raises(StorageUnavailable, match="keeps an upload"):
        store.abort("k", "u")


def test_what_the_store_began_for_an_ended_upload_is_swept_away(make, bucket):
    controller = make()
    controller.register("f", 10)
    upload_id = controller.create("f").upload_id
    controller.cancel(upload_id)
    controller.store.create(upload_id)  # an old request that arrives late
    live = controller.create("f").upload_id
    controller.store.create(live)  # another beside the one that is known
    controller.tidy()
    assert bucket.uploads() == [live]
    assert controller.presign(live, 1)


@pytest.fixture
def nowhere():
    return S3Settings(endpoint=f"http://127.0.0.1:{free_ports(1)[0]}", access_key="a", secret_key="b")


def test_no_store_is_said_as_such(connect, sqlite, nowhere):
    with start_here(sqlite, nowhere, SHORT) as service:
        client = connect(service.url)
        client.register()
        answer = client.create()
        assert answer.status_code == 503
        assert answer.json()["exception_id"] == "storageUnavailable"
        assert client.pending().json() is None
        assert client.age().status_code == 503


def test_no_database_is_said_as_such(connect, store, request):
    request.getfixturevalue("postgresql_server")  # else it is not installed
    from backends import postgresql

    with ExitStack() as stack:
        server = ExitStack()
        stack.callback(server.close)
        client = connect(stack.enter_context(start_here(server.enter_context(postgresql.start()), store, SHORT)).url)
        client.register()
        server.close()
        for answer in (client.create(), client.create()):
            assert answer.status_code == 503
            assert answer.json()["exception_id"] == "databaseUnavailable"


def test_a_database_that_is_not_there(make):
    with pytest.raises(DatabaseUnavailable):
        make(f"postgresql://nobody@127.0.0.1:{free_ports(1)[0]}/none")
