"""FTP: what the adapter makes of replies, and what one session does after another."""

from __future__ import annotations

import ftplib
import io
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from backends import pyftpdlib
from backends.server import NotInstalled
from conformance.adapters.connection import open_backend
from conformance.adapters.ftp.client import about_the_file, translated
from conformance.adapters.ftp.facts import one, read
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    RestrictionDissatisfied,
    ServiceInternal,
    StorageError,
    Unexpected,
)


@pytest.fixture(scope="module")
def server():
    with ExitStack() as stack:
        try:
            yield stack.enter_context(pyftpdlib.start())
        except NotInstalled as error:
            pytest.skip(str(error))


@pytest.fixture
def connection(server, monkeypatch):
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    connection = open_backend(server.connection)
    connection.prepare()
    yield connection
    connection.remove_root()


def put(store, path, data):
    return store.write(path, io.BytesIO(data), len(data))


def got(store, path, **span):
    w = io.BytesIO()
    assert store.read(path, w, **span) == len(w.getvalue())
    return w.getvalue()


# replies


def test_facts_are_read_whatever_their_case():
    told = one("250-Listing\r\n Type=file;SIZE=7;modify=20261121194937.25;perm=r; /a b\r\n250 End")
    assert told == (ObjectMode.READ, 7, datetime(2026, 11, 21, 19, 49, 37, 250_000, tzinfo=UTC))


def test_a_directory_has_no_size_and_what_is_neither_no_mode():
    assert read({"type": "dir", "size": "4096"}) == (ObjectMode.DIR, None, None)
    assert read({"type": "OS.unix=slink:/x", "size": "4"}) == (ObjectMode(0), None, None)


def test_a_reply_without_facts_is_an_error():
    with pytest.raises(Unexpected, match="no facts"):
        one("250 nothing")


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (ftplib.error_perm("530 Not logged in"), PermissionDenied),
        (ftplib.error_perm("552 Quota"), RestrictionDissatisfied),
        (ftplib.error_perm("502 Not implemented"), Unexpected),
        (ftplib.error_temp("452 Disk full"), ServiceInternal),
        (EOFError(), Unexpected),
        (TimeoutError("timed out"), Unexpected),
    ],
)
def test_replies_are_told_by_their_code(reply, error):
    assert type(translated(reply, "ftp://somewhere:21")) is error


def test_which_refusals_may_be_about_the_file():
    assert about_the_file(ftplib.error_perm("550 No such file"))
    assert about_the_file(ftplib.error_temp("450 Busy"))
    assert not about_the_file(ftplib.error_perm("530 Not logged in"))


# sessions


def test_bytes_are_binary_after_a_listing_of_text(connection):
    store = connection.open("/w/")
    put(store, "a", b"line\nline\r\n")
    assert [o.path for o in store.list("")] == ["a"]
    assert got(store, "a") == b"line\nline\r\n"
    put(store, "a", b"\n")
    assert store.stat("a").content_length == 1
    store.delete("a")
    connection.open("/").delete("w")


def test_a_session_goes_on_after_a_range_and_after_refusals(connection):
    store = connection.open("/w/")
    data = bytes(range(256)) * 4096
    put(store, "d/a", data)
    for offset in (0, 5, 500_000):
        assert got(store, "d/a", offset=offset, size=10) == data[offset : offset + 10]
    for failing, error in (
        (lambda: store.stat("missing"), ObjectNotExist),
        (lambda: got(store, "d"), ObjectModeInvalid),
        (lambda: put(store, "d", b"x"), ObjectModeInvalid),
        (lambda: put(store, "d/a/x", b"x"), ObjectModeInvalid),
        (lambda: store.delete("d"), Unexpected),
        (lambda: store.create_dir("d/a"), ObjectModeInvalid),
        (lambda: store.move("missing", "n/x"), ObjectNotExist),
    ):
        with pytest.raises(error):
            failing()
    assert [o.path for o in store.list("")] == ["d"]
    for path in ("d/a", "d/a", "d", "d"):
        store.delete(path)
    connection.open("/").delete("w")


def test_an_append_needs_a_file(connection):
    store = connection.open("/w/")
    o = store.create_append("a")
    assert store.write_append(o, io.BytesIO(b"one"), 3) == 3
    assert (got(store, "a"), store.stat("a").append_offset) == (b"one", 3)
    store.delete("a")
    with pytest.raises(ObjectNotExist):
        store.write_append(o, io.BytesIO(b"two"), 3)
    assert list(store.list("")) == []
    connection.open("/").delete("w")


def test_a_line_break_in_a_name_is_no_second_command(connection):
    with pytest.raises(Unexpected):
        put(connection.open("/w/"), "a\r\nDELE b", b"x")


# connections


def test_nobody_at_the_address_is_told_in_one_sentence():
    with pytest.raises(ConnectionStringInvalid, match="cannot be reached, is the server running"):
        open_backend("ftp://127.0.0.1:9/x").prepare()


@pytest.mark.parametrize(
    "spec", ["ftp://", "ftp://host:port/x", "ftp://host/x?without=copy", "ftp://host/x?pages=true"]
)
def test_a_wrong_connection_string_is_refused(spec):
    with pytest.raises(ConnectionStringInvalid):
        open_backend(spec)


def test_wrong_credentials_and_a_missing_directory_are_named(server, monkeypatch):
    monkeypatch.setenv("FTP_USER", "test")
    with pytest.raises(ConnectionStringInvalid, match="FTP_PASSWORD is not"):
        open_backend(server.connection).prepare()
    monkeypatch.setenv("FTP_PASSWORD", "wrong")
    with pytest.raises(PermissionDenied, match="FTP_USER, FTP_PASSWORD"):
        open_backend(server.connection).prepare()
    monkeypatch.setenv("FTP_PASSWORD", server.environment["FTP_PASSWORD"])
    with pytest.raises(ConnectionStringInvalid, match="add create=true"):
        open_backend(server.connection.partition("?")[0] + "/missing").prepare()


def test_after_the_end_of_the_server_calls_are_refused(server, connection):
    with ExitStack() as stack:
        other = stack.enter_context(pyftpdlib.start())
        store = open_backend(other.connection).open("/w/")
        put(store, "a", b"x")
    with pytest.raises(StorageError):
        store.stat("a")
