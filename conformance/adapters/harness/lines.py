"""The lines of the protocol: a JSON object each, and after some of them a body of as many bytes as the line says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, cast

LINE_MAXIMUM = 1024 * 1024
"""Bytes of the longest line."""
BODY_MAXIMUM = 16 * 1024 * 1024
"""Bytes of the longest body; more bytes are more bodies."""
WITH_BODY = ("data", "callback")
KINDS = frozenset({"read", "item", "result", "error", *WITH_BODY})
"""What a harness may say during a call; ``result`` and ``error`` end it."""


class Rubbish(Exception):
    """What a harness said is not the protocol; the text goes on from "the harness"."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing that a harness says of the call ``id``: its kind, the value with it, and the body."""

    id: int
    kind: str
    value: Any
    body: bytes = b""

    @property
    def last(self) -> bool:
        """Whether the call ends with it."""
        return self.kind in {"result", "error"}


def encoded(line: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return a line and its body as they are sent.

    Raises:
        UnicodeEncodeError: a text in it is none, such as a path with a lone surrogate.

    """
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" + body


def next_line(stream: IO[bytes]) -> dict[str, Any] | None:
    """Return the next line, or None at the end.

    Raises:
        Rubbish: it is no JSON object, too long, or cut off.

    """
    line = stream.readline(LINE_MAXIMUM + 1)
    if not line:
        return None
    if len(line) > LINE_MAXIMUM:
        raise Rubbish(f"wrote a line of more than {LINE_MAXIMUM:,} bytes, which begins {excerpt(line)}")
    if not line.endswith(b"\n"):
        raise Rubbish(f"ended in the middle of a line: {excerpt(line)}")
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        raise Rubbish(f"wrote a line to its stdout that is no JSON: {excerpt(line)}") from None
    if not isinstance(value, dict):
        raise Rubbish(f"wrote a line that is no JSON object: {excerpt(line)}")
    return cast("dict[str, Any]", value)


def next_message(stream: IO[bytes]) -> Message | None:
    """Return the next message, or None at the end.

    Raises:
        Rubbish: it is none.

    """
    line = next_line(stream)
    if line is None:
        return None
    number, kinds = line.get("id"), [name for name in line if name != "id"]
    if type(number) is not int or len(kinds) != 1 or kinds[0] not in KINDS:
        raise Rubbish(f"wrote {excerpt(line)}, where an id and one of {', '.join(sorted(KINDS))} are expected")
    value = line[kinds[0]]
    if kinds[0] not in WITH_BODY:
        return Message(number, kinds[0], value)
    if type(value) is not int or not 0 <= value <= BODY_MAXIMUM:
        raise Rubbish(f"announced a body of {value!r} bytes, where a number up to {BODY_MAXIMUM:,} is expected")
    body = stream.read(value)
    if len(body) != value:
        raise Rubbish(f"announced a body of {value} bytes and ended after {len(body)}")
    return Message(number, kinds[0], value, body)


def excerpt(value: object) -> str:
    """Return what a harness wrote, short enough for a sentence."""
    text = repr(value.decode(errors="replace").rstrip("\n") if isinstance(value, bytes) else value)
    return text if len(text) <= 80 else f"{text[:80]}…"
