"""Finding the pending upload of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from conformance.upload_controller.world import World


@verifies("upload_find.in_each_state", needs=("find_pending",))
def test_only_a_pending_upload_is_found(world: World) -> None:
    """Nothing before the first upload, its id while it is pending, nothing after it ended in any way."""
    for ending in world.endings():
        file_id = world.file(3)
        same(world.pending(file_id), None, "the pending upload of a file before any")
        upload = world.begin_again(file_id, 3)
        same(world.pending(file_id), upload.id, "the pending upload")
        if ending == "cancelled":
            world.succeeds("cancel", world.controller.cancel(upload.id))
        else:
            world.finish(upload, {1: world.send(upload, 1, world.content(3))})
        if ending == "accepted":
            world.decide(upload, "accept")
        if ending == "rejected":
            world.decide(upload, "reject")
        same(world.pending(file_id), None, f"the pending upload after one that is {ending}")


@verifies("upload_find.in_each_state", needs=("find_pending",))
def test_the_second_upload_is_found_and_not_the_first(world: World) -> None:
    """After a cancel and another create the pending upload is the new one, and of this file alone."""
    first, other = world.ended("cancelled"), world.begin(3)
    second = world.begin_again(first.file_id, 3)
    same(world.pending(first.file_id), second.id, "the pending upload after a second create")
    same(world.pending(other.file_id), other.id, "the pending upload of another file")


@verifies("upload_find.other_status", needs=("find_pending",))
def test_another_status_tells_no_upload_that_is_not_there(world: World) -> None:
    """Of a file without an upload nothing is told, whatever status is asked for, and never with a failure."""
    file_id = world.file(3)
    binding = world.api.operations["find_pending"]
    path = binding.target({"file_id": file_id}).partition("?")[0]
    for query in ("", "?status=", "?status=nonsense", "?status=PENDING", "?status=pending&status=uploaded"):
        answer = world.controller.http.ask("find_pending", "GET", path + query)
        demand(answer.code < 500, f"finding with {query or 'no status'}", "an answer or a refusal", told(answer))
        if answer.code in binding.ok:
            same(binding.found("upload_id", answer.json), None, f"the upload told with {query or 'no status'}")
    if "?status=pending" in binding.request:
        pending = world.begin(3)
        target = binding.target({"file_id": pending.file_id}).replace("status=pending", "status=uploaded")
        answer = world.controller.http.ask("find_pending", "GET", target)
        if answer.code in binding.ok:
            found = binding.found("upload_id", answer.json)
            demand(found != pending.id, "the upload told with ?status=uploaded", "not the pending one", found)


@verifies("upload_find.unregistered", needs=("find_pending",))
def test_a_file_that_is_not_registered_has_no_upload(world: World) -> None:
    """Of a file that nobody registered no upload is told."""
    answer = world.controller.ask("find_pending", file_id=f"nobody-{world.random.getrandbits(64):x}")
    if world.controller.succeeded("find_pending", answer):
        same(world.controller.found("find_pending", "upload_id", answer), None, "the upload of an unregistered file")
    else:
        world.refused(answer, "unknown_file", "finding the upload of an unregistered file")
