"""Long texts and bytes as short Python expressions: what is printed is read, and nobody reads kilobytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conformance.storage.sources import Content

LONGEST = 100
"""Characters of a literal that is printed as it is."""
SALTS = range(64)
RUN = r"(?s)(.{1,8}?)\1{19,}"


def literal(value: str | bytes) -> str:
    """Return a Python expression for ``value``: a long one by what it repeats, or by the content it comes from."""
    plain = repr(value)
    if len(plain) <= LONGEST:
        return plain
    drawn = _drawn(value) if isinstance(value, bytes) else None
    return drawn or " + ".join(_repeated(value)) or plain


def agreeing(one: Sequence[object], other: Sequence[object]) -> int:
    """Return how many members two sequences agree in from their beginning on."""
    differing = (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differing, min(len(one), len(other)))


def _repeated(value: str | bytes) -> Iterator[str]:
    """Yield the terms of a sum in which runs are products."""
    # Bytes are searched as text, because one pattern is enough then.
    text = value.decode("latin-1") if isinstance(value, bytes) else value

    def back(piece: str) -> str:
        return repr(piece.encode("latin-1") if isinstance(value, bytes) else piece)

    at = 0
    for run in re.finditer(RUN, text):
        if run.start() > at:
            yield back(text[at : run.start()])
        yield f"{back(run[1])} * {len(run[0]) // len(run[1])}"
        at = run.end()
    if at < len(text):
        yield back(text[at:])


def _drawn(value: bytes) -> str | None:
    """Return how ``value`` is made of a content of its size of which only a few bytes were changed, or None."""
    for salt in SALTS:
        content = Content(len(value), salt)
        whole = content.data
        if whole[:8] != value[:8] and whole[-8:] != value[-8:]:
            continue
        begin = agreeing(whole, value)
        end = min(agreeing(whole[::-1], value[::-1]), len(value) - begin)
        changed = repr(value[begin : len(value) - end])
        if begin == len(value):
            return f"{content!r}.data"
        if len(changed) <= LONGEST:
            first = [f"{content!r}.data[:{begin}]"] if begin else []
            last = [f"{content!r}.data[{len(value) - end}:]"] if end else []
            return " + ".join([*first, changed, *last])
    return None
