"""``conformance list``: what is asked, and what is left out with its reason."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from conformance.cli.explain_verb import command as explain
from conformance.cli.list_verb import command
from conformance.problems import Problem
from conformance.requirements import requirements
from conformance.requirements.left_out import left_out


def listed(*arguments):
    done = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_json_tells_every_requirement_with_its_checks_and_what_is_left_out_with_its_reason():
    rows = json.loads(listed("--format", "json"))
    asked = {row["id"]: row for row in rows if row["left_out"] is None}
    assert set(asked) == set(requirements())
    assert [name for name, row in asked.items() if not row["checks"]] == []
    left = {row["id"]: row for row in rows if row["left_out"] is not None}
    assert set(left) == set(left_out())
    assert all(row["left_out"] and row["source"] and row["text"] for row in left.values())
    assert json.loads(listed("--left-out", "--format", "json")) == list(left.values())


def test_what_is_left_out_says_why():
    said = listed("--left-out")
    assert "list.order" in said
    assert said.count("left out: ") == len(left_out())
    assert "  left out: " not in listed()


def test_a_subject_is_listed_by_itself():
    rows = [line.partition(" ")[0] for line in listed("delete").splitlines()]
    assert rows == [name for name in requirements() if name.startswith("delete.")]
    of_checks = json.loads(listed("checks", "delete", "--format", "json"))
    assert all("delete" in {row["id"].partition(".")[0], row["requirement"].partition(".")[0]} for row in of_checks)
    assert len(of_checks) > 5
    assert {row["id"] for row in json.loads(listed("list", "--left-out", "--format", "json"))} <= set(left_out())
    for words, hint in ((("delet",), "mean delete"), (("backends", "delete"), "no list of 'delete'")):
        with pytest.raises(Problem, match=hint):
            CliRunner().invoke(command, list(words), catch_exceptions=False)


def explained(*arguments):
    return CliRunner().invoke(explain, list(arguments), catch_exceptions=False).output


def test_a_subject_and_what_is_left_out_are_explained():
    told = explained("delete")
    assert all(name in told for name in requirements() if name.startswith("delete."))
    assert "\n  left out    " in explained("list")
    entry = next(iter(left_out().values()))
    alone = explained(entry.id)
    assert alone.startswith(entry.id + "\n")
    assert entry.source in alone
    assert entry.reason.split()[-1] in alone
    with pytest.raises(Problem, match=f"did you mean {entry.id}"):
        explained(entry.id[:-1])


def test_only_requirements_are_left_out():
    with pytest.raises(Problem, match="there are no checks left out"):
        CliRunner().invoke(command, ["checks", "--left-out"], catch_exceptions=False)


def test_a_reason_names_only_requirements_that_exist():
    import re

    subjects = {found.subject for found in requirements().values()}
    for entry in left_out().values():
        assert entry.id not in requirements()
        for name in re.findall(r"\b([a-z_]+\.[a-z_]+)\b", entry.reason):
            assert name.partition(".")[0] not in subjects or name in requirements(), (entry.id, name)


def test_nobody_has_to_read_all_of_it():
    command = [sys.executable, "-m", "conformance.cli", "list", "checks"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as listing:
        assert listing.stdout.readline()
        listing.stdout.close()
        assert listing.stderr.read() == ""
