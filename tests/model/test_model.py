"""The model as a specification: the sentences that it stands for, one by one, and whom it blames."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from conformance.model import Model
from conformance.model.blame import CONDITIONS, OTHERWISE, REPEATABLE, Case, requirement, rows
from conformance.model.blame_rows import ALONE, CHANGES, OWN, PRIOR
from conformance.model.data import Data
from conformance.requirements import requirements
from conformance.storage import (
    Content,
    Features,
    ListMode,
    Object,
    ObjectMode,
    Part,
    Restrictions,
    Source,
    Storage,
    Told,
    operations,
)
from conformance.storage.calls import READER, Call, EtagOf, Handle, IdOf, Outcome, PartOf, SegmentOf

PAIRS = MappingProxyType({name: frozenset(operation.pairs) for name, operation in operations().items()})
NATIVE = replace(
    Storage.declared,
    operations=frozenset(operations()),
    pairs=PAIRS,
    directories="native",
    list_modes=ListMode.DIR | ListMode.PREFIX | ListMode.PART,
)
VIRTUAL = replace(NATIVE, directories="virtual")
FIVE, NINE = Content(5, 1), Content(9, 2)


def write(path: str, content: Content = FIVE, size: int | None = None, kind: Any = "plain", **pairs: Any) -> Call:
    """Return a write of a content."""
    return Call("write", (path, Source(content, kind, at=1), content.size if size is None else size), pairs)


def after(*calls: Call, features: Features = NATIVE, limits: Restrictions | None = None) -> Model:
    """Return the model after calls that came out as expected."""
    model = Model(features, limits or Restrictions())
    for number, call in enumerate(calls):
        model.step(number, call)
        assert not model.lost, call
    return model


def allows(model: Model, call: Call, outcome: Outcome) -> str | None:
    """Return the requirement that an outcome breaks, or None when the model allows it."""
    divergence = model.step(90, call).judge(outcome)
    assert not model.lost
    return None if divergence is None else divergence.requirement


def missing(code: str = "ObjectNotExist") -> Outcome:
    """Return a refusal."""
    return Outcome(error=code, error_type=code)


def delivered(data: bytes) -> Outcome:
    """Return a read."""
    return Outcome(len(data), data)


def listed(*paths: str) -> Outcome:
    """Return a listing; directories end in a slash."""
    modes = [ObjectMode.DIR if path.endswith("/") else ObjectMode.READ for path in paths]
    return Outcome([Object(path=p.rstrip("/"), mode=m) for p, m in zip(paths, modes, strict=True)])


READ = Call("read", ("a",))
STAT = Call("stat", ("a",))
ROOT = Call("list", ("",), {"list_mode": ListMode.DIR})


def test_every_requirement_that_is_blamed_exists() -> None:
    blamed = {row[-1] for table in (OWN, PRIOR, CHANGES, ALONE) for row in rows(table)} | {
        OTHERWISE,
        "paths.every_client",
        "conditional.precedence",
        *REPEATABLE.values(),
        *(f"conditional.{op}_{kind}" for op, kinds in CONDITIONS.items() for kind in kinds.split()),
    }
    assert blamed <= set(requirements())


def test_every_row_of_the_blame_table_has_all_its_cells() -> None:
    assert {len(row) for row in rows(OWN)} == {4}
    assert {len(row) for row in (*rows(PRIOR), *rows(CHANGES))} == {6}
    assert {len(row) for row in rows(ALONE)} == {3}


def test_data_are_sliced_and_overlaid_like_bytes() -> None:
    data = Data.of(FIVE) + Data.of(NINE, 7)
    whole = FIVE.data + NINE.data[:7]
    assert data.bytes == whole
    assert data.part(3, 8).bytes == whole[3:8]
    assert data.part(11, 99).bytes == whole[11:]
    assert data.overlaid(4, Data.of(NINE)).bytes == whole[:4] + NINE.data
    assert data.part(0, 5).equals(Data.of(FIVE))
    assert not data.part(1, 6).equals(Data.of(FIVE))


def test_a_written_object_is_read_and_nothing_else() -> None:
    assert allows(after(write("a")), READ, delivered(FIVE.data)) is None
    assert allows(after(write("a")), READ, delivered(FIVE.data[:4])) == "write.stores"
    assert allows(after(write("a")), READ, missing()) == "write.stores"
    assert allows(after(write("a")), READ, Outcome(4, FIVE.data)) == "read.whole"


def test_an_overwrite_leaves_nothing_of_the_old_object() -> None:
    model = after(write("a", NINE), write("a", FIVE))
    assert allows(model, READ, delivered(FIVE.data + NINE.data[5:])) == "completeness.write"
    kept = Object(path="a", mode=ObjectMode.READ, content_length=5, content_type="text/html")
    model = after(write("a", NINE, content_type="text/html"), write("a", FIVE))
    assert allows(model, STAT, Outcome(kept)) == "completeness.metadata"


def test_a_range_is_the_slice() -> None:
    call = Call("read", ("a",), {"offset": 1, "size": 2})
    assert allows(after(write("a")), call, delivered(FIVE.data[1:3])) is None
    assert allows(after(write("a")), call, delivered(FIVE.data[1:4])) == "read.range"
    beyond = Call("read", ("a",), {"offset": 7})
    assert allows(after(write("a")), beyond, delivered(b"")) is None
    assert allows(after(write("a")), beyond, missing("Unexpected")) is None
    assert allows(after(write("a")), beyond, delivered(b"x")) == "read.beyond_end"


def test_a_failed_write_keeps_the_old_object() -> None:
    model = after(write("a"), write("a", NINE, 12))
    assert allows(model, READ, delivered(FIVE.data)) is None
    assert allows(model, READ, delivered(NINE.data)) == "write.failure_keeps_old"
    assert allows(after(write("a", NINE, kind="raises")), READ, delivered(b"")) == "write.failure_leaves_nothing"
    assert allows(after(), write("a", FIVE, 9), Outcome(9)) == "write.short_reader"


def test_delete_is_idempotent_and_takes_one() -> None:
    gone = after(write("a"), write("ab"), Call("delete", ("a",)))
    assert allows(gone, Call("delete", ("a",)), missing()) == "delete.idempotent"
    assert allows(gone, READ, delivered(FIVE.data)) == "delete.removes"
    assert allows(gone, Call("read", ("ab",)), missing()) == "delete.only_one"
    assert allows(after(), Call("delete", ("a",)), missing()) == "delete.missing"


def test_directories_are_in_the_way_only_where_they_are_native() -> None:
    below = write("a/b")
    assert allows(after(below), write("a"), Outcome(5)) == "overwrite.write_onto_directory"
    assert allows(after(below), write("a"), missing("ObjectModeInvalid")) is None
    assert allows(after(below, features=VIRTUAL), write("a"), Outcome(5)) is None


def test_what_remains_of_an_implicit_directory_is_open() -> None:
    model = after(write("a/b"), Call("delete", ("a/b",)))
    assert allows(model, write("a"), Outcome(5)) is None
    model = after(write("a/b"), Call("delete", ("a/b",)))
    assert allows(model, write("a"), missing("ObjectModeInvalid")) is None
    model = after(write("a/b"), Call("delete", ("a/b",)))
    assert allows(model, ROOT, listed("a/")) is None
    assert allows(model, ROOT, listed()) is None
    assert allows(model, ROOT, listed("b")) == "list.current"


def test_a_branch_taken_is_followed() -> None:
    model = after(write("a/b"), Call("delete", ("a/b",)))
    model.step(2, write("a"))
    model.observe(missing("ObjectModeInvalid"))
    assert allows(model, READ, missing()) is None
    model = after(write("a/b"), Call("delete", ("a/b",)))
    model.step(2, write("a"))
    model.observe(Outcome(5))
    assert allows(model, READ, missing()) is not None


@pytest.mark.parametrize(
    ("found", "blamed"),
    [
        (("a", "d/"), None),
        (("a",), "list.implicit_directories"),
        (("a", "a", "d/"), "list.complete"),
        (("d/",), "list.current"),
        (("a", "d/", "d/x"), "list.direct_children"),
    ],
)
def test_a_listing_shows_each_child_once(found: tuple[str, ...], blamed: str | None) -> None:
    assert allows(after(write("d/x"), write("a")), ROOT, listed(*found)) == blamed


def upload(*more: Call) -> tuple[Call, ...]:
    """Return an upload to ``a`` of two parts, and what follows."""
    parts = [
        Call("write_multipart", (Handle(0), Source(content), content.size, n)) for n, content in enumerate((NINE, FIVE))
    ]
    return Call("create_multipart", ("a",)), *parts, *more


def test_an_upload_is_hidden_until_it_is_completed_of_the_parts_given() -> None:
    assert allows(after(*upload()), READ, delivered(NINE.data)) == "multipart.hidden_until_complete"
    whole = after(*upload(Call("complete_multipart", (Handle(0), [PartOf(1), PartOf(2)]))))
    assert allows(whole, READ, delivered(NINE.data + FIVE.data)) is None
    assert allows(whole, READ, delivered(FIVE.data + NINE.data)) == "multipart.complete"
    one = after(*upload(Call("complete_multipart", (Handle(0), [PartOf(1)]))))
    assert allows(one, READ, delivered(NINE.data + FIVE.data)) == "multipart.complete_only_given"


def test_wrong_parts_are_refused_where_etags_are_checked() -> None:
    wrong = Call("complete_multipart", (Handle(0), [PartOf(1, etag="x")]))
    assert allows(after(*upload()), wrong, Outcome()) == "multipart.complete_wrong_etag"
    assert allows(after(*upload(), features=replace(NATIVE, part_etags=False)), wrong, Outcome()) is None
    stale = (
        *upload(),
        Call("write_multipart", (Handle(0), Source(FIVE), 5, 0)),
    )
    old = Call("complete_multipart", (Handle(0), [PartOf(1), PartOf(2)]))
    assert allows(after(*stale), old, Outcome()) == "multipart.complete_wrong_etag"
    new = Call("complete_multipart", (Handle(0), [PartOf(3), PartOf(2)]))
    assert allows(after(*stale, new), READ, delivered(FIVE.data * 2)) is None


def test_parts_that_are_too_small_are_refused_unless_they_are_the_last() -> None:
    limits = Restrictions(multipart_size_minimum=8)
    both = Call("complete_multipart", (Handle(0), [PartOf(1), PartOf(2)]))
    features = replace(NATIVE, part_minimum_enforced=True)
    assert allows(after(*upload(), features=features, limits=limits), both, Outcome()) is None
    small = Restrictions(multipart_size_minimum=10)
    blamed = allows(after(*upload(), features=features, limits=small), both, Outcome())
    assert blamed == "multipart.complete_below_minimum"


def test_an_ended_upload_takes_nothing_more() -> None:
    aborted = after(*upload(Call("delete", ("a",), {"multipart_id": IdOf(0)})))
    late = Call("write_multipart", (Handle(0), Source(FIVE), 5, 3))
    assert allows(aborted, late, Outcome((5, Part(3, 5, "e")))) == "multipart.abort_ends_upload"
    assert allows(aborted, Call("delete", ("a",), {"multipart_id": IdOf(0)}), missing()) == "multipart.abort_idempotent"


def test_an_object_without_the_mode_is_refused() -> None:
    call = Call("write_multipart", (Handle(0, mode=int(ObjectMode.READ)), Source(FIVE), 5, 0))
    assert allows(after(*upload()), call, missing("ObjectModeInvalid")) is None
    assert allows(after(*upload()), call, Outcome((5, Part(0, 5, "e")))) == "object_mode.write_multipart"


def test_the_model_says_when_it_is_lost() -> None:
    model = Model(NATIVE, Restrictions())
    assert model.step(0, Call("read", ("../a",))).judge(missing("Foreign")) is None
    assert not model.lost, "looking at what the model does not know changes nothing"
    expectation = model.step(1, Call("write", ("../a", Source(FIVE), 5)))
    assert model.lost
    assert expectation.judge(missing("Foreign")) is None


def test_foreign_errors_are_no_refusals() -> None:
    assert allows(after(), READ, missing("Foreign")) == "errors.taxonomy"


def test_another_client_is_blamed_when_it_takes_one() -> None:
    case = Case("read", "content", "", "write", "new", "self", another_client=True)
    assert requirement(case) == "paths.every_client"
    assert requirement(replace(case, another_client=False)) == "write.stores"


def told(**facts: Any) -> Told:
    """Return the answer to a write of five bytes that tells of the object ``a``."""
    return Told(5, Object(path="a", **facts))


@pytest.mark.parametrize(
    ("answer", "blamed"),
    [
        (told(etag="1", content_length=5), None),
        (told(content_length=4), "answers.write"),
        (told(content_type="image/png"), "answers.write"),
        (told(content_md5="AAAA"), "answers.write"),
        (Told(4, Object(path="a")), "write.stores"),
    ],
)
def test_what_the_answer_to_a_write_tells_is_true(answer: Told, blamed: str | None) -> None:
    assert allows(after(), write("a", content_type="text/plain"), Outcome(answer)) == blamed


def test_etags_are_learnt_from_every_answer() -> None:
    model = after()
    model.step(0, write("a"))
    model.observe(Outcome(told(etag="1")))
    assert allows(model, STAT, Outcome(file("a", 5, etag="1"))) is None
    assert allows(model, STAT, Outcome(file("a", 5, etag="2"))) == "answers.write"
    assert allows(model, READ, Outcome(Told(5, Object(path="a", etag="2")), FIVE.data)) == "answers.read"
    assert allows(model, ROOT, Outcome([file("a", 5, etag="2")])) == "list.agrees_with_stat"
    model.step(1, write("a", NINE))
    assert allows(model, STAT, Outcome(file("a", 9, etag="1"))) == "stat.etag_changes"


def file(path: str, size: int, **facts: Any) -> Object:
    """Return a file as a storage describes it."""
    return Object(path=path, mode=ObjectMode.READ, content_length=size, **facts)


@pytest.mark.parametrize("code", ["ServiceInternal", "RequestThrottled", "PreconditionFailed"])
def test_a_mistake_of_the_caller_is_told_as_one(code: str) -> None:
    assert allows(after(), write("a", size=9), missing("RestrictionDissatisfied")) is None
    assert allows(after(), write("a", size=9), missing(code)) == "errors.client_fault"


@pytest.mark.parametrize(
    ("calls", "pairs", "success", "refusal"),
    [
        ((), {"if_none_match": "*"}, True, False),
        ((write("a"),), {"if_none_match": "*"}, False, True),
        ((), {"if_match": "x"}, False, True),
        ((write("a"), STAT), {"if_match": EtagOf(1)}, True, False),
        ((write("a"), STAT, write("a", NINE)), {"if_match": EtagOf(1)}, False, True),
        ((write("a"), STAT, write("a")), {"if_match": EtagOf(1)}, True, True),
    ],
)
def test_a_condition_leaves_what_anybody_can_know(
    calls: tuple[Call, ...], pairs: dict[str, Any], success: bool, refusal: bool
) -> None:
    conditional = write("a", NINE, **pairs)
    assert (allows(after(*calls), conditional, Outcome(9)) is None) == success
    assert (allows(after(*calls), conditional, missing("PreconditionFailed")) is None) == refusal


def test_a_refused_conditional_write_changes_nothing() -> None:
    model = after(write("a"))
    model.step(1, write("a", NINE, if_none_match="*"))
    model.observe(missing("PreconditionFailed"))
    assert allows(model, READ, delivered(FIVE.data)) is None
    assert allows(model, READ, delivered(NINE.data)) == "conditional.write_none_match"


def test_a_reader_and_a_closed_client_change_nothing() -> None:
    model = after(write("a"))
    assert allows(model, replace(write("a", NINE), client=READER), Outcome(9)) == "readonly.refuses"
    closing = after(write("a"), Call("close", client=1), features=replace(NATIVE, close_refuses=True))
    assert allows(closing, replace(READ, client=1), delivered(FIVE.data)) == "closed.refuses"
    assert allows(closing, READ, delivered(FIVE.data)) is None


def test_a_suffix_is_the_end_of_the_object() -> None:
    assert allows(after(write("a")), Call("read", ("a",), {"suffix": 2}), delivered(FIVE.data[-2:])) is None
    assert allows(after(write("a")), Call("read", ("a",), {"suffix": 9}), delivered(FIVE.data)) is None
    assert allows(after(write("a")), Call("read", ("a",), {"suffix": 0}), delivered(FIVE.data)) == "suffix.zero"


def test_delete_many_is_many_deletes() -> None:
    model = after(write("a"), write("b"), Call("delete_many", (["a", "c"],)))
    assert allows(model, READ, delivered(FIVE.data)) == "batch.removes"
    assert allows(model, Call("read", ("b",)), missing()) == "batch.removes"


def test_segments_by_offset_leave_no_gap() -> None:
    features = replace(NATIVE, segments="offset")
    model = after(Call("init_segment", ("a",)), features=features)
    model.step(1, Call("write_segment", (SegmentOf(0), Source(FIVE), 5), {"offset": 2}))
    assert allows(model, Call("complete_segment", (SegmentOf(0),)), Outcome(None)) == "segments.offset_gap"
    model.step(2, Call("write_segment", (SegmentOf(0), Source(NINE), 2), {"offset": 0}))
    model.step(3, Call("complete_segment", (SegmentOf(0),)))
    assert allows(model, READ, delivered(NINE.data[:2] + FIVE.data)) is None


def test_a_copied_part_is_the_source_at_that_time() -> None:
    model = after(write("s"), Call("create_multipart", ("a",)))
    beyond = Call("copy_multipart", (Handle(1), "s", 0), {"offset": 3, "size": 9})
    assert allows(model, beyond, Outcome((9, Part(0, 9, "e")))) == "part_copy.beyond_source"
    model.step(2, Call("copy_multipart", (Handle(1), "s", 0), {"offset": 1, "size": 2}))
    model.step(3, write("s", NINE))
    model.step(4, Call("complete_multipart", (Handle(1), [PartOf(2)])))
    assert allows(model, READ, delivered(FIVE.data[1:3])) is None


def test_pages_begin_behind_a_path() -> None:
    model = after(write("a"), write("b"), write("c"))
    behind = Call("list", ("",), {"list_mode": ListMode.PREFIX, "start_after": "a"})
    assert allows(model, behind, listed("b", "c")) is None
    assert allows(model, behind, listed("a", "b", "c")) == "listing_pages.start_after"


def test_a_part_given_twice_counts_once() -> None:
    twice = Call("complete_multipart", (Handle(0), [PartOf(1), PartOf(1)]))
    assert allows(after(*upload()), twice, missing("Unexpected")) is None
    model = after(*upload())
    model.step(3, twice)
    model.observe(Outcome(None))
    assert allows(model, READ, delivered(2 * NINE.data)) == "multipart.complete_part_twice"


def test_a_gap_between_pages_reads_as_zeros() -> None:
    model = after(Call("create_page", ("a",)), Call("write_page", (Handle(0), Source(FIVE), 5, 3)))
    assert allows(model, READ, delivered(bytes(3) + FIVE.data)) is None
    assert allows(model, READ, delivered(FIVE.data)) == "page.gap"


def test_what_was_fetched_is_unknown_but_there() -> None:
    model = after(Call("fetch", ("a", "http://127.0.0.1:9/")))
    assert allows(model, READ, delivered(NINE.data)) is None


def test_metadata_given_to_a_copy_take_the_place_of_all() -> None:
    pairs = {**PAIRS, "copy": frozenset({"content_type", "user_metadata"})}
    source = write("a", user_metadata={"colour": "red"}, content_type="text/plain")
    model = after(
        source, Call("copy", ("a", "b"), {"content_type": "image/png"}), features=replace(NATIVE, pairs=pairs)
    )
    told_ = Call("stat", ("b",))
    assert allows(model, told_, Outcome(file("b", 5, content_type="image/png"))) is None
    kept = file("b", 5, content_type="image/png", user_metadata={"colour": "red"})
    assert allows(model, told_, Outcome(kept)) == "headers.copy_replaces"


def test_one_answer_alone_is_a_claim() -> None:
    model = after()
    model.step(0, write("a"))
    divergence = model.step(1, Call("list", ("",), {"list_mode": ListMode.DIR})).judge(listed("a", "b"))
    assert divergence is not None
    assert not divergence.claim
    told_wrong = after().step(0, write("a")).judge(Outcome(told(content_length=4)))
    assert told_wrong is not None
    assert told_wrong.claim
