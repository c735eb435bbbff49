"""The PostgreSQL adapter: what a run against the server does not show."""

from __future__ import annotations

import io

import pytest

from backends import BACKENDS, NotInstalled
from conformance.adapters.connection import open_backend
from conformance.storage import ConnectionStringInvalid, ListMode, ListModeInvalid, PreconditionFailed, Unexpected

psycopg = pytest.importorskip("psycopg")


@pytest.fixture(scope="module")
def server():
    try:
        with BACKENDS["postgres"]() as started:
            yield started.connection
    except NotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture
def connection(server):
    connection = open_backend(server)
    connection.prepare()
    yield connection
    connection.open("/").delete_many([o.path for o in connection.open("/").list("")])
    connection.remove_root()


def ask(server, statement):
    with psycopg.connect(server.partition("?")[0].replace("postgres://", "postgresql://")) as direct:
        return direct.execute(statement).fetchone()[0]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("postgres:", "names no server"),
        ("postgres://host", "names no server and database"),
        ("postgres://host:port/database", "names no server and database"),
        ("postgres://host/database/more", "names no server and database"),
        ("postgres://user:secret@host/database", "set PGPASSWORD"),
        ("postgres://host/database?table=a;b", "the option table"),
    ],
)
def test_a_wrong_connection_string_is_told(spec, message):
    with pytest.raises(ConnectionStringInvalid, match=message):
        open_backend(spec)


def test_nobody_there_is_one_sentence():
    with pytest.raises(ConnectionStringInvalid, match=r"127\.0\.0\.1:1/database cannot be reached"):
        open_backend("postgres://user@127.0.0.1:1/database").prepare()


def test_a_missing_table_is_told(server):
    with pytest.raises(ConnectionStringInvalid, match=r"there is no table other at .*: add create=true"):
        open_backend(server.replace("create=true", "table=other")).prepare()


def test_the_table_goes_when_it_is_empty(server):
    connection = open_backend(f"{server}&table=mine")
    connection.prepare()
    again = open_backend(f"{server}&table=mine")
    again.prepare()
    again.remove_root()  # not its table: the first connection made it
    store = connection.open("/")
    store.write("a", io.BytesIO(b"x"), 1)
    assert not connection.is_empty()
    with pytest.raises(Unexpected, match="is not empty"):
        connection.remove_root()
    store.delete("a")
    connection.remove_root()
    assert ask(server, "SELECT to_regclass('mine')") is None
    assert connection.version().startswith("PostgreSQL ")


def test_no_large_object_is_left_without_a_name(connection, server):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError("the disk is gone")

    store = connection.open("/w/")
    count = "SELECT count(*) FROM pg_largeobject_metadata"
    with pytest.raises(Unexpected, match="the disk is gone"):
        store.write("a", Broken(), 1)
    assert ask(server, count) == 0
    for size in (100_000, 10, 0):
        store.write("a", io.BytesIO(b"x" * size), size)
    store.copy("a", "b")
    store.copy("a", "b")
    store.move("b", "a")
    store.create_append("a")
    assert ask(server, count) == 1
    with pytest.raises(PreconditionFailed):
        store.write("a", None, 0, if_none_match="*")
    store.delete("a")
    assert ask(server, count) == 0


def test_a_read_sees_the_database_as_it_was(connection):
    store = connection.open("/w/")
    store.write("a", io.BytesIO(b"old" * 50_000), 150_000)
    w = io.BytesIO()
    replaced = []

    def replace(_):
        if not replaced:
            replaced.append(store.write("a", io.BytesIO(b"new"), 3))

    assert store.read("a", w, io_callback=replace) == 150_000
    assert w.getvalue() == b"old" * 50_000
    assert store.stat("a").content_length == 3


def test_what_cannot_be_a_name_is_refused(connection):
    store = connection.open("/w/")
    for path in ("a\0b", "\ud800"):
        with pytest.raises(Unexpected):
            store.write(path, None, 0)
    with pytest.raises(Unexpected):
        store.write("a", None, 0, user_metadata={"name": "a\0b"})
    with pytest.raises(ListModeInvalid):
        store.list("", list_mode=ListMode.DIR)
    assert list(store.list("")) == []
