"""Completing an upload: what it makes, what it refuses, and that it happens once."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.upload_controller.world import Upload, World

BEYOND = 5
"""Parts more than the store tells at once."""


@verifies("upload_complete.completes", "upload_presign.stores_a_part")
def test_an_upload_of_all_parts_completes(world: World) -> None:
    """After the only part was sent, completing makes the upload uploaded; the answer has no body."""
    upload = world.begin(5)
    etag = world.send(upload, 1, world.content(5))
    answer = world.controller.complete(upload.id, {1: etag})
    world.succeeds("complete", answer)
    if answer.code == 204:
        same(answer.body, b"", "the body of the answer to complete")
    world.is_in(upload, "uploaded", "the state of a completed upload")


@verifies("upload_complete.completes")
def test_an_empty_file_completes_or_is_refused(world: World) -> None:
    """A file of no bytes is uploaded as one empty part, or its completion is refused and it is not uploaded."""
    upload = world.begin(0)
    answer = world.controller.complete(upload.id, {1: world.send(upload, 1, b"")})
    if world.controller.succeeded("complete", answer):
        world.is_in(upload, "uploaded", "the state of a completed upload of nothing")
    else:
        world.refused(answer, "parts", "completing an upload of nothing")
        _is_not_uploaded(world, upload)


@verifies("upload_complete.content", "upload_complete.object_exists", needs=("store",))
def test_the_object_is_the_parts_in_their_order(world: World) -> None:
    """The object of a file of two parts has their bytes, in the order of the numbers."""
    before = world.store.objects()
    upload, content = world.two_parts()
    world.finish(upload, world.send_all(upload, content))
    key = world.object_of(before)
    same(world.store.objects()[key], len(content), "the size of the object")
    same(world.store.digest(key), sha256(content).hexdigest(), "the SHA-256 of the object")
    world.is_in(upload, "uploaded", "the state of a completed upload")


@verifies("upload_complete.many_parts", needs=("store", "small_parts"))
def test_more_than_a_thousand_parts_all_count(world: World) -> None:
    """1005 parts of two bytes become an object of 2010: S3 tells of 1000 at once."""
    before = world.store.objects()
    many = world.place.page + BEYOND
    content = world.content(2 * many)
    upload = world.begin(len(content))
    parts = {n: world.send(upload, n, content[2 * n - 2 : 2 * n]) for n in range(1, many + 1)}
    world.finish(upload, parts)
    same(world.store.digest(world.object_of(before)), sha256(content).hexdigest(), "the SHA-256 of the object")


@verifies("upload_complete.no_parts", "upload_complete.recovers")
def test_an_upload_without_parts_never_becomes_uploaded(world: World) -> None:
    """Completing before any part was sent is refused."""
    upload = world.begin(5)
    world.refused(world.controller.complete(upload.id, {}), "parts", "completing an upload of no parts")
    _is_not_uploaded(world, upload)
    _recovers(world, upload)


@verifies("upload_complete.store_refuses", "upload_complete.recovers", needs=("store",))
def test_parts_that_the_store_finds_too_small_do_not_make_an_upload_stuck(world: World) -> None:
    """Two parts of a hundred bytes: where the store refuses to combine them, so does the service."""
    content = world.content(200)
    upload = world.begin(len(content))
    parts = {n: world.send(upload, n, content[100 * n - 100 : 100 * n]) for n in (1, 2)}
    answer = world.controller.complete(upload.id, parts)
    if world.controller.succeeded("complete", answer):
        world.is_in(upload, "uploaded", "the state of a completed upload")
        return
    world.refused(answer, "parts", "a completion that the store refuses")
    _is_not_uploaded(world, upload)
    _recovers(world, upload)


def _is_refused(world: World, upload: Upload, parts: Mapping[int, str], what: str) -> None:
    answer = world.controller.complete(upload.id, parts)
    world.refused(answer, "parts", f"completing with {what}")
    _is_not_uploaded(world, upload)
    if "store" in world.place.has:
        world.note("the store was asked for the object: there must be none")


def _is_not_uploaded(world: World, upload: Upload) -> None:
    if "states_are_told" in world.place.has:
        state = world.state(upload)
        demand(state in {"pending", "failed"}, "the state after a refused completion", "pending or failed", state)


def _recovers(world: World, upload: Upload) -> None:
    """Demand that an upload whose completion was refused is of use still, or makes room for another."""
    pending = world.state(upload) == "pending"
    content = world.content(upload.size)
    blame = "upload_complete.recovers"
    if pending:
        parts = world.send_all(upload, content)
        answer = world.controller.complete(upload.id, parts)
        if world.controller.succeeded("complete", answer):
            world.is_in(upload, "uploaded", "the upload, completed after a refusal", blame)
            return
        # parts with other numbers may have been sent before, which no part sent now takes away
        world.succeeds("cancel", world.controller.cancel(upload.id), blame)
    again = world.begin_again(upload.file_id, upload.size)
    world.finish(again, world.send_all(again, content))
    world.is_in(again, "uploaded", "another upload after a refused completion", blame)


@verifies("upload_complete.parts_as_sent", "upload_complete.recovers", needs=("parts_are_named",))
def test_a_wrong_etag_never_completes(world: World) -> None:
    """With an ETag of other bytes, of nothing, or of no form at all, the upload does not become uploaded."""
    content = world.content(5)
    upload = world.begin(len(content))
    etag = world.send(upload, 1, content)
    for wrong in ('"00000000000000000000000000000000"', "nonsense", etag[:-2] + '"'):
        _is_refused(world, upload, {1: wrong}, f"the ETag {wrong}")
    _recovers(world, upload)


@verifies("upload_complete.parts_as_sent", needs=("parts_are_named",))
def test_a_part_that_was_not_sent_never_completes(world: World) -> None:
    """With a part that was not sent, or under another number than the one it was sent as, it is refused."""
    content = world.content(5)
    for parts in ((1, 2), (2,), (10_000,)):
        upload = world.begin(len(content))
        etag = world.send(upload, 1, content)
        _is_refused(world, upload, dict.fromkeys(parts, etag), f"the parts {', '.join(map(str, parts))} of part 1")


@verifies("upload_complete.parts_as_sent", needs=("parts_are_named",))
def test_a_part_left_out_or_exchanged_never_completes(world: World) -> None:
    """Of two parts that were sent both are needed, each with its own ETag."""
    upload, content = world.two_parts()
    parts = world.send_all(upload, content)
    _is_refused(world, upload, {1: parts[2], 2: parts[1]}, "the ETags of two parts exchanged")
    for left in (1, 2):
        if world.state(upload) == "pending":
            _is_refused(world, upload, {left: parts[left]}, f"part {left} alone")


@verifies("upload_complete.parts_as_sent", "upload_presign.again", needs=("parts_are_named",))
def test_the_etag_of_replaced_bytes_never_completes(world: World) -> None:
    """After a part was sent again, the ETag of its first bytes is wrong."""
    upload = world.begin(3)
    old = world.send(upload, 1, world.content(3))
    world.send(upload, 1, world.content(3))
    _is_refused(world, upload, {1: old}, "the ETag of bytes that were replaced")


@verifies("upload_complete.etag_forms", needs=("parts_are_named",))
def test_etags_may_be_quoted_or_not(world: World) -> None:
    """The ETag as the store sent it and without its quotes complete alike."""
    for quoted in (True, False):
        upload = world.begin(3)
        etag = world.send(upload, 1, world.content(3))
        bare = etag.strip('"')
        world.finish(upload, {1: f'"{bare}"' if quoted else bare})
        world.is_in(upload, "uploaded", "the state of a completed upload")


@verifies("upload_complete.etag_forms", needs=("parts_are_named", "store"))
def test_the_order_of_the_mapping_makes_no_difference(world: World) -> None:
    """A mapping that names the last part first makes the same object."""
    before = world.store.objects()
    upload, content = world.two_parts()
    parts = world.send_all(upload, content)
    world.finish(upload, dict(sorted(parts.items(), reverse=True)))
    same(world.store.digest(world.object_of(before)), sha256(content).hexdigest(), "the SHA-256 of the object")


@verifies("upload_complete.again")
def test_completing_again_changes_nothing(world: World) -> None:
    """The second and third time the answer is a success or a refusal, and the upload stays uploaded."""
    before = world.objects()
    content = world.content(5)
    upload = world.begin(len(content))
    parts = {1: world.send(upload, 1, content)}
    world.finish(upload, parts)
    codes = " or ".join(map(str, world.api.repeat))
    for _ in range(2):
        answer = world.controller.complete(upload.id, parts)
        demand(answer.code in world.api.repeat, "completing again", codes, told(answer))
        world.is_in(upload, "uploaded", "the state after completing again")
    if "store" in world.place.has:
        same(world.store.digest(world.object_of(before)), sha256(content).hexdigest(), "the SHA-256 of the object")


@verifies("upload_complete.again", needs=("parts_are_named",))
def test_completing_again_with_other_parts_changes_nothing(world: World) -> None:
    """A second completion with other ETags is refused, and the upload stays uploaded."""
    upload = world.ended("uploaded")
    answer = world.controller.complete(upload.id, {1: '"00000000000000000000000000000000"'})
    world.refused(answer, "not_pending", "completing an uploaded upload with other parts")
    world.is_in(upload, "uploaded", "the state after completing again")


@verifies("upload_complete.never_after_the_end")
def test_what_has_ended_is_not_completed(world: World) -> None:
    """Completing an upload that was cancelled, accepted or rejected is refused and changes nothing."""
    for ending in world.endings():
        if ending == "uploaded":
            continue
        upload = world.begin(3)
        parts = {1: world.send(upload, 1, world.content(3))}
        if ending == "cancelled":
            world.succeeds("cancel", world.controller.cancel(upload.id))
        else:
            world.finish(upload, parts)
            world.decide(upload, "accept" if ending == "accepted" else "reject")
        answer = world.controller.complete(upload.id, parts)
        if ending == "cancelled" or not world.controller.succeeded("complete", answer):
            world.refused(answer, "not_pending", f"completing an upload that is {ending}")
        world.is_in(upload, ending, "the state after a late completion")


@verifies("upload_complete.unknown_upload", "upload_errors.stable")
def test_an_unknown_upload_is_not_completed(world: World) -> None:
    """Completing what never was is refused, the same way each time."""
    codes = set[int]()
    for _ in range(2):
        answer = world.controller.complete(f"nobody-{world.random.getrandbits(64):x}", {1: '"abc"'})
        world.refused(answer, "unknown_upload", "completing an unknown upload")
        codes.add(answer.code)
    same(len(codes), 1, "codes of one and the same refusal", "upload_errors.stable")


@verifies("upload_complete.one_event", needs=("events",))
def test_one_event_tells_of_an_uploaded_file(world: World) -> None:
    """None while pending, one after completing, no more after completing again or being decided on."""
    content = world.content(3)
    upload = world.begin(len(content))
    same(world.events(upload.file_id), [], "the events of a pending upload")
    parts = {1: world.send(upload, 1, content)}
    same(world.events(upload.file_id), [], "the events of an upload with all its parts")
    world.finish(upload, parts)
    same(world.events(upload.file_id), [upload.id], "the events of an uploaded file")
    world.controller.complete(upload.id, parts)
    world.controller.cancel(upload.id)
    same(world.events(upload.file_id), [upload.id], "the events after completing again and cancelling")


@verifies("upload_complete.one_event", needs=("events",))
def test_no_event_tells_of_what_did_not_become_uploaded(world: World) -> None:
    """Cancelled uploads and refused completions have no event; a later upload of the file has its own."""
    first = world.begin(3)
    world.controller.complete(first.id, {})
    world.controller.cancel(first.id)
    same(world.events(first.file_id), [], "the events of an upload that was cancelled")
    second = world.begin_again(first.file_id, 3)
    world.finish(second, {1: world.send(second, 1, world.content(3))})
    same(world.events(first.file_id), [second.id], "the events of the file")


@verifies("upload_complete.object_exists", needs=("store",))
def test_there_is_no_object_before_the_completion_and_one_after(world: World) -> None:
    """While an upload is pending its object is not in the store, once it is uploaded it is."""
    before = world.store.objects()
    upload = world.begin(3)
    etag = world.send(upload, 1, world.content(3))
    same(world.store.objects(), before, "the objects in the store while the upload is pending")
    world.finish(upload, {1: etag})
    world.object_of(before)


@verifies("upload_complete.size", "upload_complete.recovers")
def test_a_file_of_another_size_is_not_uploaded(world: World) -> None:
    """A byte less or more than registered, or nothing at all, never becomes uploaded."""
    for size in (4, 6, 0):
        upload = world.begin(5)
        parts = {1: world.send(upload, 1, world.content(size))}
        world.refused(world.controller.complete(upload.id, parts), "parts", f"completing 5 bytes with {size}")
        _is_not_uploaded(world, upload)
        _recovers(world, upload)
