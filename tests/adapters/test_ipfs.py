"""IPFS: what a node's sentences mean, and what an operator is told."""

from __future__ import annotations

import io
import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from conformance.adapters.connection import open_backend
from conformance.adapters.ipfs.client import failure_for
from conformance.storage import (
    ConnectionStringInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    RequestThrottled,
    ServiceInternal,
    StorageError,
    Unexpected,
)

VERSION = {"Version": "0.1"}
FILE = {"Type": "file", "Size": 1, "Hash": "bafy", "Blocks": 1}
DIRECTORY = {"Type": "directory", "Size": 0, "Hash": "bafy", "Blocks": 0}
MISSING = "file does not exist"
ENTRY = "directory already has entry by that name"


class Node:
    """Answers each request as ``say`` tells, and remembers what it was asked."""

    def __init__(self):
        self.say = {"version": VERSION}
        self.asked = []

    def answer(self, command, query):
        paths, options = query.pop("arg", []), {name: values[0] for name, values in query.items()}
        self.asked.append((command, *paths, *sorted(options)))
        said = self.say.get(" ".join([command, *paths]), self.say.get(command, MISSING))
        return said.pop(0) if isinstance(said, list) else said


@contextmanager
def listening(node):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            parts = urlsplit(self.path)
            said = node.answer(parts.path.removeprefix("/api/v0/"), parse_qs(parts.query))
            failed = isinstance(said, str)
            body = said if isinstance(said, bytes) else json.dumps({"Message": said} if failed else said).encode()
            self.send_response(500 if failed else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ipfs://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def node():
    return Node()


@pytest.fixture
def address(node):
    with listening(node) as address:
        yield address


@pytest.fixture
def store(address):
    return open_backend(f"{address}/root").open("/w/")


@pytest.mark.parametrize(
    ("status", "sentence", "kind"),
    [
        (500, "/a does not exist", ObjectNotExist),
        (500, MISSING, ObjectNotExist),
        (500, "cannot write to b: Not a directory", ObjectNotExist),
        (500, "file already exists", ObjectNotExist),
        (500, "/a/b: expected *mfs.Directory, didn't get it. This is likely a race condition", ObjectNotExist),
        (500, "/a was not a file or raw bytes", ObjectModeInvalid),
        (500, "/a is a directory, use -r to remove directories", ObjectModeInvalid),
        (500, "Offset must be less than the file size", Unexpected),
        (500, ENTRY, Unexpected),
        (500, "something else", Unexpected),
        (403, "no", PermissionDenied),
        (429, "slowly", RequestThrottled),
        (404, "404 page not found", Unexpected),
        (502, "bad gateway", ServiceInternal),
    ],
)
def test_a_sentence_tells_the_error(status, sentence, kind):
    for body in (json.dumps({"Message": sentence, "Code": 0}).encode(), f"{sentence}\n".encode()):
        failure = failure_for(status, body)
        assert isinstance(failure, kind)
        assert failure.code == kind.code


def test_a_write_asks_for_all_that_makes_it_whole(store, node):
    node.say["files/write"] = b""
    assert store.write("d/a", io.BytesIO(b"x"), 1) == 1
    assert node.asked == [("files/write", "/root/w/d/a", "create", "parents", "truncate")]


def test_below_a_file_nothing_is_and_nothing_can_be(store, node):
    node.say = dict.fromkeys(("files/write", "files/rm", "files/read"), "cannot access a: Not a directory")
    store.delete("a/b")
    with pytest.raises(ObjectNotExist):
        store.read("a/b", io.BytesIO())
    with pytest.raises(ObjectModeInvalid) as caught:
        store.write("a/b", None, 0)
    assert caught.value.expected == ObjectMode.DIR


def test_kubo_says_with_success_what_it_could_not_remove(store, node):
    node.say |= {"files/rm": b'"/root/w/a: file does not exist"\n'}
    store.delete("a")
    node.say |= {"files/rm": [b'"/root/w/a: path is a directory, use -r"\n', b""], "files/stat": DIRECTORY}
    store.delete("a")
    assert node.asked[-1] == ("files/rm", "/root/w/a", "recursive")
    node.say |= {"files/rm": b'"something else"'}
    with pytest.raises(Unexpected, match="something else"):
        store.delete("a")


def test_a_range_behind_the_end_is_empty(store, node):
    node.say["files/read"] = "offset was past end of file (9 > 1)"
    assert store.read("a", io.BytesIO(), offset=9) == 0


def test_only_an_empty_directory_goes_with_what_is_in_it(store, node):
    node.say |= {"files/rm": ["/a is a directory", b""], "files/stat": {**DIRECTORY, "Blocks": 2}}
    with pytest.raises(Unexpected, match="not empty"):
        store.delete("a")
    node.say["files/stat"] = DIRECTORY
    store.delete("a", object_mode=ObjectMode.DIR)
    assert node.asked[-1] == ("files/rm", "/root/w/a", "recursive")
    with pytest.raises(ObjectModeInvalid):
        store.delete("a", object_mode=ObjectMode.READ)


def test_what_is_taken_is_removed_and_the_copy_asked_for_again(store, node):
    node.say |= {"files/stat": FILE, "files/cp": [ENTRY, b""], "files/rm": b""}
    store.copy("a", "b")
    repeated = ("files/cp", "/ipfs/bafy", "/root/w/b", "parents")
    assert node.asked[-3:] == [repeated, ("files/rm", "/root/w/b"), repeated]


def test_a_missing_source_costs_the_target_nothing(store, node):
    for call in (store.copy, store.move):
        with pytest.raises(ObjectNotExist):
            call("missing", "b")
    assert {command for command, *_ in node.asked} == {"files/stat"}


def test_a_file_moved_to_itself_is_not_removed(store, node):
    node.say |= {"files/stat": FILE, "files/mkdir": b"", "files/mv": ENTRY}
    store.move("a", "a")
    assert "files/rm" not in {command for command, *_ in node.asked}


def test_nothing_goes_into_a_directory_by_accident(store, node):
    node.say |= {"files/stat /root/w/a": FILE, "files/stat /root/w/d": DIRECTORY}
    for call in (store.copy, store.move):
        with pytest.raises(ObjectModeInvalid):
            call("a", "d")
        with pytest.raises(ObjectModeInvalid):
            call("d", "a")


def test_a_file_is_no_directory_of_itself(store, node):
    entry = {"Name": "a", "Type": 0, "Size": 1, "Hash": "bafy"}
    node.say |= {"files/ls": {"Entries": [entry]}, "files/stat": FILE}
    with pytest.raises(ObjectModeInvalid):
        store.list("a")
    node.say["files/stat"] = DIRECTORY
    assert [o.path for o in store.list("a")] == ["a/a"]
    node.say["files/ls"] = {"Entries": None}
    assert list(store.list("a")) == []


# what an operator is told


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("ipfs://", "write ipfs://127.0.0.1:5001/directory"),
        ("ipfs:x", "write ipfs://127.0.0.1:5001/directory"),
        ("ipfs://127.0.0.1:x/a", "is no address"),
        ("ipfs://user@127.0.0.1/a", "leave the user and the password out"),
        ("ipfs://127.0.0.1/a/../b", "segment of dots"),
        ("ipfs://127.0.0.1/a?creat=true", "did you mean create?"),
    ],
)
def test_a_wrong_connection_string_is_told_so(spec, text):
    with pytest.raises(ConnectionStringInvalid) as caught:
        open_backend(spec)
    assert text in caught.value.message


def test_nobody_at_the_address():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        connection = open_backend(f"ipfs://127.0.0.1:{taken.getsockname()[1]}/a?timeout=1")
        with pytest.raises(ConnectionStringInvalid, match="cannot be reached, is the node running"):
            connection.prepare()
        with pytest.raises(Unexpected):
            connection.open("/w/").stat("a")


def test_a_directory_is_made_and_removed_only_where_it_was_missing(address, node):
    with pytest.raises(ConnectionStringInvalid, match=r"no directory /a at .*: make it, or add create=true"):
        open_backend(f"{address}/a").prepare()
    connection = open_backend(f"{address}/a?create=true")
    node.say |= {"files/mkdir": b"", "files/ls": {"Entries": []}, "files/rm": b""}
    connection.prepare()
    connection.remove_root()
    assert node.asked[-1] == ("files/rm", "/a", "recursive")
    node.say["files/stat"] = DIRECTORY
    connection.prepare()
    connection.remove_root()
    assert node.asked[-1] == ("files/stat", "/a")
    assert (connection.is_empty(), connection.version()) == (True, "kubo 0.1")
    node.say["files/stat"] = FILE
    with pytest.raises(ConnectionStringInvalid, match="is a file"):
        connection.prepare()


@pytest.mark.parametrize("said", [b"<html>", {"colour": "blue"}, "page not found"])
def test_another_server_is_no_node(address, node, said):
    node.say["version"] = said
    with pytest.raises(StorageError, match="is not the RPC API of an IPFS node"):
        open_backend(f"{address}/a").prepare()
