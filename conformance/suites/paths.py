"""Paths: which of them are the same object, and where they lead (GSP-749)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import every_key, group, group_names, handful, long_names, telling_keys
from conformance.engine.conditions import VIRTUAL, Condition
from conformance.engine.evidence import answered, everything, is_dir, level, mark, shows
from conformance.engine.expect import absent, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, ListMode, ObjectNotExist

ABSOLUTE: Condition = {
    "when": lambda features: features.absolute_paths,
    "unless": "the backend does not take absolute paths",
}
BACKSLASH: Condition = {
    "when": lambda features: features.backslash_separates,
    "unless": "the backend takes a backslash as a part of the name",
}
ENCODED = frozenset(
    (
        *("a%41", "a%2541", "a+b", "a%20b", "q?x=1", "a%2Fb", "a\\b", "r?acl", "cafe\u0301", "\U0001f600", "Key", "n."),
        *("<x>", "l\nm"),
    )
)
"""Keys that a store may know in its listing and take for another one in the path of a request."""
HASHED = ("ab", "ba", "Aa", "BB")
"""Keys whose hashes are the same where these are the sum of their letters, or Java's."""
CROWDED = (
    *("listing_pages.start_after", "listing_pages.ordered", "listing_pages.page_size"),
    *("delete.only_one", "batch.any_path"),
)
"""What is seen best where there are many names that look alike."""
BEHIND = ("a%2541", "d-", "a+b", "caf\u00e9")
"""Where a listing begins: behind a name that another one would be when decoded, or in capitals; before directories."""
PAGE = 5
"""So many names fill a page that most kinds of odd names are the last of one, behind which the next begins."""
ALONE = ("a", "a+b", "a%41", "a_b", "cafe\u0301", "n.", "q", "d/a", "key", "p/q/r/s/t/u/v/w/x")
"""Names that others begin with or look like."""
MISTAKEN = ("a_b", "a%41", "key")
"""Those of them that a lookup by pattern, decoded or without case would find after their deletion."""


@verifies("paths.distinct", *CROWDED, needs=("list",))
def test_different_paths_are_different_objects(store: Recorder, features: Features) -> None:
    """Of all paths that look alike each is listed once, with a length and an etag of its own, and keeps its bytes.

    What a listing tells of each is looked at for all of them; read are those that could be decoded on the way. More
    than a hundred at once, they are listed behind one of them, and some are deleted without the others.
    """
    contents = {path: Content(10 + place, place + 1) for place, path in enumerate(telling_keys(features))}
    for place, (path, content) in enumerate(contents.items()):
        store.write(path, content, **mark(store, place))
    found = everything(store, at_once=True)
    same([o.path for o in found], sorted(contents), "the paths listed")
    if ListMode.DIR in features.list_modes:
        names = sorted({path.partition("/")[0] + "/" * ("/" in path) for path in contents})
        shows(level(store, at_once=True), names, "one level of the listing")
    lengths = {o.path: o.content_length for o in found if o.content_length is not None}
    same(lengths, {path: contents[path].size for path in lengths}, "the lengths listed")
    etags = {o.path: o.etag for o in found if o.etag}
    same(len(set(etags.values())), len(etags), "different etags among those listed")
    for place, (path, content) in enumerate(contents.items()):
        if path in ENCODED or not lengths:
            same(store.read(path), content.data, f"content of {path!r}")
            told = answered(store)
            if told is not None and told.user_metadata:
                expected = mark(store, place).get("user_metadata", {})
                same(dict(told.user_metadata), expected, f"user_metadata of {path!r}")
    for path in [path for path in HASHED if path in contents and "stat" in store.features.operations]:
        same(store.stat(path).content_length, contents[path].size, f"length of {path!r}, as stat tells it")
    behind = _listed_behind(store, sorted(contents))
    _deleted_alone(store, sorted(contents))
    for start, names in behind.items():
        same(names, sorted(names), f"the order of those behind {start!r}", requirement="listing_pages.ordered")


def _listed_behind(store: Recorder, paths: list[str]) -> dict[str, list[str]]:
    """Demand that behind a name exactly those that follow are listed; return them as they come, by that name."""
    behind: dict[str, list[str]] = {}
    if ListMode.PREFIX not in store.features.list_modes or "start_after" not in store.features.pairs["list"]:
        return behind
    large: dict[str, Any] = {"page_size": 1000} if "page_size" in store.features.pairs["list"] else {}
    if large:
        found = sorted(o.path for o in store.list("", list_mode=ListMode.PREFIX, page_size=PAGE) if not is_dir(o))
        same(found, paths, f"the paths listed by pages of {PAGE}", requirement="listing_pages.page_size")
    for start in [start for start in BEHIND if start.isascii() or store.features.unicode_exact]:
        found = store.list("", list_mode=ListMode.PREFIX, start_after=start, **large)
        behind[start] = [o.path for o in found if not is_dir(o)]
        wanted = [path for path in paths if path > start]
        what = f"the paths listed behind {start!r}"
        same(sorted(behind[start]), wanted, what, requirement="listing_pages.start_after")
    return behind


def _deleted_alone(store: Recorder, paths: list[str]) -> None:
    """Deleted one by one or at once, names that look alike go without each other."""
    if "delete" not in store.features.operations:
        return
    alone = [path for path in ALONE if path in paths]
    for path in alone:
        store.delete(path)
    for path in [path for path in MISTAKEN if path in paths]:
        with refused(ObjectNotExist, what=f"read of {path!r}, which was deleted", requirement="paths.distinct"):
            store.read(path)
    left = [path for path in paths if path not in alone]
    if "delete_many" in store.features.operations:
        first = left.index("t") % 2 if "t" in left else 0  # what lies below 't' comes next, and stays
        store.delete_many(left[first::2])
        left = left[1 - first :: 2]
    found = [o.path for o in everything(store, at_once=True)]
    gone = [path for path in alone if path in found]
    same(gone, [], "names that were deleted and are listed", requirement="delete.only_one")
    same(sorted({*paths} - {*found}), sorted({*paths} - {*left}), "what is gone", requirement="delete.only_one")
    same(found, left, "the objects left", requirement="batch.any_path")
    if store.features.directories != "native" and ListMode.DIR in store.features.list_modes:
        names = sorted({path.partition("/")[0] + "/" * ("/" in path) for path in left})
        shows(level(store, at_once=True), names, "one level of the listing after the deletions")


@verifies("paths.distinct", needs=("list",), weight=0)
def test_every_key_of_the_catalogue_is_another_object(store: Recorder, features: Features) -> None:
    """All of the more than a hundred names that look alike keep their bytes, and each is listed once."""
    contents = {path: Content(10 + place, place + 1) for place, path in enumerate(every_key(features))}
    for path, content in contents.items():
        store.write(path, content)
    same([o.path for o in everything(store)], sorted(contents), "the paths listed")
    for path, content in contents.items():
        same(store.read(path), content.data, f"content of {path!r}")


@verifies("paths.distinct", needs=("list",), smoke=True, weight=0)
def test_a_handful_of_alike_names_stay_apart(store: Recorder, features: Features) -> None:
    """Pairs of names that stores mistake for each other keep their bytes, and the one goes without the other."""
    keys = handful(features)
    for number, key in enumerate(keys):
        store.write(key, Content(20, number + 1))
    same([o.path for o in everything(store)], sorted(keys), "the paths listed")
    for number, key in enumerate(keys):
        same(store.read(key), Content(20, number + 1).data, f"content of {key!r}")


@verifies("paths.distinct", needs=("stat",), weight=0)
@given(name=group_names())
def test_alike_names_do_not_share_metadata(store: Recorder, features: Features, name: str) -> None:
    """Objects whose names look alike have their own bytes, metadata and, where there are any, etags."""
    keys = group(name, features)[:4]
    for number, key in enumerate(keys):
        store.write(key, Content(30, number + 1), **mark(store, number))
    for number, key in enumerate(keys):
        same(store.read(key), Content(30, number + 1).data, f"content of {key!r}")
        told = store.stat(key)
        same(dict(told.user_metadata), mark(store, number).get("user_metadata", {}), f"user_metadata of {key!r}")


@verifies("paths.distinct", needs=("list",), weight=0)
@given(name=group_names())
def test_directories_that_look_alike_are_different(store: Recorder, features: Features, name: str) -> None:
    """The same name in directories that look alike is a different object in each."""
    keys = [key for key in group(name, features)[:4] if "/" not in key]
    for number, key in enumerate(keys):
        store.write(f"{key}/x", Content(30 + number, number + 1))
    same([o.path for o in everything(store)], sorted(f"{key}/x" for key in keys), "the paths listed")
    for number, key in enumerate(keys[:2]):
        same(store.read(f"{key}/x"), Content(30 + number, number + 1).data, f"content of {key + '/x'!r}")


@verifies("paths.distinct", needs=("stat", "delete"), weight=0)
@given(name=group_names())
def test_one_of_two_alike_names_is_not_the_other(store: Recorder, features: Features, name: str) -> None:
    """Overwriting or deleting the one does not change the other, and where only one is, the other is missing."""
    one, other, *_ = group(name, features)
    store.write(one, Content(30, 1))
    with refused(ObjectNotExist, what=f"read of {other!r} where only {one!r} is"):
        store.read(other)
    store.write(other, Content(30, 2))
    store.write(one, Content(30, 3))
    holds(store, other, Content(30, 2))
    store.delete(one)
    absent(store, one, listed_in=None)
    holds(store, other, Content(30, 2))


@verifies("paths.long", needs=("list", "stat"))
@given(place=st.sampled_from(("", "d/")))
def test_the_longest_names_are_stored_whole(store: Recorder, features: Features, place: str) -> None:
    """Names as long as declared, that differ in their last character only, are different objects."""
    longest = features.name_maximum or 255
    if features.path_maximum is not None:
        longest = min(longest, features.path_maximum - len(place))
    paths = [place + name for name in long_names(longest)]
    for number, path in enumerate(paths):
        store.write(path, Content(20 + number, number + 1))
    same([o.path for o in everything(store)], sorted(paths), "the paths listed")
    for number, path in enumerate(paths[:1]):
        same(store.read(path), Content(20 + number, number + 1).data, f"content of a path of {len(path)} characters")


@verifies("paths.long", needs=("list", "stat"))
@given(letter=st.sampled_from(("n", "\u00e9", "\u65e5", "\U0001f600")))
def test_lengths_are_counted_in_bytes(store: Recorder, features: Features, letter: str) -> None:
    """A path of the declared length, in many segments or of letters of several bytes, is stored and listed."""
    name = letter * (min(features.name_maximum or 200, 200) // len(letter.encode()))
    length = min(features.path_maximum or 1000, 800)
    path = "/".join([name] * max(1, length // (len(name.encode()) + 1)))
    store.write(path, b"at the end of a long path")
    holds(store, path, b"at the end of a long path")
    same([o.path for o in everything(store)], [path], "the paths listed")


@verifies("paths.long", needs=("list", "stat"))
def test_the_longest_path_is_stored_whole(store: Recorder, features: Features) -> None:
    """Two paths of the longest length declared, which differ in their last character, are two objects."""
    whole = min(features.path_maximum or 1024, 4000)
    segment = min(features.name_maximum or 200, 200)
    stem = ("s" * (segment - 1) + "/") * (whole // segment + 1)
    stem = stem[: whole - 1].removesuffix("/")
    paths = [stem + "1", stem + "2"]
    for path in paths:
        store.write(path, path.encode())
    holds(store, paths[0], paths[0].encode())
    same([o.path for o in everything(store)], paths, "the paths listed")


@verifies("paths.below_work_dir", needs=("delete", "list", "stat"))
@given(name=group_names())
def test_a_relative_path_is_below_the_work_dir(
    store: Recorder, outside: Recorder, features: Features, inside: str, name: str
) -> None:
    """An object is found from the directory above under the longer path, with the same bytes and metadata."""
    work_dir = inside.rstrip("/").rpartition("/")[2]
    path = group(name, features)[0]
    store.write(path, b"below", **mark(store, 1))
    holds(outside, f"{work_dir}/{path}", b"below")
    told = dict(outside.stat(f"{work_dir}/{path}").user_metadata)
    same(told, mark(store, 1).get("user_metadata", {}), "user_metadata seen from above")
    outside.write(f"{work_dir}/from-above", b"written from above")
    holds(store, "from-above", b"written from above")


@verifies("paths.below_work_dir", needs=("delete", "stat"))
def test_the_same_path_elsewhere_is_another_object(store: Recorder, outside: Recorder) -> None:
    """The same relative path under two work_dirs is two objects."""
    outside.write("twin", b"outside")
    absent(store, "twin", listed_in=None)
    store.write("twin", b"inside")
    holds(outside, "twin", b"outside")
    outside.delete("twin")
    holds(store, "twin", b"inside")


@verifies("paths.absolute", needs=("stat", "delete", "metadata"), **ABSOLUTE)
@given(path=st.sampled_from(("a", "d/a")))
def test_an_absolute_path_leads_to_the_same_object(store: Recorder, path: str) -> None:
    """The absolute path is work_dir and relative path; both name one object, with one id."""
    absolute = store.storage.metadata().work_dir.rstrip("/") + "/" + path
    store.write(path, b"one object")
    holds(store, absolute, b"one object")
    same(store.stat(absolute).id, store.stat(path).id, "id told for the absolute path")
    store.delete(absolute)
    absent(store, path)


@verifies("paths.style", needs=("metadata",), **ABSOLUTE)
def test_an_absolute_path_is_told_as_one(store: Recorder) -> None:
    """Asked for by its absolute path an object tells this path, asked for by the relative one that."""
    absolute = store.storage.metadata().work_dir.rstrip("/") + "/d/a"
    store.write("d/a", b"x")
    same(store.stat(absolute).path, absolute, "path of what was asked for absolutely")
    same(store.stat("d/a").path, "d/a", "path of what was asked for relatively")


@verifies("paths.style", needs=("list", "read"))
@given(path=st.sampled_from(("a", "d/a", "d/e/f/a")))
def test_a_relative_path_is_told_as_one(store: Recorder, path: str) -> None:
    """Neither stat nor a listing tells anything of the work_dir in the path of an object."""
    store.write(path, b"x")
    same(store.stat(path).path, path, "path told by stat")
    same([o.path for o in everything(store)], [path], "path told by the listing")


@verifies("paths.backslash", needs=("stat", "list"), **BACKSLASH)
def test_a_backslash_separates(store: Recorder) -> None:
    r"""``d\a`` and ``d/a`` are one object, told with slashes."""
    store.write("d\\a", b"through a backslash")
    holds(store, "d/a", b"through a backslash")
    same([o.path for o in everything(store)], ["d/a"], "the paths listed")


@verifies("paths.no_escape", needs=("list", "delete"))
@given(escape=st.sampled_from(("../{}", "d/../../{}", "./../{}", "..")))
def test_no_relative_path_leads_out_of_the_work_dir(store: Recorder, outside: Recorder, escape: str) -> None:
    """A path with .. in it is refused or stays inside: nothing outside is written, read or deleted."""
    outside.write("neighbour", b"outside")
    path = escape.format("neighbour")
    with either():
        same(store.read(path) == b"outside", False, "whether what lies outside could be read")
    with either():
        store.write(path, b"escaped")
    holds(outside, "neighbour", b"outside")
    with either():
        store.delete(path)
    holds(outside, "neighbour", b"outside")


@verifies("paths.every_client", needs=("list", "delete"))
@given(name=group_names())
def test_two_clients_see_the_same(store: Recorder, again: Recorder, features: Features, name: str) -> None:
    """What one client writes, overwrites and deletes the other finds so at once."""
    path = group(name, features)[0]
    store.write(path, b"first")
    same(again.read(path), b"first", "content that the other client reads")
    again.write(path, b"second, by the other client")
    same(store.read(path), b"second, by the other client", "content that the first client reads")
    store.delete(path)
    with refused(ObjectNotExist, what="read by the other client after delete"):
        again.read(path)


@verifies("paths.segments", needs=("list",), **VIRTUAL)
def test_empty_and_dot_segments_are_kept_or_refused(store: Recorder) -> None:
    """Where a path is a name and no more, an empty segment or a dot in it makes another object, or is refused."""
    written = {"a/b": b"a plain path"}
    store.write("a/b", written["a/b"])
    for path in ("a//b", "a/./b"):
        with either() as refusal:
            store.write(path, path.encode())
        if not refusal:
            written[path] = path.encode()
    for path, content in written.items():
        same(store.read(path), content, f"content of {path!r}")
    same([o.path for o in everything(store)], sorted(written), "the paths listed")
