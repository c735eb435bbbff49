"""Backend and check of a test, by its node id: all that is left of one whose worker died."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_ID = re.compile(r"\[(?P<backend>.+)-(?P<check>[a-z0-9_]+\.[a-z0-9_]+)\]$")


class Identity(NamedTuple):
    """Which check of which backend a test is."""

    backend: str
    check: str


def test_id(backend: str, check: str) -> str:
    """Return what stands in the brackets of a node id; ids of checks hold no hyphen, so it can be taken apart."""
    return f"{backend}-{check}"


def identity(nodeid: str) -> Identity | None:
    """Return what a node id says, or None when it is no test of the kit."""
    match = _ID.search(nodeid)
    if match is None:
        return None
    from conformance.engine.laws import checks

    return Identity(match["backend"], match["check"]) if match["check"] in checks() else None


def any_identity(nodeids: Iterable[str]) -> bool:
    """Whether a test of the kit is among them; reads the checks only when one looks like it."""
    return any(identity(nodeid) is not None for nodeid in nodeids if _ID.search(nodeid))
