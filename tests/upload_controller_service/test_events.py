"""Whoever has to know of a received file is told, however long he does not listen."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from backends.upload_controller.config import Settings
from backends.upload_controller.webhook import webhook


def received(controller, file_id="f"):
    controller.register(file_id, 0)
    upload_id = controller.create(file_id).upload_id
    etag = httpx.put(controller.presign(upload_id, 1), content=b"", trust_env=False).headers["etag"]
    controller.complete(upload_id, {1: etag})
    return upload_id


def test_a_listener_that_fails_is_told_again(make):
    heard, deaf = [], [True]

    def sink(event):
        if deaf:
            raise ConnectionError
        heard.append(event.upload_id)

    controller = make(sink=sink)
    uploads = [received(controller, name) for name in "abc"]
    with pytest.raises(ConnectionError):
        controller.outbox.deliver()
    deaf.clear()
    controller.outbox.deliver()
    controller.outbox.deliver()
    assert heard == uploads
    assert [event.upload_id for event in controller.events()] == uploads
    assert all(event.delivered for event in controller.events())


def test_without_a_listener_the_events_wait(make):
    controller = make()
    upload_id = received(controller)
    controller.outbox.deliver()
    heard = []
    make(sink=lambda event: heard.append(event.upload_id)).outbox.deliver()
    assert heard == [upload_id]


@pytest.fixture
def listener():
    bodies, answers = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 204)
            self.end_headers()

        def log_message(self, *_): ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", bodies, answers
    server.shutdown()
    thread.join()
    server.server_close()


def test_events_are_posted_in_the_background_until_they_are_received(serve, sqlite, listener):
    url, bodies, answers = listener
    answers += [500, 503]
    client = serve(sqlite, sink=webhook(url))
    upload_id = client.reach("uploaded")
    deadline = time.monotonic() + 20
    while len(bodies) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    (told,) = client.http.get("/hooks/events").json()
    assert bodies == [told] * 3
    assert told["upload_id"] == upload_id


def test_abandoned_uploads_end_in_the_background(serve, sqlite, bucket):
    client = serve(sqlite, settings=Settings(tidy_interval=0.05, upload_lifetime=0.5))
    upload_id = client.begin()
    deadline = time.monotonic() + 20
    while client.status(upload_id) != "failed" and time.monotonic() < deadline:
        time.sleep(0.05)
    while bucket.uploads() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.status(upload_id) == "failed"
    assert bucket.is_empty()


def test_tidying_goes_on_after_a_failure(make, caplog):
    from backends.upload_controller.service import running

    class Moody(type(make())):
        rounds = 0

        def tidy(self, idle=None):
            type(self).rounds += 1
            raise ZeroDivisionError

    controller = make(controller=Moody, settings=Settings(tidy_interval=0.01))
    with running(controller):
        deadline = time.monotonic() + 10
        while Moody.rounds < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert Moody.rounds >= 3
    assert "failed, and is tried again" in caplog.text
