"""The service as a process: the documented command, and a store that checks signatures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backends import NotInstalled, ceph_rgw, seaweedfs, swift
from backends.server import free_ports
from backends.upload_controller.config import S3Settings, Settings
from backends.upload_controller.launcher import start, start_here

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "backends.upload_controller")


def test_the_command_starts_everything_and_ends_it(connect):
    (port,) = free_ports(1)
    with subprocess.Popen(
        (*COMMAND, "--port", str(port)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        said = "".join(process.stdout.readline() for _ in range(8))
        for what in (
            f"http://127.0.0.1:{port}/docs",
            f"http://127.0.0.1:{port}/hooks",
            "sqlite:///",
            "AWS_ACCESS_KEY_ID",
        ):
            assert what in said
        client = connect(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                client.http.get("/health")
                break
            except httpx.ConnectError:
                time.sleep(0.05)
        client.reach("accepted")
        os.kill(process.pid, signal.SIGINT)
        assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--s3-endpoint", "http://127.0.0.1:1"), "AWS_ACCESS_KEY_ID is not set"),
        (("--database-url", "postgresql://127.0.0.1:1/none"), "The database does not answer."),
        (("--part-size", "large"), "invalid int value: 'large'"),
        (("--database-url", "mysql://127.0.0.1/none"), "a database URL is sqlite:////PATH or postgresql://"),
        (("--database-url", "sqlite"), "Could not parse SQLAlchemy URL"),
        (("--part-size", "0"), "the part size is 1 to 5368709120 bytes, not 0"),
        (("--url-lifetime", "604801"), "the lifetime of a URL is 1 to 604800 seconds, not 604801"),
        (("--tidy-interval", "-1"), "a duration is not negative"),
    ],
)
def test_the_command_says_why_it_does_not_start(arguments, message):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        (*COMMAND, *arguments), check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_options_reach_the_service(store, connect):
    options = ("--part-size", str(5 * 1024**2), "--upload-lifetime", "0", "--url-lifetime", "77")
    with start(None, store, options) as service:
        client = connect(service.url)
        client.register()
        created = client.create().json()
        assert created["part_size"] == 5 * 1024**2
        assert "X-Amz-Expires=77" in client.presign(created["upload_id"]).json()["url"]
        assert client.http.post("/hooks/age").json() == {"failed": [created["upload_id"]]}
    with start(None, store, ("--no-hooks",)) as service:
        assert connect(service.url).http.get("/hooks/events").json()["exception_id"] == "notFound"


class Holding(BaseHTTPRequestHandler):
    """Between the service and its store: lets everything pass, and keeps the answer to a completion to itself."""

    def forward(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = httpx.request(
            self.command, self.server.endpoint + self.path, headers=dict(self.headers), content=content, trust_env=False
        )
        if self.command == "POST" and "uploadId=" in self.path:
            self.server.completed.set()
            self.close_connection = True
            self.server.ended.wait(30)
            return
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name.lower() not in {"transfer-encoding", "connection", "date", "server"}:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = forward  # noqa: N815 - so the library calls them

    def log_message(self, *_): ...


@pytest.fixture
def holding(store):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Holding)
    server.endpoint, server.completed, server.ended = store.endpoint, threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_killed_process_that_completed_is_finished_by_the_next(store, database, connect, bucket, holding):
    behind = replace(store, endpoint=f"http://127.0.0.1:{holding.server_port}")
    with start(database, behind) as service, ThreadPoolExecutor(1) as pool:
        client = connect(service.url)
        upload_id = client.begin()
        etag = client.put(upload_id)
        answer = pool.submit(client.complete, upload_id, etag)
        assert holding.completed.wait(30)
        assert client.status(upload_id) == "pending"
        (process,) = [
            int(found.parent.name) for found in Path("/proc").glob("[0-9]*/cmdline") if serves(found, service)
        ]
        os.kill(process, signal.SIGKILL)
        with pytest.raises(httpx.TransportError):
            answer.result()
    with start(database, store) as service:
        client = connect(service.url)
        assert client.status(upload_id) == "uploaded"
        assert client.complete(upload_id, etag).status_code == 204
        assert client.events() == bucket.objects() == [upload_id]


def serves(found, service):
    try:
        return f"--port\0{urlsplit(service.url).port}\0".encode() in found.read_bytes()
    except OSError:
        return False


# a store that checks signatures


STORES = {"seaweedfs": seaweedfs.start, "swift": swift.start_s3, "ceph": ceph_rgw.start}


@pytest.fixture(scope="module", params=STORES)
def signed(request):
    with ExitStack() as stack:
        try:
            started = stack.enter_context(STORES[request.param]())
        except NotInstalled as error:
            pytest.skip(str(error))
        endpoint = parse_qs(urlsplit(started.connection).query)["endpoint"][0]
        access_key, secret_key = started.environment["AWS_ACCESS_KEY_ID"], started.environment["AWS_SECRET_ACCESS_KEY"]
        yield S3Settings(endpoint=endpoint, access_key=access_key, secret_key=secret_key)


@pytest.fixture
def checked(signed, tmp_path, connect):
    settings = Settings(tidy_interval=0, url_lifetime=3)
    with start_here(f"sqlite:///{tmp_path}/checked.sqlite", signed, settings) as service:
        yield connect(service.url)


def test_an_upload_through_a_store_that_checks_signatures(checked, see, signed):
    size = 5 * 1024**2
    upload_id = checked.begin("whole", size + 7)
    etags = checked.put(upload_id, 1, b"x" * size), checked.put(upload_id, 2, b"1234567")
    assert checked.complete(upload_id, *etags).status_code == 204
    assert checked.events() == [upload_id]
    assert checked.decide(upload_id, "reject").status_code == 204
    cancelled = checked.create("whole").json()["upload_id"]
    url = checked.presign(cancelled, 1).json()["url"]
    assert checked.cancel(cancelled).status_code == 204
    assert httpx.put(url, content=b"late", trust_env=False).status_code == 404
    vanished = checked.create("whole").json()["upload_id"]
    seen = see(signed)
    seen.abort_all()
    assert checked.presign(vanished).json()["exception_id"] == "storageUploadMissing"
    assert checked.age().json() == {"failed": [vanished]}
    assert seen.is_empty()


def test_a_url_is_for_one_part_of_one_upload_and_not_for_long(checked):
    upload_id, other = checked.begin("one"), checked.begin("two")

    def fresh(upload_id=upload_id):
        return checked.presign(upload_id, 1).json()["url"]

    theirs, ours = (parse_qs(urlsplit(fresh(each)).query)["uploadId"][0] for each in (other, upload_id))
    alterations = (
        ("partNumber=1", "partNumber=2"),
        (ours, theirs),
        (upload_id, other),
        ("X-Amz-Expires=3", "X-Amz-Expires=3000"),
    )
    for before, after in alterations:
        url = fresh()
        assert before in url
        assert httpx.put(url.replace(before, after), content=b"0123456789", trust_env=False).status_code in {400, 403}
    assert httpx.put(fresh().partition("?")[0], content=b"0123456789", trust_env=False).status_code in {400, 403}
    for method in ("GET", "DELETE", "POST", "HEAD"):
        assert httpx.request(method, fresh(), trust_env=False).is_error
    url = fresh()
    assert httpx.put(url, content=b"0123456789", trust_env=False).status_code == 200
    time.sleep(4)
    assert httpx.put(url, content=b"9876543210", trust_env=False).status_code == 403
