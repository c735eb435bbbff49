"""Ranges of bytes in HTTP: one ``Range`` header against a length."""

from __future__ import annotations

import re


class NotSatisfiable(Exception):
    """HTTP 416: the range begins behind the end."""


def span(header: str | None, length: int) -> tuple[int, int] | None:
    """Return where a range of ``length`` bytes begins and ends, None for the whole or what is no range.

    Raises:
        NotSatisfiable: there is no byte in it.

    """
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", (header or "").strip())
    if found is None or found[0] == "bytes=-":
        return None
    if not found[1]:
        begin, end = max(length - int(found[2]), 0), length
    else:
        begin, end = int(found[1]), min(int(found[2]) + 1, length) if found[2] else length
        if found[2] and int(found[2]) < begin:
            return None
    if begin >= end:
        raise NotSatisfiable
    return begin, end
