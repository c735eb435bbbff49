"""What operations take and return, as JSON: an object of the fields with a value, modes as lists of their names."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import IntFlag
from types import NoneType, UnionType
from typing import Any, Literal, cast, get_args, get_origin

from conformance.storage import (
    Block,
    HTTPRequest,
    ListMode,
    ListModeInvalid,
    Object,
    ObjectMode,
    ObjectModeInvalid,
    PairRequired,
    PairUnsupported,
    Part,
    Segment,
    StorageError,
    StorageMeta,
    errors,
)

RESULTS: Mapping[str, Any] = {
    "n": int,
    "o": Object,
    "part": Part,
    "request": HTTPRequest,
    "seg": Segment,
    "meta": StorageMeta,
    "client": int,
}
"""The values that a ``result`` can hold, by their names in ``operations.toml``; ``client`` is that of ``open``."""
ITEMS: Mapping[str, Any] = {"oi": Object, "pi": Part, "bi": Block, "si": Segment}
ERRORS: Mapping[str, type[StorageError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, StorageError) and kind is not StorageError
}
"""The taxonomy by the names of its classes."""


class Misfit(Exception):
    """A value is not of the type that it has to be; the text says which one is expected."""


class ForeignError(Exception):
    """An error outside the taxonomy that the storage let out, as the harness tells it."""


def to_json(value: Any) -> Any:
    """Return an argument as JSON-able data."""
    if isinstance(value, IntFlag):
        return [flag.name.lower() for flag in type(value) if flag in value and flag.name]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (Block, HTTPRequest, Segment)):
        return {name: to_json(item) for name, item in value._asdict().items()}
    if is_dataclass(value):
        told = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: to_json(item) for name, item in told if item is not None and item not in ("", {})}
    if isinstance(value, Mapping):
        return dict(cast("Mapping[str, str]", value))
    if value is None or isinstance(value, (str, int, float)):
        return value
    return [to_json(member) for member in value]


def from_json(data: Any, kind: Any) -> Any:
    """Return the value of type ``kind`` that ``data`` stands for.

    Raises:
        Misfit: it stands for none.

    """
    if get_origin(kind) is Literal:
        return _checked(data, data in get_args(kind), f"one of {', '.join(get_args(kind))}")
    if isinstance(kind, UnionType):
        (some,) = (member for member in get_args(kind) if member is not NoneType)
        return None if data is None else from_json(data, some)
    if get_origin(kind) is not None:
        pairs = cast("dict[object, object]", data).items() if isinstance(data, dict) else [(data, data)]
        fits = all(isinstance(name, str) and isinstance(text, str) for name, text in pairs)
        return _checked(data, fits, "an object of texts")
    if kind is float:
        return _checked(data, type(data) in {int, float}, "a number")
    if kind in {str, int, bool}:
        return _checked(data, type(data) is kind, {str: "a text", int: "a whole number", bool: "true or false"}[kind])
    if kind is datetime:
        return _datetime(data)
    return _flags(data, kind) if issubclass(kind, IntFlag) else _composed(data, kind)


def error(data: Any) -> Exception:
    """Return the error that an ``error`` message stands for.

    Raises:
        Misfit: it stands for none.

    """
    told = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
    message = from_json(told.get("message", ""), str)
    if "foreign" in told:
        return ForeignError(f"{told['foreign']}: {message}")
    kind = ERRORS.get(from_json(told.get("name"), str))
    if kind is None:
        raise Misfit("an error of the taxonomy by its name, or a foreign one")
    if issubclass(kind, (PairUnsupported, PairRequired)):
        found: StorageError = kind([from_json(pair, str) for pair in told.get("pairs", [])])
    elif issubclass(kind, ObjectModeInvalid):
        found = kind(from_json(told.get("expected", []), ObjectMode), from_json(told.get("actual", []), ObjectMode))
    elif issubclass(kind, ListModeInvalid):
        found = kind(from_json(told.get("actual", []), ListMode))
    else:
        return kind(message)
    found.message = message or found.message
    return found


def _checked(data: Any, fits: bool, expected: str) -> Any:
    if not fits:
        raise Misfit(expected)
    return data


def _datetime(data: Any) -> datetime:
    try:
        time = datetime.fromisoformat(data)
    except (TypeError, ValueError):
        time = None
    if time is None or time.tzinfo is None:
        raise Misfit("a time such as 2026-01-31T12:00:00.5Z")
    return time


def _flags(data: Any, kind: type[IntFlag]) -> IntFlag:
    named = {flag.name.lower(): flag for flag in kind if flag.name}
    if not isinstance(data, list) or any(name not in named for name in cast("list[str]", data)):
        raise Misfit(f"a list of {', '.join(named)}")
    flags = kind(0)
    for name in cast("list[str]", data):
        flags |= named[name]
    return flags


def _composed(data: Any, kind: Any) -> Any:
    hints = typing.get_type_hints(kind)
    if not isinstance(data, dict) or not set(cast("dict[str, Any]", data)) <= set(hints):
        raise Misfit(f"an object with fields of {kind.__name__}")
    values: dict[str, Any] = {}
    for name, value in cast("dict[str, Any]", data).items():
        try:
            values[name] = from_json(value, hints[name])
        except Misfit as misfit:
            raise Misfit(f"{misfit} as {name}") from None
    try:
        return kind(**values)
    except TypeError:
        raise Misfit(f"an object with all fields that {kind.__name__} needs") from None
