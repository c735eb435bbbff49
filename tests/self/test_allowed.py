"""What the specification leaves to a storage is never accused: otherwise correct stores that make use of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance.adapters.memory.service import Memory, MemoryService
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner
from conformance.storage import Object
from tests.defects.base import Defect, Defective, wrap


class Handed:
    """A reader that keeps what it raised."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader
        self.raised: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            return self.reader.read(size)
        except Exception as error:
            self.raised = error
            raise


class LetsReadersErrorsThrough(Defective):
    """What a reader raises comes through every operation that takes one, as it is."""

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        # A read is given a sink, which could be read from, too.
        taken = [op.startswith("write") and hasattr(argument, "read") for argument in arguments]
        handed = [Handed(argument) for argument, reader in zip(arguments, taken, strict=True) if reader]
        given = [handed[0] if reader else argument for argument, reader in zip(arguments, taken, strict=True)]
        try:
            return super().call(op, *given, **pairs)
        except Exception:
            if not handed or handed[0].raised is None:
                raise
        raise handed[0].raised


class ListsNoLengths(Defective):
    """What a listing knows of an object is its path and mode: every other field is None (AOS-40)."""

    def list(self, path: str, **pairs: Any) -> Iterator[Object]:
        for o in super().list(path, **pairs):
            yield replace(o, content_length=None, etag=None, last_modified=None)


@pytest.mark.parametrize("kind", [LetsReadersErrorsThrough, ListsNoLengths])
def test_what_is_allowed_is_not_accused(kind: type[Defective]) -> None:
    service = MemoryService()
    planted = Defect(
        name=kind.__name__,
        family="none",
        kind=kind,
        trips=(),
        like="",
        on=("memory",),
        needs=frozenset(),
        profile="standard",
    )
    opener = wrap(lambda work_dir: Memory(service, work_dir), planted)
    runner = Runner(Backend(name=kind.__name__, open=opener), seed=1, stop_on_first=True)
    results = [runner.run(check) for check in checks().values() if runner.selects(check)]
    accused = [(r.check, r.failure or r.reason) for r in results if r.state not in {"pass", "not-applicable"}]
    assert (accused, runner.clean()) == ([], [])
