"""Alike: contents so alike that a store which compares a part of them, or keeps them once, takes one for another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.engine.conditions import takes
from conformance.engine.evidence import mark
from conformance.engine.expect import holds, same
from conformance.engine.laws import verifies
from conformance.storage import Content

if TYPE_CHECKING:
    from conformance.engine.recorder import Recorder

SIZE = 1024 * 1024 + 300
"""Bytes of contents that differ in one: more than one block, and more than is read to recognise a content."""
SHARED = Content(70_000, 9)
"""A content that is written more than once: larger than what is kept beside the name of an object."""
TYPED = {
    "text/plain": b"  two lines,\r\nand a newline at the end\r\n",
    "text/html": b"\xef\xbb\xbf<p>caf\xc3\xa9 &amp; more</p>\n\n",
    "application/json": b'{"b": 1.0,  "a": [1, 2]}\n',
    "application/xml": b"<?xml version='1.0'?>\n<a  b='c'/>\n",
}
"""Texts under the types that invite a service to tidy them up."""


@verifies("write.stores", "completeness.write", needs=("read",))
def test_contents_that_differ_in_one_byte_are_not_the_same(store: Recorder) -> None:
    """An object, and an overwrite, whose only new byte is its last or its middle one has this byte.

    An overwrite that is shorter by one byte ends there.
    """
    last, middle = Content(SIZE, 1, changed=SIZE - 1), Content(SIZE, 1, changed=SIZE // 2)
    store.write("a", Content(SIZE, 1))
    store.write("b", last)
    store.write("a", middle)
    same(store.read("b"), last.data, "content that is that of 'a' but for its last byte")
    what = "content after an overwrite that changed the byte in its middle"
    same(store.read("a"), middle.data, what, requirement="completeness.write")
    shorter = Content(SIZE - 1, 2)
    store.write("a", shorter)
    same(store.read("a"), shorter.data, "content after an overwrite by one byte less", requirement="completeness.write")


@verifies("write.stores", "delete.forgets", "write.user_metadata", needs=("read", "stat", "delete"))
def test_one_content_under_several_paths_is_several_objects(store: Recorder) -> None:
    """Objects of the same bytes have their own metadata, stay when others go, and come again after a delete."""
    for number, path in enumerate(("one", "two", "three")):
        store.write(path, SHARED, **mark(store, number))
    for number, path in enumerate(("one", "two")):
        _marked(store, path, mark(store, number), "write.user_metadata")
    store.delete("one")
    store.write("one", SHARED)
    holds(store, "one", SHARED, requirement="delete.forgets")
    _marked(store, "one", {}, "delete.forgets")
    store.delete("two")
    holds(store, "three", SHARED)
    _marked(store, "three", mark(store, 2), "write.user_metadata")


def _marked(store: Recorder, path: str, given: dict[str, Any], requirement: str) -> None:
    """Demand that an object has the user metadata of its own mark."""
    __tracebackhide__ = True
    if mark(store, 0):
        told = store.stat(path)
        expected = given.get("user_metadata", {})
        same(dict(told.user_metadata), expected, f"user_metadata of {path!r}", requirement=requirement)


@verifies("write.stores", needs=("read",), **takes("write", "content_type"))
def test_texts_of_every_type_come_back(store: Recorder) -> None:
    """Whatever a content is said to be, no line end, blank or byte order mark of it is changed."""
    for number, (content_type, text) in enumerate(TYPED.items()):
        store.write(f"text{number}", text, content_type=content_type)
    for number, (content_type, text) in enumerate(TYPED.items()):
        same(store.read(f"text{number}"), text, f"content of the type {content_type}")
