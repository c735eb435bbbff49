"""Stat: what is told of an object, and that it is true (definition of stat, AOS-40, AOS-47, GSP-749, proposal 14)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from conformance.engine.catalogue import contents, group, group_names, paths, successive, two_contents
from conformance.engine.conditions import ETAGS, NATIVE
from conformance.engine.evidence import is_dir
from conformance.engine.expect import Violation, demand, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Features, ObjectMode, ObjectNotExist

CLOCKS_APART = timedelta(hours=1)


@verifies("stat.describes", smoke=True)
@given(path=paths(), content=contents())
def test_stat_describes_an_object(store: Recorder, path: str, content: Content) -> None:
    """An object is told with its path, its length, and a mode that has read and neither dir nor part."""
    store.write(path, content)
    o = store.stat(path)
    same(o.path, path, "path")
    same(o.content_length, content.size, "content_length")
    same(ObjectMode.READ in o.mode, True, f"whether the mode {o.mode} has read")
    same(bool(o.mode & (ObjectMode.DIR | ObjectMode.PART | ObjectMode.LINK)), False, f"dir, part or link in {o.mode}")


@verifies("stat.missing", needs=("write",))
def test_stat_of_nothing_is_not_exist(store: Recorder) -> None:
    """Where there is no object stat says so, beside, before and behind names that are there."""
    store.write("d/object", b"there")
    for path in ("d/objec", "d/object2", "no/such/directory", "d/d/object"):
        with refused(ObjectNotExist, what=f"stat of the missing {path!r}"):
            store.stat(path)


@verifies("stat.missing", needs=("write",), weight=0)
@given(name=group_names())
def test_stat_does_not_mistake_one_name_for_another(store: Recorder, features: Features, name: str) -> None:
    """When one name of a group that looks alike is there, the others are not."""
    present, *others = group(name, features)
    store.write(present, b"there")
    for other in others[:3]:
        with refused(ObjectNotExist, what=f"stat of {other!r} where only {present!r} is"):
            store.stat(other)


@verifies("stat.below_file")
@given(path=st.sampled_from(("a/b", "a/b/c")))
def test_below_an_object_there_is_nothing(store: Recorder, path: str) -> None:
    """A path below an object is ObjectNotExist, and the object is not told in its place."""
    store.write("a", b"an object")
    with refused(ObjectNotExist, what=f"stat of {path!r} below an object"):
        store.stat(path)


@verifies("stat.path")
@given(name=group_names())
def test_stat_tells_the_path_asked_for(store: Recorder, features: Features, name: str) -> None:
    """The path told is the one asked for, to the letter, in the root and in a directory."""
    for key in (group(name, features)[1], f"d/e/{group(name, features)[0]}"):
        store.write(key, b"x")
        same(store.stat(key).path, key, "path")


@verifies("stat.id")
def test_an_object_has_an_id_of_its_own(store: Recorder) -> None:
    """The id is set, survives an overwrite, and is the id of no other object."""
    keys = ("a", "d/a")
    for key in keys:
        store.write(key, b"x")
    ids = {key: store.stat(key).id for key in keys}
    same("" in ids.values(), False, "whether an id is empty")
    same(len(set(ids.values())), len(keys), f"different ids among {ids}")
    store.write("a", b"overwritten")
    same(store.stat("a").id, ids["a"], "id after an overwrite")


@verifies("stat.length")
@given(two=two_contents(), path=paths())
def test_the_length_is_what_read_delivers(store: Recorder, two: tuple[Content, Content], path: str) -> None:
    """content_length is that of the object as it is now, shrunk, grown or emptied."""
    for content in two:
        store.write(path, content)
        same(store.stat(path).content_length, content.size, "content_length")


@verifies("stat.last_modified")
@given(path=paths())
def test_last_modified_is_the_time_of_the_write(store: Recorder, path: str) -> None:
    """last_modified has a time zone, is near to now, and never goes back when the object is written again."""
    store.write(path, b"first")
    first = store.stat(path).last_modified
    store.write(path, b"second")
    second = store.stat(path).last_modified
    for told in (first, second):
        if told is not None:
            demand(told.tzinfo is not None, "last_modified", expected="a time with its zone", observed=str(told))
            distance = abs(datetime.now(UTC) - told)
            demand(distance < CLOCKS_APART, "last_modified", expected="about now", observed=f"{told}, {distance} away")
    if first is not None and second is not None:
        demand(
            second >= first, "last_modified after an overwrite", expected=f"not before {first}", observed=str(second)
        )


@verifies("stat.last_modified_follows")
def test_last_modified_follows_the_writes(store: Recorder, tick: Callable[..., None]) -> None:
    """Later only what was written meanwhile is told with a later time, and everything else as before."""
    for path in ("written-again", "left-alone"):
        store.write(path, b"first")
    before = {path: store.stat(path) for path in ("written-again", "left-alone")}
    tick(before["written-again"].last_modified)
    store.write("written-again", b"again")
    same(store.stat("left-alone"), before["left-alone"], "what is told of an object that nobody wrote")
    first, second = before["written-again"].last_modified, store.stat("written-again").last_modified
    if first is not None and second is not None:
        later = f"later than {first}"
        demand(second > first, "last_modified of what was written again", expected=later, observed=str(second))


@verifies("stat.etag_changes", smoke=True, **ETAGS)
@given(path=paths())
def test_the_etag_changes_with_the_content(store: Recorder, features: Features, path: str) -> None:
    """Other bytes have another etag, whether longer, shorter or of the same length as those before."""
    etags: list[str] = []
    for content in successive(features)[1:4]:
        store.write(path, content)
        told = store.stat(path).etag
        if told is None and features.etag is None:
            continue
        if not told:
            raise Violation("etag", expected="an etag, as the backend declares", observed=repr(told))
        etags.append(told)
    same(len(set(etags)), len(etags), f"the number of different etags in {etags}")


@verifies("stat.etag_changes", **ETAGS)
def test_every_content_has_an_etag_of_its_own(store: Recorder) -> None:
    """Contents of the same length that differ in one byte only have different etags, at different paths too."""
    whole = Content(5000, 1).data
    variants = {
        "whole": whole,
        "middle": whole[:2500] + b"xx" + whole[2502:],
        "last": whole[:-1] + bytes([whole[-1] ^ 1]),
    }
    for path, content in variants.items():
        store.write(path, content)
    etags = {path: store.stat(path).etag for path in variants}
    if store.features.etag is None and not any(etags.values()):
        return
    same(len(set(etags.values())), len(variants), f"different etags among {etags}")


@verifies("stat.etag_stable", needs=("read", "list"), **ETAGS)
@given(path=paths())
def test_the_etag_stays_while_nothing_is_written(store: Recorder, again: Recorder, path: str) -> None:
    """Reading, listing, writing elsewhere and asking another client do not change the etag."""
    store.write(path, b"as it was")
    etag = store.stat(path).etag
    store.read(path)
    store.list("")
    store.write("elsewhere", b"another object")
    same(store.stat(path).etag, etag, "etag asked for again")
    same(again.stat(path).etag, etag, "etag as another client sees it")


@verifies("stat.content_md5")
@given(content=contents(), path=paths())
def test_content_md5_is_the_digest_of_the_content(store: Recorder, content: Content, path: str) -> None:
    """content_md5, where it is told, is the base64 form of the MD5 of the bytes that are there now."""
    store.write(path, b"before")
    store.stat(path)
    store.write(path, content)
    digest = base64.b64encode(hashlib.md5(content.data, usedforsecurity=False).digest()).decode()
    same(store.stat(path).content_md5 or digest, digest, "content_md5")


@verifies("stat.repeatable")
@given(path=paths())
def test_stat_tells_the_same_twice(store: Recorder, again: Recorder, path: str) -> None:
    """Two stats in a row, by two clients, tell the same in every field."""
    store.write(path, b"told twice")
    first = store.stat(path)
    same(again.stat(path), first, "the description that another client gets")


@verifies("stat.directory")
@given(path=st.sampled_from(("d", "d/e")))
def test_a_directory_is_told_as_one(store: Recorder, path: str) -> None:
    """A directory has the mode dir and not read, under its own path."""
    store.create_dir(path)
    o = store.stat(path, object_mode=ObjectMode.DIR)
    same((o.path, is_dir(o), ObjectMode.READ in o.mode), (path, True, False), "path, whether dir, whether read")


@verifies("stat.directory", needs=("write",), **NATIVE)
def test_a_native_directory_needs_no_hint(store: Recorder) -> None:
    """A native directory is told as one without object_mode, also when it came with the object in it."""
    store.create_dir("made")
    store.write("came/x", b"child")
    for path in ("made", "came"):
        o = store.stat(path)
        same((is_dir(o), ObjectMode.READ in o.mode), (True, False), f"whether {path!r} is a directory, and readable")
