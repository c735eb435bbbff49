"""Laws about upload controllers: how they are stated and found.

A law is a module-level function of :mod:`conformance.upload_controller.laws` that is given a :class:`World`::

    @verifies("upload_create.begins", needs=("register",))
    def test_a_registered_file_gets_an_upload(world):
        ...
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from conformance.requirements import requirement

if TYPE_CHECKING:
    from conformance.upload_controller.world import World

Need = Literal[
    "register",
    "state",
    "accept",
    "reject",
    "events",
    "age",
    "find_pending",
    "states_are_told",
    "parts_are_named",
    "store",
    "gate",
    "signatures",
    "small_parts",
    "part_size",
    "error_fields",
]
"""What a law cannot do without: hooks, things that the API tells, the store beside it, the gate before it."""

MISSING: Mapping[Need, str] = {
    "register": "there is no hook that registers files",
    "state": "there is no hook that tells the state of an upload",
    "accept": "there is no hook that accepts an upload",
    "reject": "there is no hook that rejects an upload",
    "events": "there is no hook that tells the events",
    "age": "there is no hook that lets time pass",
    "find_pending": "the API does not find the pending upload of a file",
    "states_are_told": "neither the API nor a hook tells the state of an upload",
    "parts_are_named": "a completion does not name the parts in this API",
    "store": "the store behind the service was not given (--store)",
    "gate": "the service does not reach its store through the gate (--gate)",
    "signatures": "the store does not verify signatures",
    "small_parts": "the store refuses small parts, and large ones would be too much to send",
    "part_size": "the API promises no part size",
    "error_fields": "the API does not say what a refusal looks like",
}
"""Why a law does not apply, by what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One law: the requirement that it verifies, further ones that its failures may blame, and what it needs."""

    id: str
    requirement: str
    also: tuple[str, ...]
    function: Callable[[World], None]
    needs: tuple[Need, ...]

    def missing(self, has: frozenset[str]) -> str | None:
        """Return why the law does not apply where only ``has`` is there, or None when it does."""
        lacking = [MISSING[need] for need in self.needs if need not in has]
        return "; ".join(lacking) or None


def verifies(
    requirement_id: str, *also: str, needs: tuple[Need, ...] = ()
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    """State which requirement a law verifies, ``also`` those that its failures may blame, and what it ``needs``.

    Every law needs files that are registered.

    Raises:
        UnknownRequirement: there is no such requirement.

    """
    for name in (requirement_id, *also):
        requirement(name)

    def register(function: Callable[[World], None]) -> Callable[[World], None]:
        module = function.__module__.rpartition(".")[2]
        function.__check__ = Check(  # type: ignore[attr-defined]
            id=f"upload_{module}.{function.__name__.removeprefix('test_')}",
            requirement=requirement_id,
            also=also,
            function=function,
            needs=("register", *needs),
        )
        return function

    return register


@cache
def checks() -> Mapping[str, Check]:
    """Return every law by id, in the order of modules and lines."""
    laws = importlib.import_module("conformance.upload_controller.laws")
    found: dict[str, Check] = {}
    for info in sorted(pkgutil.iter_modules(laws.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{laws.__name__}.{info.name}")
        for member in vars(module).values():
            check = getattr(member, "__check__", None)
            if isinstance(check, Check) and inspect.isfunction(member) and member.__module__ == module.__name__:
                found[check.id] = check
    return MappingProxyType(found)
