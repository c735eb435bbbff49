"""The shrinker: small counterexamples, in few backend calls, that diverge as the program did."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from conformance.adapters.memory.service import Memory, MemoryService
from conformance.engine import shrink as shrinking
from conformance.engine.programs import BYTES_PER_STEP, Theme, clients, decode, run
from conformance.engine.shrink import shrink, without
from conformance.model import Divergence
from conformance.storage import Content, ObjectMode, ObjectNotExist, Part, Source, Storage, StorageError
from conformance.storage.calls import Call, Handle, IdOf, PartOf

SIZE = 25 * BYTES_PER_STEP
Opener = Callable[[str], Storage]


class DeleteKeepsLarge(Memory):
    """Does not delete objects above 4 kB."""

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> None:
        try:
            size = self.stat(path).content_length if multipart_id is None else 0
        except StorageError:
            size = 0
        if (size or 0) <= 4096:
            super().delete(path, object_mode=object_mode, multipart_id=multipart_id)


class AbortTwiceFails(Memory):
    """Knows no upload that was aborted."""

    def delete(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> None:
        if multipart_id is not None and multipart_id not in self._service.uploads:
            raise ObjectNotExist
        super().delete(path, object_mode=object_mode, multipart_id=multipart_id)


def failing(kind: type[Memory]) -> Callable[[Sequence[Call]], Divergence | None]:
    """Return what runs a program on a broken store, in a fresh service each time."""

    def fails(calls: Sequence[Call]) -> Divergence | None:
        service = MemoryService()
        store = kind(service, "/")
        return run(
            calls, clients(lambda: kind(service, "/")), store.features(), store.metadata().restrictions
        ).divergence

    return fails


def first(kind: type[Memory], theme: Theme) -> tuple[tuple[Call, ...], Divergence]:
    """Return the first random program that diverges."""
    store = kind(MemoryService(), "/")
    rng = random.Random(7)
    fails = failing(kind)
    while True:
        program = decode(rng.randbytes(SIZE), store.features(), store.metadata().restrictions, theme)
        divergence = fails(program)
        if divergence is not None:
            return program, divergence


@pytest.mark.parametrize(
    ("kind", "theme", "length", "blamed"),
    [
        (DeleteKeepsLarge, "namespace", 3, "delete.removes"),
        (AbortTwiceFails, "uploads", 4, "multipart.abort_idempotent"),
    ],
)
def test_programs_are_made_small(kind: type[Memory], theme: Theme, length: int, blamed: str) -> None:
    program, divergence = first(kind, theme)
    shrunk = shrink(program, divergence, failing(kind))
    assert len(shrunk.calls) <= length
    assert shrunk.divergence.requirement == blamed
    again = failing(kind)(shrunk.calls)
    assert again is not None
    assert again.step == len(shrunk.calls) - 1
    assert shrunk.spent <= 300


def test_names_readers_and_clients_are_made_plain() -> None:
    program = (
        Call("write", ("it's", Source(Content(9000, 3), "ragged"), 9000), {"content_type": "text/plain"}, 1),
        Call("write", ("its", Source(Content(10, 4)), 10), {}, 1),
        Call("delete", ("it's",)),
        Call("read", ("it's",)),
    )
    divergence = failing(DeleteKeepsLarge)(program)
    assert divergence is not None
    shrunk = shrink(program, divergence, failing(DeleteKeepsLarge))
    assert [call.op for call in shrunk.calls] == ["write", "delete", "read"]
    assert shrunk.calls[0] == Call("write", ("a", Source(Content(9000, 3)), 9000))


def test_the_budget_is_kept() -> None:
    program, divergence = first(DeleteKeepsLarge, "namespace")
    made: list[int] = []

    def counted(calls: Sequence[Call]) -> Divergence | None:
        made.append(len(calls))
        return failing(DeleteKeepsLarge)(calls)

    shrunk = shrink(program, divergence, counted, budget=20)
    assert sum(made) <= 20
    assert len(shrunk.calls) <= len(program)
    assert shrink(program, divergence, counted, budget=0).calls == program[: divergence.step + 1]


def test_leaving_out_a_call_leaves_out_what_needs_it() -> None:
    program = (
        Call("write", ("b", Source(Content(1)), 1)),
        Call("create_multipart", ("a",)),
        Call("create_multipart", ("a",)),
        Call("write_multipart", (Handle(1), Source(Content(1)), 1, 0)),
        Call("write_multipart", (Handle(2), Source(Content(1)), 1, 0)),
        Call("complete_multipart", (Handle(2), [PartOf(4)])),
        Call("delete", ("a",), {"multipart_id": IdOf(1)}),
    )
    assert without(program, {0, 1}) == (
        Call("create_multipart", ("a",)),
        Call("write_multipart", (Handle(0), Source(Content(1)), 1, 0)),
        Call("complete_multipart", (Handle(0), [PartOf(1)])),
    )


def test_copied_parts_and_closed_clients_are_shrunk_like_all_else():
    calls = (
        Call("create_multipart", ("a",)),
        Call("copy_multipart", (Handle(0), "s", 1)),
        Call("copy_multipart", (Handle(0), "s", 0)),
        Call("complete_multipart", (Handle(0), [PartOf(1), PartOf(2)])),
        Call("close"),
    )
    assert shrinking._ascending(calls, calls[3]).args[1] == [PartOf(2), PartOf(1)]
    told = Call("complete_multipart", (Handle(0), [PartOf(1), Part(0, 1, "none")]))
    assert shrinking._ascending(calls, told).args[1] == [Part(0, 1, "none"), PartOf(1)]
    assert list(shrinking._touched(calls, 4)) == []
