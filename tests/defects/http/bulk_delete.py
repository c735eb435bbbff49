"""DeleteObjects: many keys in one request, and what is told of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote

from .base import Family, Hook, Server, after, before
from .messages import Request, Response, answer, element, refusal, setting, value

family = Family("bulk_delete", ("batch.removes",), needs=("delete_many",))


def _asked(request: Request) -> list[str]:
    """Return the elements that name the keys."""
    return Response(status=200, body=request.body).blocks("Object")


def _named(objects: list[str]) -> list[str]:
    return [value(each, "Key") for each in objects]


def _choosing(chosen: Callable[[list[str]], list[str]]) -> Hook:
    """Return a hook under which some keys are deleted, and all are told to be."""

    def changed(server: Server, request: Request) -> Response:
        objects = _asked(request)
        kept = chosen(objects)
        if kept:
            server(_of(request, kept))
        return _told(_named(objects))

    return before(("delete_many",), changed)


def _of(request: Request, objects: list[str]) -> Request:
    """Return the request for other keys."""
    text = Response(status=200, body=request.body).arranged("Object", objects).body
    return request.but(body=text)


def _told(keys: list[str], errors: str = "") -> Response:
    deleted = "".join(element("Deleted", element("Key", key)) for key in keys)
    return answer(200, f"<DeleteResult>{deleted}{errors}</DeleteResult>")


LOST: dict[str, tuple[str, Callable[[list[str]], list[str]]]] = {
    "first_lost": ("The first key is not deleted.", lambda objects: objects[1:]),
    "last_lost": ("The last key is not deleted.", lambda objects: objects[:-1]),
    "only_first": ("The first key is deleted, and no other.", lambda objects: objects[:1]),
    "third_lost": ("Every third key is not deleted.", lambda objects: [o for n, o in enumerate(objects, 1) if n % 3]),
    "none_deleted": ("Nothing is deleted.", lambda _: []),
    "hostile_lost": (
        "Keys with characters that a document escapes are not deleted.",
        lambda objects: [o for o in objects if not re.search(r"[&<>\"']|&\w+;", value(o, "Key"))],
    ),
    "percent_decoded": (
        "Keys are percent-decoded.",
        lambda objects: [setting(o, "Key", unquote(value(o, "Key"))) for o in objects],
    ),
    "stripped": (
        "Blanks around keys are stripped.",
        lambda objects: [setting(o, "Key", value(o, "Key").strip()) for o in objects],
    ),
    "lower": (
        "Keys are deleted in lower case.",
        lambda objects: [setting(o, "Key", value(o, "Key").lower()) for o in objects],
    ),
    "only_ten": ("Keys after the tenth are not deleted.", lambda objects: objects[:10]),
}
for name, (sentence, chosen) in LOST.items():
    family.plant(name, sentence, _choosing(chosen))


def _taking(others: Callable[[Server, Request, str], list[str]]) -> Hook:
    """Return a hook under which other keys are deleted as well."""

    def changed(server: Server, request: Request) -> None:
        for key in _named(_asked(request)):
            for other in others(server, request, key):
                server.delete(request, other)

    return before(("delete_many",), changed)


MORE: dict[str, tuple[str, Callable[[Server, Request, str], list[str]]]] = {
    "takes_prefix": ("All keys that begin with one that is named are deleted.", lambda s, r, key: s.keys(r, key)),
    "takes_children": (
        "What is below a key that is named is deleted.",
        lambda s, r, key: s.keys(r, key.rstrip("/") + "/"),
    ),
    "takes_siblings": (
        "The whole directory of a key that is named is deleted.",
        lambda s, r, key: s.keys(r, key.rpartition("/")[0] + "/"),
    ),
}
for name, (sentence, others) in MORE.items():
    family.plant(name, sentence, _taking(others), "batch.removes")


def _first_missing(server: Server, request: Request) -> int | None:
    keys = _named(_asked(request))
    return next((n for n, key in enumerate(keys) if not server.head(request, key).ok), None)


MISSING = ("batch.missing",)


@family.before("delete_many", trips=MISSING)
def missing_refused(server: Server, request: Request) -> Response | None:
    """One missing key refuses the whole request."""
    return refusal(404, "NoSuchKey") if _first_missing(server, request) is not None else None


@family.before("delete_many", trips=MISSING)
def missing_is_an_error(server: Server, request: Request) -> Response | None:
    """A missing key is told as an error of its own."""
    if _first_missing(server, request) is None:
        return None
    keys = _named(_asked(request))
    there = [key for key in keys if server.head(request, key).ok]
    for key in there:
        server.delete(request, key)
    gone = [
        element("Error", element("Key", k), element("Code", "InternalError"), element("Message", ""))
        for k in keys
        if k not in there
    ]
    return _told(there, "".join(gone))


@family.before("delete_many", trips=(*MISSING, "batch.removes"))
def missing_ends_it(server: Server, request: Request) -> Response | None:
    """What follows a missing key is not deleted."""
    at = _first_missing(server, request)
    if at is None:
        return None
    objects = _asked(request)
    server(_of(request, objects[: at + 1]))
    return _told(_named(objects))


@family.before("delete_many", trips=("batch.removes",))
def told_and_failed(server: Server, request: Request) -> Response:
    """All deletions are refused one by one, in an answer with status 200."""
    errors = [
        element("Error", element("Key", key), element("Code", "AccessDenied"), element("Message", ""))
        for key in _named(_asked(request))
    ]
    return _told([], "".join(errors))


@family.before("delete_many")
def named_twice_fails(server: Server, request: Request) -> Response | None:
    """A key that is named twice makes the server fail."""
    keys = _named(_asked(request))
    return refusal(500, "InternalError") if len(set(keys)) < len(keys) else None


family.plant(
    "too_few_told",
    "One of the deleted keys is not told.",
    after(("delete_many",), lambda _, __, given: given.arranged("Deleted", given.blocks("Deleted")[1:])),
)
family.plant(
    "fails", "The request makes the server fail.", before(("delete_many",), lambda *_: refusal(500, "InternalError"))
)
family.plant(
    "not_implemented",
    "The request is not implemented.",
    before(("delete_many",), lambda *_: refusal(501, "NotImplemented")),
)
