"""The reference storage: what the conformance suites cannot see, and a walk through every interface."""

from __future__ import annotations

import io
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from conformance.adapters.memory.service import RESTRICTIONS, MemoryService
from conformance.storage import (
    ConnectionStringInvalid,
    ListMode,
    ListModeInvalid,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Part,
    RestrictionDissatisfied,
    Storage,
    StorageError,
    Unexpected,
    operations,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


@pytest.fixture
def store(service: MemoryService) -> Storage:
    return service.open("/w/")


def content(store: Storage, path: str) -> bytes:
    sink = io.BytesIO()
    count = store.read(path, sink)
    assert count == len(sink.getvalue())
    return sink.getvalue()


def put(store: Storage, path: str, data: bytes) -> None:
    assert store.write(path, io.BytesIO(data), len(data)) == len(data)


def names(store: Storage, path: str = "", mode: ListMode | None = None) -> list[str]:
    return [o.path for o in store.list(path, list_mode=mode)]


class Stubborn:
    """A reader of one byte at a time that raises after so many."""

    def __init__(self, data: bytes, fails_after: int) -> None:
        self._data, self._left = io.BytesIO(data), fails_after

    def read(self, size: int = -1, /) -> bytes:
        if not self._left:
            raise OSError("cable")
        self._left -= 1
        return self._data.read(min(size, 1))


def test_every_operation_but_reach_is_implemented(store: Storage) -> None:
    whole = {name for name, operation in operations().items() if operation.interface not in {"reacher", "segmenter"}}
    assert whole <= store.features().operations
    assert "reach" not in store.features().operations
    pairs = store.features().pairs
    assert all(set(operations()[name].pairs) <= pairs[name] for name in whole)


def test_a_second_client_sees_the_same_data_by_either_spelling(service: MemoryService, store: Storage) -> None:
    put(store, "a/b", b"1")
    assert content(service.open("/w"), "a/b") == content(service.open("/"), "w/a/b") == content(store, "/w/a/b") == b"1"
    assert store.stat("a/b").id == store.stat("/w/a/b").id == "/w/a/b"
    assert names(store, "a/") == names(store, "a") == ["a/b"]
    assert names(store, "/w/a") == ["/w/a/b"]


@pytest.mark.parametrize("work_dir", ["w", "", "/a//b", "/../a", "///"])
def test_a_work_dir_that_is_not_absolute_is_refused(service: MemoryService, work_dir: str) -> None:
    with pytest.raises(ConnectionStringInvalid):
        service.open(work_dir)


@pytest.mark.parametrize("path", ["a//b", "./a", "a/.", "../a", "a/../b", "//", "a//", "\ud800"])
def test_spellings_that_could_merge_are_refused_everywhere(store: Storage, path: str) -> None:
    for call in (
        store.stat,
        store.delete,
        store.create_dir,
        lambda p: put(store, p, b"x"),
        lambda p: content(store, p),
    ):
        with pytest.raises(Unexpected):
            call(path)
    assert names(store, "", ListMode.PREFIX) == []


def test_the_work_dir_itself_is_a_directory_that_stays(store: Storage) -> None:
    assert store.stat("").mode == ObjectMode.DIR
    for call in (store.delete, lambda p: put(store, p, b"x"), lambda p: content(store, p)):
        with pytest.raises(ObjectModeInvalid):
            call("")


def test_a_failed_write_changes_nothing(store: Storage) -> None:
    put(store, "a", b"old")
    for failing in (
        lambda path: store.write(path, Stubborn(b"12345", 3), 5),
        lambda path: store.write(path, io.BytesIO(b"123"), 5),
        lambda path: store.write(path, io.BytesIO(b"123"), -1),
        lambda path: store.write(path, None, 1),
        lambda path: store.write(path, io.BytesIO(b"123"), 3, content_md5="AAAA"),
        lambda path: store.write(path, Stubborn(b"", 0), (RESTRICTIONS.write_size_maximum or 0) + 1),
    ):
        for path in ("a", "new"):
            with pytest.raises(StorageError):
                failing(path)
    assert content(store, "a") == b"old"
    assert names(store) == ["a"]
    assert store.write("short", Stubborn(b"12345", 5), 5) == 5
    assert content(store, "short") == b"12345"


def test_an_overwrite_clears_what_is_not_said_again(store: Storage) -> None:
    store.write("a", None, 0, content_type="text/plain", content_disposition="inline", user_metadata={"k": "v"})
    before = store.stat("a")
    assert (before.content_type, before.content_disposition, before.user_metadata) == (
        "text/plain",
        "inline",
        {"k": "v"},
    )
    put(store, "a", b"2")
    after = store.stat("a")
    assert (after.content_type, after.content_disposition, after.user_metadata) == (None, None, {})
    assert after.etag != before.etag
    assert before.last_modified is not None
    assert after.last_modified is not None
    assert after.last_modified > before.last_modified


def test_directories_are_not_files_and_files_not_directories(store: Storage) -> None:
    put(store, "d/x", b"1")
    put(store, "f", b"2")
    for call in (
        lambda: put(store, "d", b"3"),
        lambda: put(store, "f/x", b"3"),
        lambda: put(store, "new/", b"3"),
        lambda: store.create_dir("f"),
        lambda: store.copy("f", "d"),
        lambda: store.move("f", "d"),
        lambda: store.move("d", "e"),
        lambda: store.move("f", "f/x"),
        lambda: store.move("d/x", "d"),
        lambda: store.create_multipart("d"),
        lambda: store.create_append("d"),
        lambda: store.create_page("d"),
        lambda: store.create_block("d"),
        lambda: store.create_link("d", "f"),
        lambda: content(store, "d"),
        lambda: store.stat("f", object_mode=ObjectMode.DIR),
    ):
        with pytest.raises(ObjectModeInvalid):
            call()
    with pytest.raises(StorageError):
        store.delete("d", object_mode=ObjectMode.DIR)
    store.delete("f/x")
    with pytest.raises(ObjectNotExist):
        store.stat("f/x")
    assert names(store, "", ListMode.PREFIX) == ["d/x", "f"]


def test_copy_and_move_onto_itself_keep_the_object(store: Storage) -> None:
    put(store, "a", b"1")
    store.copy("a", "a")
    store.move("a", "a")
    store.move("a", "b/c")
    assert content(store, "b/c") == b"1"
    with pytest.raises(ObjectNotExist):
        store.move("a", "b/c")


def test_a_link_is_an_object_that_only_read_follows(store: Storage) -> None:
    link = store.create_link("l", "t")
    assert (link.mode, link.link_target) == (ObjectMode.LINK, "t")
    put(store, "t", b"12")
    assert store.stat("l").mode == ObjectMode.LINK | ObjectMode.READ
    assert content(store, "l") == b"12"
    store.create_link("circle", "circle")
    with pytest.raises(ObjectNotExist):
        content(store, "circle")
    store.delete("l")
    assert content(store, "t") == b"12"


def test_a_listing_resumes_from_its_token_and_ends_for_good(store: Storage) -> None:
    for number in range(30):
        put(store, f"{number:02}", b"")
    listing = store.list("")
    seen = [next(listing).path for _ in range(11)]
    store.delete("10")
    rest = store.list("", continuation_token=listing.continuation_token)  # type: ignore[attr-defined]
    assert seen + [o.path for o in rest] == [f"{number:02}" for number in range(30)]
    assert next(rest, None) is next(rest, None) is None
    with pytest.raises(ListModeInvalid):
        store.list("", list_mode=ListMode.DIR | ListMode.PREFIX)
    assert names(store, "missing") == []


def test_a_listing_longer_than_a_page_is_complete(store: Storage) -> None:
    for number in range(2100):
        put(store, f"{number}", b"")
    assert len(set(names(store))) == 2100
    assert len(names(store, "", ListMode.PREFIX)) == 2100


def test_an_upload_is_its_path_and_its_id_and_comes_whole_or_not(service: MemoryService, store: Storage) -> None:
    put(store, "m", b"old")
    o = store.create_multipart("m", content_type="x/y")
    other = store.create_multipart("m")
    assert o.multipart_id != other.multipart_id
    _, first = store.write_multipart(o, io.BytesIO(b"a" * 20), 20, 0)
    second_client = service.open("/w/")
    _, last = second_client.write_multipart(
        second_client.create("m", multipart_id=o.multipart_id), io.BytesIO(b"z"), 1, 7
    )
    assert list(store.list_multipart(o)) == [first, last]
    assert [p.multipart_id for p in store.list("", list_mode=ListMode.PART)] == [o.multipart_id, other.multipart_id]
    for parts in ([], [first, first], [first, Part(3, 1, last.etag)], [Part(0, 20, "no"), last]):
        with pytest.raises(Unexpected):
            store.complete_multipart(o, parts)
    with pytest.raises(RestrictionDissatisfied):
        store.write_multipart(o, None, 0, 10_000)
    with pytest.raises(ObjectNotExist):
        store.write_multipart(store.create("other", multipart_id=o.multipart_id), io.BytesIO(b"z"), 1, 0)
    assert content(store, "m") == b"old"
    store.complete_multipart(o, [last, first])
    assert content(store, "m") == b"a" * 20 + b"z"
    assert store.stat("m").content_type == "x/y"
    for _ in range(2):
        store.delete("m", multipart_id=other.multipart_id)
    with pytest.raises(ObjectNotExist):
        store.complete_multipart(other, [first])
    assert names(store, "", ListMode.PART) == []


def test_a_small_part_must_be_the_last(store: Storage) -> None:
    o = store.create_multipart("m")
    parts = [store.write_multipart(o, io.BytesIO(b"x" * size), size, index)[1] for index, size in enumerate([15, 16])]
    with pytest.raises(RestrictionDissatisfied):
        store.complete_multipart(o, parts)
    store.complete_multipart(o, parts[:1])
    assert content(store, "m") == b"x" * 15


def test_blocks_appends_and_pages(store: Storage) -> None:
    block = store.create_block("b")
    for bid in ("x", "y"):
        store.write_block(block, io.BytesIO(bid.encode()), 1, bid)
    with pytest.raises(Unexpected):
        store.combine_block(block, ["x", "z"])
    assert {bid for bid, _ in store.list_block(block)} == {"x", "y"}
    assert names(store) == []
    assert names(store, "", ListMode.BLOCK) == ["b"]
    store.combine_block(block, ["y", "x", "y"])
    assert content(store, "b") == b"yxy"

    append = store.create_append("a", content_type="x/y")
    assert append.append_offset == 0
    threads = [
        threading.Thread(target=lambda n=n: store.write_append(append, io.BytesIO(b"%d" % n * 9), 9)) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.commit_append(append)
    data = content(store, "a")
    assert sorted(data[at : at + 9] for at in range(0, 72, 9)) == [b"%d" % n * 9 for n in range(8)]
    assert store.stat("a").append_offset == 72

    page = store.create_page("p")
    store.write_page(page, io.BytesIO(b"cd"), 2, 4)
    store.write_page(page, io.BytesIO(b"ab"), 2, 0)
    assert content(store, "p") == b"ab\0\0cd"


@pytest.fixture
def url() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if "missing" in self.path else 200)
            self.send_header("Content-Type", "x/y")
            if "cut" in self.path:
                self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"12345")

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_fetch_stores_what_is_served_and_nothing_else(store: Storage, url: str) -> None:
    store.fetch("a", url)
    assert (content(store, "a"), store.stat("a").content_type) == (b"12345", "x/y")
    for broken in (
        url + "missing",
        url + "cut",
        "file:///etc/passwd",
        "http://127.0.0.1:1/",
        "http://[",
        "http://a b/",
    ):
        with pytest.raises(Unexpected):
            store.fetch("a", broken)
    assert content(store, "a") == b"12345"
