"""Deletion of one object: what stays, what goes with it, what comes back."""

from __future__ import annotations

import re
from collections.abc import Callable

from .base import Family, Hook, Server, before
from .messages import Request, Response, answer, key_in, refusal

family = Family("delete", ("delete.removes", "delete.only_one", "completeness.origins"))
ONLY_ONE = ("delete.only_one",)


def _with_others(chosen: Callable[[Server, Request], list[str]]) -> Hook:
    """Return a hook under which a deletion takes other keys with it."""

    def more(server: Server, request: Request) -> None:
        for key in chosen(server, request):
            server.delete(request, key)

    return before(("delete",), more)


def _siblings(server: Server, request: Request) -> list[str]:
    return server.keys(request, request.key.rpartition("/")[0])


def _like(server: Server, request: Request) -> list[str]:
    pattern = re.compile(re.escape(request.key).replace("%", ".*").replace("_", ".") + "$", re.DOTALL)
    return [key for key in _siblings(server, request) if pattern.match(key)]


OTHERS: dict[str, tuple[str, Callable[[Server, Request], list[str]], str]] = {
    "prefix": (
        "All keys that begin with the key are deleted.",
        lambda s, r: s.keys(r, r.key),
        "zarr-developers/zarr-python#2917",
    ),
    "children": (
        "What is below the key as a directory is deleted.",
        lambda s, r: s.keys(r, r.key.rstrip("/") + "/"),
        "zarr-developers/zarr-python#2451",
    ),
    "case_twins": (
        "Keys that differ in case are deleted too.",
        lambda s, r: [key for key in _siblings(s, r) if key.lower() == r.key.lower()],
        "",
    ),
    "like": ("Keys that match with ``_`` and ``%`` as wildcards are deleted.", _like, "apache/opendal#8085"),
    "shorter": (
        "Keys that are the beginning of the key are deleted.",
        lambda s, r: [key for key in _siblings(s, r) if r.key.startswith(key) and not key.endswith("/")],
        "",
    ),
    "longer_by_one": (
        "Keys that are longer by one character are deleted.",
        lambda s, r: [key for key in s.keys(r, r.key) if len(key) == len(r.key) + 1 and not key.endswith("/")],
        "",
    ),
    "versions": (
        "Keys with a suffix after a dot are taken for versions and deleted.",
        lambda s, r: s.keys(r, r.key + "."),
        "",
    ),
}
for name, (sentence, chosen, like) in OTHERS.items():
    family.plant(f"takes_{name}", sentence, _with_others(chosen), *ONLY_ONE, "delete.keeps_children", like=like)


@family.before("delete", trips=("delete.missing", "delete.idempotent"))
def missing_is_not_found(server: Server, request: Request) -> Response | None:
    """Deleting what is not there is answered like reading it."""
    return None if server.head(request).ok else refusal(404, "NoSuchKey")


@family.before("delete", trips=("delete.missing", "delete.idempotent"))
def missing_is_a_conflict(server: Server, request: Request) -> Response | None:
    """Deleting what is not there is an error that says nothing of a missing object."""
    return None if server.head(request).ok else refusal(409, "NoSuchObject")


@family.before("delete", trips=("delete.missing",))
def missing_directory_is_not_found(server: Server, request: Request) -> Response | None:
    """Deleting below a directory that does not exist is answered like reading there."""
    directory = request.key.rpartition("/")[0] + "/"
    return None if server.keys(request, directory) else refusal(404, "NoSuchKey")


@family.before("delete", trips=("delete.missing", "delete.idempotent"))
def missing_fails(server: Server, request: Request) -> Response | None:
    """Deleting what is not there makes the server fail."""
    return None if server.head(request).ok else refusal(500, "InternalError")


@family.before("delete")
def does_nothing(server: Server, request: Request) -> Response:
    """A deletion is answered and not done."""
    return answer(204)


@family.defect("delete.removes", "list.current")
def only_from_listings(server: Server, request: Request) -> Response:
    """A deleted object is listed no more and can still be read."""
    gone: set[str] = server.memory.setdefault("gone", set())
    if request.kind == "delete":
        gone.add(request.key)
        return answer(204)
    if request.kind in ("put", "copy", "complete"):
        gone.discard(request.key)
    given = server(request)
    return given.each("Contents", lambda e: "" if key_in(e) in gone else e) if request.kind == "list" else given


@family.defect("delete.removes", "list.current")
def only_from_reads(server: Server, request: Request) -> Response:
    """A deleted object can be read no more and is still listed."""
    gone: set[str] = server.memory.setdefault("gone", set())
    if request.kind == "delete":
        gone.add(request.key)
        return answer(204)
    if request.kind in ("put", "copy", "complete"):
        gone.discard(request.key)
    return refusal(404, "NoSuchKey") if request.kind in ("get", "head") and request.key in gone else server(request)


def _still(kind: str) -> Hook:
    """Return a hook under which one kind of reading still finds what was deleted."""

    def hook(server: Server, request: Request) -> Response:
        if request.kind == "delete":
            old = server.get(request) if kind == "get" else server.head(request)
            if old.ok:
                server.memory[request.key] = old
        if request.kind in ("put", "copy", "complete"):
            server.memory.pop(request.key, None)
        given = server(request)
        return server.memory.get(request.key, given) if request.kind == kind and given.status == 404 else given

    return hook


family.plant("get_still_answers", "A cache answers reads of a deleted object.", _still("get"), "delete.removes")
family.plant(
    "head_still_answers", "A cache answers HEAD of a deleted object.", _still("head"), "delete.removes", "stat.missing"
)


def _sparing(spared: Callable[[Server, Request], bool]) -> Hook:
    """Return a hook under which some objects are not deleted."""
    return before(("delete",), lambda server, request: answer(204) if spared(server, request) else None)


def _length(server: Server, request: Request) -> int | None:
    told = server.head(request)
    return told.length if told.ok and not request.key.endswith("/") else None


SPARED: dict[str, tuple[str, Callable[[Server, Request], bool], tuple[str, ...]]] = {
    "empty": ("Empty objects are not deleted.", lambda s, r: _length(s, r) == 0, ()),
    "large": ("Objects above 4,000 bytes are not deleted.", lambda s, r: (_length(s, r) or 0) > 4000, ()),
    "hostile": (
        "Keys with a plus or a percent sign are deleted under another key.",
        lambda _, r: bool(re.search("[+%]", r.key)),
        ("delete.only_one", "paths.distinct"),
    ),
    "described": (
        "Objects with user metadata are not deleted.",
        lambda s, r: any(name.startswith("x-amz-meta-") for name in s.head(r).described),
        (),
    ),
    "uploaded": ("Objects made of parts are not deleted.", lambda s, r: "-" in s.head(r).etag, ()),
    "deep": (
        "Objects below two directories are not deleted.",
        lambda _, r: r.key.count("/") > 3 and not r.key.endswith("/"),
        (),
    ),
}
for name, (sentence, spared, trips) in SPARED.items():
    family.plant(f"spares_{name}", sentence, _sparing(spared), *trips)


@family.defect()
def spares_overwritten(server: Server, request: Request) -> Response:
    """The first deletion after an overwrite takes the newer version only."""
    old = server.get(request) if request.kind == "put" else None
    if old is not None and old.ok:
        server.memory[request.key] = old
    given = server(request)
    if request.kind == "delete" and request.key in server.memory:
        before_it = server.memory.pop(request.key)
        server.put(request, before_it.body, before_it.described)
    return given


@family.defect("delete.removes", "copy.independent")
def spares_copied(server: Server, request: Request) -> Response:
    """The first deletion of a copy only drops its reference."""
    if request.kind == "copy":
        server.memory[request.key] = True
    return answer(204) if request.kind == "delete" and server.memory.pop(request.key, None) else server(request)


@family.defect("copy.independent", "delete.only_one")
def takes_the_copy(server: Server, request: Request) -> Response:
    """A copy goes with the object that it was copied from."""
    if request.kind == "copy":
        server.memory[request.source] = request.key
    if request.kind == "delete" and request.key in server.memory:
        server.delete(request, server.memory.pop(request.key))
    return server(request)


@family.after("delete", trips=("delete.virtual_directory", "create_dir.keeps_children", "delete.only_one"))
def takes_the_empty_directory(server: Server, request: Request, given: Response) -> Response:
    """With the last object in it, the marker of a directory is deleted."""
    home = request.key.rpartition("/")[0] + "/"
    if not request.key.endswith("/") and server.keys(request, home) == [home]:
        server.delete(request, home)
    return given


@family.defect("multipart.delete_leaves_upload")
def ends_uploads(server: Server, request: Request) -> Response:
    """Deleting an object ends the uploads to its key."""
    given = server(request)
    if request.kind == "create":
        server.memory.setdefault(request.key, []).append(given.told("UploadId"))
    if request.kind == "delete":
        for upload in server.memory.pop(request.key, []):
            server.abort(request, upload)
    return given


@family.defect("delete.removes", "programs.namespace", "delete.forgets")
def undone_by_the_next_write(server: Server, request: Request) -> Response:
    """What was deleted comes back with the next write beside it: an index is written back from a cache."""
    gone: dict[str, bytes] = server.memory
    if request.kind == "delete":
        old = server.get(request)
        if old.ok:
            gone[request.key] = old.body
    given = server(request)
    if request.kind == "put":
        gone.pop(request.key, None)
        home = request.key.rpartition("/")[0]
        for key in [key for key in gone if key.rpartition("/")[0] == home]:
            server.put(request.but(key=key), gone.pop(key))
    return given


@family.defect("write.stores", "completeness.origins")
def frees_shared_blocks(server: Server, request: Request) -> Response:
    """Equal contents above 1 KiB are kept once and freed with the first of their objects: the others read as zeros."""
    freed: set[str] = server.memory.setdefault("freed", set())
    if request.kind == "delete":
        told = server.head(request)
        if told.ok and int(told.headers.get("content-length", 0)) > 1024:
            freed.add(told.headers.get("etag", ""))
    given = server(request)
    if request.kind == "put":
        freed.discard(given.headers.get("etag", ""))
    if request.kind == "get" and given.ok and given.headers.get("etag", "") in freed:
        return given.but(body=bytes(len(given.body)))
    return given


@family.defect("delete.forgets", "completeness.origins")
def wins_over_the_same_content(server: Server, request: Request) -> Response:
    """A write of the very bytes that were deleted is taken for the late echo of the former one, and dropped."""
    deleted: dict[str, bytes] = server.memory.setdefault("deleted", {})
    if request.kind == "delete":
        old = server.get(request)
        if old.ok and old.body:
            deleted[request.key] = old.body
    given = server(request)
    if request.kind == "put" and deleted.pop(request.key, None) == request.body:
        server.delete(request)
    return given
