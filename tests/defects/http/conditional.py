"""Conditions of requests (RFC 9110, section 13): ignored, turned round, judged late or of something else."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime

from .base import Family, Hook, Server, after, before
from .correct import OF_SOURCE
from .messages import READS, Kind, Request, Response, answer, completed, copied, refusal, stored

family = Family("conditional", ("conditional.write_none_match", "conditional.write_match"))
MATCH, NONE_MATCH = "if-match", "if-none-match"
SINCE, UNMODIFIED = "if-modified-since", "if-unmodified-since"
REQUIREMENTS: dict[tuple[Kind, str], str] = {
    ("put", MATCH): "conditional.write_match",
    ("put", NONE_MATCH): "conditional.write_none_match",
    ("copy", MATCH): "conditional.copy_match",
    ("copy", NONE_MATCH): "conditional.copy_none_match",
    ("copy", OF_SOURCE + MATCH): "conditional.copy_source_match",
    ("copy", OF_SOURCE + NONE_MATCH): "conditional.copy_source_none_match",
    ("complete", MATCH): "conditional.complete_multipart_match",
    ("complete", NONE_MATCH): "conditional.complete_multipart_none_match",
    ("delete", MATCH): "conditional.delete_match",
    ("get", MATCH): "conditional.read_match",
    ("get", NONE_MATCH): "conditional.read_none_match",
    ("get", SINCE): "conditional.read_since",
    ("get", UNMODIFIED): "conditional.read_since",
    ("head", MATCH): "conditional.stat_match",
    ("head", NONE_MATCH): "conditional.stat_none_match",
    ("head", SINCE): "conditional.stat_since",
    ("head", UNMODIFIED): "conditional.stat_since",
}
WORDS: dict[Kind, str] = {
    "put": "a write",
    "copy": "a copy",
    "complete": "a completion",
    "delete": "a deletion",
    "get": "a read",
    "head": "HEAD",
}
LIKE = {
    ("complete", NONE_MATCH): "apache/opendal#8041",
    ("copy", NONE_MATCH): "apache/opendal#7526",
    ("put", NONE_MATCH): "pithings/mountx#19",
}


def _named(header: str) -> str:
    """Return the name of a header as part of the name of a defect."""
    return header.removeprefix("x-amz-copy-").replace("-", "_")


def _with(kind: Kind, header: str, change: Callable[[Server, Request], Request | Response | None]) -> Hook:
    """Return a hook for requests of a kind that carry a condition."""
    return before((kind,), lambda server, request: change(server, request) if header in request.headers else None)


def _turned(header: str) -> str:
    """Return the header that says the opposite."""
    pairs = {MATCH: NONE_MATCH, NONE_MATCH: MATCH, SINCE: UNMODIFIED, UNMODIFIED: SINCE}
    bare = header.removeprefix(OF_SOURCE)
    return header.replace(bare, pairs[bare])


for (kind, header), requirement in REQUIREMENTS.items():
    family.plant(
        f"{kind}_{_named(header)}_ignored",
        f"The condition {header} of {WORDS[kind]} is ignored.",
        _with(kind, header, lambda _, q, h=header: q.having(**{h: None})),
        requirement,
        like=LIKE.get((kind, header), ""),
    )
for (kind, header), requirement in REQUIREMENTS.items():
    if kind in ("put", "copy", "complete", "delete"):
        family.plant(
            f"{kind}_{_named(header)}_turned",
            f"The condition {header} of {WORDS[kind]} is turned round.",
            _with(kind, header, lambda _, q, h=header: q.having(**{h: None, _turned(h): q.headers[h]})),
            requirement,
            like="apache/arrow-rs-object-store#712",
        )


# the refusal has an effect all the same


def _refused_but(kind: Kind, effect: Callable[[Server, Request], object]) -> Hook:
    """Return a hook under which something happens though a condition failed."""

    def refused(server: Server, request: Request, given: Response) -> Response:
        if given.status == 412:
            effect(server, request)
        return given

    return after((kind,), refused, fulfilled=False)


def _unconditionally(server: Server, request: Request) -> object:
    conditions = {name: None for name in request.headers if name.removeprefix(OF_SOURCE) in (MATCH, NONE_MATCH)}
    return server(request.having(**conditions))


def _metadata_only(server: Server, request: Request) -> object:
    return server.put(request, server.get(request).body, request.described)


EFFECTS: dict[str, tuple[Kind, str, Callable[[Server, Request], object], tuple[str, ...], str]] = {
    "put_refused_is_done": (
        "put",
        "A write is refused and done.",
        _unconditionally,
        ("conditional.write_none_match", "conditional.write_match"),
        "",
    ),
    "put_refused_changes_metadata": (
        "put",
        "A write that is refused changes the metadata of the object.",
        _metadata_only,
        ("conditional.write_none_match", "conditional.write_match"),
        "google/go-cloud#3726",
    ),
    "put_refused_empties": (
        "put",
        "A write that is refused has truncated the object already.",
        lambda s, q: s.put(q, b""),
        ("conditional.write_none_match", "conditional.write_match"),
        "",
    ),
    "copy_refused_is_done": (
        "copy",
        "A copy is refused and done.",
        _unconditionally,
        ("conditional.copy_none_match", "conditional.copy_match"),
        "",
    ),
    "complete_refused_is_done": (
        "complete",
        "A completion is refused and done.",
        _unconditionally,
        ("conditional.complete_multipart_none_match", "conditional.complete_multipart_match"),
        "",
    ),
    "complete_refused_ends_upload": (
        "complete",
        "A completion that is refused ends the upload.",
        lambda s, q: s.abort(q, q.upload),
        ("conditional.complete_multipart_none_match", "conditional.complete_multipart_match"),
        "getsentry/objectstore#456",
    ),
    "delete_refused_is_done": (
        "delete",
        "A deletion is refused and done.",
        _unconditionally,
        ("conditional.delete_match",),
        "",
    ),
}
for name, (kind, sentence, effect, trips, like) in EFFECTS.items():
    family.plant(name, sentence, _refused_but(kind, effect), *trips, like=like)


def _told_as_done(server: Server, request: Request, given: Response) -> Response:
    if given.status != 412:
        return given
    made: dict[str, Response] = {"copy": copied('"x"'), "complete": completed('"x"'), "delete": answer(204)}
    return made.get(request.kind, stored(request.body))


def _told_as(status: int, code: str) -> Callable[[Server, Request, Response], Response]:
    return lambda _, __, given: refusal(status, code) if given.status == 412 else given


ALL: tuple[Kind, ...] = ("put", "copy", "complete", "delete", *READS)
family.plant(
    "refused_told_as_done",
    "A write whose condition fails is not done and told as done.",
    after(("put", "copy", "complete", "delete"), _told_as_done, fulfilled=False),
)
for name, status, code, words in (
    ("conflict", 409, "ConditionalRequestConflict", "a conflict"),
    ("missing", 404, "NoSuchKey", "a missing object"),
    ("bad_request", 400, "InvalidArgument", "a bad request"),
    ("failure", 500, "InternalError", "a failure of the server"),
):
    family.plant(
        f"refused_told_as_{name}",
        f"A condition that fails is told as {words}.",
        after(ALL, _told_as(status, code), fulfilled=False),
    )


# what is compared


def _comparing(same: Callable[[str, str], bool], *kinds: Kind) -> Hook:
    """Return a hook under which an ETag matches by another rule than equality."""

    def changed(server: Server, request: Request) -> Request | None:
        told = request.headers.get(MATCH)
        now = server.head(request).etag if told else ""
        return request.having(if_match=now) if told and now and same(told.strip('"'), now.strip('"')) else None

    return before(kinds or ("put", "copy", "complete", "delete"), changed)


MATCHING: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "match_of_first_half": ("ETags are compared by their first half.", lambda told, now: told[:16] == now[:16]),
    "match_without_parts": (
        "ETags are compared up to the hyphen.",
        lambda told, now: told.partition("-")[0] == now.partition("-")[0],
    ),
    "match_any": ("Any ETag matches an object that exists.", lambda *_: True),
    "match_of_length": ("ETags are compared by their length.", lambda told, now: len(told) == len(now)),
}
for name, (sentence, same) in MATCHING.items():
    family.plant(name, sentence, _comparing(same), "conditional.write_match", "conditional.compare_and_swap")


@family.defect("conditional.write_match", "conditional.compare_and_swap")
def match_of_any_version(server: Server, request: Request) -> Response:
    """An ETag matches that the key ever had."""
    told = request.headers.get(MATCH) if request.kind in ("put", "copy", "complete", "delete") else None
    tags: set[str] = server.memory.setdefault(request.key, set())
    if told is not None:
        now = server.head(request).etag
        request = request.having(if_match=now) if now and told.strip('"') in tags else request
    given = server(request)
    if request.kind in ("put", "copy", "complete") and given.ok:
        tags.add(server.head(request).etag.strip('"'))
    return given


@family.before("put", "copy", "complete", trips=("conditional.write_match", "conditional.copy_match"))
def match_makes_missing(server: Server, request: Request) -> Request | None:
    """A write with if-match makes the object that is not there."""
    return request.having(if_match=None) if MATCH in request.headers and not server.head(request).ok else None


@family.before("put", "copy", "complete", trips=("conditional.write_none_match",))
def none_match_sees_deleted(server: Server, request: Request) -> Response | None:
    """A key that was deleted is taken for one that exists."""
    seen: set[str] = server.memory.setdefault("seen", set())
    if NONE_MATCH in request.headers and request.key in seen:
        return refusal(412, "PreconditionFailed")
    seen.add(request.key)
    return None


@family.before("put", "copy", "complete", trips=("conditional.write_none_match",))
def none_match_sees_prefix(server: Server, request: Request) -> Response | None:
    """A key exists when another one begins with it."""
    longer = NONE_MATCH in request.headers and any(key != request.key for key in server.keys(request, request.key))
    return refusal(412, "PreconditionFailed") if longer else None


@family.before("put", "copy", "complete", trips=("conditional.write_none_match",))
def none_match_misses_empty(server: Server, request: Request) -> Request | None:
    """An empty object is taken for none."""
    empty = NONE_MATCH in request.headers and server.head(request).headers.get("content-length") == "0"
    return request.having(if_none_match=None) if empty else None


def _misses(kind: Kind) -> Hook:
    """Return a hook under which a condition does not see objects that came to be in one way."""

    def hook(server: Server, request: Request) -> Response:
        unseen: set[str] = server.memory.setdefault("unseen", set())
        if request.kind in ("put", "copy", "complete") and request.key in unseen:
            request = request.having(if_none_match=None)
        given = server(request)
        if request.kind in ("put", "copy", "complete") and given.ok:
            (unseen.add if request.kind == kind else unseen.discard)(request.key)
        return given

    return hook


family.plant(
    "none_match_misses_copied",
    "A copied object is taken for none.",
    _misses("copy"),
    "conditional.write_none_match",
    "conditional.copy_none_match",
)
family.plant(
    "none_match_misses_uploaded",
    "An uploaded object is taken for none.",
    _misses("complete"),
    "conditional.write_none_match",
    "conditional.complete_multipart_none_match",
)


# times, and several conditions


def _later(header: str) -> Hook:
    def changed(_: Server, request: Request) -> Request | None:
        told = request.headers.get(header)
        return (
            request.having(**{header: formatdate(parsedate_to_datetime(told).timestamp() + 1, usegmt=True)})
            if told
            else None
        )

    return before(READS, changed)


family.plant(
    "unmodified_a_second_later",
    "If-Unmodified-Since holds a second longer.",
    _later(UNMODIFIED),
    "conditional.read_since",
    "conditional.stat_since",
)


@family.before(*READS, trips=("conditional.read_since", "conditional.stat_since"))
def modified_since_includes_now(server: Server, request: Request) -> Request | None:
    """An object is modified since the very second of its last write."""
    told = request.headers.get(SINCE)
    return (
        request.having(if_modified_since=None)
        if told and told == server.head(request).headers.get("last-modified")
        else None
    )


@family.before(*READS, trips=("conditional.precedence",))
def times_decide_too(server: Server, request: Request) -> Response | None:
    """If-Unmodified-Since is judged though If-Match holds."""
    if MATCH not in request.headers or UNMODIFIED not in request.headers:
        return None
    return server(request.having(if_match=None))


@family.before(*READS, trips=("conditional.precedence",))
def modified_since_decides_too(server: Server, request: Request) -> Response | None:
    """If-Modified-Since is judged instead of If-None-Match."""
    if NONE_MATCH not in request.headers or SINCE not in request.headers:
        return None
    return server(request.having(if_none_match=None))


@family.defect("conditional.compare_and_swap", "conditional.write_match", like="floci-io/floci#1328")
def judged_by_a_cache(server: Server, request: Request) -> Response:
    """Conditions of writes are judged by what HEAD last told."""
    if request.kind == "put" and MATCH in request.headers and request.key in server.memory:
        holds = server.memory[request.key].strip('"') == request.headers[MATCH].strip('"')
        return server(request.having(if_match=None)) if holds else refusal(412, "PreconditionFailed")
    given = server(request)
    if request.kind == "head" and given.ok:
        server.memory[request.key] = given.etag
    return given


@family.before("get", trips=("conditional.read_match", "conditional.read_none_match", "conditional.read_since"))
def ranges_are_unconditional(_: Server, request: Request) -> Request | None:
    """Conditions are looked at for whole reads only: a range is of whatever version there is."""
    conditions = dict.fromkeys((MATCH, NONE_MATCH, SINCE, UNMODIFIED))
    return request.having(**conditions) if "range" in request.headers else None


@family.before("get", "head", trips=("conditional.read_since", "conditional.stat_since"))
def unmodified_since_excludes_now(server: Server, request: Request) -> Response | None:
    """An object counts as modified after the very time that is told of it: the clock is finer than the header."""
    told = server.head(request).headers.get("last-modified", "")
    same_time = told and request.headers.get(UNMODIFIED) == told and MATCH not in request.headers
    return refusal(412, "PreconditionFailed") if same_time else None
