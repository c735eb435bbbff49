"""Beginning an upload: what it tells, when it is refused, and what it opens in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from conformance.upload_controller.world import World

IDS = ("ab", "x" * 64, "with_underscore", "dots.in.it", "ünïcödé", "a b", "percent%2Fsign", "UPPER-lower", "..x")


@verifies("upload_create.pending_at_once", "upload_create.begins")
def test_a_new_upload_is_pending(world: World) -> None:
    """A new upload is pending, and the pending one of its file."""
    upload = world.begin(5)
    world.is_in(upload, "pending", "the state of a new upload")


@verifies("upload_create.begins")
def test_files_have_uploads_of_their_own(world: World) -> None:
    """Two files have uploads with different ids, and each is the pending one of its own file."""
    first, second = world.begin(5), world.begin(5)
    demand(first.id != second.id, "the ids of two uploads", "different ones", first.id)
    for upload in (first, second):
        world.is_in(upload, "pending")


@verifies("upload_create.opens_one", needs=("store",))
def test_one_upload_is_opened_in_the_store(world: World) -> None:
    """A create opens one multipart upload in the store, no more."""
    before = world.store.uploads()
    world.begin(5)
    same(len(world.opened_since(before)), 1, "uploads opened in the store by create")


@verifies("upload_create.one_at_a_time")
def test_a_second_upload_is_refused_while_the_first_is_pending(world: World) -> None:
    """While an upload is pending another is refused, and the first can be completed as if nothing had been."""
    content = world.content(5)
    upload = world.begin(len(content))
    etag = world.send(upload, 1, content)
    with world.nothing_opened("a refused create"):
        world.refused(world.controller.create(upload.file_id), "conflict", "a create while an upload is pending")
    world.is_in(upload, "pending", "the first upload after a refused create")
    world.finish(upload, {1: etag})
    world.is_in(upload, "uploaded", "the first upload, completed after a refused create")


@verifies("upload_create.not_while_uploaded")
def test_a_second_upload_is_refused_while_the_first_is_uploaded(world: World) -> None:
    """While an upload is uploaded another is refused, and the first stays uploaded."""
    upload = world.ended("uploaded")
    with world.nothing_opened("a refused create"):
        world.refused(world.controller.create(upload.file_id), "conflict", "a create while an upload is uploaded")
    world.is_in(upload, "uploaded", "the first upload after a refused create")


@verifies("upload_create.closed_when_accepted", needs=("accept",))
def test_an_accepted_file_is_closed(world: World) -> None:
    """After its upload was accepted a file takes no other, however often one asks."""
    upload = world.ended("accepted")
    for _ in range(2):
        with world.nothing_opened("a refused create"):
            answer = world.controller.create(upload.file_id)
            world.refused(answer, "conflict", "a create of a file whose upload was accepted")
    world.is_in(upload, "accepted", "the accepted upload after a refused create")


@verifies("upload_create.again_after_the_end")
def test_a_cancelled_upload_makes_room_for_another(world: World) -> None:
    """After a cancel another upload of the file begins, with another id, and can be completed."""
    first = world.ended("cancelled")
    second = world.begin_again(first.file_id, 3)
    demand(second.id != first.id, "the id of the second upload", "another than the first", second.id)
    world.is_in(second, "pending", "the second upload")
    world.finish(second, {1: world.send(second, 1, world.content(3))})
    world.is_in(second, "uploaded", "the second upload")
    world.is_in(first, "cancelled", "the first upload")


@verifies("upload_create.again_after_the_end", needs=("reject",))
def test_a_rejected_upload_makes_room_for_another(world: World) -> None:
    """After a rejection another upload of the file begins, with another id, and can be completed."""
    first = world.ended("rejected")
    second = world.begin_again(first.file_id, 3)
    demand(second.id != first.id, "the id of the second upload", "another than the first", second.id)
    world.finish(second, {1: world.send(second, 1, world.content(3))})
    world.is_in(second, "uploaded", "the second upload")
    world.is_in(first, "rejected", "the first upload")


@verifies("upload_create.tells_the_active", needs=("find_pending",))
def test_whoever_is_refused_can_learn_the_active_upload(world: World) -> None:
    """The id of the active upload is in the refusal, or is found as the pending one of the file."""
    upload = world.begin(5)
    answer = world.controller.create(upload.file_id)
    world.refused(answer, "conflict", "a create while an upload is pending")
    known = upload.id.encode() in answer.body or world.pending(upload.file_id) == upload.id
    demand(known, "where the id of the active upload can be learned", "the refusal or the pending upload", told(answer))


@verifies("upload_create.unregistered")
def test_a_file_that_is_not_registered_is_refused(world: World) -> None:
    """Nothing begins, in the service or in the store, for a file that nobody registered."""
    with world.nothing_opened("a create of an unregistered file"):
        for file_id in (f"nobody-{world.random.getrandbits(64):x}", "x"):
            answer = world.controller.create(file_id)
            world.refused(answer, "unknown_file", "a create of a file that is not registered")


@verifies("upload_create.leaves_nothing", needs=("store",))
def test_refused_creates_leave_nothing_in_the_store(world: World) -> None:
    """However often a create is refused, no upload is left open beside those that are pending."""
    before = world.store.uploads()
    pending = world.begin(5)
    uploaded = world.ended("uploaded")
    for file_id in (pending.file_id, uploaded.file_id, "nobody"):
        for _ in range(2):
            world.controller.create(file_id)
    same(len(world.opened_since(before)), 1, "uploads open in the store after one success and six refusals")


@verifies("upload_create.parallel", "upload_states.one_active")
def test_of_parallel_creates_one_succeeds(world: World) -> None:
    """Eight creates of one file at the same time: one succeeds, the others are refused, one upload is pending."""
    before = world.opened()
    file_id = world.file(5)
    answers = world.together(*[lambda: world.controller.create(file_id)] * 8)
    won = [answer for answer in answers if answer is not None and world.controller.succeeded("create", answer)]
    same(len(won), 1, "successes of eight creates of one file at the same time")
    for answer in answers:
        if answer is not None and answer is not won[0]:
            world.refused(answer, "conflict", "a create that came too late")
    winner = world.controller.found("create", "upload_id", won[0])
    if "find_pending" in world.place.has:
        same(world.pending(file_id), winner, "the pending upload of the file")
    if "store" in world.place.has:
        same(len(world.opened_since(before)), 1, "uploads open in the store after eight creates of one file")


@verifies("upload_create.any_registered_id", needs=("find_pending",))
def test_a_file_of_any_name_can_be_uploaded_or_is_refused(world: World) -> None:
    """Whatever id a file could be registered under, its upload begins and completes, or is refused."""
    for stem in IDS:
        file_id = f"{stem}{world.fresh}"
        registered = world.hooks.ask("register", file_id=file_id, size=3)
        if not world.hooks.succeeded("register", registered):
            demand(400 <= registered.code < 500, f"registering a file called {file_id!r}", "4xx", told(registered))
            continue
        answer = world.controller.create(file_id)
        if not world.controller.succeeded("create", answer):
            demand(400 <= answer.code < 500, f"a create of the file {file_id!r}", "success or 4xx", told(answer))
            continue
        upload_id = world.controller.found("create", "upload_id", answer)
        same(world.pending(file_id), upload_id, f"the pending upload of the file {file_id!r}")
        world.succeeds("cancel", world.controller.cancel(upload_id))
        same(world.pending(file_id), None, f"the pending upload of the file {file_id!r}, cancelled")
