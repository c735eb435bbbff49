"""Whole stories of a file, of any order, held against the transition table step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import Broken, demand, same
from conformance.upload_controller.model import FileModel, Step
from conformance.upload_controller.world import Upload, told

if TYPE_CHECKING:
    from conformance.adapters.upload_controller.client import Answer
    from conformance.upload_controller.model import Expected, Op
    from conformance.upload_controller.world import World

STORIES, STEPS = 8, 14
WRONG = '"00000000000000000000000000000000"'


@verifies("upload_states.transitions", needs=("states_are_told", "parts_are_named"))
def test_every_story_of_a_file_follows_the_table(world: World) -> None:
    """Whatever is asked in whatever order, every answer, state, event and object is what the table says."""
    for _ in range(STORIES):
        story = _story(world)
        world.restart()
        try:
            _play(world, story)
        except Broken as broken:
            _play_smallest(world, story, broken)
            raise


def _story(world: World) -> list[Step]:
    """Return steps that lead somewhere: each is possible, and what would end all attempts early is rarer."""
    weights: dict[Op, int] = {"create": 5, "presign": 1, "send": 6, "complete": 4, "complete_wrong": 1, "cancel": 2}
    weights |= {hook: 2 for hook in ("accept", "reject") if world.hooks.has(hook)}
    model, story = FileModel(), list[Step]()
    while len(story) < STEPS:
        (op,) = world.random.choices(list(weights), list(weights.values()))
        step = Step(op, world.random.choice((0, 0, 0, 1)) if op != "create" else 0)
        if model.possible(step):
            model.take(step)
            story.append(step)
    return story


def _play_smallest(world: World, story: list[Step], broken: Broken) -> None:
    """Leave steps out as long as the same sentence breaks, and raise what the smallest story shows."""
    at = len(story) - 1
    while at >= 0:
        shorter = story[:at] + story[at + 1 :]
        world.restart()
        try:
            _play(world, shorter)
        except Broken as found:
            if found.as_before(broken):
                story = shorter
        at = min(at, len(story)) - 1
    world.restart()
    _play(world, story)


def _play(world: World, story: list[Step]) -> None:
    """Ask for one step after another of a fresh file, and look at everything in the end."""
    before = world.objects()
    file_id = world.file(3)
    model, uploads, etags = FileModel(), list[Upload](), dict[int, str]()
    for step in story:
        if not model.possible(step):
            continue
        at = len(uploads) - 1 - step.attempt
        expected = model.take(step)
        if step.op == "create" and expected.succeeds:
            uploads.append(world.begin_again(file_id, 3))
        elif step.op == "send" and expected.succeeds:
            etags[at] = world.send(uploads[at], 1, world.content(3))
        else:
            _as_expected(world, step, expected, _asked(world, step, file_id, uploads, etags))
        same([world.state(upload) for upload in uploads], model.states, f"the states after {step.op}")
    if world.hooks.has("events"):
        same(world.events(file_id), [uploads[at].id for at in model.events], "the events in the end")
    if "store" in world.place.has:
        held = sum(state == "uploaded" for state in model.states)
        same(len(set(world.objects()) - set(before)), held, "the objects in the end")


def _asked(world: World, step: Step, file_id: str, uploads: list[Upload], etags: dict[int, str]) -> Answer:
    at = len(uploads) - 1 - step.attempt
    match step.op:
        case "create":
            return world.controller.create(file_id)
        case "presign" | "send":
            return world.controller.presign(uploads[at].id, 1)
        case "complete":
            return world.controller.complete(uploads[at].id, {1: etags[at]} if at in etags else {})
        case "complete_wrong":
            return world.controller.complete(uploads[at].id, {1: WRONG})
        case "cancel":
            return world.controller.cancel(uploads[at].id)
        case _:
            return world.hooks.ask(step.op, upload_id=uploads[at].id)


def _as_expected(world: World, step: Step, expected: Expected, answer: Answer) -> None:
    ok = {"send": "presign", "complete_wrong": "complete"}.get(step.op, step.op)
    hook = step.op in {"accept", "reject"}
    codes = world.hooks.bindings[step.op].ok if hook else world.api.operations[ok].ok  # type: ignore[index]
    succeeded = answer.code in codes
    what = f"the answer to {step.op}"
    if expected.succeeds:
        demand(succeeded, what, "success", told(answer))
    elif not (expected.either and succeeded):
        refused = 400 <= answer.code < 500 if hook else world.api.refuses(expected.kind, answer.code)
        demand(refused, what, "a refusal", told(answer))
