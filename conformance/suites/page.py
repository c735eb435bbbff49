"""Page objects: they are written at any offset (AOS-25, definitions of the pager)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.catalogue import paths
from conformance.engine.expect import either, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, ObjectMode

PAGE = 512
"""Bytes: offsets and sizes are multiples of it, as services with pages want them."""


def page(number: int, pages: int = 1) -> Content:
    """Return a content of whole pages, different for each number."""
    return Content(PAGE * pages, number)


@verifies("page.create")
@given(path=paths())
def test_create_page_returns_a_page_object(store: Recorder, path: str) -> None:
    """The object returned has the path given and the mode page."""
    o = store.create_page(path)
    same((o.path, ObjectMode.PAGE in o.mode), (path, True), "path, and whether page")


@verifies("page.write", needs=("read",), smoke=True)
@given(order=st.permutations((0, 1, 2)), path=paths())
def test_pages_are_put_at_their_offsets(store: Recorder, order: list[int], path: str) -> None:
    """Pages written one after the other, from the first on, and then again in any order, lie at their offsets."""
    o = store.create_page(path)
    for number in (0, 1, 2):
        same(store.write_page(o, page(90 + number), number * PAGE), PAGE, "bytes written")
    for number in order:
        store.write_page(o, page(number + 1), number * PAGE)
    same(store.read(path)[: 3 * PAGE], b"".join(page(number + 1).data for number in range(3)), "the three pages")


@verifies("page.overlap", needs=("read",))
@given(first=st.sampled_from((1, 0)), pages=st.sampled_from((1, 2)))
def test_the_later_write_wins(store: Recorder, first: int, pages: int) -> None:
    """A write over some of the pages changes these and leaves the others."""
    whole = page(1, 4).data
    o = store.create_page("a")
    store.write_page(o, page(1, 4), 0)
    store.write_page(o, page(2, pages), first * PAGE)
    expected = whole[: first * PAGE] + page(2, pages).data + whole[(first + pages) * PAGE :]
    same(store.read("a")[: 4 * PAGE], expected, "the four pages")


@verifies("page.gap", needs=("read",))
@given(gap=st.sampled_from((1, 3)))
def test_a_gap_reads_as_zeros(store: Recorder, gap: int) -> None:
    """Pages that were never written read as zeros, or the write behind them is refused and changes nothing."""
    o = store.create_page("a")
    store.write_page(o, page(1), 0)
    with either() as refusal:
        store.write_page(o, page(2), (1 + gap) * PAGE)
    expected = page(1).data if refusal else page(1).data + bytes(gap * PAGE) + page(2).data
    same(store.read("a").ljust(len(expected), b"\0")[: len(expected)], expected, "the pages")
