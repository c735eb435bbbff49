"""Completing a multipart upload: what the object is made of, and that a refused completion changes nothing."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.engine.catalogue import paths
from conformance.engine.evidence import listed, shows_lengths
from conformance.engine.expect import absent, demand, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.part_plans import (
    PartPlan,
    ended,
    forged,
    joined,
    part_plans,
    piece,
    smallest,
    still_open,
    upload,
)
from conformance.storage import Content, ListMode, ObjectMode, Part

if TYPE_CHECKING:
    from conformance.engine.recorder import Recorder
    from conformance.storage import Features, Object


KEEPS_UPLOAD = "multipart.complete_failed_keeps_upload"
"""To blame wherever a refused completion costs the upload, whatever it was refused for."""


def verifies_etags(features: Features) -> bool:
    """Whether complete_multipart compares ETags."""
    return features.part_etags


def has_etags(features: Features) -> bool:
    """Whether objects have ETags."""
    return features.etag is not False


def enforces_minimum(features: Features) -> bool:
    """Whether small parts are refused."""
    return features.part_minimum_enforced


def reads_ranges(features: Features) -> bool:
    """Whether ranges can be read."""
    return {"offset", "size"} <= features.pairs.get("read", frozenset())


def keeps_metadata(features: Features) -> bool:
    """Whether create_multipart takes any metadata."""
    return bool(features.pairs.get("create_multipart", frozenset()) & {"content_type", "user_metadata"})


def described(store: Recorder, op: str, word: str) -> dict[str, Any]:
    """Return the metadata pairs that ``op`` supports, with values that contain ``word``."""
    pairs = {
        "content_type": f"text/x-{word}",
        "content_disposition": f'attachment; filename="{word}.txt"',
        "user_metadata": {"origin": word, f"only-{word}": "1"},
    }
    return {name: value for name, value in pairs.items() if name in store.features.pairs.get(op, ())}


def untouched(store: Recorder, path: str, o: Any, parts: list[Part], what: str) -> None:
    """Demand that the upload is open with its parts, and that there is no object at its path."""
    __tracebackhide__ = True
    absent(store, path, listed_in=None)
    still_open(store, o, parts, what, requirement=KEEPS_UPLOAD)


# what the object is made of


@verifies("multipart.complete", smoke=True)
@given(plan=part_plans(), path=paths())
def test_the_object_is_its_parts_in_ascending_order(store: Recorder, plan: PartPlan, path: str) -> None:
    """The content is the parts by ascending index, in whatever order they were uploaded."""
    contents = plan.contents(store)
    o = store.create_multipart(path)
    store.complete_multipart(o, upload(store, o, contents))
    holds(store, path, joined(contents))


@verifies("multipart.complete")
def test_parts_of_equal_content_count_each(store: Recorder) -> None:
    """Parts with the same bytes, and so perhaps the same ETag, are in the object as often as they were uploaded."""
    contents = {2: Content.of(b"\r\n0\r\n\r\n"), 0: piece(store, 1, 3), 1: piece(store, 1, 3)}
    o = store.create_multipart("a")
    store.complete_multipart(o, upload(store, o, contents))
    holds(store, "a", joined(contents))


@verifies("multipart.complete_readable", needs=("list",))
@given(path=paths())
def test_a_completed_upload_is_an_object(store: Recorder, again: Recorder, path: str) -> None:
    """The object is read and not part, of its length, listed once in its directory, and no upload any more."""
    contents = {1: Content(5, 1), 0: piece(store, 2, 3)}
    o = store.create_multipart(path)
    store.complete_multipart(o, upload(store, o, contents))
    digest = base64.b64encode(hashlib.md5(joined(contents), usedforsecurity=False).digest()).decode()
    found = again.stat(path)
    same(found.content_length, len(joined(contents)), "content_length")
    same(found.content_md5 or digest, digest, "content_md5, where there is one")
    demand(ObjectMode.READ in found.mode, "mode of the object", expected="read", observed=str(found.mode) or "none")
    demand(ObjectMode.PART not in found.mode, "mode of the object", expected="no part", observed=str(found.mode))
    entries = [f for f in listed(store, path.rpartition("/")[0]) if f.path == path]
    shows_lengths(entries, {path: len(joined(contents))}, "the object in the listing")
    if ListMode.PART in store.features.list_modes:
        same(store.list("", list_mode=ListMode.PART), [], "uploads listed after the completion")


@verifies("multipart.complete_ordinary", needs=("delete",))
def test_a_completed_object_is_read_in_ranges_copied_moved_replaced_and_deleted(store: Recorder) -> None:
    """A range may cross parts; as a whole the object is copied and moved, replaced, and deleted without rest.

    What replaces it has no parts: ranges of it may lie where parts met.
    """
    contents = {1: Content(5, 1), 0: piece(store, 2, 3)}
    o = store.create_multipart("a")
    store.complete_multipart(o, upload(store, o, contents))
    whole, first = joined(contents), contents[0].size
    if reads_ranges(store.features):
        for offset, size in ((first - 1, 2), (2, len(whole) - 4)):
            same(store.read("a", offset=offset, size=size), whole[offset : offset + size], f"{size} from {offset}")
    for op, transfer in (("copy", store.copy), ("move", store.move)):
        if op in store.features.operations:
            transfer("a", op)
            holds(store, op, whole)
    if "write" in store.features.operations:
        store.write("a", Content(len(whole), 3))
        offset = first - 3 if reads_ranges(store.features) and first > 3 else 0
        pairs = {"offset": offset, "size": 6} if offset else {}
        same(store.read("a", **pairs), Content(len(whole), 3).data[offset:][: pairs.get("size")], "what replaces it")
        store.write("a", b"short")
        holds(store, "a", b"short")
    store.delete("a")
    absent(store, "a", listed_in=None)


@verifies("multipart.complete_parts_verbatim")
def test_parts_are_accepted_as_they_were_returned(store: Recorder) -> None:
    """Parts as list_multipart yields them are those that write_multipart returned, and make the object."""
    contents = {1: Content(5, 1), 0: piece(store, 2, 3)}
    o = store.create_multipart("a")
    returned = upload(store, o, contents)
    listed = list(store.list_multipart(o))
    same(sorted(listed), returned, "the parts listed, beside those returned")
    store.complete_multipart(o, listed)
    holds(store, "a", joined(contents))


@verifies("multipart.complete_only_given")
@given(plan=part_plans(3), place=st.sampled_from((1, 0, 2)))
def test_a_part_left_out_is_not_in_the_object(store: Recorder, plan: PartPlan, place: int) -> None:
    """A part that was uploaded but not given is not in the object, be it the first, one between or the last."""
    contents = plan.contents(store)
    left_out = sorted(contents)[place] if store.features.part_gaps else max(contents)
    o = store.create_multipart("a")
    parts = upload(store, o, contents)
    store.complete_multipart(o, [part for part in parts if part.index != left_out])
    holds(store, "a", joined({index: content for index, content in contents.items() if index != left_out}))


@verifies("multipart.complete_gaps", KEEPS_UPLOAD)
def test_indexes_with_gaps_are_as_declared(store: Recorder) -> None:
    """Parts 1, 9 and 10 alone make an object where gaps are declared; elsewhere they are refused harmlessly."""
    contents = {9: piece(store, 1, 3), 10: Content(5, 2), 1: piece(store, 3, 8)}
    o = store.create_multipart("a")
    parts = upload(store, o, contents)
    if store.features.part_gaps:
        store.complete_multipart(o, parts)
        holds(store, "a", joined(contents))
    else:
        with refused(what="complete_multipart of parts with gaps"):
            store.complete_multipart(o, parts)
        untouched(store, "a", o, parts, "after gaps were refused")


@verifies("multipart.complete_unsorted", KEEPS_UPLOAD)
@given(turn=st.sampled_from((3, 1, 2)))
def test_parts_out_of_order_are_as_declared(store: Recorder, turn: int) -> None:
    """Parts given out of order make the same object where that is declared; elsewhere they are refused harmlessly."""
    contents = {index: piece(store, index + 1, index) for index in range(3)}
    o = store.create_multipart("a")
    parts = upload(store, o, contents)
    unsorted = parts[::-1] if turn == len(parts) else [*parts[turn:], *parts[:turn]]
    if store.features.part_order_free:
        store.complete_multipart(o, unsorted)
        holds(store, "a", joined(contents))
    else:
        with refused(what="complete_multipart of parts out of order"):
            store.complete_multipart(o, unsorted)
        untouched(store, "a", o, parts, "after parts out of order were refused")


@verifies("multipart.complete_part_twice", KEEPS_UPLOAD)
@given(twice=st.sampled_from((0, 1)))
def test_a_part_given_twice_counts_once_or_is_refused(store: Recorder, twice: int) -> None:
    """A part that is given twice is in the object once, or it is refused harmlessly."""
    contents = {index: piece(store, index + 1, index) for index in range(2)}
    o = store.create_multipart("a")
    parts = upload(store, o, contents)
    with either() as refusal:
        store.complete_multipart(o, sorted([*parts, parts[twice]]))
    if refusal:
        untouched(store, "a", o, parts, "after a part given twice was refused")
    else:
        holds(store, "a", joined(contents))


@verifies("multipart.complete_empty", KEEPS_UPLOAD)
def test_no_parts_make_no_other_object_than_an_empty_one(store: Recorder) -> None:
    """An empty list of parts is refused harmlessly or makes an empty object, with and without parts uploaded.

    So does, or is, one part without bytes.
    """
    for path, contents in (("a", {0: piece(store, 1)}), ("b", {})):
        o = store.create_multipart(path)
        parts = upload(store, o, contents)
        with either() as refusal:
            store.complete_multipart(o, [])
        if refusal:
            untouched(store, path, o, parts, "after an empty list was refused")
            if not contents:
                _empty_part_alone(store, o)
        else:
            holds(store, path, b"")


def _empty_part_alone(store: Recorder, o: Object) -> None:
    """One part without bytes is refused, or makes an empty object."""
    with either() as refusal:
        store.complete_multipart(o, [store.write_multipart(o, b"", 0)[1]])
    if not refusal:
        holds(store, o.path, b"")


@verifies("multipart.complete_at_minimum")
def test_parts_at_the_minimum_stand_anywhere(store: Recorder) -> None:
    """Parts of exactly the least size and one byte more are accepted in every place, and a last one of one byte."""
    least = smallest(store)
    contents = {index: Content(size, index + 1) for index, size in enumerate((least, least + 1, least, 1))}
    o = store.create_multipart("a")
    store.complete_multipart(o, upload(store, o, contents))
    holds(store, "a", joined(contents))


# what is refused


@verifies(
    "multipart.complete_wrong_etag",
    KEEPS_UPLOAD,
    when=verifies_etags,
    unless="ETags of parts are not compared",
    smoke=True,
)
def test_a_wrong_etag_is_refused(store: Recorder) -> None:
    """A forged, swapped, stale or empty ETag is refused; the upload stays open and completes as ever."""
    o = store.create_multipart("a")
    stale = store.write_multipart(o, piece(store, 8, 2), 1)[1].etag
    contents = {1: piece(store, 2, 2), 0: piece(store, 1, 2), 2: Content(7, 3)}
    parts = upload(store, o, contents)
    first, second, last = (part.etag for part in parts)
    for kind, etags in (
        ("forged last", (first, second, forged(last))),
        ("swapped", (second, first, last)),
        ("stale", (first, stale, last)),
        ("empty", (first, "", last)),
    ):
        with refused(what=f"complete_multipart with a {kind} ETag"):
            store.complete_multipart(o, [replace(part, etag=etag) for part, etag in zip(parts, etags, strict=True)])
    untouched(store, "a", o, parts, "after wrong ETags")
    store.complete_multipart(o, parts)
    holds(store, "a", joined(contents))


@verifies("multipart.complete_missing_part", KEEPS_UPLOAD)
def test_a_part_never_uploaded_is_refused(store: Recorder) -> None:
    """An index never uploaded is refused, alone, between, and when only another upload has it."""
    other = store.create_multipart("a")
    foreign = store.write_multipart(other, piece(store, 9), 1)[1]
    o = store.create_multipart("a")
    parts = upload(store, o, {0: piece(store, 1, 3), 2: piece(store, 2)})
    unknown = Part(3, parts[0].size, parts[0].etag)
    for kind, given_parts in (
        ("between", [parts[0], replace(unknown, index=1), parts[1]]),
        ("alone", [unknown]),
        ("of another upload", [parts[0], foreign, parts[1]]),
    ):
        with refused(what=f"complete_multipart with a part never uploaded {kind}"):
            store.complete_multipart(o, given_parts)
    untouched(store, "a", o, parts, "after unknown parts")


@verifies(
    "multipart.complete_below_minimum",
    when=enforces_minimum,
    unless="no minimum size of parts is enforced",
)
@given(missing=st.sampled_from((1, 5)))
def test_a_part_below_the_minimum_is_refused(store: Recorder, missing: int) -> None:
    """A part just below the minimum that is not the last is refused at write or complete; the upload goes on."""
    o = store.create_multipart("a")
    contents = {0: piece(store, 1), 1: piece(store, 2), 2: Content(1, 3)}
    parts = upload(store, o, {index: contents[index] for index in (0, 2)})
    with refused(what="write and completion of a part below the minimum between others"):
        small = store.write_multipart(o, Content(smallest(store) - missing, 4), 1)[1]
        store.complete_multipart(o, [parts[0], small, parts[1]])
    parts.insert(1, store.write_multipart(o, contents[1], 1)[1])
    still_open(store, o, parts, "after a part that was too small")
    store.complete_multipart(o, parts)
    holds(store, "a", joined(contents))


@verifies("multipart.complete_failed_keeps_upload", smoke=True)
@given(rewritten=st.sampled_from((0, 1)))
def test_an_upload_goes_on_after_a_failed_completion(store: Recorder, rewritten: int) -> None:
    """After a failed completion the upload has its parts, takes one again and one more, and is completed."""
    contents = {1: piece(store, 1, 2), 0: piece(store, 2, 5)}
    o = store.create_multipart("a")
    parts = upload(store, o, contents)
    with refused(what="complete_multipart with a part never uploaded"):
        store.complete_multipart(o, [*parts, Part(2, parts[0].size, parts[0].etag)])
    still_open(store, o, parts, "after a failed completion")
    added = {rewritten: piece(store, 77, 9), 2: Content(6, 79)}
    store.complete_multipart(o, sorted([parts[1 - rewritten], *upload(store, o, added)]))
    holds(store, "a", joined(contents | added))


@verifies("multipart.complete_failed_keeps_object", needs=("stat",))
@given(old=st.builds(Content, st.sampled_from((2048, 1, 9)), st.integers(1, 50)))
def test_a_failed_completion_keeps_the_object(store: Recorder, old: Content) -> None:
    """Content and every piece of metadata of the object at the path stay through failed completions."""
    store.write("a", old, **described(store, "write", "old"))
    before = store.stat("a")
    o = store.create_multipart("a", **described(store, "create_multipart", "new"))
    parts = upload(store, o, {0: piece(store, 61, 1), 1: piece(store, 62)})
    with refused(what="complete_multipart with a part never uploaded"):
        store.complete_multipart(o, [*parts, Part(2, parts[0].size, parts[0].etag)])
    if store.features.part_etags:
        with refused(what="complete_multipart with a forged ETag"):
            store.complete_multipart(o, [parts[0], replace(parts[1], etag=forged(parts[1].etag))])
    holds(store, "a", old)
    same(store.stat("a"), before, "description of the object after failed completions")


# over what was there


@verifies("multipart.complete_replaces", needs=("list",))
@given(old=st.sampled_from((5000, 1, 0, 300)))
def test_completing_replaces_the_object(store: Recorder, again: Recorder, old: int) -> None:
    """Completing over a longer, shorter or empty object leaves nothing of it, for every client, in one entry."""
    contents = {1: Content(5, 1), 0: piece(store, 2, 3)}
    store.write("a", Content(old or int(not store.features.write_empty_object), 9))
    o = store.create_multipart("a")
    store.complete_multipart(o, upload(store, o, contents))
    holds(again, "a", joined(contents))
    same([found.path for found in store.list("")], ["a"], "paths listed")


@verifies("multipart.complete_metadata", when=keeps_metadata, unless="create_multipart takes no metadata")
@given(path=paths())
def test_the_object_has_the_metadata_of_its_upload(store: Recorder, path: str) -> None:
    """The object has what create_multipart was given and nothing of an object or a later write before it."""
    new = described(store, "create_multipart", "new")
    store.write(path, Content(3000, 1), **described(store, "write", "old"))
    o = store.create_multipart(path, **new)
    parts = upload(store, o, {0: piece(store, 2, 1), 1: Content(5, 3)})
    store.write(path, Content(2000, 4), **described(store, "write", "later"))
    store.complete_multipart(o, parts)
    found = store.stat(path)
    for name, value in new.items():
        observed = getattr(found, name)
        same(dict(observed) if name == "user_metadata" else observed, value, f"{name} of the object")


@verifies("multipart.complete_metadata", when=keeps_metadata, unless="create_multipart takes no metadata")
def test_nothing_remains_of_the_old_metadata(store: Recorder) -> None:
    """An upload without metadata makes an object without any, whatever the object before it had."""
    old = described(store, "write", "old")
    store.write("a", Content(3000, 1), **old)
    o = store.create_multipart("a")
    store.complete_multipart(o, upload(store, o, {0: Content(5, 2)}))
    found = store.stat("a")
    same(dict(found.user_metadata), {}, "user metadata of the object")
    for name in ("content_type", "content_disposition"):
        observed = getattr(found, name)
        demand(
            observed is None or observed != old.get(name),
            f"{name} of the object",
            expected="nothing of the old object",
            observed=repr(observed),
        )


@verifies("multipart.complete_etag", needs=("write",), when=has_etags, unless="objects have no ETag")
def test_a_completed_object_has_an_etag_of_its_own(store: Recorder, again: Recorder) -> None:
    """Its ETag differs from that of what it replaced, and every client sees the same."""
    store.write("a", Content(300, 1))
    etags = [store.stat("a").etag]
    o = store.create_multipart("a")
    store.complete_multipart(o, upload(store, o, {0: Content(300, 2)}))
    etags += [store.stat("a").etag, again.stat("a").etag]
    if store.features.etag is None and not any(etags):
        return
    demand(all(etags), "ETags of the objects", expected="ETags", observed=repr(etags))
    same(etags[0] == etags[1], False, "whether the ETag stayed")
    same(etags[2], etags[1], "ETag for another client")


# afterwards


@verifies("multipart.complete_twice", needs=("delete",))
def test_completing_again_changes_nothing(store: Recorder) -> None:
    """Completing again, also after the object was replaced or deleted, is refused or without any effect."""
    content = piece(store, 2, 3)
    o = store.create_multipart("a")
    parts = upload(store, o, {0: content})
    store.complete_multipart(o, parts)
    with either():
        store.complete_multipart(o, parts)
    holds(store, "a", content)
    if "write" in store.features.operations:
        store.write("a", b"written since")
        with either():
            store.complete_multipart(o, parts)
        holds(store, "a", b"written since")
    store.delete("a")
    with either():
        store.complete_multipart(o, parts)
    absent(store, "a", listed_in=None)


@verifies("multipart.complete_ends_upload")
def test_a_completed_upload_takes_no_more_parts(store: Recorder, again: Recorder) -> None:
    """After its completion an upload refuses parts and lists none, for every client, and the object stays."""
    content = piece(store, 1, 3)
    o = store.create_multipart("a")
    part = store.write_multipart(o, content, 0)[1]
    store.complete_multipart(o, [part])
    theirs = again.create("a", multipart_id=o.multipart_id)
    for client, handle, index in ((store, o, 1), (again, theirs, 0)):
        with refused(what="write_multipart after the completion"):
            client.write_multipart(handle, Content(9, 2), index)
    demand(ended(store, o), "parts after the completion", expected="none", observed="some")
    holds(store, "a", content)


@verifies("multipart.complete_leaves_uploads")
def test_completing_leaves_other_uploads(store: Recorder) -> None:
    """Another upload to the same path stays open with its parts."""
    first, second = store.create_multipart("a"), store.create_multipart("a")
    done = upload(store, first, {0: piece(store, 90, 3)})
    kept = upload(store, second, {0: piece(store, 91)})
    store.complete_multipart(first, done)
    still_open(store, second, kept, "to the path of the completed one")
