"""What happens at the same time, and what is lost on the way: held, dropped and failed on purpose, never by chance."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.gate import s3_is
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.adapters.upload_controller.api import Operation
    from conformance.adapters.upload_controller.client import Answer
    from conformance.upload_controller.gate import Request, Trap
    from conformance.upload_controller.world import Upload, World

REACHED = 10.0
"""Seconds in which a service that asks its store at all has asked it."""


def _is_update(request: Request) -> bool:
    return request.method == "PATCH"


def _is_post(request: Request) -> bool:
    return request.method == "POST"


def _ready(world: World, size: int = 5) -> tuple[Upload, dict[int, str], bytes]:
    content = world.content(size)
    upload = world.begin(size)
    return upload, {1: world.send(upload, 1, content)}, content


def _caught(world: World, trap: Trap, what: str) -> bool:
    reached = trap.arrived.wait(REACHED)
    world.note(f"{what} {'is held at the store' if reached else 'did not ask the store'}")
    return reached


def _agrees(world: World, upload: Upload, before: Mapping[str, int], content: bytes, blame: str | None = None) -> str:
    """Demand that state, object and events of an upload tell one story, uploaded or cancelled; return which."""
    state = world.state(upload)
    demand(state in {"uploaded", "cancelled"}, "the state in the end", "uploaded or cancelled", state, blame)
    if "store" in world.place.has:
        new = sorted(set(world.store.objects()) - set(before))
        world.note(f"the store has {len(new)} new object(s)")
        same(len(new), 1 if state == "uploaded" else 0, f"objects of an upload that is {state}", blame)
        if new:
            same(world.store.digest(new[0]), sha256(content).hexdigest(), "the SHA-256 of the object", blame)
    if world.hooks.has("events"):
        expected = [upload.id] if state == "uploaded" else []
        same(world.events(upload.file_id), expected, f"the events of an upload that is {state}", blame)
    return state or ""


def _won(world: World, answer: Answer | None, operation: Operation = "complete") -> bool:
    return answer is not None and world.controller.succeeded(operation, answer)


@verifies("upload_races.complete_or_cancel", "upload_complete.one_event", needs=("states_are_told",))
def test_of_completion_and_cancel_one_wins(world: World) -> None:
    """At the same time, four rounds: one succeeds, and everything agrees with it."""
    for _ in range(4):
        before = world.objects()
        upload, parts, content = _ready(world)
        completed, cancelled = world.together(
            lambda upload=upload, parts=parts: world.controller.complete(upload.id, parts),
            lambda upload=upload: world.controller.cancel(upload.id),
        )
        same(
            (_won(world, completed), _won(world, cancelled, "cancel")).count(True),
            1,
            "successes of completion and cancel",
        )
        state = _agrees(world, upload, before, content)
        same(state, "uploaded" if _won(world, completed) else "cancelled", "the state in the end")


@verifies("upload_races.cancel_during_completion", needs=("gate", "states_are_told"))
def test_a_cancel_while_the_store_combines(world: World) -> None:
    """The completion is held at the store, a cancel comes: not both succeed, and everything agrees."""
    before = world.objects()
    upload, parts, content = _ready(world)
    with world.gate.trap(s3_is("CompleteMultipartUpload"), "hold") as trap:
        completion = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        _caught(world, trap, "the completion")
        cancel = world.meanwhile(lambda: world.controller.cancel(upload.id))
        early = cancel.within(1.0)
        trap.release()
        completed, cancelled = completion.answer(), cancel.answer()
    world.note(f"the cancel was answered {'before' if early else 'after'} the store combined the parts")
    both = _won(world, completed) and _won(world, cancelled, "cancel")
    demand(not both, "a completion and a cancel that came during it", "not both succeed", "both succeeded")
    if _settles(world, upload):
        _agrees(world, upload, before, content)


@verifies("upload_races.cancel_during_completion", needs=("gate", "states_are_told"))
def test_a_completion_while_the_store_aborts(world: World) -> None:
    """The cancel is held at the store, a completion comes: not both succeed, and everything agrees."""
    before = world.objects()
    upload, parts, content = _ready(world)
    with world.gate.trap(s3_is("AbortMultipartUpload"), "hold") as trap:
        cancel = world.meanwhile(lambda: world.controller.cancel(upload.id))
        _caught(world, trap, "the cancel")
        completion = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        completion.within(1.0)
        trap.release()
        cancelled, completed = cancel.answer(), completion.answer()
    both = _won(world, completed) and _won(world, cancelled, "cancel")
    demand(not both, "a cancel and a completion that came during it", "not both succeed", "both succeeded")
    if _settles(world, upload):
        _agrees(world, upload, before, content)


def _settles(world: World, upload: Upload) -> bool:
    """Return whether an upload has ended; one that has not can be ended by a client."""
    if world.state(upload) == "pending":
        world.succeeds("cancel", world.controller.cancel(upload.id))
        return False
    return True


@verifies("upload_races.parallel_completes", "upload_complete.one_event", needs=("states_are_told",))
def test_parallel_completions_make_one_object(world: World) -> None:
    """Four at the same time: at least one succeeds, the others do or are refused, and everything agrees."""
    before = world.objects()
    upload, parts, content = _ready(world)
    answers = world.together(*[lambda: world.controller.complete(upload.id, parts)] * 4)
    demand(any(_won(world, answer) for answer in answers), "four completions", "one succeeds at least", "none")
    for answer in answers:
        if not _won(world, answer):
            demand(answer is not None and 400 <= answer.code < 500, "a completion beside others", "4xx", told(answer))
    same(_agrees(world, upload, before, content), "uploaded", "the state in the end")


@verifies("upload_races.parallel_completes", needs=("gate", "states_are_told"))
def test_a_completion_while_another_is_at_the_store(world: World) -> None:
    """The first is held at the store, the second comes: the object is made once, told once."""
    before = world.objects()
    upload, parts, content = _ready(world)
    with world.gate.trap(s3_is("CompleteMultipartUpload"), "hold") as trap:
        first = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        _caught(world, trap, "the first completion")
        second = world.meanwhile(lambda: world.controller.complete(upload.id, parts))
        second.within(1.0)
        trap.release()
        answers = [first.answer(), second.answer()]
    demand(any(_won(world, answer) for answer in answers), "two completions", "one succeeds at least", "none")
    for answer in answers:
        if not _won(world, answer):
            demand(answer is not None and 400 <= answer.code < 500, "a completion beside another", "4xx", told(answer))
    same(_agrees(world, upload, before, content), "uploaded", "the state in the end")


@verifies("upload_races.parallel_cancels", needs=("states_are_told",))
def test_parallel_cancels_end_in_cancelled(world: World) -> None:
    """Four at the same time: success or refusal, never a failure."""
    upload, _, _ = _ready(world)
    answers = world.together(*[lambda: world.controller.cancel(upload.id)] * 4)
    demand(any(_won(world, answer, "cancel") for answer in answers), "four cancels", "one succeeds at least", "none")
    for answer in answers:
        fine = answer is not None and (_won(world, answer, "cancel") or 400 <= answer.code < 500)
        demand(fine, "a cancel beside others", "success or 4xx", told(answer))
    same(world.state(upload), "cancelled", "the state in the end")


@verifies("upload_races.lost_completion")
def test_the_answer_to_a_completion_is_lost(world: World) -> None:
    """The upload is uploaded, and asking again succeeds or tells why not."""
    before = world.objects()
    upload, parts, content = _ready(world)
    with world.front.trap(_is_update, "drop") as trap:
        answer = world.meanwhile(lambda: world.through.complete(upload.id, parts)).answer()
        same(answer, None, "the answer that was lost")
        trap.done.wait(REACHED)
    again = world.controller.complete(upload.id, parts)
    codes = " or ".join(map(str, world.api.repeat))
    demand(again.code in world.api.repeat, "completing again after a lost answer", codes, told(again))
    world.is_in(upload, "uploaded", "the state after a lost answer")
    if "states_are_told" in world.place.has:
        _agrees(world, upload, before, content)


@verifies("upload_races.lost_create", needs=("find_pending",))
def test_the_answer_to_a_create_is_lost(world: World) -> None:
    """Asking again is refused, opens nothing, and the upload that was begun is found and can be completed."""
    opened = world.opened()
    file_id = world.file(3)
    with world.front.trap(_is_post, "drop") as trap:
        same(world.meanwhile(lambda: world.through.create(file_id)).answer(), None, "the answer that was lost")
        trap.done.wait(REACHED)
    again = world.controller.create(file_id)
    if not world.controller.succeeded("create", again):
        world.refused(again, "conflict", "a create after a lost answer")
    found = world.pending(file_id)
    demand(found is not None, "the pending upload after a lost answer", "the one that was begun", found)
    if "store" in world.place.has:
        same(len(world.opened_since(opened)), 1, "uploads open in the store after a lost answer")
    presigned = world.controller.presign(str(found), 1)
    world.succeeds("presign", presigned)
    etag = world.put(world.controller.found("presign", "url", presigned), 1, world.content(3))
    world.succeeds("complete", world.controller.complete(str(found), {1: etag}))


@verifies("upload_races.store_answer_lost", needs=("gate", "states_are_told"))
def test_the_store_combines_and_its_answer_is_lost(world: World) -> None:
    """Completing again succeeds, with one object and one event, whatever the first answer was."""
    before = world.objects()
    upload, parts, content = _ready(world)
    for_all = s3_is("CompleteMultipartUpload")
    with world.gate.trap(for_all, "drop"):
        first = world.controller.complete(upload.id, parts)
    world.note(f"the store's answer was lost; the first completion was answered {first.code}")
    _forgive(world)
    if world.state(upload) != "uploaded":
        world.succeeds("complete", world.controller.complete(upload.id, parts))
    same(world.state(upload), "uploaded", "the state after completing again")
    _agrees(world, upload, before, content)


@verifies("upload_races.create_waits_for_store", needs=("gate", "find_pending"))
def test_a_create_while_another_is_at_the_store(world: World) -> None:
    """The first is held at the store, a second comes: one upload is open in the end, and found."""
    opened = world.store.uploads()
    file_id = world.file(3)
    with world.gate.trap(s3_is("CreateMultipartUpload"), "hold") as trap:
        first = world.meanwhile(lambda: world.controller.create(file_id))
        _caught(world, trap, "the first create")
        second = world.meanwhile(lambda: world.controller.create(file_id))
        second.within(1.0)
        trap.release()
        answers = [first.answer(), second.answer()]
    won = [a for a in answers if a is not None and world.controller.succeeded("create", a)]
    same(len(won), 1, "successes of two creates, one during the other")
    for answer in answers:
        if answer not in won:
            demand(answer is not None and 400 <= answer.code < 500, "the other create", "4xx", told(answer))
    same(len(world.opened_since(opened)), 1, "uploads open in the store")
    same(
        world.pending(file_id),
        world.controller.found("create", "upload_id", won[0]),
        "the pending upload of the file",
    )


def _forgive(world: World) -> None:
    """Take failures that the gate caused out of the judgement: the store was made to fail, not a client."""
    world.forgiven = len(world.trace)


@verifies("upload_races.store_fails", needs=("gate", "find_pending"))
def test_a_store_that_fails_at_create_leaves_the_file_free(world: World) -> None:
    """The create fails; another, or the one found, can be completed, and one upload was open at most."""
    opened = world.store.uploads()
    file_id = world.file(3)
    with world.gate.trap(s3_is("CreateMultipartUpload"), "fail"):
        world.controller.create(file_id)
    _forgive(world)
    demand(len(world.opened_since(opened)) <= 1, "uploads open after a failed create", "one at most", "more")
    found = world.pending(file_id)
    if found is not None:
        world.succeeds("cancel", world.controller.cancel(found))
    upload = world.begin_again(file_id, 3)
    world.finish(upload, {1: world.send(upload, 1, world.content(3))})
    world.is_in(upload, "uploaded", "an upload after a failed create")
    same(len(world.opened_since(opened)), 0, "uploads open in the store in the end")


@verifies("upload_races.store_fails", needs=("gate", "states_are_told"))
def test_a_store_that_fails_at_completion_leaves_the_upload_usable(world: World) -> None:
    """The completion fails without an object; completing again succeeds, or another upload does."""
    before = world.objects()
    upload, parts, content = _ready(world)
    with world.gate.trap(s3_is("CompleteMultipartUpload"), "fail", 503):
        world.controller.complete(upload.id, parts)
    _forgive(world)
    state = world.state(upload)
    if state == "pending":
        world.finish(upload, parts)
    if state == "failed":
        upload = world.begin_again(upload.file_id, upload.size)
        world.finish(upload, {1: world.send(upload, 1, content)})
    same(_agrees(world, upload, before, content), "uploaded", "the state in the end")


@verifies("upload_races.store_fails", needs=("gate", "states_are_told"))
def test_a_store_that_fails_at_cancel_leaves_nothing_in_the_end(world: World) -> None:
    """The abort fails: the upload is cancelled or can be, and in the end nothing of it is open."""
    opened = world.store.uploads()
    upload, _, _ = _ready(world)
    with world.gate.trap(s3_is("AbortMultipartUpload"), "fail", 503):
        world.controller.cancel(upload.id)
    _forgive(world)
    if world.state(upload) == "pending":
        world.succeeds("cancel", world.controller.cancel(upload.id))
    same(world.state(upload), "cancelled", "the state after a failed abort")
    if world.hooks.has("age"):
        world.hooks.ask("age", seconds=3600)
    else:
        world.controller.cancel(upload.id)
    same(len(world.opened_since(opened)), 0, "uploads open in the store in the end")


@verifies("upload_races.part_in_flight", needs=("gate", "states_are_told"))
def test_a_part_on_its_way_while_its_upload_is_cancelled(world: World) -> None:
    """The PUT is held on its way to the store: after the cancel nothing of the upload is left in the end."""
    opened, objects = world.store.uploads(), world.objects()
    upload = world.begin(3)
    url = world.url(upload)
    with world.gate.trap(s3_is("UploadPart"), "hold") as trap:
        part = world.meanwhile(lambda: world.controller.put(url, b"abc", 3, 1))
        _caught(world, trap, "the part")
        world.succeeds("cancel", world.controller.cancel(upload.id))
        trap.release()
        part.answer()
    same(world.state(upload), "cancelled", "the state in the end")
    if world.hooks.has("age"):
        world.hooks.ask("age", seconds=3600)
    same(len(world.opened_since(opened)), 0, "uploads open in the store in the end")
    same(world.objects(), objects, "the objects in the store")


@verifies("upload_races.two_clients", needs=("states_are_told",))
def test_an_older_client_fails_cleanly(world: World) -> None:
    """Its upload was cancelled and another began: its parts and its completion reach neither."""
    before = world.objects()
    older, parts, _ = _ready(world, 3)
    url = world.url(older, 1)
    world.succeeds("cancel", world.controller.cancel(older.id))
    newer = world.begin_again(older.file_id, 3)
    content = world.content(3)
    etag = world.send(newer, 1, content)
    world.controller.put(url, b"old", 3, 1)
    world.refused(world.controller.presign(older.id, 1), "not_pending", "presigning a part of the older upload")
    world.refused(world.controller.complete(older.id, parts), "not_pending", "completing the older upload")
    world.controller.cancel(older.id)
    world.finish(newer, {1: etag})
    same([world.state(older), world.state(newer)], ["cancelled", "uploaded"], "the states of both")
    _agrees(world, newer, before, content)
