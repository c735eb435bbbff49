"""Segments: uploads known by path and id, in pieces by index or at offsets (Prop-18 with Prop-21 and Prop-24)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import paths
from conformance.engine.conditions import NATIVE, Condition
from conformance.engine.evidence import fails, listed, unchanged
from conformance.engine.expect import absent, demand, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.part_plans import piece
from conformance.engine.recorder import Recorder
from conformance.engine.watched import Watched
from conformance.storage import CapabilityInsufficient, Content, ObjectNotExist, Restrictions, Segment, Source

BY_INDEX: Condition = {
    "when": lambda features: features.segments == "index",
    "unless": "the backend has no segments by index",
}
BY_OFFSET: Condition = {
    "when": lambda features: features.segments == "offset",
    "unless": "the backend has no segments by offset",
}
HOSTILE = "d/a b+%41"
"""A path that is another one when it is encoded or decoded once too often."""
NEVER = "never-begun"


def at(store: Recorder, number: int, before: Sequence[Content] = ()) -> dict[str, int]:
    """Return the option that puts a piece behind those ``before`` it, as the storage wants it."""
    return {"index": number} if store.features.segments == "index" else {"offset": sum(c.size for c in before)}


def put(store: Recorder, seg: Segment, contents: Sequence[Content], order: Sequence[int] = ()) -> None:
    """Upload contents that follow each other in the object, in an ``order`` of their own."""
    for number in order or range(len(contents)):
        store.write_segment(seg, contents[number], **at(store, number, contents[:number]))


def joined(contents: Sequence[Content]) -> bytes:
    """Return the content of the object that the pieces make."""
    return b"".join(content.data for content in contents)


def three(store: Recorder, salt: int) -> list[Content]:
    """Return three pieces of different sizes, the last one the smallest."""
    return [piece(store, salt, 7), piece(store, salt + 1, 300), Content(5, salt + 2)]


# the handle


@verifies("segments.handle")
@given(path=paths())
def test_init_returns_a_handle(store: Recorder, path: str) -> None:
    """Two segments of a path have the path, an id and a string of their own each."""
    handles = [store.init_segment(path) for _ in range(2)]
    same([seg.path for seg in handles], [path, path], "paths of the handles")
    demand(all(seg.id for seg in handles), "ids of the handles", expected="an id each", observed=repr(handles))
    texts = {str(seg) for seg in handles}
    demand(all(texts), "string forms of the handles", expected="some text", observed=repr(sorted(texts)))
    same((len({seg.id for seg in handles}), len(texts)), (2, 2), "different ids and string forms of two segments")
    for seg in handles:
        store.abort_segment(seg)


@verifies("segments.handle_fixed", needs=("stat",))
def test_a_handle_cannot_be_changed(store: Recorder) -> None:
    """After attempts to give a handle another path and id, it still leads to the segment that it was made for."""
    seg = store.init_segment("a")
    before = (seg.path, seg.id, str(seg))
    for name in ("path", "id"):
        with suppress(AttributeError, TypeError):
            setattr(seg, name, "altered")
    same((seg.path, seg.id, str(seg)), before, "path, id and string form after attempts to change them")
    put(store, seg, [Content(300, 1)])
    store.complete_segment(seg)
    holds(store, "a", Content(300, 1))


# pieces


@verifies("segments.write", needs=("stat",), smoke=True)
@given(path=paths(), size=st.sampled_from((65537, 1, 1000)))
def test_one_piece_is_the_object(store: Recorder, path: str, size: int) -> None:
    """A segment of one piece becomes an object of its bytes."""
    seg = store.init_segment(path)
    same(store.write_segment(seg, Content(size, 1), **at(store, 0)), size, "bytes that write_segment returned")
    store.complete_segment(seg)
    holds(store, path, Content(size, 1))


@verifies("segments.index_order", smoke=True, **BY_INDEX)
@given(order=st.sampled_from(((2, 0, 1), (1, 2, 0), (2, 1, 0))))
def test_pieces_are_joined_by_their_index(store: Recorder, order: tuple[int, ...]) -> None:
    """Pieces of different sizes, uploaded out of order, are joined by ascending index."""
    contents = three(store, 1)
    seg = store.init_segment("a")
    put(store, seg, contents, order)
    store.complete_segment(seg)
    holds(store, "a", joined(contents))


@verifies("segments.index_order", weight=0, **BY_INDEX)
def test_a_dozen_pieces_are_joined_by_number(store: Recorder) -> None:
    """Twelve pieces are joined by the number of their index, 9 before 10."""
    contents = [*(piece(store, number + 1, number) for number in range(11)), Content(3, 12)]
    seg = store.init_segment("a")
    put(store, seg, contents, [*range(1, 12, 2), *range(0, 12, 2)])
    store.complete_segment(seg)
    holds(store, "a", joined(contents))


@verifies("segments.index_replaces", **BY_INDEX)
@given(which=st.sampled_from((0, 1)))
def test_the_last_piece_of_an_index_counts(store: Recorder, which: int) -> None:
    """A piece uploaded again, longer or shorter, takes the place of the first."""
    seg = store.init_segment("a")
    contents = [piece(store, 1, 50), Content(40, 2)]
    put(store, seg, contents)
    contents[which] = piece(store, 3, 9)
    store.write_segment(seg, contents[which], index=which)
    store.complete_segment(seg)
    holds(store, "a", joined(contents))


@verifies("segments.index_range", **BY_INDEX)
def test_an_index_out_of_range_is_refused_unread(store: Recorder, limits: Restrictions) -> None:
    """An index of -1 or of the maximum is refused, the reader untouched, and the object is of the other piece only."""
    seg = store.init_segment("a")
    store.write_segment(seg, Content(30, 1), index=0)
    maximum = limits.multipart_number_maximum
    for index in (-1, *([] if maximum is None else [maximum])):
        source = Watched(Content(5, 2))
        with refused(what=f"write_segment of index {index}"):
            store.write_segment(seg, source, index=index)
        source.untouched(f"the reader for index {index}")
    store.complete_segment(seg)
    holds(store, "a", Content(30, 1))


@verifies("segments.offset_order", smoke=True, **BY_OFFSET)
@given(order=st.sampled_from(((2, 0, 1), (1, 2, 0), (2, 1, 0))))
def test_pieces_are_at_their_offsets(store: Recorder, order: tuple[int, ...]) -> None:
    """Pieces of different sizes, uploaded out of order, are where their offsets say."""
    contents = three(store, 1)
    seg = store.init_segment("a")
    put(store, seg, contents, order)
    store.complete_segment(seg)
    holds(store, "a", joined(contents))


@verifies("segments.offset_replaces", **BY_OFFSET)
@given(which=st.sampled_from((0, 1)))
def test_the_last_piece_of_an_offset_counts(store: Recorder, which: int) -> None:
    """A piece uploaded again to the same offset with the same size takes the place of the first."""
    seg = store.init_segment("a")
    contents = [Content(300, 1), Content(40, 2)]
    put(store, seg, contents)
    contents[which] = Content(contents[which].size, 3)
    store.write_segment(seg, contents[which], offset=300 * which)
    store.complete_segment(seg)
    holds(store, "a", joined(contents))


@verifies("segments.offset_gap", needs=("stat",), **BY_OFFSET)
@given(kept=st.sampled_from(((0, 2), (1, 2), (2,))))
def test_a_gap_cannot_be_completed(store: Recorder, kept: tuple[int, ...]) -> None:
    """Pieces with a gap, also one at the beginning, are refused; when it is filled the object is made."""
    contents = [Content(300, 1), Content(1, 2), Content(40, 3)]
    seg = store.init_segment("a")
    put(store, seg, contents, kept)
    with refused(what="complete_segment of pieces that leave a gap"):
        store.complete_segment(seg)
    absent(store, "a")
    put(store, seg, contents, [number for number in range(3) if number not in kept])
    store.complete_segment(seg)
    holds(store, "a", joined(contents))


@verifies("segments.offset_overlap", needs=("stat",), **BY_OFFSET)
@given(second=st.sampled_from(((299, 40), (100, 50), (0, 301), (0, 299))))
def test_pieces_that_overlap_are_an_error(store: Recorder, second: tuple[int, int]) -> None:
    """A piece that overlaps another by one byte or lies within it is refused, at once or when completing."""
    offset, size = second
    seg = store.init_segment("a")
    put(store, seg, [Content(300, 1), Content(20, 2)])
    with either() as early:
        store.write_segment(seg, Content(size, 3), offset=offset)
    if early:
        store.complete_segment(seg)
        holds(store, "a", joined([Content(300, 1), Content(20, 2)]))
    else:
        with refused(what="complete_segment of pieces that overlap"):
            store.complete_segment(seg)
        absent(store, "a")


@verifies("segments.offset_size_zero", **BY_OFFSET)
def test_an_empty_piece_is_an_error(store: Recorder) -> None:
    """A piece of no bytes is refused at the beginning and at the end, as is a negative offset; nothing is stored."""
    seg = store.init_segment("a")
    for offset in (0, 30):
        with refused(what=f"write_segment of no bytes at offset {offset}"):
            store.write_segment(seg, b"", offset=offset)
    with refused(what="write_segment at a negative offset"):
        store.write_segment(seg, Content(5, 2), offset=-5)
    put(store, seg, [Content(30, 1)])
    store.complete_segment(seg)
    holds(store, "a", Content(30, 1))


@verifies("segments.kind")
def test_the_option_of_the_other_kind_is_refused(store: Recorder) -> None:
    """The other option, both options and none of them are refused, and the object is of the right piece only."""
    seg = store.init_segment("a")
    put(store, seg, [Content(30, 1)])
    other = "offset" if store.features.segments == "index" else "index"
    with refused(CapabilityInsufficient, what=f"write_segment with {other}"):
        store.write_segment(seg, Content(5, 2), **{other: 0})
    with refused(CapabilityInsufficient, what=f"write_segment with {other} besides"):
        store.write_segment(seg, Content(5, 3), **{**at(store, 1, [Content(30, 1)]), other: 0})
    with refused(what="write_segment with neither index nor offset"):
        store.write_segment(seg, Content(5, 4))
    store.complete_segment(seg)
    holds(store, "a", Content(30, 1))


@verifies("segments.exact_size")
@given(ending=st.sampled_from(("ends", "raises")))
def test_a_piece_is_exactly_its_size(store: Recorder, ending: str) -> None:
    """Of a longer reader the first bytes are the piece; a reader that ends early or raises leaves no piece."""
    first = piece(store, 1, 20)
    longer, short = Content(first.size + 500, 1), Content(30, 2)
    seg = store.init_segment("a")
    same(store.write_segment(seg, Source(longer, "ragged"), first.size, **at(store, 0)), first.size, "bytes returned")
    if ending == "raises":
        with fails("write_segment from a reader that raises"):
            store.write_segment(seg, Source(short, "raises", 20), 60, **at(store, 1, [first]))
    else:
        with refused(what="write_segment of 60 bytes from a reader of fewer"):
            store.write_segment(seg, Source(short, "ragged"), 60, **at(store, 1, [first]))
    store.complete_segment(seg)
    holds(store, "a", longer.data[: first.size])


@verifies("segments.empty", needs=("stat",))
def test_a_segment_without_pieces_is_not_completed(store: Recorder) -> None:
    """Completing without a piece is refused and leaves the segment open, or, by index, makes an empty object."""
    seg = store.init_segment("a")
    with either() as failed:
        store.complete_segment(seg)
    if failed:
        absent(store, "a")
        put(store, seg, [Content(30, 1)])
        store.complete_segment(seg)
        holds(store, "a", Content(30, 1))
    else:
        same(store.features.segments, "index", "kind of segments that may be completed without pieces")
        holds(store, "a", b"")


# identity


def strange(seg: Segment) -> Segment:
    """Return the handle of another path with the same id."""
    return seg._replace(path="ab")


@verifies("segments.identity", needs=("stat",))
def test_an_id_is_no_segment_of_another_path(store: Recorder) -> None:
    """Under another path the id is refused or without effect, and the segment keeps its pieces."""
    contents = [piece(store, 1), Content(5, 2)]
    seg = store.init_segment("a")
    put(store, seg, contents)
    with refused(what="write_segment to the segment of another path"):
        store.write_segment(strange(seg), Content(9, 3), **at(store, 0))
    with refused(what="complete_segment of the segment of another path"):
        store.complete_segment(strange(seg))
    store.abort_segment(strange(seg))
    absent(store, "ab")
    store.complete_segment(seg)
    holds(store, "a", joined(contents))


@verifies("segments.apart")
@given(ending=st.sampled_from(((1, 0, 2), (0, 2, 1), (2, 1, 0))))
def test_segments_never_mix(store: Recorder, ending: tuple[int, int, int]) -> None:
    """Of four segments written in turns, three of one path, one is aborted; the others become what was theirs."""
    *handles, dropped = [store.init_segment(path) for path in ("a", "a", "ab", "a")]
    contents = [piece(store, n + 1, 3 * n) for n in range(3)]
    for n in (2, 1, 0):
        store.write_segment(handles[n], contents[n], **at(store, 0))
    store.abort_segment(dropped)
    for n in ending:
        store.complete_segment(handles[n])
        same(store.read(handles[n].path), contents[n].data, f"content of segment {n + 1} of four")


# whoever began them


def found(store: Recorder, path: str) -> Segment:
    """Return the one segment of ``path`` as it is listed."""
    handles = [seg for seg in store.list_segments("") if seg.path == path]
    same(len(handles), 1, f"segments listed of {path!r}")
    return handles[0]


@verifies("segments.foreign_complete", needs=("stat",), smoke=True)
@given(path=st.sampled_from((HOSTILE, "a")))
def test_a_listed_segment_can_be_completed(store: Recorder, again: Recorder, path: str) -> None:
    """A second client finds the segment, adds the last piece and completes it; the first one reads the object."""
    contents = three(store, 1)
    put(store, store.init_segment(path), contents, (1, 0))
    seg = found(again, path)
    again.write_segment(seg, contents[2], **at(again, 2, contents[:2]))
    again.complete_segment(seg)
    holds(store, path, joined(contents))


@verifies("segments.foreign_abort", needs=("read", "stat"))
@given(path=st.sampled_from((HOSTILE, "a")))
def test_a_listed_segment_can_be_aborted(store: Recorder, again: Recorder, path: str) -> None:
    """A second client finds the segment and aborts it; then it is over for the first one too."""
    seg = store.init_segment(path)
    put(store, seg, [Content(30, 1)])
    again.abort_segment(found(again, path))
    same(list(store.list_segments("")), [], "segments listed after another client aborted the one there was")
    with refused(what="complete_segment after another client aborted it"):
        store.complete_segment(seg)
    absent(store, path)


# until the end


@verifies("segments.hidden", needs=("stat", "list"), smoke=True)
@given(path=paths())
def test_a_segment_is_no_object(store: Recorder, again: Recorder, path: str) -> None:
    """Before its completion nothing is read, described or listed at the path, by any client."""
    seg = store.init_segment(path)
    put(store, seg, [piece(store, 1), Content(5, 2)])
    absent(again, path)
    with refused(ObjectNotExist, what="stat at the path of an open segment"):
        store.stat(path)


@verifies("segments.keeps_object", needs=("stat",))
@given(old=st.sampled_from((2048, 3)))
def test_the_object_stays_until_the_completion(store: Recorder, again: Recorder, old: int) -> None:
    """While segments to its path are open or given up, the object is as before; a completion replaces it wholly."""
    store.write(HOSTILE, Content(old, 1))
    with unchanged(store, HOSTILE):
        dropped, seg = store.init_segment(HOSTILE), store.init_segment(HOSTILE)
        put(store, dropped, [Content(5, 2)])
        put(store, seg, [Content(700, 3)])
        holds(again, HOSTILE, Content(old, 1))
        store.abort_segment(dropped)
    store.complete_segment(seg)
    holds(again, HOSTILE, Content(700, 3))


@verifies("segments.abort", needs=("stat", "list_segments"), smoke=True)
@given(path=paths())
def test_an_aborted_segment_is_over(store: Recorder, path: str) -> None:
    """After the abort the segment is not listed and refuses pieces and completion; no object comes of it."""
    seg = store.init_segment(path)
    put(store, seg, [piece(store, 1), Content(5, 2)])
    store.abort_segment(seg)
    with refused(what="write_segment after the abort"):
        store.write_segment(seg, Content(9, 3), **at(store, 0))
    with refused(what="complete_segment after the abort"):
        store.complete_segment(seg)
    same(list(store.list_segments("")), [], "segments listed after the abort")
    absent(store, path)


@verifies("segments.abort_idempotent", needs=("stat",))
def test_aborting_what_is_not_open_changes_nothing(store: Recorder, again: Recorder) -> None:
    """A segment is aborted twice and by another client, a completed one and one that never was as well: no error."""
    done, seg = store.init_segment("a"), store.init_segment("a")
    put(store, done, [Content(30, 1)])
    store.complete_segment(done)
    for client in (store, store, again):
        client.abort_segment(seg)
    store.abort_segment(done)
    store.abort_segment(seg._replace(id=NEVER))
    store.abort_segment(Segment("b", NEVER))
    holds(again, "a", Content(30, 1))


@verifies("segments.unknown", needs=("stat",))
def test_a_segment_that_never_began_is_an_error(store: Recorder) -> None:
    """Pieces and completion of an id that was never given out are refused, with and without segments of the path."""
    seg = store.init_segment("a")
    put(store, seg, [Content(30, 1)])
    for unknown in (seg._replace(id=NEVER), Segment("b", NEVER)):
        with refused(what=f"write_segment of an unknown segment of {unknown.path!r}"):
            store.write_segment(unknown, Content(9, 2), **at(store, 0))
        with refused(what=f"complete_segment of an unknown segment of {unknown.path!r}"):
            store.complete_segment(unknown)
    absent(store, "b")
    store.complete_segment(seg)
    holds(store, "a", Content(30, 1))


@verifies("segments.complete_ends", needs=("stat",))
def test_a_completed_segment_is_over(store: Recorder) -> None:
    """A completed segment is not listed, takes no piece, and whatever a second completion says the object stays."""
    contents = [piece(store, 1), Content(5, 2)]
    seg = store.init_segment("a")
    put(store, seg, contents)
    store.complete_segment(seg)
    same(list(store.list_segments("")), [], "segments listed after the completion")
    with refused(what="write_segment after the completion"):
        store.write_segment(seg, Content(9, 3), **at(store, 0))
    with either():
        store.complete_segment(seg)
    holds(store, "a", joined(contents))


# listed


@verifies("segments.listed")
def test_every_open_segment_is_listed_once(store: Recorder, again: Recorder) -> None:
    """Nine segments, two of them of one path and one aborted, are listed once each, with or without pieces."""
    begun = [store.init_segment(path) for path in ("a", "a", HOSTILE, "d/e/f", "caf\u00e9", "b", "c/a", "A", "x")]
    put(store, begun[1], [Content(30, 1)])
    store.abort_segment(begun[-1])
    kept = sorted(tuple(seg) for seg in begun[:-1])
    for client in (again, store):
        same(sorted(tuple(seg) for seg in client.list_segments("")), kept, "paths and ids of the segments listed")


@verifies("segments.listed_below")
@given(above=st.sampled_from(("d/", "d/e/")))
def test_a_directory_lists_its_segments(store: Recorder, above: str) -> None:
    """Of segments in a directory, in one below and beside it, the listing of the directory shows those within."""
    handles = [store.init_segment(path) for path in ("d/a", "d/e/f", "d/e/g", "da", "e/d/a", "d-/a", "d/ef")]
    within = sorted(seg.path for seg in handles if seg.path.startswith(above))
    same(sorted(seg.path for seg in store.list_segments(above)), within, f"segments listed below {above!r}")
    same(list(store.list_segments("nothing/here/")), [], "segments listed where there are none")


# directories


@verifies("segments.onto_directory", needs=("stat", "read"), **NATIVE)
@given(first=st.sampled_from(("directory", "segment")))
def test_a_segment_does_not_replace_a_directory(store: Recorder, first: str) -> None:
    """Where a directory is, or was made since the segment began, no object is made and the directory stays whole."""
    seg: list[Any] = []
    if first == "segment":
        seg.append(store.init_segment("d"))
    store.create_dir("d")
    store.write("d/a", Content(30, 1))
    with refused(what="a segment to the path of a directory"):
        seg = seg or [store.init_segment("d")]
        put(store, seg[0], [Content(9, 2)])
        store.complete_segment(seg[0])
    holds(store, "d/a", Content(30, 1))
    same([o.path for o in listed(store, "d")], ["d/a"], "what is in the directory")
