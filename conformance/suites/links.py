"""Links in listings, in chains, and by absolute paths (GSP-86, GSP-654)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.conditions import Condition
from conformance.engine.evidence import listed
from conformance.engine.expect import demand, holds, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import ObjectMode
from conformance.suites.create_link import leads_to

ABSOLUTE: Condition = {
    "when": lambda features: features.absolute_paths,
    "unless": "the backend takes no absolute paths",
}


@verifies("create_link.listed")
@given(target=st.sampled_from(("d/target", "d/missing")))
def test_a_link_is_listed_once_under_its_path(store: Recorder, target: str) -> None:
    """Beside its target, and leading nowhere, a link is listed once in its directory."""
    store.write("d/target", b"the target")
    store.create_link("d/link", target)
    found = {o.path: o.mode for o in listed(store, "d")}
    same(sorted(found), ["d/link", "d/target"], "the listing of the directory")
    shown = bool(found["d/link"] & (ObjectMode.LINK | ObjectMode.READ))
    demand(shown, "mode of the link in the listing", expected="link or read", observed=str(found["d/link"]) or "none")


@verifies("create_link.absolute", needs=("list",), **ABSOLUTE)
def test_links_by_absolute_paths_are_the_same(store: Recorder) -> None:
    """Absolute or relative, path and target make links that stat tells with the same target."""
    top = store.storage.metadata().work_dir.rstrip("/") + "/"
    for path, target in ((top + "one", "d/t"), ("two", top + "d/t"), (top + "three", top + "d/t")):
        leads_to(store, store.create_link(path, target), "d/t")
    names = ["one", "three", "two"]
    same([o.path for o in listed(store)], names, "the listing of the work_dir")
    for path in names:
        leads_to(store, store.stat(path), "d/t")


@verifies("create_link.chain")
def test_a_chain_of_links_is_followed_by_read_only(store: Recorder) -> None:
    """Of links to links each tells the next, and where the mode has read the last content is read."""
    store.write("target", b"at the end")
    leads_to(store, store.create_link("d/one", "target"), "target")
    leads_to(store, store.create_link("two", "d/one"), "d/one")
    found = store.stat("two")
    leads_to(store, found, "d/one")
    if ObjectMode.READ in found.mode:
        holds(store, "two", b"at the end")
