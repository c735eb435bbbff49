"""What is kept with an object: its content type, content disposition and its like, and the user's own names."""

from __future__ import annotations

import html
import mimetypes
import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from .base import Family, Hook, Server, before
from .messages import Kind, Request

family = Family("metadata", ("write.user_metadata", "write.user_metadata_of_any_object"))
MADE: tuple[Kind, ...] = ("put", "create")
PREFIX = "x-amz-meta-"
Names = Mapping[str, str]


def _kept(change: Callable[[Names, Request], Names], *kinds: Kind) -> Hook:
    """Return a hook that changes the user metadata of new objects, given by name without its prefix."""

    def changed(_: Server, request: Request) -> Request:
        named = {name.removeprefix(PREFIX): told for name, told in request.headers.items() if name.startswith(PREFIX)}
        others = {name: told for name, told in request.headers.items() if not name.startswith(PREFIX)}
        return request.but(headers={**others, **{PREFIX + name: told for name, told in change(named, request).items()}})

    return before(kinds or MADE, changed)


def _values(change: Callable[[str], str]) -> Hook:
    return _kept(lambda names, _: {name: change(told) for name, told in names.items()})


VALUES: dict[str, tuple[str, Callable[[str], str]]] = {
    "values_lower": ("Values lose their capitals.", str.lower),
    "values_upper": ("Values are written in capitals.", str.upper),
    "values_blanks_joined": ("Several blanks in a value become one.", lambda v: re.sub(" +", " ", v)),
    "values_end_at_comma": (
        "A value is taken for a list and ends with its first member.",
        lambda v: v.partition(",")[0],
    ),
    "values_end_at_semicolon": (
        "A value ends where parameters of a header would begin.",
        lambda v: v.partition(";")[0],
    ),
    "values_end_at_equals": ("A value ends at an equals sign, as in a table of pairs.", lambda v: v.partition("=")[0]),
    "values_end_at_colon": ("A value ends at a colon, as in a line of a header.", lambda v: v.partition(":")[0]),
    "values_percent_decoded": ("Values are percent-decoded.", unquote),
    "values_plus_decoded": ("A plus in a value becomes a blank.", lambda v: v.replace("+", " ")),
    "values_quotes_lost": ("Quotes in values are taken away.", lambda v: v.replace('"', "")),
    "values_backslash_lost": ("Backslashes in values are taken for escapes.", lambda v: v.replace("\\", "")),
    "values_html_escaped": ("Values are escaped for a document and never unescaped.", html.escape),
    "values_numbers_normalised": (
        "A value of digits is kept as a number.",
        lambda v: (v.lstrip("0") or "0") if v.isdigit() else v,
    ),
    "values_mime_words_lost": ("Encoded words in a value are decoded wrong.", lambda v: re.sub(r"=\?.*?\?=", "?", v)),
}
for name, (sentence, value_change) in VALUES.items():
    family.plant(name, sentence, _values(value_change))
for size in (16, 64, 100, 255, 512, 1024):
    family.plant(
        f"values_cut_at_{size}",
        f"Values end after {size} bytes, a column of a table.",
        _values(lambda v, n=size: v[:n]),
    )
for size in (1, 2, 3, 5, 8, 10, 16):
    family.plant(
        f"only_{size}_names",
        f"The first {size} names are kept.",
        _kept(lambda names, _, n=size: dict(sorted(names.items())[:n])),
    )

SETS: dict[str, tuple[str, Callable[[Names, Request], Names]]] = {
    "names_cut_at_32": ("Names end after 32 bytes.", lambda names, _: {name[:32]: v for name, v in names.items()}),
    "names_underscore": (
        "An underscore in a name becomes a hyphen.",
        lambda names, _: {n.replace("_", "-"): v for n, v in names.items()},
    ),
    "names_dot": (
        "A dot in a name becomes a hyphen.",
        lambda names, _: {n.replace(".", "-"): v for n, v in names.items()},
    ),
    "names_with_digits_lost": (
        "Names with digits are lost.",
        lambda names, _: {n: v for n, v in names.items() if not re.search(r"\d", n)},
    ),
    "empty_values_lost": ("Names without a value are lost.", lambda names, _: {n: v for n, v in names.items() if v}),
    "all_lost": ("User metadata are not kept.", lambda _, __: {}),
    "lost_above_1500_bytes": (
        "Metadata of more than 1,500 bytes together are not kept.",
        lambda names, _: names if sum(map(len, (*names, *names.values()))) < 1500 else {},
    ),
    "lost_on_empty_objects": (
        "Empty objects keep no metadata.",
        lambda names, r: names if r.body or r.kind == "create" else {},
    ),
    "lost_on_large_objects": (
        "Objects above 4 KiB, which are stored elsewhere, keep no metadata.",
        lambda names, r: names if len(r.body) <= 4096 else {},
    ),
    "lost_in_directories": (
        "Objects in directories keep no metadata.",
        lambda names, r: {} if r.key.count("/") > 2 else names,
    ),
}
for name, (sentence, change) in SETS.items():
    family.plant(name, sentence, _kept(change))
family.plant(
    "lost_with_uploads",
    "User metadata given with an upload are lost.",
    _kept(lambda _, __: {}, "create"),
    "multipart.complete_metadata",
    "write.user_metadata_of_any_object",
    like="apache/opendal#5430",
)


@family.before(*MADE)
def leak_into_the_next_object(server: Server, request: Request) -> Request:
    """An object has the metadata of the one written before, besides its own."""
    own = {name: told for name, told in request.headers.items() if name.startswith(PREFIX)}
    leaked, server.memory["last"] = server.memory.get("last", {}), own
    return request.but(headers={**leaked, **request.headers})


# Content-Type and its like


def _header(header: str, change: Callable[[str, Request], str | None], *kinds: Kind) -> Hook:
    def changed(_: Server, request: Request) -> Request | None:
        told = request.headers.get(header)
        return None if told is None else request.having(**{header: change(told, request)})

    return before(kinds or MADE, changed)


TYPE, DISPOSITION = "content-type", "content-disposition"
HEADERS: dict[str, tuple[str, str, Callable[[str, Request], str | None], tuple[Kind, ...]]] = {
    "type_lower": ("A content type is kept in lower case.", TYPE, lambda v, _: v.lower(), MADE),
    "type_parameters_lost": ("A content type loses its parameters.", TYPE, lambda v, _: v.partition(";")[0], MADE),
    "type_unknown_replaced": (
        "A content type outside of a list of known ones becomes the default.",
        TYPE,
        lambda v, _: v if v.partition("/")[0] in ("text", "image", "application") else "application/octet-stream",
        MADE,
    ),
    "type_lost": ("A content type is not kept.", TYPE, lambda _, __: None, ("put",)),
    "type_lost_with_uploads": ("A content type given with an upload is lost.", TYPE, lambda _, __: None, ("create",)),
    "type_by_extension": (
        "A content type is guessed from the key where that is possible.",
        TYPE,
        lambda v, r: mimetypes.guess_type(r.key)[0] or v,
        MADE,
    ),
    "type_blank_lost": (
        "A content type loses the blank before its parameters.",
        TYPE,
        lambda v, _: v.replace("; ", ";"),
        MADE,
    ),
    "type_of_empty_replaced": (
        "An empty object has the content type of a directory.",
        TYPE,
        lambda v, r: v if r.body or r.kind == "create" else "application/x-directory",
        MADE,
    ),
    "type_quotes_lost": (
        "A content type loses the quotes in its parameters.",
        TYPE,
        lambda v, _: v.replace('"', ""),
        MADE,
    ),
    "disposition_lost": ("A content disposition is not kept.", DISPOSITION, lambda _, __: None, ("put",)),
    "disposition_lost_with_uploads": (
        "A content disposition given with an upload is lost.",
        DISPOSITION,
        lambda _, __: None,
        ("create",),
    ),
    "disposition_parameters_lost": (
        "A content disposition loses the file's name.",
        DISPOSITION,
        lambda v, _: v.partition(";")[0],
        MADE,
    ),
    "disposition_quotes_lost": (
        "A content disposition loses its quotes.",
        DISPOSITION,
        lambda v, _: v.replace('"', ""),
        MADE,
    ),
    "disposition_inline_lost": (
        "Only attachments keep their content disposition.",
        DISPOSITION,
        lambda v, _: v if v.startswith("attachment") else None,
        MADE,
    ),
    "disposition_extended_lost": (
        "The extended form of a file's name (RFC 8187) is taken apart.",
        DISPOSITION,
        lambda v, _: v.replace("filename*=UTF-8''", "filename="),
        MADE,
    ),
}
for name, (sentence, header, header_change, kinds) in HEADERS.items():
    of = "content_type" if header == TYPE else "content_disposition"
    trips = ("multipart.complete_metadata",) if kinds == ("create",) else (f"write.{of}",)
    family.plant(name, sentence, _header(header, header_change, *kinds), *trips)

REST = {
    "cache-control": "Cache-Control",
    "content-encoding": "Content-Encoding",
    "content-language": "Content-Language",
}
for header, words in REST.items():
    short = header.replace("content-", "").replace("-", "_")
    family.plant(f"{short}_lost", f"{words} is not kept.", _header(header, lambda _, __: None, "put"), "headers.write")
    family.plant(
        f"{short}_lost_with_uploads",
        f"{words} given with an upload is lost.",
        _header(header, lambda _, __: None, "create"),
        "headers.complete_multipart",
    )
    family.plant(
        f"{short}_first_member",
        f"Of {words} the first member of the list is kept.",
        _header(header, lambda v, _: v.partition(",")[0]),
        "headers.write",
    )


@family.before("put", trips=("completeness.metadata", "headers.cleared"))
def cache_control_survives_overwrite(server: Server, request: Request) -> Request | None:
    """The Cache-Control of the old object survives a write that gives none."""
    old = server.head(request).headers.get("cache-control")
    return request.but(headers={"cache-control": old, **request.headers}) if old else None
