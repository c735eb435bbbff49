from dataclasses import replace
from datetime import date

import pytest

from conformance.declaration import DeclarationInvalid, Declarations, Deviation, accept, judge, load, loads
from conformance.declaration.accept import quoted, written
from tests.results.sample import CALLS, HOSTILE, declarations, document, failed, failure, passed, requirements

KNOWN = {"delete.idempotent", "delete.removes", "write.stores"}
ENTRY = """\
[[deviation]]
backend = "fs"
requirement = "delete.idempotent"
reason = "because"
untracked = true
"""


def test_an_entry_is_read_with_all_that_it_says():
    text = ENTRY.replace("untracked = true", 'issue = "https://example.org/7"') + (
        'signature = "s"\nfirst_seen = 2026-01-02\nexpires = 2026-09-01\nflaky = true\n'
        """calls = '''[{"op": "delete", "args": ["a"], "pairs": {}, "client": 0}]'''\n"""
    )
    (found,) = loads(text, KNOWN).deviations
    assert found == Deviation(
        backend="fs",
        requirement="delete.idempotent",
        reason="because",
        issue="https://example.org/7",
        signature="s",
        first_seen=date(2026, 1, 2),
        expires=date(2026, 9, 1),
        flaky=True,
        calls=({"op": "delete", "args": ["a"], "pairs": {}, "client": 0},),
    )
    assert found.key == "fs/delete.idempotent/s"
    assert [found.expired(date(2026, 8, 31)), found.expired(date(2026, 9, 1))] == [False, True]


def test_calls_may_be_tables_of_their_own():
    (found,) = loads(ENTRY + '[[deviation.calls]]\nop = "delete"\nargs = ["a"]\n', KNOWN).deviations
    assert found.calls == ({"op": "delete", "args": ["a"]},)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[[deviation]", "deviations.toml is not TOML"),
        ("deviations = []", "unknown key 'deviations'"),
        ("[deviation]\nbackend = 'fs'", "two brackets"),
        (ENTRY + "expire = 2026-01-01", "entry 1: unknown key 'expire'; did you mean expires"),
        (ENTRY.replace('"because"', '" "'), "reason is missing; say in a sentence why"),
        (ENTRY.replace("reason", "#"), "reason is missing"),
        (ENTRY.replace('"fs"', '""'), "backend is missing"),
        (ENTRY.replace('"fs"', "7"), "backend is to be a text"),
        (ENTRY.replace("idempotent", "idempotnt"), "no such requirement; did you mean delete.idempotent"),
        (ENTRY.replace("delete.idempotent", "zz"), "`conformance list` shows all of them"),
        (ENTRY.replace("untracked = true", ""), "give either the issue as a link or untracked = true"),
        (ENTRY + 'issue = "https://x"', "give either the issue as a link or untracked = true"),
        (ENTRY.replace("untracked = true", 'issue = "7"'), "a link that begins with https://"),
        (ENTRY + 'expires = "2026-01-01"', "expires is to be a date such as 2026-03-01, without quotes"),
        (ENTRY + "expires = 2026-01-01T10:00:00Z", "expires is to be a date"),
        (ENTRY + "flaky = 1", "flaky is to be true or false"),
        (ENTRY + "calls = '['", "calls is not JSON"),
        (ENTRY + "calls = '7'", "calls is to be a list of calls"),
        (ENTRY + "calls = '[7]'", "every call names its operation as op"),
        (ENTRY + ENTRY, "entry 2: fs declares delete.idempotent with this signature twice"),
    ],
)
def test_what_a_file_must_not_say_is_told_in_a_sentence(text, sentence):
    with pytest.raises(DeclarationInvalid) as caught:
        loads(text, KNOWN)
    assert sentence in str(caught.value)


def test_ids_are_those_of_the_requirements_by_default(tmp_path):
    (tmp_path / "d.toml").write_text(ENTRY)
    assert load(tmp_path / "d.toml").deviations[0].requirement == "delete.idempotent"
    (tmp_path / "d.toml").write_bytes(b"\xff")
    with pytest.raises(DeclarationInvalid, match="not UTF-8"):
        load(tmp_path / "d.toml")


@pytest.mark.parametrize("name", [HOSTILE, 'quote " and \\ and \n newline', "'''", '"""', "\x7f\x85\u2028", ""])
def test_whatever_is_written_reads_back(name):
    entry = Deviation(
        backend="fs",
        requirement="delete.idempotent",
        reason=f"r{name}".encode("utf-8", "replace").decode(),
        issue=None,
        untracked=True,
        signature=name.replace("\ud800", "?"),
        first_seen=date(2026, 1, 2),
        expires=date(2027, 1, 2),
        flaky=True,
        calls=({"op": "delete", "args": [name], "pairs": {"it's": "'''"}, "client": 0},),
    )
    assert loads(written(entry), KNOWN).deviations == (entry,)
    assert all(character.isprintable() for character in quoted(name))


def test_accepting_a_run_makes_it_pass_and_keeps_what_was_written():
    run = replace(document(), results=tuple(r for r in document().results if r.backend != "broken<&>"))
    done = accept(run, declarations(), known=requirements())
    assert done.text.startswith(declarations().text.rstrip("\n"))
    assert {entry.key.split("/", 1)[0] for entry in done.added} == {"fs", "s3-moto"}
    assert not done.removed
    assert "+[[deviation]]" in done.diff
    assert not [line for line in done.diff.splitlines() if line.startswith("-") and not line.startswith("---")]
    judged = judge(run, loads(done.text, requirements()))
    assert [v.count("fail") for v in judged.verdicts[:3]] == [0, 0, 0]
    again = accept(run, loads(done.text, requirements()), known=requirements())
    assert again.added == ()
    assert again.diff == ""


def test_a_new_entry_tells_what_was_seen_and_stores_the_program():
    done = accept(document(), known=requirements(), issue=None)
    entry = next(entry for entry in done.added if entry.backend == "fs" and entry.requirement == "delete.idempotent")
    assert entry.reason.startswith("deleting \"it's '''a'''\" again: expected success, observed ObjectNotExist")
    assert entry.untracked
    assert entry.first_seen == date(2026, 3, 1)
    assert entry.calls == CALLS
    assert loads(done.text, requirements()).deviations == done.added


def test_reason_and_issue_of_new_entries_can_be_given():
    done = accept(document(), known=requirements(), reason="known", issue="https://example.org/1")
    assert {(entry.reason, entry.issue, entry.untracked) for entry in done.added} == {
        ("known", "https://example.org/1", False)
    }


def test_a_failure_that_comes_and_goes_is_accepted_as_flaky():
    done = accept(document(), known=requirements())
    assert [entry.requirement for entry in done.added if entry.flaky] == ["write.short_reader"]


def test_pruning_removes_what_is_stale_or_expired_and_leaves_the_rest_as_written():
    done = accept(document(), declarations(), prune=True, known=requirements(), today=date(2027, 1, 1))
    assert [entry.requirement for entry in done.removed] == ["read.whole", "overwrite.copy_exists"]
    assert done.added == ()
    assert not [line for line in done.diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert "# What we know about." in done.text
    assert "# by hand" in done.text
    assert "used to be slow" not in done.text
    assert '-reason = "used to be slow <b>and</b> wrong"' in done.diff


def test_an_entry_whose_program_still_diverges_is_not_pruned():
    key = "fs/read.whole/"
    assert (
        accept(document(), declarations(), prune=True, known=requirements(), replayed={key: "diverges"}).removed == ()
    )


def test_pruning_a_file_that_hides_headers_in_a_text_writes_it_anew():
    hidden = ENTRY.replace('"because"', "'''\n[[deviation]]\n'''").replace("delete.idempotent", "read.range")
    file = loads(hidden + ENTRY, requirements())
    whole = document()
    both = tuple(
        failed(r, failure(signature="")) if r.identifier == "fs/delete.idempotent_holds" else r for r in whole.results
    )
    done = accept(replace(whole, results=both), file, prune=True, known=requirements(), today=date(2026, 3, 1))
    left = loads(done.text, requirements()).deviations
    assert "read.range" not in {entry.requirement for entry in left}


def test_errors_and_missing_runs_are_never_accepted():
    whole = document()
    broken = replace(whole, results=tuple(passed(r, state="error", reason="x") for r in whole.results))
    assert accept(broken, Declarations(), known=requirements()).text == ""


def test_a_directory_is_all_its_files_together(tmp_path):
    for name in ("fs", "s3"):
        (tmp_path / f"{name}.toml").write_text(ENTRY.replace('"fs"', f'"{name}"'))
    together = load(tmp_path, KNOWN)
    assert [entry.backend for entry in together.deviations] == ["fs", "s3"]
    assert loads(together.text, KNOWN).deviations == together.deviations
    (tmp_path / "t3.toml").write_text(ENTRY)
    with pytest.raises(DeclarationInvalid, match=r"t3.toml and .*fs.toml both declare delete.idempotent of fs"):
        load(tmp_path, KNOWN)


def test_an_empty_directory_declares_nothing_and_says_so(tmp_path):
    with pytest.raises(DeclarationInvalid, match=r"without any \*.toml"):
        load(tmp_path, KNOWN)
