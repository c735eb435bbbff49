"""js-ipfs: what is installed for the tests is what its launcher asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends import ipfs
from backends.server import NotInstalled


def test_the_packages_are_those_that_the_test_environment_installs():
    assert " ".join(ipfs.PACKAGES) in (Path(__file__).parents[2] / "tox.ini").read_text()


def test_what_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalled, match="install the packages nodejs and npm"), ipfs.start():
        pass
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    monkeypatch.setattr(ipfs, "HOME", tmp_path)
    with pytest.raises(NotInstalled, match=f"npm install --prefix {tmp_path} .*ipfs-core@"), ipfs.start():
        pass
