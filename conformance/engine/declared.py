"""What a backend declares, before anything is built on it: of the types that the vocabulary promises, or refused."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields
from functools import cache
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from conformance.problems import Problem, meant
from conformance.storage import Features, ListMode, Restrictions, Storage, StorageMeta, operations


def declared(storage: Storage, name: str) -> tuple[Features, Restrictions]:
    """Return what a storage says of itself; ``name`` is what messages call the backend.

    Raises:
        Problem: it is not what :class:`Features` and :class:`StorageMeta` hold.

    """
    features: Any = storage.features()
    if not isinstance(features, Features):
        raise Problem(f"{name}: features() returned {_kind(features)}: return a conformance.storage.Features")
    _check(features, f"{name}: features()")
    for operation in features.operations:
        if operation not in operations():
            hint = meant(operation, operations(), "; operations.toml names all of them")
            raise Problem(f"{name}: features().operations holds {operation!r}, which is no operation{hint}")
    meta: Any = storage.metadata()
    if not isinstance(meta, StorageMeta):
        raise Problem(f"{name}: metadata() returned {_kind(meta)}: return a conformance.storage.StorageMeta")
    limits: Any = meta.restrictions
    if not isinstance(limits, Restrictions):
        raise Problem(f"{name}: metadata().restrictions is {_kind(limits)}: give conformance.storage.Restrictions")
    _check(limits, f"{name}: metadata().restrictions")
    return features, limits


def _check(record: Features | Restrictions, where: str) -> None:
    hints = _hints(type(record))
    for field in fields(record):
        value, hint = getattr(record, field.name), hints[field.name]
        if not _fits(hint, value):
            raise Problem(f"{where}.{field.name} is {_shown(value)}: give {_wanted(hint)}")


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind, localns={"Mapping": Mapping, "ListMode": ListMode})


def _fits(hint: Any, value: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin is types.UnionType:
        return any(_fits(member, value) for member in arguments)
    if origin is frozenset:
        items = cast("AbstractSet[Any]", value)
        return isinstance(value, AbstractSet) and all(_fits(arguments[0], item) for item in items)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            _fits(arguments[0], key) and _fits(arguments[1], item)
            for key, item in cast("Mapping[Any, Any]", value).items()
        )
    if hint is float:
        return type(value) in (int, float) and math.isfinite(value) and value >= 0
    if hint is int:
        return type(value) is int and value >= 0
    if hint is bool:
        return type(value) is bool
    return isinstance(value, hint)


def _wanted(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return " or ".join(repr(member) for member in arguments)
    if origin is types.UnionType:
        return " or ".join(_wanted(member) for member in arguments)
    if origin in (frozenset, Mapping):
        return "a set of names" if origin is frozenset else "a mapping from names to sets of names"
    return _WORDS[hint]


_WORDS: Mapping[Any, str] = {
    int: "a whole number that is not negative",
    float: "a number of seconds that is not negative",
    bool: "True or False",
    types.NoneType: "None",
    ListMode: "a ListMode",
}


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - a value of a backend, whose repr may do anything
        text = f"{_kind(value)} without a repr ({type(error).__name__})"
    return text if len(text) <= 60 else f"{text[:60]}… ({_kind(value)})"
