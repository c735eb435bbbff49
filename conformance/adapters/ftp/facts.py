"""What MLST and MLSD tell of a file (RFC 3659, section 7)."""

from __future__ import annotations

import ftplib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from conformance.storage import ObjectMode, Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

_MINE = frozenset({"cdir", "pdir"})
"""The listed directory itself, and the one above it."""


class Facts(NamedTuple):
    """One file or directory."""

    mode: ObjectMode
    """``dir`` or ``read``, or nothing for what is neither."""
    size: int | None
    modified: datetime | None


def one(reply: str) -> Facts:
    """Return what the reply to MLST tells.

    Raises:
        Unexpected: it tells nothing.

    """
    for line in reply.splitlines():
        if line.startswith(" "):
            facts, _, _ = line[1:].partition(" ")
            pairs = (fact.partition("=")[::2] for fact in facts.split(";") if fact)
            return read({name.lower(): value for name, value in pairs})
    raise Unexpected(f"the reply to MLST holds no facts: {reply!r}")


def members(session: ftplib.FTP, path: str) -> list[tuple[str, Facts]]:
    """Return the names in a directory (MLSD), each with its facts."""
    return [(name, read(facts)) for name, facts in session.mlsd(path) if facts.get("type", "").lower() not in _MINE]


def read(facts: Mapping[str, str]) -> Facts:
    """Return facts by their names in lower case as one file or directory."""
    kind, size = facts.get("type", "").lower(), facts.get("size", "")
    mode = ObjectMode.DIR if kind in {"dir", *_MINE} else ObjectMode.READ if kind == "file" else ObjectMode(0)
    return Facts(mode, int(size) if size.isdigit() and mode == ObjectMode.READ else None, _time(facts.get("modify")))


def _time(text: str | None) -> datetime | None:
    try:
        whole, _, fraction = (text or "").partition(".")
        at = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        return at.replace(microsecond=int(f"{fraction:0<6.6}"))
    except ValueError:
        return None
