"""The six states, and the ways between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from conformance.upload_controller.world import Upload, World

WORDS = ("pending", "failed", "accepted", "rejected", "UPLOADED", "", "deleted", None, 1, ["uploaded"])


@verifies("upload_states.spelling", needs=("states_are_told",))
def test_every_state_is_one_of_the_six(world: World) -> None:
    """Pending, and each way to end, are told with the words of the API."""
    upload = world.begin(3)
    same(world.state(upload), "pending", "the state of a new upload")
    for ending in world.endings():
        same(world.state(world.ended(ending)), ending, "the state of an upload that has ended")


@verifies("upload_states.client_words")
def test_a_client_sets_no_other_state(world: World) -> None:
    """Any other word in place of uploaded or cancelled is refused, of a pending upload and of an unknown one."""
    upload = world.begin(3)
    binding = world.api.operations["cancel"]
    ((name, word),) = [(k, v) for k, v in (binding.body or {"status": "cancelled"}).items() if v == "cancelled"]
    for other in WORDS:
        answer = world.controller.http.ask(
            "cancel", binding.method, binding.target({"upload_id": upload.id}), {name: other}
        )
        world.refused(answer, "invalid", f"setting the state {other!r} in place of {word}")
        world.is_in(upload, "pending", f"the state after setting {other!r}")


@verifies("upload_states.transitions", needs=("states_are_told",))
def test_no_request_of_a_client_leaves_an_end(world: World) -> None:
    """Whatever a client asks of an upload that has ended, it stays what it was."""
    for ending in world.endings():
        upload = world.ended(ending)
        world.controller.presign(upload.id, 1)
        world.controller.cancel(upload.id)
        world.controller.complete(upload.id, {1: '"00000000000000000000000000000000"'})
        world.controller.create(upload.file_id)
        same(world.state(upload), ending, "the state after presign, cancel, complete and create")


@verifies("upload_states.one_active", needs=("states_are_told",))
def test_of_all_attempts_at_a_file_one_is_active(world: World) -> None:
    """Three attempts one after another: only the last is pending, and after it was uploaded nothing is."""
    file_id = world.file(3)
    attempts: list[Upload] = []
    for _ in range(3):
        upload = world.begin_again(file_id, 3)
        attempts.append(upload)
        if len(attempts) < 3:
            world.succeeds("cancel", world.controller.cancel(upload.id))
    same([world.state(upload) for upload in attempts], ["cancelled", "cancelled", "pending"], "the states of attempts")
    world.finish(attempts[-1], {1: world.send(attempts[-1], 1, world.content(3))})
    world.refused(world.controller.create(file_id), "conflict", "a create while an upload is uploaded")
    same([world.state(upload) for upload in attempts], ["cancelled", "cancelled", "uploaded"], "the states of attempts")


@verifies("upload_states.decisions", needs=("accept", "reject", "states_are_told"))
def test_decisions_end_an_uploaded_file(world: World) -> None:
    """Accepting makes it accepted, rejecting rejected, and the one is not undone by the other."""
    for verdict, state, other in (("accept", "accepted", "reject"), ("reject", "rejected", "accept")):
        upload = world.ended("uploaded")
        world.decide(upload, "accept" if verdict == "accept" else "reject")
        same(world.state(upload), state, f"the state after {verdict}")
        world.hooks.ask("reject" if other == "reject" else "accept", upload_id=upload.id)
        same(world.state(upload), state, f"the state after {verdict} and {other}")


@verifies("upload_states.decisions", needs=("accept", "reject", "store"))
def test_the_object_leaves_the_inbox_with_the_decision(world: World) -> None:
    """After either decision the object is not in the bucket any more."""
    for verdict in ("accept", "reject"):
        before = world.store.objects()
        upload = world.upload(world.content(3))
        key = world.object_of(before)
        world.decide(upload, "accept" if verdict == "accept" else "reject")
        demand(key not in world.store.objects(), f"the object after {verdict}", "gone from the inbox", "still there")


@verifies("upload_states.early_decisions", needs=("accept", "reject", "states_are_told"))
def test_a_decision_that_comes_too_early_changes_nothing(world: World) -> None:
    """On a pending and on a cancelled upload; the pending one can be completed afterwards."""
    pending, cancelled = world.begin(3), world.ended("cancelled")
    for upload, state in ((pending, "pending"), (cancelled, "cancelled")):
        for verdict in ("accept", "reject"):
            answer = world.hooks.ask("accept" if verdict == "accept" else "reject", upload_id=upload.id)
            demand(answer.code < 500, f"an early {verdict}", "no failure of the service", told(answer))
            same(world.state(upload), state, f"the state after an early {verdict}")
    world.finish(pending, {1: world.send(pending, 1, world.content(3))})
    same(world.state(pending), "uploaded", "the state after early decisions and a completion")


@verifies("upload_states.early_decisions", needs=("accept", "reject", "states_are_told"))
def test_a_decision_that_comes_twice_does_no_harm(world: World) -> None:
    """The second time nothing changes, and later decisions on other files are heard."""
    for verdict, state in (("accept", "accepted"), ("reject", "rejected")):
        upload = world.ended("uploaded")
        world.decide(upload, "accept" if verdict == "accept" else "reject")
        answer = world.hooks.ask("accept" if verdict == "accept" else "reject", upload_id=upload.id)
        demand(answer.code < 500, f"a second {verdict}", "no failure of the service", told(answer))
        same(world.state(upload), state, f"the state after a second {verdict}")
    same(world.state(world.ended("accepted")), "accepted", "the state of another file after that")
