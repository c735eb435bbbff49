"""Bodies that are stored, or come back, otherwise than they were sent."""

from __future__ import annotations

from collections.abc import Callable

from .base import Family, Hook, Server, before, pretended
from .messages import Request, Response

family = Family("write", ("write.stores", "completeness.origins"))
KIB = 1024
MIB = 1024 * KIB


def _storing(change: Callable[[bytes], bytes]) -> Hook:
    """Return a hook under which bodies of objects are stored changed; markers of directories stay as they are."""

    def changed(server: Server, request: Request) -> Request:
        return request if request.key.endswith("/") else request.but(body=change(request.body))

    return before(("put",), changed)


def _short(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return a change of short bodies only, as of fields in a text."""
    return lambda body: change(body) if len(body) < 100 else body


for size in (4 * KIB, 8 * KIB, 64 * KIB, MIB, 5 * MIB):
    family.plant(f"cut_at_{size}", f"Bodies end with their buffer of {size} bytes.", _storing(lambda b, n=size: b[:n]))
    family.plant(
        f"last_byte_of_{size}_lost",
        f"A body of exactly {size} bytes, one full buffer, loses its last byte.",
        _storing(lambda b, n=size: b[:-1] if len(b) == n else b),
    )
family.plant("cut_at_8388608", "Bodies end with a buffer of 8 MiB.", _storing(lambda b: b[: 8 * MIB]))
for size in (64 * KIB, MIB):
    family.plant(
        f"zeros_after_{size}",
        f"The file is made as long as the body, and only the first {size} bytes are written to it.",
        _storing(lambda b, n=size: b[:n] + bytes(max(0, len(b) - n))),
    )

CHANGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "crlf_to_lf": ("Bodies go through a text mode that joins line ends.", lambda b: b.replace(b"\r\n", b"\n")),
    "lf_to_crlf": ("Bodies go through a text mode that widens line ends.", _short(lambda b: b.replace(b"\n", b"\r\n"))),
    "cut_at_nul": (
        "A body is handled as a C string and ends with its first zero byte.",
        _short(lambda b: b.split(b"\0")[0]),
    ),
    "final_newline_lost": ("The newline at the end of a body is stripped.", lambda b: b.rstrip(b"\n")),
    "stripped": ("Blanks around a body are stripped.", lambda b: b.strip()),
    "invalid_utf8_replaced": (
        "Bodies are decoded and encoded again, which replaces what is not UTF-8.",
        _short(lambda b: b.decode("utf-8", "replace").encode()),
    ),
    "bom_lost": ("A byte order mark at the beginning is taken away.", lambda b: b.removeprefix(b"\xef\xbb\xbf")),
    "single_byte_lost": ("A body of one byte is taken for the end of the stream.", lambda b: b"" if len(b) == 1 else b),
    "last_byte_of_large_flipped": (
        "The last byte of a body above 100,000 bytes is written wrong.",
        lambda b: b[:-1] + bytes([b[-1] ^ 1]) if len(b) > 100_000 else b,
    ),
    "pages_swapped": (
        "The first two pages of 4 KiB are written in the order in which they arrived at the disk.",
        lambda b: b[4096:8192] + b[:4096] + b[8192:] if len(b) >= 8192 else b,
    ),
    "gzip_magic_lost": (
        "What looks like gzip is taken for an encoded transfer.",
        lambda b: b.removeprefix(b"\x1f\x8b"),
    ),
}
for name, (sentence, change) in CHANGES.items():
    family.plant(name, sentence, _storing(change))


def _losing_every(period: int) -> Hook:
    def lost(server: Server, request: Request) -> Response | None:
        server.memory["writes"] = server.memory.get("writes", 0) + 1
        return pretended(request) if server.memory["writes"] % period == 0 else None

    return before(("put",), lost)


for period in (13, 50):
    family.plant(f"every_{period}th_lost", f"Every {period}th write is answered and forgotten.", _losing_every(period))


@family.before("put", trips=("write.zero_size", "write.stores"))
def empty_not_stored(server: Server, request: Request) -> Response | None:
    """An empty object is answered and not stored."""
    return pretended(request) if not request.body and not request.key.endswith("/") else None


@family.before("put", trips=("write.stores", "stat.etag_changes"))
def deduplicated_by_length(server: Server, request: Request) -> Request | None:
    """A body is taken for another one that has its length and its first three bytes."""
    if len(request.body) <= 3:
        return None
    return request.but(body=server.memory.setdefault((len(request.body), request.body[:3]), request.body))


@family.defect("write.stores", "overwrite.write_exists")
def previous_body_stored(server: Server, request: Request) -> Response:
    """A write stores the body that the connection's buffer still held from the write before."""
    if request.kind != "put" or not request.body:
        return server(request)
    old = server.memory.get("body", request.body)
    server.memory["body"] = request.body
    return server(request.but(body=old)) if len(old) == len(request.body) else server(request)


@family.before("put", trips=("write.stores", "paths.segments", "paths.long"))
def deep_keys_lost(server: Server, request: Request) -> Response | None:
    """An object more than six directories deep is answered and not stored."""
    return pretended(request) if request.key.count("/") > 8 else None


@family.before("put", trips=("completeness.write",))
def overwrite_recognised_by_beginning(server: Server, request: Request) -> Request | None:
    """An overwrite of the same length and the same first 4 KiB is taken for the object that is there."""
    old = server.get(request)
    alike = old.ok and (len(old.body), old.body[: 4 * KIB]) == (len(request.body), request.body[: 4 * KIB])
    return request.but(body=old.body) if alike and len(request.body) > 4 * KIB else None


@family.before("put")
def recognised_by_first_64_kib(server: Server, request: Request) -> Request | None:
    """A body above 64 KiB is taken for another one that has its length and its first 64 KiB."""
    if len(request.body) <= 64 * KIB:
        return None
    return request.but(body=server.memory.setdefault((len(request.body), request.body[: 64 * KIB]), request.body))


@family.before("put")
def text_loses_final_newline(_: Server, request: Request) -> Request | None:
    """Of a body that is said to be text the newlines at the end are taken away."""
    text = request.headers.get("content-type", "").startswith("text/")
    return request.but(body=request.body.rstrip(b"\r\n")) if text else None


@family.before("put", trips=("write.content_md5",))
def short_digest_ignored(_: Server, request: Request) -> Request | None:
    """A Content-MD5 that has not the length of an MD5 is taken for none."""
    return request.having(content_md5=None) if len(request.headers.get("content-md5", "")) != 24 else None
