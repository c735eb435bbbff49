"""``pyproject.toml`` as a test file: the checks of the backends that it, or an entry point of its project, names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from conformance.problems import Problem
from conformance.pytesting.identity import test_id
from conformance.registry import entry_point_backends
from conformance.settings import settings

if TYPE_CHECKING:
    from conformance.adapters.connection import Connection

_specs = pytest.StashKey[Mapping[str, str]]()
EMBEDDED = ("memory", "fs", "moto")


def anchored(config: pytest.Config) -> None:
    """Find the configured backends; when the whole project is tested, test them too.

    Raises:
        pytest.UsageError: ``[tool.conformance]`` is wrong.

    """
    wanted = wanted_backends(config)
    try:
        own = settings(config.rootpath)
    except Problem as problem:
        raise pytest.UsageError(str(problem)) from None
    known = {**entry_point_backends(own, wanted), **own.backends}
    if wanted:
        specs = {name: known.get(name, name) for name in wanted if name in known or name in EMBEDDED or ":" in name}
    else:
        specs = known
    anchor = config.rootpath / "pyproject.toml"
    config.stash[_specs] = dict(sorted(specs.items())) if anchor.is_file() else {}
    if not config.stash[_specs] and not wanted and not config.getoption("conformance_only"):
        return
    from conformance.pytesting.stash import conformance_session

    session = conformance_session(config)
    if session.problem and not session.worker:
        raise pytest.UsageError(session.problem)
    if not config.stash[_specs]:
        return
    if not _leads_to(config, anchor):
        if config.args_source is not config.ArgsSource.TESTPATHS:
            session.passed_by = list(config.stash[_specs])
            return
        config.args.append(str(anchor))
    session.backends = list(config.stash[_specs])


def _leads_to(config: pytest.Config, anchor: Path) -> bool:
    """Whether the paths that pytest was given hold the anchor file."""
    places = {(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args}
    return not places.isdisjoint({anchor.resolve(), *anchor.resolve().parents})


def wanted_backends(config: pytest.Config) -> tuple[str, ...]:
    """Return the backends that the run is narrowed to."""
    return tuple(config.getoption("conformance_backend") or config.getini("conformance_backend"))


def collector(file: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Return the collector of the anchor file, when this is it and it names backends."""
    if file.parent != parent.config.rootpath or not parent.config.stash.get(_specs, None):
        return None
    return cast("Any", Anchor).from_parent(parent, path=file)  # pytest leaves its constructors untyped


class Anchor(pytest.File):
    """Collects one item per configured backend and check."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the items, ordered by backend and check."""
        from conformance.adapters.connection import open_backend
        from conformance.pytesting.stash import conformance_session
        from conformance.storage import StorageError

        session = conformance_session(self.config)
        make: Any = cast("Any", CheckItem).from_parent
        for name, spec in self.config.stash[_specs].items():
            try:
                connection = open_backend(spec)
            except StorageError as error:
                raise self.CollectError(f"{name} = {spec!r}: {error.message or error}") from None
            for check in session.checks:
                yield make(self, name=f"conformance[{test_id(name, check.id)}]", check=check.id, connection=connection)


class CheckItem(pytest.Item):
    """One check of one configured backend."""

    def __init__(self, *, check: str, connection: Connection, **rest: Any) -> None:
        super().__init__(**rest)  # type: ignore[reportUnknownMemberType]
        self.check = check
        self.connection = connection
        self.add_marker(pytest.mark.conformance)

    def runtest(self) -> None:
        """Run the check."""
        from conformance.pytesting.stash import conformance_session

        session = conformance_session(self.config)
        session.run(self, self.check, session.opened(self.connection))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the test stands: in no line of the file."""
        return self.path, None, self.name
