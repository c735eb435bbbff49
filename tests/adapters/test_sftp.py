"""The SFTP adapter: what a run against the server does not show."""

from __future__ import annotations

import io
import os
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from backends import BACKENDS, NotInstalled
from conformance.adapters.connection import open_backend
from conformance.adapters.files.client import TEMPORARY
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    ListModeInvalid,
    ObjectMode,
    ObjectModeInvalid,
    PermissionDenied,
    PreconditionFailed,
    Unexpected,
)

pytest.importorskip("paramiko")


def started(name, stack):
    try:
        return stack.enter_context(BACKENDS[name]())
    except NotInstalled as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def server():
    with ExitStack() as stack:
        yield started("openssh", stack).connection


@pytest.fixture
def served(server):
    """Give the directory that the server serves, and remove what a test made there."""
    directory = Path(urlsplit(server).path)
    yield directory
    for path in sorted(directory.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


class Broken(io.RawIOBase):
    def readable(self):
        return True

    def readinto(self, _):
        raise OSError("the disk is gone")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("sftp:", "names no server"),
        ("sftp:///dir", "names no server"),
        ("sftp://host:port/dir", "names no server: write sftp://user@127"),
        ("sftp://user:secret@host/dir", "set SFTP_PASSWORD"),
        ("sftp://host/dir?keys=a", "did you mean key"),
        ("sftp://host/dir?without=copy", "is no operation"),
    ],
)
def test_a_wrong_connection_string_is_told(spec, message):
    with pytest.raises(ConnectionStringInvalid, match=message):
        open_backend(spec)


def test_nobody_there_is_one_sentence():
    with pytest.raises(ConnectionStringInvalid, match=r"127\.0\.0\.1:1 cannot be reached by SSH"):
        open_backend("sftp://user@127.0.0.1:1/dir").prepare()


def test_a_wrong_password_is_told(server, monkeypatch):
    monkeypatch.setenv("SFTP_PASSWORD", "wrong")
    known_hosts = parse_qs(urlsplit(server).query)["known_hosts"][0]
    with pytest.raises(PermissionDenied, match="does not let nobody-here in"):
        open_backend(
            f"sftp://nobody-here@{urlsplit(server).netloc.partition('@')[2]}?known_hosts={known_hosts}"
        ).prepare()


def test_an_unknown_host_is_refused(server, tmp_path):
    (tmp_path / "none").write_text("")
    key = parse_qs(urlsplit(server).query)["key"][0]
    with pytest.raises(
        ConnectionStringInvalid, match=r"is reached, but its .* key is not among the known ones: give known_hosts=FILE"
    ):
        open_backend(f"sftp://{urlsplit(server).netloc}/?key={key}&known_hosts={tmp_path / 'none'}").prepare()


def test_a_file_that_holds_no_key_is_told(server, tmp_path, capfd):
    (tmp_path / "bad").write_text("no key\n")
    known_hosts = parse_qs(urlsplit(server).query)["known_hosts"][0]
    with pytest.raises(ConnectionStringInvalid, match=r"is reached, but key=.* is of no use: .*; give key=FILE"):
        open_backend(f"sftp://{urlsplit(server).netloc}/?key={tmp_path / 'bad'}&known_hosts={known_hosts}").prepare()
    assert capfd.readouterr().err == ""


def test_a_missing_root_is_made_when_asked_for(server, served):
    missing = server.replace("/served?", "/served/new?")
    with pytest.raises(ConnectionStringInvalid, match=r"there is no .*/served/new: make it, or add create=true"):
        open_backend(missing).prepare()
    connection = open_backend(f"{missing}&create=true")
    connection.prepare()
    assert (served / "new").is_dir()
    assert connection.is_empty()
    connection.remove_root()
    assert not (served / "new").exists()
    (served / "file").touch()
    with pytest.raises(ConnectionStringInvalid, match="is no directory"):
        open_backend(server.replace("/served?", "/served/file?")).prepare()


def test_a_failed_write_leaves_nothing_behind(server, served):
    store = open_backend(server).open("/")
    with pytest.raises(Unexpected, match="the disk is gone"):
        store.write("new/a", Broken(), 10)
    assert list(served.iterdir()) == []


def test_an_unfinished_upload_is_no_object(server, served):
    store = open_backend(server).open("/")
    seen = []
    store.write("a", io.BytesIO(b"x"), 1, io_callback=lambda _: seen.extend(served.iterdir()))
    assert [path.name.startswith(TEMPORARY) for path in seen] == [True]
    (served / f"{TEMPORARY}0").touch()
    assert [o.path for o in store.list("")] == ["a"]
    with pytest.raises(Unexpected, match="reserved for unfinished files"):
        store.stat(f"{TEMPORARY}0")


def test_a_condition_is_left_to_the_server(server, served):
    store = open_backend(server).open("/")
    (served / "a").write_text("old")
    with pytest.raises(PreconditionFailed):
        store.write("a", None, 0, if_none_match="*")
    assert [(path.name, path.read_text()) for path in served.iterdir()] == [("a", "old")]


def test_links_and_other_files_are_told_as_what_they_are(server, served):
    store = open_backend(server).open("/w/")
    store.write("file", io.BytesIO(b"four"), 4)
    (served / "w/dangling").symlink_to("nowhere")
    (served / "w/elsewhere").symlink_to("/etc/passwd")
    os.mkfifo(served / "w/fifo")
    link = store.create_link("link", "file")
    assert (link.mode, link.link_target, link.content_length) == (ObjectMode.LINK | ObjectMode.READ, "file", 4)
    told = {o.path: (o.mode, o.link_target) for o in store.list("")}
    assert told["dangling"] == (ObjectMode.LINK, "nowhere")
    assert told["elsewhere"] == (ObjectMode.LINK | ObjectMode.READ, "/etc/passwd")
    assert told["fifo"] == (ObjectMode(0), None)
    with pytest.raises(ObjectModeInvalid):
        store.move("fifo", "other")
    with pytest.raises(ListModeInvalid):
        store.list("", list_mode=ListMode.PREFIX)


def test_the_server_ends_with_the_connections_that_are_open():
    with ExitStack() as stack:
        connection = open_backend(started("openssh", stack).connection)
        connection.prepare()
        store = connection.open("/")
        store.write("a", None, 0)
        store.delete("a")
    # told by nobody answering, and not by a process that still serves us
    with pytest.raises((ConnectionStringInvalid, Unexpected), match=r"cannot be reached|closed|dropped|EOF"):
        store.stat("a")
