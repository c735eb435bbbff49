"""Where backends come from: a decorator, an entry point group, the project's own table, a connection string."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from conformance.problems import Problem
from conformance.settings import Settings

if TYPE_CHECKING:
    from conformance.adapters.connection import Connection
    from conformance.engine.backend import Backend, Opener

F = TypeVar("F", bound=Callable[..., Any])
GROUP = "conformance.backends"
WAYS = (
    'name one in pyproject.toml ([tool.conformance] backends = {mystore = "mystore:open_store"}); '
    "or publish an opener in the entry point group conformance.backends; "
    "or hand one over in a test file (test_conformance = conformance.suite(open_store)), "
    "in a conftest.py with @conformance.backend, or as a session-scoped fixture conformance_backend"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An opener that a file registered with :func:`backend`."""

    name: str
    opener: Callable[..., Any]
    file: Path


_registered: list[Registered] = []


@overload
def backend(name: str | None = None, /) -> Callable[[F], F]: ...
@overload
def backend(name: F, /) -> F: ...
def backend(name: str | F | None = None, /) -> Callable[[F], F] | F:
    """Register an opener: ``@conformance.backend`` or ``@conformance.backend("mystore")``.

    The opener takes an absolute ``work_dir`` (a string that ends in ``/``) and returns a Storage. It is seen by every
    ``conformance.suite()`` in the same file, or, when it stands in a ``conftest.py``, in and below that folder. The
    name defaults to that of the function without ``open_``.
    """
    if callable(name):
        return _register(name, None)
    return lambda opener: _register(opener, name)


def _register(opener: F, name: str | None) -> F:
    code = getattr(opener, "__code__", None)
    frame = sys._getframe(2)  # noqa: SLF001  # type: ignore[reportPrivateUsage]
    entry = Registered(
        name=name or name_of(opener),
        opener=opener,
        file=Path(code.co_filename if code is not None else frame.f_code.co_filename).resolve(),
    )
    _registered[:] = [known for known in _registered if (known.name, known.file) != (entry.name, entry.file)]
    _registered.append(entry)
    return opener


def registered(file: Path) -> list[Registered]:
    """Return what is registered for a test file: in itself, and in every ``conftest.py`` above it, sorted by name."""
    file = file.resolve()
    seen = [
        entry
        for entry in _registered
        if entry.file == file or (entry.file.name == "conftest.py" and entry.file.parent in file.parents)
    ]
    return sorted(seen, key=lambda entry: entry.name)


def forget() -> None:
    """Forget every registered opener (at the end of a pytest session)."""
    _registered.clear()


def name_of(opener: Callable[..., Any]) -> str:
    """Return a name for an opener that was given none: its own without ``open_``, or that of its module."""
    named = next((entry.name for entry in _registered if entry.opener is opener), None)
    if named:
        return named
    name = str(getattr(opener, "__name__", type(opener).__name__))
    name = re.sub(r"^_*open_?", "", name) if name.startswith(("open", "_open")) else name
    if not name or name.startswith("<"):
        name = str(getattr(opener, "__module__", "backend")).rpartition(".")[2]
    return name


def entry_point_backends(settings: Settings, wanted: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the published openers by name, as ``package.module:opener``.

    Those of the project that lives in ``settings.folder`` always; those of other distributions only when ``wanted``.
    """
    return {
        point.name: point.value.partition(" ")[0]
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)
        if point.name in wanted or (settings.project is not None and _owner(point) == _normal(settings.project))
    }


def _owner(point: EntryPoint) -> str:
    return "" if point.dist is None else _normal(point.dist.name)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def spec_of(opener: Callable[..., Any]) -> str:
    """Return ``module:name`` when the opener can be imported from there again, else ``""``."""
    module, name = getattr(opener, "__module__", ""), getattr(opener, "__qualname__", "")
    found: Any = sys.modules.get(module)
    if not isinstance(opener, FunctionType) or module in {"__main__", "conftest"} or "<" in name or found is None:
        return ""
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is opener else ""


def from_connection(connection: Connection, name: str = "") -> Backend:
    """Return the backend that a connection stands for."""
    from conformance.adapters.connection import names_opener
    from conformance.engine.backend import Backend

    spec = connection.spec
    module, _, attribute = spec.partition(":")
    importable = names_opener(spec) and "." not in attribute
    return Backend(
        name=name or connection.name,
        open=connection.open,
        spec=spec,
        imports=(
            f"from {module} import {attribute}"
            if importable
            else "from conformance.adapters.connection import open_backend"
        ),
        opener=attribute if importable else f"open_backend({spec!r}).open",
        version=connection.version(),
    )


def as_backend(value: object, name: str = "") -> Backend:
    """Return what an author hands over (an opener, a Backend, a connection string) as a backend called ``name``.

    Raises:
        Problem: it is none of the three, or the connection string is wrong.

    """
    from dataclasses import replace

    from conformance.engine.backend import Backend
    from conformance.storage import StorageError

    if isinstance(value, Backend):
        return replace(value, name=name or value.name)
    if isinstance(value, str):
        from conformance.adapters.connection import open_backend

        try:
            connection = open_backend(value)
            connection.prepare()
            return from_connection(connection, name)
        except StorageError as error:
            raise Problem(error.message or str(error)) from None
    if not callable(value):
        raise Problem(
            f"{name or 'the backend'} is {value!r}: give an opener (a function of work_dir that returns a Storage), "
            "a conformance.Backend or a connection string"
        )
    spec = spec_of(value)
    module, _, attribute = spec.partition(":")
    simple = bool(spec) and "." not in attribute
    return Backend(
        name=name or name_of(value),
        open=_checked(cast("Opener", value), name or name_of(value)),
        spec=spec,
        imports=f"from {module} import {attribute}" if simple else f"import {module}" if spec else "",
        opener=attribute if simple else f"{module}.{attribute}" if spec else "",
    )


def _checked(opener: Opener, name: str) -> Opener:
    from conformance.storage import AsyncStorage, Storage

    def opened(work_dir: str) -> Storage | AsyncStorage:
        storage = cast("Any", opener(work_dir))
        if not isinstance(storage, (Storage, AsyncStorage)):
            raise Problem(f"the opener of {name} returned {type(storage).__name__}, which does not extend Storage")
        return storage

    return opened
