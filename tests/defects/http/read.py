"""Reads of ranges: from the beginning, from an offset, and of the last bytes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .base import Family, Hook, Server, before
from .messages import Request, Response, etag, refusal

family = Family("read", ("read.range", "read.offset", "read.size", "answers.read", "completeness.origins"))
SUFFIX = ("suffix.last_bytes", "suffix.longer", "suffix.zero")


@dataclass(frozen=True, slots=True)
class Range:
    """What a request asks for: ``first`` is None for the last ``last`` bytes, ``last`` for all until the end."""

    first: int | None
    last: int | None

    @classmethod
    def of(cls, request: Request) -> Range | None:
        """Return the range of a request for one."""
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
        return cls(*(int(number) if number else None for number in found.groups())) if found else None

    @property
    def suffix(self) -> bool:
        """Whether the last bytes are asked for."""
        return self.first is None

    def __str__(self) -> str:
        return "bytes=" + "-".join("" if number is None else str(number) for number in (self.first, self.last))


Instead = Callable[[Server, Request, Range], "Range | Response | None"]


def _ranged(change: Instead) -> Hook:
    """Return a hook that changes requests for a range: another range, an answer, or None to leave it."""

    def changed(server: Server, request: Request) -> Request | Response | None:
        asked = Range.of(request)
        instead = change(server, request, asked) if asked is not None else None
        return request.having(range=str(instead)) if isinstance(instead, Range) else instead

    return before(("get",), changed)


def _other_range(change: Callable[[int, int | None], tuple[int, int | None] | None]) -> Hook:
    """Return a hook that makes other numbers of first and last byte; ranges of the last bytes stay."""

    def changed(_: Server, __: Request, asked: Range) -> Range | None:
        numbers = change(asked.first, asked.last) if asked.first is not None else None
        return Range(*numbers) if numbers else None

    return _ranged(changed)


def _whole(when: Callable[[Range], bool]) -> Hook:
    """Return a hook that leaves some ranges out of account."""
    return _ranged(lambda server, request, asked: server(request.having(range=None)) if when(asked) else None)


NUMBERS: dict[str, tuple[str, Callable[[int, int | None], tuple[int, int | None] | None]]] = {
    "end_exclusive": (
        "The last byte of a range is taken for the first one that is not wanted.",
        lambda a, b: (a, b - 1) if b is not None and b > a else None,
    ),
    "one_more_at_the_end": ("A range is one byte longer.", lambda a, b: (a, b + 1) if b is not None else None),
    "one_less_at_the_start": (
        "A range that does not begin at 0 begins a byte later.",
        lambda a, b: (a + 1, b) if a else None,
    ),
    "one_more_at_the_start": (
        "A range that does not begin at 0 begins a byte earlier.",
        lambda a, b: (a - 1, b) if a else None,
    ),
    "last_taken_as_size": (
        "The last byte of a range is taken for the number of bytes.",
        lambda a, b: (a, a + b - 1) if b else None,
    ),
    "end_lost": ("A range goes on until the end of the object.", lambda a, b: (a, None) if b is not None else None),
    "start_lost": ("A range begins at 0.", lambda a, b: (0, b) if a and b is not None else None),
    "aligned_to_4096": (
        "A range begins at the start of its page of 4 KiB.",
        lambda a, b: (a // 4096 * 4096, b) if a > 4096 and a % 4096 else None,
    ),
    "at_most_64_kib": (
        "A range gives at most 64 KiB.",
        lambda a, b: (a, a + 65535) if b is None or b > a + 65535 else None,
    ),
}
for name, (sentence, change) in NUMBERS.items():
    family.plant(name, sentence, _other_range(change))

IGNORED: dict[str, tuple[str, Callable[[Range], bool]]] = {
    "ignored": ("A range is ignored and the whole object sent, with status 200.", lambda asked: not asked.suffix),
    "without_end_ignored": (
        "A range without an end is not understood.",
        lambda asked: not asked.suffix and asked.last is None,
    ),
    "from_zero_ignored": ("A range from byte 0 is taken for none.", lambda asked: asked.first == 0),
    "of_one_byte_ignored": (
        "A range of one byte is taken for none.",
        lambda asked: asked.first is not None and asked.first == asked.last,
    ),
}
for name, (sentence, when) in IGNORED.items():
    family.plant(name, sentence, _whole(when), like="stackshy/cloudemu#761")


def _past_the_end(give: Callable[[Response, Range], Response | None], *, begins: bool) -> Hook:
    """Return a hook for ranges that begin, or only end, behind the end of the object."""

    def changed(server: Server, request: Request, asked: Range) -> Response | None:
        whole = server(request.having(range=None))
        if not whole.ok or asked.first is None:
            return None
        behind = asked.first if begins else -1 if asked.first >= len(whole.body) else asked.last
        return give(whole, asked) if behind is not None and behind >= len(whole.body) else None

    return _ranged(changed)


def _padded(whole: Response, asked: Range) -> Response:
    first, last = asked.first or 0, asked.last or 0
    part = whole.having(content_range=f"bytes {first}-{last}/{last + 1}").but(status=206)
    return part.but(body=whole.body[first:].ljust(last - first + 1, b"\0"))


END = ("read.size_beyond_end", "read.range")
family.plant(
    "end_behind_refused",
    "A range that ends behind the end of the object is refused.",
    _past_the_end(lambda *_: refusal(416, "InvalidRange"), begins=False),
    *END,
    like="apache/arrow-rs#6749",
)
family.plant(
    "end_behind_padded",
    "A range that ends behind the end is filled up with zeros.",
    _past_the_end(_padded, begins=False),
    *END,
)
START = ("read.beyond_end", "read.size_beyond_end", "errors.client_fault")
START_ANSWERS: dict[str, tuple[str, Callable[[Response], Response]]] = {
    "start_behind_gives_all": ("A range that begins behind the end gives the whole object.", lambda whole: whole),
    "start_behind_gives_last": (
        "A range that begins behind the end gives the last byte.",
        lambda whole: whole.but(status=206, body=whole.body[-1:]),
    ),
    "start_behind_fails": (
        "A range that begins behind the end makes the server fail.",
        lambda _: refusal(500, "InternalError"),
    ),
    "start_behind_is_missing": (
        "A range that begins behind the end finds no object.",
        lambda _: refusal(404, "NoSuchKey"),
    ),
    "start_behind_is_bad": (
        "A range that begins behind the end is a bad request.",
        lambda _: refusal(400, "InvalidArgument"),
    ),
}
for name, (sentence, give) in START_ANSWERS.items():
    family.plant(name, sentence, _past_the_end(lambda whole, _, give=give: give(whole), begins=True), *START)


@family.before("get", trips=("read.range", "read.size_zero", "read.beyond_end", "read.size_beyond_end"))
def any_of_empty_fails(server: Server, request: Request) -> Response | None:
    """Any range of an empty object makes the server fail."""
    empty = Range.of(request) is not None and server.head(request).headers.get("content-length") == "0"
    return refusal(500, "InternalError") if empty else None


@family.after("get")
def total_is_of_the_range(server: Server, request: Request, given: Response) -> Response:
    """Content-Range tells the length of the range as that of the object."""
    return (
        given.having(content_range=re.sub(r"/\d+", f"/{given.length}", given.headers["content-range"]))
        if given.status == 206
        else given
    )


@family.after("get")
def content_range_of_the_start(server: Server, request: Request, given: Response) -> Response:
    """Content-Range tells that the bytes are the first ones."""
    return given.having(content_range=f"bytes 0-{given.length - 1}/{given.length}") if given.status == 206 else given


@family.after("get")
def last_byte_lost(server: Server, request: Request, given: Response) -> Response:
    """A range comes without its last byte, and its length agrees."""
    return given.but(body=given.body[:-1]) if given.status == 206 else given


@family.after("get")
def behind_4096_mangled(server: Server, request: Request, given: Response) -> Response:
    """Ranges that begin behind the first page come in another order of bytes."""
    asked = Range.of(request)
    return given.but(body=given.body[::-1]) if asked and (asked.first or 0) >= 4096 else given


@family.after("get", trips=("read.whole", "write.stores"))
def whole_cut_at_64_kib(server: Server, request: Request, given: Response) -> Response:
    """A whole object is sent up to 64 KiB."""
    return given.but(body=given.body[:65536])


@family.after("get", trips=("read.changes_nothing", "read.whole"))
def second_is_empty(server: Server, request: Request, given: Response) -> Response:
    """The stream of an object is read once: the second read of a key is empty."""
    count = server.memory[request.key] = server.memory.get(request.key, 0) + 1
    return given.but(body=b"") if count == 2 else given


@family.after("get", trips=("read.changes_nothing",))
def third_deletes(server: Server, request: Request, given: Response) -> Response:
    """An object expires with its third read."""
    count = server.memory[request.key] = server.memory.get(request.key, 0) + 1
    if count == 3:
        server.delete(request)
    return given


@family.after("get", trips=("read.range", "read.offset"))
def comes_from_first_version(server: Server, request: Request, given: Response) -> Response:
    """Ranges are answered from a cache of the object's first content."""
    if "range" not in request.headers:
        server.memory.setdefault(request.key, given)
        return given
    asked, first = Range.of(request), server.memory.get(request.key)
    if first is None or asked is None or asked.first is None:
        return given
    end = len(first.body) if asked.last is None else asked.last + 1
    return given.but(body=first.body[asked.first : end].ljust(len(given.body), b"\0")[: len(given.body)])


# the last bytes of an object


def _last_bytes(change: Callable[[int, Response], Range | Response | None]) -> Hook:
    """Return a hook for requests for the last bytes, given their number and the whole object."""

    def changed(server: Server, request: Request, asked: Range) -> Range | Response | None:
        if asked.first is not None or asked.last is None:
            return None
        return change(asked.last, server(request.having(range=None)))

    return _ranged(changed)


SUFFIXES: dict[str, tuple[str, Callable[[int, Response], Range | Response | None]]] = {
    "suffix_ignored": ("A request for the last bytes gets the whole object.", lambda _, whole: whole),
    "suffix_from_the_start": (
        "A request for the last bytes gets the first ones.",
        lambda n, _: Range(0, n - 1) if n else None,
    ),
    "suffix_as_offset": ("A request for the last n bytes gets those from byte n on.", lambda n, _: Range(n, None)),
    "suffix_through_offset": ("A request for the last n bytes gets those up to byte n.", lambda n, _: Range(0, n)),
    "suffix_one_more": ("A request for the last bytes gets one more.", lambda n, _: Range(None, n + 1)),
    "suffix_one_less": (
        "A request for the last bytes gets one less.",
        lambda n, _: Range(None, n - 1) if n > 1 else None,
    ),
    "suffix_beyond_refused": (
        "More last bytes than there are is refused.",
        lambda n, whole: refusal(416, "InvalidRange") if whole.ok and n > len(whole.body) else None,
    ),
    "suffix_beyond_empty": (
        "More last bytes than there are is nothing.",
        lambda n, whole: whole.but(body=b"") if whole.ok and n > len(whole.body) else None,
    ),
    "suffix_beyond_padded": (
        "More last bytes than there are come with zeros before them.",
        lambda n, whole: whole.but(body=whole.body.rjust(n, b"\0")) if whole.ok and n > len(whole.body) else None,
    ),
    "suffix_zero_is_all": ("The last 0 bytes are the whole object.", lambda n, whole: whole if n == 0 else None),
    "suffix_fails": (
        "A request for the last bytes makes the server fail.",
        lambda _, whole: refusal(500, "InternalError") if whole.ok else None,
    ),
}
for name, (sentence, suffix_change) in SUFFIXES.items():
    family.plant(name, sentence, _last_bytes(suffix_change), *SUFFIX)


@family.after("get", trips=("read.range", "stat.etag_stable", "answers.read"))
def etag_of_the_range(server: Server, request: Request, given: Response) -> Response:
    """The ETag of a ranged answer is that of the bytes sent."""
    return given.having(etag=etag(given.body)) if given.status == 206 else given
