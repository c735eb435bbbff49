"""What a request that waits for the store may not spoil, and what may not be told before the store has done it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.gate import s3_is
from conformance.upload_controller.world import Upload, told

if TYPE_CHECKING:
    from conformance.upload_controller.gate import Request
    from conformance.upload_controller.world import World

REACHED = 10.0
PROMPT = 8.0
"""Seconds in which a request that has nothing to do with a held one is answered."""


def _any(_: Request) -> bool:
    return True


def _removes_object(request: Request) -> bool:
    removes = request.method == "DELETE" and "uploadId" not in request.query
    return removes or (request.method == "POST" and "delete" in request.query)


def _ready(world: World) -> tuple[Upload, dict[int, str]]:
    upload = world.begin(3)
    return upload, {1: world.send(upload, 1, world.content(3))}


def _forgive(world: World) -> None:
    world.forgiven = len(world.trace)


def _age(world: World, seconds: float) -> None:
    if world.hooks.has("age"):
        answer = world.hooks.ask("age", seconds=seconds)
        demand(world.hooks.succeeded("age", answer), "the hook age", "success", told(answer))


@verifies("upload_races.told_when_done", needs=("gate", "states_are_told"))
def test_nothing_is_told_before_the_store_has_made_the_object(world: World) -> None:
    """While the store has not combined the parts: no state uploaded, no event, no success of a second completion."""
    upload, parts = _ready(world)
    with world.gate.trap(s3_is("CompleteMultipartUpload"), "hold") as trap:
        first = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        if trap.arrived.wait(REACHED):
            world.note("the completion is held at the store: there is no object yet")
            demand(not first.within(0), "a completion that is held at the store", "no answer yet", "an answer")
            state = world.state(upload)
            demand(state != "uploaded", "the state before the store has made the object", "pending", state)
            if world.hooks.has("events"):
                same(world.events(upload.file_id), [], "the events before the store has made the object")
            second = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
            early = second.within(1.0)
            answer = second.answer() if early else None
            fine = answer is None or not world.controller.succeeded("complete", answer)
            demand(fine, "a second completion before the store has made the object", "no success yet", told(answer))
            trap.release()
            second.answer()
        trap.release()
        first.answer()
    world.is_in(upload, "uploaded", "the state when the store has made the object")


@verifies("upload_races.refused_harms_nothing", needs=("gate", "states_are_told"))
def test_a_cancel_that_is_refused_harms_no_completion(world: World) -> None:
    """A cancel comes while the store combines the parts: one of both succeeds, or the completion can be repeated."""
    upload, parts = _ready(world)
    with world.gate.trap(s3_is("CompleteMultipartUpload"), "hold") as trap:
        completion = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        trap.arrived.wait(REACHED)
        cancel = world.meanwhile(lambda: world.controller.cancel(upload.id))
        cancel.within(1.0)
        trap.release()
        completion.answer()
        cancel.answer()
    if world.state(upload) == "pending":
        world.finish(upload, parts)
        world.is_in(upload, "uploaded", "the state after repeating the completion")


@verifies("upload_races.ends_stay", needs=("gate", "states_are_told"))
def test_a_presign_that_waits_undoes_no_cancel(world: World) -> None:
    """The presign waits for the store, or its answer; the upload is cancelled, the presign goes on: cancelled it is."""
    waits: tuple[Literal["hold", "late"], ...] = ("hold", "late")
    for what in waits:
        upload, _ = _ready(world)
        with world.gate.trap(_any, what) as trap:
            presign = world.meanwhile(lambda upload=upload: world.controller.presign(upload.id, 2))
            reached = trap.arrived.wait(2.0)
            world.note(f"the presign {'waits for the store' if reached else 'did not ask the store'} ({what})")
            if reached:
                world.succeeds("cancel", world.controller.cancel(upload.id))
                same(world.state(upload), "cancelled", "the state after a cancel")
            trap.release()
            presign.answer()
        if reached:
            world.is_in(upload, "cancelled", "the state after a presign that had waited")


@verifies("upload_races.ends_stay", needs=("gate", "states_are_told", "find_pending", "store"))
def test_a_create_that_waits_undoes_no_cancel(world: World) -> None:
    """The create waits for the store, its upload is found and cancelled: it stays so, and nothing is open."""
    waits: tuple[Literal["hold", "late"], ...] = ("hold", "late")
    for what in waits:
        opened = world.store.uploads()
        file_id = world.file(3)
        found: str | None = None
        with world.gate.trap(s3_is("CreateMultipartUpload"), what) as trap:
            create = world.meanwhile(lambda file_id=file_id: world.controller.create(file_id))
            if trap.arrived.wait(REACHED):
                found = world.pending(file_id)
                world.note(f"the create waits for the store ({what}); pending is {found}")
                if found is not None:
                    answer = world.controller.cancel(found)
                    if not world.controller.succeeded("cancel", answer):
                        demand(answer.code < 500, "a cancel during its create", "success or a refusal", told(answer))
                        found = None
            trap.release()
            create.answer()
        if found is not None:
            same(world.pending(file_id), None, "the pending upload of the file after its cancel")
            _age(world, 3600)
            same(len(world.opened_since(opened)), 0, "uploads open in the store after the cancel")


@verifies("upload_cleanup.active_kept", needs=("gate", "age"))
def test_a_clearing_up_during_a_create_harms_nothing(world: World) -> None:
    """The store has begun, the service does not know yet; what was idle for an hour is cleared: the new one is not."""
    file_id = world.file(3)
    with world.gate.trap(s3_is("CreateMultipartUpload"), "late") as trap:
        create = world.meanwhile(lambda: world.controller.create(file_id))
        trap.arrived.wait(REACHED)
        ageing = world.meanwhile(lambda: world.hooks.ask("age", seconds=3600))
        ageing.within(3.0)
        trap.release()
        answer = create.answer()
        ageing.answer()
    demand(answer is not None and world.controller.succeeded("create", answer), "a create", "success", told(answer))
    assert answer is not None
    upload_id = world.controller.found("create", "upload_id", answer)
    upload = Upload(upload_id, file_id, world.controller.found("create", "part_size", answer), 3)
    world.is_in(upload, "pending", "a new upload after a clearing up during its create")
    world.finish(upload, {1: world.send(upload, 1, world.content(3))})


@verifies("upload_races.ends_stay", needs=("gate", "accept", "reject", "states_are_told"))
def test_of_two_decisions_one_stays(world: World) -> None:
    """The first decision waits for the store, the other one comes: what is told as decided meanwhile stays."""
    decisions: tuple[tuple[Literal["accept", "reject"], Literal["accept", "reject"]], ...]
    decisions = (("accept", "reject"), ("reject", "accept"))
    for one, two in decisions:
        upload = world.upload(world.content(3))
        with world.gate.trap(_removes_object, "hold") as trap:
            first = world.meanwhile(lambda one=one, upload=upload: world.hooks.ask(one, upload_id=upload.id))
            reached = trap.arrived.wait(3.0)
            world.note(f"the {one} {'is held at the store' if reached else 'did not ask the store'}")
            second = world.meanwhile(lambda two=two, upload=upload: world.hooks.ask(two, upload_id=upload.id))
            second.within(2.0)
            meanwhile = world.state(upload)
            trap.release()
            first.answer()
            second.answer()
        _forgive(world)
        state = world.state(upload)
        decided = {"accepted", "rejected"}
        demand(state in decided, "the state after two decisions", "accepted or rejected", state)
        if meanwhile in decided:
            same(state, meanwhile, f"the state after {two} during {one}, when both were over")


@verifies("upload_races.others_go_on", "upload_errors.answers", needs=("gate",))
def test_others_go_on_while_one_waits_for_the_store(world: World) -> None:
    """While one completion waits for the store, another client begins, sends, completes and cancels."""
    upload, parts = _ready(world)
    with world.gate.trap(s3_is("CompleteMultipartUpload"), "hold") as trap:
        held = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        if trap.arrived.wait(REACHED):
            world.note("a completion is held at the store")
            began = time.monotonic()

            def others() -> object:
                done = world.upload(world.content(3))
                world.controller.cancel(world.begin(3).id)
                return world.controller.complete(done.id, {})

            other = world.meanwhile(others)  # type: ignore[arg-type]
            fine = other.within(PROMPT)
            seconds = f"nothing in {time.monotonic() - began:.0f} s"
            trap.release()
            other.answer()
            demand(fine, "the requests of another client", f"answers within {PROMPT:.0f} s", seconds)
        trap.release()
        held.answer()


@verifies("upload_races.store_fails", needs=("gate", "states_are_told"))
def test_a_store_that_fails_at_a_presign_ends_no_upload(world: World) -> None:
    """Whatever the store is asked fails once; the upload is still pending and completes."""
    for code in (500, 503):
        upload, parts = _ready(world)
        with world.gate.trap(_any, "fail", code) as trap:
            world.controller.presign(upload.id, 1)
            reached = trap.arrived.is_set()
        _forgive(world)
        world.note(f"the presign {'met a store that failed' if reached else 'did not ask the store'}")
        world.is_in(upload, "pending", "the state after a store that failed once")
        world.finish(upload, parts)


@verifies("upload_races.store_fails", needs=("gate", "store", "find_pending"))
def test_a_create_whose_answer_the_store_lost_leaves_nothing(world: World) -> None:
    """The store begins and its answer is lost: the file can be uploaded, and nothing is open in the end."""
    opened = world.store.uploads()
    file_id = world.file(3)
    with world.gate.trap(s3_is("CreateMultipartUpload"), "drop"):
        world.controller.create(file_id)
    _forgive(world)
    found = world.pending(file_id)
    if found is not None:
        world.succeeds("cancel", world.controller.cancel(found))
    upload = world.begin_again(file_id, 3)
    world.finish(upload, {1: world.send(upload, 1, world.content(3))})
    _age(world, 3600)
    same(len(world.opened_since(opened)), 0, "uploads open in the store in the end")


@verifies("upload_races.store_fails", needs=("gate", "store", "accept", "reject", "age"))
def test_a_store_that_fails_at_a_decision_keeps_no_object(world: World) -> None:
    """Removing the object fails once: after the decision was repeated and cleared up, it is gone."""
    for verdict in ("accept", "reject"):
        before = world.store.objects()
        upload = world.upload(world.content(3))
        key = world.object_of(before)
        with world.gate.trap(_removes_object, "fail", 503):
            world.hooks.ask("accept" if verdict == "accept" else "reject", upload_id=upload.id)
        world.hooks.ask("accept" if verdict == "accept" else "reject", upload_id=upload.id)
        _forgive(world)
        _age(world, 3600)
        demand(key not in world.store.objects(), f"the object after {verdict}", "gone from the inbox", "still there")


@verifies("upload_cleanup.active_kept", needs=("gate", "age", "states_are_told", "store"))
def test_a_clearing_up_during_a_completion_leaves_one_story(world: World) -> None:
    """Everything idle is ended before the store combines the parts, or before it is known that it did: one story."""
    waits: tuple[Literal["hold", "late"], ...] = ("hold", "late")
    for what in waits:
        before = world.store.objects()
        upload, parts = _ready(world)
        with world.gate.trap(s3_is("CompleteMultipartUpload"), what) as trap:
            completion = world.meanwhile(lambda upload=upload, parts=parts: world.controller.complete(upload.id, parts))
            reached = trap.arrived.wait(REACHED)
            world.note(f"the completion {'waits for the store' if reached else 'did not ask the store'} ({what})")
            ageing = world.meanwhile(lambda: world.hooks.ask("age", seconds=0))
            ageing.within(2.0)
            trap.release()
            completed = completion.answer()
            ageing.answer()
        _forgive(world)
        _age(world, 3600)
        state = world.state(upload)
        if completed is not None and world.controller.succeeded("complete", completed):
            same(state, "uploaded", "the state of a completed upload after a clearing up")
        if state == "pending":
            continue
        new = len(set(world.store.objects()) - set(before))
        same(new, 1 if state == "uploaded" else 0, f"objects of an upload that is {state}")
        if world.hooks.has("events"):
            told_of = [upload.id] if state == "uploaded" else []
            same(world.events(upload.file_id), told_of, f"the events of an upload that is {state}")


@verifies("upload_cleanup.active_kept", needs=("age",))
def test_idleness_begins_with_the_last_request(world: World) -> None:
    """An upload that is older than the limit, but was asked a URL of just now, is kept."""
    upload, prompt = world.begin(3), False
    for seconds in (2, 4, 8):
        if not prompt:
            upload = world.begin(3)
            world.tick(seconds + 0.5)
            asked = time.monotonic()
            world.url(upload)
            _age(world, seconds)
            prompt = time.monotonic() - asked < seconds - 0.5
    if not prompt:
        raise TimeoutError("the service takes too long to answer for its clearing up to be judged")
    world.is_in(upload, "pending", "an upload in use after a clearing up")


@verifies("upload_cleanup.ends_kept", needs=("age", "states_are_told"))
def test_a_clearing_up_changes_no_end(world: World) -> None:
    """What has ended, in any way, stays what it was, and an accepted file stays closed."""
    ended = {ending: world.ended(ending) for ending in world.endings()}
    for _ in range(2):
        _age(world, 0)
    for ending, upload in ended.items():
        same(world.state(upload), ending, "the state after a clearing up")
        if ending in {"uploaded", "accepted"}:
            world.refused(world.controller.create(upload.file_id), "conflict", f"a create of a file that is {ending}")
