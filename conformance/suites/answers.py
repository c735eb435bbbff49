"""Answers: what an operation tells of an object on the way is what stat tells of it."""

from __future__ import annotations

from conformance.engine.catalogue import successive
from conformance.engine.evidence import mark, same_time
from conformance.engine.expect import same
from conformance.engine.laws import verifies
from conformance.engine.part_plans import piece
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, Object, Told

FIELDS = (
    "content_length",
    "content_md5",
    "content_type",
    "content_disposition",
    "content_encoding",
    "content_language",
    "cache_control",
    "content_sha256",
    "etag",
    "last_modified",
    "user_metadata",
)
CONTENT = Content(1000, 1)


def told(store: Recorder) -> Object | None:
    """Return what the last answer told of an object, where it told anything."""
    value = store.trace.steps[-1].outcome.value
    return value.object if isinstance(value, Told) else value if isinstance(value, Object) else None


def agrees(answer: Object | None, o: Object, what: str) -> None:
    """Demand that every field that an answer tells is the one that stat tells, a time on the second."""
    __tracebackhide__ = True
    for name in FIELDS if answer is not None else ():
        seen, known = getattr(answer, name), getattr(o, name)
        if name == "last_modified" and seen is not None and known is not None:
            same_time(seen, known, f"{name} in the answer to {what}, beside stat")
        elif seen == 0 or (seen and known):
            same(seen, known, f"{name} in the answer to {what}, beside stat")


@verifies("answers.read")
def test_a_read_tells_of_the_object(store: Recorder, features: Features) -> None:
    """The answers to reads of the whole and of ranges tell what stat tells, the length of the whole object too."""
    store.write("a", Content(1200, 2))
    store.write("a", CONTENT, **mark(store, 1))
    o = store.stat("a")
    store.read("a")
    agrees(told(store), o, "a read")
    offered = features.pairs.get("read", frozenset())
    for pair, value in (("offset", 900), ("size", 10), ("suffix", 10)):
        if pair in offered:
            store.read("a", **{pair: value})
            agrees(told(store), o, f"a read with {pair}={value} of {o.content_length} bytes")


@verifies("answers.write")
def test_a_write_tells_of_the_object(store: Recorder, features: Features) -> None:
    """The answer to each of several writes to one path tells what stat tells right after it."""
    for number, content in enumerate(successive(features)[1:4]):
        store.write("a", content, **mark(store, number))
        answer = told(store)
        agrees(answer, store.stat("a"), f"write number {number + 1}")


@verifies("answers.copy", needs=("read",))
def test_a_copy_tells_of_the_new_object(store: Recorder) -> None:
    """The answer to a copy over an object tells of the destination what stat tells of it."""
    store.write("source", CONTENT, **mark(store, 1))
    store.write("there", Content(300, 2), **mark(store, 2))
    store.copy("source", "there")
    answer = told(store)
    agrees(answer, store.stat("there"), "a copy")
    same(store.read("there"), CONTENT.data, "content of the copy")


@verifies("answers.complete_multipart")
def test_a_completion_tells_of_the_new_object(store: Recorder) -> None:
    """The answer to complete_multipart tells of the object, and not of its last part."""
    o = store.create_multipart("a")
    parts = [store.write_multipart(o, piece(store, number + 1, number), number)[1] for number in range(2)]
    store.complete_multipart(o, parts)
    answer = told(store)
    agrees(answer, store.stat("a"), "complete_multipart")
