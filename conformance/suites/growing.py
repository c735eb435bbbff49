"""Objects that grow, seen before, at and after their end: appends, blocks and pages (AOS-44, AOS-25, GSP-654)."""

from __future__ import annotations

import base64
import hashlib

from hypothesis import strategies as st

from conformance.engine.conditions import lists, takes
from conformance.engine.evidence import fails
from conformance.engine.expect import demand, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.engine.watched import Watched
from conformance.storage import (
    Block,
    Content,
    ListMode,
    ObjectMode,
    ObjectModeInvalid,
    RestrictionDissatisfied,
    Restrictions,
    Source,
)

AFFORDABLE = 8 * 1024 * 1024
"""Bytes up to which a maximum of a whole object is tried out."""
PAGE = 512
"""Bytes: offsets and sizes of pages are multiples of it, as services with pages want them."""
FIRST, SECOND = Content(300, 1), Content(7, 2)


# append objects


@verifies("append.offset")
@given(path=st.sampled_from(("a", "d/a")))
def test_the_offset_told_is_what_was_appended(store: Recorder, path: str) -> None:
    """After appends of 300 and of 7 bytes stat tells append_offset 307, or none."""
    o = store.create_append(path)
    store.write_append(o, FIRST)
    store.write_append(o, SECOND)
    store.commit_append(o)
    told = store.stat(path).append_offset
    demand(told in (None, 307), "append_offset after 307 bytes", expected="307 or none", observed=repr(told))


@verifies("append.before_commit")
def test_before_the_commit_whole_appends_are_read(store: Recorder) -> None:
    """What is read before the commit is nothing or whole appends; where the mode has read, it can be read."""
    o = store.create_append("a")
    store.write_append(o, FIRST)
    store.write_append(o, SECOND)
    with either() as refusal:
        found = store.read("a")
        whole = (b"", FIRST.data, FIRST.data + SECOND.data)
        demand(found in whole, "content before the commit", expected="whole appends", observed=f"{len(found)} bytes")
    if ObjectMode.READ in o.mode:
        same([type(error).__name__ for error in refusal], [], "errors of read, which the mode of the object has")
    store.commit_append(o)
    holds(store, "a", FIRST.data + SECOND.data)


@verifies("append.commit_again")
def test_a_commit_changes_no_byte(store: Recorder) -> None:
    """Committed twice, the object is the same; whether the second commit is refused is open."""
    o = store.create_append("a")
    store.write_append(o, FIRST)
    store.commit_append(o)
    holds(store, "a", FIRST.data)
    with either():
        store.commit_append(o)
    holds(store, "a", FIRST.data)


@verifies("append.after_commit")
def test_an_append_after_the_commit_counts_or_is_refused(store: Recorder) -> None:
    """After the commit another append is refused and changes nothing, or is there after the next commit."""
    o = store.create_append("a")
    store.write_append(o, FIRST)
    store.commit_append(o)
    with either() as refusal:
        store.write_append(o, SECOND)
        store.commit_append(o)
    expected = FIRST.data if refusal else FIRST.data + SECOND.data
    holds(store, "a", expected)


@verifies("append.reopened")
def test_an_append_object_can_be_found_again(store: Recorder, again: Recorder) -> None:
    """Another client that finds the object by stat appends to it if its mode says so, and is refused otherwise."""
    o = store.create_append("a")
    store.write_append(o, FIRST)
    store.commit_append(o)
    found = again.stat("a")
    if ObjectMode.APPEND in found.mode:
        again.write_append(found, SECOND)
        again.commit_append(found)
        holds(store, "a", FIRST.data + SECOND.data)
    else:
        with refused(ObjectModeInvalid, what="an append to an object without the mode append"):
            again.write_append(found, SECOND)
        holds(store, "a", FIRST.data)


@verifies("append.total_size_maximum")
def test_the_total_size_is_limited(store: Recorder, limits: Restrictions) -> None:
    """Filled up to append_total_size_maximum, where that is affordable, the object takes not one byte more."""
    o = store.create_append("a")
    whole = limits.append_total_size_maximum
    each = min(limits.append_size_maximum or AFFORDABLE, AFFORDABLE)
    expected = b""
    if whole is not None and whole <= AFFORDABLE:
        while len(expected) < whole:
            piece = Content(min(each, whole - len(expected)), 1 + len(expected) // each)
            store.write_append(o, piece)
            expected += piece.data
        source = Watched(Content(1, 99))
        with refused(RestrictionDissatisfied, what="an append above append_total_size_maximum"):
            store.write_append(o, source)
    store.commit_append(o)
    holds(store, "a", expected)


@verifies("append.number_maximum", weight=0)
def test_the_number_of_appends_is_limited(store: Recorder, limits: Restrictions) -> None:
    """As many appends as append_number_maximum allows, where that is affordable, are taken, and not one more."""
    o = store.create_append("a")
    maximum = limits.append_number_maximum
    number = maximum if maximum is not None and maximum <= 2000 else 0
    for _ in range(number):
        store.write_append(o, b"x")
    if number:
        with refused(RestrictionDissatisfied, what=f"append number {number + 1}"):
            store.write_append(o, b"y")
    store.commit_append(o)
    holds(store, "a", b"x" * number)


@verifies("append.content_type", **takes("create_append", "content_type"))
def test_the_content_type_of_an_append_object_is_kept(store: Recorder) -> None:
    """A committed append object has the content type that it was created with, whatever was there before."""
    o = store.create_append("a", content_type="text/x-appended")
    store.write_append(o, FIRST)
    store.commit_append(o)
    same(store.stat("a").content_type, "text/x-appended", "content_type")


@verifies("append.content_md5", **takes("write_append", "content_md5"))
def test_the_digest_of_an_append_is_compared(store: Recorder) -> None:
    """An append whose digest is that of other bytes is refused and adds nothing; one with the right digest counts."""
    right = base64.b64encode(hashlib.md5(FIRST.data, usedforsecurity=False).digest()).decode()
    o = store.create_append("a")
    store.write_append(o, FIRST, content_md5=right)
    with refused(what="an append of other bytes than content_md5 promises"):
        store.write_append(o, Content(300, 3), content_md5=right)
    store.commit_append(o)
    holds(store, "a", FIRST.data)


@verifies("append.callback", **takes("write_append", "io_callback"))
@given(content=st.builds(Content, st.sampled_from((70000, 1, 300)), st.integers(1, 50)))
def test_the_callback_is_given_every_byte_appended(store: Recorder, content: Content) -> None:
    """io_callback is given every byte of the append once, in order."""
    seen: list[bytes] = []
    store.write_append(store.create_append("a"), content, io_callback=seen.append)
    same(b"".join(seen), content.data, "bytes given to io_callback")


# block objects


@verifies("block.listed", **lists(ListMode.BLOCK))
def test_open_block_objects_are_listed(store: Recorder, again: Recorder) -> None:
    """Of three block objects with a block each, those not combined are listed, under every prefix of their paths."""
    handles = [store.create_block(path) for path in ("d/a", "d/b+%41", "e")]
    for o in handles:
        store.write_block(o, b"one", "one")
    store.combine_block(handles[0], ["one"])
    for client, prefix, expected in ((again, "", ["d/b+%41", "e"]), (store, "d/", ["d/b+%41"])):
        found = client.list(prefix, list_mode=ListMode.BLOCK)
        same(sorted(o.path for o in found), expected, f"block objects listed below {prefix!r}")
        same([ObjectMode.BLOCK in o.mode for o in found], [True] * len(expected), "whether their mode is block")


@verifies("block.second_client")
def test_blocks_are_the_same_for_every_client(store: Recorder, again: Recorder) -> None:
    """A second client adds a block, lists both and combines them; the first one reads the object."""
    o = store.create_block("a")
    store.write_block(o, FIRST, "first")
    again.write_block(o, SECOND, "second")
    same(sorted(again.list_block(o)), [Block("first", 300), Block("second", 7)], "blocks that another client lists")
    again.combine_block(o, ["second", "first"])
    holds(store, "a", SECOND.data + FIRST.data)


@verifies("block.exact_size")
@given(ending=st.sampled_from(("raises", "ends")))
def test_a_block_is_exactly_its_size(store: Recorder, ending: str) -> None:
    """Of a longer reader the first bytes are the block; a reader that ends early or raises leaves it as it was."""
    o = store.create_block("a")
    same(store.write_block(o, Source(FIRST, "ragged"), "one", 200), 200, "bytes written")
    for bid in ("one", "two"):
        if ending == "raises":
            with fails("write_block from a reader that raises"):
                store.write_block(o, Source(Content(300, 3), "raises", 100), bid)
        else:
            with refused(what="write_block from a reader of fewer bytes"):
                store.write_block(o, Source(Content(100, 3), "ragged"), bid, 300)
    same(list(store.list_block(o)), [Block("one", 200)], "blocks listed")
    store.combine_block(o, ["one"])
    holds(store, "a", FIRST.data[:200])


# page objects


@verifies("page.extends", needs=("read",))
@given(pages=st.sampled_from((3, 2)))
def test_a_write_over_the_end_counts_wholly(store: Recorder, pages: int) -> None:
    """A write from the second of two pages on replaces it and adds the others, or is refused and changes nothing."""
    old, new = Content(2 * PAGE, 1), Content(pages * PAGE, 2)
    o = store.create_page("a")
    store.write_page(o, old, 0)
    with either() as refusal:
        store.write_page(o, new, PAGE)
    expected = old.data if refusal else old.data[:PAGE] + new.data
    same(store.read("a").ljust(len(expected), b"\0")[: len(expected)], expected, "the pages")


@verifies("page.exact_size")
@given(ending=st.sampled_from(("raises", "ends")))
def test_a_page_is_exactly_its_size(store: Recorder, ending: str) -> None:
    """Of a longer reader the first page is written; a reader that ends early or raises leaves the page as it was."""
    longer, other = Content(3 * PAGE, 1), Content(PAGE, 2)
    o = store.create_page("a")
    same(store.write_page(o, Source(longer, "ragged"), 0, PAGE), PAGE, "bytes written")
    if ending == "raises":
        with fails("write_page from a reader that raises"):
            store.write_page(o, Source(other, "raises", 100), 0)
    else:
        with refused(what="write_page from a reader of fewer bytes"):
            store.write_page(o, Source(Content(100, 2), "ragged"), 0, PAGE)
    found = store.read("a")
    same((found[:PAGE], found[PAGE:].strip(b"\0")), (longer.data[:PAGE], b""), "the page, and what is behind it")
