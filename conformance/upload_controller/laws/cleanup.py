"""Uploads that nobody ends: the operator lets time pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from conformance.upload_controller.world import World

NOW, LONG = 0, 3600
"""Seconds without a request after which an upload counts as abandoned."""


def _age(world: World, seconds: float) -> None:
    answer = world.hooks.ask("age", seconds=seconds)
    demand(world.hooks.succeeded("age", answer), "the hook age", "success", told(answer))


@verifies("upload_cleanup.abandoned", needs=("age", "states_are_told"))
def test_an_abandoned_upload_ends(world: World) -> None:
    """With and without parts: it failed or is cancelled, late requests are refused, and the file can be uploaded."""
    for parts in (0, 1):
        upload = world.begin(3)
        for number in range(1, parts + 1):
            world.send(upload, number, world.content(3))
        _age(world, NOW)
        state = world.state(upload)
        demand(state in {"failed", "cancelled"}, "the state of an abandoned upload", "failed or cancelled", state)
        world.refused(world.controller.presign(upload.id, 1), "not_pending", "presigning a part of an abandoned upload")
        again = world.begin_again(upload.file_id, 3)
        world.finish(again, {1: world.send(again, 1, world.content(3))})
        world.is_in(again, "uploaded", "another upload of the file")


@verifies("upload_cleanup.abandoned", needs=("age", "store"))
def test_nothing_of_an_abandoned_upload_is_left_in_the_store(world: World) -> None:
    """Neither open uploads nor parts."""
    before = world.store.uploads()
    upload = world.begin(3)
    world.send(upload, 1, world.content(3))
    opened = world.opened_since(before)
    _age(world, NOW)
    same(len(world.opened_since(before)), 0, "uploads open in the store after the clearing up")
    same(sum(len(world.store.parts(found)) for found in opened), 0, "parts left in the store")


@verifies("upload_cleanup.active_kept", needs=("age",))
def test_an_upload_in_use_is_kept(world: World) -> None:
    """A new upload and one with a part outlive a clearing up of what was idle for an hour, and complete."""
    fresh, used = world.begin(3), world.begin(3)
    etag = world.send(used, 1, world.content(3))
    _age(world, LONG)
    for upload in (fresh, used):
        world.is_in(upload, "pending", "an upload in use after a clearing up")
    world.finish(used, {1: etag})
    world.finish(fresh, {1: world.send(fresh, 1, world.content(3))})


@verifies("upload_cleanup.active_kept", needs=("age", "store"))
def test_what_was_uploaded_is_kept(world: World) -> None:
    """The object of an uploaded file outlives every clearing up, and its upload stays uploaded."""
    before = world.store.objects()
    upload = world.upload(world.content(3))
    key = world.object_of(before)
    _age(world, NOW)
    world.is_in(upload, "uploaded", "an uploaded upload after a clearing up")
    same(world.store.objects().get(key), 3, "the size of its object after a clearing up")
