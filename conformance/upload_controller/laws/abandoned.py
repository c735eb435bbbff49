"""What was abandoned has ended like everything else; what is waited for is not abandoned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.gate import s3_is
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.adapters.upload_controller.client import Answer
    from conformance.upload_controller.world import Upload, World

REACHED = 10.0
"""Seconds in which a service that asks its store at all has asked it."""


@verifies(
    "upload_cancel.changes_nothing_else",
    "upload_complete.never_after_the_end",
    "upload_presign.not_pending",
    "upload_states.early_decisions",
    "upload_complete.one_event",
    needs=("age", "states_are_told"),
)
def test_an_abandoned_upload_stays_what_it_became(world: World) -> None:
    """A late presign, completion, cancel or decision changes neither it nor a later upload of the file."""
    upload = world.begin(3)
    etag = world.send(upload, 1, world.content(3))
    answer = world.hooks.ask("age", seconds=0)
    demand(world.hooks.succeeded("age", answer), "the hook age", "success", told(answer))
    became = world.state(upload)
    demand(became in {"failed", "cancelled"}, "the state of an abandoned upload", "failed or cancelled", became)
    _late_requests_change_nothing(world, upload, etag, became)
    newer = world.begin_again(upload.file_id, 3)
    _late_requests_change_nothing(world, upload, etag, became)
    world.finish(newer, {1: world.send(newer, 1, world.content(3))})


def _late_requests_change_nothing(world: World, upload: Upload, etag: str, became: str | None) -> None:
    before = world.objects()
    late: dict[str, tuple[str, Callable[[], Answer]]] = {
        "presign": ("upload_presign.not_pending", lambda: world.controller.presign(upload.id, 1)),
        "complete": ("upload_complete.never_after_the_end", lambda: world.controller.complete(upload.id, {1: etag})),
        "cancel": ("upload_cancel.changes_nothing_else", lambda: world.controller.cancel(upload.id)),
    }
    if world.hooks.has("accept"):
        decided = "upload_states.early_decisions"
        late["accept"] = (decided, lambda: world.hooks.ask("accept", upload_id=upload.id))
    for what, (requirement, ask) in late.items():
        answer = ask()
        demand(answer.code < 500, f"a late {what}", "no failure of the service", told(answer), requirement)
        same(world.state(upload), became, f"the state of an abandoned upload after a late {what}", requirement)
    same(world.objects(), before, "the objects in the store after late requests")
    if world.hooks.has("events"):
        same(world.events(upload.file_id), [], "the events of an abandoned upload", "upload_complete.one_event")


@verifies("upload_cleanup.active_kept", needs=("gate", "age", "states_are_told"))
def test_what_is_being_completed_is_in_use(world: World) -> None:
    """The completion waits for the store; everything idle is ended meanwhile: it succeeds, then or when repeated."""
    upload = world.begin(3)
    parts = {1: world.send(upload, 1, world.content(3))}
    with world.gate.trap(s3_is("CompleteMultipartUpload"), "hold") as trap:
        completion = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        reached = trap.arrived.wait(REACHED)
        world.note(f"the completion {'is held at the store' if reached else 'did not ask the store'}")
        ageing = world.meanwhile(lambda: world.hooks.ask("age", seconds=0))
        ageing.within(2.0)
        trap.release()
        completion.answer()
        ageing.answer()
    if world.state(upload) == "pending":
        world.finish(upload, parts)
    same(world.state(upload), "uploaded", "the state of an upload that was being completed while the idle were ended")
