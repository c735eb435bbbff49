"""Open uploads: how they are told apart, listed and ended, and what they hide until then."""

from __future__ import annotations

from urllib.parse import quote

from .base import Family, Hook, Server, after, before
from .messages import Request, Response, answer, element, etag, refusal, value

family = Family("uploads", ("multipart.uploads_listed",))
APART = ("multipart.uploads_apart",)
HIDDEN = ("multipart.hidden_until_complete",)
KEPT = ("multipart.keeps_object_until_complete",)


# uploads to one key


@family.defect("multipart.create_unique", *APART)
def one_id_for_a_key(server: Server, request: Request) -> Response:
    """A second upload to a key gets the id of the first."""
    ids = server.memory
    if request.kind == "create" and request.key in ids:
        return answer(200, element("InitiateMultipartUploadResult", element("UploadId", ids[request.key])))
    given = server(request)
    if request.kind == "create":
        ids[request.key] = given.told("UploadId")
    if (request.kind == "complete" and given.ok) or request.kind == "abort":
        ids.pop(request.key, None)
    return given


@family.defect(*APART, "multipart.create_over_existing")
def second_ends_the_first(server: Server, request: Request) -> Response:
    """A second upload to a key ends the first."""
    if request.kind == "create" and request.key in server.memory:
        server.abort(request, server.memory.pop(request.key))
    given = server(request)
    if request.kind == "create":
        server.memory[request.key] = given.told("UploadId")
    return given


@family.defect(*APART)
def at_most_two(server: Server, request: Request) -> Response:
    """A third upload to a key ends the first."""
    given = server(request)
    if request.kind == "create":
        mine = server.memory.setdefault(request.key, [])
        mine.append(given.told("UploadId"))
        if len(mine) > 2:
            server.abort(request, mine.pop(0))
    return given


@family.defect(*APART)
def parts_shared(server: Server, request: Request) -> Response:
    """All uploads to a key share their parts."""
    mine: list[str] = server.memory.setdefault(request.key, [])
    given = server(request)
    if request.kind == "create":
        mine.append(given.told("UploadId"))
    if request.kind == "part":
        for upload in mine:
            if upload != request.upload:
                server(request.asking(uploadId=upload))
    if request.kind in ("abort", "complete") and request.upload in mine:
        mine.remove(request.upload)
    return given


@family.defect("multipart.complete_leaves_uploads")
def completing_ends_the_others(server: Server, request: Request) -> Response:
    """Completing an upload ends the others to its key."""
    mine: list[str] = server.memory.setdefault(request.key, [])
    given = server(request)
    if request.kind == "create":
        mine.append(given.told("UploadId"))
    if request.kind == "complete" and given.ok:
        for upload in [upload for upload in mine if upload != request.upload]:
            server.abort(request, upload)
        mine.clear()
    return given


@family.defect("multipart.identified_by_path_and_id")
def found_by_id_alone(server: Server, request: Request) -> Response:
    """An upload is found by its id, whatever key comes with it."""
    given = server(request)
    if request.kind == "create":
        server.memory[given.told("UploadId")] = request.key
    if request.kind in ("part", "list_parts", "complete", "abort") and given.status == 404:
        key = server.memory.get(request.upload)
        return server(request.but(key=key)) if key is not None and key != request.key else given
    return given


# ending an upload


family.plant(
    "abort_does_nothing",
    "An upload that is ended stays open.",
    before(("abort",), lambda *_: answer(204)),
    "multipart.abort_unlists",
    "multipart.abort_ends_upload",
)


@family.defect("multipart.abort_leaves_uploads")
def abort_ends_the_others(server: Server, request: Request) -> Response:
    """Ending an upload ends all uploads to its key."""
    mine: list[str] = server.memory.setdefault(request.key, [])
    given = server(request)
    if request.kind == "create":
        mine.append(given.told("UploadId"))
    if request.kind == "abort":
        for upload in mine:
            server.abort(request, upload)
        mine.clear()
    return given


@family.after("abort", trips=("multipart.abort_leaves_object",))
def abort_deletes_the_object(server: Server, request: Request, given: Response) -> Response:
    """Ending an upload deletes the object at its key."""
    server.delete(request)
    return given


@family.refused("abort", trips=("multipart.abort_idempotent", "multipart.abort_unknown"))
def abort_of_unknown_fails(server: Server, request: Request, given: Response) -> Response:
    """Ending an upload that is not open makes the server fail."""
    return refusal(500, "InternalError")


@family.defect("multipart.abort_ends_upload")
def abort_unlists_only(server: Server, request: Request) -> Response:
    """An upload that was ended is listed no more and can still be completed."""
    gone: set[str] = server.memory.setdefault("gone", set())
    if request.kind == "abort":
        gone.add(request.upload)
        return answer(204)
    given = server(request)
    return (
        given.each("Upload", lambda u: "" if value(u, "UploadId") in gone else u)
        if request.kind == "list_uploads"
        else given
    )


@family.refused("part", trips=("multipart.abort_ends_upload", "multipart.complete_ends_upload"))
def part_of_ended_accepted(server: Server, request: Request, given: Response) -> Response:
    """A part for an upload that is not open is accepted and lost."""
    return answer(200, etag=etag(request.body)) if given.status == 404 else given


def _unknown(status: int, code: str) -> Hook:
    return after(
        ("part",), lambda _, __, given: refusal(status, code) if given.status == 404 else given, fulfilled=False
    )


ENDED = ("multipart.complete_ends_upload", "multipart.abort_ends_upload", "errors.taxonomy", "errors.client_fault")
family.plant(
    "part_of_ended_fails",
    "A part for an upload that is not open makes the server fail.",
    _unknown(500, "InternalError"),
    *ENDED,
)
family.plant(
    "part_of_ended_forbidden",
    "A part for an upload that is not open is forbidden.",
    _unknown(403, "AccessDenied"),
    *ENDED,
)


@family.defect("multipart.complete_ends_upload", "multipart.uploads_listed")
def completed_still_open(server: Server, request: Request) -> Response:
    """An upload stays open when it was completed."""
    done: dict[str, str] = server.memory
    given = server(request)
    if request.kind == "complete" and given.ok:
        done[request.upload] = request.key
    return _with(given, request, done) if request.kind == "list_uploads" else given


@family.defect("multipart.abort_unlists", "multipart.uploads_listed")
def aborted_still_listed(server: Server, request: Request) -> Response:
    """An upload is still listed when it was ended."""
    if request.kind == "abort":
        server.memory[request.upload] = request.key
    given = server(request)
    return _with(given, request, server.memory) if request.kind == "list_uploads" else given


def _with(given: Response, request: Request, uploads: dict[str, str]) -> Response:
    """Return a listing of uploads with further ones, on its last page."""
    if given.told("IsTruncated") == "true":
        return given
    more = [
        element("Upload", element("Key", quote(key)), element("UploadId", upload))
        for upload, key in uploads.items()
        if key.startswith(request.query.get("prefix", ""))
    ]
    return given.arranged("Upload", [*given.blocks("Upload"), *more]) if more else given


@family.defect("multipart.complete", "programs.uploads")
def lost_by_a_write_meanwhile(server: Server, request: Request) -> Response:
    """A write to the key after an upload began makes its completion do nothing."""
    written = server.memory
    if request.kind in ("put", "create"):
        written[request.key] = request.kind == "put"
    if request.kind == "complete" and written.get(request.key):
        server.abort(request, request.upload)
        return answer(200, element("CompleteMultipartUploadResult", element("ETag", '"x"')))
    return server(request)


@family.defect("multipart.delete_leaves_upload", "programs.uploads")
def ended_by_a_write(server: Server, request: Request) -> Response:
    """A write to the key ends the uploads to it."""
    given = server(request)
    if request.kind == "create":
        server.memory.setdefault(request.key, []).append(given.told("UploadId"))
    if request.kind == "put":
        for upload in server.memory.pop(request.key, []):
            server.abort(request, upload)
    return given


# what an open upload hides and keeps


@family.after("create", trips=HIDDEN)
def visible_when_begun(server: Server, request: Request, given: Response) -> Response:
    """A begun upload is an empty object already."""
    if not server.head(request).ok:
        server.put(request, b"")
    return given


@family.after("part", trips=HIDDEN)
def visible_with_first_part(server: Server, request: Request, given: Response) -> Response:
    """The first part of an upload can be read already."""
    if not server.head(request).ok:
        server.put(request, request.body)
    return given


@family.before("create", trips=KEPT)
def begun_empties_the_old(server: Server, request: Request) -> None:
    """An upload that begins truncates the object that it is to replace."""
    if server.head(request).ok:
        server.put(request, b"")


@family.before("create", trips=KEPT)
def begun_deletes_the_old(server: Server, request: Request) -> None:
    """An upload that begins deletes the object that it is to replace."""
    server.delete(request)


@family.after("part", trips=KEPT)
def part_replaces_the_old(server: Server, request: Request, given: Response) -> Response:
    """A part that is uploaded replaces the old object already."""
    if server.head(request).ok:
        server.put(request, request.body)
    return given
