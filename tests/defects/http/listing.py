"""Listings: which keys they choose, and what they tell of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from .base import Family, Hook, Server, after, before
from .messages import Request, Response, element, key_in, setting, value

family = Family("listing", ("list.prefix", "list.boundary", "list.complete"))
HOME = re.compile(r"[^/]*/[^/]*/")
"""Run and ``work_dir``, with which every key of the kit begins."""


# which keys


def _choosing(wanted: Callable[[str, str], bool]) -> Hook:
    """Return a hook under which another rule decides which keys have the prefix; both are below ``work_dir``."""

    def hook(server: Server, request: Request) -> Response:
        prefix = request.query.get("prefix", "")
        home = HOME.match(prefix)
        if request.kind != "list" or home is None or "delimiter" in request.query:
            return server(request)
        rest = prefix[home.end() :]
        everything = server(request.asking(prefix=home[0], max_keys=None, continuation_token=None))
        return everything.each("Contents", lambda e: e if wanted(key_in(e)[home.end() :], rest) else "")

    return hook


def _matches(key: str, pattern: str) -> bool:
    try:
        return re.match(pattern, key, re.DOTALL) is not None
    except re.error:
        return False


RULES: dict[str, tuple[str, Callable[[str, str], bool]]] = {
    "prefix_without_case": ("A prefix has no case.", lambda k, p: k.lower().startswith(p.lower())),
    "prefix_anywhere": ("A prefix may be anywhere in a key.", lambda k, p: p in k),
    "prefix_is_like": (
        "A prefix is a pattern with ``_`` and ``%`` as wildcards.",
        lambda k, p: _matches(k, re.escape(p).replace("_", ".").replace("%", ".*")),
    ),
    "prefix_is_regex": ("A prefix is a regular expression.", _matches),
    "prefix_is_directory": (
        "A prefix is taken for a directory.",
        lambda k, p: not p or k == p or k.startswith(p.rstrip("/") + "/"),
    ),
    "prefix_itself_missing": ("A key that is the prefix is not listed.", lambda k, p: k.startswith(p) and k != p),
    "prefix_first_character": ("Of a prefix the first character counts.", lambda k, p: k.startswith(p[:1])),
    "prefix_stripped": ("Blanks at the end of a prefix are stripped.", lambda k, p: k.startswith(p.rstrip())),
}
for name, (sentence, wanted) in RULES.items():
    family.plant(name, sentence, _choosing(wanted), "list.prefix", "list.boundary")


def _asking(change: Callable[[Request], Request]) -> Hook:
    return before(("list",), lambda _, request: change(request))


family.plant(
    "delimiter_ignored", "A delimiter is ignored.", _asking(lambda r: r.asking(delimiter=None)), "list.direct_children"
)
family.plant(
    "prefix_decoded_twice",
    "A prefix is percent-decoded twice.",
    _asking(lambda r: r.asking(prefix=unquote(r.query.get("prefix", "")))),
    "list.prefix",
)
family.plant(
    "prefix_plus_is_blank",
    "A plus in a prefix is decoded as in a form.",
    _asking(lambda r: r.asking(prefix=r.query.get("prefix", "").replace("+", " "))),
    "list.prefix",
)


def _hiding(pattern: str) -> Hook:
    """Return a hook under which entries of a kind are not listed."""
    hidden = re.compile(pattern, re.DOTALL)
    return after(("list",), lambda _, __, given: given.each("Contents", lambda e: "" if hidden.search(e) else e))


HIDDEN: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "empty_hidden": (
        "Empty objects are taken for markers and not listed.",
        r"[^/]</Key>.*<Size>0<",
        ("write.zero_size",),
    ),
    "dot_names_hidden": ("Names that begin with a dot are hidden.", r"/\.[^/]*</Key>", ("list.paths_round_trip",)),
    "tilde_names_hidden": ("Names that end in a tilde are taken for backups.", r"~</Key>", ("list.paths_round_trip",)),
    "markers_hidden": ("Markers of directories are not listed.", r"/</Key>", ("list.empty_directory",)),
    "deep_hidden": (
        "Keys below eight slashes are not listed.",
        r"<Key>([^/<]*/){9}",
        ("paths.segments", "list.complete"),
    ),
    "long_hidden": (
        "Keys above 500 characters are not listed.",
        r"<Key>[^<]{700}",
        ("paths.long", "list.paths_round_trip"),
    ),
}
for name, (sentence, pattern, trips) in HIDDEN.items():
    family.plant(name, sentence, _hiding(pattern), *trips, "list.complete")


# what is told of each


def _entries(change: Callable[[str], str]) -> Hook:
    return after(("list",), lambda _, __, given: given.each("Contents", change))


AGREES = ("list.agrees_with_stat", "list.valid_objects", "list.current", "completeness.write")
TOLD: dict[str, tuple[str, Callable[[str], str]]] = {
    "size_zero": ("A listing tells that every object is empty.", lambda e: setting(e, "Size", "0")),
    "size_one_more": ("A listing counts one byte more.", lambda e: setting(e, "Size", str(int(value(e, "Size")) + 1))),
    "size_in_blocks": (
        "A listing tells the size on disk.",
        lambda e: setting(e, "Size", str(-(-int(value(e, "Size")) // 512) * 512)),
    ),
    "size_missing": ("A listing tells no size.", lambda e: re.sub("<Size>.*?</Size>", "", e)),
    "etag_other": ("A listing tells another ETag than HEAD.", lambda e: setting(e, "ETag", f'"{"0" * 32}"')),
    "etag_missing": ("A listing tells no ETag.", lambda e: re.sub("<ETag>.*?</ETag>", "", e, flags=re.DOTALL)),
    "etag_unquoted": (
        "A listing tells ETags without their quotes.",
        lambda e: setting(e, "ETag", value(e, "ETag").strip('"')),
    ),
    "time_epoch": (
        "A listing tells that all was written in 1970.",
        lambda e: setting(e, "LastModified", "1970-01-01T00:00:00.000Z"),
    ),
    "time_missing": ("A listing does not tell when.", lambda e: re.sub("<LastModified>.*?</LastModified>", "", e)),
    "time_an_hour_off": (
        "A listing tells local times as if they were in UTC.",
        lambda e: re.sub(r"T(\d\d):", lambda found: f"T{(int(found[1]) + 1) % 24:02}:", e),
    ),
}
for name, (sentence, told) in TOLD.items():
    family.plant(name, sentence, _entries(told), *AGREES)


@family.after("list", trips=AGREES)
def entries_shifted(server: Server, request: Request, given: Response) -> Response:
    """Sizes and ETags are those of the entry before: two indexes are off by one."""
    entries = given.blocks("Contents")
    shifted = [
        setting(setting(entry, "Size", value(other, "Size")), "ETag", value(other, "ETag"))
        for entry, other in zip(entries, [*entries[-1:], *entries[:-1]], strict=True)
    ]
    return given.arranged("Contents", shifted) if entries else given


# keys as they are written in a document


ROUND = ("list.paths_round_trip",)
family.plant(
    "encoding_forgotten",
    "Keys are not percent-encoded though the answer says so.",
    after(("list",), lambda _, __, given: given.each("Key", lambda k: element("Key", unquote(value(k, "Key"))))),
    *ROUND,
)
family.plant(
    "encoded_twice",
    "Keys are percent-encoded twice.",
    after(("list",), lambda _, __, given: given.each("Key", lambda k: element("Key", quote(value(k, "Key"))))),
    *ROUND,
)
family.plant(
    "plus_not_encoded",
    "A plus in a key is not encoded and is decoded as a blank.",
    after(("list",), lambda _, __, given: given.each("Key", lambda k: k.replace("%2B", "+"))),
    *ROUND,
)


@family.defect(*ROUND, like="flyology-ada/flyology-object-storage#13")
def fails_with_a_control_character(server: Server, request: Request) -> Response:
    """One control character in one key makes every listing fail."""
    given = server(request)
    broken = request.kind == "list" and re.search("<Key>[^<]*%[01][0-9A-F]", given.text)
    return Response(status=500, headers={"content-length": "0"}) if broken else given


# directories


@family.after("list", trips=("list.direct_children", "list.implicit_directories"))
def prefixes_missing(server: Server, request: Request, given: Response) -> Response:
    """A listing with a delimiter tells no common prefixes."""
    return given.each("CommonPrefixes", lambda _: "")


@family.after("list", trips=("list.direct_children", "list.implicit_directories"))
def prefixes_of_markers_only(server: Server, request: Request, given: Response) -> Response:
    """Only directories that have a marker are told."""
    return given.each("CommonPrefixes", lambda p: p if server.head(request, unquote(value(p, "Prefix"))).ok else "")


@family.after("list", trips=("list.direct_children", "list.paths_round_trip"))
def prefixes_decoded_twice(server: Server, request: Request, given: Response) -> Response:
    """Common prefixes are decoded once more than keys."""
    return given.each(
        "CommonPrefixes", lambda p: element("CommonPrefixes", element("Prefix", unquote(value(p, "Prefix"))))
    )


@family.after("list", trips=("list.direct_children",), like="earth-mover/icechunk#1825")
def prefixes_hidden_by_sibling(server: Server, request: Request, given: Response) -> Response:
    """A directory is not told when an object's name begins with its name."""
    names = [key_in(entry) for entry in given.blocks("Contents")]

    def told(prefix: str) -> str:
        name = unquote(value(prefix, "Prefix")).removesuffix("/")
        return "" if any(key.startswith(name) for key in names) else prefix

    return given.each("CommonPrefixes", told)


@family.after("list", trips=("list.direct_children",))
def prefixes_of_parents_too(server: Server, request: Request, given: Response) -> Response:
    """The directory that is listed is among its own children."""
    prefix = request.query.get("prefix", "")
    if "delimiter" not in request.query or not given.blocks("CommonPrefixes"):
        return given
    itself = element("CommonPrefixes", element("Prefix", quote(prefix)))
    return given.arranged("CommonPrefixes", [itself, *given.blocks("CommonPrefixes")])


# what is and is not there


@family.defect("multipart.hidden_until_complete", "list.current")
def shows_open_uploads(server: Server, request: Request) -> Response:
    """A key to which an upload is open is listed as an empty object."""
    given = server(request)
    if request.kind == "create":
        server.memory[given.told("UploadId")] = request.key
    if request.kind in ("complete", "abort"):
        server.memory.pop(request.upload, None)
    return _with(given, request, server.memory.values()) if request.kind == "list" else given


@family.defect("delete.removes", "list.current")
def shows_deleted(server: Server, request: Request) -> Response:
    """A deleted object is still listed."""
    if request.kind == "delete" and server.head(request).ok:
        server.memory[request.key] = request.key
    if request.kind in ("put", "copy", "complete"):
        server.memory.pop(request.key, None)
    given = server(request)
    return _with(given, request, server.memory.values()) if request.kind == "list" else given


def _with(given: Response, request: Request, keys: object) -> Response:
    """Return a listing with further keys, on its last page."""
    if "delimiter" in request.query or given.told("IsTruncated") == "true":
        return given
    known = {key_in(entry) for entry in given.blocks("Contents")}
    more = [
        element("Contents", element("Key", quote(key)), element("Size", "0"))
        for key in sorted(set(keys))  # type: ignore[call-overload]
        if key.startswith(request.query.get("prefix", "")) and key not in known
    ]
    return given.arranged("Contents", [*given.blocks("Contents"), *more]) if more else given


@family.defect("list.current", "completeness.listing", like="fsspec/s3fs#903")
def new_hidden_once(server: Server, request: Request) -> Response:
    """A new key is missing in the first listing after it was written."""
    if request.kind == "put" and not server.head(request).ok:
        server.memory[request.key] = True
    given = server(request)
    if request.kind != "list":
        return given
    return given.each("Contents", lambda e: "" if server.memory.pop(key_in(e), False) else e)


def _never_listed(kind: str) -> Hook:
    """Return a hook under which objects that came to be in one way are not listed."""

    def hook(server: Server, request: Request) -> Response:
        if request.kind == kind:
            server.memory[request.key] = True
        if request.kind == "put":
            server.memory.pop(request.key, None)
        given = server(request)
        return (
            given.each("Contents", lambda e: "" if key_in(e) in server.memory else e)
            if request.kind == "list"
            else given
        )

    return hook


family.plant(
    "copied_hidden", "Copied objects are not listed.", _never_listed("copy"), "completeness.origins", "list.current"
)
family.plant(
    "uploaded_hidden",
    "Uploaded objects are not listed.",
    _never_listed("complete"),
    "completeness.origins",
    "multipart.complete_ordinary",
)
