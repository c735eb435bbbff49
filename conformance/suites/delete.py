"""Delete: it removes one object and no other, as often as it is asked to (GSP-46, GSP-93, definition of delete)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import contents, group, group_names, handful, pack, paths
from conformance.engine.conditions import FLAT, NATIVE, NO_DIRECTORIES, VIRTUAL, takes
from conformance.engine.evidence import entries, everything, fails, has_dir, is_dir, listed, metadata
from conformance.engine.expect import absent, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import CapabilityInsufficient, Content, Features, ListMode, ObjectMode, ObjectNotExist


@verifies("delete.removes", needs=("stat", "read", "list"), smoke=True)
@given(path=paths(), content=contents())
def test_a_deleted_object_is_gone(store: Recorder, path: str, content: Content) -> None:
    """After delete neither stat nor read nor any listing knows the object, and asking did not bring it back."""
    store.write(path, content)
    holds(store, path, content)
    store.delete(path)
    with refused(ObjectNotExist, what=f"stat of the deleted {path!r}"):
        store.stat(path)
    absent(store, path)
    same(entries(store), [], "the listing after delete")


@verifies("delete.removes", needs=("read",))
@given(path=paths())
def test_a_deleted_object_is_gone_for_every_client(store: Recorder, again: Recorder, path: str) -> None:
    """A second client, which had read the object before, finds it gone too."""
    store.write(path, b"read by both")
    holds(again, path, b"read by both")
    store.delete(path)
    absent(again, path, listed_in=None)


@verifies("delete.removes", needs=("list",), weight=0)
def test_a_directory_can_be_emptied(store: Recorder, features: Features) -> None:
    """Every listed object can be deleted under the path that the listing tells, and then none is left."""
    for number, key in enumerate(pack(2, features)[::2]):
        store.write(key, b"" if number % 2 and features.write_empty_object else b"x")
    for o in everything(store):
        store.delete(o.path)
    same(entries(store), [], "what is left when everything listed was deleted")


@verifies("delete.idempotent", needs=("read",), smoke=True)
@given(path=paths(), times=st.integers(2, 3))
def test_deleting_again_gives_the_same_result(store: Recorder, path: str, times: int) -> None:
    """Deleting the same path any number of times succeeds each time."""
    store.write(path, b"to be deleted")
    for _ in range(times):
        store.delete(path)
    absent(store, path, listed_in=None)


@verifies("delete.idempotent", needs=("stat", "read"), weight=0)
@given(path=paths())
def test_deleting_what_another_client_deleted_succeeds(store: Recorder, again: Recorder, path: str) -> None:
    """Two clients that delete the same object both succeed."""
    store.write(path, b"deleted by both")
    again.stat(path)
    store.delete(path)
    again.delete(path)
    absent(again, path, listed_in=None)


@verifies("delete.missing", needs=("write",))
@given(name=group_names())
def test_deleting_what_never_existed_succeeds(store: Recorder, features: Features, name: str) -> None:
    """A path at which there never was anything can be deleted, and its neighbours do not notice."""
    missing, neighbour, *_ = group(name, features)
    store.write(neighbour, b"neighbour")
    store.delete(missing)
    store.delete("no/such/directory/at/all")
    holds(store, neighbour, b"neighbour")


@verifies("delete.below_file", needs=("read",))
@given(path=st.sampled_from(("a/b", "a/b/c", "a/a")))
def test_deleting_below_an_object_succeeds(store: Recorder, path: str) -> None:
    """Below an object there is nothing, and deleting nothing succeeds."""
    store.write("a", b"an object, not a directory")
    store.delete(path)
    holds(store, "a", b"an object, not a directory")


@verifies("delete.only_one", needs=("list", "read"), smoke=True)
@given(name=group_names())
def test_neighbours_survive(store: Recorder, features: Features, name: str) -> None:
    """Names that begin alike, lie below or look alike survive the deletion of one of them, whole and listed."""
    victim, *rest = group(name, features)[:4]
    for number, key in enumerate((victim, *rest)):
        store.write(key, Content(20 + number, number + 1))
    store.delete(victim)
    found = everything(store)
    same([o.path for o in found], sorted(rest), f"the listing after deleting {victim!r}")
    lengths = {o.path: o.content_length for o in found if o.content_length is not None}
    same(lengths, {key: 20 + rest.index(key) + 1 for key in lengths}, f"the lengths after deleting {victim!r}")
    holds(store, rest[0], Content(21, 2))


@verifies("delete.only_one", needs=("list",), weight=0)
@given(first=st.sampled_from((0, 1)))
def test_half_of_the_keys_survive_the_deletion_of_the_other_half(
    store: Recorder, features: Features, first: int
) -> None:
    """Of names that look alike exactly those that are deleted go."""
    keys = (*handful(features)[:12], "d/e/f/g", "d/e/f/h")
    for key in keys:
        store.write(key, b"" if features.write_empty_object else b"1")
    for key in keys[first::2]:
        store.delete(key)
    same([o.path for o in everything(store)], sorted(keys[1 - first :: 2]), "the objects left")


@verifies("delete.only_one", needs=("read",), **FLAT)
@given(victim=st.sampled_from(("a", "a/b", "a/b/c")))
def test_objects_below_and_above_survive(store: Recorder, victim: str) -> None:
    """Where an object may lie below another, deleting the one leaves the other."""
    keys = ("a", "a/b", "a/b/c")
    for key in keys:
        store.write(key, key.encode())
    store.delete(victim)
    absent(store, victim, listed_in=None)
    for key in keys:
        if key != victim:
            holds(store, key, key.encode())


@verifies("delete.only_one", needs=("create_dir", "stat"))
@given(path=st.sampled_from(("d", "d/e")))
def test_a_directory_survives_its_last_object(store: Recorder, path: str) -> None:
    """A directory that was created is still there when the only object in it was deleted."""
    store.create_dir(path)
    store.write(f"{path}/x", b"the only child")
    store.delete(f"{path}/x")
    same(has_dir(store, path), True, "whether there is a directory")


@verifies("delete.keeps_children", needs=("read", "list"), smoke=True)
@given(hint=st.sampled_from((ObjectMode.DIR, None)), path=st.sampled_from(("d", "d/e")))
def test_a_directory_that_is_not_empty_keeps_its_children(store: Recorder, hint: ObjectMode | None, path: str) -> None:
    """Whatever deleting a directory with children returns, the children are still there."""
    store.create_dir(path)
    store.write(f"{path}/x", b"child")
    store.write(f"{path}/y/z", b"grandchild")
    with either():
        store.delete(path, **({} if hint is None else {"object_mode": hint}))
    same([o.path for o in everything(store)], [f"{path}/x", f"{path}/y/z"], "the objects in the directory")
    holds(store, f"{path}/x", b"child")


@verifies("delete.forgets", needs=("read", "stat"))
@given(path=paths())
def test_an_object_written_after_delete_is_new(store: Recorder, features: Features, path: str) -> None:
    """An object at a path that was deleted before has its own bytes and metadata only, and can be deleted like it."""
    old = {"content_type": "text/x-old", "content_disposition": "inline", "user_metadata": {"old": "yes"}}
    pairs: dict[str, Any] = {name: value for name, value in old.items() if name in features.pairs["write"]}
    store.write(path, b"old and longer", **pairs)
    store.delete(path)
    store.write(path, b"new")
    holds(store, path, b"new")
    told = metadata(store.stat(path))
    same([name for name, value in pairs.items() if told[name] == value], [], "old metadata after delete and write")
    same(told["user_metadata"], {}, "user_metadata after delete and write")
    store.delete(path)
    with refused(ObjectNotExist, what="read of what was deleted, written and deleted"):
        store.read(path)


@verifies("delete.forgets", needs=("read", "list"), weight=0)
@given(path=paths())
def test_a_path_can_be_written_and_deleted_in_turn(store: Recorder, path: str) -> None:
    """Writing and deleting the same path in turn works each time, whatever came before."""
    for turn in range(2):
        store.write(path, Content(50, turn + 1))
        same(store.read(path), Content(50, turn + 1).data, f"content in turn {turn + 1}")
        store.delete(path)
    with refused(ObjectNotExist, what="read after the last delete"):
        store.read(path)
    same(entries(store), [], "the listing at the end")


@verifies("delete.directory", needs=("stat", "list"), **takes("delete", "object_mode"))
@given(path=st.sampled_from(("d", "d/e")))
def test_an_empty_directory_can_be_deleted_again_and_again(store: Recorder, path: str) -> None:
    """Deleting an empty directory succeeds, also when it is gone already."""
    store.create_dir(path)
    store.delete(path, object_mode=ObjectMode.DIR)
    with refused(ObjectNotExist, what="stat of a deleted directory"):
        store.stat(path, object_mode=ObjectMode.DIR)
    store.delete(path, object_mode=ObjectMode.DIR)
    parent = path.rpartition("/")[0]
    same([o for o in listed(store, parent) if o.path == path], [], "entries for the deleted directory")


@verifies("delete.directory", needs=("stat", "write"), **NATIVE)
@given(path=st.sampled_from(("d", "d/e")))
def test_the_place_of_a_deleted_directory_is_free(store: Recorder, path: str) -> None:
    """Where an empty directory was deleted, an object can be written, and the other way round."""
    store.create_dir(path)
    store.delete(path)
    store.write(path, b"an object now")
    holds(store, path, b"an object now")
    store.delete(path)
    store.create_dir(path)
    same(is_dir(store.stat(path)), True, "whether there is a directory again")


@verifies("delete.virtual_directory", needs=("stat", "read", "write"), **VIRTUAL)
@given(path=st.sampled_from(("d", "d/e")))
def test_object_and_virtual_directory_are_deleted_apart(store: Recorder, path: str) -> None:
    """Without object_mode the object goes, with object_mode dir the directory, and the other one stays."""
    store.create_dir(path)
    store.write(path, b"of the same name")
    store.delete(path)
    with refused(ObjectNotExist, what="stat of the deleted object"):
        store.stat(path)
    same(has_dir(store, path), True, "whether the directory stays")
    store.write(path, b"again")
    store.delete(path, object_mode=ObjectMode.DIR)
    with refused(ObjectNotExist, what="stat of the deleted directory"):
        store.stat(path, object_mode=ObjectMode.DIR)
    holds(store, path, b"again")


@verifies("delete.directory_unsupported", needs=("read",), **NO_DIRECTORIES)
def test_no_directory_means_no_object(store: Recorder) -> None:
    """Where there are no directories, asking to delete one does not delete the object of that name."""
    store.write("d", b"an object")
    with either(CapabilityInsufficient):
        store.delete("d", object_mode=ObjectMode.DIR)
    holds(store, "d", b"an object")


@verifies("delete.link", needs=("read", "stat"))
@given(target=st.sampled_from(("target", "d/target")))
def test_deleting_a_link_leaves_its_target(store: Recorder, target: str) -> None:
    """The link is gone, the target is whole, and deleting the link again succeeds."""
    store.write(target, b"kept")
    store.create_link("link", target)
    store.delete("link")
    store.delete("link")
    with refused(ObjectNotExist, what="stat of the deleted link"):
        store.stat("link")
    holds(store, target, b"kept")


@verifies("delete.link", needs=("stat",))
def test_deleting_the_target_leaves_the_link(store: Recorder) -> None:
    """A link whose target was deleted is still a link, and reads as nothing."""
    store.write("target", b"gone soon")
    store.create_link("link", "target")
    store.delete("target")
    same(ObjectMode.LINK in store.stat("link").mode, True, "whether the link is still one")
    with refused(what="read of a link that leads nowhere"):
        store.read("link")


@verifies("delete.append", needs=("commit_append", "stat", "read"))
@given(commits=st.booleans(), path=st.sampled_from(("a", "d/a")))
def test_append_objects_are_deleted_like_others(store: Recorder, commits: bool, path: str) -> None:
    """An append object, committed or not, is deleted as often as asked, and is gone."""
    o = store.create_append(path)
    store.write_append(o, b"appended")
    if commits:
        store.commit_append(o)
    store.delete(path)
    store.delete(path)
    absent(store, path)


@verifies("delete.upload_idempotent", needs=("write_multipart", "read"), weight=0, **takes("delete", "multipart_id"))
@given(path=paths())
def test_an_upload_can_be_aborted_again_and_again(store: Recorder, path: str) -> None:
    """Aborting succeeds each time, and no object comes of the upload."""
    o = store.create_multipart(path)
    store.write_multipart(o, b"never seen", 0)
    for _ in range(2):
        store.delete(path, multipart_id=o.multipart_id)
    absent(store, path, listed_in=None)


@verifies("delete.upload_only", needs=("read",), weight=0, **takes("delete", "multipart_id"))
@given(path=paths())
def test_aborting_an_upload_leaves_the_object(store: Recorder, path: str) -> None:
    """The object at the path of an aborted upload stays as it was."""
    store.write(path, b"committed")
    o = store.create_multipart(path)
    store.write_multipart(o, b"not committed", 0)
    store.delete(path, multipart_id=o.multipart_id)
    holds(store, path, b"committed")
    same([o.path for o in everything(store)], [path], "all objects")


@verifies("delete.upload_only", needs=("read",), weight=0)
@given(path=paths())
def test_deleting_the_object_leaves_the_upload(store: Recorder, path: str) -> None:
    """An upload can be completed after the object at its path was deleted."""
    store.write(path, b"old")
    o = store.create_multipart(path)
    _, part = store.write_multipart(o, b"uploaded", 0)
    store.delete(path)
    absent(store, path, listed_in=None)
    store.complete_multipart(o, [part])
    holds(store, path, b"uploaded")


@verifies(
    "delete.upload_gone", needs=("complete_multipart", "read", "list"), weight=0, **takes("delete", "multipart_id")
)
@given(path=paths())
def test_an_aborted_upload_takes_nothing_any_more(store: Recorder, features: Features, path: str) -> None:
    """Neither parts nor completion are accepted, the listing of uploads omits it, and no object appears."""
    o = store.create_multipart(path)
    _, part = store.write_multipart(o, b"lost", 0)
    store.delete(path, multipart_id=o.multipart_id)
    with fails("write_multipart to an aborted upload"):
        store.write_multipart(o, b"too late", 1)
    with fails("complete_multipart of an aborted upload"):
        store.complete_multipart(o, [part])
    if ListMode.PART in features.list_modes:
        same(listed(store, path, ListMode.PART), [], "uploads listed after the abort")
    absent(store, path, listed_in=None)


@verifies("delete.root", needs=("read", "list"))
@given(path=st.sampled_from(("", ".")))
def test_deleting_nothing_in_particular_removes_nothing(store: Recorder, path: str) -> None:
    """Whatever deleting the work_dir itself returns, what is in it stays."""
    store.write("a", b"in the work_dir")
    store.write("d/a", b"below it")
    with either():
        store.delete(path)
    holds(store, "d/a", b"below it")
    same([o.path for o in everything(store)], ["a", "d/a"], "all objects")
