"""The nodes of IPFS: what is missing is named, with the command that brings it."""

from __future__ import annotations

import pytest

from backends import ipfs, kubo
from backends.server import NotInstalled


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


def test_kubo_says_how_it_is_built(monkeypatch):
    monkeypatch.setattr("sysconfig.get_path", lambda _: "/nowhere")
    with pytest.raises(NotInstalled, match=r"go mod download .*kubo@v.* -o /nowhere/ipfs"), kubo.start():
        pass
