"""The reference storage beyond the specification: conditions, tails, pages, readers, closed clients, answers."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from conformance.adapters.memory.service import MemoryService
from conformance.adapters.streams import content_sha256
from conformance.storage import (
    ListMode,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PermissionDenied,
    PreconditionFailed,
    RestrictionDissatisfied,
    Storage,
    StorageError,
    Told,
    Unexpected,
    operations,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OLD, NEW = b"the old content", b"new"
OTHER = '"of something else"'


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


@pytest.fixture
def store(service: MemoryService) -> Storage:
    return service.open("/w/")


def put(store: Storage, path: str, data: bytes, **pairs: object) -> str:
    told = store.write(path, io.BytesIO(data), len(data), **pairs)
    assert isinstance(told, Told)
    assert told == len(data)
    assert told.object == store.stat(path)
    return told.object.etag or ""


def get(store: Storage, path: str, **pairs: object) -> bytes:
    sink = io.BytesIO()
    told = store.read(path, sink, **pairs)
    assert told == len(sink.getvalue())
    assert told.object == store.stat(path)
    return sink.getvalue()


def blocks(store: Storage, **pairs: object) -> object:
    o = store.create_block("a")
    store.write_block(o, io.BytesIO(NEW), len(NEW), "one")
    return store.combine_block(o, ["one"], **pairs)


def parts(store: Storage, **pairs: object) -> object:
    o = store.create_multipart("a")
    _, part = store.write_multipart(o, io.BytesIO(NEW), len(NEW), 0)
    return store.complete_multipart(o, [part], **pairs)


WRITES: dict[str, Callable[..., object]] = {
    "write": lambda store, **pairs: put(store, "a", NEW, **pairs),
    "copy": lambda store, **pairs: store.copy("source", "a", **pairs),
    "move": lambda store, **pairs: store.move("source", "a", **pairs),
    "create_append": lambda store, **pairs: store.create_append("a", **pairs),
    "create_page": lambda store, **pairs: store.create_page("a", **pairs),
    "combine_block": blocks,
    "complete_multipart": parts,
}


@pytest.mark.parametrize("op", WRITES)
def test_a_write_keeps_to_its_conditions(store: Storage, op: str) -> None:
    put(store, "source", NEW)
    with pytest.raises(PreconditionFailed):
        WRITES[op](store, if_match=OTHER)
    with pytest.raises(PreconditionFailed):
        WRITES[op](store, if_match="*")
    with pytest.raises(ObjectNotExist):
        store.stat("a")
    etag = put(store, "a", OLD)
    for wrong in ({"if_none_match": "*"}, {"if_none_match": etag}, {"if_match": OTHER}, {"if_match": f"W/{etag}"}):
        with pytest.raises(PreconditionFailed):
            WRITES[op](store, **wrong)
        assert get(store, "a") == OLD
        assert get(store, "source") == NEW
    if op == "complete_multipart":
        assert len(list(store.list("", list_mode=ListMode.PART))) == 6
    answer = WRITES[op](store, if_match=etag, if_none_match=OTHER)
    assert op == "write" or answer == store.stat("a")
    assert get(store, "a") in {NEW, b""}
    store.delete("a")
    put(store, "source", NEW)
    WRITES[op](store, if_none_match="*")
    assert store.stat("a")


def test_a_refused_write_reads_nothing(store: Storage) -> None:
    put(store, "a", OLD)
    reader = io.BytesIO(NEW)
    with pytest.raises(PreconditionFailed):
        store.write("a", reader, len(NEW), if_none_match="*")
    assert reader.tell() == 0


def test_what_changes_while_a_write_reads_counts(store: Storage) -> None:
    class Racing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            put(store, "a", OLD)
            return super().read(size)

    with pytest.raises(PreconditionFailed):
        store.write("a", Racing(NEW), len(NEW), if_none_match="*")
    assert get(store, "a") == OLD


def test_one_of_many_writers_of_a_version_wins(service: MemoryService, store: Storage) -> None:
    etag = put(store, "a", OLD)
    won: list[int] = []

    def replace(number: int) -> None:
        try:
            service.open("/w/").write("a", io.BytesIO(bytes([number])), 1, if_match=etag)
        except PreconditionFailed:
            return
        won.append(number)

    threads = [threading.Thread(target=replace, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [bytes(won)] == [get(store, "a")]


def test_a_copy_keeps_to_the_conditions_of_its_source(store: Storage) -> None:
    etag = put(store, "source", NEW)
    for wrong in ({"if_source_match": OTHER}, {"if_source_none_match": etag}, {"if_source_none_match": "*"}):
        with pytest.raises(PreconditionFailed):
            store.copy("source", "a", **wrong)
    store.copy("source", "a", if_source_match=etag, if_source_none_match=OTHER)
    with pytest.raises(ObjectNotExist):
        store.copy("missing", "a", if_source_match=etag)


def test_a_delete_keeps_to_its_condition(store: Storage) -> None:
    store.delete("a", if_match=OTHER)
    etag = put(store, "a", OLD)
    with pytest.raises(PreconditionFailed):
        store.delete("a", if_match=OTHER)
    assert get(store, "a") == OLD
    store.delete("a", if_match=etag)
    store.create_dir("d")
    with pytest.raises(PreconditionFailed):
        store.delete("d", if_match=etag)
    store.delete("d", if_match="*")
    assert list(store.list("")) == []


@pytest.mark.parametrize("look", [get, lambda store, path, **pairs: store.stat(path, **pairs)])
def test_reading_keeps_to_its_conditions(store: Storage, look: Callable[..., object]) -> None:
    etag = put(store, "a", OLD)
    now = store.stat("a").last_modified
    assert now
    before, after = now - timedelta(seconds=1), now + timedelta(seconds=1)
    for wrong in (
        {"if_match": OTHER},
        {"if_none_match": etag},
        {"if_none_match": f"W/{etag}"},
        {"if_none_match": "*"},
        {"if_modified_since": now},
        {"if_modified_since": after},
        {"if_unmodified_since": before},
        {"if_match": OTHER, "if_unmodified_since": after},
        {"if_none_match": etag, "if_modified_since": before},
    ):
        with pytest.raises(PreconditionFailed):
            look(store, "a", **wrong)
    for right in (
        {"if_match": etag, "if_unmodified_since": before},
        {"if_none_match": OTHER, "if_modified_since": after},
        {"if_modified_since": before},
        {"if_unmodified_since": now},
        {"if_match": "*"},
    ):
        assert look(store, "a", **right)
    with pytest.raises(ObjectNotExist):
        look(store, "missing", if_match=etag)


def test_the_tail_of_an_object(store: Storage) -> None:
    put(store, "a", b"0123456789")
    assert [get(store, "a", suffix=n) for n in (0, 1, 10, 11)] == [b"", b"9", b"0123456789", b"0123456789"]
    for beside in ({"offset": 0}, {"size": 1}):
        with pytest.raises(RestrictionDissatisfied):
            get(store, "a", suffix=1, **beside)
    with pytest.raises(Unexpected):
        get(store, "a", suffix=-1)


@pytest.mark.parametrize("mode", [ListMode.DIR, ListMode.PREFIX, ListMode.PART, ListMode.BLOCK])
def test_a_listing_begins_after_a_path_and_comes_in_pages(store: Storage, mode: ListMode) -> None:
    for path in ("d/a", "d/b", "d/c"):
        put(store, path, b"")
        store.create_multipart(path)
        store.create_block(path)

    def names(path: str, **pairs: object) -> list[str]:
        return [o.path for o in store.list(path, list_mode=mode, **pairs)]

    assert names("d/", page_size=2) == ["d/a", "d/b", "d/c"]
    assert names("d/", start_after="d/a", page_size=1) == ["d/b", "d/c"]
    assert names("d/", start_after="d/aa") == ["d/b", "d/c"]
    assert names("/w/d/", start_after="/w/d/b") == ["/w/d/c"]
    assert names("d/", start_after="e") == []
    assert names("d/", start_after="") == ["d/a", "d/b", "d/c"]
    with pytest.raises(RestrictionDissatisfied):
        names("d/", page_size=0)


def test_headers_and_digests_are_told(store: Storage) -> None:
    headers = {"cache_control": "no-store", "content_encoding": "gzip", "content_language": "de"}
    put(store, "a", NEW, **headers, content_sha256=content_sha256(NEW))
    told = store.stat("a")
    assert {name: getattr(told, name) for name in headers} == headers
    assert told.content_sha256 == content_sha256(NEW)
    with pytest.raises(Unexpected):
        put(store, "a", OLD, content_sha256=content_sha256(NEW))
    assert get(store, "a") == NEW


def test_metadata_given_to_a_copy_replace_all(store: Storage) -> None:
    put(store, "a", NEW, content_type="text/css", cache_control="no-store", user_metadata={"a": "1"})
    kept = store.copy("a", "b")
    assert kept is not None
    assert (kept.content_type, kept.cache_control, kept.user_metadata) == ("text/css", "no-store", {"a": "1"})
    changed = store.copy("a", "a", content_disposition="inline")
    assert changed is not None
    assert (changed.content_disposition, changed.content_type, changed.cache_control) == ("inline", None, None)
    assert dict(changed.user_metadata) == {}
    store.create_link("l", "a")
    with pytest.raises(ObjectModeInvalid):
        store.copy("l", "m", content_type="text/css")


def test_many_objects_are_deleted_or_none(store: Storage) -> None:
    for path in ("a", "b", "d/c", "kept"):
        put(store, path, NEW)
    with pytest.raises(Unexpected):
        store.delete_many(["a", "d"])
    with pytest.raises(ObjectModeInvalid):
        store.delete_many(["a", ""])
    store.delete_many([])
    store.delete_many(["a", "missing", "b", "b", "d/c"])
    assert [o.path for o in store.list("", list_mode=ListMode.PREFIX)] == ["kept"]


def test_a_part_is_copied_from_an_object(store: Storage) -> None:
    put(store, "source", b"0123456789" * 2)
    o = store.create_multipart("a")
    size, first = store.copy_multipart(o, "source", 0)
    assert (size, first.size) == (20, 20)
    for outside in ({"offset": 20}, {"offset": 19, "size": 2}, {"offset": -1}):
        with pytest.raises(Unexpected):
            store.copy_multipart(o, "source", 0, **outside)
    with pytest.raises(ObjectNotExist):
        store.copy_multipart(o, "missing", 0)
    assert list(store.list_multipart(o)) == [first]
    size, second = store.copy_multipart(o, "source", 1, offset=3, size=4)
    store.complete_multipart(o, [first, second])
    assert get(store, "a") == b"0123456789" * 2 + b"3456"


def each_operation(store: Storage) -> dict[str, Callable[[Storage], object]]:
    """Return a call of every operation that would be right on the storage itself."""
    put(store, "a", OLD)
    append, page, block = store.create_append("append"), store.create_page("page"), store.create_block("block")
    upload = store.create_multipart("upload")
    return {
        "read": lambda s: s.read("a", io.BytesIO()),
        "stat": lambda s: s.stat("a"),
        "list": lambda s: list(s.list("")),
        "list_block": lambda s: list(s.list_block(block)),
        "list_multipart": lambda s: list(s.list_multipart(upload)),
        "write": lambda s: s.write("a", io.BytesIO(NEW), 3),
        "delete": lambda s: s.delete("a"),
        "delete_many": lambda s: s.delete_many(["a"]),
        "copy": lambda s: s.copy("a", "b"),
        "move": lambda s: s.move("a", "b"),
        "fetch": lambda s: s.fetch("b", "http://127.0.0.1:1/"),
        "create_dir": lambda s: s.create_dir("b"),
        "create_link": lambda s: s.create_link("b", "a"),
        "create_append": lambda s: s.create_append("b"),
        "write_append": lambda s: s.write_append(append, io.BytesIO(NEW), 3),
        "commit_append": lambda s: s.commit_append(append),
        "create_page": lambda s: s.create_page("b"),
        "write_page": lambda s: s.write_page(page, io.BytesIO(NEW), 3, 0),
        "create_block": lambda s: s.create_block("b"),
        "write_block": lambda s: s.write_block(block, io.BytesIO(NEW), 3, "one"),
        "combine_block": lambda s: s.combine_block(block, []),
        "create_multipart": lambda s: s.create_multipart("b"),
        "write_multipart": lambda s: s.write_multipart(upload, io.BytesIO(NEW), 3, 0),
        "copy_multipart": lambda s: s.copy_multipart(upload, "a", 0),
        "complete_multipart": lambda s: s.complete_multipart(upload, []),
    }


READING = {"read", "stat", "list", "list_block", "list_multipart"}


def everything(store: Storage) -> list[object]:
    modes = (ListMode.PREFIX, ListMode.PART, ListMode.BLOCK)
    return [list(store.list("", list_mode=mode)) for mode in modes]


def test_a_reader_reads_and_changes_nothing(store: Storage) -> None:
    calls = each_operation(store)
    reader = store.read_only()
    before = everything(store)
    for op, call in calls.items():
        if op in READING:
            call(reader)
        else:
            with pytest.raises(PermissionDenied) as refused:
                call(reader)
            assert refused.value.op == op
    assert everything(store) == before == everything(reader.read_only())
    assert set(calls) | {"create", "features", "metadata", "read_only"} >= {
        name for name in reader.features().operations if operations()[name].interface != "segmenter"
    }
    with pytest.raises(ObjectModeInvalid):
        reader.write_append(store.stat("a"), None, 0)
    reader.close()
    assert store.stat("a")


def test_a_closed_client_refuses_everything(service: MemoryService, store: Storage) -> None:
    calls = each_operation(store)
    reader = store.read_only()
    before = everything(store)
    store.close()
    store.close()
    for call in (*calls.values(), lambda s: s.create("a"), lambda s: s.read_only()):
        with pytest.raises(StorageError):
            call(store)
    assert store.features().close_refuses
    assert everything(service.open("/w/")) == before == everything(reader)


def test_a_copy_of_a_multipart_handle_needs_its_mode(store: Storage) -> None:
    put(store, "a", OLD)
    with pytest.raises(ObjectModeInvalid):
        store.copy_multipart(store.create("a", object_mode=ObjectMode.READ), "a", 0)
