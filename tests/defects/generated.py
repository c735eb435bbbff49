"""Defects that come in rows: one optional argument ignored by one operation, and the like."""

from __future__ import annotations

from typing import Any

from .base import Defective, defect


def ignores(
    module: str, op: str, pair: str, *, trips: tuple[str, ...], like: str = "", on: tuple[str, ...] = ("memory",)
) -> type[Defective]:
    """Register the defect that ``op`` accepts ``pair`` and ignores it."""

    def method(self: Defective, *arguments: Any, **pairs: Any) -> Any:
        pairs.pop(pair, None)
        return self.call(op, *arguments, **pairs)

    name = f"{_camel(op)}Ignores{_camel(pair)}"
    return plant(module, name, f"{op} accepts {pair} and ignores it.", {op: method}, trips=trips, like=like, on=on)


def plant(
    module: str,
    name: str,
    sentence: str,
    methods: dict[str, Any],
    *,
    trips: tuple[str, ...],
    like: str = "",
    on: tuple[str, ...] = ("memory",),
    base: type[Defective] = Defective,
) -> type[Defective]:
    """Register the defect of a class that is made of ``methods``; its family is that of ``module``."""
    kind = type(name, (base,), {**methods, "__doc__": sentence, "__module__": module})
    return defect(trips=trips, like=like, on=on)(kind)


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
