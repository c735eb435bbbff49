"""An upload controller as a storage: what its adapter translates, and what a connection string may say."""

from __future__ import annotations

import io

import pytest

from backends import BACKENDS, NotInstalled
from conformance.adapters.connection import open_backend
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectMode,
    ObjectNotExist,
    Part,
    RestrictionDissatisfied,
    Unexpected,
)

HERE = "upload-controller://127.0.0.1:8000"


@pytest.fixture(scope="module")
def service():
    try:
        with BACKENDS["upload-controller-storage"]() as started:
            yield started
    except NotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture
def store(service, request, monkeypatch):
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    connection = open_backend(service.connection)
    connection.prepare()
    return connection.open(f"/{request.node.name}/")


def uploaded(store, content, path="a"):
    handle = store.create_multipart(path)
    _, part = store.write_multipart(handle, io.BytesIO(content), len(content), 0)
    return handle, part, store.complete_multipart(handle, [part])


def test_an_upload_from_its_beginning_to_its_end(store):
    handle, part, o = uploaded(store, b"content")
    assert (handle.mode, o.mode, part.index) == (ObjectMode.PART, ObjectMode.READ, 0)
    assert store.stat("a").content_length == 7
    for offset, size, expected in ((None, None, b"content"), (3, 2, b"te"), (7, None, b""), (2, 0, b"")):
        w = io.BytesIO()
        assert store.read("a", w, offset=offset, size=size) == len(expected)
        assert w.getvalue() == expected
    store.delete("a")
    store.delete("a")
    with pytest.raises(ObjectNotExist):
        store.stat("a")
    assert uploaded(store, b"again")[0].multipart_id != handle.multipart_id


def test_the_number_of_a_part_is_its_index_and_one(store):
    handle = store.create_multipart("a")
    for index in (-1, 10_000):
        with pytest.raises(RestrictionDissatisfied):
            store.write_multipart(handle, io.BytesIO(b"x"), 1, index)
    _, last = store.write_multipart(handle, io.BytesIO(b"x"), 1, 9_999)
    store.complete_multipart(handle, [last])
    assert store.stat("a").content_length == 1


def test_one_upload_of_a_file_at_a_time(store):
    handle = store.create_multipart("a")
    with pytest.raises(Unexpected, match="409"):
        store.create_multipart("a")
    store.delete("a", multipart_id=handle.multipart_id)
    store.delete("a", multipart_id=handle.multipart_id)
    uploaded(store, b"x")
    with pytest.raises(Unexpected, match="409"):
        store.create_multipart("a")
    assert store.stat("a").content_length == 1


def test_refusals_are_the_errors_of_the_specification(store):
    handle = store.create_multipart("a")
    _, part = store.write_multipart(handle, io.BytesIO(b"x"), 1, 0)
    for parts in ([], [Part(1, 1, part.etag)], [Part(0, 1, '"' + "0" * 32 + '"')]):
        with pytest.raises(Unexpected, match="400"):
            store.complete_multipart(handle, parts)
    store.delete("a", multipart_id=handle.multipart_id)
    with pytest.raises(ObjectNotExist):
        store.write_multipart(handle, io.BytesIO(b"x"), 1, 0)
    with pytest.raises(ObjectNotExist):
        store.complete_multipart(handle, [part])


def test_what_a_controller_does_not_have_is_not_claimed(store):
    lacking = {"write", "list", "list_multipart", "copy", "move", "create_dir"}
    assert not lacking & store.features().operations


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (HERE, "does not say where the store is"),
        (f"{HERE}?store=nowhere", "store"),
        (f"{HERE}?store=http://127.0.0.1:9&size=1", "size"),
        (f"{HERE}?store=http://127.0.0.1:9&part_minimum=-1", "part_minimum"),
        (f"{HERE}?store=http://127.0.0.1:9&api=seeds", "did you mean seed"),
        (f"{HERE}?store=http://127.0.0.1:9&hooks=nowhere.toml", "nowhere.toml"),
        ("upload-controller:?store=http://127.0.0.1:9", "host"),
    ],
)
def test_a_wrong_connection_string_says_what_is_wrong(spec, message):
    with pytest.raises(ConnectionStringInvalid, match=message):
        open_backend(spec)


def test_hooks_without_which_nothing_is_seen(tmp_path):
    file = tmp_path / "hooks.toml"
    file.write_text('[register]\nrequest = "PUT /files/{file_id}"\n', "utf-8")
    with pytest.raises(ConnectionStringInvalid, match="the hooks lack file, state, reject"):
        open_backend(f"{HERE}?store=http://127.0.0.1:9&hooks={file}")


def test_nobody_there():
    with pytest.raises(ConnectionStringInvalid, match=r"nothing answers at http://127.0.0.1:9: start"):
        open_backend("upload-controller://127.0.0.1:9?store=http://127.0.0.1:9").prepare()
