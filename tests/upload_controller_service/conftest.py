"""The service on both databases, its store, and a client that speaks as plainly as a client can."""

from __future__ import annotations

import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

import boto3
import httpx

from backends import NotInstalled, postgresql
from backends.upload_controller.config import Settings
from backends.upload_controller.database import Database
from backends.upload_controller.launcher import embedded_store, start_here
from backends.upload_controller.service import Pieces, make_controller
from backends.upload_controller.tables import metadata

KINDS = ("sqlite", "postgresql")
QUIET = Settings(tidy_interval=0)
"""Nothing happens in the background: tests tell when."""


@pytest.fixture(scope="session")
def stores():
    with embedded_store() as started:
        yield started


def with_own_bucket(stores):
    return replace(stores, bucket=f"inbox-{uuid.uuid4().hex[:12]}")


@pytest.fixture
def store(stores):
    """Return a store with a bucket of its own."""
    return with_own_bucket(stores)


@pytest.fixture(scope="session")
def postgresql_server():
    pytest.importorskip("psycopg")
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgresql.start())
        except NotInstalled as error:
            pytest.skip(str(error))
        yield url


def empty_database(request, directory):
    if request.param == "sqlite":
        return f"sqlite:///{directory}/uploads.sqlite"
    import psycopg

    server, name = request.getfixturevalue("postgresql_server"), f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{server.rpartition('/')[0]}/{name}"


@pytest.fixture(params=KINDS)
def database(request, tmp_path):
    """Return the URL of an empty database of each kind."""
    return empty_database(request, tmp_path)


@pytest.fixture
def sqlite(tmp_path):
    """Return the URL of an empty SQLite database, for what does not depend on its kind."""
    return f"sqlite:///{tmp_path}/uploads.sqlite"


class Client:
    """Does what a client does, one request each, and what the rest of the house does."""

    def __init__(self, url):
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=60)

    def register(self, file_id="f", size=10):
        answer = self.http.put(f"/hooks/files/{file_id}", json={"size": size})
        assert answer.status_code == 200, answer.text
        return file_id

    def create(self, file_id="f"):
        return self.http.post(f"/files/{file_id}/multipart_uploads")

    def begin(self, file_id="f", size=10):
        self.register(file_id, size)
        answer = self.create(file_id)
        assert answer.status_code == 200, answer.text
        return answer.json()["upload_id"]

    def pending(self, file_id="f"):
        return self.http.get(f"/files/{file_id}/multipart_uploads", params={"status": "pending"})

    def presign(self, upload_id, part_no=1):
        return self.http.post(f"/multipart_uploads/{upload_id}/part/{part_no}/presigned_post")

    def put(self, upload_id, part_no=1, content=b"0123456789"):
        url = self.presign(upload_id, part_no).json()["url"]
        answer = httpx.put(url, content=content, trust_env=False, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.headers["etag"]

    def complete(self, upload_id, *etags):
        parts = {str(number): etag for number, etag in enumerate(etags, 1)}
        return self.http.patch(f"/multipart_uploads/{upload_id}/", json={"status": "uploaded", "parts": parts})

    def cancel(self, upload_id):
        return self.http.patch(f"/multipart_uploads/{upload_id}/", json={"status": "cancelled"})

    def decide(self, upload_id, verdict):
        return self.http.post(f"/hooks/multipart_uploads/{upload_id}/{verdict}")

    def status(self, upload_id):
        return self.http.get(f"/hooks/multipart_uploads/{upload_id}").json()["upload_status"]

    def events(self):
        return [event["upload_id"] for event in self.http.get("/hooks/events").json()]

    def age(self, seconds=0):
        return self.http.post("/hooks/age", json={"older_than": seconds})

    def reach(self, state, file_id="f"):
        """Return an upload of 10 bytes in that state."""
        upload_id = self.begin(file_id)
        if state in {"uploaded", "accepted", "rejected"}:
            assert self.complete(upload_id, self.put(upload_id)).status_code == 204
        if state in {"accepted", "rejected"}:
            assert self.decide(upload_id, state.removesuffix("ed")).status_code == 204
        if state == "cancelled":
            assert self.cancel(upload_id).status_code == 204
        if state == "failed":
            assert upload_id in self.age().json()["failed"]
        assert self.status(upload_id) == state
        return upload_id


class Bucket:
    """What the store holds, seen past the service."""

    def __init__(self, settings):
        self.name = settings.bucket
        keys = {"aws_access_key_id": settings.access_key, "aws_secret_access_key": settings.secret_key}
        self.s3 = boto3.client("s3", endpoint_url=settings.endpoint, region_name=settings.region, **keys)

    def uploads(self):
        pages = self.s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.name)
        return [upload["Key"] for page in pages for upload in page.get("Uploads", ())]

    def objects(self):
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=self.name).get("Contents", ())]

    def read(self, key):
        return self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()

    def abort_all(self):
        for upload in self.s3.list_multipart_uploads(Bucket=self.name).get("Uploads", ()):
            self.s3.abort_multipart_upload(Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"])

    def is_empty(self):
        return not self.uploads() and not self.objects()

    def clear(self):
        self.abort_all()
        for key in self.objects():
            self.s3.delete_object(Bucket=self.name, Key=key)


@pytest.fixture
def see():
    """Look into buckets past the service."""
    with ExitStack() as stack:

        def seen(settings):
            bucket = Bucket(settings)
            stack.callback(bucket.s3.close)
            return bucket

        yield seen


@pytest.fixture
def bucket(store, see):
    return see(store)


@pytest.fixture
def serve(store, connect):
    """Start services that live until the end of the test."""
    with ExitStack() as stack:

        def started(database, *, settings=QUIET, **rest):
            return connect(stack.enter_context(start_here(database, store, settings, **rest)).url)

        yield started


@pytest.fixture
def connect():
    """Make clients of services that are there already."""
    with ExitStack() as stack:

        def connected(url):
            client = Client(url)
            stack.callback(client.http.close)
            return client

        yield connected


@contextmanager
def lasting(url, store):
    """Yield a client and the bucket of one service for many tests, and what makes both empty again."""
    database = Database(url)
    with start_here(database.url, store, QUIET) as service:
        client, bucket = Client(service.url), Bucket(store)

        def wipe():
            with database.write() as connection:
                for table in reversed(metadata.sorted_tables):
                    connection.execute(table.delete())
            bucket.clear()

        yield client, bucket, wipe
        client.http.close()
        bucket.s3.close()
    database.close()


@pytest.fixture(scope="module")
def one_service(stores, tmp_path_factory):
    with lasting(f"sqlite:///{tmp_path_factory.mktemp('one')}/uploads.sqlite", with_own_bucket(stores)) as service:
        yield service


@pytest.fixture(scope="module", params=KINDS)
def service_on_each(request, stores, tmp_path_factory):
    with lasting(empty_database(request, tmp_path_factory.mktemp("each")), with_own_bucket(stores)) as service:
        yield service


@pytest.fixture
def fresh(one_service):
    """Return the client and the bucket of a service that knows nothing."""
    client, bucket, wipe = one_service
    wipe()
    return client, bucket


@pytest.fixture
def fresh_on_each(service_on_each):
    """Return the same, on a database of each kind."""
    client, bucket, wipe = service_on_each
    wipe()
    return client, bucket


@pytest.fixture
def make(store, sqlite):
    """Make controllers of a database without their HTTP, of other pieces if given."""
    with ExitStack() as stack:

        def made(database=sqlite, settings=QUIET, sink=None, **pieces):
            controller = make_controller(database, store, settings, sink=sink, pieces=Pieces(**pieces))
            stack.callback(controller.uploads.close)
            return controller

        yield made
