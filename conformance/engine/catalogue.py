"""The input catalogue: the keys, contents, sizes and readers on which stores go wrong.

Every strategy puts its most telling choice first, because the first example that Hypothesis tries is the first choice
of everything: one example of a law is already a directed test, more examples widen it. Keys come in *colliding groups*
(the key itself, its prefixes, siblings, children, look-alikes), sizes sit on boundaries, and every byte of a content
depends on its position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from conformance.storage import Content, Source
from conformance.storage.sources import SourceKind

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from conformance.storage import Features

PLAIN_NAMES = ("a", "b", "report.txt", "x1")

GROUPS: dict[str, tuple[str, ...]] = {
    "siblings": ("a", "ab", "a.b", "a-b", "a0", "b"),
    "children": ("d/a", "d/ab", "d/b/a", "d-/a", "d.a", "da"),
    "case": ("Key", "key", "KEY", "f.TMP", "D/a"),
    "percent": ("a%41", "aA", "a%2541", "a%"),
    "slash": ("a%2Fb", "a_b", "a%2fb"),
    "plus": ("a+b", "a b", "a%20b", "a%2Bb"),
    "query": ("q?x=1", "q", "q?x=1&y=2", "q#f", "q&amp;", "q;v=1"),
    "blank": ("n ", "n", " n", "n  "),
    "dot": ("n.", "n", ".n", "n.."),
    "unicode": ("caf\u00e9", "cafe\u0301", "cafe"),
    "folding": ("stra\u00dfe", "strasse", "STRASSE"),
    "wide": ("\u65e5\u672c", "\u65e5", "\U0001f600", "\U0001f601", "?"),
    "like": ("a_b", "acb", "a%b", "aXb", "a*b"),
    "quotes": ("it's", "its", 'i"t', "i<t>", "i&t"),
    "colon": ("a:b", "a=b", "a@b", "a,b", "a|b", "a~b"),
    "backup": ("f~", "f", "f.tmp", ".f", "f.part"),
    "numbers": ("1", "01", "1.0", "10", "2"),
    "control": ("l\nm", "lm", "l\t\x7fm", "l m"),
    "backslash": ("a\\b", "ab"),
    "compatible": ("\u212b", "\u00c5", "A\u030a", "\ufb01", "fi"),
    "sidecar": ("s", "s.meta", "s.json", ".s.meta", "s.md5", "s.lock"),
    "subresource": ("acl", "uploads", "r?acl", "r?uploads", "r", "r?versionId=null"),
    "dots": ("..a", "a..b", "...", "a..", ".a"),
    "stem": ("m" * 32 + "1", "m" * 32 + "2", "m" * 64 + "1", "m" * 64 + "2"),
    "markup": ("<x>", "&lt;x&gt;", "]]>", "x", "{x}", "[x]"),
    "marks": ("m!n", "m$n", "m^n", "m`n", "m(n", "m)n", "mn"),
    "invisible": ("v\u200bw", "vw", "v\u00adw", "v\ufeffw", "v\u00a0w", "v w"),
    "deep": ("p/q/r/s/t/u/v/w/x", "p/q/r/s/t/u/v/w/y"),
    "nested": ("t", "t/u", "t/u/v", "tu", "t-/u"),
}
"""Groups of names that must stay apart; :func:`usable` leaves out what a backend declares not to have."""


PACKS: tuple[tuple[str, ...], ...] = (
    ("siblings", "children", "percent", "plus", "case", "dot"),
    ("slash", "query", "unicode", "like", "numbers", "nested"),
    ("blank", "folding", "wide", "quotes", "backup", "stem"),
    (
        "colon",
        "control",
        "backslash",
        "compatible",
        "sidecar",
        "subresource",
        "dots",
        "markup",
        "marks",
        "invisible",
        "deep",
    ),
)
"""The groups by name, packed: many keys in one example cost few calls each and collide across groups too."""


ODD = (
    "a+b",
    "a b",
    "a%20b",
    "a%41",
    "q?x=1",
    "q#f",
    "i&t",
    "i&amp;t",
    "<x>",
    "caf\u00e9",
    "\u65e5\u672c",
    "n.",
    "it's",
)
"""Names that go wrong wherever a name is written into a URL, a header or a document."""

TELLING = (
    *("a", "ab", "d/a", "d/index.html", "d-/a", "d.a", "Key", "key", "a%41", "aA", "a%2541", "a%2Fb", "a_b", "acb"),
    *("a+b", "a b", "a%20b", "q", "q?x=1", "q#f", "n", "n ", " n", "n.", ".n", "caf\u00e9", "cafe\u0301"),
    *("stra\u00dfe", "strasse", "\u65e5", "\U0001f600", "it's", 'i"t<u>&v', "a:b", "a|b", "a=b@c,d~e;f*g", "f", "f~"),
    *(
        "f.tmp",
        "f.TMP",
        ".f",
        "f.part",
        "1",
        "01",
        "l\nm",
        "l\t\x7fm",
        "lm",
        "a\\b",
        "\u212b",
        "\u00c5",
        "\ufb01",
        "fi",
        "s",
    ),
    *("s.meta", ".s.meta", "s.lock", "acl", "r", "r?acl", "r?versionId=null", "..a", "a..b", "...", "m" * 32 + "1"),
    *("m" * 32 + "2", "m" * 64 + "1", "<x>", "&lt;x&gt;", "]]>{x}[x]", "m!n$o^p`q(r)s", "v\u200bw\u00adx\ufeffy"),
    *("v\u00a0w", "p/q/r/s/t/u/v/w/x", "p/q/r/s/t/u/v/w/y", "t", "t/u", "ba", "Aa", "BB"),
)
"""One or two names of every kind; what only one odd letter could change is together in one name."""
CROWD = (
    *("D/a", "d./a", "d /a", "_n", "-n", "~n", "#n", "@n", "$n"),
    *(f"g %41+{number}/x" for number in range(32)),
    *(f"k{number}/x" for number in range(11)),
)
"""Names that make a hundred with those that tell, and fifty directories: more than a small page or cache holds."""

HANDFUL = ("like", "case", "plus", "percent", "unicode", "query", "dot")
"""The groups of which a short run takes the two most alike."""


def handful(features: Features) -> tuple[str, ...]:
    """Return the first two keys of the groups that most stores mistake for each other."""
    chosen = [_apart(GROUPS[name], features)[:2] for name in HANDFUL if name not in _left_out(features)]
    return tuple(dict.fromkeys(key for keys in chosen for key in keys))


OVERWRITES = (2048, 1024, 1024, 5000, 0, 300)
"""Sizes in bytes that follow each other at one path: shorter, equal, longer, empty, and from empty."""


def successive(features: Features) -> tuple[Content, ...]:
    """Return different contents for one path, each one overwriting the one before in another way."""
    wanted = [size for size in OVERWRITES if size or features.write_empty_object]
    return tuple(Content(size, 31 + number) for number, size in enumerate(wanted))


def long_names(maximum: int) -> tuple[str, ...]:
    """Return names of the longest length allowed that differ only at their end, and one just shorter."""
    stem = "n" * (maximum - 1)
    return stem + "1", stem + "2", stem


def groups(features: Features) -> tuple[tuple[str, ...], ...]:
    """Return the colliding groups that a backend can be asked for by its declaration."""
    chosen = {name: group for name, group in GROUPS.items() if name not in _left_out(features)}
    longest = min(features.name_maximum or 200, (features.path_maximum or 1024) - 60, 200)
    return (*(_apart(keys, features) for keys in chosen.values()), long_names(longest))


def group_names() -> SearchStrategy[str]:
    """Names of groups; :func:`group` gives the keys."""
    return st.sampled_from(("siblings", "percent", *(name for name in GROUPS if name not in {"siblings", "percent"})))


def group(name: str, features: Features) -> tuple[str, ...]:
    """Return the keys of a group, or of the group of siblings where the backend declares not to have such keys."""
    return _apart(GROUPS["siblings" if name in _left_out(features) else name], features)


def packs() -> SearchStrategy[int]:
    """Numbers of packs of groups; four examples see every group."""
    return st.integers(0, len(PACKS) - 1)


def pack(number: int, features: Features) -> tuple[str, ...]:
    """Return the different keys of all groups in a pack that the backend can be asked for."""
    chosen = [GROUPS[name] for name in PACKS[number] if name not in _left_out(features)]
    return _apart(tuple(dict.fromkeys(key for keys in chosen for key in keys)), features)


def every_key(features: Features) -> tuple[str, ...]:
    """Return the different keys of all packs: more than a hundred, that is more than many a page of a listing."""
    return _apart(tuple(dict.fromkeys(key for number in range(len(PACKS)) for key in pack(number, features))), features)


def telling_keys(features: Features) -> tuple[str, ...]:
    """Return the names that tell most, without the groups that the backend is declared not to have."""
    unasked = {key for name in _left_out(features) for key in GROUPS[name]} - set(GROUPS["siblings"])
    odd = {key for key in TELLING if not features.unicode_exact and not key.isascii()}
    return _apart(tuple(key for key in (*TELLING, *CROWD) if key not in unasked | odd), features)


def _apart(keys: tuple[str, ...], features: Features) -> tuple[str, ...]:
    """Return the keys that names may hold, and the first of all that are one name where names have no case."""
    keys = allowed(keys, features)
    if features.case_sensitive:
        return keys
    return tuple({key.casefold(): key for key in reversed(keys)}.values())[::-1]


def allowed(keys: tuple[str, ...], features: Features) -> tuple[str, ...]:
    """Return the keys whose names hold no character, and no blank at the end, that is declared to be forbidden."""
    return tuple(
        key
        for key in keys
        if not set(features.forbidden_characters).intersection(key)
        and (features.trailing_blanks or " /" not in f"{key}/")
    )


def _left_out(features: Features) -> set[str]:
    return {
        *(name for name, keys in GROUPS.items() if len(allowed(keys, features)) < 2),
        *([] if features.case_sensitive else ["case", "folding"]),
        *([] if features.unicode_exact else ["unicode", "compatible", "invisible"]),
        *([] if features.control_characters else ["control"]),
        *(["backslash"] if features.backslash_separates else []),
        *(["nested"] if features.directories == "native" else []),
    }


def described(metadata: dict[str, str], features: Features) -> dict[str, str]:
    """Return ASCII user metadata under names that the backend takes, with values as long as it takes them."""
    most = features.metadata_value_maximum
    cut = {name: value[:most] for name, value in metadata.items()}
    if not features.metadata_identifiers:
        return cut
    return {name.replace("-", "_").replace(".", "_"): value for name, value in cut.items()}


def paths() -> SearchStrategy[str]:
    """Names that every store has: one level, two levels, an extension, a blank, non-ASCII."""
    return st.sampled_from(("a", "d/a", "report.txt", "d/e/f", "a b", "caf\u00e9/\u65e5", "a+b%41"))


def contents(minimum: int = 0) -> SearchStrategy[Content]:
    """Contents on boundary sizes and of hostile shapes, of at least ``minimum`` bytes."""
    shapes = (
        b"line\r\nline\n",
        b"\x00\x01\x00",
        b"text\n",
        b"\xef\xbb\xbfbom",
        b"\x1f\x8b\x08\x00gzip-like",
        b"\xff\xfe\xfd not utf-8 \x80",
        b"trailing zeros\x00\x00\x00",
        b"  blanks  ",
        b"\x1a",
    )
    literal = [Content.of(shape) for shape in shapes if len(shape) >= minimum]
    return st.one_of(
        st.builds(Content, sizes(minimum), st.integers(1, 99)),
        st.sampled_from(literal) if literal else st.nothing(),
    )


def sizes(minimum: int = 0) -> SearchStrategy[int]:
    """Sizes in bytes around the places where buffers, blocks and pages end."""
    known = (1000, 0, 1, 2, 4095, 4096, 4097, 8191, 8192, 8193, 65535, 65536, 65537)
    return st.sampled_from([size for size in known if size >= minimum])


def two_contents() -> SearchStrategy[tuple[Content, Content]]:
    """Two different contents, the second shorter, longer, of the same length as, or empty beside the first."""
    lengths = ((2048, 1024), (700, 700), (10, 5000), (300, 0), (0, 300), (4097, 4096), (1, 1))

    def two(pair: tuple[int, int], salt: int) -> tuple[Content, Content]:
        return Content(pair[0], 2 * salt), Content(pair[1], 2 * salt + 1)

    return st.builds(two, st.sampled_from(lengths), st.integers(1, 50))


HONEST: tuple[SourceKind, ...] = ("ragged", "one", "unseekable", "plain")
"""Kinds of readers that hand out all their bytes in ways that ``read(n)`` allows."""


def honest_sources(kinds: tuple[SourceKind, ...] = HONEST) -> SearchStrategy[Source]:
    """Readers of these kinds, of a few bytes or more than a thousand."""
    contents = st.builds(Content, st.sampled_from((300, 1, 2, 1025)), st.integers(1, 50))
    return st.builds(Source, contents, st.sampled_from(kinds))
