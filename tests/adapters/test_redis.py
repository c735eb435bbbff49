"""The Redis adapter: what a run against the server does not show."""

from __future__ import annotations

import pytest

from backends import BACKENDS, NotInstalled
from conformance.adapters.connection import open_backend
from conformance.adapters.redis.database import Location, client_for
from conformance.storage import ConnectionStringInvalid, ObjectModeInvalid, ObjectNotExist, PermissionDenied, Unexpected

pytest.importorskip("redis")


@pytest.fixture(scope="module")
def server():
    try:
        with BACKENDS["redis"]() as started:
            yield started.connection
    except NotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture
def client(server):
    client = client_for(Location(host="127.0.0.1", port=int(server.rpartition(":")[2].partition("/")[0])))
    yield client
    client.flushall()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("redis:", "names no server"),
        ("redis://", "names no server"),
        ("redis://127.0.0.1:6379/zero", "names no server and database"),
        ("redis://127.0.0.1:port/0", "names no server and database"),
        ("redis://user:secret@127.0.0.1/0", "set REDIS_PASSWORD"),
        ("redis://127.0.0.1?prefx=a", "did you mean prefix"),
    ],
)
def test_a_wrong_connection_string_is_told(spec, message):
    with pytest.raises(ConnectionStringInvalid, match=message):
        open_backend(spec)


def test_nobody_there_is_one_sentence():
    with pytest.raises(ConnectionStringInvalid, match=r"Redis at 127\.0\.0\.1:1 cannot be reached, is it running"):
        open_backend("redis://127.0.0.1:1/0").prepare()


def test_a_wrong_password_is_told(client, server, monkeypatch):
    client.config_set("requirepass", "right")
    try:
        monkeypatch.setenv("REDIS_PASSWORD", "wrong")
        with pytest.raises(PermissionDenied, match="the credentials may not use Redis"):
            open_backend(f"{server}?timeout=30").prepare()
    finally:
        client.config_set("requirepass", "")


def test_a_database_with_anything_in_it_is_not_empty(client, server):
    connection = open_backend(f"{server}?prefix=a[b]*")
    assert connection.is_empty()
    client.set("ab", "")
    client.set("a[b]", "")
    assert connection.is_empty()
    client.lpush("a[b]*c", 1)
    assert not connection.is_empty()
    assert open_backend(server).version().startswith("Redis ")


def test_what_others_keep_there_is_no_object(client, server):
    store = open_backend(server).open("/w/")
    client.lpush("/w/list", 1)
    client.set(b"/w/\xff", "no UTF-8")
    client.set("/w/a", "1")
    assert [o.path for o in store.list("")] == ["a"]
    with pytest.raises(ObjectModeInvalid):
        store.stat("list")


def test_an_error_without_a_code_is_told_by_what_is_there(server):
    store = open_backend(server).open("/w/")
    with pytest.raises(ObjectNotExist):
        store.copy("a", "a")
    store.write("a", None, 0)
    with pytest.raises(Unexpected, match="are the same"):
        store.copy("a", "a")
    with pytest.raises(ObjectNotExist):
        store.move("b", "a")
    store.delete("a")
