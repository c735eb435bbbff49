"""Create: a handle, made without any request (definition of create, GSP-93)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.catalogue import group, group_names, paths
from conformance.engine.evidence import everything
from conformance.engine.expect import absent, holds, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Features, ObjectMode


@verifies("create.local", needs=("write", "read", "stat", "list"))
def test_create_changes_nothing(store: Recorder) -> None:
    """Handles of what exists and of what does not are made without any effect."""
    store.write("there", b"stays")
    for path in ("there", "missing", "no/such/directory/at/all"):
        store.create(path)
    holds(store, "there", b"stays")
    same([o.path for o in everything(store)], ["there"], "all objects")


@verifies("create.path", needs=("stat", "read"))
@given(name=group_names())
def test_a_handle_has_the_path_given(store: Recorder, features: Features, name: str) -> None:
    """The handle has the path given, to the letter, and no object has come of it."""
    for key in group(name, features)[:3]:
        same(store.create(key).path, key, "path of the handle")
    absent(store, group(name, features)[0], listed_in=None)


@verifies("create.mode")
@given(mode=st.sampled_from((ObjectMode.DIR, ObjectMode.APPEND, ObjectMode.READ | ObjectMode.LINK, ObjectMode.PAGE)))
def test_a_handle_has_the_mode_given(store: Recorder, mode: ObjectMode) -> None:
    """The handle has the object_mode given, whatever it is, and read without one."""
    same(store.create("a", object_mode=mode).mode, mode, "mode of the handle")
    same(store.create("a").mode, ObjectMode.READ, "mode of a handle made without object_mode")


@verifies("create.id", needs=("write",))
@given(path=paths())
def test_a_handle_has_the_id_of_its_object(store: Recorder, path: str) -> None:
    """Made before the object or after, a handle has the id that stat tells, where ids are told."""
    early = store.create(path)
    store.write(path, b"x")
    told = store.stat(path).id
    for handle in (early, store.create(path)):
        same(handle.id or told, told or handle.id, "id of the handle")
