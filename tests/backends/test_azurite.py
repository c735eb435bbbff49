"""Azurite: what the adapter asks of Azure is answered by the real emulator as the adapter understands it."""

from __future__ import annotations

import io
import urllib.error
import urllib.parse
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from backends import azurite
from backends.server import NotInstalled
from conformance.adapters.connection import open_backend
from conformance.storage import (
    Block,
    ListMode,
    ListModeInvalid,
    MetadataUnrecognized,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    PreconditionFailed,
    RestrictionDissatisfied,
    StorageError,
    Unexpected,
)

pytest.importorskip("azure.storage.blob")

WORK_DIRS = iter(range(1, 10_000))
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)
ODD = ["a b", "a+b", "a%20b", "%41", "é", "e\u0301", "a?x=1", "a#y", "a&b<>\"'", "n\nl", "...", "😀", "/", "//", "n."]


@pytest.fixture(scope="module")
def server():
    with ExitStack() as stack:
        try:
            yield stack.enter_context(azurite.start())
        except NotInstalled as error:
            pytest.skip(str(error))


@pytest.fixture
def connection(server, monkeypatch):
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    connection = open_backend(f"{server.connection}&page_size=2")
    connection.prepare()
    return connection


@pytest.fixture
def store(connection):
    return connection.open(f"/azurite/{next(WORK_DIRS)}/")


def test_the_version_is_the_one_that_is_installed_for_tests(server):
    assert server.version == f"Azurite {azurite.VERSION}"


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda _: "/nowhere")
    with pytest.raises(NotInstalled, match=r"npm install --global --prefix .* azurite@3"), azurite.start():
        pass
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotInstalled, match="install the packages nodejs and npm"), azurite.start():
        pass


def put(store, path, content=b"x", **pairs):
    return store.write(path, io.BytesIO(content), len(content), **pairs)


def get(store, path, **pairs):
    w = io.BytesIO()
    assert store.read(path, w, **pairs) == len(w.getvalue())
    return w.getvalue()


def block(store, o, bid, content):
    return store.write_block(o, io.BytesIO(content), len(content), bid)


def page(store, o, content, offset):
    return store.write_page(o, io.BytesIO(content), len(content), offset)


def append(store, o, content):
    return store.write_append(o, io.BytesIO(content), len(content))


def names(listing):
    return [(o.path, str(o.mode)) for o in listing]


# objects


def test_an_object_comes_back_with_all_that_was_said_of_it(store):
    given = {
        "content_type": "text/x; charset=utf-8",
        "content_disposition": 'attachment; filename="a.txt"',
        "content_encoding": "gzip",
        "content_language": "de",
        "cache_control": "no-cache",
        "user_metadata": {"colour": "blue"},
    }
    told = put(store, "a", b"not gzip", **given)
    o = store.stat("a")
    assert {name: getattr(o, name) for name in given} == given
    assert (o.mode, o.content_length, o.append_offset) == (ObjectMode.READ, 8, None)
    assert (told.object.etag, told.object.last_modified) == (o.etag, o.last_modified)
    assert told.object.content_md5 == o.content_md5 is not None
    assert get(store, "a") == b"not gzip"
    w = io.BytesIO()
    assert store.read("a", w, offset=4, size=2).object == o
    assert [listed.etag for listed in store.list("")] == [o.etag]
    assert list(store.list("")) == [o]


@pytest.mark.parametrize(
    ("offset", "size", "expected"),
    [
        (None, None, b"hello"),
        (0, None, b"hello"),
        (1, 2, b"el"),
        (3, 20, b"lo"),
        (None, 2, b"he"),
        (5, None, b""),
        (50, 3, b""),
        (2, 0, b""),
    ],
)
def test_ranges(store, offset, size, expected):
    put(store, "a", b"hello")
    assert get(store, "a", offset=offset, size=size) == expected


def test_an_empty_object(store):
    assert store.write("e", None, 0) == 0
    assert get(store, "e") == get(store, "e", offset=0, size=5) == get(store, "e", offset=3) == b""


def test_a_large_object_comes_in_several_requests(store):
    content = bytes(range(256)) * (33 * 4096)
    put(store, "large", content)
    assert get(store, "large") == content
    assert get(store, "large", offset=5) == content[5:]


@pytest.mark.parametrize("pairs", [{}, {"size": 0}, {"offset": 3}])
def test_reading_a_missing_object_says_so(store, pairs):
    with pytest.raises(ObjectNotExist):
        store.read("missing", io.BytesIO(), **pairs)


@pytest.mark.parametrize("path", ODD)
def test_names_are_taken_as_they_are(store, path):
    put(store, path, path.encode())
    put(store, "k" + path, b"other")
    assert get(store, path) == path.encode()
    assert sorted(o.path for o in store.list("")) == sorted([path, "k" + path])
    store.copy(path, "copy")
    assert get(store, "copy") == path.encode()
    store.delete_many([path, "copy"])
    with pytest.raises(ObjectNotExist):
        store.stat(path)
    assert get(store, "k" + path) == b"other"


@pytest.mark.parametrize("path", ["..", ".", "a/../b", "../z", "./a", "..\\z"])
def test_segments_of_dots_are_refused(store, path):
    for call in (lambda: put(store, path), lambda: store.delete(path), lambda: store.stat(path)):
        with pytest.raises(Unexpected, match="a segment of dots is refused"):
            call()
    with pytest.raises(Unexpected, match="dots"):
        store.delete_many(["a", path])


def test_a_backslash_is_a_slash(store):
    put(store, "d\\a")
    assert get(store, "d/a") == b"x"
    assert [o.path for o in store.list("")] == ["d/a"]


def test_what_cannot_be_described_is_refused(store):
    with pytest.raises(MetadataUnrecognized):
        put(store, "a", user_metadata={"no-identifier": "x"})
    with pytest.raises(Unexpected):
        put(store, "a", content_md5="AAAAAAAAAAAAAAAAAAAAAA==")
    assert list(store.list("")) == []


def test_listings(store):
    for path in ("d", "d/1", "d/2", "d/3", "d/sub/x", "d/sub/y", "dd"):
        put(store, path)
    assert sorted(names(store.list("", list_mode=ListMode.DIR))) == [("d", "dir"), ("d", "read"), ("dd", "read")]
    inside = [("d/1", "read"), ("d/2", "read"), ("d/3", "read"), ("d/sub", "dir")]
    for path in ("d", "d/"):
        assert sorted(names(store.list(path, list_mode=ListMode.DIR))) == inside
    assert names(store.list("d/s", list_mode=ListMode.PREFIX)) == [("d/sub/x", "read"), ("d/sub/y", "read")]
    for size in (1, 3, 100):
        assert len(list(store.list("", page_size=size))) == 7
    for mode in (ListMode.PART, ListMode(0), ListMode.DIR | ListMode.BLOCK):
        with pytest.raises(ListModeInvalid):
            store.list("", list_mode=mode)


def test_the_mode_is_a_hint(store):
    put(store, "a")
    for hint in (ObjectMode.DIR, ObjectMode.APPEND, ObjectMode.PAGE, ObjectMode.LINK):
        with pytest.raises(ObjectModeInvalid):
            store.stat("a", object_mode=hint)
        with pytest.raises(ObjectNotExist):
            store.stat("missing", object_mode=hint)
        store.delete("missing", object_mode=hint)
    for hint in (ObjectMode.APPEND, ObjectMode.PAGE):
        with pytest.raises(ObjectModeInvalid):
            store.delete("a", object_mode=hint)
    store.delete("a", object_mode=ObjectMode.DIR)
    assert get(store, "a") == b"x"
    store.delete("a", object_mode=ObjectMode.READ)
    store.delete("a")
    assert list(store.list("")) == []


# conditions


def test_conditions_hold_or_nothing_is_done(store):
    first = put(store, "a", b"1").object.etag
    second = put(store, "a", b"2", if_match=first).object.etag
    modified = store.stat("a").last_modified
    for refused in (
        lambda: put(store, "a", b"3", if_match=first),
        lambda: put(store, "a", b"3", if_none_match="*"),
        lambda: put(store, "new", b"3", if_match=second),
        lambda: store.delete("a", if_match=first),
        lambda: get(store, "a", if_match=first),
        lambda: get(store, "a", if_none_match=second),
        lambda: get(store, "a", if_modified_since=modified),
        lambda: store.stat("a", if_unmodified_since=LONG_AGO),
        lambda: store.stat("a", if_none_match=second),
        lambda: store.create_append("a", if_none_match="*"),
        lambda: store.create_page("a", if_match=first),
        lambda: store.copy("a", "b", if_source_match=first),
        lambda: store.copy("a", "b", if_source_none_match=second),
        lambda: store.copy("a", "a", if_none_match="*"),
    ):
        with pytest.raises(PreconditionFailed):
            refused()
    assert [(o.path, o.etag) for o in store.list("")] == [("a", second)]
    assert get(store, "a", if_match=second, if_none_match=first, if_unmodified_since=modified) == b"2"
    assert get(store, "a", if_modified_since=LONG_AGO) == b"2"
    put(store, "b", if_none_match="*")
    store.copy("a", "b", if_match=store.stat("b").etag, if_source_match=second)
    store.delete("a", if_match=second)
    assert get(store, "b") == b"2"


# append, blocks, pages


def test_an_append_object_grows(store):
    put(store, "a", b"old")
    o = store.create_append("a", content_type="text/x")
    assert (str(o.mode), o.append_offset) == ("read|append", 0)
    assert [append(store, o, content) for content in (b"one", b"", b"two")] == [3, 0, 3]
    store.commit_append(o)
    assert get(store, "a") == b"onetwo"
    assert (store.stat("a").append_offset, store.stat("a").content_type) == (6, "text/x")
    store.copy("a", "b")
    assert str(store.stat("b").mode) == "read|append"
    with pytest.raises(Unexpected):
        store.write_append(o, io.BytesIO(b"x"), 1, content_md5="AAAAAAAAAAAAAAAAAAAAAA==")
    put(store, "a")
    for content in (b"x", b""):
        with pytest.raises(ObjectModeInvalid):
            append(store, o, content)
    store.delete("a")
    for content in (b"x", b""):
        with pytest.raises(ObjectNotExist):
            append(store, o, content)


def test_blocks_are_combined(store):
    put(store, "a", b"old")
    o = store.create_block("a")
    assert [list(store.list_block(store.create_block(path))) for path in ("a", "new")] == [[], []]
    for bid, content in (("one", b"1"), ("café +%41/", b"22"), ("one", b"333"), ("x" * 64, b"4444")):
        assert block(store, o, bid, content) == len(content)
    assert sorted(store.list_block(o)) == [Block("café +%41/", 2), Block("one", 3), Block("x" * 64, 4)]
    assert get(store, "a") == b"old"
    with pytest.raises(Unexpected):
        store.combine_block(o, ["one", "unknown"])
    with pytest.raises(PreconditionFailed):
        store.combine_block(o, ["one"], if_none_match="*")
    assert store.combine_block(o, ["x" * 64, "one"]).etag == store.stat("a").etag
    assert get(store, "a") == b"4444333"
    assert list(store.list_block(o)) == []


@pytest.mark.parametrize("bid", ["", "x" * 65, "é" * 33, "x\0"])
def test_what_is_no_block_id(store, bid):
    with pytest.raises(RestrictionDissatisfied):
        block(store, store.create_block("a"), bid, b"x")


def test_block_objects_are_listed_and_discarded(store):
    put(store, "plain")
    put(store, "beside", b"old")
    store.create_page("page")
    for path in ("alone", "beside", "d/e"):
        block(store, store.create_block(path), "b", b"x")
    assert names(store.list("", list_mode=ListMode.BLOCK)) == [
        ("alone", "block"),
        ("beside", "block"),
        ("d/e", "block"),
    ]
    assert names(store.list("d", list_mode=ListMode.BLOCK)) == [("d/e", "block")]
    assert [o.path for o in store.list("")] == ["beside", "page", "plain"]
    assert str(store.stat("alone", object_mode=ObjectMode.BLOCK).mode) == "block"
    with pytest.raises(ObjectNotExist):
        store.stat("alone")
    with pytest.raises(ObjectModeInvalid):
        store.stat("plain", object_mode=ObjectMode.BLOCK)
    for path in ("alone", "d/e", "plain", "missing"):
        store.delete(path, object_mode=ObjectMode.BLOCK)
    with pytest.raises(PreconditionFailed):
        store.delete("beside", object_mode=ObjectMode.BLOCK)
    assert names(store.list("", list_mode=ListMode.BLOCK)) == [("beside", "block")]
    assert (get(store, "beside"), get(store, "plain")) == (b"old", b"x")
    store.delete("beside")


def test_blocks_are_of_block_blobs_only(store):
    o = store.create_append("a")
    handle = store.create_block("a")
    for call in (
        lambda: block(store, handle, "b", b"x"),
        lambda: store.combine_block(handle, []),
        lambda: store.list_block(handle),
    ):
        with pytest.raises(ObjectModeInvalid, match="expected block"):
            call()
    append(store, o, b"still one")
    assert get(store, "a") == b"still one"


def test_a_page_object_is_as_long_as_its_pages(store):
    o = store.create_page("a")
    assert (str(o.mode), get(store, "a")) == ("read|page", b"")
    assert page(store, o, b"b" * 512, 1024) == 512
    assert page(store, o, b"a" * 512, 0) == 512
    assert page(store, o, b"", 4096) == 0
    assert get(store, "a") == b"a" * 512 + bytes(512) + b"b" * 512
    assert store.stat("a").content_length == 1536
    for content, offset in ((b"x", 0), (b"x" * 512, 1), (b"x" * (4 * 1024**2 + 512), 0)):
        with pytest.raises(RestrictionDissatisfied):
            page(store, o, content, offset)
    with pytest.raises(Unexpected):
        page(store, o, b"x" * 512, -512)
    put(store, "a", b"plain")
    with pytest.raises(ObjectModeInvalid):
        page(store, o, b"x" * 512, 0)
    assert get(store, "a") == b"plain"
    store.delete("a")
    with pytest.raises(ObjectNotExist):
        page(store, o, b"x" * 512, 0)


# batch, copy, signed requests


def test_many_are_deleted_in_few_requests(store, monkeypatch):
    monkeypatch.setattr("conformance.adapters.azblob.objects.BATCH", 2)
    for path in ("a", "b", "é +%", "d/a"):
        put(store, path)
    store.delete_many(["a", "missing", "a", "é +%", "d/a"])
    store.delete_many([])
    assert [o.path for o in store.list("")] == ["b"]


def test_copying_nothing_changes_nothing(store):
    put(store, "b", b"old")
    with pytest.raises(ObjectNotExist):
        store.copy("missing", "b")
    assert get(store, "b") == b"old"


def send(request, body=None, method=None):
    message = urllib.request.Request(
        request.url, data=body, headers={"Content-Type": "", **request.headers}, method=method or request.method
    )
    try:
        with urllib.request.urlopen(message, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b""


def test_signed_requests_do_what_was_signed_and_no_more(store):
    put(store, "é a+%41", b"content")
    read = store.reach("é a+%41")
    assert send(read) == (200, b"content")
    assert send(store.reach("é a+%41", verb="stat")) == (200, b"")
    assert send(read, method="DELETE")[0] == 403
    assert send(read._replace(headers={"x-ms-blob-type": "BlockBlob"}), b"x", method="PUT")[0] == 403
    assert send(read._replace(url=read.url.replace("41?", "42?")))[0] == 403
    assert send(store.reach("new", verb="write", size=3), b"new")[0] == 201
    assert get(store, "new") == b"new"
    assert send(store.reach("new", verb="delete"))[0] == 202
    assert [o.path for o in store.list("")] == ["é a+%41"]
    with pytest.raises(RestrictionDissatisfied):
        store.reach("a", verb="append")


def test_a_signature_ends(store):
    put(store, "a")
    url = store.reach("a", expire=60).url
    end = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["se"][0]
    left = datetime.fromisoformat(end) - datetime.now(UTC)
    assert timedelta(seconds=55) < left <= timedelta(seconds=61)
    assert send(store.reach("a", expire=-60))[0] == 403


# the container


def test_a_container_is_made_and_removed_again(server, connection):
    other = server.connection.replace("conformance", "other")
    with pytest.raises(StorageError, match=r"there is no container other at http://127.0.0.1:.* add create=true"):
        open_backend(other.replace("&create=true", "")).prepare()
    made = open_backend(other)
    made.prepare()
    again = open_backend(f"{other}&timeout=30")
    again.prepare()
    again.remove_root()  # not its container: the first connection made it
    assert made.is_empty()
    put(made.open("/w/"), "a")
    assert not made.is_empty()
    with pytest.raises(Unexpected, match="the container other is not empty"):
        made.remove_root()
    made.open("/w/").delete("a")
    block(made.open("/w/"), made.open("/w/").create_block("b"), "one", b"x")
    assert not made.is_empty()
    made.open("/w/").delete("b", object_mode=ObjectMode.BLOCK)
    made.remove_root()
    made.remove_root()
    with pytest.raises(Unexpected, match="ContainerNotFound"):
        made.open("/w/").stat("a")
    assert connection.version().startswith("Azurite")


def test_a_prefix_keeps_clients_apart(server, connection):
    below = open_backend(server.connection.replace("conformance?", "conformance/some/prefix?"))
    below.prepare()
    assert below.is_empty()
    put(below.open("/w/"), "a", b"below")
    assert not below.is_empty()
    assert get(connection.open("/some/prefix/w/"), "a") == b"below"
    assert below.open("/w/").features().path_maximum == 1024 - len("some/prefix/w/")
    below.open("/w/").delete("a")


def test_wrong_credentials_are_named(server, connection, monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_KEY", "d3Jvbmc=")
    with pytest.raises(PermissionDenied, match="the credentials may not use the container conformance at http"):
        open_backend(server.connection).prepare()


def test_readers_and_closed_clients_refuse(store):
    put(store, "a", b"there")
    o = store.create_block("b")
    reader = store.read_only()
    for call in (
        lambda: put(reader, "a"),
        lambda: reader.delete("a"),
        lambda: block(reader, o, "one", b"x"),
        lambda: reader.reach("a", verb="write"),
    ):
        with pytest.raises(PermissionDenied):
            call()
    assert get(reader, "a") == send(reader.reach("a"))[1] == b"there"
    reader.close()
    with pytest.raises(Unexpected, match="closed"):
        get(reader, "a")
    assert get(store, "a") == b"there"
    store.delete("a")
