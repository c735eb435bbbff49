"""The first line of a harness: which version of the protocol it speaks, what is behind it, and what that declares."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, cast

from conformance.adapters.harness.values import Misfit, from_json
from conformance.adapters.options import meant
from conformance.storage import Features, ListMode, features, operations

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What a harness told of itself."""

    name: str
    """What is behind it."""
    version: str
    operations: frozenset[str]
    """The operations that it answers; ``create`` need not be among them."""
    features: Features
    concurrent: bool
    """Whether calls may be made while others are under way."""


class NotUnderstood(Exception):
    """The first line is not one of this protocol; the text says why."""


def hello(line: Mapping[str, Any]) -> Hello:
    """Return what the first line says.

    Raises:
        NotUnderstood: it does not say what it has to, or names what there is not.

    """
    if line.get("protocol") != VERSION:
        raise NotUnderstood(f'its first line does not say "protocol": {VERSION}')
    _known(line, ("protocol", "name", "version", "operations", "features", "concurrent"), "field")
    try:
        pairs = _pairs(line.get("operations"))
        return Hello(
            name=from_json(line.get("name"), str),
            version=from_json(line.get("version", ""), str),
            operations=frozenset(pairs),
            features=_features(pairs, line.get("features", {})),
            concurrent=from_json(line.get("concurrent", False), bool),
        )
    except Misfit as misfit:
        raise NotUnderstood(f"its first line lacks {misfit}") from None


def _pairs(told: Any) -> dict[str, frozenset[str]]:
    offered = {name: operation.pairs for name, operation in operations().items() if name != "features"}
    pairs: dict[str, frozenset[str]] = {}
    for name, named in _object(told, "operations").items():
        _known([name], offered, "operation")
        if not isinstance(named, list):
            raise Misfit(f"the list of optional arguments of {name}")
        _known(cast("list[str]", named), offered[name], f"optional argument of {name}")
        pairs[name] = frozenset(cast("list[str]", named))
    return pairs


def _features(pairs: dict[str, frozenset[str]], told: Any) -> Features:
    local = {"create": frozenset(operations()["create"].pairs), "features": frozenset[str]()}
    pairs = {**local, **pairs}
    hints = typing.get_type_hints(Features, {**vars(features), "Mapping": Mapping})
    values: dict[str, Any] = {}
    for name, value in _object(told, "features").items():
        _known([name], hints.keys() - {"operations", "pairs"}, "feature")
        try:
            values[name] = from_json(value, hints[name])
        except Misfit as misfit:
            raise Misfit(f"{misfit} as the feature {name}") from None
    if "list_mode" not in pairs.get("list", ()):
        values["list_modes"] = ListMode(0)
    return Features(operations=frozenset(pairs), pairs=MappingProxyType(pairs), **values)


def _object(told: Any, name: str) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise Misfit(f'an object as "{name}"')
    return cast("dict[str, Any]", told)


def _known(names: Iterable[str], known: Iterable[str], what: str) -> None:
    for name in names:
        if name not in set(known):
            raise NotUnderstood(f"{name!r} in its first line is no {what}{meant(str(name), known)}")
