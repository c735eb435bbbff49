"""An honest declaration (GSP-837, GSP-87): what is declared works, what is not is refused and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from conformance.engine.catalogue import two_contents
from conformance.engine.expect import Violation, absent, demand, holds, refused, same
from conformance.engine.laws import given, verifies
from conformance.storage import (
    CapabilityInsufficient,
    Content,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    OperationNotSupported,
    PairUnsupported,
    Part,
    Segment,
    StorageError,
    operations,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.engine.recorder import Recorder
    from conformance.storage import Features

NOWHERE = "http://127.0.0.1:9/nothing-listens-here"
MD5_OF_FIVE = "XUFAKrxLKna5cZ2REBfFkg=="
"""Base64 of the MD5 of the five bytes ``hello``."""
FIVE = b"hello"


def calls(store: Recorder) -> dict[str, Callable[[], object]]:
    """Return a plausible call of every operation that reaches the service, on paths that nothing else uses."""

    def handle(mode: ObjectMode) -> Object:
        return Object(path="x", mode=mode, multipart_id="none" if mode == ObjectMode.PART else None)

    def growing() -> Object:
        # what identifies an append object besides its path is the service's affair
        return store.create_append("x") if "create_append" in store.features.operations else handle(ObjectMode.APPEND)

    return {
        "delete": lambda: store.delete("x"),
        "list": lambda: store.list(""),
        "read": lambda: store.read("kept"),
        "stat": lambda: store.stat("kept"),
        "write": lambda: store.write("x", FIVE),
        "create_append": lambda: store.create_append("x"),
        "write_append": lambda: store.write_append(growing(), FIVE),
        "commit_append": lambda: store.commit_append(growing()),
        "create_block": lambda: store.create_block("x"),
        "write_block": lambda: store.write_block(handle(ObjectMode.BLOCK), FIVE, "b"),
        "combine_block": lambda: store.combine_block(handle(ObjectMode.BLOCK), ["b"]),
        "list_block": lambda: store.list_block(handle(ObjectMode.BLOCK)),
        "copy": lambda: store.copy("kept", "x"),
        "create_dir": lambda: store.create_dir("y"),
        "fetch": lambda: store.fetch("x", NOWHERE),
        "create_link": lambda: store.create_link("x", "kept"),
        "move": lambda: store.move("moved", "x"),
        "create_multipart": lambda: store.create_multipart("x"),
        "write_multipart": lambda: store.write_multipart(handle(ObjectMode.PART), FIVE, 0),
        "complete_multipart": lambda: store.complete_multipart(handle(ObjectMode.PART), [Part(0, 5, "none")]),
        "list_multipart": lambda: store.list_multipart(handle(ObjectMode.PART)),
        "create_page": lambda: store.create_page("x"),
        "write_page": lambda: store.write_page(handle(ObjectMode.PAGE), FIVE, 0),
        "reach": lambda: store.reach("kept"),
        "init_segment": lambda: store.init_segment("x"),
        "write_segment": lambda: store.write_segment(Segment("x", "none"), FIVE),
        "complete_segment": lambda: store.complete_segment(Segment("x", "none")),
        "abort_segment": lambda: store.abort_segment(Segment("x", "none")),
        "list_segments": lambda: store.list_segments(""),
        "delete_many": lambda: store.delete_many(["x"]),
        "copy_multipart": lambda: store.copy_multipart(handle(ObjectMode.PART), "kept", 0),
    }


def paired(store: Recorder, op: str, *pairs: str) -> Callable[[], object] | None:
    """Return a call of ``op`` with these optional arguments, or None where there is no telling value for any."""
    values: dict[str, Any] = {
        "content_type": "text/plain",
        "content_md5": MD5_OF_FIVE,
        "content_disposition": "inline",
        "user_metadata": {"origin": "here"},
        "io_callback": bytes,
        "offset": 0,
        "size": 2,
        "object_mode": ObjectMode.READ,
        "list_mode": next(iter(store.features.list_modes), ListMode.DIR),
        "continuation_token": "",
    }
    chosen = {pair: values[pair] for pair in pairs if pair in values}
    if not chosen:
        return None
    take: dict[str, Callable[[], object]] = {
        "write": lambda: store.write("x", FIVE, **chosen),
        "read": lambda: store.read("kept", **chosen),
        "stat": lambda: store.stat("kept", **chosen),
        "delete": lambda: store.delete("x", **chosen),
        "create": lambda: store.create("x", **chosen),
        "list": lambda: store.list("", **chosen),
        "create_append": lambda: store.create_append("x", **chosen),
        "create_multipart": lambda: store.create_multipart("x", **chosen),
    }
    return take.get(op)


def unsupported(features: Features) -> list[tuple[str, str]]:
    """Return the optional arguments that the backend's operations do not declare."""
    return [
        (op, pair)
        for op in ("write", "read", "stat", "delete", "list", "create_append", "create_multipart")
        if op in features.operations
        for pair in operations()[op].pairs
        if pair not in features.pairs.get(op, ()) and pair != "multipart_id"
    ]


def refuses_pairs(features: Features) -> bool:
    """Whether there are optional arguments to be refused."""
    return bool(unsupported(features)) and not features.loose_pairs


def ignores_pairs(features: Features) -> bool:
    """Whether there are optional arguments to be ignored."""
    return bool(unsupported(features)) and features.loose_pairs


def lacks_operations(features: Features) -> bool:
    """Whether some operations are not declared."""
    return not set(operations()) <= features.operations


def lacks_list_modes(features: Features) -> bool:
    """Whether list takes a mode, and some of them are not declared."""
    return "list_mode" in features.pairs.get("list", ()) and any(mode not in features.list_modes for mode in ListMode)


def has_etags(features: Features) -> bool:
    """Whether objects have ETags."""
    return features.etag is not False


# operations


@verifies("features.constant", needs=("write",))
def test_the_declaration_never_changes(store: Recorder, again: Recorder) -> None:
    """The declaration is the same before and after operations, and for every client."""
    before = store.storage.features()
    store.write("a", Content(300, 1))
    same(store.storage.features(), before, "declaration after a write")
    same(again.storage.features(), before, "declaration for another client")


@verifies("features.declared_operation", needs=("write",))
def test_declared_operations_are_implemented(store: Recorder) -> None:
    """No declared operation answers that it is not implemented, whatever else it may answer."""
    store.write("kept", FIVE)
    wrong: list[str] = []
    for op, call in calls(store).items():
        if op in store.features.operations:
            try:
                call()
            except OperationNotSupported:
                wrong.append(op)
            except StorageError:
                continue
    same(wrong, [], "operations declared but not implemented")


@verifies("features.undeclared_operation", when=lacks_operations, unless="every operation is declared")
def test_undeclared_operations_are_refused(store: Recorder) -> None:
    """Every operation not declared is refused as not implemented, and what is there stays as it is."""
    store.write("kept", FIVE)
    store.write("moved", Content(30, 1))
    for op, call in calls(store).items():
        if op not in store.features.operations:
            with refused(CapabilityInsufficient, what=f"{op}, which is not declared"):
                call()
    absent(store, "x")
    holds(store, "kept", FIVE)
    holds(store, "moved", Content(30, 1))


# optional arguments


@verifies("features.declared_pair")
def test_declared_arguments_are_taken(store: Recorder) -> None:
    """No declared optional argument is refused as unsupported: with all of them at once each operation succeeds."""
    store.write("kept", FIVE)
    for op, pairs in sorted(store.features.pairs.items()):
        declared = sorted(pairs - {"continuation_token"})
        call = paired(store, op, *declared)
        if call is not None:
            try:
                call()
            except ListModeInvalid:
                demand(not store.features.list_modes, f"{op} with list_mode", expected="success", observed="refusal")
            except CapabilityInsufficient as error:
                what = f"{op} with {', '.join(declared)}"
                raise Violation(what, expected="success", observed=str(error)) from error


@verifies(
    "features.unsupported_pair", when=refuses_pairs, unless="no optional argument is unsupported, or all are ignored"
)
def test_unsupported_arguments_are_refused(store: Recorder) -> None:
    """Every optional argument not declared is refused as PairUnsupported, and nothing is written or removed."""
    store.write("kept", FIVE)
    for op, pair in unsupported(store.features):
        call = paired(store, op, pair)
        if call is not None:
            with refused(PairUnsupported, what=f"{op} with {pair}, which is not declared"):
                call()
    absent(store, "x")
    holds(store, "kept", FIVE)


@verifies("features.loose_pairs", when=ignores_pairs, unless="unsupported arguments are not declared to be ignored")
def test_unsupported_arguments_are_ignored_when_loose(store: Recorder) -> None:
    """Where loose_pairs is declared, the operation is done as if the unsupported argument had not been given."""
    store.write("kept", FIVE)
    for op, pair in unsupported(store.features):
        call = paired(store, op, pair)
        if call is not None:
            call()
    store.write("x", FIVE)
    holds(store, "x", FIVE)


# list modes


@verifies(
    "features.declared_list_mode",
    needs=("write",),
    when=lambda features: bool(features.list_modes),
    unless="no list mode is declared",
)
def test_declared_list_modes_list(store: Recorder) -> None:
    """Every declared list mode lists; those of directories and prefixes show the object that is there."""
    store.write("a", FIVE)
    for mode in ListMode:
        if mode in store.features.list_modes:
            found = [o.path for o in store.list("", list_mode=mode)]
            expected = ["a"] if mode in ListMode.DIR | ListMode.PREFIX else []
            same(found, expected, f"paths listed in mode {mode.name}")


@verifies("features.undeclared_list_mode", when=lacks_list_modes, unless="list takes no list_mode, or every mode")
def test_undeclared_list_modes_are_invalid(store: Recorder) -> None:
    """Every list mode not declared is ListModeInvalid and tells the mode."""
    for mode in ListMode:
        if mode not in store.features.list_modes:
            with refused(ListModeInvalid, what=f"list in mode {mode.name}, which is not declared"):
                store.list("", list_mode=mode)


# claims about objects


@verifies("features.write_empty_object")
@given(over=st.sampled_from((300, 1)))
def test_empty_objects_exist_where_declared(store: Recorder, over: int) -> None:
    """Zero bytes are written as declared, on a new path and over an object; where not, both are refused harmlessly."""
    old = Content(over, 1)
    store.write("old", old)
    for path in ("new", "old"):
        if store.features.write_empty_object:
            store.write(path, b"")
            holds(store, path, b"")
        else:
            with refused(what="write of zero bytes"):
                store.write(path, b"")
    if not store.features.write_empty_object:
        absent(store, "new")
        holds(store, "old", old)


@verifies("features.etag", needs=("list",), when=has_etags, unless="objects have no ETag")
@given(pair=two_contents())
def test_etags_change_with_the_content(store: Recorder, again: Recorder, pair: tuple[Content, Content]) -> None:
    """The ETag of an object stays while its content does, changes with it, and is the one that others and lists see."""
    etags: list[str | None] = []
    for content in pair:
        written = content if content.size or store.features.write_empty_object else Content(1, 99)
        store.write("a", written)
        found = again.stat("a")
        etags.append(found.etag)
    listed = [o.etag for o in store.list("") if o.etag is not None]
    same(listed, etags[-1:] * len(listed), "ETag in the listing")
    if store.features.etag is None and not any(etags):
        return
    demand(all(etags), "ETags", expected="an ETag for each content", observed=repr(etags))
    demand(etags[0] != etags[1], "ETags of two contents", expected="two ETags", observed=repr(etags))
