"""The options of connection strings: their names, their values, and a sentence for each mistake (GSP-90)."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from conformance.adapters.s3 import S3
from conformance.storage import ConnectionStringInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable

Options = Mapping[str, Callable[[str], Any]]
"""What reads the value of each option, by its name; it raises ValueError with the end of a sentence."""


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no URL such as http://127.0.0.1:9000")
    return text


def _flag(text: str) -> bool:
    return _choice("true", "false")(text) == "true"


def _choice(*words: str) -> Callable[[str], str]:
    def one(text: str) -> str:
        if text not in words:
            raise ValueError(f"is not {' or '.join(words)}")
        return text

    return one


def _number(kind: type[int | float], least: float, most: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise ValueError(f"is no {'whole ' if kind is int else ''}number from {least} to {most}")
        return value

    return number


def _text(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


def _without(text: str) -> tuple[str, ...]:
    """Return what an S3 server lacks: operations, optional arguments, or ``operation.argument``, with commas."""
    words = tuple(text.split(","))
    for word in words:
        op, _, pair = word.rpartition(".")
        offered = S3.implements.items() if not op else [(op, S3.implements.get(op, frozenset[str]()))]
        if not any(pair in pairs or (not op and pair == name) for name, pairs in offered):
            raise ValueError(f"names {word!r}, which is no operation and no optional argument of S3")
    return words


MEMORY_OPTIONS: Options = {"segments": _choice("index", "offset")}
"""Options of ``memory`` connections: the kind of segments, of which a storage has one (Prop-24)."""


FS_OPTIONS: Options = {"create": _flag}
"""Options of ``fs:`` connections: ``create=true`` makes a missing directory."""

FEATURE_OPTIONS: Options = {
    "name_maximum": _number(int, 1, 1024),
    "part_gaps": _flag,
    "backslash_separates": _flag,
    "control_characters": _flag,
    "directories": _choice("native", "virtual", "none"),
    "segments": _choice("index"),
}
"""Fields of ``Features`` that an S3 server may declare to differ in, such as ``name_maximum=255``."""

S3_OPTIONS: Options = {
    "endpoint": _endpoint,
    "region": _text,
    "create": _flag,
    "addressing": _choice("path", "virtual"),
    "timeout": _number(float, 0.1, 600),
    "page_size": _number(int, 1, 1000),
    "part_minimum": _number(int, 0, 5 * 1024**3),
    "checksums": _choice("required", "default"),
    "bare_etags": _flag,
    "without": _without,
    **FEATURE_OPTIONS,
}
"""Options of ``s3://`` connections: ``create=true`` makes a missing bucket, all others are fields of ``Location``. What
a server does not have is named as in ``without=delete_many,content_sha256,copy.if_match``; it is then neither declared
nor sent."""

AZBLOB_OPTIONS: Options = {
    "endpoint": _endpoint,
    "create": _flag,
    "timeout": _number(float, 0.1, 600),
    "page_size": _number(int, 1, 5000),
}
"""Options of ``azblob://`` connections: ``create=true`` makes a missing container, all others are fields of
``ContainerLocation``."""


def read_options(query: str, known: Options) -> dict[str, Any]:
    """Return the options of ``query``, each read as ``known`` says.

    Raises:
        ConnectionStringInvalid: one is unknown, given twice, or has a value that it cannot have.

    """
    values: dict[str, Any] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise ConnectionStringInvalid(f"unknown option {name}{meant(name, known)}; options are {', '.join(known)}")
        if name in values:
            raise ConnectionStringInvalid(f"the option {name} is given twice")
        try:
            values[name] = known[name](text)
        except ValueError as error:
            raise ConnectionStringInvalid(f"the option {name} {error}: {text!r}") from None
    return values


def meant(word: str, words: Iterable[str]) -> str:
    """Return a question for the one of ``words`` that ``word`` is close to, or nothing."""
    close = difflib.get_close_matches(word, [known for known in words if not known.startswith("_")], n=1)
    return f", did you mean {close[0]}?" if close else ""
