"""Pages of listings: their edges, their tokens and their size."""

from __future__ import annotations

from collections.abc import Callable

from .base import Family, Hook, Server, after, before
from .messages import Request, Response, key_in, refusal

family = Family("paging", ("list.complete", "list.continues", "list.prefix"))
TOKEN = "continuation-token"


def _pages(change: Callable[[Request, Response], Response]) -> Hook:
    return after(("list",), lambda _, request, given: change(request, given))


def _asking(change: Callable[[Request], Request | Response | None]) -> Hook:
    return before(("list",), lambda _, request: change(request))


def _more(given: Response) -> bool:
    return given.told("IsTruncated") == "true"


def _without(given: Response, tag: str, *, first: bool) -> Response:
    blocks = given.blocks(tag)
    return given.arranged(tag, blocks[1:] if first else blocks[:-1]) if blocks else given


EDGES: dict[str, tuple[str, Callable[[Request, Response], Response]]] = {
    "first_missing": (
        "The first key of every page but the first is missing: a token is exclusive twice.",
        lambda q, r: _without(r, "Contents", first=True) if TOKEN in q.query else r,
    ),
    "last_missing": (
        "The last key of a page with a successor is missing.",
        lambda _, r: _without(r, "Contents", first=False) if _more(r) else r,
    ),
    "very_last_missing": (
        "The last key of the last page is missing when there is more than one.",
        lambda _, r: _without(r, "Contents", first=False) if not _more(r) and len(r.blocks("Contents")) > 1 else r,
    ),
    "full_page_is_last": (
        "A page that is exactly full is the last one.",
        lambda q, r: r.telling("IsTruncated", "false") if _entries(r) == int(q.query.get("max-keys", "1000")) else r,
    ),
    "first_page_is_last": ("There is never a second page.", lambda _, r: r.telling("IsTruncated", "false")),
    "second_page_is_last": (
        "There is never a third page.",
        lambda q, r: r.telling("IsTruncated", "false") if TOKEN in q.query else r,
    ),
    "prefixes_on_first_page_only": (
        "Common prefixes are on the first page only.",
        lambda q, r: r.each("CommonPrefixes", lambda _: "") if TOKEN in q.query else r,
    ),
    "keys_on_first_page_only": (
        "Of listings with a delimiter, later pages have prefixes only.",
        lambda q, r: r.each("Contents", lambda _: "") if TOKEN in q.query and "delimiter" in q.query else r,
    ),
    "reversed": (
        "A page is in descending order.",
        lambda _, r: r.arranged("Contents", r.blocks("Contents")[::-1]) if r.blocks("Contents") else r,
    ),
    "sorted_without_case": (
        "A page is sorted as people sort, without case.",
        lambda _, r: (
            r.arranged("Contents", sorted(r.blocks("Contents"), key=lambda e: key_in(e).lower()))
            if r.blocks("Contents")
            else r
        ),
    ),
    "key_count_zero": ("The number of keys told is always 0.", lambda _, r: r.telling("KeyCount", "0")),
    "token_missing": (
        "A page with a successor names no token.",
        lambda _, r: r.each("NextContinuationToken", lambda _: ""),
    ),
}
for name, (sentence, change) in EDGES.items():
    ordered = ("listing_pages.ordered",) if name in ("reversed", "sorted_without_case") else ()
    family.plant(name, sentence, _pages(change), *ordered)


def _entries(given: Response) -> int:
    return len(given.blocks("Contents")) + len(given.blocks("CommonPrefixes"))


SIZES: dict[str, tuple[str, Callable[[Request], Request | Response | None]]] = {
    "token_ignored": (
        "A token is ignored: the first page comes again and again.",
        lambda q: q.asking(continuation_token=None),
    ),
    "token_once": (
        "A token is refused when a delimiter comes with it.",
        lambda q: refusal(400, "InvalidArgument") if TOKEN in q.query and "delimiter" in q.query else None,
    ),
    "delimiter_lost_with_token": (
        "From the second page on the delimiter is forgotten.",
        lambda q: q.asking(delimiter=None) if TOKEN in q.query else None,
    ),
    "prefix_lost_with_token": (
        "From the second page on the prefix is forgotten.",
        lambda q: (
            q.asking(prefix="/".join(q.query.get("prefix", "").split("/")[:2]) + "/") if TOKEN in q.query else None
        ),
    ),
    "size_ignored": ("The size of pages is ignored.", lambda q: q.asking(max_keys=None)),
    "size_one_more": (
        "Pages are longer by one.",
        lambda q: q.asking(max_keys=str(int(q.query.get("max-keys", "1000")) + 1)),
    ),
    "size_one_less": (
        "Pages are shorter by one.",
        lambda q: q.asking(max_keys=str(max(1, int(q.query.get("max-keys", "1000")) - 1))),
    ),
    "size_at_most_five": (
        "Pages have at most five entries, without a word.",
        lambda q: q.asking(max_keys=str(min(5, int(q.query.get("max-keys", "1000"))))),
    ),
    "size_of_one_fails": (
        "Pages of one entry make the server fail.",
        lambda q: refusal(500, "InternalError") if q.query.get("max-keys") == "1" else None,
    ),
}
for name, (sentence, asked) in SIZES.items():
    trips = ("listing_pages.page_size", "listing_pages.page_size_zero") if name.startswith("size") else ()
    family.plant(name, sentence, _asking(asked), *trips)


@family.after("list")
def repeats_the_edge(server: Server, request: Request, given: Response) -> Response:
    """The last key of a page is the first one of the next: a token is inclusive."""
    edge = server.memory.pop("edge", []) if TOKEN in request.query else []
    if _more(given):
        server.memory["edge"] = given.blocks("Contents")[-1:]
    return given.arranged("Contents", [*edge, *given.blocks("Contents")]) if edge else given


@family.after("list", like="localstack/localstack#9605", trips=("list.complete", "list.direct_children"))
def repeats_prefixes(server: Server, request: Request, given: Response) -> Response:
    """A common prefix is on every page on which keys below it would be."""
    mine = given.blocks("CommonPrefixes")
    if TOKEN not in request.query:
        server.memory["prefixes"] = mine
        return given
    again = [prefix for prefix in server.memory.get("prefixes", []) if prefix not in mine]
    return given.arranged("CommonPrefixes", [*again, *mine]) if again else given


@family.after("list", trips=("listing_pages.ordered", "list.changes_nothing"))
def unstable_order(server: Server, request: Request, given: Response) -> Response:
    """Every second listing is in another order."""
    server.memory["listed"] = server.memory.get("listed", 0) + 1
    odd = server.memory["listed"] % 2
    return given if odd or not given.blocks("Contents") else given.arranged("Contents", given.blocks("Contents")[::-1])


def _capped(limit: int) -> Hook:
    """Return a hook under which a listing ends after some keys, over all its pages."""

    def capped(server: Server, request: Request, given: Response) -> Response:
        seen = server.memory.get("seen", 0) if TOKEN in request.query else 0
        entries = given.blocks("Contents")
        server.memory["seen"] = seen + len(entries)
        if server.memory["seen"] <= limit:
            return given
        return given.arranged("Contents", entries[: max(0, limit - seen)]).telling("IsTruncated", "false")

    return after(("list",), capped)


for limit in (20, 100):
    family.plant(f"ends_after_{limit}", f"A listing ends after {limit} keys.", _capped(limit))
family.plant("ends_after_1000", "A listing ends after 1,000 keys.", _capped(1000), "list.complete", profile="deep")


@family.after("list", trips=("paths.distinct", "list.complete"))
def directories_end_after_32(server: Server, request: Request, given: Response) -> Response:
    """Of the directories in a directory the first 32 are listed, over all pages."""
    seen: int = server.memory.get("directories", 0) if TOKEN in request.query else 0
    entries = given.blocks("CommonPrefixes")
    server.memory["directories"] = seen + len(entries)
    return given if seen + len(entries) <= 32 else given.arranged("CommonPrefixes", entries[: max(0, 32 - seen)])


@family.after("list", trips=("listing_pages.page_size", "list.complete"))
def token_of_odd_key_skips_one(server: Server, request: Request, given: Response) -> Response:
    """A token that is made of a key with a sign that has to be encoded leads one key too far."""
    entries = given.blocks("Contents")
    odd, server.memory["odd"] = server.memory.get("odd"), bool(entries) and set(key_in(entries[-1])) & set("+%&?# ")
    return _without(given, "Contents", first=True) if odd and TOKEN in request.query else given


# start-after


def _starting(change: Callable[[Request, str], Request | None]) -> Hook:
    def asked(_: Server, request: Request) -> Request | None:
        return change(request, request.query["start-after"]) if "start-after" in request.query else None

    return before(("list",), asked)


AFTER = ("listing_pages.start_after", "listing_pages.start_after_prefix")
family.plant(
    "start_after_ignored",
    "A listing begins with its first key whatever it is to begin after.",
    _starting(lambda q, _: q.asking(start_after=None)),
    *AFTER,
)
family.plant(
    "start_after_decoded_twice",
    "The key to begin after is percent-decoded twice.",
    _starting(lambda q, key: q.asking(start_after=key.replace("%25", "%"))),
    *AFTER,
)
family.plant(
    "start_after_plus_is_blank",
    "A plus in the key to begin after is taken for a blank.",
    _starting(lambda q, key: q.asking(start_after=key.replace("+", " "))),
    *AFTER,
)
family.plant(
    "start_after_without_prefix",
    "The key to begin after is taken to be below the prefix.",
    _starting(lambda q, key: q.asking(start_after=q.query.get("prefix", "") + key)),
    *AFTER,
)
family.plant(
    "start_after_every_page",
    "Every page begins after that key again.",
    _starting(lambda q, _: q.asking(continuation_token=None)),
    *AFTER,
)


@family.after("list", trips=AFTER, like="apache/arrow-rs-object-store#623")
def start_after_inclusive(server: Server, request: Request, given: Response) -> Response:
    """The key to begin after is listed itself."""
    key = request.query.get("start-after")
    if key is None or TOKEN in request.query or not server.head(request, key).ok:
        return given
    if not key.startswith(request.query.get("prefix", "")):
        return given
    alone = server(request.asking(start_after=None, prefix=key, max_keys="1", delimiter=None)).blocks("Contents")
    return given.arranged("Contents", [*alone, *given.blocks("Contents")])


@family.after("list", trips=AFTER)
def start_after_skips_one(server: Server, request: Request, given: Response) -> Response:
    """The key behind the one to begin after is missing too."""
    return (
        _without(given, "Contents", first=True)
        if "start-after" in request.query and TOKEN not in request.query
        else given
    )


@family.before("list", trips=AFTER)
def start_after_must_exist(server: Server, request: Request) -> Response | None:
    """The key to begin after must exist."""
    key = request.query.get("start-after")
    return refusal(400, "InvalidArgument") if key is not None and not server.head(request, key).ok else None


@family.after("list", trips=AFTER)
def start_after_case_blind(server: Server, request: Request, given: Response) -> Response:
    """Keys are compared with the one to begin after without case."""
    key = request.query.get("start-after")
    return given if key is None else given.each("Contents", lambda e: e if key_in(e).lower() > key.lower() else "")


@family.after("list", trips=("listing_pages.page_size", "listing_pages.page_size_zero"), like="InsForge/InsForge#1959")
def size_zero_promises_more(server: Server, request: Request, given: Response) -> Response:
    """A page of no entries says that there are more."""
    return given.telling("IsTruncated", "true") if request.query.get("max-keys") == "0" else given
