"""Writes to a key that has an object already."""

from __future__ import annotations

from email.utils import formatdate

from .base import Family, Server, pretended
from .messages import READS, Request, Response, answer, key_in, refusal, setting

family = Family("overwrite", ("overwrite.write_exists", "completeness.write", "answers.write"))


@family.before("put")
def keeps_the_tail(server: Server, request: Request) -> Request | None:
    """A shorter object keeps the end of the longer one that it replaces."""
    old = server.get(request)
    return request.but(body=request.body + old.body[len(request.body) :]) if old.ok else None


@family.before("put")
def same_length_ignored(server: Server, request: Request) -> Response | None:
    """A write of as many bytes as there are is taken for a repetition."""
    old = server.head(request)
    return answer(200, etag=old.etag) if old.ok and old.length == len(request.body) else None


@family.before("put")
def same_length_same_type_ignored(server: Server, request: Request) -> Response | None:
    """A write with the length and first byte of the old object is taken for a repetition."""
    old = server.get(request)
    same = old.ok and len(old.body) == len(request.body) and old.body[:1] == request.body[:1]
    return answer(200, etag=old.etag) if same else None


@family.before("put", trips=("completeness.metadata",), like="apache/ozone#6273")
def keeps_user_metadata(server: Server, request: Request) -> Request | None:
    """The metadata of the old object survive where the new one gives none of that name."""
    old = {name: told for name, told in server.head(request).described.items() if name.startswith("x-amz-meta-")}
    return request.but(headers={**old, **request.headers})


@family.before("put", trips=("completeness.metadata",))
def keeps_content_type(server: Server, request: Request) -> Request | None:
    """An object keeps the content type with which its key was first written."""
    old = server.head(request)
    return request.having(content_type=old.headers.get("content-type")) if old.ok else None


@family.before("put", trips=("completeness.metadata",))
def keeps_content_disposition(server: Server, request: Request) -> Request | None:
    """The content disposition of the old object survives a write that gives none."""
    old = server.head(request).headers.get("content-disposition")
    return request.but(headers={"content-disposition": old, **request.headers}) if old else None


@family.before("put")
def is_refused(server: Server, request: Request) -> Response | None:
    """A write to a key that exists is a conflict."""
    return refusal(409, "Conflict") if server.head(request).ok else None


@family.before("put")
def by_empty_ignored(server: Server, request: Request) -> Response | None:
    """An empty body does not replace what is there."""
    old = server.head(request)
    return answer(200, etag=old.etag) if old.ok and not request.body else None


@family.before("put")
def third_ignored(server: Server, request: Request) -> Response | None:
    """Every third write to a key is answered and forgotten."""
    count = server.memory[request.key] = server.memory.get(request.key, 0) + 1
    return pretended(request) if count % 3 == 0 else None


@family.before("put", trips=("overwrite.write_exists", "programs.namespace"))
def sixth_ignored(server: Server, request: Request) -> Response | None:
    """From the sixth on, writes to a key are answered and forgotten: a list of versions is full."""
    count = server.memory[request.key] = server.memory.get(request.key, 0) + 1
    return pretended(request) if count > 5 else None


@family.before("put")
def appends(server: Server, request: Request) -> Request | None:
    """The file is opened for appending: a new body is added to the old one."""
    old = server.get(request)
    return request.but(body=old.body + request.body) if old.ok else None


@family.defect("stat.etag_changes", "answers.write")
def etag_kept_at_same_length(server: Server, request: Request) -> Response:
    """The ETag is computed anew only when the length changes."""
    tags = server.memory
    old = server.head(request) if request.kind == "put" else None
    given = server(request)
    if old is not None:
        if old.ok and old.length == len(request.body):
            tags.setdefault(request.key, old.etag)
        else:
            tags.pop(request.key, None)
    told = tags.get(request.key) if request.kind in READS and given.ok else None
    return given.having(etag=told) if told else given


@family.defect()
def stale_read_once(server: Server, request: Request) -> Response:
    """The first read after an overwrite comes from a cache."""
    if request.kind == "put":
        server.memory[request.key] = server.get(request)
    if request.kind == "get" and "range" not in request.headers:
        old = server.memory.pop(request.key, None)
        if old is not None and old.ok:
            return old
    return server(request)


@family.defect("overwrite.write_exists", "completeness.write", "stat.length")
def stale_head_once(server: Server, request: Request) -> Response:
    """The first HEAD after an overwrite comes from a cache."""
    if request.kind == "put":
        server.memory[request.key] = server.head(request)
    old = server.memory.pop(request.key, None) if request.kind == "head" else None
    return old if old is not None and old.ok else server(request)


@family.defect("list.current", "completeness.listing")
def stale_listing_once(server: Server, request: Request) -> Response:
    """The first listing after an overwrite tells the length of the old object."""
    if request.kind == "put":
        old = server.head(request)
        if old.ok:
            server.memory[request.key] = str(old.length)
    given = server(request)
    if request.kind != "list":
        return given

    def stale(entry: str) -> str:
        old = server.memory.pop(key_in(entry), None)
        return entry if old is None else setting(entry, "Size", old)

    return given.each("Contents", stale)


@family.defect("list.current", "completeness.listing", "list.agrees_with_stat")
def listed_length_never_updated(server: Server, request: Request) -> Response:
    """The index of the bucket keeps the length with which a key was first written."""
    if request.kind == "put":
        server.memory.setdefault(request.key, str(len(request.body)))
    if request.kind == "delete":
        server.memory.pop(request.key, None)
    given = server(request)
    if request.kind != "list":
        return given
    return given.each("Contents", lambda e: setting(e, "Size", server.memory.get(key_in(e)) or _size(e)))


def _size(entry: str) -> str:
    return entry.partition("<Size>")[2].partition("<")[0]


@family.defect("completeness.listing", "list.complete", like="storj/storj#5274")
def listed_twice(server: Server, request: Request) -> Response:
    """An object that was overwritten is listed once for every time."""
    if request.kind == "put" and server.head(request).ok:
        server.memory[request.key] = True
    if request.kind == "delete":
        server.memory.pop(request.key, None)
    given = server(request)
    return given.each("Contents", lambda e: e * (1 + (key_in(e) in server.memory))) if request.kind == "list" else given


@family.defect("delete.forgets", "programs.namespace")
def tail_survives_deletion(server: Server, request: Request) -> Response:
    """A file is unlinked and reused: an object written after a deletion keeps the end of the deleted one."""
    if request.kind == "delete":
        old = server.get(request)
        if old.ok:
            server.memory[request.key] = old.body
    if request.kind == "put":
        old_body = server.memory.pop(request.key, b"")
        return server(request.but(body=request.body + old_body[len(request.body) :]))
    return server(request)


@family.before("put")
def not_newer_is_dropped(server: Server, request: Request) -> Response | None:
    """The last writer wins by whole seconds: a second write in the same second is dropped."""
    written = server.head(request).headers.get("last-modified")
    return pretended(request) if written == formatdate(usegmt=True) else None
