"""Read-only clients: they see everything and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from conformance.engine.evidence import everything, unchanged
from conformance.engine.expect import Violation, refused, same
from conformance.engine.http_source import served
from conformance.engine.laws import verifies
from conformance.engine.part_plans import piece, still_open
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, StorageError

CONTENT = Content(300, 1)
T = TypeVar("T")


def changes(reader: Recorder) -> dict[str, Callable[[], Any]]:
    """Return the operations that need no handle and would change something, by name."""
    return {
        "write": lambda: reader.write("new", CONTENT),
        "delete": lambda: reader.delete("a"),
        "delete_many": lambda: reader.delete_many(["a"]),
        "copy": lambda: reader.copy("a", "new"),
        "move": lambda: reader.move("a", "new"),
        "create_dir": lambda: reader.create_dir("new"),
        "create_link": lambda: reader.create_link("new", "a"),
        "create_append": lambda: reader.create_append("a"),
        "create_block": lambda: reader.create_block("new"),
        "create_page": lambda: reader.create_page("a"),
        "create_multipart": lambda: reader.create_multipart("new"),
        "init_segment": lambda: reader.init_segment("new"),
        "fetch": lambda: reader.fetch("new", served(CONTENT)),
    }


@verifies("readonly.refuses", needs=("list",))
def test_nothing_can_be_made_or_removed(store: Recorder, reader: Recorder, features: Features) -> None:
    """Whatever makes, replaces or removes an object is refused, and everything stays as it was."""
    store.write("a", CONTENT)
    with unchanged(store, "a", "new"):
        for op, change in changes(reader).items():
            if op in features.operations:
                with refused(what=f"{op} by a client that may only read"):
                    change()
        with refused(what="an overwrite by a client that may only read"):
            reader.write("a", b"overwritten")


@verifies(
    "readonly.refuses", needs=("complete_multipart", "write_multipart", "create_multipart", "list_multipart", "list")
)
def test_nothing_can_be_done_to_an_upload(store: Recorder, reader: Recorder) -> None:
    """An upload that another client began cannot be written to, completed or aborted."""
    o = store.create_multipart("a")
    _, part = store.write_multipart(o, piece(store, 1), 0)
    for what, change in (
        ("write_multipart", lambda: reader.write_multipart(o, piece(store, 2), 0)),
        ("complete_multipart", lambda: reader.complete_multipart(o, [part])),
        ("delete of the upload", lambda: reader.delete("a", multipart_id=o.multipart_id)),
    ):
        with refused(what=f"{what} by a client that may only read"):
            change()
    still_open(store, o, [part], "of another client")
    same([o.path for o in everything(store)], [], "all objects")


@verifies("readonly.refuses", needs=("create_append", "write_append", "commit_append"))
def test_nothing_can_be_appended(store: Recorder, reader: Recorder) -> None:
    """An object that another client appends to does not grow."""
    o = store.create_append("a")
    store.write_append(o, b"appended")
    with refused(what="write_append by a client that may only read"):
        reader.write_append(o, b" and more")
    store.commit_append(o)
    same(store.read("a"), b"appended", "content of what was appended")


@verifies("readonly.reads", needs=("stat", "list"))
def test_everything_can_be_read(store: Recorder, reader: Recorder) -> None:
    """What is there before and after the client was made is read, described and listed as by any other."""
    store.write("a", CONTENT)
    same(granted(lambda: reader.read("a")), CONTENT.data, "content of 'a'")
    store.write("a", b"overwritten")
    store.write("d/b", CONTENT)
    same(granted(lambda: reader.read("a")), b"overwritten", "content of 'a' after an overwrite")
    same(granted(lambda: reader.stat("d/b")), store.stat("d/b"), "description of 'd/b'")
    same([o.path for o in granted(lambda: everything(reader))], ["a", "d/b"], "all objects")


def granted(look: Callable[[], T]) -> T:
    """Return what is seen, which a client that may only read is not refused."""
    __tracebackhide__ = True
    try:
        return look()
    except StorageError as error:
        raise Violation("a look by a client that may only read", expected="success", observed=repr(error)) from error
