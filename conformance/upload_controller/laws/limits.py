"""Large sizes, long ids, high part numbers: what is right of the small ones has to be right of them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import Upload, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.adapters.upload_controller.client import Answer
    from conformance.upload_controller.world import World

MIB, TIB = 1024**2, 1024**4
LENGTHS = (255, 128, 64)
"""Characters of an id: the longest that a service takes is tried."""
NUMBERS, CONTROL = (2, 10, 2000, 10_000), (1000, 2000, 3000, 4000)
"""Part numbers whose order as text is another one, and others that are in the same order either way."""


@verifies("upload_complete.size")
def test_a_large_file_is_not_uploaded_with_a_few_bytes(world: World) -> None:
    """Registered with 3 bytes more than a power of two, a file is not uploaded with the 3."""
    for size in (2**16 + 3, 2**31 + 3, 2**32 + 3, 2**40 + 3):
        upload = world.begin(size)
        parts = {1: world.send(upload, 1, world.content(3))}
        world.refused(world.controller.complete(upload.id, parts), "parts", f"completing {size} bytes with 3")


@verifies("upload_complete.parts_as_sent", needs=("parts_are_named", "states_are_told"))
def test_where_nobody_knows_the_size_all_parts_are_named(world: World) -> None:
    """A file registered without a size, if there can be one, is not uploaded with one of two parts."""
    file_id = f"conformance-{world.fresh}"
    registered = world.hooks.ask("register", file_id=file_id, size=None)
    answer = world.controller.create(file_id) if world.hooks.succeeded("register", registered) else None
    if answer is None or not world.controller.succeeded("create", answer):
        world.forgiven = len(world.trace)
        return
    upload_id = world.controller.found("create", "upload_id", answer)
    upload = Upload(upload_id, file_id, world.controller.found("create", "part_size", answer), 0)
    parts = {number: world.send(upload, number, world.content(3)) for number in (1, 2)}
    for number, etag in parts.items():
        answer = world.controller.complete(upload.id, {number: etag})
        world.refused(answer, "parts", f"completing two parts with part {number} alone")
        state = world.state(upload)
        demand(state in {"pending", "failed"}, "the state after a refused completion", "pending or failed", state)
        if state == "failed":
            return


@verifies("upload_create.ids_are_exact", needs=("find_pending",))
def test_long_ids_are_told_apart_by_their_last_character(world: World) -> None:
    """Two ids that differ in their last, or in their first, character: each file has its own upload."""
    for length in LENGTHS:
        long = world.fresh.ljust(length - 1 - len(world.fresh), "x") + world.fresh
        pairs = ((f"{long}1", f"{long}2"), (f"1{long}", f"2{long}"))
        if not all(_takes(world, file_id) for pair in pairs for file_id in pair):
            continue
        for first, second in pairs:
            one = world.begin_again(first, 3)
            what = f"the pending upload of a file whose id of {length} characters is like another but for one"
            same(world.pending(second), None, what)
            two = world.begin_again(second, 3)
            world.finish(one, {1: world.send(one, 1, world.content(3))})
            world.is_in(one, "uploaded", "the upload of the one file")
            world.is_in(two, "pending", "the upload of the other")
        return


def _takes(world: World, file_id: str) -> bool:
    """Tell whether a file with this id can be registered and uploaded at all."""
    registered = world.hooks.ask("register", file_id=file_id, size=3)
    answer = world.controller.create(file_id) if world.hooks.succeeded("register", registered) else registered
    demand(answer.code < 500, f"a file whose id has {len(file_id)} characters", "success or a refusal", told(answer))
    if not world.controller.succeeded("create", answer) or answer is registered:
        return False
    world.succeeds("cancel", world.controller.cancel(world.controller.found("create", "upload_id", answer)))
    return True


@verifies("upload_complete.content", needs=("store",))
def test_parts_are_in_the_order_of_their_numbers_and_not_of_their_digits(world: World) -> None:
    """Parts 2, 10, 2000 and 10000 make the object in this order, where numbers may have gaps."""
    before = world.store.objects()
    answer, content = _completed(world, NUMBERS)
    if world.controller.succeeded("complete", answer):
        same(world.store.digest(world.object_of(before)), sha256(content).hexdigest(), "the SHA-256 of the object")
        return
    refused = told(answer)
    answer, _ = _completed(world, CONTROL)
    like = ", ".join(map(str, CONTROL))
    taken = world.controller.succeeded("complete", answer)
    demand(not taken, f"completing the parts {', '.join(map(str, NUMBERS))}", f"success, as of {like}", refused)


def _completed(world: World, numbers: Sequence[int]) -> tuple[Answer, bytes]:
    size = 2 if "small_parts" in world.place.has else 5 * MIB
    pieces = {number: world.content(size if number != numbers[-1] else 1) for number in numbers}
    upload = world.begin(sum(map(len, pieces.values())))
    parts = {number: world.send(upload, number, piece) for number, piece in pieces.items()}
    return world.controller.complete(upload.id, parts), b"".join(pieces.values())


@verifies("upload_part_size.impossible", needs=("find_pending",))
def test_a_file_that_no_store_can_hold_has_no_upload(world: World) -> None:
    """Refused once, it is refused again, for the same reason, and there is no pending upload of it."""
    file_id = f"conformance-{world.fresh}"
    if not world.hooks.succeeded("register", world.hooks.ask("register", file_id=file_id, size=5 * TIB + 1)):
        return
    codes = set[int]()
    for _ in range(2):
        answer = world.controller.create(file_id)
        world.refused(answer, "impossible", "a create of a file of more than 5 TiB")
        codes.add(answer.code)
        same(world.pending(file_id), None, "the pending upload of a file that is too large")
    same(len(codes), 1, "codes of one and the same refusal")
