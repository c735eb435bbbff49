"""Laws: how a suite states them and how the engine finds them.

A law is a module-level function of a suite whose first parameters are provided by the engine and whose others are
drawn by Hypothesis::

    @verifies("delete.idempotent")
    @given(path=paths(), content=contents(), times=integers(2, 4))
    def test_deleting_again_gives_the_same_result(store, path, content, times):
        ...

Provided are ``store`` (a recorded client in a fresh ``work_dir``), ``again`` (a second client of the same
``work_dir``), ``reader`` (a client of it that may only read), ``outside`` (a client of the parent of ``work_dir``),
``inside`` (the ``work_dir`` itself), ``features``, ``limits``, ``run_program`` (runs calls against the model), and
``tick`` (lets the clocks of services move on, sooner those that told a time with parts of a second).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from hypothesis.strategies import SearchStrategy

from conformance.requirements import Requirement, requirement
from conformance.storage import Features

PROVIDED = ("store", "again", "reader", "outside", "inside", "features", "limits", "run_program", "tick")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One law: the requirement it verifies, what it needs, and how many examples a profile gives it.

    ``weight`` multiplies the number of examples, ``smoke`` says whether the smallest profile runs it, ``when`` is a
    condition on the declaration and ``unless`` the sentence that explains why it does not apply.
    """

    id: str
    requirement: str
    also: tuple[str, ...]
    function: Callable[..., None]
    strategies: Mapping[str, SearchStrategy[Any]]
    provided: tuple[str, ...]
    needs: frozenset[str]
    smoke: bool
    weight: int
    when: Callable[[Features], bool] | None
    unless: str

    def missing(self, features: Features) -> str | None:
        """Return why the check does not apply to a backend, in words, or None when it does."""
        lacking = sorted(self.needs - features.operations)
        if lacking:
            return "the backend does not implement " + ", ".join(lacking)
        if self.when is not None and not self.when(features):
            return self.unless
        return None


def given(**strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """State what a law is for all of: its arguments by name, as Hypothesis strategies.

    The engine hands them to ``hypothesis.given`` together with the settings of the profile, a fresh store for every
    example and a database of its own for every backend; a law never carries settings itself.
    """

    def keep(function: Callable[..., None]) -> Callable[..., None]:
        function.__strategies__ = MappingProxyType(strategies)  # type: ignore[attr-defined]
        return function

    return keep


def verifies(
    requirement_id: str,
    *also: str,
    needs: tuple[str, ...] = (),
    smoke: bool = False,
    weight: int = 1,
    when: Callable[[Features], bool] | None = None,
    unless: str = "",
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """State which requirement a law verifies (``also``: further ones that its failures may blame).

    The operations that the requirement names are needed always, ``needs`` adds the observers of this law.

    Raises:
        LookupError: no requirement has that id.

    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        entries: list[Requirement] = [requirement(name) for name in (requirement_id, *also)]
        module = function.__module__.rpartition(".")[2]
        function.__check__ = Check(  # type: ignore[attr-defined]
            id=f"{module}.{function.__name__.removeprefix('test_')}",
            requirement=requirement_id,
            also=also,
            function=function,
            strategies=getattr(function, "__strategies__", MappingProxyType({})),
            provided=tuple(name for name in inspect.signature(function).parameters if name in PROVIDED),
            needs=frozenset(entries[0].operations) | frozenset(needs),
            smoke=smoke,
            weight=weight,
            when=when,
            unless=unless,
        )
        return function

    return register


@cache
def checks() -> Mapping[str, Check]:
    """Return every check of every suite by id, in the order of modules and lines."""
    suites = importlib.import_module("conformance.suites")
    found: dict[str, Check] = {}
    for info in sorted(pkgutil.iter_modules(suites.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"conformance.suites.{info.name}")
        for member in vars(module).values():
            check = getattr(member, "__check__", None)
            if isinstance(check, Check) and inspect.isfunction(member) and member.__module__ == module.__name__:
                found[check.id] = check
    return MappingProxyType(found)
