"""Which backends and checks a test of the kit is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.pytesting.session import ConformanceSession
from conformance.registry import WAYS, registered


def parametrize(metafunc: pytest.Metafunc, session: ConformanceSession) -> None:
    """Parametrize a test of ``conformance.suite`` by backend and check, another test by backend."""
    if session.problem:
        _refuse(session, session.problem)
        return None
    handed: dict[str, Any] | None = getattr(metafunc.function, "__conformance__", None)
    own = _fixture(metafunc)
    if handed:
        backends = handed
    elif own is not None and own.scope != "session":
        _refuse(session, f"the fixture conformance_backend must have scope='session', it has scope={own.scope!r}")
        return None
    elif own is not None:
        return _by_fixture(metafunc, session, own, suite=handed is not None)
    else:
        backends = {entry.name: entry.opener for entry in registered(Path(metafunc.definition.path))}
    if not backends:
        _refuse(session, f"{metafunc.definition.nodeid} asks for checks and no backend is configured: {WAYS}")
        return None
    problem = next(filter(None, (_unopenable(name, value) for name, value in sorted(backends.items()))), "")
    if problem:
        _refuse(session, problem)
        return None
    # Of a suite everything is collected and the unwanted deselected, so that a misspelt name can be told.
    chosen = {n: opener for n, opener in sorted(backends.items()) if handed is not None or session.wants(n)}
    metafunc.parametrize("_conformance_opened", list(chosen.values()), ids=list(chosen), indirect=True, scope="session")
    if handed is not None:
        _by_check(metafunc, session)
    return None


def _unopenable(name: str, value: Any) -> str:
    """Tell once what is wrong with a connection string, not once for every check; ``""`` where nothing is."""
    if not isinstance(value, str):
        return ""
    from conformance.adapters.connection import open_backend
    from conformance.storage import StorageError

    try:
        open_backend(value)
    except StorageError as error:
        return f"{name if name == value else f'{name} = {value!r}'}: {error.message or error}"
    return ""


def _refuse(session: ConformanceSession, problem: str) -> None:
    """Note a problem for the end of collection; a worker has no way to end the run with a usage error."""
    if session.worker:
        pytest.fail(problem, pytrace=False)
    session.problem = problem


def _by_check(metafunc: pytest.Metafunc, session: ConformanceSession, prefix: str = "") -> None:
    """Add the checks; pytest joins the ids of both by a hyphen, which makes the identity of the test."""
    metafunc.parametrize(
        "check",
        [pytest.param(check.id, id=prefix + check.id, marks=pytest.mark.conformance) for check in session.checks],
    )


def _by_fixture(
    metafunc: pytest.Metafunc, session: ConformanceSession, own: pytest.FixtureDef[Any], *, suite: bool
) -> None:
    if not suite:
        return
    if own.params is not None:
        _by_check(metafunc, session)  # the fixture has put its own id in front already
    else:
        _by_check(metafunc, session, f"{session.project}-")


def _fixture(metafunc: pytest.Metafunc) -> pytest.FixtureDef[Any] | None:
    """Return the project's own ``conformance_backend``, where it overrides ours."""
    known = metafunc.definition._fixtureinfo.name2fixturedefs  # noqa: SLF001  # type: ignore[reportPrivateUsage]
    definitions = known.get("conformance_backend", ())
    own = definitions[-1] if definitions else None
    return None if own is None or own.func.__module__ == "conformance.plugin" else own
