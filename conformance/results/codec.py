"""Frozen dataclasses to JSON and back, driven by their own annotations.

Fields that a reader does not know are ignored, so that a later version may add some without a new format number.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Unfit(ValueError):
    """A value is not what its field holds; the message says where and what was wanted."""


def to_json(value: Any) -> Any:
    """Return a dataclass, or a collection of them, as JSON-able data."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in cast("list[Any]", value)]
    return value


def from_json(kind: type[T], data: Any, where: str) -> T:
    """Return the dataclass of ``kind`` that :func:`to_json` wrote; ``where`` begins the messages.

    Raises:
        Unfit: a field is missing or holds something of another type.

    """
    if not isinstance(data, dict):
        raise Unfit(f"{where} is no object")
    record = cast("dict[str, Any]", data)
    arguments: dict[str, Any] = {}
    for name, (hint, needed) in _shape(kind).items():
        if name in record:
            arguments[name] = _value(hint, record[name], f"{where}.{name}")
        elif needed:
            raise Unfit(f"{where}.{name} is missing")
    return kind(**arguments)


@cache
def _shape(kind: type[Any]) -> dict[str, tuple[Any, bool]]:
    hints = get_type_hints(kind)
    return {f.name: (hints[f.name], f.default is MISSING and f.default_factory is MISSING) for f in fields(kind)}


def _value(hint: Any, data: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin is not None:
        return _readers[origin](get_args(hint), data, where)
    if is_dataclass(hint):
        return from_json(cast("type[Any]", hint), data, where)
    if hint is float and type(data) is int:
        try:
            return float(data)
        except OverflowError:
            raise Unfit(f"{where} is {_brief(data)} and not {_words[hint]}") from None
    if hint is float and type(data) is float and not math.isfinite(data):
        raise Unfit(f"{where} is {data!r} and not {_words[hint]}")
    if hint is not Any and type(data) is not hint:
        raise Unfit(f"{where} is {_brief(data)} and not {_words[hint]}")
    return data


def _optional(members: tuple[Any, ...], data: Any, where: str) -> Any:
    return None if data is None else _value(members[0], data, where)


def _literal(members: tuple[Any, ...], data: Any, where: str) -> Any:
    if data not in members:
        raise Unfit(f"{where} is {_brief(data)} and not one of {', '.join(members)}")
    return data


def _brief(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _array(members: tuple[Any, ...], data: Any, where: str) -> Any:
    if not isinstance(data, list):
        raise Unfit(f"{where} is no array")
    return tuple(_value(members[0], item, f"{where}[{n}]") for n, item in enumerate(cast("list[Any]", data)))


def _mapping(members: tuple[Any, ...], data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise Unfit(f"{where} is no object")
    items = cast("dict[str, Any]", data).items()
    return {key: _value(members[1], item, f"{where}.{key}") for key, item in items}


_readers: dict[Any, Callable[[tuple[Any, ...], Any, str], Any]] = {
    types.UnionType: _optional,
    Literal: _literal,
    tuple: _array,
    Mapping: _mapping,
}
_words = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
