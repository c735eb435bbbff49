"""Errors: which error says what, and that nothing else is ever raised (AOS-47, GSP-127, GSP-837)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st

from conformance.engine.catalogue import group, group_names
from conformance.engine.conditions import NATIVE
from conformance.engine.evidence import everything
from conformance.engine.expect import Violation, demand, either, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.engine.recorder import Recorder
from conformance.model.expectation import ANY_ERROR, UNTRUE
from conformance.storage import (
    Content,
    Features,
    ListMode,
    ObjectMode,
    ObjectModeInvalid,
    ObjectNotExist,
    Part,
    Source,
    StorageError,
)
from conformance.storage.calls import where


@verifies("errors.taxonomy", needs=("delete",))
@given(path=st.sampled_from(("", "d", "a/b", "a\x00b", "../..", "//", "a//b", "\ud800", "n" * 5000, ".", "%00")))
def test_strange_paths_meet_no_foreign_error(store: Recorder, path: str) -> None:
    """Whatever a path looks like, it is taken or refused with an error of the taxonomy."""
    for op in ("stat", "read", "delete"):
        with _taken_or_refused(op, path):
            getattr(store, op)(path)


@verifies("errors.taxonomy", needs=("write", "read"))
def test_a_path_that_cannot_be_encoded_meets_no_foreign_error(store: Recorder, features: Features) -> None:
    """A lone surrogate in the path of any operation is taken or refused, never let out as a UnicodeEncodeError."""
    lone = "\ud800"
    store.write("a", b"there")
    calls: tuple[tuple[str, tuple[Any, ...]], ...] = (
        *((op, (lone,)) for op in ("stat", "read", "list", "create", "reach")),
        ("write", (lone, b"strange")),
        ("copy", ("a", lone)),
        ("copy", (lone, "b")),
        ("move", (lone, "b")),
        *((f"create_{kind}", (lone,)) for kind in ("multipart", "append", "block", "page", "dir")),
        ("create_link", (lone, "a")),
        ("init_segment", (lone,)),
        ("delete", (lone,)),
        ("delete_many", ([lone],)),
    )
    for op, arguments in calls:
        if op in features.operations:
            with _taken_or_refused(op, lone):
                getattr(store, op)(*arguments)
    holds(store, "a", b"there")


@verifies("errors.taxonomy", needs=("write", "list"))
@given(path=st.sampled_from(("a\x00b", "a//b", "\ud800", "n" * 5000, "", "a/", "./a", "a/.")))
def test_strange_paths_are_written_to_or_refused(store: Recorder, path: str) -> None:
    """Writing to a strange path succeeds and can be read back, or is refused and leaves the others alone."""
    store.write("other", b"another object")
    with _taken_or_refused("write", path) as refusal:
        store.write(path, b"strange")
    if not refusal:
        same(store.read(path), b"strange", f"content of the accepted {path!r}")
        with _taken_or_refused("delete", path):
            store.delete(path)
    holds(store, "other", b"another object")


@verifies("errors.not_exist_only_then", needs=("stat",))
def test_a_bad_argument_is_not_a_missing_object(store: Recorder, features: Features) -> None:
    """What is wrong with a reader or a range is not told as ObjectNotExist, whether the object exists or not."""
    store.write("a", b"there")
    writes: list[tuple[Any, int]] = [(Source(Content(0), "none"), 5), (b"short", 10), (b"negative", -1)]
    for path in ("a", "new"):
        for content, size in writes:
            with refused(what=f"write of {size} bytes") as refusal:
                store.write(path, content, size)
            _not_missing(refusal, f"write of {size} bytes to {path!r}")
    if "offset" in features.pairs["read"]:
        with refused(what="read from offset -1") as refusal:
            store.read("a", offset=-1)
        _not_missing(refusal, "read from offset -1")
    holds(store, "a", b"there")


@verifies("errors.not_exist_only_then", needs=("stat", "list"), weight=0)
@given(name=group_names())
def test_what_exists_is_never_missing(store: Recorder, features: Features, name: str) -> None:
    """An object that was written is not ObjectNotExist for any operation, under any name."""
    keys = group(name, features)[:2]
    for key in keys:
        store.write(key, b"" if features.write_empty_object else b"1")
    for key in keys:
        try:
            (store.read if key == keys[0] else store.stat)(key)
        except ObjectNotExist as error:
            demand(False, f"{key!r}, which exists", expected="an object", observed=str(error))


@verifies("errors.located")
@given(path=st.sampled_from(("missing", "d/missing", "a+b %41")))
def test_an_error_tells_operation_and_path(store: Recorder, path: str) -> None:
    """The error names the operation that failed and the path that it was asked for, as it was asked."""
    for op in ("stat", "read"):
        with refused(ObjectNotExist, what=f"{op} of a missing object") as refusal:
            getattr(store, op)(path)
        same((refusal[0].op, refusal[0].path), (op, (path,)), f"operation and path of the error of {op}")
        demand(
            path in str(refusal[0]), "the text of the error", expected=f"the path {path!r}", observed=str(refusal[0])
        )


@verifies("errors.no_foreign_cause")
@given(path=st.sampled_from(("missing", "d/missing")))
def test_no_foreign_error_is_behind_ours(store: Recorder, path: str) -> None:
    """Following the causes of an error leads to errors of the taxonomy only."""
    for op in ("stat", "read"):
        with refused(ObjectNotExist, what=f"{op} of a missing object") as refusal:
            getattr(store, op)(path)
        error: BaseException | None = refusal[0]
        while error is not None:
            same(isinstance(error, StorageError), True, f"whether {type(error).__name__} belongs to the taxonomy")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


@verifies("errors.mode_facts", **NATIVE)
def test_an_invalid_mode_is_explained(store: Recorder) -> None:
    """ObjectModeInvalid tells which mode was needed and which one was found, and these differ."""
    store.create_dir("d")
    with refused(ObjectModeInvalid, what="write onto a directory") as refusal:
        store.write("d", b"not a directory")
    for error in refusal:
        if isinstance(error, ObjectModeInvalid):
            same(error.expected in error.actual, False, f"whether {error.expected} is in {error.actual}")
            same(ObjectMode.DIR in error.actual, True, "whether the actual mode has dir")


@verifies("errors.path_too_long", "errors.client_fault", needs=("list", "read"))
def test_a_path_that_is_too_long_is_never_cut(store: Recorder, features: Features) -> None:
    """A name or path longer than declared is refused, or stored as it is: nothing appears under a shorter one."""
    tries: list[str] = []
    if features.name_maximum is not None:
        tries.append("n" * (features.name_maximum + 1))
    if features.path_maximum is not None:
        # What is declared for all work_dirs may leave room in this one: its client knows how much.
        longest = max(features.path_maximum, store.storage.features().path_maximum or 0)
        tries.append(("p/" * longest)[:longest] + "q")
    stored = ["a"]
    store.write("a", b"there")
    for path in tries:
        with either() as refusal:
            store.write(path, path.encode())
        what = f"write to a path of {len(path)} bytes"
        _not_missing(refusal, what)
        codes = {error.code for error in refusal} & UNTRUE
        same(codes, set(), f"errors that blame the service in answer to a {what}", requirement="errors.client_fault")
        if not refusal:
            stored.append(path)
            same(store.read(path), path.encode(), f"content of a path of {len(path)} bytes")
    same([o.path for o in everything(store)], sorted(stored), "the paths listed")


@verifies("errors.taxonomy", needs=("write", "list"))
@given(mode=st.sampled_from((ListMode.DIR, ListMode.PREFIX, ListMode.PART, ListMode.BLOCK)))
def test_listing_strange_paths_meets_no_foreign_error(store: Recorder, mode: ListMode) -> None:
    """Listing under strange paths gives what there is or an error of the taxonomy."""
    store.write("a", b"there")
    for path in ("//", "../..", "\ud800", "a\x00b", "n" * 2000):
        with _taken_or_refused("list", path):
            same([o.path for o in store.list(path, list_mode=mode)], [], f"the listing of {path!r}")


@contextmanager
def _taken_or_refused(op: str, path: str) -> Generator[list[StorageError], None, None]:
    """Allow success or an error of the taxonomy; any other is blamed on the taxonomy, whatever the operation."""
    __tracebackhide__ = True
    try:
        with either(StorageError) as refusal:
            yield refusal
    except Violation:
        raise
    except Exception as error:
        place = where(error)
        raise Violation(
            f"{op} of {path!r}",
            expected=f"success or {ANY_ERROR}",
            observed=f"{type(error).__name__}: {error}" + (f" ({place})" if place else ""),
            requirement="errors.taxonomy",
        ) from error


def _not_missing(refusal: list[StorageError], what: str) -> None:
    for error in refusal:
        demand(not isinstance(error, ObjectNotExist), what, expected="another error", observed=str(error))


@verifies("errors.client_fault", needs=("delete",))
def test_what_the_caller_does_wrong_is_not_the_service_s_failure(store: Recorder, features: Features) -> None:
    """A short reader, no reader, a negative range, parts that were never uploaded: nothing that trying again mends."""
    store.write("a", b"there")
    wrong: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
        ("write", ("a", Content(7), 9), {}),
        ("write", ("new", Source(Content(0), "none"), 5), {}),
        *([("read", ("a",), {"offset": -1})] if "offset" in features.pairs["read"] else []),
    ]
    if {"create_multipart", "complete_multipart"} <= features.operations:
        wrong.append(("complete_multipart", (store.create_multipart("b"), [Part(0, 3, "0" * 32)]), {}))
    for op, arguments, pairs in wrong:
        with refused(StorageError, what=f"{op} that cannot be done") as refusal:
            getattr(store, op)(*arguments, **pairs)
        for error in refusal:
            demand(
                error.code not in UNTRUE,
                f"the error of {op}",
                expected="one of the caller's",
                observed=type(error).__name__,
            )
    holds(store, "a", b"there")
