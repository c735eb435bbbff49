"""Uploads beside one another: what is asked of one reaches no other, in the service, the store, or the answers."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.gate import s3_is
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from conformance.upload_controller.world import Upload, World

REACHED = 10.0
"""Seconds in which a service that asks its store at all has asked it."""
TOGETHER = 4
ENDS = ("", "0", "-1", "x")
"""What the ids of neighbours have after a common beginning."""


def _tell_their_own(world: World, uploads: list[Upload]) -> None:
    for upload in uploads:
        world.is_in(upload, "uploaded", "the state of one of several completed uploads")
        if world.hooks.has("events"):
            same(world.events(upload.file_id), [upload.id], "the events of one of several files")


@verifies("upload_races.files_apart", needs=("states_are_told",))
def test_files_that_are_completed_at_once_are_all_uploaded(world: World) -> None:
    """Four files at the same time: each completion succeeds, each has its own state, event and object."""
    before = world.objects()
    contents = [world.content(3 + at) for at in range(TOGETHER)]
    uploads = [world.begin(len(content)) for content in contents]
    parts = [{1: world.send(upload, 1, content)} for upload, content in zip(uploads, contents, strict=True)]
    answers = world.together(
        *(lambda at=at: world.controller.complete(uploads[at].id, parts[at]) for at in range(TOGETHER))
    )
    for answer in answers:
        fine = answer is not None and world.controller.succeeded("complete", answer)
        demand(fine, "the completion of a file beside those of others", "success", told(answer))
    _tell_their_own(world, uploads)
    if "store" in world.place.has:
        new = {key: size for key, size in world.store.objects().items() if key not in before}
        same(sorted(new.values()), [len(content) for content in contents], "the sizes of the objects")
        digests = sorted(sha256(content).hexdigest() for content in contents)
        same(sorted(map(world.store.digest, new)), digests, "the SHA-256 of the objects")


@verifies("upload_races.files_apart", needs=("gate", "states_are_told"))
def test_a_completion_that_waited_is_that_of_its_own_file(world: World) -> None:
    """While it waits for the store another file is uploaded: both are, each told once."""
    content = world.content(5)
    upload = world.begin(len(content))
    parts = {1: world.send(upload, 1, content)}
    with world.gate.trap(s3_is("CompleteMultipartUpload"), "hold") as trap:
        held = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        reached = trap.arrived.wait(REACHED)
        world.note(f"the completion {'is held at the store' if reached else 'did not ask the store'}")
        begun = world.begin(3)
        etag = world.send(begun, 1, world.content(3))
        other = world.meanwhile(lambda: world.controller.complete(begun.id, {1: etag}))
        other.within(2.0)
        trap.release()
        answers = [held.answer(), other.answer()]
    for answer in answers:
        fine = answer is not None and world.controller.succeeded("complete", answer)
        demand(fine, "the completions of two files, one during the other", "success", told(answer))
    _tell_their_own(world, [upload, begun])


@verifies("upload_races.files_apart", needs=("gate", "find_pending"))
def test_a_create_that_waited_is_that_of_its_own_file(world: World) -> None:
    """While it waits for the store that of another file is answered: each tells the upload of its own file."""
    one, two = world.file(3), world.file(3)
    with world.gate.trap(s3_is("CreateMultipartUpload"), "hold") as trap:
        held = world.meanwhile(lambda: world.controller.create(one))
        reached = trap.arrived.wait(REACHED)
        world.note(f"the create {'is held at the store' if reached else 'did not ask the store'}")
        other = world.meanwhile(lambda: world.controller.create(two))
        other.within(2.0)
        trap.release()
        answers = [held.answer(), other.answer()]
    ids: list[str] = []
    for file_id, answer in zip((one, two), answers, strict=True):
        fine = answer is not None and world.controller.succeeded("create", answer)
        demand(fine, "the creates of two files, one during the other", "success", told(answer))
        assert answer is not None
        ids.append(world.controller.found("create", "upload_id", answer))
        same(world.pending(file_id), ids[-1], "the pending upload of a file whose create waited")
    demand(ids[0] != ids[1], "the uploads of two files", "two", ids[0])
    for upload_id in ids:
        presigned = world.controller.presign(upload_id, 1)
        world.succeeds("presign", presigned)
        etag = world.put(world.controller.found("presign", "url", presigned), 1, world.content(3))
        world.succeeds("complete", world.controller.complete(upload_id, {1: etag}))


@verifies("upload_cleanup.others_kept", needs=("store", "states_are_told"))
def test_what_ends_takes_nothing_of_its_neighbours(world: World) -> None:
    """A file whose id the ids of others begin with is cancelled, rejected, accepted: their parts and objects stay."""
    stem = f"conformance-{world.fresh}"
    objects, opened = set(world.store.objects()), world.store.uploads()
    uploaded = [world.begin_again(world.file(3, f"{stem}{end}a"), 3) for end in ENDS]
    for upload in uploaded:
        world.finish(upload, {1: world.send(upload, 1, world.content(3))})
    pending = [world.begin_again(world.file(3, f"{stem}{end}b"), 3) for end in ENDS[:2]]
    etags = [world.send(upload, 1, world.content(3)) for upload in pending]
    objects, opened = set(world.store.objects()) - objects, world.store.uploads() - opened
    file_id = world.file(3, stem)
    for ending in ("cancelled", "rejected", "accepted"):
        if ending not in world.endings():
            continue
        _ends(world, world.begin_again(file_id, 3), ending)
        gone = sorted(objects - set(world.store.objects()))
        same(gone, [], f"objects of other files that are gone after one upload was {ending}")
        lost = sorted(opened - world.store.uploads())
        same(lost, [], f"open uploads of other files that are gone after one was {ending}")
    for upload in uploaded:
        same(world.state(upload), "uploaded", "the state of an upload after that of another file had ended")
    for upload, etag in zip(pending, etags, strict=True):
        world.finish(upload, {1: etag})


def _ends(world: World, upload: Upload, ending: str) -> None:
    etag = world.send(upload, 1, world.content(3))
    if ending == "cancelled":
        world.succeeds("cancel", world.controller.cancel(upload.id))
        return
    world.finish(upload, {1: etag})
    world.decide(upload, "accept" if ending == "accepted" else "reject")


@verifies("upload_create.tells_the_active")
def test_a_refused_create_names_no_older_attempt_for_the_active_one(world: World) -> None:
    """Where the refusal names an upload of the file it is the pending, uploaded or accepted one, not one of before."""
    older = world.ended("cancelled")
    active = world.begin_again(older.file_id, 3)
    etag = world.send(active, 1, world.content(3))
    for state in ("pending", "uploaded", "accepted"):
        if state == "uploaded":
            world.finish(active, {1: etag})
        if state == "accepted":
            if not world.hooks.has("accept"):
                return
            world.decide(active, "accept")
        answer = world.controller.create(older.file_id)
        world.refused(answer, "conflict", f"a create while an upload is {state}")
        right = older.id.encode() not in answer.body or active.id.encode() in answer.body
        demand(right, f"the upload named in a refusal while another is {state}", f"none or {active.id}", told(answer))
