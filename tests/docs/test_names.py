"""What the pages name exists: requirements, checks, fields of Features, points of the profile, verbs, files."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from conformance.cli.group import VERBS
from conformance.engine.laws import checks
from conformance.engine.probes import probes
from conformance.plugin import LISTS, OPTIONS
from conformance.requirements import requirements
from conformance.requirements.left_out import left_out
from conformance.storage import Features

ROOT = Path(__file__).parents[2]
WRITTEN = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

POLICIES = (ROOT / "docs" / "policies.md").read_text("utf-8")
FIELDS = {field.name for field in fields(Features)}
POINTS = {probe.id for probe in probes()}


def named(label: str) -> set[str]:
    """Return what the lines of the policies that begin with a label name."""
    found = re.findall(rf"^- {label}: (.*?)\.$", POLICIES, re.MULTILINE | re.DOTALL)
    assert found
    return {name for paragraph in found for name in re.findall(r"`([^`]+)`", paragraph)}


def test_the_policies_name_what_exists():
    assert named("Requirements") - set(requirements()) == set()
    assert named("Features") - FIELDS == set()
    assert named("Profile") - POINTS == set()


def test_every_contradiction_has_its_paragraph():
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", POLICIES, re.MULTILINE)]
    assert numbers == list(range(1, 26))


def test_every_choice_of_a_backend_is_a_policy():
    assert FIELDS - named("Features") == set()


def test_every_point_of_the_profile_is_in_the_policies():
    assert POINTS - named("Profile") == set()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_requirements_and_files_named_on_a_page_exist(page):
    text = page.read_text("utf-8")
    subjects = {found.subject for found in requirements().values()}
    known = {*requirements(), *checks(), *left_out(), *POINTS}
    for name in re.findall(r"`([a-z_]+\.[a-z_]+)`", text):
        if name.partition(".")[0] in subjects and not name.endswith((".py", ".md", ".toml")):
            assert name in known, name
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target
    for verb in re.findall(r"(?:^|`)conformance ([a-z]+)", text, re.MULTILINE):
        assert verb in VERBS, verb


def test_the_options_of_pytest_are_those_of_the_readme():
    told = set(re.findall(r"`--conformance-([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    assert told == {*OPTIONS, *LISTS}
