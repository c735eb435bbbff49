"""CopyObject: what the copy is, what becomes of the source, what is told."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, unquote

from .base import Family, Hook, Server, before
from .messages import READS, Request, Response, answer, copied, element, is_metadata, refusal

family = Family("copying", ("copy.content",))
METADATA = ("copy.metadata", "completeness.copy")
MISSING = ("copy.missing_source",)
SPOILT = ("copy.content", "completeness.copy", "completeness.origins")
DIRECTIVE = "x-amz-metadata-directive"


def _by_hand(server: Server, request: Request, body: Callable[[bytes], bytes], kept: Callable[[str], bool]) -> Response:
    """Write what was copied once more, altered; a copy that is refused is."""
    given = server(request)
    if not given.ok:
        return given
    copy = server.get(request)
    described = {name: told for name, told in copy.described.items() if kept(name)}
    return copied(server.put(request, body(copy.body), described).etag)


def _losing(lost: Callable[[str], bool]) -> Hook:
    return before(("copy",), lambda s, q: _by_hand(s, q, lambda body: body, lambda name: not lost(name)))


def _spoiling(change: Callable[[bytes], bytes]) -> Hook:
    return before(("copy",), lambda s, q: _by_hand(s, q, change, lambda _: True))


LOST: dict[str, tuple[str, Callable[[str], bool]]] = {
    "metadata_lost": ("A copy has no user metadata.", lambda name: name.startswith("x-amz-meta-")),
    "type_lost": ("A copy has the default content type.", lambda name: name == "content-type"),
    "disposition_lost": ("A copy has no content disposition.", lambda name: name == "content-disposition"),
    "all_described_lost": ("A copy has nothing of what describes its source.", is_metadata),
}
for name, (sentence, lost) in LOST.items():
    family.plant(name, sentence, _losing(lost), *METADATA)
for size in (1000, 4096, 65536, 1024 * 1024):
    family.plant(f"cut_at_{size}", f"A copy ends after {size} bytes.", _spoiling(lambda b, n=size: b[:n]), *SPOILT)
family.plant("last_byte_lost", "A copy of more than one byte has one less.", _spoiling(lambda b: b[:-1] or b))
family.plant("blanks_stripped", "A copy goes through a text and loses the blanks around.", _spoiling(bytes.strip))


# the destination


def _onto_existing(give: Callable[[Server, Request, Response], Response | None]) -> Hook:
    def changed(server: Server, request: Request) -> Response | None:
        old = server.get(request)
        return give(server, request, old) if old.ok and request.source != request.key else None

    return before(("copy",), changed)


def _longer(server: Server, request: Request, old: Response) -> Response | None:
    return _by_hand(server, request, lambda body: body + old.body[len(body) :], lambda _: True)


def _described_as(server: Server, request: Request, old: Response) -> Response | None:
    source = server.get(request, request.source)
    return copied(server.put(request, source.body, old.described).etag) if source.ok else None


EXISTING: dict[str, tuple[str, Callable[[Server, Request, Response], Response | None]]] = {
    "existing_refused": ("A copy to a key that exists is a conflict.", lambda *_: refusal(409, "Conflict")),
    "existing_kept": ("A copy to a key that exists is answered and not done.", lambda _, __, old: copied(old.etag)),
    "existing_tail_kept": ("A copy keeps the end of the longer object that it replaces.", _longer),
    "existing_metadata_kept": ("A copy onto an object keeps what described that one.", _described_as),
}
for name, (sentence, give) in EXISTING.items():
    trips = (
        ("completeness.copy", "copy.metadata")
        if name == "existing_metadata_kept"
        else ("overwrite.copy_exists", "completeness.copy")
    )
    family.plant(name, sentence, _onto_existing(give), *trips)


# the source


@family.after("copy", trips=("copy.content", "copy.independent", "completeness.origins"))
def source_removed(server: Server, request: Request, given: Response) -> Response:
    """A copy moves its source."""
    if request.source != request.key:
        server.delete(request, request.source)
    return given


@family.after("copy", trips=("copy.content", "copy.independent", "completeness.origins"))
def source_emptied(server: Server, request: Request, given: Response) -> Response:
    """A copy takes the bytes out of its source."""
    if request.source != request.key:
        server.put(request.but(key=request.source), b"")
    return given


def _missing(give: Callable[[Server, Request], Response | None]) -> Hook:
    return before(("copy",), lambda s, q: None if s.head(q, q.source).ok else give(s, q))


def _creates(server: Server, request: Request) -> Response:
    return copied(server.put(request, b"").etag)


def _clears(server: Server, request: Request) -> None:
    server.delete(request)


ABSENT: dict[str, tuple[str, Callable[[Server, Request], Response | None]]] = {
    "missing_makes_empty": ("A copy of what is not there makes an empty object.", _creates),
    "missing_silent": ("A copy of what is not there is answered as done.", lambda *_: copied('"x"')),
    "missing_clears_destination": ("A copy of what is not there deletes the destination first.", _clears),
    "missing_fails": ("A copy of what is not there makes the server fail.", lambda *_: refusal(500, "InternalError")),
    "missing_forbidden": ("A copy of what is not there is forbidden.", lambda *_: refusal(403, "AccessDenied")),
}
for name, (sentence, absent) in ABSENT.items():
    family.plant(name, sentence, _missing(absent), *MISSING, "errors.not_exist_only_then")


def _from_key(change: Callable[[str], str]) -> Hook:
    return before(("copy",), lambda _, q: q.copying(change(q.source)))


SOURCES: dict[str, tuple[str, Callable[[str], str]]] = {
    "source_not_decoded": ("The key of the source is not percent-decoded.", quote),
    "source_plus_is_blank": ("A plus in the key of the source is decoded as in a form.", lambda k: k.replace("+", " ")),
    "source_decoded_twice": ("The key of the source is percent-decoded twice.", unquote),
    "source_ends_at_query": ("The key of the source ends at a question mark.", lambda k: k.partition("?")[0]),
    "source_lower": ("The key of the source has no case.", str.lower),
}
for name, (sentence, source_change) in SOURCES.items():
    family.plant(name, sentence, _from_key(source_change), "copy.any_path", "copy.one_object")


@family.before("copy", trips=("copy.content", "completeness.origins"))
def of_empty_fails(server: Server, request: Request) -> Response | None:
    """A copy of an empty object makes the server fail."""
    source = server.head(request, request.source)
    return refusal(500, "InternalError") if source.ok and source.length == 0 else None


@family.before("copy", trips=("completeness.origins", "multipart.complete_ordinary"))
def of_uploaded_fails(server: Server, request: Request) -> Response | None:
    """A copy of an object made of parts makes the server fail."""
    return refusal(500, "InternalError") if "-" in server.head(request, request.source).etag else None


@family.before("copy", trips=("completeness.origins", "copy.content"))
def of_copy_is_first_source(server: Server, request: Request) -> Request | None:
    """A copy of a copy is made of what the first source is now."""
    first = server.memory.get(request.source, request.source)
    server.memory[request.key] = first
    return request.copying(first) if server.head(request, first).ok else None


# a copy onto itself


@family.before("copy", trips=("copy.self", "errors.client_fault"))
def self_fails(server: Server, request: Request) -> Response | None:
    """A copy onto itself makes the server fail."""
    return refusal(500, "InternalError") if request.source == request.key else None


@family.before("copy", trips=("copy.self",), like="ceph/ceph#5770")
def self_empties(server: Server, request: Request) -> Response | None:
    """A copy onto itself truncates the file that it then reads."""
    return _creates(server, request) if request.source == request.key else None


@family.before("copy", trips=("copy.self",))
def self_removes(server: Server, request: Request) -> Response | None:
    """A copy onto itself replaces the object by nothing."""
    if request.source != request.key:
        return None
    server.delete(request)
    return copied('"x"')


# copies that are references


def _aliased(*kinds: str) -> Hook:
    """Return a hook under which a copy refers to its source, for some kinds of requests."""

    def hook(server: Server, request: Request) -> Response:
        given = server(request)
        if request.kind == "copy" and given.ok and request.source != request.key:
            server.memory[request.key] = request.source
        elif request.kind in ("put", "copy", "delete", "complete"):
            server.memory.pop(request.key, None)
        if request.kind in kinds and request.key in server.memory:
            of_source = server(request.but(key=server.memory[request.key]))
            return of_source if of_source.ok else given
        return given

    return hook


family.plant("reads_its_source", "A copy is read from its source as it is now.", _aliased("get"), "copy.independent")
family.plant(
    "tells_of_its_source",
    "A copy is described as its source is now.",
    _aliased("head"),
    "copy.independent",
    like="google/go-cloud#3727",
)
family.plant("is_its_source", "A copy is a reference to its source.", _aliased(*READS), "copy.independent")


@family.defect("copy.independent", "copy.metadata")
def shares_metadata(server: Server, request: Request) -> Response:
    """The metadata of a copy change with those of its source."""
    given = server(request)
    if request.kind == "copy" and given.ok and request.source != request.key:
        server.memory[request.key] = request.source
    elif request.kind in ("put", "copy", "delete", "complete"):
        server.memory.pop(request.key, None)
    if request.kind == "head" and given.ok and request.key in server.memory:
        of_source = server.head(request, server.memory[request.key])
        return given.but(headers={**given.headers, **of_source.described}) if of_source.ok else given
    return given


# what is told


@family.defect("stat.last_modified", "stat.last_modified_follows", "answers.copy")
def time_of_long_ago(server: Server, request: Request) -> Response:
    """A copy tells a time long before it was made."""
    given = server(request)
    if request.kind == "copy":
        server.memory[request.key] = "Thu, 01 Jan 2015 00:00:00 GMT"
    if request.kind in ("put", "complete"):
        server.memory.pop(request.key, None)
    old = server.memory.get(request.key) if request.kind == "head" and given.ok else None
    return given.having(last_modified=old) if old else given


@family.defect("stat.etag_changes")
def etag_of_the_replaced(server: Server, request: Request) -> Response:
    """A copy onto an object keeps the ETag of the replaced one."""
    old = server.head(request) if request.kind == "copy" else None
    given = server(request)
    if old is not None and old.ok and given.ok:
        server.memory[request.key] = old.etag
    if request.kind in ("put", "delete", "complete"):
        server.memory.pop(request.key, None)
    told = server.memory.get(request.key) if request.kind in READS and given.ok else None
    return given.having(etag=told) if told else given


@family.before("copy", trips=("copy.content",))
def error_in_200(server: Server, request: Request) -> Response:
    """A copy that was begun fails: an error in an answer with status 200."""
    return answer(200, element("Error", element("Code", "InternalError"), element("Message", "")))


# the metadata directive


REPLACED = ("headers.copy_replaces",)


def _replacing(change: Callable[[Request], Request]) -> Hook:
    return before(("copy",), lambda _, q: change(q) if q.headers.get(DIRECTIVE) == "REPLACE" else None)


def _merging(server: Server, request: Request) -> Request | None:
    if request.headers.get(DIRECTIVE) != "REPLACE":
        return None
    return request.but(headers={**server.head(request, request.source).described, **request.headers})


family.plant(
    "replace_ignored",
    "New metadata are ignored: a copy has those of its source.",
    _replacing(lambda q: q.having(**{DIRECTIVE: "COPY"})),
    *REPLACED,
)
family.plant("replace_merged", "New metadata are added to those of the source.", before(("copy",), _merging), *REPLACED)
family.plant(
    "replace_loses_type",
    "With new metadata the content type is lost.",
    _replacing(lambda q: q.having(content_type=None)),
    *REPLACED,
)
family.plant(
    "replace_loses_disposition",
    "With new metadata the content disposition is lost.",
    _replacing(lambda q: q.having(content_disposition=None)),
    *REPLACED,
)
family.plant(
    "replace_loses_names",
    "With new metadata the user's names are lost.",
    _replacing(lambda q: q.but(headers={n: t for n, t in q.headers.items() if not n.startswith("x-amz-meta-")})),
    *REPLACED,
)


@family.after("copy", trips=REPLACED)
def replace_changes_the_source(server: Server, request: Request, given: Response) -> Response:
    """New metadata of a copy become those of its source as well."""
    if request.headers.get(DIRECTIVE) == "REPLACE" and request.source != request.key:
        server.put(request.but(key=request.source), server.get(request, request.source).body, request.described)
    return given
