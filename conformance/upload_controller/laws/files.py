"""Files: their ids are texts, told from one another exactly; hearing of one again is no news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import Upload, told

if TYPE_CHECKING:
    from conformance.upload_controller.world import World

ALIKE = (
    ("Ab", "aB", ""),
    ("e\u0301", "\u00e9", ""),
    ("a+b", "a b", ""),
    ("a_b", "axb", ""),
    ("a%b", "axxb", ""),
    ("a%62", "ab", ""),
    ("a:b", "a;b", ""),
    ("prefix", "prefix", "0"),
    ("trailing", "trailing", " "),
    ("0", "00", ""),
)
"""Two stems, before a common end that no file had before, and what only the second has after it."""


def _pending(world: World, file_id: str) -> str | None:
    """Return the pending upload of a file, none where the API refuses its id."""
    answer = world.controller.ask("find_pending", file_id=file_id)
    if world.controller.succeeded("find_pending", answer):
        return world.pending(file_id)
    world.refused(answer, "unknown_file", f"finding the upload of the file {file_id!r}")
    return None


def _is_refused_for_itself(world: World, uploads: list[Upload], file_id: str) -> None:
    """Demand that a create which was refused beside the other file's upload is refused without it, too."""
    for upload in uploads:
        world.succeeds("cancel", world.controller.cancel(upload.id))
        again = world.controller.create(file_id)
        free = world.controller.succeeded("create", again)
        demand(not free, f"a create of {file_id!r} beside an upload of {upload.file_id!r}", "success", "a refusal")


def _registered(world: World, file_id: str) -> bool:
    answer = world.hooks.ask("register", file_id=file_id, size=3)
    return world.hooks.succeeded("register", answer)


@verifies("upload_create.ids_are_exact", needs=("find_pending",))
def test_ids_that_look_alike_are_different_files(world: World) -> None:
    """Where both can be registered: each has its own upload, object and event, whatever becomes of the other's."""
    for at, (stem, other, end) in enumerate(ALIKE):
        random = f"{world.fresh}{at}"
        ids = (stem + random, other + random + end)
        if not all(_registered(world, file_id) for file_id in ids):
            continue
        before = world.objects()
        uploads: list[Upload] = []
        for file_id in ids:
            same(_pending(world, file_id), None, f"the pending upload of {file_id!r} before any, beside {ids}")
            answer = world.controller.create(file_id)
            if not world.controller.succeeded("create", answer):
                world.refused(answer, "unknown_file", f"a create of the file {file_id!r}")
                _is_refused_for_itself(world, uploads, file_id)
                break
            found = world.controller.found("create", "upload_id", answer)
            uploads.append(Upload(found, file_id, world.controller.found("create", "part_size", answer), 3))
        if len(uploads) < 2:
            continue
        for upload in uploads:
            same(world.pending(upload.file_id), upload.id, f"the pending upload of {upload.file_id!r}")
        for upload in uploads:
            world.finish(upload, {1: world.send(upload, 1, world.content(3))})
        for upload in uploads:
            world.is_in(upload, "uploaded", f"the upload of {upload.file_id!r}")
            if world.hooks.has("events"):
                same(world.events(upload.file_id), [upload.id], f"the events of {upload.file_id!r}")
        if "store" in world.place.has:
            same(len(set(world.objects()) - set(before)), 2, f"objects of the files {ids}")


@verifies("upload_states.registered_again", needs=("states_are_told",))
def test_a_file_that_is_registered_again_stays_what_it_was(world: World) -> None:
    """The same registration twice, as messages come: a pending upload completes, ends stay, closed files are closed."""
    upload = world.begin(3)
    etag = world.send(upload, 1, world.content(3))
    _registered(world, upload.file_id)
    world.is_in(upload, "pending", "a pending upload after another registration of its file")
    world.finish(upload, {1: etag})
    for ending in world.endings():
        ended = world.ended(ending)
        _registered(world, ended.file_id)
        same(world.state(ended), ending, "the state after another registration of the file")
        if ending in {"uploaded", "accepted"}:
            answer = world.controller.create(ended.file_id)
            world.refused(answer, "conflict", f"a create of a file that is {ending}, registered twice")


@verifies("upload_find.part_size", needs=("find_pending",))
def test_the_pending_upload_is_told_with_its_part_size(world: World) -> None:
    """Where finding tells a part size it is the one of the creation, also of a file that needs larger parts."""
    for size in (3, 200_000_000_000, 5 * 1024**4):
        upload = world.begin(size)
        answer = world.controller.ask("find_pending", file_id=upload.file_id)
        found = world.controller.found("find_pending", "part_size", answer)
        demand(found in {None, upload.part_size}, "the part size of the pending upload", str(upload.part_size), found)


@verifies("upload_complete.size", needs=())
def test_a_file_of_no_bytes_takes_none(world: World) -> None:
    """Registered with 0 bytes, a file is not uploaded with 3."""
    upload = world.begin(0)
    parts = {1: world.send(upload, 1, world.content(3))}
    world.refused(world.controller.complete(upload.id, parts), "parts", "completing 0 bytes with 3")


@verifies("upload_complete.recovers", needs=("parts_are_named", "states_are_told"))
def test_what_was_refused_leaves_no_trace_in_the_next_completion(world: World) -> None:
    """After wrong completions of a still pending upload, the right one of the part that is there now succeeds."""
    wrong = '"00000000000000000000000000000000"'
    upload = world.begin(3)
    for parts in ({}, {1: wrong}, {2: wrong}, {1: wrong, 2: wrong}):
        world.refused(
            world.controller.complete(upload.id, parts), "parts", "a completion with parts that are not there"
        )
        if world.state(upload) != "pending":
            return
    old = world.send(upload, 1, world.content(3))
    world.refused(world.controller.complete(upload.id, {1: wrong}), "parts", "a completion with a wrong ETag")
    if world.state(upload) != "pending":
        return
    etag = world.send(upload, 1, world.content(3))
    world.refused(world.controller.complete(upload.id, {1: old}), "parts", "a completion with an old ETag")
    if world.state(upload) != "pending":
        return
    world.finish(upload, {1: etag})
    world.is_in(upload, "uploaded", "the state of a completed upload")


@verifies("upload_presign.numbers", needs=("store",))
def test_a_part_is_stored_under_its_number(world: World) -> None:
    """1, 12, 123, 1000 and 10000 are different parts in the store, each with its own bytes."""
    before = world.store.uploads()
    upload = world.begin(5)
    etags = {number: world.send(upload, number, world.content(3)) for number in (1, 12, 123, 1000, 9999, 10_000)}
    held = {number: etag for found in world.opened_since(before) for number, etag in world.store.parts(found).items()}
    same(held, etags, "the parts in the store")


@verifies("upload_states.client_words", needs=("states_are_told",))
def test_a_client_decides_on_nothing(world: World) -> None:
    """The words of the other states are refused of an upload that has ended, too, and it stays what it was."""
    binding = world.api.operations["cancel"]
    ((name, _),) = [(k, v) for k, v in (binding.body or {"status": "cancelled"}).items() if v == "cancelled"]
    for ending in world.endings():
        upload = world.ended(ending)
        for other in ("pending", "accepted", "rejected", "failed"):
            target = binding.target({"upload_id": upload.id})
            answer = world.controller.http.ask("cancel", binding.method, target, {name: other})
            demand(400 <= answer.code < 500, f"setting {other} of one {ending}", "a refusal, 4xx", told(answer))
            same(world.state(upload), ending, f"the state after setting {other!r}")


@verifies("upload_errors.no_such_request", needs=("parts_are_named",))
def test_texts_that_utf8_cannot_hold_are_refused(world: World) -> None:
    """An ETag with half a character, a zero or half a megabyte is a wrong ETag, not a failure."""
    upload = world.begin(3)
    world.send(upload, 1, world.content(3))
    for etag in ("\ud800", "\u0000", "\U0001f642", "x" * 500_000, "\u202e"):
        answer = world.controller.complete(upload.id, {1: etag})
        demand(400 <= answer.code < 500, "a completion with a strange ETag", "a refusal, 4xx", told(answer))
        if world.state(upload) != "pending":
            return


@verifies("upload_states.attempts_apart", "upload_complete.one_event", needs=("reject", "states_are_told"))
def test_nothing_asked_of_an_older_attempt_reaches_the_newer(world: World) -> None:
    """After a rejection or a cancel, whatever is asked of the older upload changes neither."""
    for ending in ("rejected", "cancelled"):
        for newer_is in ("pending", "uploaded"):
            before = world.objects()
            older = world.ended(ending)
            newer = world.begin_again(older.file_id, 3)
            etag = world.send(newer, 1, world.content(3))
            if newer_is == "uploaded":
                world.finish(newer, {1: etag})
            answers = [
                world.controller.presign(older.id, 1),
                world.controller.complete(older.id, {1: etag}),
                world.controller.cancel(older.id),
                *(
                    world.hooks.ask(verdict, upload_id=older.id)
                    for verdict in ("reject", "accept")
                    if world.hooks.has(verdict)
                ),
            ]
            for answer in answers:
                demand(answer.code < 500, "a request about an older attempt", "no failure of the service", told(answer))
            states = [world.state(older), world.state(newer)]
            same(states, [ending, newer_is], "the states of both attempts after requests about the older")
            if newer_is == "pending":
                world.finish(newer, {1: etag})
            if world.hooks.has("events"):
                expected = [older.id, newer.id] if ending == "rejected" else [newer.id]
                same(world.events(older.file_id), expected, "the events of both attempts", "upload_complete.one_event")
            if "store" in world.place.has:
                same(len(set(world.objects()) - set(before)), 1, "objects of the newer attempt, uploaded")
