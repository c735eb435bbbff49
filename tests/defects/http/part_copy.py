"""UploadPartCopy: which bytes of the source become the part, and what else happens."""

from __future__ import annotations

import re
from collections.abc import Callable

from .base import Family, Hook, Server, after, before
from .correct import SOURCE_RANGE as RANGE
from .messages import SOURCE, Request, Response, answer, element, refusal, value

family = Family("part_copy", ("part_copy.content",), needs=("copy_multipart",))


def _range(change: Callable[[int, int], tuple[int, int] | None]) -> Hook:
    """Return a hook that copies another range."""

    def changed(_: Server, request: Request) -> Request | None:
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get(RANGE, ""))
        other = change(int(asked[1]), int(asked[2])) if asked else None
        return request.having(**{RANGE: f"bytes={other[0]}-{other[1]}"}) if other else None

    return before(("part_copy",), changed)


RANGES: dict[str, tuple[str, Callable[[int, int], tuple[int, int] | None]]] = {
    "range_end_exclusive": ("The last byte of a range is not copied.", lambda a, b: (a, b - 1) if b > a else None),
    "range_one_more": ("One byte more than the range is copied.", lambda a, b: (a, b + 1)),
    "range_starts_later": ("A range begins a byte later.", lambda a, b: (a + 1, b) if b > a else None),
    "range_starts_at_zero": ("A range begins at 0 and has the right size.", lambda a, b: (0, b - a) if a else None),
    "range_until_byte": ("A range begins at 0 and has the right end.", lambda a, b: (0, b) if a else None),
}
for name, (sentence, change) in RANGES.items():
    family.plant(name, sentence, _range(change))
family.plant(
    "range_ignored",
    "The whole source becomes the part, whatever the range.",
    before(("part_copy",), lambda _, q: q.having(**{RANGE: None})),
)


def _as_part(server: Server, request: Request, body: bytes) -> Response:
    """Upload ``body`` as the part that was to be copied."""
    headers = {"content-length": str(len(body))}
    given = server(request.but(headers=headers, body=body))
    if not given.ok:
        return given
    return answer(
        200, element("CopyPartResult", element("ETag", given.etag), element("LastModified", "2026-01-01T00:00:00.000Z"))
    )


def _wanted(server: Server, request: Request) -> bytes | None:
    source = server.get(request, request.source)
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get(RANGE, "bytes=0-999999999999"))
    return source.body[int(asked[1]) : int(asked[2]) + 1] if source.ok and asked else None


def _spoiling(change: Callable[[bytes], bytes]) -> Hook:
    def changed(server: Server, request: Request) -> Response | None:
        body = _wanted(server, request)
        return None if body is None else _as_part(server, request, change(body))

    return before(("part_copy",), changed)


family.plant("cut_at_1000", "A copied part ends after 1,000 bytes.", _spoiling(lambda b: b[:1000]))
family.plant("zeros_instead", "A copied part has zeros for its bytes.", _spoiling(lambda b: bytes(len(b))))
family.plant("empty_part", "A copied part is empty.", _spoiling(lambda _: b""))


@family.before("part_copy")
def next_number(server: Server, request: Request) -> Request:
    """A copied part gets the next number."""
    return request.asking(partNumber=str(request.number + 1))


@family.before("part_copy")
def of_the_destination(server: Server, request: Request) -> Request | None:
    """A part is copied from the object at the key of the upload, when there is one."""
    return request.copying(request.key) if server.head(request).ok else None


@family.after("part_copy", trips=("part_copy.content", "part_copy.listed"))
def source_removed(server: Server, request: Request, given: Response) -> Response:
    """A part that is copied takes its source away."""
    server.delete(request, request.source)
    return given


@family.before("part_copy", trips=("part_copy.missing_source",))
def missing_is_empty(server: Server, request: Request) -> Response | None:
    """A part copied from what is not there is empty."""
    return None if server.head(request, request.source).ok else _as_part(server, request, b"")


@family.before("part_copy", trips=("part_copy.missing_source",))
def missing_fails(server: Server, request: Request) -> Response | None:
    """A part copied from what is not there makes the server fail."""
    return None if server.head(request, request.source).ok else refusal(500, "InternalError")


@family.before("part_copy", trips=("part_copy.missing_source",))
def missing_ends_upload(server: Server, request: Request) -> None:
    """A part copied from what is not there ends the upload."""
    if not server.head(request, request.source).ok:
        server.abort(request, request.upload)


def _beyond(server: Server, request: Request) -> bool:
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get(RANGE, ""))
    source = server.head(request, request.source)
    return bool(asked and source.ok and int(asked[2]) >= source.length)


@family.before("part_copy", trips=("part_copy.beyond_source",))
def beyond_is_clamped(server: Server, request: Request) -> Response | None:
    """A range that ends behind the source is shortened."""
    return _as_part(server, request, _wanted(server, request) or b"") if _beyond(server, request) else None


@family.before("part_copy", trips=("part_copy.beyond_source",))
def beyond_is_all(server: Server, request: Request) -> Request | None:
    """A range that ends behind the source is taken for none."""
    return request.having(**{RANGE: None}) if _beyond(server, request) else None


@family.defect("part_copy.replaces")
def does_not_replace(server: Server, request: Request) -> Response:
    """A copied part does not replace the one that its number has."""
    if request.kind == "part_copy":
        there = dict(server.parts(request))
        if request.number in there:
            return answer(200, element("CopyPartResult", element("ETag", there[request.number])))
    return server(request)


@family.defect("part_copy.replaces")
def is_not_replaced(server: Server, request: Request) -> Response:
    """A copied part is not replaced by one that is uploaded."""
    copied: set[tuple[str, int]] = server.memory.setdefault("copied", set())
    if request.kind == "part_copy":
        copied.add((request.upload, request.number))
    if request.kind == "part" and (request.upload, request.number) in copied:
        return answer(200, etag=dict(server.parts(request)).get(request.number, '"x"'))
    return server(request)


@family.defect("part_copy.snapshot")
def copied_at_completion(server: Server, request: Request) -> Response:
    """Parts are copied when the upload is completed, from what their sources are then."""
    late: dict[str, list[Request]] = server.memory
    if request.kind == "part_copy":
        late.setdefault(request.upload, []).append(request)
    if request.kind == "complete":
        for copy in late.pop(request.upload, []):
            server(copy)
        there = dict(server.parts(request))
        text = Response(status=200, body=request.body).each(
            "Part",
            lambda p: element(
                "Part",
                element("PartNumber", value(p, "PartNumber")),
                element("ETag", there.get(int(value(p, "PartNumber")), "")),
            ),
        )
        request = request.but(body=text.body)
    return server(request)


@family.defect("part_copy.listed")
def not_listed(server: Server, request: Request) -> Response:
    """Copied parts are not listed."""
    copied: set[tuple[str, str]] = server.memory.setdefault("copied", set())
    if request.kind == "part_copy":
        copied.add((request.upload, str(request.number)))
    given = server(request)
    return (
        given.each("Part", lambda p: "" if (request.upload, value(p, "PartNumber")) in copied else p)
        if request.kind == "list_parts"
        else given
    )


@family.after("part_copy", trips=("part_copy.content", "part_copy.listed"))
def etag_told_of_source(server: Server, request: Request, given: Response) -> Response:
    """The ETag told of a copied part is that of its whole source."""
    return given.telling("ETag", server.head(request, request.source).etag)


family.plant(
    "fails", "Copying a part makes the server fail.", before(("part_copy",), lambda *_: refusal(500, "InternalError"))
)
family.plant(
    "body_is_the_part",
    "The header that names the source is overlooked: the part is the empty body.",
    before(("part_copy",), lambda s, q: _as_part(s, q.having(**{SOURCE: None, RANGE: None}), b"")),
)
family.plant(
    "answer_empty",
    "The answer to a copied part tells nothing of it.",
    after(("part_copy",), lambda _, __, given: given.but(body=element("CopyPartResult", "<!---->").encode())),
)
