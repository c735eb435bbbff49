"""Append objects: they grow at their end (AOS-44)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.catalogue import contents, honest_sources, paths
from conformance.engine.evidence import fails
from conformance.engine.expect import holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.engine.watched import Watched
from conformance.storage import Content, Object, ObjectMode, RestrictionDissatisfied, Restrictions, Source


def committed(store: Recorder, o: Object, content: bytes) -> None:
    """Commit and demand that this is the content."""
    store.commit_append(o)
    holds(store, o.path, content)


@verifies("append.create")
@given(path=paths())
def test_create_append_returns_an_append_object(store: Recorder, path: str) -> None:
    """The object returned has the path given, the mode append, and begins at offset 0."""
    o = store.create_append(path)
    same((o.path, ObjectMode.APPEND in o.mode, o.append_offset or 0), (path, True, 0), "path, whether append, offset")


@verifies("append.write", needs=("read", "stat"), smoke=True)
@given(path=paths(), first=contents(), second=contents(minimum=1))
def test_each_append_is_added_at_the_tail(store: Recorder, path: str, first: Content, second: Content) -> None:
    """Each append returns its number of bytes, and all of them are there in their order."""
    o = store.create_append(path)
    for content in (second, first, second):
        same(store.write_append(o, content), content.size, "bytes appended")
    committed(store, o, second.data + first.data + second.data)


@verifies("append.write", needs=("read", "stat"))
@given(source=honest_sources())
def test_any_reader_will_do(store: Recorder, source: Source) -> None:
    """Short reads and readers that cannot seek append the same."""
    o = store.create_append("a")
    store.write_append(o, b"before ")
    same(store.write_append(o, source), source.content.size, "bytes appended")
    committed(store, o, b"before " + source.content.data)


@verifies("append.commit", needs=("read", "stat", "list"))
@given(sizes=st.lists(st.sampled_from((100, 1, 4096, 0)), min_size=5, max_size=8), path=paths())
def test_many_appends_make_one_object(store: Recorder, sizes: list[int], path: str) -> None:
    """Many appends of any sizes are one readable object with all their bytes."""
    pieces = [Content(size, number + 1) for number, size in enumerate(sizes)]
    o = store.create_append(path)
    for piece in pieces:
        store.write_append(o, piece)
    committed(store, o, b"".join(piece.data for piece in pieces))
    same(ObjectMode.READ in store.stat(path).mode, True, "whether the committed object can be read")


@verifies("append.empty", needs=("read", "stat"))
@given(path=paths())
def test_nothing_appended_is_an_empty_object(store: Recorder, path: str) -> None:
    """Committed without any append, or after an append of nothing, the object is empty."""
    committed(store, store.create_append(path), b"")
    o = store.create_append("after an append of nothing")
    same(store.write_append(o, b""), 0, "bytes appended")
    committed(store, o, b"")


@verifies("append.exact_size", needs=("read", "stat"))
@given(wanted=st.sampled_from((10, 1, 299)))
def test_exactly_the_size_given_is_appended(store: Recorder, wanted: int) -> None:
    """Of a longer reader no more than size bytes are appended, and the next append follows right behind them."""
    longer = Content(300, 4)
    o = store.create_append("a")
    same(store.write_append(o, longer, wanted), wanted, "bytes appended")
    store.write_append(o, b"next")
    committed(store, o, longer.data[:wanted] + b"next")


@verifies("append.exact_size", needs=("read", "stat"))
@given(at=st.sampled_from((100, 0)))
def test_a_failed_append_adds_nothing(store: Recorder, at: int) -> None:
    """A reader that raises, ends early or is missing is an error, after which nothing was added."""
    o = store.create_append("a")
    store.write_append(o, b"before")
    with fails("append of a reader that raises"):
        store.write_append(o, Source(Content(300, 5), "raises", at))
    with fails("append of a reader that ends early"):
        store.write_append(o, Content(at, 6), 300)
    with fails("append without a reader"):
        store.write_append(o, Source(Content(0), "none"), 5)
    store.write_append(o, b" and after")
    committed(store, o, b"before and after")


@verifies("append.size_maximum", needs=("read", "stat"))
def test_an_append_above_the_maximum_is_refused_unread(store: Recorder, limits: Restrictions) -> None:
    """A size above append_size_maximum, where there is one, is refused before a byte is read, and nothing is added."""
    o = store.create_append("a")
    store.write_append(o, b"before")
    if limits.append_size_maximum is not None:
        source = Watched(Content(10))
        with refused(RestrictionDissatisfied, what="append above append_size_maximum"):
            store.write_append(o, source, limits.append_size_maximum + 1)
        source.untouched("a reader whose size is above the maximum")
    committed(store, o, b"before")


@verifies("append.apart", needs=("read", "stat"))
@given(one=st.sampled_from(("a", "d/a")), other=st.sampled_from(("ab", "d/b")))
def test_append_objects_do_not_mix(store: Recorder, one: str, other: str) -> None:
    """Appends to two objects in turn each go to their own, and those to a new object not to the one before it."""
    first, second = store.create_append(one), store.create_append(other)
    for piece in (b"1", b"23"):
        store.write_append(first, piece)
        store.write_append(second, piece.upper() + b"x")
    committed(store, first, b"123")
    committed(store, second, b"1x23x")
    afresh = store.create_append(one)
    store.write_append(afresh, b"4")
    committed(store, afresh, b"4")
