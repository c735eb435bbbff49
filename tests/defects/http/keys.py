"""Keys that are changed on their way, so that two of them collide or one is not found again."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from urllib.parse import unquote

from .base import Family, Hook, Server
from .messages import Request, Response

family = Family("keys", ("paths.distinct", "list.paths_round_trip", "paths.style", "paths.segments", "paths.long"))


def _renaming(change: Callable[[str], str]) -> Hook:
    """Return a hook under which the part of every key that belongs to a ``work_dir`` is another one."""

    def renamed(key: str) -> str:
        home = re.match(r"[^/]*/[^/]*/?", key)
        return key if home is None else home[0] + change(key[home.end() :])

    def hook(server: Server, request: Request) -> Response:
        other = request.but(key=renamed(request.key)) if request.key else request
        return server(other.copying(renamed(other.source)) if request.kind in ("copy", "part_copy") else other)

    return hook


def _pattern(pattern: str, by: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)
    return lambda key: compiled.sub(by, key)


CHANGES: dict[str, tuple[str, Callable[[str], str]]] = {
    "percent_decoded_twice": ("Keys are percent-decoded twice.", unquote),
    "plus_is_blank": ("A plus in a key is decoded as in a form.", lambda k: k.replace("+", " ")),
    "lower": ("Keys have no case.", str.lower),
    "casefold": ("Keys are compared as by people, with ss for sharp s.", str.casefold),
    "nfc": ("Keys are composed (NFC).", lambda k: unicodedata.normalize("NFC", k)),
    "nfd": ("Keys are decomposed (NFD).", lambda k: unicodedata.normalize("NFD", k)),
    "nfkc": ("Compatible characters of keys are one (NFKC).", lambda k: unicodedata.normalize("NFKC", k)),
    "stripped": ("Blanks around a key are stripped.", str.strip),
    "end_stripped": ("Blanks at the end of a key are stripped.", lambda k: k.rstrip(" ")),
    "slashes_joined": ("Several slashes become one.", _pattern("//+", "/")),
    "leading_slash_lost": ("A slash at the beginning is taken away.", lambda k: k.lstrip("/")),
    "backslash_is_slash": ("A backslash separates directories.", lambda k: k.replace("\\", "/")),
    "two_dots_lost": ("Two dots are taken away, whatever is around them.", lambda k: k.replace("..", "")),
    "dot_segments_removed": ("A segment of one dot is taken away.", _pattern(r"(^|/)\./", r"\1")),
    "trailing_dot_lost": ("A dot at the end is taken away.", lambda k: k.rstrip(".")),
    "leading_dot_lost": ("A dot at the beginning of a name is taken away.", _pattern(r"(^|/)\.", r"\1")),
    "query_lost": ("A key ends at a question mark.", lambda k: k.partition("?")[0]),
    "fragment_lost": ("A key ends at a number sign.", lambda k: k.partition("#")[0]),
    "ampersand_ends": ("A key ends at an ampersand.", lambda k: k.partition("&")[0]),
    "semicolon_ends": ("A key ends at a semicolon, as if parameters followed.", lambda k: k.partition(";")[0]),
    "entities_decoded": ("Entities of a document are decoded.", lambda k: k.replace("&amp;", "&").replace("&lt;", "<")),
    "controls_lost": ("Control characters are taken away.", _pattern(r"[\x00-\x1f]", "")),
    "delete_lost": ("The character DEL is taken away.", lambda k: k.replace("\x7f", "")),
    "tab_is_blank": ("A tab becomes a blank.", lambda k: k.replace("\t", " ")),
    "beyond_bmp_replaced": (
        "Characters of four bytes become question marks.",
        _pattern("[\U00010000-\U0010ffff]", "?"),
    ),
    "latin_1_only": (
        "Characters outside of Latin-1 become question marks.",
        lambda k: k.encode("latin-1", "replace").decode("latin-1"),
    ),
    "zero_width_lost": ("Characters without width are taken away.", _pattern("[\u200b-\u200d\ufeff\u00ad]", "")),
    "no_break_space_is_blank": ("A no-break space becomes a blank.", lambda k: k.replace("\u00a0", " ")),
    "leading_zeros_lost": ("Names of digits are numbers.", _pattern(r"(^|/)0+(?=\d)", r"\1")),
    "long_names_hashed_short": (
        "Keys above 20 characters are kept by two bytes of a hash.",
        lambda k: k if len(k) < 20 else hashlib.md5(k.encode()).hexdigest()[:4],
    ),
    "only_6_segments": ("Keys end after six segments.", lambda k: "/".join(k.split("/")[:6])),
    "index_page": ("index.html is the directory it is in.", _pattern(r"(^|/)index\.html$", r"\1")),
    "names_cut_at_100": ("Names end after 100 characters.", lambda k: "/".join(name[:100] for name in k.split("/"))),
    "brackets_lost": ("Brackets are taken for a pattern.", _pattern(r"[\[\]]", "")),
    "braces_lost": ("Braces are taken for a template.", _pattern(r"[{}]", "")),
    "parentheses_escaped": ("Parentheses become underscores.", _pattern(r"[()]", "_")),
    "quote_doubled": ("A quote is doubled, as in SQL.", lambda k: k.replace("'", "''")),
    "double_quote_is_single": ("Double quotes become single ones.", lambda k: k.replace('"', "'")),
}
for name, (sentence, change) in CHANGES.items():
    family.plant(name, sentence, _renaming(change))
for size in (128, 255, 512, 900):
    family.plant(
        f"cut_at_{size}",
        f"Keys end after {size} characters.",
        _renaming(lambda k, n=size: k[:n]),
        "paths.long",
        "paths.distinct",
    )
REPLACED = {
    "colon": ":", "star": "*", "pipe": "|", "comma": ",", "equals": "=", "at": "@", "tilde": "~", "caret": "^",
    "backtick": "`", "bang": "!", "dollar": "$", "less_than": "<",
}  # fmt: skip
for name, character in REPLACED.items():
    family.plant(
        f"{name}_replaced",
        f"The character {character} becomes an underscore.",
        _renaming(lambda k, c=character: k.replace(c, "_")),
    )


@family.defect("stat.missing", "paths.distinct", like="apache/opendal#8085")
def looked_up_with_like(server: Server, request: Request) -> Response:
    """A key that is missing is looked for as a pattern, with ``_`` and ``%`` as wildcards."""
    given = server(request)
    known: set[str] = server.memory.setdefault("keys", set())
    if request.kind == "put":
        known.add(request.key)
    if request.kind in ("get", "head") and given.status == 404:
        pattern = re.compile(re.escape(request.key).replace("%", ".*").replace("_", ".") + "$", re.DOTALL)
        for key in sorted(known):
            found = server(request.but(key=key)) if pattern.match(key) else given
            if found.ok:
                return found
    return given


@family.defect("overwrite.beside_virtual_directory", "create_dir.takes_objects", "delete.keeps_children")
def directory_is_the_object(server: Server, request: Request) -> Response:
    """The marker of a directory and an object of the same name are one."""
    return server(request.but(key=request.key.rstrip("/")) if request.key.endswith("/") else request)


@family.before("head", trips=("create_dir.told", "stat.directory"), like="fsspec/s3fs#1005")
def trailing_slash_not_found(server: Server, request: Request) -> Response | None:
    """A key that ends in a slash is never found."""
    return Response(status=404, headers={"content-length": "0"}) if request.key.endswith("/") else None


@family.defect("paths.no_escape", "paths.below_work_dir", like="google/go-cloud#3669")
def parent_segments_resolved(server: Server, request: Request) -> Response:
    """A segment of two dots leads to the directory above, outside of the prefix."""
    segments: list[str] = []
    for name in request.key.split("/"):
        if name == ".." and segments:
            segments.pop()
        else:
            segments.append(name)
    return server(request.but(key="/".join(segments) or request.key))
