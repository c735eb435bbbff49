"""Headers of answers: what HEAD and GET tell of an object, and what a write tells of the object it made.

What a GET tells (``get_...``) shows in the answers to reads, and in signed reads, which the proxy alone carries.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from email.utils import formatdate

from .base import Family, Hook, Server, after
from .messages import READS, Kind, Request, Response, element, value

family = Family("headers", ("stat.describes",))
EPOCH = "Thu, 01 Jan 1970 00:00:00 GMT"
LATER = "Fri, 01 Jan 2038 00:00:00 GMT"
OTHER = f'"{"0" * 32}"'

Change = Callable[[Request, Response], Response]


def _telling(change: Change, *kinds: Kind) -> Hook:
    return after(kinds, lambda _, request, given: change(request, given))


def _no_metadata(_: Request, given: Response) -> Response:
    return given.but(headers={name: told for name, told in given.headers.items() if not name.startswith("x-amz-meta-")})


def _md5(text: str) -> str:
    return f'"{hashlib.md5(text.encode()).hexdigest()}"'


LENGTH = ("stat.length",)
ETAG = ("stat.etag_changes", "stat.etag_stable", "list.agrees_with_stat", "features.etag", "answers.write")
TIME = ("stat.last_modified", "stat.last_modified_follows", "list.agrees_with_stat")
TYPE = ("write.content_type", "stat.describes")
TOLD: dict[str, tuple[str, Change, tuple[str, ...]]] = {
    "length_zero": ("{} tells that every object is empty.", lambda _, r: r.having(content_length="0"), LENGTH),
    "length_one_more": ("{} counts a final newline.", lambda _, r: r.having(content_length=str(r.length + 1)), LENGTH),
    "length_missing": ("{} tells no length.", lambda _, r: r.having(content_length=None), LENGTH),
    "type_default": (
        "{} tells the default content type.",
        lambda _, r: r.having(content_type="binary/octet-stream"),
        TYPE,
    ),
    "type_other": ("{} guesses the content type.", lambda _, r: r.having(content_type="text/html"), TYPE),
    "type_without_parameters": (
        "{} tells the content type without its parameters.",
        lambda _, r: r.having(content_type=r.headers.get("content-type", "").partition(";")[0]),
        TYPE,
    ),
    "metadata_lost": ("{} tells no user metadata.", _no_metadata, ("write.user_metadata",)),
    "disposition_lost": (
        "{} tells no content disposition.",
        lambda _, r: r.having(content_disposition=None),
        ("write.content_disposition",),
    ),
    "etag_constant": ("{} tells one ETag for all objects.", lambda _, r: r.having(etag=OTHER), ETAG),
    "etag_of_key": ("{} tells an ETag of the key, not of the content.", lambda q, r: r.having(etag=_md5(q.key)), ETAG),
    "etag_of_length": ("{} tells an ETag of the length.", lambda _, r: r.having(etag=_md5(str(r.length))), ETAG),
    "etag_unquoted": ("{} tells an ETag without its quotes.", lambda _, r: r.having(etag=r.etag.strip('"')), ETAG),
    "etag_weak": ("{} tells a weak ETag.", lambda _, r: r.having(etag="W/" + r.etag), ETAG),
    "etag_missing": ("{} tells no ETag.", lambda _, r: r.having(etag=None), ETAG),
    "etag_of_request": (
        "{} tells an ETag that is new with every request.",
        lambda _, r: r.having(etag=f'"{os.urandom(16).hex()}"'),
        ETAG,
    ),
    "time_epoch": ("{} tells that an object was written in 1970.", lambda _, r: r.having(last_modified=EPOCH), TIME),
    "time_later": ("{} tells that an object will be written.", lambda _, r: r.having(last_modified=LATER), TIME),
    "time_missing": ("{} does not tell when an object was written.", lambda _, r: r.having(last_modified=None), TIME),
    "time_an_hour_off": (
        "{} tells times of the summer.",
        lambda _, r: r.having(last_modified=formatdate(time.time() + 3600, usegmt=True)),
        TIME,
    ),
}
SIGNED_ONLY = {"get_metadata_lost", "get_disposition_lost", "get_etag_missing", "get_time_missing"}
"""What shows where somebody else sends the request: the answer to a read of ours may tell less."""
for verb, kind in (("HEAD", "head"), ("GET", "get")):
    for name, (sentence, change, trips) in TOLD.items():
        if (verb, name.partition("_")[0]) == ("GET", "length"):
            continue  # the length of a body that is sent is the carrier's
        seen = ("answers.read", "reach.agrees_with_stat") if kind == "get" else trips
        needs = ("reach",) if f"{kind}_{name}" in SIGNED_ONLY else ()
        family.plant(f"{kind}_{name}", sentence.format(verb), _telling(change, kind), *seen, needs=needs)


@family.after("head", trips=("stat.last_modified_follows",))
def head_time_never_updated(server: Server, request: Request, given: Response) -> Response:
    """HEAD tells when a key was first written, whatever was written since."""
    return given.having(last_modified=server.memory.setdefault(request.key, given.headers["last-modified"]))


@family.after("head", trips=("stat.repeatable", "stat.last_modified"))
def head_time_of_request(server: Server, request: Request, given: Response) -> Response:
    """HEAD tells another time with every request."""
    server.memory["asked"] = server.memory.get("asked", 0) + 1
    return given.having(last_modified=formatdate(time.time() + server.memory["asked"], usegmt=True))


@family.after("head", trips=("stat.etag_changes", "answers.write"))
def head_etag_of_first_kib(server: Server, request: Request, given: Response) -> Response:
    """The ETag is computed over the first 1,024 bytes only."""
    return given.having(etag=f'"{hashlib.md5(server.get(request).body[:1024]).hexdigest()}"')


@family.after("head", trips=("stat.repeatable", "stat.describes", "stat.length"))
def head_every_third_of_last_object(server: Server, request: Request, given: Response) -> Response:
    """Every third HEAD tells what the one before told: a buffer is shared."""
    last = server.memory.get("last", given)
    server.memory.update(last=given, asked=server.memory.get("asked", 0) + 1)
    return last if server.memory["asked"] % 3 == 0 else given


# ETags that writes answer with


WRITES: dict[Kind, tuple[str, str]] = {
    "put": ("a write", "answers.write"),
    "copy": ("a copy", "answers.copy"),
    "complete": ("a completed upload", "answers.complete_multipart"),
}


def _answering(change: Callable[[str], str | None]) -> Callable[[Server, Request, Response], Response]:
    def changed(_: Server, request: Request, given: Response) -> Response:
        if request.kind == "put":
            return given.having(etag=change(given.etag))
        told = change(value(given.text, "ETag"))
        return given.each("ETag", lambda _: "" if told is None else element("ETag", told))

    return changed


for written, (words, told_by) in WRITES.items():
    family.plant(
        f"{written}_etag_other",
        f"The answer to {words} tells another ETag than HEAD does.",
        after((written,), _answering(lambda _: OTHER)),
        told_by,
    )
    family.plant(
        f"{written}_etag_missing",
        f"The answer to {words} tells no ETag.",
        after((written,), _answering(lambda _: None)),
        told_by,
    )
    family.plant(
        f"{written}_etag_unquoted",
        f"The answer to {words} tells the ETag without its quotes.",
        after((written,), _answering(lambda tag: tag.strip('"'))),
        told_by,
    )


@family.defect(*ETAG)
def etag_constant_everywhere(server: Server, request: Request) -> Response:
    """All objects have one ETag, wherever it is told."""
    given = server(request)
    if request.kind == "list":
        return given.telling("ETag", OTHER)
    return given.having(etag=OTHER) if request.kind in (*READS, "put") and given.ok else given


@family.defect(*ETAG)
def etag_unquoted_everywhere(server: Server, request: Request) -> Response:
    """ETags are told without quotes, wherever they are told."""
    given = server(request)
    if request.kind == "list":
        return given.each("ETag", lambda tag: element("ETag", value(tag, "ETag").strip('"')))
    return given.having(etag=given.etag.strip('"')) if "etag" in given.headers else given
