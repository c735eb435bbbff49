"""Conditional writes: on every way to write, a condition that does not hold prevents all of it (RFC 9110, section 13).

A *way* prepares what it needs and returns the call that makes the object at a path, so that one sentence can be asked
of all ways. What was prepared is used again after a refusal: an upload that was refused must still be open.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from conformance.engine.conditions import ETAGS, Condition, all_of, takes
from conformance.engine.evidence import everything, mark
from conformance.engine.expect import Violation, absent, either, holds, refused, same
from conformance.engine.laws import verifies
from conformance.engine.part_plans import forged, piece, still_open
from conformance.engine.recorder import Recorder
from conformance.storage import Content, ObjectNotExist, PreconditionFailed

OLD, FORMER = Content(700, 1), Content(700, 2)
"""Contents of one length, so that only an etag tells them apart."""
NEW = Content(300, 3)
FOREIGN = '"00000000000000000000000000000000"'
"""An etag that no object ever had."""

Finish = Callable[..., object]
Way = Callable[[Recorder, str], tuple[Finish, bytes]]
"""Prepares what is to be put at a path: returns the call that does it under conditions, and the content then."""


def etag(store: Recorder, path: str) -> str:
    """Return the etag that stat tells; where conditions on etags are taken there must be one."""
    told = store.stat(path).etag
    if not told:
        raise Violation(f"etag of {path!r}", expected="an etag: conditions on etags are taken", observed=repr(told))
    return told


def _written(store: Recorder, path: str) -> tuple[Finish, bytes]:
    return partial(store.write, path, NEW), NEW.data


def _copied(store: Recorder, path: str) -> tuple[Finish, bytes]:
    store.write("source", NEW)
    return partial(store.copy, "source", path), NEW.data


def _moved(store: Recorder, path: str) -> tuple[Finish, bytes]:
    store.write("source", NEW)
    return partial(store.move, "source", path), NEW.data


def _uploaded(store: Recorder, path: str) -> tuple[Finish, bytes]:
    o = store.create_multipart(path)
    content = piece(store, 4)
    _, part = store.write_multipart(o, content, 0)
    return partial(store.complete_multipart, o, [part]), content.data


def _combined(store: Recorder, path: str) -> tuple[Finish, bytes]:
    o = store.create_block(path)
    store.write_block(o, NEW, "one")
    return partial(store.combine_block, o, ["one"]), NEW.data


def _appended(store: Recorder, path: str) -> tuple[Finish, bytes]:
    return partial(store.create_append, path), b""


def _paged(store: Recorder, path: str) -> tuple[Finish, bytes]:
    return partial(store.create_page, path), b""


def creates_only(store: Recorder, way: Way) -> None:
    """With ``*`` nothing is replaced, not even in part; once nothing is there, the same call succeeds."""
    store.write("there", OLD, **mark(store, 1))
    before = store.stat("there")
    finish, content = way(store, "there")
    with refused(PreconditionFailed, what="making an object where one is, with if_none_match='*'"):
        finish(if_none_match="*")
    same(store.read("there"), OLD.data, "content of 'there' after the refusal")
    same(store.stat("there"), before, "description of 'there' after the refusal")
    same([o.path for o in everything(store) if o.path != "source"], ["there"], "all objects but a source")
    store.delete("there")
    finish(if_none_match="*")
    same(store.read("there"), content, "content made where nothing was")


def replaces_only(store: Recorder, way: Way) -> None:
    """Neither a former etag nor a foreign one, nor one on nothing, has any effect; the present one replaces."""
    store.write("there", FORMER)
    former = etag(store, "there")
    store.write("there", OLD, **mark(store, 1))
    before = store.stat("there")
    finish, content = way(store, "there")
    for wrong in (former, forged(str(before.etag)), longer(str(before.etag))):
        with refused(PreconditionFailed, what=f"replacing an object with an if_match of {_named(wrong, former)}"):
            finish(if_match=wrong)
    same(store.read("there"), OLD.data, "content of 'there' after the refusals")
    same(store.stat("there"), before, "description of 'there' after the refusals")
    finish(if_match=before.etag)
    same(store.read("there"), content, "content made where the etag was that of the condition")
    nowhere, _ = way(store, "missing")
    with refused(PreconditionFailed, ObjectNotExist, what="replacing what is missing with an if_match"):
        nowhere(if_match=before.etag)
    same([o.path for o in everything(store) if o.path != "source"], ["there"], "all objects but a source")


def longer(etag: str) -> str:
    """Return an etag that begins like another one and looks like that of an upload with one part."""
    return etag.rstrip('"') + "-1" + '"' * etag.endswith('"')


def _named(wrong: str, former: str) -> str:
    return "the former etag" if wrong == former else "an etag that no object ever had"


OBSERVERS = ("stat", "read", "list")


def absence(op: str) -> Condition:
    """Return the condition under which a way can be asked to make an object only where none is."""
    return takes(op, "if_none_match")


def version(op: str) -> Condition:
    """Return the condition under which a way can be asked to replace one version only."""
    return all_of(takes(op, "if_match"), ETAGS)


# Only where nothing is


@verifies("conditional.write_none_match", needs=("delete", *OBSERVERS), smoke=True, **absence("write"))
def test_write_creates_only(store: Recorder) -> None:
    """With if_none_match='*' write makes an object where none is and leaves one that is there as it was."""
    creates_only(store, _written)


@verifies("conditional.copy_none_match", needs=("delete", *OBSERVERS), **absence("copy"))
def test_copy_creates_only(store: Recorder) -> None:
    """With if_none_match='*' copy makes an object where none is and leaves one that is there as it was."""
    creates_only(store, _copied)
    holds(store, "source", NEW)


@verifies("conditional.move_none_match", needs=("delete", *OBSERVERS), **absence("move"))
def test_move_creates_only(store: Recorder) -> None:
    """With if_none_match='*' move moves to where nothing is; otherwise source and destination stay."""
    creates_only(store, _moved)
    absent(store, "source")


@verifies("conditional.complete_multipart_none_match", needs=("delete", *OBSERVERS), **absence("complete_multipart"))
def test_complete_multipart_creates_only(store: Recorder) -> None:
    """With if_none_match='*' an upload is completed where nothing is; otherwise it stays open, and the object."""
    creates_only(store, _uploaded)


@verifies("conditional.combine_block_none_match", needs=("delete", *OBSERVERS), **absence("combine_block"))
def test_combine_block_creates_only(store: Recorder) -> None:
    """With if_none_match='*' blocks are combined where nothing is; otherwise they stay, and the object."""
    creates_only(store, _combined)


@verifies("conditional.create_append_none_match", needs=("delete", *OBSERVERS), **absence("create_append"))
def test_create_append_creates_only(store: Recorder) -> None:
    """With if_none_match='*' an append object is created where nothing is and empties none that is there."""
    creates_only(store, _appended)


@verifies("conditional.create_page_none_match", needs=("delete", *OBSERVERS), **absence("create_page"))
def test_create_page_creates_only(store: Recorder) -> None:
    """With if_none_match='*' a page object is created where nothing is and empties none that is there."""
    creates_only(store, _paged)


# Only over one version


@verifies("conditional.write_match", needs=OBSERVERS, smoke=True, **version("write"))
def test_write_replaces_only_one_version(store: Recorder) -> None:
    """With if_match write replaces the version that has the etag, and no other."""
    replaces_only(store, _written)


@verifies("conditional.copy_match", needs=OBSERVERS, **version("copy"))
def test_copy_replaces_only_one_version(store: Recorder) -> None:
    """With if_match copy replaces the version that has the etag, and no other."""
    replaces_only(store, _copied)


@verifies("conditional.move_match", needs=OBSERVERS, **version("move"))
def test_move_replaces_only_one_version(store: Recorder) -> None:
    """With if_match move replaces the version that has the etag, and no other; refused, it leaves the source."""
    replaces_only(store, _moved)
    holds(store, "source", NEW)


@verifies("conditional.complete_multipart_match", needs=OBSERVERS, **version("complete_multipart"))
def test_complete_multipart_replaces_only_one_version(store: Recorder) -> None:
    """With if_match an upload replaces the version that has the etag, and no other; refused, it stays open."""
    replaces_only(store, _uploaded)


@verifies("conditional.combine_block_match", needs=OBSERVERS, **version("combine_block"))
def test_combine_block_replaces_only_one_version(store: Recorder) -> None:
    """With if_match blocks replace the version that has the etag, and no other; refused, they stay."""
    replaces_only(store, _combined)


@verifies("conditional.create_append_match", needs=OBSERVERS, **version("create_append"))
def test_create_append_replaces_only_one_version(store: Recorder) -> None:
    """With if_match an append object takes the place of the version that has the etag, and of no other."""
    replaces_only(store, _appended)


@verifies("conditional.create_page_match", needs=OBSERVERS, **version("create_page"))
def test_create_page_replaces_only_one_version(store: Recorder) -> None:
    """With if_match a page object takes the place of the version that has the etag, and of no other."""
    replaces_only(store, _paged)


# What a refused upload leaves behind


@verifies(
    "conditional.complete_multipart_none_match",
    needs=("delete", "read", "list_multipart"),
    weight=0,
    **absence("complete_multipart"),
)
def test_a_refused_upload_goes_on(store: Recorder) -> None:
    """After a refusal the upload lists its parts, takes another one, and can be completed without a condition."""
    store.write("there", OLD)
    o = store.create_multipart("there")
    first = store.write_multipart(o, piece(store, 4), 0)[1]
    with refused(PreconditionFailed, what="complete_multipart where an object is, with if_none_match='*'"):
        store.complete_multipart(o, [first], if_none_match="*")
    still_open(store, o, [first], "after a completion that was refused")
    second = store.write_multipart(o, piece(store, 5), 1)[1]
    store.complete_multipart(o, [first, second])
    same(store.read("there"), piece(store, 4).data + piece(store, 5).data, "content of the upload")


# Deleting, and two clients


@verifies("conditional.delete_match", needs=("read", "list"), **version("delete"))
def test_delete_removes_only_one_version(store: Recorder) -> None:
    """With if_match delete removes the version that has the etag, and no other; on nothing it has no effect."""
    store.write("there", FORMER)
    former = etag(store, "there")
    store.write("there", OLD)
    with refused(PreconditionFailed, what="deleting an object with an if_match of the former etag"):
        store.delete("there", if_match=former)
    same(store.read("there"), OLD.data, "content of 'there' after the refusals")
    store.delete("there", if_match=etag(store, "there"))
    with either(PreconditionFailed, ObjectNotExist):
        store.delete("there", if_match=former)
    same([o.path for o in everything(store)], [], "all objects")


@verifies("conditional.compare_and_swap", **version("write"))
def test_no_update_is_lost(store: Recorder, again: Recorder) -> None:
    """Two clients know one version; the second to write over it is refused, looks again, and then succeeds."""
    store.write("counter", b"0")
    known, other = etag(store, "counter"), etag(again, "counter")
    again.write("counter", b"1", if_match=other)
    with refused(PreconditionFailed, what="writing over a version that another client has replaced"):
        store.write("counter", b"lost", if_match=known)
    same(store.read("counter"), b"1", "what the other client wrote")
    store.write("counter", b"2", if_match=etag(store, "counter"))
    same(again.read("counter"), b"2", "what was written over the version that was looked at again")
