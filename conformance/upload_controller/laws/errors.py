"""Refusals: their form, and requests that make no sense."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.upload_controller.checks import verifies
from conformance.upload_controller.expect import demand, same
from conformance.upload_controller.world import told

if TYPE_CHECKING:
    from conformance.upload_controller.world import World

STRANGE = ("../..", "a/b", "%00", "\u0000", "x" * 300, "\ud7ff", "' OR 1=1 --", "None", "-1", "🙂")


@verifies("upload_errors.body", needs=("error_fields",))
def test_refusals_have_the_documented_form(world: World) -> None:
    """Conflicts, unknown files and uploads, wrong part numbers and late requests are told as JSON with all fields."""
    upload = world.begin(3)
    done = world.ended("cancelled")
    answers = (
        world.controller.create(upload.file_id),
        world.controller.presign("nobody", 1),
        world.controller.complete("nobody", {}),
        world.controller.complete(done.id, {}),
    )
    for answer in answers:
        body = answer.json
        lacking = [name for name in world.api.error_fields if not isinstance(body, dict) or name not in body]
        same(lacking, [], f"fields that lack in the refusal {told(answer)}")


@verifies("upload_errors.stable")
def test_the_same_mistake_is_refused_the_same_way(world: World) -> None:
    """Three times the same wrong request, three times the same code."""
    upload, done = world.begin(3), world.ended("cancelled")
    mistakes = (
        lambda: world.controller.create(upload.file_id),
        lambda: world.controller.create("nobody"),
        lambda: world.controller.presign("nobody", 1),
        lambda: world.controller.presign(upload.id, 0),
        lambda: world.controller.presign(done.id, 1),
        lambda: world.controller.complete(done.id, {1: '"x"'}),
    )
    for mistake in mistakes:
        same(len({mistake().code for _ in range(3)}), 1, "different codes for one mistake")


@verifies("upload_errors.no_5xx", "upload_errors.answers")
def test_strange_ids_are_refused(world: World) -> None:
    """Ids that hold slashes, zeros, quotes or a thousand characters are refused on every verb."""
    for strange in STRANGE:
        for answer in (
            world.controller.create(strange),
            world.controller.presign(strange, 1),
            world.controller.cancel(strange),
            world.controller.complete(strange, {1: '"x"'}),
        ):
            demand(400 <= answer.code < 500, f"a request about {strange!r}", "a refusal, 4xx", told(answer))


@verifies("upload_errors.no_such_request")
def test_requests_that_do_not_exist_are_refused(world: World) -> None:
    """Another path, another method, a body that is no JSON or no object: refused, and nothing changes."""
    upload = world.begin(3)
    http, update = world.controller.http, world.api.operations["complete"]
    target = update.target({"upload_id": upload.id})
    nowhere = http.ask("nowhere", "GET", f"/no/such/path/{upload.id}")
    same(nowhere.code, 404, "the answer to a path that does not exist")
    for method in ("TRACE", "PUT"):
        answer = http.ask("other", method, target)
        demand(answer.code in {404, 405, 501}, f"a {method} of an upload", "404 or 405", told(answer))
    bodies = (b"", b"{", b"[]", b'"uploaded"', b"null", b"\xff\xfe", b'{"status": "uploaded", "parts": []}', b"{}")
    for body in bodies:
        answer = http.send(
            "complete", update.method, http.base + target, body, headers={"Content-Type": "application/json"}
        )
        demand(400 <= answer.code < 500, f"an update with the body {body!r}", "a refusal, 4xx", told(answer))
    world.is_in(upload, "pending", "the upload after all that")


@verifies("upload_errors.no_such_request", needs=("parts_are_named",))
def test_mappings_that_make_no_sense_are_refused(world: World) -> None:
    """Part numbers that are none, ETags that are no text, an empty and a huge mapping: refused, never a failure."""
    upload = world.begin(3)
    update = world.api.operations["complete"]
    etag = world.send(upload, 1, world.content(3))
    senseless: tuple[dict[str, Any], ...] = (
        {"0": etag},
        {"one": etag},
        {"1": 5},
        {"1": None},
        {"1": {}},
        {"10001": etag},
        {"-1": etag},
        {"1": ""},
        {str(number): etag for number in range(1, 10_002)},
    )
    for parts in senseless:
        body = update.filled({"parts": parts})
        answer = world.controller.http.ask("complete", update.method, update.target({"upload_id": upload.id}), body)
        demand(400 <= answer.code < 500, f"a mapping of {len(parts)} parts", "a refusal, 4xx", told(answer))
        if world.state(upload) != "pending":
            return
    world.finish(upload, {1: etag})
