"""Parts of uploads: what is stored of them, and which of them make the object, in which order."""

from __future__ import annotations

from collections.abc import Callable

from .base import Family, Hook, Server, before, pretended
from .messages import Request, Response, completed, etag, refusal
from .parts import Listed, completing, listing, parts_of

family = Family("multipart", ("multipart.complete",))
OBJECT = ("multipart.complete", "multipart.complete_readable", "completeness.complete_multipart")


# which parts make the object


CHOSEN: dict[str, tuple[str, Callable[[list[Listed]], list[Listed]]]] = {
    "last_lost": ("The last of several parts is not part of the object.", lambda ps: ps[:-1] or ps),
    "first_lost": ("The first of several parts is not part of the object.", lambda ps: ps[1:] or ps),
    "third_lost": ("The third part is not part of the object.", lambda ps: ps[:2] + ps[3:]),
    "tenth_lost": ("The tenth part is not part of the object.", lambda ps: ps[:9] + ps[10:]),
    "behind_a_gap_lost": (
        "An object ends where a part number is missing.",
        lambda ps: [p for n, p in enumerate(ps) if p.number == ps[0].number + n],
    ),
    "sorted_before": ("Parts may be listed in any order.", lambda ps: sorted(ps, key=lambda p: p.number)),
}
for name, (sentence, chosen) in CHOSEN.items():
    trips = {
        "tenth_lost": ("multipart.complete", "multipart.list_every_page"),
        "behind_a_gap_lost": ("multipart.complete_gaps",),
        "sorted_before": ("multipart.complete_unsorted",),
    }.get(name, OBJECT)
    family.plant(name, sentence, completing(lambda _, __, parts, chosen=chosen: chosen(parts)), *trips)


def _present(server: Server, request: Request, parts: list[Listed]) -> list[Listed] | None:
    there = {number for number, _ in server.parts(request)}
    return [part for part in parts if part.number in there] or None


def _with_right_etags(server: Server, request: Request, parts: list[Listed]) -> list[Listed]:
    there = dict(server.parts(request))
    return [Listed(part.number, there.get(part.number, part.etag)) for part in parts]


def _with_the_others(server: Server, request: Request, parts: list[Listed]) -> list[Listed] | None:
    there = [Listed(*part) for part in server.parts(request)]
    return there if parts and {part.number for part in parts} <= {part.number for part in there} else None


def _empty_done(server: Server, request: Request, parts: list[Listed]) -> Response | None:
    return None if parts else completed('"x"')


def _contiguous_only(server: Server, request: Request, parts: list[Listed]) -> Response | None:
    numbers = [part.number for part in parts]
    return (
        refusal(400, "InvalidPart")
        if numbers and numbers != list(range(numbers[0], numbers[0] + len(numbers)))
        else None
    )


def _from_1_only(server: Server, request: Request, parts: list[Listed]) -> Response | None:
    return refusal(400, "InvalidPart") if parts and parts[0].number != 1 else None


CHECKED: dict[str, tuple[str, Callable[[Server, Request, list[Listed]], list[Listed] | Response | None], str, str]] = {
    "missing_skipped": ("A part that was never uploaded is skipped.", _present, "multipart.complete_missing_part", ""),
    "etags_ignored": (
        "The ETags of the parts are not looked at.",
        _with_right_etags,
        "multipart.complete_wrong_etag",
        "versity/versitygw#153",
    ),
    "others_included": (
        "Parts that are not listed are part of the object.",
        _with_the_others,
        "multipart.complete_only_given",
        "",
    ),
    "empty_list_done": ("An upload is completed by no parts at all.", _empty_done, "multipart.complete_empty", ""),
    "gaps_refused": ("Part numbers must follow each other.", _contiguous_only, "multipart.complete_gaps", ""),
    "must_begin_with_1": ("The first part must have the number 1.", _from_1_only, "multipart.complete_gaps", ""),
}
for name, (sentence, checked, trip, like) in CHECKED.items():
    family.plant(name, sentence, completing(checked), trip, like=like)


def _ordered(order: Callable[[list[int], list[int]], list[int]]) -> Hook:
    """Return a hook that puts parts together in another order, given their numbers and those in order of upload."""

    def hook(server: Server, request: Request) -> Response:
        if request.kind == "part":
            server.memory.setdefault(request.upload, {}).pop(request.number, None)
            server.memory[request.upload][request.number] = request.body
        given = server(request)
        if request.kind == "complete" and given.ok:
            bodies: dict[int, bytes] = server.memory.get(request.upload, {})
            numbers = [part.number for part in parts_of(request)]
            wanted = order(numbers, [number for number in bodies if number in numbers])
            if wanted != numbers and len(wanted) == len(numbers):
                server.put(request, b"".join(bodies[number] for number in wanted), server.head(request).described)
        return given

    return hook


ORDERS: dict[str, tuple[str, Callable[[list[int], list[int]], list[int]], str]] = {
    "in_order_of_text": (
        "Parts are put together by their numbers as text, 10 before 2.",
        lambda ns, _: sorted(ns, key=str),
        "",
    ),
    "in_reverse": ("Parts are put together from the last to the first.", lambda ns, _: ns[::-1], ""),
    "in_order_of_upload": (
        "Parts are put together in the order in which they were uploaded.",
        lambda _, uploaded: uploaded,
        "SiaFoundation/renterd#769",
    ),
}
for name, (sentence, order, like) in ORDERS.items():
    family.plant(name, sentence, _ordered(order), *OBJECT, like=like)


@family.defect("multipart.complete_part_twice")
def twice_is_twice(server: Server, request: Request) -> Response:
    """A part that is listed twice is in the object twice."""
    if request.kind == "part":
        server.memory[request.upload, request.number] = request.body
    listed = parts_of(request) if request.kind == "complete" else []
    once = list(dict.fromkeys(listed))
    given = server(listing(request, once)) if len(once) < len(listed) else server(request)
    if len(once) < len(listed) and given.ok:
        bodies = [server.memory.get((request.upload, part.number), b"") for part in listed]
        server.put(request, b"".join(bodies), server.head(request).described)
    return given


# the smallest part


@family.defect("multipart.complete_below_minimum")
def minimum_not_enforced(server: Server, request: Request) -> Response:
    """Parts may be as small as they like."""
    if request.kind == "part":
        server.memory[request.upload, request.number] = request.body
    given = server(request)
    if request.kind == "complete" and b"EntityTooSmall" in given.body:
        body = b"".join(server.memory.get((request.upload, part.number), b"") for part in parts_of(request))
        server.abort(request, request.upload)
        return completed(server.put(request, body).etag)
    return given


@family.defect("multipart.complete", "multipart.complete_at_minimum")
def minimum_of_the_last_too(server: Server, request: Request) -> Response:
    """The last part must have the smallest size too."""
    if request.kind == "part":
        server.memory[request.upload, request.number] = len(request.body)
    parts = parts_of(request) if request.kind == "complete" else []
    last = server.memory.get((request.upload, parts[-1].number), 1024) if parts else 1024
    return refusal(400, "EntityTooSmall") if last < 1024 else server(request)


@family.defect("multipart.complete_at_minimum")
def minimum_itself_refused(server: Server, request: Request) -> Response:
    """A part of exactly the smallest size is too small."""
    if request.kind == "part":
        server.memory[request.upload, request.number] = len(request.body)
    parts = parts_of(request)[:-1] if request.kind == "complete" else []
    small = any(server.memory.get((request.upload, part.number)) == 1024 for part in parts)
    return refusal(400, "EntityTooSmall") if small else server(request)


# parts that are uploaded again


AGAIN = ("multipart.reupload_replaces",)


@family.defect(*AGAIN)
def again_ignored(server: Server, request: Request) -> Response:
    """A part that is uploaded again is answered and dropped."""
    if request.kind != "part":
        return server(request)
    known = server.memory
    if (request.upload, request.number) not in known:
        known[request.upload, request.number] = server(request)
    return known[request.upload, request.number]


@family.before("part", trips=AGAIN)
def again_keeps_the_tail(server: Server, request: Request) -> Request:
    """A part that is uploaded again keeps the end of the longer one before."""
    old = server.memory.get((request.upload, request.number), b"")
    body = server.memory[request.upload, request.number] = request.body + old[len(request.body) :]
    return request.but(body=body)


@family.defect(*AGAIN, "multipart.list")
def again_listed_twice(server: Server, request: Request) -> Response:
    """A part that was uploaded again is listed twice."""
    times = server.memory
    if request.kind == "part":
        times[request.upload, request.number] = times.get((request.upload, request.number), 0) + 1
    given = server(request)
    if request.kind != "list_parts":
        return given
    return given.each(
        "Part", lambda p: p * times.get((request.upload, int(p.partition("<PartNumber>")[2].partition("<")[0])), 1)
    )


@family.defect("multipart.complete_wrong_etag", *AGAIN)
def stale_etag_accepted(server: Server, request: Request) -> Response:
    """The ETag of a part that was replaced is as good as the new one."""
    known: dict[tuple[str, int], list[str]] = server.memory
    if request.kind == "complete":
        fixed = [
            Listed(part.number, known[request.upload, part.number][-1])
            if part.etag in known.get((request.upload, part.number), [])
            else part
            for part in parts_of(request)
        ]
        return server(listing(request, fixed))
    given = server(request)
    if request.kind == "part" and given.ok:
        known.setdefault((request.upload, request.number), []).append(given.etag)
    return given


@family.defect(*AGAIN)
def stale_content_used(server: Server, request: Request) -> Response:
    """An object is made of the first content of each part, whatever was uploaded again."""
    first = server.memory
    if request.kind == "part":
        first.setdefault((request.upload, request.number), request.body)
    given = server(request)
    if request.kind == "complete" and given.ok:
        bodies = [first.get((request.upload, part.number), b"") for part in parts_of(request)]
        if b"".join(bodies) != server.get(request).body:
            server.put(request, b"".join(bodies), server.head(request).described)
    return given


# what a part is


def _storing(change: Callable[[bytes], bytes]) -> Hook:
    return before(("part",), lambda _, request: request.but(body=change(request.body)))


BODIES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "part_cut_at_8192": ("Parts end after 8 KiB.", lambda b: b[:8192]),
    "part_cut_at_65536": ("Parts end after 64 KiB.", lambda b: b[:65536]),
    "part_line_ends_joined": ("Parts go through a text mode.", lambda b: b.replace(b"\r\n", b"\n")),
    "part_blanks_stripped": ("Blanks around a part are stripped.", lambda b: b.strip()),
    "part_last_byte_lost": ("Parts of more than one byte have one less.", lambda b: b[:-1] or b),
}
for name, (sentence, body) in BODIES.items():
    family.plant(
        name,
        sentence,
        _storing(body),
        "multipart.complete",
        "multipart.write",
        "multipart.any_reader",
        "completeness.origins",
    )


@family.before("part", trips=("multipart.empty_part", "errors.client_fault"))
def empty_part_fails(server: Server, request: Request) -> Response | None:
    """An empty part makes the server fail."""
    return None if request.body else refusal(500, "InternalError")


@family.before("part", trips=("multipart.index_bounds", "multipart.complete_gaps"))
def only_1000_parts(server: Server, request: Request) -> Response | None:
    """Part numbers end at 1,000."""
    return refusal(400, "InvalidArgument") if request.number > 1000 else None


@family.before("part", trips=("multipart.index_bounds", "multipart.complete_gaps"))
def number_in_one_byte(server: Server, request: Request) -> Request:
    """Part numbers are kept in one byte."""
    return request.asking(partNumber=str((request.number - 1) % 256 + 1))


@family.before("part", trips=("multipart.list_every_page", "multipart.list", "multipart.complete_gaps"))
def number_in_three_digits(server: Server, request: Request) -> Request:
    """Of a part number the last three digits are kept."""
    return request.asking(partNumber=str(request.number % 1000 or 1000))


@family.before("part", trips=("multipart.complete", "multipart.list"))
def sixth_part_lost(server: Server, request: Request) -> Response | None:
    """Parts from number 6 on are answered and forgotten."""
    return pretended(request) if request.number > 5 else None


@family.defect("multipart.complete", "multipart.complete_only_given")
def same_parts_once(server: Server, request: Request) -> Response:
    """Parts with the same content are in the object once."""
    known = server.memory
    if request.kind == "part":
        known[request.upload, request.number] = etag(request.body)
    if request.kind != "complete":
        return server(request)
    once = {known.get((request.upload, part.number), part): part for part in reversed(parts_of(request))}
    return server(listing(request, sorted(once.values(), key=lambda part: part.number)))
