"""What a person can put right: one sentence that says what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class Problem(Exception):
    """The kit cannot do its job; the message is one sentence with the way out (exit code 2, a pytest usage error)."""


def meant(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return ``"; did you mean …?"`` for the names closest to ``word``, or ``otherwise`` when none is close."""
    close = get_close_matches(word, list(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else otherwise


def escaped(text: str) -> str:
    """Return a text that every encoding and pipe can take: a lone surrogate, as hostile names hold it, is escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable(text: str) -> str:
    """Return a text without anything that could steer a terminal: control characters are shown by their escapes."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode() for char in text
    )
