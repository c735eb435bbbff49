"""List: everything that is there, once, and nothing else (GSP-654, GSP-749, documentation of the iterator)."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.engine.catalogue import ODD, allowed, group, pack, packs, paths
from conformance.engine.conditions import ETAGS, FLAT, lists, takes
from conformance.engine.evidence import (
    everything,
    in_mode,
    is_dir,
    level,
    listed,
    same_time,
    shows,
    shows_lengths,
    unchanged,
)
from conformance.engine.expect import demand, either, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, ListMode, ListModeInvalid, ObjectMode, ObjectModeInvalid

TREE = ("a", "d/a", "d/e/a", "d/e/f/a", "d-/a", "d.a", "d0", "da")
"""Names whose order changes with the delimiter: ``-`` and ``.`` sort before ``/``, ``0`` behind it."""

LOOK_ALIKE = ("like", "case", "percent", "plus", "unicode", "siblings")
"""Groups of names that a prefix with wildcards, without case or decoded once more would take for each other."""
LETTERS = {
    "a_": ("a_b", "acb"),
    "a%": ("a%41", "aA"),
    "a+": ("a+b",),
    "a ": ("a b", "a%20b"),
    "k": ("Key", "key"),
    "caf\u00e9": ("caf\u00e9", "cafe\u0301"),
}
"""Prefixes, and names of which one would be shown for another."""


@verifies("list.direct_children", smoke=True, **lists(ListMode.DIR))
def test_a_listing_shows_one_level(store: Recorder) -> None:
    """A listing shows objects and directories directly in the path, each once, and nothing from deeper down."""
    for path in TREE:
        store.write(path, path.encode())
    shows(level(store), ["a", "d-/", "d.a", "d/", "d0", "da"], "the listing of the work_dir")
    shows(level(store, "d"), ["d/a", "d/e/"], "the listing of 'd'")
    shows(level(store, "d/e"), ["d/e/a", "d/e/f/"], "the listing of 'd/e'")


@verifies("list.direct_children", weight=0, **lists(ListMode.DIR))
@given(number=packs())
def test_one_level_of_many_names(store: Recorder, features: Features, number: int) -> None:
    """Many names of one directory that look alike are all shown, each once."""
    names = sorted({key.partition("/")[0] for key in pack(number, features)})[::2]
    for name in names:
        store.write(f"d/{name}", b"x")
    shows(level(store, "d"), [f"d/{name}" for name in names], "the listing of 'd'")


@verifies("list.boundary", **lists(ListMode.DIR))
@given(path=st.sampled_from(("d", "d/e")))
def test_a_listing_stops_at_the_boundary_of_the_name(store: Recorder, path: str) -> None:
    """Siblings whose names begin with that of the directory are not in its listing."""
    for sibling in (f"{path}-/x", f"{path}0", f"x/{path}/x"):
        store.write(sibling, b"outside")
    shows(level(store, path), [], "the listing of what does not exist")
    store.write(f"{path}/inside", b"inside")
    shows(level(store, path), [f"{path}/inside"], f"the listing of {path!r}")


@verifies("list.boundary", weight=0, **lists(ListMode.DIR), needs=("delete",))
def test_an_object_and_a_longer_name_are_two_entries(store: Recorder) -> None:
    """Where one name is the beginning of another, both are shown, and the longer one stays when the other goes."""
    store.write("report.txt.old", b"1")
    store.write("report", b"3")
    shows(level(store), ["report", "report.txt.old"], "the listing")
    store.delete("report")
    shows(level(store), ["report.txt.old"], "the listing after delete")


@verifies("list.boundary", **FLAT)
def test_an_object_beside_the_directory_of_its_name(store: Recorder) -> None:
    """Where an object and a directory may share a name, both are shown, each in its place."""
    for path in ("d", "d/x", "d/x/y"):
        store.write(path, path.encode())
    same([o.path for o in everything(store)], ["d", "d/x", "d/x/y"], "all objects")
    if ListMode.DIR in store.features.list_modes:
        shows(level(store, "d"), ["d/x", "d/x/"], "the listing of 'd'")


@verifies("list.prefix", **lists(ListMode.PREFIX))
def test_a_prefix_is_any_beginning_of_a_path(store: Recorder) -> None:
    """In mode prefix every object is shown whose path begins so, at any depth, also in the middle of a name."""
    written = ("a", "d/a", "d/e/f/a", "d-/a", "da")
    for path in written:
        store.write(path, path.encode())
    for prefix in ("a", "d", "d/", "d/e"):
        expected = sorted(path for path in written if path.startswith(prefix))
        found = [o.path for o in listed(store, prefix, ListMode.PREFIX) if not is_dir(o)]
        same(found, expected, f"objects with the prefix {prefix!r}")


@verifies("list.prefix", **lists(ListMode.PREFIX))
def test_a_prefix_is_taken_to_the_letter(store: Recorder, features: Features) -> None:
    """A prefix has no wildcards, no case to ignore, no blanks to trim and nothing to decode."""
    usable = {key for name in LOOK_ALIKE for key in group(name, features)}
    keys = [key for keys in LETTERS.values() for key in keys if key in usable]
    for key in keys:
        store.write(key, b"x")
    for prefix in LETTERS:
        expected = sorted(key for key in keys if key.startswith(prefix))
        found = [o.path for o in listed(store, prefix, ListMode.PREFIX) if not is_dir(o)]
        same(found, expected, f"objects with the prefix {prefix!r}")


@verifies("list.root")
def test_the_root_is_the_work_dir(store: Recorder, outside: Recorder) -> None:
    """The empty path lists the work_dir and nothing that lies beside it."""
    outside.write("beside", b"not in the work_dir")
    store.write("in/side", b"in the work_dir")
    store.write("inside", b"in the work_dir")
    same([o.path for o in everything(store)], ["in/side", "inside"], "all objects")
    if ListMode.DIR in store.features.list_modes:
        shows(level(store), ["in/", "inside"], "the listing of the work_dir")


@verifies("list.root", weight=0)
def test_an_empty_work_dir_lists_nothing(store: Recorder) -> None:
    """Where nothing was written yet, nothing is listed."""
    same(everything(store), [], "all objects")
    same(listed(store), [], "the listing of the work_dir")


@verifies("list.implicit_directories", **lists(ListMode.DIR))
@given(depth=st.sampled_from((1, 3)))
def test_a_directory_is_shown_for_what_lies_in_it(store: Recorder, depth: int) -> None:
    """A directory with several objects below it is shown once, with the mode dir and not read."""
    below = "/".join(["n"] * depth)
    for name in "xy":
        store.write(f"d/{below}/{name}", b"child")
    found = [(o.path, is_dir(o), ObjectMode.READ in o.mode) for o in listed(store)]
    same(found, [("d", True, False)], "path, whether dir, whether read")
    shows(level(store, f"d/{below}"), [f"d/{below}/{name}" for name in "xy"], "the listing at the bottom")


@verifies("list.implicit_directories", needs=("delete",), weight=0, **lists(ListMode.DIR))
@given(victims=st.sampled_from((("d/x",), ("d/y",))))
def test_a_directory_is_shown_as_long_as_anything_is_in_it(store: Recorder, victims: tuple[str, ...]) -> None:
    """A directory that loses one of two objects is still shown, with the other one."""
    store.write("d/x", b"1")
    store.write("d/y", b"2")
    for victim in victims:
        store.delete(victim)
    shows(level(store), ["d/"], "the listing of the work_dir")
    shows(level(store, "d"), sorted({"d/x", "d/y"} - set(victims)), "the listing of 'd'")


@verifies("list.paths_round_trip", needs=("read",), **lists(ListMode.DIR))
@given(directory=st.sampled_from(("d+e f/%41", "d")))
def test_a_listed_path_leads_to_its_object(store: Recorder, directory: str) -> None:
    """Each path listed is one written, and read takes it as it is and finds the right object."""
    written = {
        f"{directory}/{key}": Content(10 + number, number + 1)
        for number, key in enumerate(allowed(ODD[::3], store.features))
    }
    for path, content in written.items():
        store.write(path, content)
    found = listed(store, directory)
    same([o.path for o in found if not is_dir(o)], sorted(written), "the paths listed")
    for o in found[::2]:
        same(store.read(o.path), written[o.path].data, f"content of the listed {o.path!r}")


@verifies("list.complete")
def test_a_dozen_objects_are_all_listed(store: Recorder) -> None:
    """Objects of one directory and of directories inside of it are listed exactly once each.

    The directories come first: a small page may have nothing else, and is not the last.
    """
    written = sorted([f"d/{number:02}/x" for number in range(9)] + [f"d/{number:02}" for number in range(9, 12)])
    for path in written:
        store.write(path, b"x")
    same([o.path for o in everything(store)], written, "all objects")
    if ListMode.DIR in store.features.list_modes:
        shows(level(store, "d"), [path.removesuffix("x") for path in written], "the listing of 'd'")


@verifies("list.complete", weight=0)
@given(count=st.sampled_from((1001, 2000)))
def test_more_objects_than_a_page_are_all_listed(store: Recorder, count: int) -> None:
    """More objects than any page holds are listed exactly once each, on one level and on all."""
    for number in range(count):
        store.write(f"d/{number % 10}/{number:05}" if number % 3 else f"d/{number:05}", b"")
    same(len(everything(store, "d")), count, "the number of all objects")
    same(len({o.path for o in everything(store, "d")}), count, "the number of different objects")
    if ListMode.DIR in store.features.list_modes:
        one_level = level(store, "d")
        expected = sorted([f"d/{n:05}" for n in range(0, count, 3)] + [f"d/{n}/" for n in range(10)])
        shows(one_level, expected, "one level")


@verifies("list.current", needs=("read",), smoke=True)
@given(path=paths())
def test_a_listing_tells_of_the_present(store: Recorder, path: str) -> None:
    """Each listing shows what was written, overwritten and deleted since the last one."""
    shows_lengths(everything(store), {}, "the listing before")
    store.write(path, b"123")
    shows_lengths(everything(store), {path: 3}, "the listing after the first write")
    store.write(path, b"12345")
    store.write("other", b"1")
    shows_lengths(everything(store), {path: 5, "other": 1}, "the listing after an overwrite")
    store.delete(path)
    shows_lengths(everything(store), {"other": 1}, "the listing after delete")


@verifies("list.current")
@given(path=paths())
def test_a_listing_tells_what_other_clients_did(store: Recorder, again: Recorder, path: str) -> None:
    """What one client writes and deletes, the other one's next listing shows so."""
    shows_lengths(everything(again), {}, "the listing before")
    store.write(path, b"123")
    shows_lengths(everything(again), {path: 3}, "the listing after another client's write")
    store.delete(path)
    shows_lengths(everything(again), {}, "the listing after another client's delete")


@verifies("list.agrees_with_stat")
def test_listing_and_stat_tell_the_same(store: Recorder) -> None:
    """Length, etag, mode, id and time, as far as the listing tells them, are those that stat tells."""
    for number, path in enumerate(("b", "d/a+b %41")):
        store.write(path, Content(100, number + 1))
    everything(store)
    store.write("b", Content(100, 3))
    for o in everything(store):
        told = store.stat(o.path)
        for name in ("content_length", "content_type", "content_md5", "etag", "id", "last_modified"):
            seen, known = getattr(o, name), getattr(told, name)
            if name == "last_modified" and seen is not None and known is not None:
                same_time(seen, known, f"{name} of {o.path!r} in the listing, beside that of stat")
            elif seen not in (None, ""):
                same(seen, known, f"{name} of {o.path!r} in the listing, beside that of stat")
        same(ObjectMode.READ in o.mode, True, f"whether the mode of {o.path!r} in the listing has read")


@verifies("list.agrees_with_stat", weight=0, **ETAGS)
@given(path=paths())
def test_the_etag_in_the_listing_follows_the_content(store: Recorder, path: str) -> None:
    """After an overwrite of the same length the listing tells the new etag."""
    store.write(path, Content(100, 1))
    before = everything(store)[0].etag
    store.write(path, Content(100, 2))
    after = everything(store)[0].etag
    if before is not None and after is not None:
        demand(before != after, "etag in the listing after an overwrite", expected=f"not {before}", observed=after)
        same(after, store.stat(path).etag, "etag in the listing, beside that of stat")


@verifies("list.empty_directory", **lists(ListMode.DIR))
@given(path=st.sampled_from(("d", "d/e")))
def test_an_empty_directory_lists_nothing(store: Recorder, path: str) -> None:
    """The listing of an empty directory ends at once and does not show the directory itself."""
    store.create_dir(path)
    shows(level(store, path), [], f"the listing of the empty {path!r}")
    shows(level(store, path.rpartition("/")[0]), [f"{path}/"], "the listing of its parent")


@verifies("list.missing", needs=("write",))
@given(path=st.sampled_from(("missing", "d/missing", "no/such/directory")))
def test_what_is_missing_has_nothing_in_it(store: Recorder, path: str) -> None:
    """Listing what does not exist gives nothing, or says ObjectNotExist."""
    store.write("d/x", b"there")
    for mode in (ListMode.DIR, ListMode.PREFIX):
        if mode in store.features.list_modes:
            same(listed(store, path, mode), [], f"the listing of the missing {path!r}")


@verifies("list.of_object", **lists(ListMode.DIR))
def test_an_object_has_nothing_in_it(store: Recorder) -> None:
    """Listing an object shows itself or nothing, or is refused; it never shows what lies elsewhere."""
    store.write("a", b"an object")
    store.write("ab", b"another")
    with either(ObjectModeInvalid):
        same([path for path in level(store, "a") if path != "a"], [], "what the listing of an object shows")


@verifies("list.mode_invalid", needs=("write",), **takes("list", "list_mode"))
def test_a_mode_that_is_not_declared_is_refused(store: Recorder, features: Features) -> None:
    """A mode that the storage does not declare, or none at all, is ListModeInvalid."""
    store.write("a", b"there")
    undeclared = [mode for mode in ListMode if mode not in features.list_modes]
    for mode in (*undeclared, ListMode(64)):
        with refused(ListModeInvalid, what=f"list in the mode {mode!r}"):
            store.list("", list_mode=mode)
    same([o.path for o in everything(store)], ["a"], "all objects")


@verifies("list.done_repeatable")
@given(count=st.sampled_from((2, 0)))
def test_an_iterator_at_its_end_stays_there(store: Recorder, count: int) -> None:
    """Asked again and again after its end, an iterator says each time that it is done."""
    for number in range(count):
        store.write(f"object{number}", b"x")
    iterator = iter(store.storage.list(""))
    same(len(list(iterator)), count, "objects listed")
    for _ in range(3):
        same(next(iterator, None), None, "a step behind the end")


@verifies("list.valid_objects")
def test_every_step_gives_an_object(store: Recorder) -> None:
    """Everything listed has a path that is not empty and a mode that is not none."""
    store.write("a", b"x")
    store.write("d/a", b"x")
    for o in (*listed(store), *everything(store)):
        demand(o.path and o.mode, "a listed object", expected="a path and a mode", observed=repr(o))
        demand(not o.path.startswith("/") and not o.path.endswith("/"), "path", expected="no slash", observed=o.path)


@verifies("list.continues", **takes("list", "continuation_token"))
@given(taken=st.sampled_from((2, 1, 4)))
def test_a_listing_goes_on_from_a_token(store: Recorder, taken: int) -> None:
    """What one listing has not shown, the listing that goes on from its token shows."""
    written = [f"d/{number}" for number in range(5)]
    for path in written:
        store.write(path, b"x")
    iterator = store.storage.list("d", **in_mode(store, ListMode.DIR))
    shown = [next(iterator).path for _ in range(taken)]
    token = getattr(iterator, "continuation_token", None)
    if token is not None:
        rest = [o.path for o in store.list("d", **in_mode(store, ListMode.DIR), continuation_token=token)]
        same(sorted({*shown, *rest}), written, "what both listings show")


@verifies("list.changes_nothing", needs=("read", "stat"))
@given(path=paths())
def test_listing_changes_nothing(store: Recorder, features: Features, path: str) -> None:
    """An object, though it is empty, is as before after any listings, and the listing is the same again."""
    store.write(path, b"" if features.write_empty_object else b"1")
    with unchanged(store, path):
        same(bool(listed(store)), True, "whether the listing shows anything")
        same(bool(store.list("")), True, "whether the listing in the default mode shows anything")
