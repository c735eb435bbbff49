"""Fetch: store what a URL serves (definition of fetch, GSP-134)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.catalogue import contents, paths
from conformance.engine.conditions import takes
from conformance.engine.evidence import fails, unchanged
from conformance.engine.expect import holds, same
from conformance.engine.http_source import served
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content


@verifies("fetch.content", needs=("read", "stat"), smoke=True)
@given(path=paths(), content=contents(minimum=1))
def test_fetch_stores_what_is_served(store: Recorder, path: str, content: Content) -> None:
    """The object has exactly the bytes served, under the path asked for."""
    store.fetch(path, served(content))
    holds(store, path, content)


@verifies("fetch.without_length", needs=("read", "stat"))
@given(content=contents(minimum=1))
def test_a_body_in_chunks_is_stored_completely(store: Recorder, content: Content) -> None:
    """A body whose length is not told before is stored to its last byte."""
    store.fetch("a", served(content, chunked=True))
    holds(store, "a", content)


@verifies("fetch.content_type", needs=("write",), **takes("write", "content_type"))
@given(path=paths())
def test_the_content_type_served_is_kept(store: Recorder, path: str) -> None:
    """Stat tells the content type that the URL told."""
    store.fetch(path, served(b"<p>", content_type="text/x-fetched"))
    same(store.stat(path).content_type, "text/x-fetched", "content_type")


@verifies("fetch.redirect", needs=("read", "stat"))
@given(redirects=st.sampled_from((1, 2)))
def test_a_redirect_is_followed(store: Recorder, redirects: int) -> None:
    """What is stored is what is served at the end of the redirects."""
    content = Content(3000, 5)
    store.fetch("a", served(content, redirects=redirects))
    holds(store, "a", content)


@verifies("fetch.failure_keeps_old", needs=("read", "stat", "list"))
@given(status=st.sampled_from((404, 500, 403)))
def test_an_error_is_not_stored(store: Recorder, status: int) -> None:
    """An answer of error is an error of fetch: its page is not stored, and the old object stays."""
    store.write("old", b"stays")
    with unchanged(store, "old", "new"):
        for path in ("old", "new"):
            with fails(f"fetch of what answers {status}"):
                store.fetch(path, served(b"an error page", status=status))


@verifies("fetch.failure_keeps_old", needs=("read", "stat", "list"))
@given(cut=st.sampled_from((100, 3000, 1)), chunked=st.booleans())
def test_a_cut_body_is_not_stored(store: Recorder, cut: int, chunked: bool) -> None:
    """A body that ends before it is complete is an error of fetch, and no part of it is stored."""
    store.write("old", b"stays")
    with unchanged(store, "old", "new"):
        for path in ("old", "new"):
            with fails("fetch of a body that is cut off"):
                store.fetch(path, served(Content(3000, 6), cut=cut, chunked=chunked))
