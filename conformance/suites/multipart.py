"""Multipart uploads: begin one, write its parts, list them, take it up again (AOS-25, AOS-62, GSP-97)."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.engine.catalogue import paths
from conformance.engine.evidence import fails
from conformance.engine.expect import demand, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.part_plans import PartPlan, joined, part_plans, parts_of, piece, smallest, still_open, upload
from conformance.engine.watched import Watched
from conformance.storage import Content, ListMode, ObjectMode, ObjectNotExist, RestrictionDissatisfied, Source

if TYPE_CHECKING:
    from conformance.engine.recorder import Recorder
    from conformance.storage import Features, Object, Restrictions

FAR = (9, 2, 256, 10, 0, 100, 1000, 4096, 9999)
"""Indexes of which some are one when only their last digits, or their last bits, are kept; none in its place."""


def lists_uploads(features: Features) -> bool:
    """Whether uploads can be listed."""
    return ListMode.PART in features.list_modes


def stats_uploads(features: Features) -> bool:
    """Whether stat can be asked for an upload."""
    return "multipart_id" in features.pairs.get("stat", ())


def checks_digests(features: Features) -> bool:
    """Whether write_multipart takes a digest."""
    return "content_md5" in features.pairs.get("write_multipart", ())


def calls_back(features: Features) -> bool:
    """Whether write_multipart takes a callback."""
    return "io_callback" in features.pairs.get("write_multipart", ())


def uploads_in(store: Recorder, prefix: str = "") -> list[tuple[str, str | None]]:
    """Return path and id of every upload listed below the prefix, sorted."""
    return sorted((o.path, o.multipart_id) for o in store.list(prefix, list_mode=ListMode.PART))


def identities(*uploads: Object) -> list[tuple[str, str | None]]:
    """Return path and id of the uploads, sorted."""
    return sorted((o.path, o.multipart_id) for o in uploads)


# create


@verifies("multipart.create", smoke=True)
@given(path=paths())
def test_create_returns_a_part_object(store: Recorder, path: str) -> None:
    """create_multipart returns an object of mode part and not read, at that path, with an id."""
    o = store.create_multipart(path)
    same(o.path, path, "path of the upload")
    demand(ObjectMode.PART in o.mode, "mode of the upload", expected="part", observed=str(o.mode) or "none")
    demand(ObjectMode.READ not in o.mode, "mode of the upload", expected="no read", observed=str(o.mode))
    demand(o.multipart_id, "multipart_id of the upload", expected="an id", observed=repr(o.multipart_id))


@verifies("multipart.create_unique")
def test_every_create_begins_an_upload_of_its_own(store: Recorder, again: Recorder) -> None:
    """Uploads to one path have different ids, whoever begins them and however the last one ended."""
    first, second = store.create_multipart("a"), again.create_multipart("a")
    _, part = store.write_multipart(first, b"first", 0)
    store.complete_multipart(first, [part])
    third = store.create_multipart("a")
    ids = [o.multipart_id for o in (first, second, third)]
    same(len(set(ids)), 3, "number of different ids of three uploads to one path")


@verifies("multipart.create_over_existing", needs=("write", "list_multipart"))
def test_an_existing_object_or_upload_is_no_error(store: Recorder) -> None:
    """create_multipart succeeds over an object and over uploads; the object and the uploads stay."""
    store.write("a", Content(300, 1))
    first = store.create_multipart("a")
    parts = upload(store, first, {0: Content(5, 2)})
    store.create_multipart("a")
    still_open(store, first, parts, "after another was begun at its path")
    holds(store, "a", Content(300, 1))


# write


@verifies("multipart.write")
@given(plan=part_plans())
def test_write_returns_the_size_and_the_part(store: Recorder, plan: PartPlan) -> None:
    """write_multipart returns the size, and a part of that index and size with an ETag where there are any."""
    o = store.create_multipart("a")
    for index, content in plan.contents(store).items():
        n, part = store.write_multipart(o, content, index)
        same(n, content.size, f"size returned for part {index}")
        same((part.index, part.size), (index, content.size), "index and size of the part returned")
        if store.features.part_etags:
            demand(part.etag, f"ETag of part {index}", expected="an ETag", observed=repr(part.etag))


@verifies("multipart.reupload_replaces")
@given(longer=st.sampled_from((0, 1)), salt=st.integers(1, 50))
def test_writing_an_index_again_replaces_the_part(store: Recorder, longer: int, salt: int) -> None:
    """Of two parts written again, one longer, one shorter, one of them twice, only the last bytes count.

    What was listed before is not what is listed then.
    """
    o = store.create_multipart("a")
    first = upload(store, o, {longer: piece(store, salt, 5), 1 - longer: piece(store, salt + 1, 900)})
    if "list_multipart" in store.features.operations:
        same(parts_of(store, o), first, "parts listed before one was written again")
    upload(store, o, {longer: piece(store, salt + 50, 40)})
    contents = {longer: piece(store, salt + 100, 900), 1 - longer: piece(store, salt + 101, 5)}
    parts = upload(store, o, contents)
    if "list_multipart" in store.features.operations:
        same(parts_of(store, o), parts, "parts listed")
    store.complete_multipart(o, parts)
    holds(store, "a", joined(contents))


@verifies("multipart.index_bounds")
def test_the_first_and_the_last_index_are_parts(store: Recorder, limits: Restrictions) -> None:
    """Index 0 and index multipart_number_maximum - 1 are written, and completed where gaps are allowed."""
    last = (limits.multipart_number_maximum or 1000) - 1
    o = store.create_multipart("a")
    contents = {last: Content(4, 1), 0: piece(store, 2)}
    parts = upload(store, o, contents)
    if store.features.part_gaps:
        store.complete_multipart(o, parts)
        holds(store, "a", joined(contents))
    else:
        same(parts_of(store, o), parts, "parts listed")


@verifies("multipart.index_out_of_range")
def test_an_index_out_of_range_is_refused_unread(store: Recorder, limits: Restrictions) -> None:
    """An index of -1, of the maximum or above is RestrictionDissatisfied; the reader is untouched, no part appears."""
    o = store.create_multipart("a")
    parts = upload(store, o, {0: piece(store, 1)})
    maximum = limits.multipart_number_maximum
    for index in (-1, *([] if maximum is None else [maximum, maximum + 1])):
        source = Watched(Content(5, 2))
        with refused(RestrictionDissatisfied, what=f"write_multipart of index {index}"):
            store.write_multipart(o, source, index)
        source.untouched(f"the reader for index {index}")
    still_open(store, o, parts, "after indexes out of range")


@verifies("multipart.size_out_of_range")
def test_a_size_out_of_range_is_refused_unread(store: Recorder, limits: Restrictions) -> None:
    """A part above multipart_size_maximum is RestrictionDissatisfied and a negative size an error, nothing is read."""
    o = store.create_multipart("a")
    parts = upload(store, o, {0: piece(store, 1)})
    maximum = limits.multipart_size_maximum
    for size in (-1, *([] if maximum is None else [maximum + 1])):
        source = Watched(Content(5, 2))
        with refused(*([RestrictionDissatisfied] if size > 0 else []), what=f"write_multipart of {size} bytes"):
            store.write_multipart(o, source, 0, size)
        source.untouched(f"the reader for {size} bytes")
    still_open(store, o, parts, "after sizes out of range")


@verifies("multipart.any_reader")
@given(surplus=st.sampled_from((777, 65537, 0, 8192)), salt=st.integers(1, 50))
def test_parts_do_not_depend_on_how_the_reader_reads(store: Recorder, surplus: int, salt: int) -> None:
    """Readers with short reads, without seek, or of one byte at a time give the same part."""
    o = store.create_multipart("a")
    contents = {0: piece(store, salt, surplus), 1: piece(store, salt + 1, 1), 2: Content(33, salt + 2)}
    parts = [
        store.write_multipart(o, Source(contents[0], "ragged"), 0)[1],
        store.write_multipart(o, Source(contents[1], "unseekable"), 1)[1],
        store.write_multipart(o, Source(contents[2], "one"), 2)[1],
    ]
    store.complete_multipart(o, parts)
    holds(store, "a", joined(contents))


@verifies("multipart.long_reader")
@given(more=st.sampled_from((1, 70000)), kind=st.sampled_from(("plain", "ragged")))
def test_only_size_bytes_of_a_longer_reader_are_the_part(store: Recorder, more: int, kind: str) -> None:
    """Of a reader that has more, exactly the first size bytes become the part."""
    o = store.create_multipart("a")
    size = smallest(store) + 20
    whole = Content(size + more, 7)
    source = Source(whole, "ragged" if kind == "ragged" else "plain")
    n, part = store.write_multipart(o, source, 0, size)
    same((n, part.size), (size, size), "size returned and size of the part")
    store.complete_multipart(o, [part])
    holds(store, "a", whole.data[:size])


@verifies("multipart.short_reader")
@given(missing=st.sampled_from((1, 500)), kind=st.sampled_from(("plain", "ragged", "one")))
def test_a_shorter_reader_is_an_error(store: Recorder, missing: int, kind: str) -> None:
    """A reader that ends early is refused and no part appears; nor does one when nothing comes at all."""
    o = store.create_multipart("a")
    source = Source(Content(30, 1), "ragged" if kind == "ragged" else "one" if kind == "one" else "plain")
    with refused(what=f"write_multipart of {30 + missing} bytes from a reader of 30"):
        store.write_multipart(o, source, 0, 30 + missing)
    with refused(what="write_multipart of 10 bytes from an empty reader"):
        store.write_multipart(o, b"", 1, 10)
    still_open(store, o, [], "after readers that ended early")


@verifies("multipart.failing_reader")
@given(at=st.sampled_from((700, 0, 1, 999)))
def test_a_failing_reader_is_an_error(store: Recorder, at: int) -> None:
    """A reader that raises in the middle, or None for a size above 0, is an error and no part appears."""
    o = store.create_multipart("a")
    with fails(f"write_multipart from a reader that raises after {at} bytes"):
        store.write_multipart(o, Source(Content(1000, 1), "raises", at), 0)
    with refused(what="write_multipart of 5 bytes without a reader"):
        store.write_multipart(o, Source(Content(5, 1), "none"), 1)
    still_open(store, o, [], "after readers that failed")


@verifies("multipart.failed_write_keeps_part")
def test_a_failed_write_keeps_the_earlier_part(store: Recorder) -> None:
    """After writes of its index that failed, the earlier part is listed as it was and makes the object."""
    o = store.create_multipart("a")
    contents = {0: piece(store, 1, 30), 1: Content(40, 2)}
    parts = upload(store, o, contents)
    with fails("write_multipart from a reader that raises"):
        store.write_multipart(o, Source(Content(1000, 3), "raises", 900), 0)
    with refused(what="write_multipart from a reader that ends early"):
        store.write_multipart(o, Content(35, 4), 1, 40)
    still_open(store, o, parts, "after failed writes of its indexes")
    store.complete_multipart(o, parts)
    holds(store, "a", joined(contents))


@verifies("multipart.empty_part")
def test_an_empty_part_adds_nothing(store: Recorder) -> None:
    """A part of zero bytes is refused, or listed with size 0 and without effect on the object."""
    o = store.create_multipart("a")
    content = piece(store, 1, 5)
    parts = upload(store, o, {0: content})
    with either():
        parts.append(store.write_multipart(o, b"", 1)[1])
    same([part.size for part in parts[1:]], [0] * len(parts[1:]), "size of the empty part")
    if "list_multipart" in store.features.operations:
        still_open(store, o, parts, "after an empty part")
    store.complete_multipart(o, parts)
    holds(store, "a", content)


@verifies("multipart.content_md5", when=checks_digests, unless="write_multipart takes no content_md5")
@given(content=st.builds(Content, st.sampled_from((300, 1, 4097)), st.integers(1, 50)))
def test_a_wrong_digest_stores_no_part(store: Recorder, content: Content) -> None:
    """A part with its right content_md5 is stored; one with the digest of other bytes is refused and not stored."""
    o = store.create_multipart("a")
    right = base64.b64encode(hashlib.md5(content.data, usedforsecurity=False).digest()).decode()
    _, part = store.write_multipart(o, content, 0, content_md5=right)
    for index in (0, 1):
        with refused(what=f"write_multipart of other bytes than content_md5 promises, index {index}"):
            store.write_multipart(o, Content(content.size, content.salt + 50), index, content_md5=right)
    still_open(store, o, [part], "after a wrong digest")


@verifies("multipart.io_callback", when=calls_back, unless="write_multipart takes no io_callback")
@given(content=st.builds(Content, st.sampled_from((70000, 1, 300)), st.integers(1, 50)))
def test_the_callback_is_given_every_byte(store: Recorder, content: Content) -> None:
    """io_callback is given every byte of the part once, in order."""
    seen: list[bytes] = []
    o = store.create_multipart("a")
    store.write_multipart(o, content, 0, io_callback=seen.append)
    same(b"".join(seen), content.data, "bytes given to io_callback")


# list


@verifies("multipart.list")
@given(plan=part_plans(), path=paths())
def test_every_part_is_listed_once_as_returned(store: Recorder, plan: PartPlan, path: str) -> None:
    """list_multipart yields every part once, with the index, size and ETag that write_multipart returned."""
    o = store.create_multipart(path)
    parts = upload(store, o, plan.contents(store))
    same(parts_of(store, o), parts, "parts listed")


@verifies("multipart.list_ascending")
def test_parts_are_listed_by_ascending_index(store: Recorder) -> None:
    """Parts are listed by ascending index, 9 before 10, in whatever order they were uploaded."""
    o = store.create_multipart("a")
    order = (9, 2, 10, 0) if store.features.part_gaps else (3, 1, 0, 2)
    upload(store, o, {index: Content(index + 1, 1) for index in order})
    same([part.index for part in store.list_multipart(o)], sorted(order), "indexes in the order listed")


@verifies("multipart.list_fresh_empty")
def test_a_fresh_upload_has_no_parts(store: Recorder) -> None:
    """A fresh upload lists no parts, beside an object and a completed upload at its path."""
    done = store.create_multipart("a")
    store.complete_multipart(done, upload(store, done, {0: Content(7, 4)}))
    same(parts_of(store, store.create_multipart("a")), [], "parts of a fresh upload beside others")


@verifies("multipart.list_every_page")
def test_a_dozen_parts_are_listed_and_completed(store: Recorder) -> None:
    """Eleven parts, uploaded out of order, are listed and completed without one lost, repeated or misplaced."""
    contents = PartPlan((0,) * 11, "scattered", 1).contents(store)
    o = store.create_multipart("a")
    parts = upload(store, o, contents)
    same(parts_of(store, o), parts, "parts listed")
    store.complete_multipart(o, parts)
    holds(store, "a", joined(contents))


@verifies("multipart.list_every_page")
def test_small_parts_with_far_indexes_are_listed(store: Recorder, limits: Restrictions) -> None:
    """More parts than a page are listed; their indexes agree in their last digits or bits, and are different parts.

    Nobody completes them, so that they may be small.
    """
    o = store.create_multipart("a")
    maximum = limits.multipart_number_maximum or FAR[-1]
    order = [index for index in FAR if index < maximum] if store.features.part_gaps else list(range(10))[::-1]
    parts = upload(store, o, {index: Content(7 + number, number + 1) for number, index in enumerate(order)})
    found = parts_of(store, o)
    same([part.index for part in found], sorted(order), "indexes listed")
    same(found, parts, "parts listed")


@verifies("multipart.list_every_page", weight=0)
def test_more_parts_than_a_page_are_listed(store: Recorder) -> None:
    """1,003 parts, more than any page of a listing, are listed without one lost or repeated."""
    o = store.create_multipart("a")
    parts = upload(store, o, {index: Content(1 + index % 3, index + 1) for index in range(1003)})
    same(parts_of(store, o), parts, "parts listed")


@verifies("multipart.uploads_listed", when=lists_uploads, unless="uploads are not listed")
def test_the_open_uploads_are_listed(store: Recorder, again: Recorder) -> None:
    """Part mode shows exactly the open uploads below the prefix, of every client, each as a part object with its id."""
    done = store.create_multipart("d/done")
    store.complete_multipart(done, [store.write_multipart(done, b"done", 0)[1]])
    inside = [store.create_multipart("d/a"), again.create_multipart("d/a")]
    outside = [store.create_multipart("d-/a")]
    same(uploads_in(store, "d/"), identities(*inside), "uploads below d/")
    found = store.list("", list_mode=ListMode.PART)
    same(identities(*found), identities(*inside, *outside), "all uploads")
    wrong = [f"{o.path}: {o.mode}" for o in found if ObjectMode.PART not in o.mode or ObjectMode.READ in o.mode]
    same(wrong, [], "uploads listed in another mode than part")


@verifies("multipart.uploads_listed_every_page", when=lists_uploads, unless="uploads are not listed")
def test_many_uploads_are_listed_once(store: Recorder) -> None:
    """More uploads than a page holds are listed exactly once each; where their size can be asked for it is small."""
    paged: dict[str, Any] = {"page_size": 3} if "page_size" in store.features.pairs.get("list", ()) else {}
    uploads = [store.create_multipart(path) for path in ("a", "d/b", "ab") * (2 if paged else 3)]
    found = store.list("", list_mode=ListMode.PART, **paged)
    same(identities(*found), identities(*uploads), "uploads listed")


@verifies("multipart.uploads_listed_every_page", when=lists_uploads, unless="uploads are not listed", weight=0)
def test_more_uploads_than_a_page_are_listed(store: Recorder) -> None:
    """1,003 uploads, more than any page of a listing, are listed exactly once each."""
    uploads = [store.create_multipart(f"d/{number % 400}") for number in range(1003)]
    same(uploads_in(store), identities(*uploads), "uploads listed")


# resume


@verifies("multipart.stat_upload", when=stats_uploads, unless="stat takes no multipart_id")
def test_stat_describes_the_upload(store: Recorder, again: Recorder) -> None:
    """A stat with the multipart_id returns a part object with path and id, also beside an object at the path."""
    path = "d/a b+%41"
    store.write(path, Content(300, 1))
    o = store.create_multipart(path)
    found = again.stat(path, multipart_id=o.multipart_id)
    same((found.path, found.multipart_id), (path, o.multipart_id), "path and id of the upload")
    mode = str(found.mode) or "none"
    demand(ObjectMode.PART in found.mode, "mode of the upload", expected="part", observed=mode)
    demand(ObjectMode.READ not in found.mode, "mode of the upload", expected="no read", observed=mode)


@verifies(
    "multipart.stat_ended_upload",
    needs=("complete_multipart",),
    when=stats_uploads,
    unless="stat takes no multipart_id",
)
def test_stat_of_an_ended_upload_is_object_not_exist(store: Recorder) -> None:
    """A stat with the id of an upload completed or aborted is ObjectNotExist, though there is an object at the path."""
    done, aborted = store.create_multipart("a"), store.create_multipart("a")
    store.complete_multipart(done, upload(store, done, {0: Content(5, 1)}))
    store.delete("a", multipart_id=aborted.multipart_id)
    for word, o in (("completed", done), ("aborted", aborted)):
        with refused(ObjectNotExist, what=f"stat of an upload that was {word}"):
            store.stat("a", multipart_id=o.multipart_id)


@verifies("multipart.create_handle")
@given(path=paths())
def test_a_created_handle_resumes_the_upload(store: Recorder, path: str) -> None:
    """The handle that create gives for a multipart_id is a part object and resumes the upload."""
    contents = {1: Content(5, 1), 0: piece(store, 2, 3)}
    o = store.create_multipart(path)
    handle = store.create(path, multipart_id=o.multipart_id)
    same((handle.path, handle.multipart_id), (path, o.multipart_id), "path and id of the handle")
    mode = str(handle.mode) or "none"
    demand(ObjectMode.PART in handle.mode, "mode of the handle", expected="part", observed=mode)
    demand(ObjectMode.READ not in handle.mode, "mode of the handle", expected="no read", observed=mode)
    parts = upload(store, handle, contents)
    store.complete_multipart(handle, parts)
    holds(store, path, joined(contents))


@verifies("multipart.second_client")
def test_another_client_takes_an_upload_up(store: Recorder, again: Recorder) -> None:
    """Two clients write parts of one upload, both list all of them, and the one that did not begin it completes it."""
    contents = {1: Content(5, 1), 0: piece(store, 2, 3)}
    mine = store.create_multipart("a")
    theirs = again.create("a", multipart_id=mine.multipart_id)
    parts = [again.write_multipart(theirs, contents[0], 0)[1], store.write_multipart(mine, contents[1], 1)[1]]
    still_open(store, mine, parts, "for the client that began it")
    still_open(again, theirs, parts, "for the other client")
    again.complete_multipart(theirs, parts)
    holds(store, "a", joined(contents))
