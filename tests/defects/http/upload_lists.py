"""The lists of open uploads and of the parts of one."""

from __future__ import annotations

from collections.abc import Callable

from .base import Family, Hook, Server, after, before
from .messages import Request, Response, answer, element, refusal, setting, value

family = Family("upload_lists", ("multipart.uploads_listed",))


# the list of parts


def _parts(change: Callable[[Request, Response], Response]) -> Hook:
    return after(("list_parts",), lambda _, request, given: change(request, given))


def _number(part: str) -> int:
    return int(value(part, "PartNumber"))


def _again(given: Response, order: Callable[[list[str]], list[str]]) -> Response:
    return given.arranged("Part", order(given.blocks("Part"))) if given.blocks("Part") else given


PARTS: dict[str, tuple[str, Callable[[Request, Response], Response], tuple[str, ...]]] = {
    "parts_size_zero": ("Listed parts are told to be empty.", lambda _, r: r.telling("Size", "0"), ()),
    "parts_etag_other": ("Listed parts have other ETags.", lambda _, r: r.telling("ETag", '"0"'), ()),
    "parts_etag_unquoted": (
        "The ETags of listed parts have no quotes.",
        lambda _, r: r.each("ETag", lambda e: element("ETag", value(e, "ETag").strip('"'))),
        (),
    ),
    "parts_one_page": (
        "There is never a second page of parts.",
        lambda _, r: r.telling("IsTruncated", "false"),
        ("multipart.list_every_page",),
    ),
    "parts_page_first_lost": (
        "The first part of every page but the first is missing.",
        lambda q, r: _again(r, lambda ps: ps[1:]) if q.query.get("part-number-marker", "0") != "0" else r,
        ("multipart.list_every_page",),
    ),
    "parts_page_behind_position": (
        "A page of parts begins behind the marker as a position in the list.",
        lambda q, r: _again(r, lambda ps: []) if int(q.query.get("part-number-marker", "0")) > 99 else r,
        ("multipart.list_every_page",),
    ),
    "parts_descending": (
        "Parts are listed from the last to the first.",
        lambda _, r: _again(r, lambda ps: ps[::-1]),
        ("multipart.list_ascending",),
    ),
    "parts_as_text": (
        "Parts are listed by their numbers as text.",
        lambda _, r: _again(r, lambda ps: sorted(ps, key=lambda p: str(_number(p)))),
        ("multipart.list_ascending",),
    ),
    "parts_first_lost": ("The first part is not listed.", lambda _, r: _again(r, lambda ps: ps[1:]), ()),
    "parts_one_is_none": (
        "One part alone is not listed.",
        lambda _, r: _again(r, lambda ps: ps if len(ps) > 1 else []),
        (),
    ),
    "parts_numbers_from_zero": (
        "Parts are listed with their index.",
        lambda _, r: r.each("Part", lambda p: setting(p, "PartNumber", str(_number(p) - 1))),
        (),
    ),
}
for name, (sentence, change, trips) in PARTS.items():
    family.plant(name, sentence, _parts(change), *trips, "multipart.list")
family.plant(
    "parts_marker_ignored",
    "Every page of parts is the first one.",
    before(("list_parts",), lambda _, request: request.asking(part_number_marker=None)),
    "multipart.list_every_page",
)
LIST_ENDED = ("multipart.stat_ended_upload", "multipart.abort_ends_upload", "multipart.complete_ends_upload")
family.plant(
    "parts_of_ended_none",
    "The list of parts of an upload that is not open is empty.",
    after(
        ("list_parts",),
        lambda _, __, given: (
            answer(200, element("ListPartsResult", element("IsTruncated", "false"))) if given.status == 404 else given
        ),
        fulfilled=False,
    ),
    *LIST_ENDED,
)
family.plant(
    "parts_of_ended_fails",
    "The list of parts of an upload that is not open makes the server fail.",
    after(
        ("list_parts",),
        lambda _, __, given: refusal(500, "InternalError") if given.status == 404 else given,
        fulfilled=False,
    ),
    *LIST_ENDED,
)


# the list of uploads


def _uploads(change: Callable[[Request, Response], Response]) -> Hook:
    return after(("list_uploads",), lambda _, request, given: change(request, given))


def _once(given: Response) -> Response:
    seen: set[str] = set()

    def first(upload: str) -> str:
        known = value(upload, "Key") in seen
        seen.add(value(upload, "Key"))
        return "" if known else upload

    return given.each("Upload", first)


EVERY = ("multipart.uploads_listed_every_page",)
UPLOADS: dict[str, tuple[str, Callable[[Request, Response], Response], tuple[str, ...]]] = {
    "none_listed": ("Open uploads are not listed.", lambda _, r: r.each("Upload", lambda _: ""), ()),
    "one_page": ("There is never a second page of uploads.", lambda _, r: r.telling("IsTruncated", "false"), EVERY),
    "one_of_a_key": ("Of several uploads to a key one is listed.", lambda _, r: _once(r), EVERY),
    "last_lost": (
        "The last open upload of a page is not listed.",
        lambda _, r: r.arranged("Upload", r.blocks("Upload")[:-1]) if r.blocks("Upload") else r,
        (),
    ),
    "id_of_the_first": (
        "All uploads are listed with the id of the first.",
        lambda _, r: r.each("Upload", lambda u: setting(u, "UploadId", value(r.blocks("Upload")[0], "UploadId"))),
        (),
    ),
}
for name, (sentence, change, trips) in UPLOADS.items():
    family.plant(name, sentence, _uploads(change), *trips, "multipart.uploads_listed")


def _asking(*names: str) -> Hook:
    return before(
        ("list_uploads",), lambda _, q: q.but(query={name: told for name, told in q.query.items() if name not in names})
    )


family.plant("prefix_ignored", "Uploads are listed whatever the prefix.", _asking("prefix"))
family.plant(
    "marker_ignored", "Every page of uploads is the first one.", _asking("key-marker", "upload-id-marker"), *EVERY
)
family.plant(
    "id_marker_ignored",
    "The next page begins behind the key, not behind the upload.",
    _asking("upload-id-marker"),
    *EVERY,
)


@family.defect()
def listed_with_first_part(server: Server, request: Request) -> Response:
    """An upload is listed when its first part has come."""
    begun: set[str] = server.memory.setdefault("begun", set())
    if request.kind == "part":
        begun.add(request.upload)
    given = server(request)
    return (
        given.each("Upload", lambda u: u if value(u, "UploadId") in begun else "")
        if request.kind == "list_uploads"
        else given
    )
