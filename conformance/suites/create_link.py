"""create_link: an object that leads to another path (GSP-86)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.expect import refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Object, ObjectMode

LINKS = st.sampled_from(("link", "d/link", "a b/l\u00e9"))
TARGETS = st.sampled_from(("target", "t/target", "missing"))


def leads_to(store: Recorder, o: Object, target: str) -> None:
    """Demand that a link tells this target: relative to the work_dir, or the absolute path of the same object."""
    absolute = store.storage.metadata().work_dir.rstrip("/") + "/" + target
    same(o.link_target in (target, absolute), True, f"whether link_target {o.link_target!r} is {target!r}")


@verifies("create_link.creates", smoke=True)
@given(path=LINKS, target=TARGETS)
def test_create_link_returns_a_link(store: Recorder, path: str, target: str) -> None:
    """The object returned has the path given, the mode link, and the target given."""
    o = store.create_link(path, target)
    same((o.path, ObjectMode.LINK in o.mode), (path, True), "path, and whether it is a link")
    leads_to(store, o, target)


@verifies("create_link.told", needs=("write",))
@given(path=LINKS)
def test_stat_tells_the_link(store: Recorder, path: str) -> None:
    """Stat tells the link and its immediate target, also when that is a link itself."""
    store.write("target", b"the target")
    store.create_link(path, "target")
    store.create_link("second", path)
    for link, target in ((path, "target"), ("second", path)):
        o = store.stat(link)
        same((o.path, ObjectMode.LINK in o.mode), (link, True), "path, and whether it is a link")
        leads_to(store, o, target)


@verifies("create_link.dangling", needs=("read", "stat"))
@given(path=LINKS)
def test_a_link_may_lead_nowhere(store: Recorder, path: str) -> None:
    """A link to what does not exist is told as a link, cannot be read, and does not make its target exist."""
    store.create_link(path, "missing")
    same(ObjectMode.LINK in store.stat(path).mode, True, "whether there is a link")
    with refused(what="read of a link that leads nowhere"):
        store.read(path)
    with refused(what="stat of what the link leads to"):
        store.stat("missing")


@verifies("create_link.dangling", needs=("read", "stat"))
def test_links_in_a_circle_end(store: Recorder) -> None:
    """Two links that lead to each other are two links, and reading them is an error."""
    store.create_link("one", "two")
    store.create_link("two", "one")
    for path in ("one", "two"):
        same(ObjectMode.LINK in store.stat(path).mode, True, f"whether {path!r} is a link")
        with refused(what="read of links in a circle"):
            store.read(path)


@verifies("create_link.replaces", needs=("stat", "write", "read"))
@given(path=LINKS)
def test_a_new_link_replaces_the_old(store: Recorder, path: str) -> None:
    """Created again with another target the link leads there and nowhere else; neither target changes."""
    store.write("first/target", b"1")
    store.write("second", b"2")
    store.create_link(path, "first/target")
    store.create_link(path, "second")
    leads_to(store, store.stat(path), "second")
    same((store.read("first/target"), store.read("second")), (b"1", b"2"), "contents of both targets")


@verifies("create_link.read", needs=("stat",))
@given(path=LINKS)
def test_a_readable_link_reads_as_its_target(store: Recorder, path: str) -> None:
    """Where the mode of a link has read, its content is the target's, as it is now."""
    store.write("target", b"then")
    store.create_link(path, "target")
    store.write("target", b"now, and longer")
    if ObjectMode.READ in store.stat(path).mode:
        same(store.read(path), b"now, and longer", "content of the link")


@verifies("create_link.target_unharmed", needs=("read", "stat"))
@given(path=LINKS)
def test_links_never_harm_their_targets(store: Recorder, path: str) -> None:
    """Creating, replacing and deleting links leaves the object that they lead to as it was."""
    store.write("target", b"unharmed")
    before = store.stat("target")
    store.create_link(path, "target")
    store.create_link(path, "elsewhere")
    store.create_link(path, "target")
    store.delete(path)
    same(store.read("target"), b"unharmed", "content of the target")
    same(store.stat("target"), before, "description of the target")
