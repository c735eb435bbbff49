"""Headers: what a caller says of a content for those who will be served it over HTTP."""

from __future__ import annotations

import gzip
from typing import Any

from conformance.engine.conditions import EMPTY_OBJECTS, Condition, all_of, takes
from conformance.engine.evidence import everything
from conformance.engine.expect import either, same
from conformance.engine.laws import verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Object

HEADERS = ("cache_control", "content_encoding", "content_language")
PLAIN = b"text that was compressed before it was written"
COMPRESSED = Content.of(gzip.compress(PLAIN, mtime=0))
"""Bytes that are what their content_encoding says: whoever decodes them on the way delivers others."""
GIVEN = {"cache_control": "public, max-age=60", "content_encoding": "gzip", "content_language": "de-CH, en"}
DESCRIBED = {
    **GIVEN,
    "content_type": "text/x-all",
    "content_disposition": "inline",
    "user_metadata": {"colour": "blue"},
}
"""Everything at once: what is kept alone may be lost beside others."""
OTHERS = {"cache_control": "no-store", "content_encoding": "compress, identity", "content_language": "fr"}
REPLACING = {"content_type": "text/x-new", "content_disposition": 'attachment; filename="new"'}
TYPED = "text/html; charset=\"utf-8\"; profile='A b'"
NAMED = "attachment; filename=\"a b.txt\"; filename*=UTF-8''na%C3%AFve%20%E2%82%AC.txt"


def some_header(op: str) -> Condition:
    """Apply where the operation takes any of the headers."""
    return {
        "when": lambda features: any(name in features.pairs.get(op, ()) for name in HEADERS),
        "unless": f"{op} takes none of {', '.join(HEADERS)}",
    }


def taken(store: Recorder, op: str, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the operation takes of the pairs."""
    return {name: value for name, value in given.items() if name in store.features.pairs.get(op, ())}


def headers(o: Object, of: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of an object under the names given."""
    told = {name: getattr(o, name) for name in of}
    return {name: dict(value) if name == "user_metadata" else value for name, value in told.items()}


@verifies("headers.write", "headers.cleared", **some_header("write"))
def test_headers_are_told_as_given(store: Recorder) -> None:
    """Stat tells each header as given, of a second write its own, and none after a third; compressed bytes stay so."""
    given, others = taken(store, "write", DESCRIBED), taken(store, "write", OTHERS)
    store.write("a", COMPRESSED, **given)
    same(headers(store.stat("a"), given), given, "headers")
    same(store.read("a"), COMPRESSED.data, "content that says it is compressed")
    store.write("a", b"other", **others)
    same(headers(store.stat("a"), others), others, "headers after an overwrite with others")
    store.write("a", b"plain")
    former(store, "a", given, others, requirement="headers.cleared")


def former(store: Recorder, path: str, *gone: dict[str, Any], requirement: str | None = None) -> None:
    """Demand that none of the headers given is told any more."""
    __tracebackhide__ = True
    told = headers(store.stat(path), gone[0])
    kept = {name: value for name, value in told.items() if value and value in [of.get(name) for of in gone]}
    same(kept, {}, f"headers of older objects told of {path!r}", requirement=requirement)


@verifies("headers.complete_multipart", needs=("read",), **some_header("create_multipart"))
def test_headers_of_an_upload_are_told(store: Recorder) -> None:
    """The headers given when the upload began are told of the object, and compressed bytes stay so."""
    given = taken(store, "create_multipart", GIVEN)
    o = store.create_multipart("a", **given)
    store.complete_multipart(o, [store.write_multipart(o, COMPRESSED, 0)[1]])
    same(headers(store.stat("a"), given), given, "headers of the upload")
    same(store.read("a"), COMPRESSED.data, "content of the upload")


@verifies("headers.copy", **some_header("write"))
def test_headers_are_copied(store: Recorder) -> None:
    """A copy onto an object with other headers has those of the source."""
    given = taken(store, "write", GIVEN)
    store.write("source", COMPRESSED, **given)
    store.write("there", b"there", **taken(store, "write", OTHERS))
    store.copy("source", "there")
    same(headers(store.stat("there"), given), given, "headers of the copy")


@verifies("headers.copy", weight=0, **some_header("write"))
def test_a_plain_source_has_no_headers_to_copy(store: Recorder) -> None:
    """A copy of an object without headers onto one with some has none."""
    given = taken(store, "write", GIVEN)
    store.write("source", b"plain")
    store.write("there", COMPRESSED, **given)
    store.copy("source", "there")
    former(store, "there", given)


@verifies("headers.move", **some_header("write"))
def test_headers_are_moved(store: Recorder) -> None:
    """An object that is moved onto another with other headers keeps its own."""
    given = taken(store, "write", GIVEN)
    store.write("source", COMPRESSED, **given)
    store.write("there", b"there", **taken(store, "write", OTHERS))
    store.move("source", "there")
    same(headers(store.stat("there"), given), given, "headers of what was moved")


@verifies(
    "headers.copy_replaces", needs=("read",), **all_of(takes("copy", "user_metadata"), takes("write", "user_metadata"))
)
def test_metadata_given_to_copy_replace_all(store: Recorder) -> None:
    """Of the source's metadata nothing is left beside those given, onto itself too; the source keeps its own."""
    old: dict[str, Any] = {
        "user_metadata": {"colour": "blue", "old": "1"},
        **taken(store, "write", {"content_type": "text/x-old"}),
    }
    new: dict[str, Any] = {"user_metadata": {"colour": "red"}, **taken(store, "copy", REPLACING)}
    store.write("source", COMPRESSED, **old)
    store.copy("source", "copy", **new)
    same(headers(store.stat("copy"), new), new, "metadata of the copy")
    same(store.read("copy"), COMPRESSED.data, "content of the copy")
    same(headers(store.stat("source"), old), old, "metadata of the source")
    store.copy("source", "source", **new)
    same(headers(store.stat("source"), new), new, "metadata of a copy onto itself")


@verifies("headers.content_type", **all_of(takes("write", "content_type"), EMPTY_OBJECTS))
def test_types_and_names_are_told_to_the_letter(store: Recorder) -> None:
    """Of an object without bytes type and disposition come back with their quotes, parameters and escapes."""
    given = taken(store, "write", {"content_type": TYPED, "content_disposition": NAMED})
    store.write("empty.png", b"", **given)
    same(headers(store.stat("empty.png"), given), given, "headers of an empty object")


@verifies("headers.metadata_names", needs=("list",), **takes("write", "user_metadata"))
def test_names_that_differ_in_case_are_kept_or_refused(store: Recorder) -> None:
    """Two names that differ only in case keep a value given for one of them, or the write is refused whole."""
    both = {"Name": "first", "name": "second"}
    with either() as refusal:
        store.write("a", b"described", user_metadata=both)
    if refusal:
        same([o.path for o in everything(store)], [], "all objects after the refusal")
    else:
        told = {name.lower(): value for name, value in store.stat("a").user_metadata.items()}
        known = told.get("name", "")
        # HTTP joins fields of one name by a comma (RFC 9110, 5.3).
        same(set(known.replace(" ", "").split(",")) <= {"first", "second"}, True, f"whether {known!r} was given")
