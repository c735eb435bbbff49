"""Which backends a verb works on: those named, or else those of the project, or else those inside this process."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from conformance.adapters.schemes import WAYS
from conformance.problems import Problem, meant
from conformance.registry import entry_point_backends
from conformance.settings import Settings

EMBEDDED = ("memory", "fs", "moto")
_NAMED = re.compile(r"(?P<name>[\w.-]+)=(?P<spec>[^=?]+:.*|memory|fs|moto)")


def choose(names: Sequence[str], own: Settings) -> list[tuple[str, str]]:
    """Return (name, connection string) of the backends named, names unique; ``name=spec`` gives a name here and now.

    Raises:
        Problem: one is named twice, or a name is not known.

    """
    known = {**entry_point_backends(own, tuple(names)), **own.backends}
    found: dict[str, str] = {}
    for word in names:
        given = _NAMED.fullmatch(word)
        name, spec = (given["name"], given["spec"]) if given else (word, known.get(word, word))
        if spec not in EMBEDDED and ":" not in spec:
            hint = _opener(own.folder, name) or meant(name, [*known, *EMBEDDED], f"; use {WAYS}")
            raise Problem(f"no backend is called {name!r}{hint}")
        place = name.partition("?")[0]
        # what has no place, as memory:?segments=offset, is told apart by its options
        shown = name if given or name in known or place.endswith(":") else place
        if shown in found:
            raise Problem(f"{shown} is named twice: name each backend once, or give them names in [tool.conformance]")
        found[shown] = spec
    return list(found.items())


def unnamed(own: Settings) -> tuple[list[tuple[str, str]], str]:
    """Return the backends that are meant when none is named, and a sentence about one that is left out, or ``""``.

    They are those of ``[tool.conformance.backends]`` and of the project's own entry points; where it has none, those
    inside this process that can run.
    """
    project = {**entry_point_backends(own), **own.backends}
    if project:
        return list(project.items()), ""
    missing = [package for package in ("moto", "boto3") if not _installed(package)]
    if not missing:
        return [(name, name) for name in EMBEDDED], ""
    told = f"moto is left out, {missing[0]} is not installed: pip install 'storage-conformance[moto]'"
    return [(name, name) for name in EMBEDDED if name != "moto"], told


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # something else took its name in this process
        return False


def _opener(folder: Path, name: str) -> str:
    """Return what to write where ``name`` is a module or a file of the folder, or ``""`` where it is none."""
    module = name.removesuffix(".py").removeprefix("./").replace("/", ".")
    path = folder.joinpath(*module.split("."))
    file = next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
    if file is None:
        return ""
    openers = _openers(file)
    if not openers:
        return f"; write {module}:opener, where opener is a function of {file.name} that takes a work_dir"
    return f"; did you mean {' or '.join(f'{module}:{opener}' for opener in openers[:3])}?"


def _openers(file: Path) -> list[str]:
    """Return the functions of a file that look like openers, without running it."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [f.name for f in functions if f.name.startswith("open") or [a.arg for a in f.args.args] == ["work_dir"]]
