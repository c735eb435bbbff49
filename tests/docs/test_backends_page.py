"""The page of backends names every scheme, every extra and every backend that there is, and no other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from backends import BACKENDS
from conformance.adapters.s3.connect import OPTIONS
from conformance.adapters.schemes import SCHEMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "backends.md").read_text("utf-8")
STRINGS, _, STARTED = PAGE.partition("## Start one")
STRINGS, _, S3_OPTIONS = STRINGS.partition("| option of `s3://` |")


def column(text, number):
    """Return the words in code quotes of a column of the tables in a text."""
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `")]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row[number])}


def test_every_scheme_is_named():
    named = {re.split(r"[:?]", word)[0] for word in column(STRINGS, 1)}
    assert named - {"package.module"} == set(SCHEMES)


def test_every_extra_is_named():
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    assert column(STRINGS, 3) == extras - {"xdist"}


def test_every_backend_is_named():
    assert column(STARTED, 1) == set(BACKENDS)


def test_every_option_of_s3_is_told():
    assert sorted(re.findall(r"`([a-z0-9_]+)=", S3_OPTIONS)) == sorted(OPTIONS)
