"""The pytest plugin: options, fixtures and hooks. Everything heavy waits in ``conformance.pytesting`` until it is used.

This module is imported in every pytest run of an environment that has the kit installed, so it imports nothing but
pytest, and does nothing in a project that has no backend to check.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.pytesting.stash import conformance_session, in_use

OPTIONS = {
    "profile": "how much to ask of a backend: smoke, standard or deep",
    "seed": "where the examples come from: a whole number, or random",
    "declared": "the deviations file: what the backends are known to do otherwise",
    "report": "where to write the HTML page",
    "results": "where to write the result document (JSON Lines)",
}
LISTS = {
    "backend": "check only this backend: a registered name, the entry point of another distribution, or a connection "
    "string; may be given several times",
    "only": "run only this check, requirement or subject; may be given several times",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, each with an ini key of the same name."""
    group = parser.getgroup("conformance", "conformance of storage backends")
    for name, text in OPTIONS.items():
        group.addoption(f"--conformance-{name}", metavar="VALUE", default=None, help=text)
        parser.addini(f"conformance_{name}", text, type="string", default="")
    for name, text in LISTS.items():
        group.addoption(f"--conformance-{name}", metavar="NAME", action="append", default=None, help=text)
        parser.addini(f"conformance_{name}", text, type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the anchor file where the project names backends."""
    config.addinivalue_line("markers", "conformance: a check of the storage conformance kit (added by the kit)")
    from conformance.pytesting.anchor import anchored

    anchored(config)


def pytest_unconfigure() -> None:
    """Forget what this session registered."""
    from conformance.registry import forget

    forget()


@pytest.fixture(scope="session")
def conformance_backend() -> object:
    """Override this with what is to be checked: an opener, a conformance.Backend or a connection string."""
    return None


@pytest.fixture(scope="session")
def _conformance_opened(request: pytest.FixtureRequest, conformance_backend: object) -> Iterator[Any]:
    from conformance.pytesting.session import Opened

    opened = Opened(getattr(request, "param", None) or conformance_backend)
    yield opened
    opened.close(conformance_session(request.config))


@pytest.fixture(scope="session")
def backend(_conformance_opened: Any) -> Any:
    """Each registered backend in turn, as a :class:`conformance.Backend`: for laws of your own."""
    return _conformance_opened.backend()


@pytest.fixture
def conformance_check(request: pytest.FixtureRequest, _conformance_opened: Any) -> Any:
    """Return a function that runs the check of this test on its backend."""
    session = conformance_session(request.config)

    def check(identifier: str) -> None:
        __tracebackhide__ = True
        session.run(request.node, identifier, _conformance_opened)

    return check


# collection


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the checks of the backends that ``pyproject.toml`` and entry points name."""
    if file_path.name != "pyproject.toml":
        return None
    from conformance.pytesting.anchor import collector

    return collector(file_path, parent)


@pytest.hookimpl(trylast=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give tests made by ``conformance.suite`` their backends and checks, and other tests the fixture ``backend``."""
    if "_conformance_opened" in metafunc.fixturenames:
        from conformance.pytesting.parametrize import parametrize

        parametrize(metafunc, conformance_session(metafunc.config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand workers the seed: a random one is drawn once, so that all of them run the same examples."""
    config: pytest.Config = node.config
    if config.getoption("conformance_seed") or config.getini("conformance_seed"):
        node.workerinput["conformance_seed"] = conformance_session(config).asked.seed


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """Note what is planned, where workers collect."""
    from conformance.pytesting.identity import any_identity

    if in_use(node.config) or any_identity(ids):
        conformance_session(node.config).plan_of_worker(ids)
