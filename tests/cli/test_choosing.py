"""Backends named on the command line: a name that is given there, and what is no such name."""

from __future__ import annotations

import pytest

from conformance.cli.choosing import choose
from conformance.settings import settings


@pytest.mark.parametrize(
    ("word", "name", "spec"),
    [
        ("mine=memory", "mine", "memory"),
        ("mine=s3://b?endpoint=http://h", "mine", "s3://b?endpoint=http://h"),
        ("s3://b?endpoint=http://h", "s3://b", "s3://b?endpoint=http://h"),
        ("fs:/a=b:c", "fs:/a=b:c", "fs:/a=b:c"),
        ("fs:/a?create=true", "fs:/a", "fs:/a?create=true"),
    ],
)
def test_a_name_may_be_given(word, name, spec, tmp_path):
    assert choose((word,), settings(tmp_path)) == [(name, spec)]
