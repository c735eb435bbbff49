"""Write: exactly the bytes and the metadata given, or an error and no effect (GSP-751, GSP-134, GSP-97)."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import HONEST, contents, described, honest_sources, paths
from conformance.engine.conditions import EMPTY_OBJECTS, takes
from conformance.engine.evidence import entries, everything, fails, listed, unchanged
from conformance.engine.expect import absent, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.engine.watched import Watched
from conformance.storage import (
    Content,
    Features,
    ObjectModeInvalid,
    RestrictionDissatisfied,
    Restrictions,
    Source,
    StorageError,
    Unexpected,
)

SHAPES = (
    b"",
    b"\x00leading and trailing zeros\x00\x00\x00",
    b"  blanks,\r\nline by line\r\n",
    b"\xef\xbb\xbfwith a byte order mark, ends at ctrl-z\x1a",
    b"\xff\xfe\xfd not utf-8 \x80, trailing blanks  ",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03gzip-like\n",
    b"5;chunk-signature=0\r\nhello\r\n0\r\n\r\n",
    b'{"json": null, "%41+%2B": "&amp;"}',
    b"<?xml version='1.0'?><Error><Code>NoSuchKey</Code></Error>",
)
METADATA: tuple[dict[str, str], ...] = (
    {"colour": "deep  blue", "comma": "a, b,c", "empty": "", "equals": 'k=v; q="1"', "percent": "a%20b+c", "n-1": "0"},
    {"under_score": "x", "dotted.name": "y", "utf8-in-ascii": "=?UTF-8?Q?caf=C3=A9?=", "colon": "a:b"},
    {"long": "x" * 1000, "digits": "0042", "true": "False", "none": "None"},
)


@verifies("write.stores", needs=("read", "stat"))
@given(path=paths(), content=contents())
def test_write_stores_what_it_was_given(store: Recorder, path: str, content: Content) -> None:
    """Write returns the number of bytes, and read delivers exactly these bytes."""
    same(store.write(path, content), content.size, "bytes written")
    holds(store, path, content)


@verifies("write.stores", needs=("read",))
def test_bytes_of_every_shape_come_back(store: Recorder, features: Features) -> None:
    """Nothing is added to, cut from or converted in any content, whatever it looks like."""
    shapes = [shape for shape in SHAPES if shape or features.write_empty_object]
    for number, shape in enumerate(shapes):
        same(store.write(f"shape{number}", shape), len(shape), f"bytes written of {shape!r}")
    for number, shape in enumerate(shapes):
        same(store.read(f"shape{number}"), shape, f"content of shape{number}")


@verifies("write.stores", needs=("read",))
def test_contents_that_fill_their_buffers_come_back(store: Recorder) -> None:
    """Contents that end where buffers end, and one a byte longer than large ones, come back whole."""
    for size in (4096, 8192, 65536, 1024 * 1024, 8 * 1024 * 1024 + 1):
        same(store.write(f"full{size}", Content(size, size)), size, "bytes written")
        same(store.read(f"full{size}"), Content(size, size).data, f"content of {size} bytes")


@verifies("write.stores", needs=("read", "stat"))
@given(size=st.sampled_from((5 * 1024 * 1024, 65537, 8193)))
def test_large_contents_come_back(store: Recorder, size: int) -> None:
    """Contents larger than any buffer come back whole."""
    same(store.write("large", Content(size, 7)), size, "bytes written")
    holds(store, "large", Content(size, 7))


@verifies("write.stores", needs=("read", "stat"), weight=0)
@given(size=st.sampled_from((8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 5 * 1024 * 1024 - 1)))
def test_very_large_contents_come_back(store: Recorder, size: int) -> None:
    """Contents around the sizes at which clients begin to cut come back whole."""
    same(store.write("very/large", Content(size, 8)), size, "bytes written")
    holds(store, "very/large", Content(size, 8))


@verifies("write.stores", needs=("read", "delete"))
def test_equal_contents_are_two_objects(store: Recorder) -> None:
    """The same bytes under three paths are three objects: one can go or change without the others."""
    for path in ("one", "two", "three"):
        store.write(path, b"the same bytes")
    store.delete("one")
    store.write("two", b"different now")
    holds(store, "three", b"the same bytes")


@verifies("write.any_reader", needs=("read", "stat"), smoke=True)
@given(sources=st.tuples(*(honest_sources((kind,)) for kind in HONEST)))
def test_any_reader_will_do(store: Recorder, sources: tuple[Source, ...]) -> None:
    """Short reads, single bytes and readers that cannot seek all store the same."""
    for source in sources:
        same(store.write(source.kind, source), source.content.size, f"bytes written from a reader, {source.kind}")
        holds(store, source.kind, source.content)


@verifies("write.none_reader_empty", needs=("read", "stat"), **EMPTY_OBJECTS)
@given(path=paths())
def test_no_reader_and_no_size_make_an_empty_object(store: Recorder, path: str) -> None:
    """No reader with size 0 creates an empty object, which is listed and told like others."""
    same(store.write(path, Source(Content(0), "none"), 0), 0, "bytes written")
    holds(store, path, b"")


@verifies("write.none_reader_refused", needs=("read", "stat", "list"))
@given(size=st.sampled_from((5, 1)))
def test_no_reader_with_a_size_is_refused(store: Recorder, size: int) -> None:
    """No reader with a size is an error that creates nothing and changes nothing."""
    store.write("old", b"whole")
    with unchanged(store, "old", "new"):
        for path in ("old", "new"):
            with refused(what="write without a reader"):
                store.write(path, Source(Content(0), "none"), size)


@verifies("write.zero_size", needs=("read", "stat"), **EMPTY_OBJECTS)
@given(path=paths())
def test_size_zero_makes_an_empty_object(store: Recorder, path: str) -> None:
    """Size 0 creates an empty object, however much the reader has, also over an object that has bytes."""
    same(store.write(path, b"not wanted", 0), 0, "bytes written")
    holds(store, path, b"")
    store.write(path, b"some bytes")
    same(store.write(path, b"", 0), 0, "bytes written")
    holds(store, path, b"")


@verifies("write.truncates", needs=("read", "stat"))
@given(wanted=st.sampled_from((100, 1, 299)), kind=st.sampled_from(("plain", "ragged", "unseekable")))
def test_only_size_bytes_are_stored(store: Recorder, wanted: int, kind: str) -> None:
    """Of a longer reader exactly the first bytes are stored, and their number is returned."""
    longer = Content(300, 5)
    source = Source(longer, kind)  # type: ignore[arg-type]
    same(store.write("a", source, wanted), wanted, "bytes written")
    holds(store, "a", longer.data[:wanted])


@verifies("write.short_reader", needs=("read",))
@given(size=st.sampled_from((301, 4096, 1_000_000)))
def test_a_reader_that_ends_early_is_an_error(store: Recorder, size: int) -> None:
    """Fewer bytes than promised are never a success."""
    with fails("write of a reader that ends early"):
        store.write("a", Content(300, 5), size)
    with fails("write of an empty reader"):
        store.write("a", b"", size)


@verifies("write.failing_reader", needs=("read",))
@given(at=st.sampled_from((100, 0, 299)))
def test_a_reader_that_raises_is_an_error(store: Recorder, at: int) -> None:
    """A reader that raises after some bytes is never a success."""
    with fails("write of a reader that raises"):
        store.write("a", Source(Content(300, 5), "raises", at))


@verifies("write.failure_leaves_nothing", needs=("read", "stat", "list"))
@given(path=st.sampled_from(("a", "d/a")), at=st.sampled_from((100, 0, 299)))
def test_a_failed_write_leaves_nothing_behind(store: Recorder, path: str, at: int) -> None:
    """Where nothing was, nothing is after a write that failed: no object, no part of one, no other name."""
    with unchanged(store, path):
        with fails("write of a reader that raises"):
            store.write(path, Source(Content(300, 5), "raises", at))
        with fails("write of a reader that ends early"):
            store.write(path, Content(at, 6), 300)


@verifies("write.failure_keeps_old", needs=("read", "stat", "list"), smoke=True)
@given(path=st.sampled_from(("a", "d/a")), at=st.sampled_from((100, 0, 299)))
def test_a_failed_write_keeps_the_old_object(store: Recorder, path: str, at: int) -> None:
    """Where an object was, it still is after a write that failed, bytes, metadata and etag."""
    store.write(path, Content(200, 1))
    with unchanged(store, path):
        with fails("write of a reader that raises"):
            store.write(path, Source(Content(300, 5), "raises", at))
        with fails("write of a reader that ends early"):
            store.write(path, Content(at, 6), 300)


@verifies("write.failure_is_over", needs=("read", "stat", "list"))
@given(at=st.sampled_from((100, 0)))
def test_nothing_of_a_failed_write_shows_later(store: Recorder, at: int) -> None:
    """After a write that failed the next ones store exactly their own bytes, at the same path and at others."""
    with fails("write of a reader that raises"):
        store.write("a", Source(Content(300, 5), "raises", at))
    store.write("b", b"after the failure")
    holds(store, "b", b"after the failure")
    store.write("a", b"at last")
    holds(store, "a", b"at last")
    same([o.path for o in everything(store)], ["a", "b"], "the listing")


@verifies("write.negative_size", needs=("read", "stat", "list"))
@given(size=st.sampled_from((-1, -300)))
def test_a_negative_size_is_refused(store: Recorder, size: int) -> None:
    """A negative size is an error that creates nothing and changes nothing."""
    store.write("old", b"whole")
    with unchanged(store, "old", "new"):
        for path in ("old", "new"):
            with refused(what=f"write of {size} bytes"):
                store.write(path, b"content", size)


@verifies("write.callback", needs=("read",), **takes("write", "io_callback"))
@given(source=honest_sources())
def test_the_callback_sees_every_byte_once(store: Recorder, source: Source) -> None:
    """The pieces that io_callback is given, joined, are the content."""
    seen = bytearray()
    store.write("a", source, io_callback=seen.extend)
    same(bytes(seen), source.content.data, "bytes seen by io_callback")
    holds(store, "a", source.content)


@verifies("write.content_md5", needs=("read", "stat", "list"), **takes("write", "content_md5"))
@given(content=contents(minimum=1))
def test_content_md5_is_verified(store: Recorder, content: Content) -> None:
    """The right digest is accepted; the wrong one is refused and changes nothing, at an old path and a new one.

    The digest counts alone and beside other arguments; one of too few bytes is the digest of nothing.
    """
    store.write("a", content, content_md5=_md5(content.data))
    holds(store, "a", content)
    typed: dict[str, Any] = {"content_type": "text/plain"} if "content_type" in store.features.pairs["write"] else {}
    with unchanged(store, "a", "b"):
        for path, pairs in (("a", {}), ("b", typed)):
            with refused(what="write with a content_md5 of other bytes"):
                store.write(path, b"other bytes", content_md5=_md5(content.data), **pairs)
        with refused(what="write with a content_md5 of 3 bytes"):
            store.write("b", b"other bytes", content_md5="AAAA")


@verifies("write.content_type", needs=("read",), smoke=True, **takes("write", "content_type"))
@given(
    path=paths(),
    content_type=st.sampled_from(('text/html; charset="utf-8"', "image/svg+xml", "application/x-unheard-of", "a/b")),
)
def test_the_content_type_is_told(store: Recorder, path: str, content_type: str) -> None:
    """Stat tells the content_type that was given, not one that was guessed."""
    store.write(path, b"{}", content_type=content_type)
    same(store.stat(path).content_type, content_type, "content_type")


@verifies("write.content_type", **takes("write", "content_type"))
def test_the_content_type_is_not_guessed_when_given(store: Recorder) -> None:
    """Neither the name nor the bytes of an object change the content_type that was given, known or not."""
    told = {"page.html": "image/png", "x": "x-own/type"}
    for path, content_type in told.items():
        store.write(path, b"\x89PNG\r\n", content_type=content_type)
    same({path: store.stat(path).content_type for path in told}, told, "content types")


@verifies("write.content_disposition", needs=("read",), **takes("write", "content_disposition"))
@given(
    disposition=st.sampled_from(('attachment; filename="a b.txt"', "inline", "attachment; filename*=UTF-8''%e2%82%ac")),
)
def test_the_content_disposition_is_told(store: Recorder, disposition: str) -> None:
    """Stat tells the content_disposition that was given."""
    store.write("a", b"saved as", content_disposition=disposition)
    same(store.stat("a").content_disposition, disposition, "content_disposition")


@verifies("write.user_metadata", smoke=True, **takes("write", "user_metadata"))
@given(path=paths())
def test_user_metadata_come_back_unmodified(store: Recorder, features: Features, path: str) -> None:
    """Names and values come back as they were given, no more and no fewer, of each object its own."""
    given_by = {name: described(given_, features) for name, given_ in zip((path, "b", "c"), METADATA, strict=True)}
    store.write("none", b"not described")
    for name, given_ in given_by.items():
        store.write(name, b"described", user_metadata=given_)
    for name, given_ in {**given_by, "none": {}}.items():
        same(dict(store.stat(name).user_metadata), given_, f"user_metadata of {name!r}")


@verifies("write.user_metadata", weight=0, **takes("write", "user_metadata"))
def test_every_object_has_its_own_user_metadata(store: Recorder) -> None:
    """Objects do not share metadata: what one is given the others do not have."""
    store.write("a", b"x", user_metadata={"of": "a", "only": "a"})
    store.write("b", b"x", user_metadata={"of": "b"})
    store.write("c", b"x")
    same(dict(store.stat("a").user_metadata), {"of": "a", "only": "a"}, "user_metadata of 'a'")
    same(dict(store.stat("b").user_metadata), {"of": "b"}, "user_metadata of 'b'")
    same(dict(store.stat("c").user_metadata), {}, "user_metadata of 'c'")


@verifies("write.user_metadata", **takes("write", "user_metadata"))
@given(
    hostile=st.sampled_from(
        (
            {"name": " around "},
            {"name": "caf\u00e9 \u65e5\u672c"},
            {"n\u00e4me": "x"},
            {"two": "lines\r\nx-injected: 1"},
        ),
    ),
)
def test_hostile_user_metadata_are_kept_or_refused(
    store: Recorder, features: Features, hostile: dict[str, str]
) -> None:
    """Metadata that the service cannot hold are refused; what is accepted comes back as it was given."""
    with either() as refusal:
        store.write("a", b"described", user_metadata=hostile)
    expected = "missing" if refusal else hostile
    observed = _user_metadata(store, "a")
    if not features.metadata_exact and isinstance(expected, dict) and isinstance(observed, dict):
        expected = {name: value.strip() for name, value in expected.items()}
        observed = {name: value.strip() for name, value in observed.items()}
    same(observed, expected, "user_metadata")


@verifies("write.user_metadata", **takes("write", "user_metadata"))
def test_case_is_kept(store: Recorder, features: Features) -> None:
    """Values keep their case; names keep theirs where that is declared, and are the same name in any case."""
    given_ = described({"Mixed-Case": "Mixed Case", "lower": "UPPER"}, features)
    store.write("a", b"described", user_metadata=given_)
    observed = dict(store.stat("a").user_metadata)
    if not features.metadata_exact:
        given_, observed = ({name.lower(): value for name, value in m.items()} for m in (given_, observed))
    same(observed, given_, "user_metadata")


@verifies("write.size_maximum", needs=("read", "stat", "list"))
def test_a_size_above_the_maximum_is_refused_unread(store: Recorder, limits: Restrictions) -> None:
    """A size above write_size_maximum, where there is one, is refused before a byte is read; nothing is created."""
    published = limits.write_size_maximum
    source = Watched(Content(10))
    if published is not None:
        with refused(RestrictionDissatisfied, what=f"write of {published + 1} bytes"):
            store.write("new", source, published + 1)
        source.untouched("a reader whose size is above the maximum")
    absent(store, "new")


@verifies("write.trailing_slash", needs=("read", "stat"))
def test_a_trailing_slash_does_not_name_the_object(store: Recorder) -> None:
    """Whatever writing ``a/`` does, the object ``a`` is not touched by it."""
    store.write("a", b"without a slash")
    with either():
        store.write("a/", b"with a slash")
    holds(store, "a", b"without a slash")


@verifies("write.failure_leaves_nothing", needs=("stat", "read", "list"))
@given(path=paths())
def test_a_refused_write_makes_no_directory_visible_as_an_object(store: Recorder, path: str) -> None:
    """After a refused write to a new path there is no object at the path, above or below it."""
    with fails("write of a reader that raises"):
        store.write(path, Source(Content(300, 5), "raises", 100))
    absent(store, path)
    same(entries(store), [], "the listing")


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _user_metadata(store: Recorder, path: str) -> dict[str, str] | str:
    try:
        return dict(store.stat(path).user_metadata)
    except StorageError as error:
        same(error.code, "ObjectNotExist", "the error of stat after a refused write")
        return "missing"


@verifies("write.below_object", needs=("read", "list"))
@given(path=st.sampled_from(("a/b/c", "a/b", "a/b/c/d")))
def test_writing_below_an_object_is_refused_or_whole(store: Recorder, path: str) -> None:
    """Below an object there is nothing, or an object that is read and listed; the object above stays whole."""
    store.write("a", b"an object")
    with either(ObjectModeInvalid, Unexpected) as errors:
        store.write(path, b"below it")
    held = [] if errors else [path]
    for one in held:
        holds(store, one, b"below it")
        shown = [o.path for o in listed(store, one.rpartition("/")[0]) if o.path == one]
        same(shown, held, "what is listed below it")
    holds(store, "a", b"an object")
