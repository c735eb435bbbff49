"""Connection strings: what they stand for, and the sentence that each mistake is answered with."""

from __future__ import annotations

import io
import socket
from pathlib import Path

import pytest

from conformance.adapters.connection import open_backend
from conformance.adapters.upload_controller.client import Http
from conformance.storage import (
    CapabilityInsufficient,
    ConnectionStringInvalid,
    PermissionDenied,
    Storage,
    StorageError,
)

OPENERS = """
from conformance.adapters.memory.service import MemoryService
from conformance.storage import AsyncStorage

service = MemoryService()
open_store = service.open

class Namespace:
    open_store = service.open

class Later(AsyncStorage):
    async def write(self, path, r, size):
        return size

def open_async(work_dir):
    return Later()

def open_wrong(work_dir):
    return None
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module in the current directory, which only the connection string puts on ``sys.path``."""
    (tmp_path / "my_openers.py").write_text(OPENERS)
    (tmp_path / "my_broken.py").write_text("1 / 0")
    (tmp_path / "my_needy.py").write_text("import surely_not_installed")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [path for path in __import__("sys").path if path])


def put(store, path):
    return store.write(path, io.BytesIO(b"x"), 1)


def explained(spec):
    with pytest.raises(StorageError) as caught:
        open_backend(spec).prepare()
    assert caught.value.op is None
    return caught.value.message


@pytest.mark.parametrize("spec", ["memory", "fs", "moto"])
def test_embedded_backends(spec):
    connection = open_backend(spec)
    connection.prepare()
    try:
        assert (connection.name, connection.spec, connection.is_empty()) == (spec, spec, True)
        put(connection.open("/run/1/"), "a")
        assert connection.open("/run/1/").stat("a").content_length == 1
        assert list(connection.open("/run/2/").list("")) == []
    finally:
        connection.remove_root()


def test_segments_are_of_the_kind_asked_for():
    expected = {"memory": "index", "memory:?segments=offset": "offset", "moto": "none", "moto:?segments=index": "index"}
    assert {spec: open_backend(spec).open("/").features().segments for spec in expected} == expected
    assert "init_segment" not in open_backend("moto").open("/").features().operations
    with pytest.raises(ConnectionStringInvalid, match="is not index or offset"):
        open_backend("memory:?segments=both")


def test_two_connections_of_memory_share_nothing():
    put(open_backend("memory").open("/"), "a")
    assert list(open_backend("memory").open("/").list("")) == []


def test_the_temporary_directory_is_made_late_and_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    connection = open_backend("fs")
    assert list(tmp_path.iterdir()) == []
    connection.prepare()
    put(connection.open("/"), "a")
    (root,) = tmp_path.iterdir()
    assert (root / "a").exists()
    connection.remove_root()
    connection.remove_root()
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_was_there_stays(tmp_path):
    (tmp_path / "data").write_text("precious")
    connection = open_backend(f"fs:{tmp_path}")
    connection.prepare()
    assert not connection.is_empty()
    connection.remove_root()
    assert (tmp_path / "data").read_text() == "precious"


def test_a_directory_that_was_made_goes(tmp_path):
    connection = open_backend(f"fs:{tmp_path}/new/deep?create=true")
    connection.prepare()
    put(connection.open("/"), "a")
    connection.remove_root()
    assert not (tmp_path / "new/deep").exists()


def test_the_current_directory_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    connection = open_backend("fs:data")
    connection.prepare()
    put(connection.open("/"), "a")
    assert (tmp_path / "data/a").exists()
    assert connection.name == "fs:data"


def test_an_opener_is_imported_from_the_current_directory(module):
    connection = open_backend("my_openers:open_store")
    connection.prepare()
    put(connection.open("/w/"), "a")
    assert connection.open("/w/").stat("a").content_length == 1
    assert open_backend("my_openers:Namespace.open_store").open("/w/").stat("a").content_length == 1
    later = open_backend("my_openers:open_async").open("/w/")
    assert isinstance(later, Storage)
    assert put(later, "a") == 1
    later.close()


def test_s3_options():
    connection = open_backend(
        "s3://b/some%20prefix/?endpoint=http://127.0.0.1:9000&page_size=3&part_minimum=0&parts_maximum=50&timeout=.5"
    )
    assert connection.name == "s3://b/some prefix"
    assert connection.describe == "the S3 bucket b below some prefix/ at http://127.0.0.1:9000"
    pytest.importorskip("boto3")
    store = connection.open("/w/")
    assert store.metadata().restrictions.multipart_size_minimum is None
    assert not store.features().part_minimum_enforced
    assert store.metadata().restrictions.multipart_number_maximum == 50
    assert store.features().path_maximum == 1024 - len("some prefix/w/")


def test_azblob_options(monkeypatch):
    connection = open_backend("azblob://c/some%20prefix/?endpoint=http://127.0.0.1:10000/acc&page_size=3&timeout=.5")
    assert connection.name == "azblob://c/some prefix"
    assert connection.describe == "the Azure container c below some prefix/ at http://127.0.0.1:10000/acc"
    pytest.importorskip("azure.storage.blob")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "acc")
    monkeypatch.setenv("AZURE_STORAGE_KEY", "a2V5")
    assert connection.open("/w/").features().path_maximum == 1024 - len("some prefix/w/")
    assert connection.open("/w/").metadata().name == "c"


def test_what_a_server_declares_of_itself():
    pytest.importorskip("boto3")
    features = open_backend("s3://b?region=r&name_maximum=255&part_gaps=false&directories=native").open("/").features()
    assert (features.name_maximum, features.part_gaps, features.directories) == (255, False, "native")
    assert not features.backslash_separates


def test_what_a_server_lacks_is_neither_declared_nor_taken():
    pytest.importorskip("boto3")
    storage = open_backend("s3://b?region=r&without=delete_many,content_sha256,copy.if_match").open("/")
    features = storage.features()
    assert "delete_many" not in features.operations
    assert "delete_many" not in features.pairs
    assert "content_sha256" not in features.pairs["write"] | features.pairs["write_multipart"]
    assert {"if_match", "if_none_match"} & features.pairs["copy"] == {"if_none_match"}
    assert "if_match" in features.pairs["write"]
    for call in (
        lambda: storage.delete_many([]),
        lambda: storage.write("a", None, 0, content_sha256=""),
        lambda: storage.read_only().copy("a", "b", if_match="x"),
        lambda: storage.copy("a", "b", if_match="x"),
    ):
        with pytest.raises((CapabilityInsufficient, PermissionDenied)):
            call()


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("memry", "did you mean memory?"),
        ("tape://bucket", "names no backend; use memory"),
        ("/tmp/data", "use memory, fs, fs:/some/dir"),
        ("", "use memory"),
        ("s3", "write s3://bucket/prefix"),
        ("s3:bucket", "write s3://bucket/prefix"),
        ("s3:///prefix", "names no bucket"),
        ("s3://b/a#b", "write %23"),
        ("s3://b?endpont=http://x", "did you mean endpoint?"),
        ("s3://b?nonsense=1", "part_minimum, parts_maximum and "),
        ("s3://b?endpoint=127.0.0.1:9000", "is no URL such as"),
        ("s3://b?create=yes", "is not true or false: 'yes'"),
        ("s3://b?page_size=0", "is no whole number from 1 to 1000"),
        ("s3://b?page_size=many", "is no whole number"),
        ("s3://b?timeout=-1", "is no number from 0.1 to 600"),
        ("s3://b?region=", "is empty"),
        ("s3://b?addressing=host", "is not path or virtual"),
        ("s3://b?region=a&region=b", "given twice"),
        ("s3://b?without=copy.if_matches", "names 'copy.if_matches', which is no operation and no optional argument"),
        ("azblob", "write azblob://container/prefix"),
        ("azblob:///prefix", "names no container"),
        ("azblb://c", "did you mean azblob?"),
        ("azblob://c/a#b", "write %23"),
        ("azblob://c?region=x", "options are endpoint, create, timeout, page_size"),
        ("azblob://c?page_size=5001", "is no whole number from 1 to 5000"),
        ("fs:", "names no directory"),
        ("fs:/nowhere/to/be/found", "there is no directory /nowhere/to/be/found: make it, or add ?create=true"),
        ("fs:/dev/null", "/dev/null is not a directory"),
        ("fs:/dev/null/x?create=true", "cannot be made"),
        ("fs:/tmp?craete=true", "did you mean create?"),
        ("no_such_module:open_store", "there is no module no_such_module in "),
        ("os.nowhere:open_store", "there is no module os.nowhere"),
        ("my_needy:open_store", "my_needy needs surely_not_installed"),
        ("my_broken:open_store", "importing my_broken raised ZeroDivisionError"),
        ("my_openers:open_stor", "my_openers has no open_stor, did you mean open_store?"),
        ("my_openers:__name__", "is no function: an opener takes a work_dir"),
    ],
)
def test_a_mistake_is_answered_with_one_sentence(module, spec, words):
    message = explained(spec)
    assert words in message
    assert "\n" not in message


def test_an_opener_that_returns_no_storage_is_told_so(module):
    with pytest.raises(ConnectionStringInvalid, match="my_openers:open_wrong returned NoneType"):
        open_backend("my_openers:open_wrong").open("/")


def test_an_endpoint_that_nobody_listens_on(monkeypatch):
    pytest.importorskip("boto3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert f"{endpoint} cannot be reached, is the server running?" in explained(f"s3://b?endpoint={endpoint}")


def test_an_azure_endpoint_that_nobody_listens_on_or_without_credentials(monkeypatch):
    pytest.importorskip("azure.storage.blob")
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}/acc"
        assert f"no credentials for {endpoint}: set AZURE_" in explained(f"azblob://c?endpoint={endpoint}")
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "acc")
        monkeypatch.setenv("AZURE_STORAGE_KEY", "a2V5")
        assert f"{endpoint} cannot be reached, is the server running?" in explained(f"azblob://c?endpoint={endpoint}")


def test_no_credentials(monkeypatch, tmp_path):
    pytest.importorskip("boto3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in explained(
        "s3://b?endpoint=http://127.0.0.1:1&region=eu-x-1"
    )


@pytest.mark.parametrize(
    "spec",
    [
        "s3://u:geheim@b",
        "s3://b?endpoint=http://u:geheim@127.0.0.1:1",
        "s3://b?endpoint=http://u:geh%26geheim@127.0.0.1:1",
        "s3://b?endpoint=http://u:geh/geheim@127.0.0.1:1",
        "s3://b?endpoint=http://u:geh&geheim@127.0.0.1:1",
        "s3://b?secret_access_key=geheim",
        "s3:u:geheim@b",
        "azblob://c?endpoint=https://u:geheim@127.0.0.1:1",
        "gcs://b?endpoint=http://u:geheim@127.0.0.1:1",
        "swift://c?auth=http://u:geheim@127.0.0.1:1",
        "ipfs://u:geheim@127.0.0.1:1",
        "webdav://u:geheim@127.0.0.1:1",
        "webdavs://geheim@127.0.0.1:1",
        "ftp://u:geheim@127.0.0.1:1",
        "ftp://u:geh/geheim@127.0.0.1:1",
        "ftp://u:geh#geheim@127.0.0.1:1",
        "redis://u:geheim@127.0.0.1:1/0",
        "postgres://u:geheim@127.0.0.1:1/d",
        "sftp://u:geheim@127.0.0.1:1",
        "smb://u:geheim@127.0.0.1:1/share",
        "upload-controller://u:geheim@127.0.0.1:1?store=http://127.0.0.1:1",
        "upload-controller://127.0.0.1:1?store=http://u:geheim@127.0.0.1:1",
        "opendal:webdav?endpoint=http://u:geheim@127.0.0.1:1",
        "http://u:geheim@127.0.0.1:1",
        "azblob://c?endpoint=http://127.0.0.1:1/acc?sv=1&sig=geheim",
        "azblob://c?endpoint=http%3A//127.0.0.1:1/acc%3Fsv=1%26sig=geheim",
        "exec:./harness --url http://u:geheim@127.0.0.1:1",
        "exec:./harness --secret-key geheim",
        "exec:./harness --token=geheim",
        "exec:env SERVICE_PASSWORD=geheim ./harness",
        "exec:./harness --api-key geheim",
        "exec:./harness --sas=geheim",
        "exec:./harness AccountKey=geheim",
        "exec:./harness -H 'Authorization: Bearer geheim'",
        "exec:./harness 'https://h/c?sv=1&sig=geheim'",
        "exec:./harness 'geheim",
        "opendal:azblob?endpoint=http://127.0.0.1:1/?sig=geheim&container=c",
    ],
)
def test_a_password_is_refused_and_not_repeated(spec):
    assert "geheim" not in explained(spec)


@pytest.mark.parametrize(
    "spec",
    [
        "s3://b/a@b:c@d?endpoint=http://127.0.0.1:9&region=x",
        "sftp://user@127.0.0.1:22/a@b",
        "exec:./h --password-file f --token -v a@b",
        "exec:./h --key-file f --sort-key=a 'http://127.0.0.1:1/?signed=no&page=2' C:/data",
    ],
)
def test_an_at_sign_elsewhere_is_no_password(spec):
    assert open_backend(spec).spec == spec


@pytest.mark.parametrize("url", ["http://u:geheim@127.0.0.1:1", "http://geheim@127.0.0.1:1", "u:geheim@127.0.0.1"])
def test_nor_is_one_of_the_url_of_an_upload_controller(url):
    with pytest.raises(ConnectionStringInvalid) as caught:
        Http(url)
    assert "geheim" not in str(caught.value)
