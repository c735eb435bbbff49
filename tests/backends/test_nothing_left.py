"""After a run nothing of ours is left: no process, temporary file, bucket, container, upload or file descriptor."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from backends import BACKENDS, NotInstalled
from conformance.adapters.connection import open_backend
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner

ROOT = Path(__file__).parents[2]
PROCESSES = Path("/proc")
RUN = ["rclone", "juicefs", "ceph-rgw"]
"""Backends of one process and of several; the others start and end by the same code."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of other processes under /proc")


def started(name, stack):
    try:
        return stack.enter_context(BACKENDS[name]())
    except NotInstalled as error:
        pytest.skip(str(error))


def alive(mark):
    """Return the command lines of the processes that inherited ``mark``, whoever their parent is now."""
    found = []
    for process in PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def gone(mark, seconds=60):
    deadline = time.monotonic() + seconds
    while (left := alive(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left, left


@pytest.fixture
def own():
    """Give a process a home and a temporary directory of its own, short enough for sockets, and a mark."""
    folder = Path(tempfile.mkdtemp(prefix="left-"))
    mark = f"conformance-mark-{uuid.uuid4().hex}"
    for name in ("tmp", "home"):
        (folder / name).mkdir()
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home"), "OUR_MARK": mark}
    yield environment, mark
    assert gone(mark) == (True, [])
    assert list((folder / "tmp").iterdir()) == []
    assert list((folder / "home").iterdir()) == []
    shutil.rmtree(folder)


def command(*arguments):
    return (sys.executable, "-m", *arguments)


@pytest.mark.parametrize("name", RUN)
def test_a_run_that_starts_its_backend_leaves_nothing(name, own):
    with ExitStack() as stack:
        started(name, stack)  # skips where it is not installed
    environment, _ = own
    arguments = ("backends", "check", name, "--profile", "smoke", "--quiet")
    done = subprocess.run(command(*arguments), cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1, 3}, done.stderr
    assert name in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_leaves_nothing(number, own):
    with ExitStack() as stack:
        started("juicefs", stack)
    environment, mark = own
    with subprocess.Popen(
        command("backends", "check", "juicefs"),
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 300
        while not any("spawn_main" in line for line in alive(mark)) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)
        os.killpg(process.pid, number)
        process.communicate(timeout=300)
    assert process.returncode == 130


# what a server keeps


def keys(client, bucket):
    return sorted(entry["Key"] for entry in client.list_objects_v2(Bucket=bucket).get("Contents", ()))


def uploads(client, bucket):
    return [upload["UploadId"] for upload in client.list_multipart_uploads(Bucket=bucket).get("Uploads", ())]


@contextmanager
def s3(name, monkeypatch):
    boto3 = pytest.importorskip("boto3")
    with ExitStack() as stack:
        backend = started(name, stack)
        for variable, value in backend.environment.items():
            monkeypatch.setenv(variable, value)
        endpoint = backend.connection.partition("endpoint=")[2].partition("&")[0]
        # a session of its own: the default one keeps the credentials that it found first
        yield backend, boto3.Session().client("s3", endpoint_url=endpoint, region_name="us-east-1")


def check(connection, folder):
    arguments = ("conformance.cli", "check", connection, "--profile", "smoke", "--quiet")
    done = subprocess.run(command(*arguments), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["moto-server", "swift-s3", "ceph-rgw", "juicefs"])
def test_a_bucket_that_the_run_made_is_gone(name, monkeypatch, tmp_path):
    with s3(name, monkeypatch) as (backend, client):
        client.create_bucket(Bucket="mine")
        check(backend.connection, tmp_path)
        assert [bucket["Name"] for bucket in client.list_buckets()["Buckets"]] == ["mine"]
        if name == "swift-s3":
            assert containers(backend) == ["mine"]  # S3 does not show the one in which it keeps parts


def containers(backend):
    """Return the containers of Swift's account, which S3 calls buckets."""
    endpoint = backend.connection.partition("endpoint=")[2].partition("&")[0]
    user, key = backend.environment.values()
    asked = urllib.request.Request(f"{endpoint}/auth/v1.0", headers={"X-Auth-User": user, "X-Auth-Key": key})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        place, token = answer.headers["X-Storage-Url"], answer.headers["X-Auth-Token"]
    asked = urllib.request.Request(f"{place}?format=json", headers={"X-Auth-Token": token})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return [container["name"] for container in json.load(answer)]


@pytest.mark.parametrize("name", ["moto-server", "ceph-rgw", "juicefs"])
def test_what_was_there_before_the_run_stays_and_nothing_else(name, monkeypatch, tmp_path):
    with s3(name, monkeypatch) as (backend, client):
        client.create_bucket(Bucket="mine")
        client.put_object(Bucket="mine", Key="before/a", Body=b"1")
        upload = client.create_multipart_upload(Bucket="mine", Key="before/b")["UploadId"]
        check(backend.connection.replace("conformance?", "mine/below?"), tmp_path)
        assert keys(client, "mine") == ["before/a"]
        assert uploads(client, "mine") == [upload]


def test_a_container_that_the_run_made_is_gone(monkeypatch, tmp_path):
    blob = pytest.importorskip("azure.storage.blob")
    with ExitStack() as stack:
        backend = started("azurite", stack)
        for variable, value in backend.environment.items():
            monkeypatch.setenv(variable, value)
        check(backend.connection, tmp_path)
        endpoint = backend.connection.partition("endpoint=")[2].partition("&")[0]
        with blob.BlobServiceClient(endpoint, credential=backend.environment["AZURE_STORAGE_KEY"]) as client:
            assert list(client.list_containers()) == []


# inside one process


def descriptors():
    return {path.name: str(path.readlink()) for path in Path("/proc/self/fd").iterdir() if path.is_symlink()}


@pytest.mark.parametrize("name", ["memory", "fs", "moto-server"])
def test_a_run_leaves_no_file_descriptor_open(name, monkeypatch):
    with ExitStack() as stack:
        connection = name
        if name in BACKENDS:
            backend = started(name, stack)
            connection = backend.connection
            for variable, value in backend.environment.items():
                monkeypatch.setenv(variable, value)
        opened = open_backend(connection)
        opened.prepare()

        def run():
            runner = Runner(Backend(name=name, open=opened.open), profile="smoke")
            for each in checks().values():
                if runner.selects(each):
                    runner.run(each)
            assert runner.clean() == []

        run()  # modules are imported, and the client of the process has its connections
        before = descriptors()
        run()
        after = descriptors()
        assert len(after) <= len(before), sorted(set(after.values()) - set(before.values()))
        opened.remove_root()
