import json
import re
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from conformance.declaration import Judgement, judge
from conformance.engine.script import script
from conformance.report import badge, junit, markdown, show
from conformance.report.markdown import LIMIT
from conformance.report.words import UNSEEN, fenced, on_one_line, visible
from conformance.storage import Content, Source
from conformance.storage.calls import Call, Outcome, Step
from tests.results.sample import HOSTILE, declarations, document


@pytest.fixture(scope="module")
def run():
    return document(), judge(document(), declarations())


def suites(run):
    return {suite.get("name"): suite for suite in ET.fromstring(junit(*run))}


def case(suite, name):
    return next(found for found in suite.findall("testcase") if found.get("name") == name)


def test_junit_has_a_suite_per_backend_and_a_case_per_check(run):
    found = suites(run)
    assert list(found) == ["memory", "fs", "s3-moto", "broken<&>"]
    planned = len(document().header.plan) // 4
    assert [int(suite.get("tests")) for suite in found.values()] == [planned, planned + 1, planned, planned]
    for suite in found.values():
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name)) == len(suite.findall(f"testcase/{tag}"))


def test_junit_carries_the_requirement_as_a_flat_property(run):
    properties = case(suites(run)["s3-moto"], "multipart.complete_parts_verbatim_holds").find("properties")
    told = {entry.get("name"): entry.get("value") for entry in properties}
    assert told["requirement"] == "multipart.complete_parts_verbatim"
    assert told["blames"] == "multipart.complete"
    assert told["state"] == "fail"


def test_junit_skips_what_is_declared_and_fails_what_is_not(run):
    fs = suites(run)["fs"]
    declared = case(fs, "delete.idempotent_holds").find("skipped")
    assert declared.get("message") == "declared deviation: the driver passes the error of remove(2) on"
    undeclared = case(fs, "write.short_reader_holds").find("failure")
    assert undeclared.get("type") == "write.short_reader"
    assert "replay: conformance replay" in undeclared.text
    assert 'store.delete("a")' in undeclared.text
    assert case(fs, "append.create_holds").find("skipped").get("message").startswith("not applicable: ")
    assert case(fs, "read.whole").find("failure").get("type") == "stale"


def test_junit_reports_errors_as_errors(run):
    broken = suites(run)["broken<&>"]
    assert "died before it reported" in case(broken, "list.prefix_holds").find("error").get("message")


def test_markdown_says_verdicts_failures_and_what_is_out_of_date(run):
    text = markdown(*run)
    assert text.startswith("## Storage conformance\n\n> [!WARNING]\n> - 2 checks of broken&#60;&#38;&#62;")
    assert "✅ **memory**: conformant to all 21 requirements that apply and were planned" in text
    assert '```python\n"""delete.idempotent does not hold on fs.' in text
    assert "```sh\nconformance replay results.jsonl#fs/delete.again\n```" in text
    assert "| fs | read.whole | stale | declared as a deviation, and it passes now |" in text


def test_markdown_and_the_terminal_tell_the_calls_spent(run):
    text = markdown(*run)
    spent = sum(result.calls for result in run[0].results if result.requirement.startswith("read."))
    assert "| subject | calls | for each requirement |" in text
    assert re.search(rf"^\| read \| {spent} \| .*read.missing \d+", text, re.MULTILINE)
    assert re.search(rf"^read .* {spent}$", printed(run), re.MULTILINE)


def test_markdown_stays_below_its_limit_and_says_what_it_left_out(run):
    for limit in (1500, 4000):
        text = markdown(*run, limit=limit)
        assert len(text.encode()) < limit
        assert re.search(r"_\d+ more blocks are left out here; the report page has them._\n$", text)
    assert len(markdown(*run).encode()) < LIMIT


def printed(run, **options):
    out = StringIO()
    show(*run, Console(file=out, width=100, **options))
    return out.getvalue()


def test_the_terminal_ends_with_the_verdicts_and_their_weaknesses(run):
    text = printed(run)
    assert "✓ memory: conformant to all 21 requirements that apply and were planned\n  1 requirement" in text
    assert "  1 requirement not planned in this run (list.complete)" in text
    assert text.index("  write.short_reader on fs") < text.index("✕ fs: does not conform")
    assert "replay      conformance replay results.jsonl#fs/delete.again" in text
    assert 'store.delete("a")' in text
    assert "↻ read.whole on fs: declared as a deviation, and it passes now" in text
    assert "✓5 ≠1" in text


def test_the_terminal_says_what_programs_never_did(run):
    document_, judgement = run
    first = document_.results[0]
    ran = replace(first, pairs={"write read": 3, "read write": 2}, operations={"write": 3, "read": 3})
    document_ = replace(document_, results=(ran, *document_.results[1:]))
    text = " ".join(printed((document_, judgement)).split())
    assert f"{first.backend}: programs made 6 calls of 2 operations in 2 pairs; never exercised: copy, delete" in text


def test_the_terminal_keeps_long_lists_short(run):
    document_, judgement = run
    out = StringIO()
    show(document_, judgement, Console(file=out, width=100), failures=1)
    assert "and 4 more failures; the report page has them all" in out.getvalue()


@pytest.mark.parametrize("make", [junit, markdown, lambda *run: printed(run)], ids=["junit", "markdown", "terminal"])
def test_hostile_names_are_shown_by_their_escapes(run, make):
    text = make(*run)
    text.encode("utf-8")
    assert not UNSEEN.search(text)
    assert "u202e" in text


@pytest.mark.parametrize("make", [junit, markdown, lambda *run: printed(run)], ids=["junit", "markdown", "terminal"])
def test_a_run_of_nothing_can_be_reported(make):
    whole = document()
    none = replace(whole, header=replace(whole.header, backends=(), plan=()), results=())
    assert make(none, judge(none))


def test_what_does_not_show_is_made_to():
    assert visible("a\u202eb\x00\ud800\n\t") == "a\\u202eb\\x00\\ud800\n\t"
    assert on_one_line("a\n\tb") == "a\\n\\tb"
    assert visible("é 漢 😀") == "é 漢 😀"
    assert on_one_line(HOSTILE).isprintable()


def test_a_fence_is_longer_than_any_inside():
    assert fenced("a ```` b", "python") == "`````python\na ```` b\n`````"


def test_a_badge_is_what_the_endpoint_of_shields_takes(run):
    told = json.loads(badge(run[1]))
    assert set(told) == {"schemaVersion", "label", "message", "color"}
    assert told["schemaVersion"] == 1
    assert (told["message"], told["color"]) != ("conformant", "brightgreen")
    for verdict in run[1].verdicts:
        alone = json.loads(badge(Judgement(verdicts=(verdict,))))
        assert (alone["color"] == "brightgreen") == (int(verdict.code) == 0)
    assert json.loads(badge(Judgement(verdicts=())))["message"] == "no verdict"


def test_the_basic_requirement_comes_first_and_what_looks_the_same_takes_one_line(run):
    document_, _ = run
    result, failure = document_.failures[0]
    named = [("answers.write", "a"), ("write.stores", "b"), ("read.whole", "c")]
    results = tuple(
        replace(
            result,
            check=f"some.{check}",
            requirement=requirement,
            failure=replace(failure, requirement=requirement, signature=f"{requirement}: read answers"),
        )
        for requirement, check in named
    )
    broken = replace(document_, results=results)
    text = printed((broken, judge(broken, None)))
    assert [found.requirement for _, found in broken.failures] == ["write.stores", "read.whole", "answers.write"]
    assert f"✕ 1  write.stores on {result.backend}\n" in text
    assert re.search(rf"^✕ 3  answers.write on {result.backend}: .*; the same calls as in 1$", text, re.MULTILINE)
    assert text.count("  expected ") == 1


def test_the_terminal_shows_the_calls_to_the_last_and_no_path_in_full(run):
    document_, _ = run
    result, failure = document_.failures[0]
    steps = [
        Step(Call("write", ("a", Source(Content(3, 1)), 3)), Outcome(3)),
        Step(Call("list", ("",)), Outcome([])),
        Step(Call("stat", ("a",)), Outcome(error="Unexpected", error_type="Unexpected")),
        Step(Call("list", ("\ud800",)), Outcome(error="Foreign", error_type="UnicodeEncodeError")),
    ]
    text = script(steps, opener="open_store", requirement="errors.taxonomy", expected="success", observed="x")
    long = "/".join(["n" * 200] * 3)
    shown = replace(failure, script=text, what=f"write of {long!r} (new)")
    document_ = replace(document_, results=(replace(result, failure=shown),))
    printed_ = printed((document_, judge(document_)))
    assert "store = in_sync(open_store(work_dir))\n" in printed_
    assert "\nlist(store.list(''))\nstore.stat('a')\nfound = seen(lambda: list(store.list('\\ud800')))\n" in printed_
    assert "n" * 40 not in printed_
