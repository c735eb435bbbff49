"""Libraries that are not there, and what the adapters make of what libraries raise."""

from __future__ import annotations

import sys

import pytest

from conformance.adapters.libraries import Attempt, library
from conformance.storage import ConnectionStringInvalid, ObjectNotExist, PermissionDenied, Unexpected


def test_a_missing_library_is_told_with_the_way_to_get_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "pyarrow.fs", raising=False)  # another test may have imported it
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConnectionStringInvalid) as caught:
        library("pyarrow.fs", "pyarrow")
    assert caught.value.message == (
        "pyarrow needs pyarrow.fs, which is not installed: pip install 'storage-conformance[pyarrow]'"
    )


def test_it_is_called_as_people_call_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "smbclient", None)
    with pytest.raises(ConnectionStringInvalid, match=r"smb:// needs smbprotocol, .*\[smb\]"):
        library("smbclient", "smb", needed_by="smb://", package="smbprotocol")


def test_what_a_library_lacks_itself_is_no_missing_library(monkeypatch, tmp_path):
    (tmp_path / "halfthere.py").write_text("import not_there_at_all\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        library("halfthere", "half")


def test_what_a_library_raises_becomes_an_error_of_the_taxonomy_without_a_trace():
    attempt = Attempt(lambda error: ObjectNotExist(str(error)))
    assert attempt(int, "12", base=16) == 18
    with pytest.raises(ObjectNotExist, match="invalid literal") as caught:
        attempt(int, "x")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_what_is_of_the_taxonomy_stays_as_it_is():
    refused = PermissionDenied("no")

    def refuse():
        raise refused

    with pytest.raises(PermissionDenied) as caught:
        Attempt(lambda error: Unexpected(str(error)))(refuse)
    assert caught.value is refused
