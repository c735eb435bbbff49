import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from conformance.results import (
    BackendTwice,
    Declared,
    Document,
    DuplicateResult,
    Footer,
    MissingFooter,
    NotAResultFile,
    PlanNotCovered,
    Result,
    UnknownFormat,
    Writer,
    cover,
    diff,
    dumps,
    loads,
    merge,
    read,
    schema,
)
from tests.results.sample import HOSTILE, document, failed, failure, passed


def only(whole, backend):
    """The part of a document that is about one backend, as its own run would have written it."""
    return replace(
        whole,
        header=replace(
            whole.header,
            backends=tuple(entry for entry in whole.header.backends if entry.name == backend),
            plan=tuple(entry for entry in whole.header.plan if entry.backend == backend),
        ),
        results=whole.of(backend),
        footer=replace(whole.footer, leaks={k: v for k, v in whole.footer.leaks.items() if k == backend}, calls=7),
    )


def test_a_document_survives_being_written_and_read(tmp_path):
    whole = document()
    with Writer(tmp_path / "r.jsonl", whole.header) as writer:
        for result in whole.results:
            writer.add(result)
        writer.finish(whole.footer)
    assert read(tmp_path / "r.jsonl") == whole
    assert (tmp_path / "r.jsonl").read_text() == dumps(whole)
    hostile = [found for _, found in whole.failures if HOSTILE in found.observed]
    assert hostile, "the sample holds hostile names, lone surrogates among them"


def test_every_line_satisfies_the_schema():
    validator = Draft202012Validator(schema())
    Draft202012Validator.check_schema(schema())
    for line in dumps(document()).splitlines():
        validator.validate(json.loads(line))


@pytest.mark.parametrize(
    "change",
    [{"state": "odd"}, {"calls": -1}, {"failure": {}}, {"state": "fail"}, {"backend": None}, {"kind": "other"}],
)
def test_the_schema_refuses_what_is_no_result(change):
    line = passed(document().header.plan[0]).to_json() | change
    assert not Draft202012Validator(schema()).is_valid(line)


def test_the_engines_own_results_are_result_lines():
    from conformance.engine.result import CheckResult

    made = CheckResult(backend="fs", check="c", requirement="delete.removes", state="pass").to_json()
    assert Result.from_json(made).state == "pass"
    assert set(made) == set(Result.from_json(made).to_json())


def test_fields_that_a_later_version_adds_are_ignored():
    lines = [json.loads(line) | {"later": {"deep": 1}} for line in dumps(document()).splitlines()]
    assert loads("\n".join(map(json.dumps, lines))) == document()


def test_a_result_is_on_the_disk_as_soon_as_it_is_added(tmp_path):
    whole = document()
    writer = Writer(tmp_path / "r.jsonl", whole.header)
    writer.add(whole.results[0])
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 2
    writer.close()
    with pytest.raises(MissingFooter, match=r"its run died after 1 of \d+ planned checks: run the checks again"):
        read(tmp_path / "r.jsonl")


def test_a_run_killed_in_the_middle_of_a_line_misses_its_footer():
    text = dumps(document())
    with pytest.raises(MissingFooter):
        loads(text[: len(text) - 40])


def test_a_planned_check_without_result_is_refused():
    lines = dumps(document()).splitlines()
    with pytest.raises(PlanNotCovered, match=r"1 planned checks have no result .memory/delete.removes_holds") as caught:
        loads("\n".join([lines[0], *lines[2:]]))
    assert caught.value.lacking == ("memory/delete.removes_holds",)


def test_a_result_outside_the_plan_is_refused():
    whole = document()
    strange = passed(whole.header.plan[0], check="nobody.planned")
    with pytest.raises(PlanNotCovered, match="1 results were not planned"):
        loads(dumps(replace(whole, results=(*whole.results, strange))))


def test_a_check_that_does_not_apply_needs_no_line():
    whole = document()
    applying = tuple(result for result in whole.results if result.state != "not-applicable")
    assert loads(dumps(replace(whole, results=applying))) == whole


def test_a_check_reported_twice_is_refused():
    whole = document()
    with pytest.raises(DuplicateResult, match=r"reports delete.removes_holds of memory twice"):
        loads(dumps(replace(whole, results=(*whole.results, whole.results[0]))))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("<html>", "line 1 is not JSON"),
        ("[]", "line 1 is no object"),
        ('{"kind":"footer"}', "its first line is no header"),
        ('{"kind":"header","format":1}', r"header\.kit is missing"),
    ],
)
def test_what_is_no_document_is_named_so(text, why):
    with pytest.raises(NotAResultFile, match=why):
        loads(text)


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [
        ("calls", "3", "result.calls is '3' and not a whole number"),
        ("calls", True, "result.calls is True and not a whole number"),
        ("state", "odd", "result.state is 'odd' and not one of pass"),
        ("operations", [], "result.operations is no object"),
        ("failure", [], "result.failure is no object"),
        ("state", "fail", "does not go with the state 'fail'"),
        ("seconds", float("nan"), "line 2 is not JSON"),
        ("seconds", 10**400, "result.seconds is 1000.* and not a number"),
        ("calls", "x" * 10**6, "result.calls is 'x{59}… and not a whole number"),
        ("kind", "strange", "line 2 has the kind 'strange'"),
    ],
)
def test_a_damaged_line_is_named_with_its_field(place, value, why):
    lines = dumps(document()).splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {place: value})
    with pytest.raises(NotAResultFile, match=why):
        loads("\n".join(lines))


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("started", "yesterday", "header.started is no time"),
        ("backends", [{"name": "mine", "features": {"operations": None}}], "operations of mine are no array of texts"),
    ],
)
def test_a_header_that_cannot_be_judged_by_is_refused(key, value, why):
    first, *rest = dumps(document()).splitlines()
    with pytest.raises(NotAResultFile, match=why):
        loads("\n".join([json.dumps(json.loads(first) | {key: value}), *rest]))


def test_another_format_names_both_and_the_way_out():
    header = json.loads(dumps(document()).splitlines()[0]) | {"format": 9}
    with pytest.raises(UnknownFormat, match="format 9 and this version reads format 1: use the version"):
        loads(json.dumps(header))


def test_lines_after_the_footer_and_other_encodings_are_refused(tmp_path):
    text = dumps(document())
    with pytest.raises(NotAResultFile, match="follows the footer"):
        loads(text + text.splitlines()[1])
    (tmp_path / "latin").write_bytes(b"\xff\xfe")
    with pytest.raises(NotAResultFile, match="not UTF-8"):
        read(tmp_path / "latin")


def test_what_a_dead_worker_leaves_is_an_error_with_the_reason():
    plan = document().header.plan[:3]
    covered = cover(plan, [passed(plan[0])], reason="the worker gw1 died of signal 9")
    assert [result.state for result in covered] == ["pass", "error", "error"]
    assert covered[1].reason == "the worker gw1 died of signal 9"
    assert [result.key for result in covered] == [entry.key for entry in plan]


def test_an_interruption_leaves_checks_not_run():
    plan = document().header.plan[:2]
    assert {r.state for r in cover(plan, [], state="not-run", reason="interrupted")} == {"not-run"}


def test_of_two_reports_on_one_check_the_worse_is_kept():
    entry = document().header.plan[0]
    crash, rerun, bad = passed(entry, state="error", reason="crash"), passed(entry), failed(entry, failure())
    assert cover([entry], [rerun, crash]) == cover([entry], [crash, rerun]) == (crash,)
    assert cover([entry], [crash, bad, rerun]) == (bad,)


def test_documents_of_several_backends_are_joined():
    whole = document()
    parts = [only(whole, backend.name) for backend in whole.header.backends]
    parts[1] = replace(parts[1], header=replace(parts[1].header, profile="smoke", seed=5))
    joined = merge(parts)
    assert joined.results == whole.results
    assert joined.header.profile == "smoke"
    assert [run.backends for run in joined.header.runs] == [(backend.name,) for backend in whole.header.backends]
    assert [run.seed for run in joined.header.runs][:2] == [20260301, 5]
    assert joined.footer.calls == 7 * len(parts)
    assert joined.footer.leaks == whole.footer.leaks
    assert loads(dumps(joined)) == joined
    assert merge([parts[0]]) is parts[0]


def test_joined_documents_carry_what_each_was_judged_by():
    def part(name, partial):
        whole = document()
        about = replace(whole.header.backends[0], name=name)
        header = replace(whole.header, backends=(about,), plan=(), partial={name: partial})
        entry = Declared(backend=name, requirement="read.whole", reason="known", expires="2027-01-01", upheld=True)
        return Document(header=header, results=(), footer=replace(whole.footer, declared=(entry,)))

    joined = merge([part("one", ("read.whole",)), part("two", ())])
    assert joined.header.partial == {"one": ("read.whole",), "two": ()}
    assert [(entry.backend, entry.upheld) for entry in joined.footer.declared] == [("one", True), ("two", True)]
    assert loads(dumps(joined)) == joined
    for line in dumps(joined).splitlines():
        Draft202012Validator(schema()).validate(json.loads(line))
    with pytest.raises(NotAResultFile, match="'soon' is no date in ISO 8601"):
        loads(dumps(joined).replace("2027-01-01", "soon"))


def test_one_backend_cannot_be_joined_with_itself():
    with pytest.raises(BackendTwice, match="two of the documents are about memory"):
        merge([only(document(), "memory")] * 2)
    with pytest.raises(ValueError, match="give at least one"):
        merge([])


def test_an_interrupted_part_makes_the_whole_interrupted():
    parts = [only(document(), "memory"), only(document(), "fs")]
    parts[1] = replace(parts[1], footer=replace(parts[1].footer, interrupted=True))
    assert merge(parts).footer.interrupted


def test_a_diff_tells_new_changed_fixed_still_and_unseen():
    old = document()

    def rewritten(result):
        match result.identifier:
            case "fs/delete.idempotent_holds":
                return passed(result)
            case "s3-moto/overwrite.copy_exists_holds":
                return failed(result, failure("overwrite.copy_exists", signature="a third way"))
            case "memory/read.range_holds":
                return failed(result, failure("read.range"))
            case "fs/write.short_reader_holds":
                return passed(result, state="error", reason="no disk")
            case _:
                return result

    found = diff(old, replace(old, results=tuple(map(rewritten, old.results))))
    assert [(c.backend, c.requirement) for c in found.of("new")] == [("memory", "read.range")]
    assert [(c.backend, c.requirement) for c in found.of("changed")] == [("s3-moto", "overwrite.copy_exists")]
    assert [(c.backend, c.requirement) for c in found.of("fixed")] == [("fs", "delete.idempotent")]
    assert [(c.backend, c.requirement) for c in found.of("unseen")] == [("fs", "write.short_reader")]
    assert len(found.of("still")) == 4
    assert found.worse
    assert found.text().startswith("New failures: 1\n  memory: read.range: deleting 'a' again: expected success")


def test_a_diff_of_a_run_with_itself_has_nothing_new():
    same = diff(document(), document())
    assert not same.worse
    assert {change.kind for change in same.changes} == {"still"}


def test_two_clean_runs_are_told_in_words():
    clean = only(document(), "memory")
    assert diff(clean, clean).text() == "No failure in either run\n"


def test_a_run_of_nothing_is_still_a_document():
    whole = document()
    empty = replace(
        whole,
        header=replace(whole.header, plan=(), backends=()),
        results=(),
        footer=Footer(finished=whole.footer.finished, seconds=0.0, calls=0),
    )
    assert loads(dumps(empty)) == empty
