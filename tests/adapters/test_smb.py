"""The SMB adapter: what a run against the server does not show."""

from __future__ import annotations

import io
import os
from contextlib import ExitStack

import pytest

from backends import BACKENDS, NotInstalled
from conformance.adapters.connection import open_backend
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectNotExist,
    PermissionDenied,
    PreconditionFailed,
    Unexpected,
)

pytest.importorskip("smbclient")


@pytest.fixture(scope="module")
def server():
    with ExitStack() as stack:
        try:
            started = stack.enter_context(BACKENDS["samba"]())
        except NotInstalled as error:
            pytest.skip(str(error))
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in started.environment.items():
            monkeypatch.setenv(name, value)
        yield started.connection


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("smb:", "names no server"),
        ("smb://host", "names no server and share"),
        ("smb://host:port/share", "names no server and share"),
        ("smb://user:secret@host/share", "set SMB_PASSWORD"),
        ("smb://host/share?timeout=0", "the option timeout"),
        ("smb://host/share?without=create_link", "is no operation"),
    ],
)
def test_a_wrong_connection_string_is_told(spec, message):
    with pytest.raises(ConnectionStringInvalid, match=message):
        open_backend(spec)


def test_nobody_there_is_one_sentence():
    with pytest.raises(ConnectionStringInvalid, match=r"127\.0\.0\.1:1 cannot be reached by SMB"):
        open_backend("smb://user@127.0.0.1:1/share").prepare()


def test_a_wrong_password_is_told(server, monkeypatch):
    monkeypatch.setenv("SMB_PASSWORD", "wrong")
    with pytest.raises(PermissionDenied, match="does not let root in"):
        open_backend(f"{server}?timeout=30").prepare()


def test_a_missing_password_is_told(server, monkeypatch):
    monkeypatch.delenv("SMB_PASSWORD")
    with pytest.raises(PermissionDenied, match="set SMB_PASSWORD"):
        open_backend(f"{server}?timeout=30").prepare()


def test_a_missing_share_is_told(server):
    with pytest.raises(ConnectionStringInvalid, match=r"there is no .*/elsewhere"):
        open_backend(server.replace("/share", "/elsewhere")).prepare()


def test_a_directory_of_the_share_is_made_when_asked_for(server):
    with pytest.raises(ConnectionStringInvalid, match=r"there is no .*/share/new: make it, or add create=true"):
        open_backend(f"{server}/new").prepare()
    connection = open_backend(f"{server}/new?create=true")
    connection.prepare()
    assert connection.is_empty()
    store = connection.open("/")
    store.write("a", None, 0)
    assert not connection.is_empty()
    with pytest.raises(Unexpected):
        connection.remove_root()
    store.delete("a")
    connection.remove_root()
    assert open_backend(server).is_empty()
    assert connection.version().startswith("SMB 3")


def test_a_name_that_would_be_two_is_refused(server):
    store = open_backend(server).open("/w/")
    with pytest.raises(Unexpected, match="a backslash separates names in SMB"):
        store.write("a\\b", None, 0)
    with pytest.raises(Unexpected, match="OBJECT_NAME_INVALID"):
        store.write("a?b", None, 0)
    assert open_backend(server).is_empty()


def test_a_copy_is_made_beside_its_place(server):
    store = open_backend(server).open("/w/")
    content = os.urandom(1_200_000)  # more than one request copies
    store.write("a", io.BytesIO(content), len(content))
    store.write("b", io.BytesIO(b"old"), 3)
    with pytest.raises(ObjectNotExist):
        store.copy("c", "b")
    with pytest.raises(PreconditionFailed):
        store.copy("a", "b", if_none_match="*")
    w = io.BytesIO()
    store.copy("a", "B")
    assert store.read("b", w) == len(content)
    assert w.getvalue() == content
    for path in ("a", "b"):
        store.delete(path)
    open_backend(server).open("/").delete("w")
    assert open_backend(server).is_empty()
