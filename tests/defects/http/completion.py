"""The object that a completed upload makes, what it replaces, and what a completion that is refused leaves."""

from __future__ import annotations

from collections.abc import Callable

from .base import Family, Hook, Server, after
from .messages import READS, Request, Response, completed, refusal

family = Family("completion", ("multipart.complete", "completeness.complete_multipart"))
OBJECT = ("multipart.complete", "multipart.complete_readable", "completeness.complete_multipart")
KEPT = ("multipart.complete_failed_keeps_upload", "multipart.complete_failed_keeps_object")


# the object and what was there before


@family.after("head", "get", trips=("multipart.complete_etag", "stat.etag_changes"))
def etag_of_any_upload(server: Server, request: Request, given: Response) -> Response:
    """All objects made of one part have one ETag, those of two another one."""
    parts = given.etag.strip('"').partition("-")[2]
    return given.having(etag=f'"{"2" * 32}-{parts}"') if parts else given


def _after_completion(
    keep: Callable[[Server, Request, Response], Response], change: Callable[[Response, Response], Response]
) -> Hook:
    """Return a hook under which an uploaded object shows something of the one that it replaced."""

    def hook(server: Server, request: Request) -> Response:
        old = keep(server, request, server.head(request)) if request.kind == "complete" else None
        given = server(request)
        if old is not None and old.ok and given.ok:
            server.memory[request.key] = old
        if request.kind in ("put", "delete", "copy"):
            server.memory.pop(request.key, None)
        shown = request.kind in READS and given.ok and request.key in server.memory
        return change(given, server.memory[request.key]) if shown else given

    return hook


def _users(told: Response) -> dict[str, str]:
    return {name: text for name, text in told.headers.items() if name.startswith("x-amz-meta-")}


REPLACED: dict[str, tuple[str, Callable[[Response, Response], Response], tuple[str, ...]]] = {
    "etag_of_the_replaced": (
        "An uploaded object has the ETag of the one that it replaced.",
        lambda new, old: new.having(etag=old.etag),
        ("stat.etag_changes", "multipart.complete_etag"),
    ),
    "metadata_of_the_replaced": (
        "An uploaded object keeps the metadata of the one that it replaced.",
        lambda new, old: new.but(headers={**_users(old), **new.headers}),
        ("completeness.metadata", "completeness.complete_multipart", "multipart.complete_replaces"),
    ),
    "type_of_the_replaced": (
        "An uploaded object keeps the content type of the one that it replaced.",
        lambda new, old: new.having(content_type=old.headers.get("content-type")),
        ("completeness.metadata", "completeness.complete_multipart", "multipart.complete_replaces"),
    ),
}
for name, (sentence, shown, trips) in REPLACED.items():
    family.plant(name, sentence, _after_completion(lambda _, __, old: old, shown), *trips)


@family.defect("overwrite.complete_multipart_exists", "multipart.complete_replaces")
def replaced_tail_kept(server: Server, request: Request) -> Response:
    """An uploaded object keeps the end of the longer one that it replaced."""
    old = server.get(request) if request.kind == "complete" else None
    given = server(request)
    if old is not None and old.ok and given.ok:
        new = server.get(request)
        if len(old.body) > len(new.body):
            server.put(request, new.body + old.body[len(new.body) :], new.described)
    return given


@family.defect("overwrite.complete_multipart_exists", "multipart.complete_replaces")
def replaced_longer_wins(server: Server, request: Request) -> Response:
    """Of the old object and the uploaded one the longer stays."""
    old = server.get(request) if request.kind == "complete" else None
    given = server(request)
    if old is not None and old.ok and given.ok and len(old.body) > len(server.get(request).body):
        server.put(request, old.body, old.described)
    return given


@family.after("complete", trips=("multipart.complete_empty", "multipart.empty_part"))
def empty_object_lost(server: Server, request: Request, given: Response) -> Response:
    """An uploaded object without a byte is not kept."""
    if server.head(request).headers.get("content-length") == "0":
        server.delete(request)
    return given


@family.defect("read.range", "completeness.origins", "multipart.complete_ordinary")
def ranges_across_parts_wrong(server: Server, request: Request) -> Response:
    """A range of an uploaded object comes in another order."""
    given = server(request)
    uploaded = request.kind == "get" and given.status == 206 and "-" in given.etag
    return given.but(body=given.body[::-1]) if uploaded else given


# completing twice, in vain, and late


@family.defect("multipart.complete_twice")
def twice_doubles(server: Server, request: Request) -> Response:
    """An upload that is completed again adds its parts to the object."""
    done = server.memory
    if request.kind == "complete" and request.upload in done:
        body = server.get(request).body
        server.put(request, body * 2)
        return done[request.upload]
    given = server(request)
    if request.kind == "complete" and given.ok:
        done[request.upload] = given
    return given


@family.defect("multipart.complete_twice")
def twice_deletes(server: Server, request: Request) -> Response:
    """An upload that is completed again is not found, and its object goes."""
    if request.kind == "complete" and request.upload in server.memory:
        server.delete(request)
        return refusal(404, "NoSuchUpload")
    given = server(request)
    if request.kind == "complete" and given.ok:
        server.memory[request.upload] = True
    return given


def _when_refused(consequence: Callable[[Server, Request], object]) -> Hook:
    def refused(server: Server, request: Request, given: Response) -> Response:
        consequence(server, request)
        return given

    return after(("complete",), refused, fulfilled=False)


def _empties(server: Server, request: Request) -> None:
    if server.head(request).ok:
        server.put(request, b"")


def _makes_empty(server: Server, request: Request) -> None:
    if not server.head(request).ok:
        server.put(request, b"")


REFUSED: dict[str, tuple[str, Callable[[Server, Request], object], str]] = {
    "refused_ends_upload": (
        "An upload that cannot be completed is ended.",
        lambda s, r: s.abort(r, r.upload),
        "getsentry/objectstore#456",
    ),
    "refused_empties_object": ("A completion that fails has already truncated the object.", _empties, ""),
    "refused_makes_object": ("A completion that fails leaves an empty object.", _makes_empty, ""),
    "refused_deletes_object": (
        "A completion that fails has already deleted the old object.",
        lambda s, r: s.delete(r),
        "",
    ),
}
for name, (sentence, consequence, like) in REFUSED.items():
    family.plant(name, sentence, _when_refused(consequence), *KEPT, like=like)


@family.before("complete", trips=OBJECT)
def error_in_200(server: Server, request: Request) -> Response:
    """A completion that was begun fails: an error in an answer with status 200."""
    return refusal(500, "InternalError").but(status=200)


@family.refused("complete", trips=("multipart.complete_missing_part", "multipart.complete_wrong_etag"))
def refused_told_as_done(server: Server, request: Request, given: Response) -> Response:
    """A completion that is refused is told as done."""
    return completed('"x"')
