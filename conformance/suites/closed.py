"""Closed clients: what is left when a client is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.engine.conditions import Condition
from conformance.engine.expect import holds, refused, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features
from conformance.suites.readonly import changes

CONTENT = Content(300, 1)
REFUSES: Condition = {
    "when": lambda features: features.close_refuses,
    "unless": "the backend promises nothing of a client that was closed",
}


@verifies("closed.refuses", needs=("stat", "list", "delete"), **REFUSES)
def test_a_closed_client_does_nothing(store: Recorder, again: Recorder, features: Features) -> None:
    """Whatever looks at objects, makes or removes them is refused, and what is there stays as it was."""
    store.write("a", CONTENT)
    store.close()
    looks: dict[str, Callable[[], Any]] = {
        "read": lambda: store.read("a"),
        "stat": lambda: store.stat("a"),
        "list": lambda: store.list(""),
    }
    for op, call in {**looks, **changes(store)}.items():
        if op in features.operations:
            with refused(what=f"{op} by a client that was closed"):
                call()
    holds(again, "a", CONTENT)
    same([o.path for o in again.list("")], ["a"], "the listing of another client")


@verifies("closed.again")
def test_a_client_may_be_closed_twice(store: Recorder, again: Recorder) -> None:
    """Closing again, and a third time, is no error."""
    store.write("a", CONTENT)
    for _ in range(3):
        store.close()
    same(again.read("a"), CONTENT.data, "content that another client reads")


@verifies("closed.others")
def test_other_clients_go_on(store: Recorder, again: Recorder) -> None:
    """What a closed client wrote is there for another one, which goes on reading and writing."""
    store.write("a", CONTENT)
    again.write("b", b"by the other")
    store.close()
    same(again.read("a"), CONTENT.data, "content that the closed client wrote")
    again.write("a", b"overwritten")
    same(again.read("a"), b"overwritten", "content that the other client wrote afterwards")
    same(again.read("b"), b"by the other", "content that the other client wrote before")
