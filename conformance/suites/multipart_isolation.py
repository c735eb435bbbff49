"""Uploads keep to themselves: hidden until completed, apart from each other and from objects, gone when aborted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from conformance.engine.catalogue import paths
from conformance.engine.expect import absent, demand, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.part_plans import ended, forged, joined, piece, still_open, upload
from conformance.storage import Content, ListMode

if TYPE_CHECKING:
    from conformance.engine.recorder import Recorder
    from conformance.storage import Features


def aborts(features: Features) -> bool:
    """Whether delete can be asked for an upload."""
    return "multipart_id" in features.pairs.get("delete", ())


def aborts_and_lists(features: Features) -> bool:
    """Whether uploads can be aborted and listed."""
    return aborts(features) and ListMode.PART in features.list_modes


NO_ABORT = "delete takes no multipart_id"
HOSTILE = "d/a b+%41"
"""A path that is another one when it is encoded or decoded once too often."""


def uploads_at(store: Recorder, path: str) -> list[str]:
    """Return the ids of the uploads listed for exactly this path, sorted."""
    return sorted(o.multipart_id or "" for o in store.list("", list_mode=ListMode.PART) if o.path == path)


def nothing_listed(store: Recorder, path: str, when: str) -> None:
    """Demand that listings are empty but for directories that lead to ``path``: what a backend keeps is not shown."""
    __tracebackhide__ = True
    for mode in (ListMode.DIR, ListMode.PREFIX):
        if mode in store.features.list_modes:
            entries = [o.path for o in store.list("", list_mode=mode) if not path.startswith(o.path.rstrip("/") + "/")]
            same(entries, [], f"entries {when} in a listing of mode {mode.name}")


# hidden until completed


@verifies("multipart.hidden_until_complete", needs=("list",), smoke=True)
@given(path=paths())
def test_an_upload_is_no_object(store: Recorder, again: Recorder, path: str) -> None:
    """Before its completion an upload cannot be read or described and is in no listing of objects, for any client."""
    o = store.create_multipart(path)
    absent(again, path, listed_in=None)
    upload(store, o, {0: Content(5, 1)})
    absent(store, path, listed_in=None)
    nothing_listed(store, path, "beside an open upload")


@verifies("multipart.keeps_object_until_complete", needs=("stat",))
@given(old=st.sampled_from((2048, 3, 1)))
def test_the_object_stays_until_the_completion(store: Recorder, again: Recorder, old: int) -> None:
    """While an upload to its path is open, the object is read and described as before, by every client."""
    store.write(HOSTILE, Content(old, 1))
    before = store.stat(HOSTILE)
    upload(store, store.create_multipart(HOSTILE), {0: Content(5, 60)})
    holds(again, HOSTILE, Content(old, 1))
    same(store.stat(HOSTILE), before, "description of the object while uploads are open")


# apart from each other


@verifies("multipart.uploads_apart")
@given(order=st.sampled_from(((1, 0), (0, 1))))
def test_parts_of_uploads_never_mix(store: Recorder, order: tuple[int, int]) -> None:
    """Uploads to one path, written in turns with the same indexes, complete to their own contents each."""
    uploads = [store.create_multipart("a") for _ in range(2)]
    contents = [{0: piece(store, 10 * n, n), 1: Content(4 + n, 10 * n + 1)} for n in (1, 2)]
    parts = [[store.write_multipart(o, content[0], 0)[1]] for o, content in zip(uploads, contents, strict=True)]
    for n in (1, 0):
        parts[n].append(store.write_multipart(uploads[n], contents[n][1], 1)[1])
    still_open(store, uploads[0], parts[0], "the first of two")
    for n in order:
        store.complete_multipart(uploads[n], parts[n])
        holds(store, "a", joined(contents[n]))


@verifies("multipart.identified_by_path_and_id")
def test_an_id_is_no_upload_of_another_path(store: Recorder) -> None:
    """Under another path the id neither writes, lists, completes nor aborts the upload, and no object appears."""
    other = "ab"
    content = piece(store, 1, 3)
    o = store.create_multipart("a")
    parts = upload(store, o, {0: content})
    stranger = store.create(other, multipart_id=o.multipart_id)
    with refused(what="write_multipart to the upload of another path"):
        store.write_multipart(stranger, Content(9, 2), 0)
    with refused(what="complete_multipart of the upload of another path"):
        store.complete_multipart(stranger, parts)
    demand(ended(store, stranger), "parts of the upload of another path", expected="none", observed="some")
    if aborts(store.features):
        with either():
            store.delete(other, multipart_id=o.multipart_id)
    still_open(store, o, parts, "after its id was used under another path")
    absent(store, other, listed_in=None)
    store.complete_multipart(o, parts)
    holds(store, "a", content)


# abort


@verifies("multipart.abort_idempotent", "delete.upload_idempotent", when=aborts, unless=NO_ABORT)
@given(path=paths(), parts=st.sampled_from((1, 0, 2)))
def test_aborting_again_succeeds(store: Recorder, again: Recorder, path: str, parts: int) -> None:
    """Aborting an upload, with parts or without, succeeds for every client that asks, and nothing is left."""
    o = store.create_multipart(path)
    upload(store, o, {index: piece(store, index + 1) for index in range(parts)})
    store.delete(path, multipart_id=o.multipart_id)
    again.delete(path, multipart_id=o.multipart_id)
    demand(ended(again, o), "parts after the abort", expected="none", observed="some")
    absent(store, path)


@verifies("multipart.abort_unknown", needs=("write", "list_multipart"), when=aborts, unless=NO_ABORT)
def test_aborting_an_unknown_upload_changes_nothing(store: Recorder) -> None:
    """Aborting an id that never was succeeds, at a path with nothing and at one with an object and an upload."""
    store.write("a", Content(300, 1))
    o = store.create_multipart("a")
    parts = upload(store, o, {0: piece(store, 2)})
    unknown = forged(o.multipart_id or "")
    for path in ("never", "a"):
        store.delete(path, multipart_id=unknown)
    still_open(store, o, parts, "after an unknown id was aborted")
    holds(store, "a", Content(300, 1))


@verifies("multipart.abort_unlists", when=aborts_and_lists, unless="uploads are not aborted or not listed")
def test_an_aborted_upload_is_not_listed(store: Recorder, again: Recorder) -> None:
    """Of two uploads to a path the aborted one is listed no more, and an attempt to use it does not bring it back."""
    uploads = [store.create_multipart(HOSTILE) for _ in range(2)]
    store.delete(HOSTILE, multipart_id=uploads[1].multipart_id)
    with either():
        store.write_multipart(uploads[1], Content(9, 1), 0)
    kept = [uploads[0].multipart_id or ""]
    same(uploads_at(again, HOSTILE), kept, "uploads listed after one was aborted")


@verifies("multipart.abort_ends_upload", "delete.upload_gone", when=aborts, unless=NO_ABORT, smoke=True)
@given(by=st.sampled_from((1, 0)))
def test_an_aborted_upload_is_over(store: Recorder, again: Recorder, by: int) -> None:
    """Aborted by either client, an upload takes no part, lists none and cannot be completed; no object appears."""
    o = store.create_multipart("a")
    parts = upload(store, o, {0: piece(store, 1)})
    (store, again)[by].delete("a", multipart_id=o.multipart_id)
    with refused(what="complete_multipart after the abort"):
        store.complete_multipart(o, parts)
    with refused(what="write_multipart after the abort"):
        store.write_multipart(o, Content(9, 3), 0)
    demand(ended(store, o), "parts after the abort", expected="none", observed="some")
    absent(store, "a", listed_in=None)
    fresh = store.create_multipart("a")
    demand(fresh.multipart_id != o.multipart_id, "id of a later upload", expected="another", observed="the aborted one")
    still_open(store, fresh, [], "begun after the abort")


@verifies("multipart.abort_leaves_object", "delete.upload_only", needs=("stat",), when=aborts, unless=NO_ABORT)
def test_an_abort_leaves_the_object(store: Recorder) -> None:
    """The object stays when an upload to its path is aborted, and when the upload that made it is."""
    store.write(HOSTILE, Content(300, 1))
    before = store.stat(HOSTILE)
    o = store.create_multipart(HOSTILE)
    store.delete(HOSTILE, multipart_id=o.multipart_id)
    holds(store, HOSTILE, Content(300, 1))
    same(store.stat(HOSTILE), before, "description of the object after the abort")
    done = store.create_multipart(HOSTILE)
    store.complete_multipart(done, upload(store, done, {0: Content(7, 3)}))
    with either():
        store.delete(HOSTILE, multipart_id=done.multipart_id)
    holds(store, HOSTILE, Content(7, 3))


@verifies("multipart.abort_leaves_uploads", when=aborts, unless=NO_ABORT)
def test_an_abort_leaves_other_uploads(store: Recorder) -> None:
    """Uploads to the same path and to neighbours keep their parts when one is aborted."""
    aborted, *others = [store.create_multipart(path) for path in ("d/a", "d/a", "d/ab")]
    upload(store, aborted, {0: Content(9, 1)})
    contents = {0: piece(store, 3)}
    parts = [upload(store, o, contents) for o in others]
    store.delete("d/a", multipart_id=aborted.multipart_id)
    for o, kept in zip(others, parts, strict=True):
        still_open(store, o, kept, f"to {o.path!r} after another was aborted")


@verifies("multipart.delete_leaves_upload")
def test_deleting_or_replacing_the_object_leaves_the_upload(store: Recorder) -> None:
    """The upload stays open with its parts when the object at its path is written and deleted."""
    contents = {0: piece(store, 2, 3)}
    o = store.create_multipart(HOSTILE)
    parts = upload(store, o, contents)
    store.write(HOSTILE, Content(300, 3))
    store.delete(HOSTILE)
    still_open(store, o, parts, "after the object was written and deleted")
    store.complete_multipart(o, parts)
    holds(store, HOSTILE, joined(contents))
