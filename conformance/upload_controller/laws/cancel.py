"""Giving an upload up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from conformance.upload_controller.world import World


@verifies("upload_cancel.cancels")
def test_a_pending_upload_is_cancelled(world: World) -> None:
    """With and without a part: success without a body, and the upload is cancelled."""
    for parts in (0, 1):
        upload = world.begin(3)
        for number in range(1, parts + 1):
            world.send(upload, number, world.content(3))
        answer = world.controller.cancel(upload.id)
        world.succeeds("cancel", answer)
        if answer.code == 204:
            same(answer.body, b"", "the body of the answer to cancel")
        world.is_in(upload, "cancelled", "the state of a cancelled upload")


@verifies("upload_cancel.cancels", needs=("store",))
def test_nothing_of_a_cancelled_upload_is_left_in_the_store(world: World) -> None:
    """Neither an open upload nor a part nor an object."""
    uploads, objects = world.store.uploads(), world.store.objects()
    upload = world.begin(3)
    world.send(upload, 1, world.content(3))
    opened = world.opened_since(uploads)
    world.succeeds("cancel", world.controller.cancel(upload.id))
    same(len(world.opened_since(uploads)), 0, "uploads open in the store after a cancel")
    same(sum(len(world.store.parts(found)) for found in opened), 0, "parts left in the store")
    same(world.store.objects(), objects, "the objects in the store")


@verifies("upload_cancel.urls_are_dead")
def test_old_urls_store_nothing(world: World) -> None:
    """A URL of before the cancel is refused by the store, and a new upload of the file has none of its bytes."""
    upload = world.begin(3)
    url = world.url(upload, 1)
    world.succeeds("cancel", world.controller.cancel(upload.id))
    answer = world.controller.put(url, b"old", 3, 1)
    demand(answer.code >= 400, "a PUT to the URL of a cancelled upload", "a refusal by the store", told(answer))
    again = world.begin_again(upload.file_id, 3)
    world.controller.put(url, b"old", 3, 1)
    answer = world.controller.complete(again.id, {1: '"149603e6c03516362a8da23f624db945"'})
    world.refused(answer, "parts", "completing a new upload with a part sent to an old URL")
    world.is_in(again, "pending", "the new upload") if world.state(again) == "pending" else None


@verifies("upload_cancel.changes_nothing_else")
def test_what_has_ended_is_not_cancelled(world: World) -> None:
    """Cancelling an upload that is uploaded, accepted or rejected is refused, or changes nothing."""
    for ending in world.endings():
        if ending == "cancelled":
            continue
        upload = world.ended(ending)
        answer = world.controller.cancel(upload.id)
        world.refused(answer, "not_pending", f"cancelling an upload that is {ending}")
        world.is_in(upload, ending, "the state after a late cancel")


@verifies("upload_cancel.changes_nothing_else", needs=("store",))
def test_the_object_of_an_uploaded_file_outlives_a_cancel(world: World) -> None:
    """After a late cancel the object is there, with the size that it had."""
    before = world.store.objects()
    upload = world.upload(world.content(7))
    key = world.object_of(before)
    world.controller.cancel(upload.id)
    same(world.store.objects().get(key), 7, "the size of the object after a late cancel")


@verifies("upload_cancel.again")
def test_cancelling_again_changes_nothing(world: World) -> None:
    """The second time the answer is a success or a refusal; the upload stays cancelled, and room is made once."""
    upload = world.ended("cancelled")
    for _ in range(2):
        answer = world.controller.cancel(upload.id)
        fine = world.controller.succeeded("cancel", answer) or world.api.refuses("not_pending", answer.code)
        demand(fine, "cancelling again", "success or a refusal", told(answer))
        world.is_in(upload, "cancelled", "the state after cancelling again")
    second = world.begin_again(upload.file_id, 3)
    world.controller.cancel(upload.id)
    world.is_in(second, "pending", "the second upload after the first was cancelled once more")


@verifies("upload_cancel.unknown_upload")
def test_an_unknown_upload_is_not_cancelled(world: World) -> None:
    """Cancelling what never was is refused."""
    answer = world.controller.cancel(f"nobody-{world.random.getrandbits(64):x}")
    world.refused(answer, "unknown_upload", "cancelling an unknown upload")


@verifies("upload_cancel.store_lost_it", "upload_complete.recovers", needs=("store",))
def test_an_upload_that_the_store_lost_can_be_cancelled(world: World) -> None:
    """Aborted behind the service's back: presign and complete are refused, cancel succeeds, the file is free."""
    before = world.store.uploads()
    content = world.content(3)
    upload = world.begin(len(content))
    etag = world.send(upload, 1, content)
    for found in world.opened_since(before):
        world.abort(found)
    world.note("the upload was aborted in the store")
    answer = world.controller.complete(upload.id, {1: etag})
    demand(400 <= answer.code < 500, "completing an upload that the store lost", "a refusal, 4xx", told(answer))
    answer = world.controller.presign(upload.id, 2)
    demand(answer.code < 500, "presigning a part of an upload that the store lost", "no failure", told(answer))
    answer = world.controller.cancel(upload.id)
    if world.state(upload) != "failed":
        world.succeeds("cancel", answer)
    again = world.begin_again(upload.file_id, len(content))
    world.finish(again, {1: world.send(again, 1, content)})
    world.is_in(again, "uploaded", "another upload of the file", "upload_complete.recovers")
