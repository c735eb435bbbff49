"""Fetch of bodies that are slow, empty, too large or not there, to every path (definition of fetch, GSP-97)."""

from __future__ import annotations

import gzip

from hypothesis import strategies as st

from conformance.engine.conditions import EMPTY_OBJECTS
from conformance.engine.expect import absent, demand, holds, refused
from conformance.engine.http_source import served
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, RestrictionDissatisfied, Restrictions
from conformance.storage.calls import describe

NOWHERE = "http://127.0.0.1:9/nothing-listens-here"


@verifies("fetch.any_path")
@given(path=st.sampled_from(("d e/a+b%41?x=1", "caf\u00e9/\u65e5#f", "a&b/c;d")))
def test_what_is_fetched_is_below_the_work_dir(store: Recorder, outside: Recorder, inside: str, path: str) -> None:
    """Fetched to a path that has to be escaped, the object is there, and seen from above below the work_dir."""
    work_dir = inside.rstrip("/").rpartition("/")[2]
    content = Content(300, 1)
    store.fetch(path, served(content))
    holds(store, path, content)
    holds(outside, f"{work_dir}/{path}", content)


@verifies("fetch.slow")
@given(chunked=st.booleans())
def test_a_slow_body_is_stored_completely(store: Recorder, chunked: bool) -> None:
    """A body that comes in five pieces with pauses between them is stored to its last byte."""
    content = Content(3000, 2)
    store.fetch("a", served(content, pause=0.03, chunked=chunked))
    holds(store, "a", content)


@verifies("fetch.empty", **EMPTY_OBJECTS)
@given(chunked=st.booleans())
def test_an_empty_body_is_an_empty_object(store: Recorder, chunked: bool) -> None:
    """Nothing fetched is an object of nothing, at a new path and over an object."""
    store.write("old", b"to be replaced")
    for path in ("old", "new"):
        store.fetch(path, served(b"", chunked=chunked))
        holds(store, path, b"")


@verifies("fetch.bad_url")
@given(url=st.sampled_from((NOWHERE, "no url at all", "")))
def test_what_cannot_be_fetched_is_an_error(store: Recorder, url: str) -> None:
    """Where nobody listens, and of what is no URL, nothing is fetched: an error, and everything stays."""
    store.write("old", b"stays")
    for path in ("old", "new"):
        with refused(what=f"fetch of {url!r}"):
            store.fetch(path, url)
    holds(store, "old", b"stays")
    absent(store, "new", listed_in=None)


@verifies("fetch.size_maximum")
def test_a_body_above_the_maximum_is_refused(store: Recorder, limits: Restrictions) -> None:
    """A body of one byte more than fetch_size_maximum, by its own account, is refused, and everything stays."""
    store.write("old", b"stays")
    maximum = limits.fetch_size_maximum
    for path in () if maximum is None else ("old", "new"):
        with refused(RestrictionDissatisfied, what=f"fetch of {maximum} bytes and one"):
            store.fetch(path, served(b"the beginning of it", announced=(maximum or 0) + 1))
    holds(store, "old", b"stays")
    absent(store, "new", listed_in=None)


@verifies("fetch.encoded")
@given(size=st.sampled_from((3000, 1)))
def test_a_compressed_body_is_stored_wholly(store: Recorder, size: int) -> None:
    """What is served with the content encoding gzip is stored as sent or decompressed, and nothing in between."""
    plain = Content(size, 3).data * 3
    sent = gzip.compress(plain, mtime=0)
    store.fetch("a", served(sent, encoding="gzip"))
    found = store.read("a")
    whole = f"{len(sent)} bytes as sent or {len(plain)} decompressed"
    demand(found in (sent, plain), "content of what was served compressed", expected=whole, observed=describe(found))


@verifies("fetch.redirect_circle")
def test_redirects_in_a_circle_are_an_error(store: Recorder) -> None:
    """A URL that leads back to itself is refused, and there is no object."""
    with refused(what="fetch of redirects in a circle"):
        store.fetch("a", served(b"never served", redirects=-1))
    absent(store, "a", listed_in=None)
