"""The file system beyond the specification: exclusive writes, conditions of reading, tails, pages, readers, answers."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.adapters.fs.storage import FileSystem, open_fs
from conformance.adapters.streams import content_sha256
from conformance.storage import (
    ListMode,
    ObjectModeInvalid,
    ObjectNotExist,
    PairUnsupported,
    PermissionDenied,
    PreconditionFailed,
    RestrictionDissatisfied,
    Told,
    Unexpected,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyfakefs.fake_filesystem import FakeFilesystem

OLD, NEW = b"the old content", b"new"
OTHER = '"of something else"'


@pytest.fixture
def store(tmp_path: Path) -> FileSystem:
    return open_fs(tmp_path)("/w/")


def put(store: FileSystem, path: str, data: bytes, **pairs: object) -> str:
    told = store.write(path, io.BytesIO(data), len(data), **pairs)
    assert isinstance(told, Told)
    assert told == len(data)
    assert told.object == store.stat(path)
    return told.object.etag or ""


def get(store: FileSystem, path: str, **pairs: object) -> bytes:
    sink = io.BytesIO()
    told = store.read(path, sink, **pairs)
    assert told == len(sink.getvalue())
    assert told.object == store.stat(path)
    return sink.getvalue()


WRITES: dict[str, Callable[..., object]] = {
    "write": lambda store, **pairs: put(store, "a/b", NEW, **pairs),
    "copy": lambda store, **pairs: store.copy("source", "a/b", **pairs),
    "copy of a link": lambda store, **pairs: store.copy("link", "a/b", **pairs),
    "create_append": lambda store, **pairs: store.create_append("a/b", **pairs),
    "create_page": lambda store, **pairs: store.create_page("a/b", **pairs),
}


def exclusive(store: FileSystem, op: str) -> None:
    put(store, "source", NEW)
    store.create_link("link", "source")
    made = WRITES[op](store, if_none_match="*")
    assert op == "write" or made == store.stat("a/b")
    put(store, "a/b", OLD)
    before = store.stat("a/b")
    with pytest.raises(PreconditionFailed):
        WRITES[op](store, if_none_match="*")
    with pytest.raises(PairUnsupported):
        WRITES[op](store, if_none_match=before.etag)
    assert store.stat("a/b") == before
    store.delete("a/b")
    store.delete("a")
    assert [o.path for o in store.list("")] == ["link", "source"]


@pytest.mark.parametrize("op", WRITES)
def test_nothing_is_replaced_where_only_making_is_allowed(store: FileSystem, op: str) -> None:
    exclusive(store, op)


@pytest.mark.parametrize("op", WRITES)
def test_nothing_is_replaced_on_a_fake_file_system_either(fs: FakeFilesystem, op: str) -> None:
    fs.create_dir("/root")
    exclusive(open_fs("/root")("/w/"), op)


def test_the_host_decides_what_came_first(store: FileSystem, tmp_path: Path) -> None:
    class Racing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            put(store, "a", OLD)
            return super().read(size)

    with pytest.raises(PreconditionFailed):
        store.write("a", Racing(NEW), len(NEW), if_none_match="*")
    assert get(store, "a") == OLD
    assert [path.name for path in tmp_path.iterdir()] == ["w"]


def test_one_of_many_creators_wins(store: FileSystem) -> None:
    won: list[int] = []

    def create(number: int) -> None:
        try:
            store.write("a", io.BytesIO(bytes([number])), 1, if_none_match="*")
        except PreconditionFailed:
            return
        won.append(number)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [bytes(won)] == [get(store, "a")]


def test_reading_keeps_to_its_conditions(store: FileSystem) -> None:
    etag = put(store, "a", OLD)
    now = store.stat("a").last_modified
    assert now
    second = timedelta(seconds=1)
    for look in (get, lambda store, path, **pairs: store.stat(path, **pairs)):
        for wrong in ({"if_match": OTHER}, {"if_none_match": etag}, {"if_modified_since": now}):
            with pytest.raises(PreconditionFailed):
                look(store, "a", **wrong)
        for right in ({"if_match": etag}, {"if_none_match": OTHER}, {"if_unmodified_since": now + second}):
            assert look(store, "a", **right)
        with pytest.raises(ObjectNotExist):
            look(store, "missing", if_none_match=OTHER)


def test_the_tail_of_an_object(store: FileSystem) -> None:
    put(store, "a", b"0123456789")
    store.create_link("l", "a")
    assert [get(store, "a", suffix=n) for n in (0, 1, 10, 11)] == [b"", b"9", b"0123456789", b"0123456789"]
    assert get(store, "l", suffix=2) == b"89"
    with pytest.raises(RestrictionDissatisfied):
        get(store, "a", suffix=1, offset=0)


def test_listings_begin_after_a_path_and_come_in_pages(store: FileSystem) -> None:
    for path in ("d/a", "d/b", "d/c/x", "e"):
        put(store, path, b"")

    def names(path: str, mode: ListMode, **pairs: object) -> list[str]:
        return [o.path for o in store.list(path, list_mode=mode, **pairs)]

    assert names("d", ListMode.DIR, page_size=1) == ["d/a", "d/b", "d/c"]
    assert names("d", ListMode.DIR, start_after="d/b") == ["d/c"]
    assert names("", ListMode.DIR, start_after="d/b") == ["e"]
    assert names("", ListMode.PREFIX, start_after="d/b", page_size=1) == ["d/c/x", "e"]
    assert names("d", ListMode.PREFIX, start_after="") == ["d/a", "d/b", "d/c/x"]
    with pytest.raises(RestrictionDissatisfied):
        names("", ListMode.DIR, page_size=0)


def test_a_promised_digest_is_compared(store: FileSystem) -> None:
    put(store, "a", NEW, content_sha256=content_sha256(NEW))
    with pytest.raises(Unexpected):
        put(store, "a", OLD, content_sha256=content_sha256(NEW))
    assert get(store, "a") == NEW


def test_many_objects_are_deleted(store: FileSystem) -> None:
    for path in ("a", "d/b", "kept"):
        put(store, path, NEW)
    with pytest.raises(ObjectModeInvalid):
        store.delete_many(["a", ""])
    assert get(store, "a") == NEW
    store.delete_many(["a", "missing", "a", "d/b", "d"])
    assert [o.path for o in store.list("")] == ["kept"]


def test_answers_tell_of_what_was_made(store: FileSystem) -> None:
    put(store, "a", NEW)
    assert store.copy("a", "b") == store.stat("b")
    assert store.move("b", "c") == store.stat("c")
    assert store.move("c", "c") == store.stat("c")
    store.create_link("l", "a")
    assert store.move("l", "m") == store.stat("m")


def test_a_reader_reads_and_a_closed_client_does_nothing(store: FileSystem) -> None:
    put(store, "a", OLD)
    reader = store.read_only()
    assert get(reader, "a") == OLD
    for change in (
        lambda: put(reader, "a", NEW),
        lambda: reader.delete("a"),
        lambda: reader.delete_many(["a"]),
        lambda: reader.move("a", "b"),
        lambda: reader.create_dir("b"),
        lambda: reader.write_append(reader.stat("a"), io.BytesIO(NEW), 3),
        lambda: reader.write_page(reader.stat("a"), io.BytesIO(NEW), 3, 0),
    ):
        with pytest.raises(PermissionDenied):
            change()
    store.close()
    store.close()
    with pytest.raises(Unexpected):
        store.stat("a")
    assert [o.path for o in reader.list("")] == ["a"]
    assert get(reader, "a") == OLD
