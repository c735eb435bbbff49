"""Requests at the same time, to two services that share nothing but the database and the store."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backends.upload_controller.launcher import start
from backends.upload_controller.service import Pieces
from backends.upload_controller.store import Store


class Gate:
    """Holds the first call of a method of a store until it is opened."""

    def __init__(self, method):
        self.arrived, self.opened = threading.Event(), threading.Event()
        gate, original = self, getattr(Store, method)

        def held(store, *args, **kwargs):
            if not gate.arrived.is_set():
                gate.arrived.set()
                assert gate.opened.wait(30)
            return original(store, *args, **kwargs)

        self.pieces = Pieces(store=type("Held", (Store,), {method: held}))


@pytest.fixture
def pool():
    with ThreadPoolExecutor(8) as threads:
        yield threads


@pytest.fixture
def pair(serve, database):
    """Return two services on one database; the first one's store has a gate before a method."""

    def made(method):
        gate = Gate(method)
        return gate, serve(database, pieces=gate.pieces), serve(database)

    return made


def says(answer, exception_id):
    return answer.status_code == 409 and answer.json()["exception_id"] == exception_id


def test_a_creation_that_is_held_is_already_known(pair, pool, bucket):
    gate, slow, other = pair("create")
    slow.register()
    held = pool.submit(slow.create)
    assert gate.arrived.wait(10)
    refused = other.create()
    assert says(refused, "existingActiveUpload")
    upload_id = refused.json()["data"]["active_upload"]["upload_id"]
    assert other.pending().json()["upload_id"] == upload_id
    assert bucket.uploads() == []
    gate.opened.set()
    assert held.result().json()["upload_id"] == upload_id
    assert bucket.uploads() == [upload_id]


def test_a_creation_that_is_held_can_be_used_by_who_learnt_of_it(pair, pool, bucket):
    gate, slow, other = pair("create")
    slow.register()
    held = pool.submit(slow.create)
    assert gate.arrived.wait(10)
    upload_id = other.pending().json()["upload_id"]
    etag = other.put(upload_id)
    gate.opened.set()
    assert held.result().json()["upload_id"] == upload_id
    assert bucket.uploads() == [upload_id]
    assert slow.complete(upload_id, etag).status_code == 204


def test_a_creation_that_is_held_can_be_cancelled(pair, pool, bucket):
    gate, slow, other = pair("create")
    slow.register()
    held = pool.submit(slow.create)
    assert gate.arrived.wait(10)
    upload_id = other.pending().json()["upload_id"]
    assert other.cancel(upload_id).status_code == 204
    gate.opened.set()
    assert says(held.result(), "uploadNotPending")
    assert bucket.is_empty()


def test_tidying_up_spares_a_creation_that_is_held(pair, pool, bucket):
    gate, slow, other = pair("create")
    slow.register()
    held = pool.submit(slow.create)
    assert gate.arrived.wait(10)
    assert other.age(60).json() == {"failed": []}
    gate.opened.set()
    upload_id = held.result().json()["upload_id"]
    assert other.age(60).json() == {"failed": []}
    assert bucket.uploads() == [upload_id]


def test_a_completion_that_is_held_keeps_others_off(pair, pool, bucket):
    gate, slow, other = pair("complete")
    upload_id = slow.begin()
    etag = slow.put(upload_id)
    held = pool.submit(slow.complete, upload_id, etag)
    assert gate.arrived.wait(10)
    assert says(other.cancel(upload_id), "uploadBeingCompleted")
    assert says(other.complete(upload_id, etag), "uploadBeingCompleted")
    assert says(other.create(), "existingActiveUpload")
    assert other.age().json() == {"failed": []}
    assert other.status(upload_id) == "pending"
    gate.opened.set()
    assert held.result().status_code == 204
    assert says(other.cancel(upload_id), "uploadNotPending")
    assert other.complete(upload_id, etag).status_code == 204
    assert bucket.objects() == [upload_id]
    assert other.events() == [upload_id]


def test_a_cancellation_that_is_held_has_won(pair, pool, bucket):
    gate, slow, other = pair("abort")
    upload_id = slow.begin()
    etag = slow.put(upload_id)
    held = pool.submit(slow.cancel, upload_id)
    assert gate.arrived.wait(10)
    assert says(other.complete(upload_id, etag), "uploadNotPending")
    assert says(other.presign(upload_id), "uploadNotPending")
    again = other.create().json()["upload_id"]
    gate.opened.set()
    assert held.result().status_code == 204
    assert other.status(upload_id) == "cancelled"
    assert bucket.uploads() == [again]
    assert other.events() == bucket.objects() == []


def test_a_part_that_replaces_another_before_the_object_is_made(pair, pool, bucket):
    gate, slow, other = pair("complete")
    upload_id = slow.begin()
    etag = slow.put(upload_id)
    held = pool.submit(slow.complete, upload_id, etag)
    assert gate.arrived.wait(10)
    newer = other.put(upload_id, 1, b"9876543210")
    gate.opened.set()
    answer = held.result()
    assert answer.status_code == 400
    assert answer.json()["exception_id"] == "partsRefused"
    assert other.status(upload_id) == "pending"
    assert other.complete(upload_id, newer).status_code == 204
    assert bucket.read(upload_id) == b"9876543210"


@pytest.fixture
def processes(connect, store, database):
    """Return clients of two processes that share a database and a store."""
    with start(database, store) as one, start(database, store) as two:
        yield connect(one.url), connect(two.url)


def test_two_processes_agree_on_every_winner(processes, pool, bucket):
    """As the requests come, round after round: one winner, nobody else changes anything, and nothing fails."""
    one, two = processes
    turns = [one, two] * 4
    won = []
    for number in range(6):
        name = one.register(f"f{number}")
        answers = list(pool.map(lambda service: service.create(name), turns))  # noqa: B023 - used at once
        (upload_id,) = [answer.json()["upload_id"] for answer in answers if answer.status_code == 200]
        for answer in answers:
            if answer.status_code != 200:
                assert says(answer, "existingActiveUpload")
                assert answer.json()["data"]["active_upload"]["upload_id"] == upload_id
        assert bucket.uploads() == [upload_id]
        etag = two.put(upload_id)
        complete = [lambda service=service: service.complete(upload_id, etag) for service in turns]  # noqa: B023
        cancel = [lambda service=service: service.cancel(upload_id) for service in turns]  # noqa: B023
        requests = complete if number % 3 == 0 else cancel if number % 3 == 1 else complete[::2] + cancel[1::2]
        answers = list(pool.map(lambda request: request(), requests))
        codes = {answer.status_code for answer in answers}
        assert codes <= {204, 409}
        assert 204 in codes
        status = one.status(upload_id)
        assert status in {"uploaded", "cancelled"}
        if status == "uploaded":
            won.append(upload_id)
        for answer, request in zip(answers, requests, strict=True):
            assert answer.status_code == 409 or (request in complete) == (status == "uploaded")
        assert bucket.uploads() == []
    assert sorted(bucket.objects()) == sorted(won) == sorted(one.events())
    assert len(won) >= 2
