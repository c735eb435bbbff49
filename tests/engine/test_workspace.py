"""Cleaning: in few calls, proven by a second look, and nothing outside is lost whatever a backend claims."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import BinaryIO, ClassVar

import pytest

from conformance.adapters.memory.service import Memory, MemoryService
from conformance.engine.backend import Backend
from conformance.engine.workspace import Workspaces
from conformance.storage import Content, Features, ListMode, Object, ObjectMode, Source, Storage


class Counting(Memory):
    """Counts what is asked of it."""

    asked: ClassVar[Counter[str]] = Counter()

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> None:
        self.asked["delete"] += 1
        super().delete(path, object_mode=object_mode, multipart_id=multipart_id)


class Batch(Counting):
    """Deletes many in one call."""

    def delete_many(self, paths: Iterable[str]) -> None:
        self.asked["delete_many"] += 1
        for path in paths:
            Memory.delete(self, path)


class Forgetful(Counting):
    """Says that it deleted many, and did not."""

    def delete_many(self, paths: Iterable[str]) -> None:
        self.asked["delete_many"] += 1


class Broken(Counting):
    """Raises in the middle of many."""

    def delete_many(self, paths: Iterable[str]) -> None:
        Memory.delete(self, next(iter(paths)))
        raise RuntimeError("half way")


class Undead(Batch):
    """Deletes nothing at all."""

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> None:
        pass

    def delete_many(self, paths: Iterable[str]) -> None:
        pass


def used(kind: type[Counting]) -> tuple[Workspaces, MemoryService]:
    """Return workspaces of a run that left objects, directories, uploads and blocks, and the service that has them."""
    kind.asked = Counter()
    service = MemoryService()
    spaces = Workspaces(Backend(name="memory", open=lambda work_dir: kind(service, work_dir)))
    for _ in range(5):
        store = spaces.open(spaces.fresh())
        for path in ("a", "d/a", "d/e/f"):
            store.write(path, Source(Content(10, 1)).open(), 10)
        store.create_dir("made")
        store.create_multipart("a")
        store.write_block(store.create_block("a"), Source(Content(10, 3)).open(), 10, "b")
    outside = kind(service, "/")
    outside.write("1/a", Source(Content(10, 2)).open(), 10)
    return spaces, service


def everything(service: MemoryService) -> list[str]:
    """Return all that there is, uploads and block objects included."""
    store = Memory(service, "/")
    found = [o.path for mode in ListMode if mode != ListMode.DIR for o in store.list("", list_mode=mode)]
    return sorted(path for path in found if path not in {"1", "d"})


@pytest.mark.parametrize("kind", [Counting, Batch, Forgetful, Broken])
def test_nothing_is_left_but_what_is_not_the_runs(kind):
    spaces, service = used(kind)
    assert spaces.clean() == []
    assert [path for path in everything(service) if "conformance" in path] == []
    assert everything(service) == ["1/a"]


def test_many_objects_go_in_one_call():
    spaces, _ = used(Counting)
    spaces.one_by_one = True
    spaces.clean()
    one_by_one = Counting.asked["delete"]
    spaces, _ = used(Batch)
    spaces.clean()
    assert Batch.asked == {"delete_many": 1, "delete": one_by_one - 15}


def test_a_false_success_is_found_by_the_second_look():
    spaces, _ = used(Forgetful)
    assert spaces.clean() == []
    assert Forgetful.asked["delete"] >= 15


def test_what_is_left_is_told():
    spaces, _ = used(Undead)
    assert len(spaces.clean()) >= 20


def test_delete_many_that_failed_a_check_is_not_used():
    spaces, _ = used(Batch)
    spaces.one_by_one = True
    assert spaces.clean() == []
    assert Batch.asked["delete_many"] == 0


def test_directories_as_deep_as_paths_get_are_cleaned():
    tree = {"d/" * depth + "d": ObjectMode.DIR for depth in range(3000)} | {"d/" * 3000 + "end": ObjectMode.READ}

    class Deep(Memory):
        """Shows one directory below another, thousands of them."""

        def features(self) -> Features:
            return replace(super().features(), directories="native", path_maximum=12_000)

        def list(self, path: str = "", *, list_mode: ListMode | None = None) -> Iterable[Object]:
            below = [f"{path}/{name}".lstrip("/") for name in ("d", "end")]
            return iter(Object(path=p, mode=tree[p]) for p in below if p in tree and list_mode is None)

    store = Deep(MemoryService(), "/")
    found = [o.path for o in Workspaces(Backend(name="deep", open=lambda _: store))._survivors(store)]
    assert set(found) == set(tree)
    assert found == sorted(found, key=len, reverse=True)


class ByLevel(Storage):
    """Lists one level at a time, and shows directories where there are objects below."""

    kept: ClassVar[dict[str, bytes]]

    def __init__(self, work_dir: str) -> None:
        self.work_dir = work_dir

    def write(self, path: str, r: BinaryIO | None, size: int) -> int:
        self.kept[self.work_dir + path] = r.read(size) if r else b""
        return size

    def delete(self, path: str) -> None:
        self.kept.pop(self.work_dir + path, None)

    def list(self, path: str) -> Iterable[Object]:
        start = f"{self.work_dir}{path}/" if path else self.work_dir
        names = {key.removeprefix(start).partition("/")[:2] for key in self.kept if key.startswith(start)}
        for name, deeper in sorted(names):
            below = f"{path}/{name}" if path else name
            yield Object(path=below, mode=ObjectMode.DIR if deeper else ObjectMode.READ)


class Keeper(ByLevel):
    """Deletes nothing."""

    def delete(self, path: str) -> None:
        pass


LONG = "/".join(["p" * 49] * 160)
"""Longer than any path declared."""


@pytest.mark.parametrize(("kind", "left"), [(ByLevel, []), (Keeper, [f"00001/{LONG}"])])
def test_an_object_at_a_path_longer_than_declared_goes_or_is_told_once(kind, left):
    ByLevel.kept = {}
    spaces = Workspaces(Backend(name="store", open=kind))
    inside = spaces.fresh()
    spaces.open(inside).write(LONG, Source(Content(10, 1)).open(), 10)
    spaces.note_path(inside, LONG)
    assert spaces.clean() == left
