"""What the kit knows of one pytest session: what is checked and how, and the results as they come.

With pytest-xdist every worker has one, and so has the controller, which runs nothing, hears everything, and writes the
document. Results travel with the report of each test, so that a worker that dies takes none with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pytest

from conformance import __version__
from conformance.declaration import DeclarationInvalid, Declarations, Deviation, load, with_embedded
from conformance.declaration.judging import at_times_only, matching
from conformance.engine.backend import Backend
from conformance.engine.laws import Check, checks
from conformance.engine.playing import diverging
from conformance.engine.runner import Runner
from conformance.planning import Asked, check_profile, check_promises, check_seed, database, entry, now, select
from conformance.problems import Problem, escaped, meant, printable
from conformance.pytesting.anchor import wanted_backends
from conformance.pytesting.cards import card, crash, told
from conformance.pytesting.ending import Ending
from conformance.pytesting.identity import Identity, identity
from conformance.registry import WAYS, as_backend, from_connection
from conformance.results import BackendEntry, Failure, Result
from conformance.settings import Settings, settings
from conformance.storage import StorageError
from conformance.storage.calls import where

_result = pytest.StashKey[Result]()
RESULT, BACKEND = "conformance_result", "conformance_backend"


class NotConformant(AssertionError):
    """A check found what it looks for; the message is the failure in words."""


class NotRun(Exception):
    """A check could not come to a result; the message says why."""


class Opened:
    """What is checked, opened when the first check needs it, and cleaned before the fixtures below it are gone."""

    def __init__(self, value: object, connection: Any = None) -> None:
        self.value = value
        self.runner: Runner | None = None
        self._connection = connection
        self._problem: Problem | None = None

    def backend(self, name: str = "") -> Backend:
        """Return the backend under a name.

        Raises:
            Problem: it is none, or cannot be prepared.

        """
        if self._connection is None:
            return as_backend(self.value, name)
        try:
            self._connection.prepare()
        except StorageError as error:
            raise Problem(error.message or str(error)) from None
        return from_connection(self._connection, name)

    def run_with(self, name: str, asked: Asked, folder: Path, declared: Declarations) -> Runner:
        """Return the runner of the backend, which has ``declared`` what it does otherwise.

        Raises:
            Problem: the backend cannot be opened.

        """
        if self._problem is not None:
            raise self._problem
        if self.runner is None:
            try:
                backend = self.backend(name)
                self.runner = Runner(
                    backend,
                    profile=asked.effort(),
                    seed=asked.seed,
                    database=database(folder),
                    known=[entry.signature for entry in declared.of(name, backend.spec)],
                )
                check_promises(self.runner)
            except Problem as problem:
                self._problem = problem
                raise
            except Exception as error:
                self._problem = Problem(f"{name} cannot be opened: {type(error).__name__}: {error}")
                raise self._problem from error
        return self.runner

    def close(self, session: ConformanceSession) -> None:
        """Remove what the checks made."""
        if self.runner is not None:
            session.replay(self.runner)
            left = self.runner.clean()
            session.leaks.setdefault(self.runner.backend.name, []).extend(left)
        if self._connection is not None:
            self._connection.remove_root()


class ConformanceSession:
    """The state of the kit in one pytest process, with the hooks that need it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.backends: list[str] = []
        self.passed_by: list[str] = []
        """Backends of ``pyproject.toml`` which the paths that pytest was given leave out."""
        self.problem = ""
        """What is wrong with what was asked for; told as a usage error as soon as pytest can take one."""
        self.settings = Settings(folder=config.rootpath)
        self.asked = Asked()
        self.declared = Declarations()
        self.planned: dict[str, Identity] = {}
        self.results: list[Result] = []
        self.entries: dict[str, BackendEntry] = {}
        self.leaks: dict[str, list[str]] = {}
        self.upheld: set[str] = set()
        """Declared deviations, by key, that their stored program still shows."""
        self.started = now()
        self.began = time.perf_counter()
        self.ending: Ending | None = None
        self._broken = False
        self._told: set[str] = set()
        self._opened: dict[int, Opened] = {}
        try:
            self.settings = settings(config.rootpath)
            self.asked = Asked(
                profile=check_profile(self.option("profile") or self.settings.profile or "standard"),
                seed=check_seed(self._seed(), "--conformance-seed"),
                only=select(config.getoption("conformance_only") or config.getini("conformance_only")),
            )
            self.declared = self._declared()
        except Problem as problem:
            self.problem = str(problem)

    @property
    def project(self) -> str:
        """What an unnamed backend is called: the project, or its folder."""
        return (self.settings.project or self.config.rootpath.name).replace("[", "(").replace("]", ")")

    @property
    def worker(self) -> bool:
        """Whether this is a worker of pytest-xdist."""
        return hasattr(self.config, "workerinput")

    @cached_property
    def checks(self) -> list[Check]:
        """The checks of the run, ordered by id."""
        return self.asked.checks()

    def option(self, name: str) -> str:
        """Return an option of the command line, or else its ini key."""
        return self.config.getoption(f"conformance_{name}") or self.config.getini(f"conformance_{name}") or ""

    def wants(self, backend: str) -> bool:
        """Whether a backend belongs to the run."""
        wanted = wanted_backends(self.config)
        return not wanted or backend in wanted

    def _seed(self) -> str:
        handed: Mapping[str, Any] = getattr(self.config, "workerinput", {})
        if "conformance_seed" in handed:
            return str(handed["conformance_seed"])
        return self.option("seed") or str(self.settings.seed or 0)

    def _declared(self) -> Declarations:
        file = Path(self.option("declared")) if self.option("declared") else self.settings.declared
        if file is None:
            return with_embedded(None)
        file = self.config.rootpath / file
        try:
            return with_embedded(load(file))
        except DeclarationInvalid as error:
            raise Problem(str(error)) from None
        except OSError as error:
            raise Problem(f"the deviations file {file} cannot be read: {error.strerror or error}") from None

    # running one check

    def opened(self, connection: Any) -> Opened:
        """Return what a configured connection opens, the same for all its checks."""
        return self._opened.setdefault(id(connection), Opened(None, connection))

    def run(self, item: pytest.Item, check: str, opened: Opened) -> None:
        """Run one check; raises what pytest shows of a result that is no pass."""
        __tracebackhide__ = True
        found = identity(item.nodeid)
        name = found.backend if found else opened.backend().name
        try:
            runner = opened.run_with(name, self.asked, self.config.rootpath, self.declared)
        except Problem as problem:
            item.stash[_result] = self._failed(name, check, str(problem))
            raise NotRun(str(problem)) from None
        result = Result.from_json(runner.run(checks()[check]).to_json())
        if result.failure is not None:
            replay = f"conformance replay {result.identifier}" if runner.backend.spec else f"pytest '{item.nodeid}'"
            result = replace(result, failure=replace(result.failure, replay=replay))
        item.stash[_result] = result
        item.user_properties += [
            ("conformance.backend", result.backend),
            ("conformance.requirement", result.requirement),
            ("conformance.state", result.state),
        ]
        self.entries.setdefault(name, entry(runner))
        self._judge(result, runner)

    def replay(self, runner: Runner, only: str = "") -> None:
        """Run the stored programs of what is declared of a backend, or one of them, and note which diverge."""
        theirs = self.declared.of(runner.backend.name, runner.backend.spec)
        wanted = [entry for entry in theirs if entry.calls and entry.key not in self.upheld and only in ("", entry.key)]
        self.upheld.update(diverging(runner, {entry.key: entry.calls for entry in wanted}))

    def _judge(self, result: Result, runner: Runner) -> None:
        __tracebackhide__ = True
        if result.state == "not-applicable":
            pytest.skip(printable(result.reason or "does not apply"))
        if result.failure is not None:
            known = self._known(result, result.failure, runner)
            if known is not None:
                pytest.xfail(printable(f"declared: {known.reason}"))
            raise NotConformant(result.failure.what)
        if result.state != "pass":
            raise NotRun(f"{result.identifier} {result.state}: {result.reason}")

    def _known(self, result: Result, failure: Failure, runner: Runner) -> Deviation | None:
        theirs = self.declared.of(result.backend, self.entries[result.backend].spec)
        declared = [e for e in theirs if e.requirement == failure.requirement]
        found = matching(failure, declared)
        if found is None or found.expired(_today(self.started)):
            return None
        if failure.flaky and not found.flaky:
            self.replay(runner, found.key)
        return None if at_times_only(failure, found, self.upheld) else found

    def _failed(self, backend: str, check: str, reason: str, state: str = "error") -> Result:
        return Result.from_json(
            {
                "backend": backend,
                "check": check,
                "requirement": checks()[check].requirement,
                "state": state,
                "reason": reason,
            }
        )

    # hooks

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the backends that are not wanted; refuse what cannot be run as it was asked for."""
        found = {item: identity(item.nodeid) for item in items}
        checking = {item: known for item, known in found.items() if known is not None}
        names = {known.backend for known in checking.values()}
        if not self.worker:
            asking = any("_conformance_opened" in getattr(item, "fixturenames", ()) for item in items)
            self.problem = self.problem or self._nothing(asking=asking or bool(names))
            self._refuse(names, [item.nodeid for item in items])
        self.backends = sorted(name for name in names if self.wants(name))
        unwanted = [item for item, known in checking.items() if not self.wants(known.backend)]
        if unwanted:
            items[:] = [item for item in items if item not in unwanted]
            self.config.hook.pytest_deselected(items=unwanted)

    def _refuse(self, names: set[str], nodeids: Sequence[str]) -> None:
        self.problem = self.problem or self._unknown(names) or _twice(nodeids)
        if self.problem:
            raise pytest.UsageError(self.problem)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that a file could not be imported: that is told, not what is missing for want of it."""
        self._broken = self._broken or report.failed

    def _nothing(self, *, asking: bool) -> str:
        """Tell that checks were asked for where no test is ``asking`` for a backend."""
        only: list[str] = self.config.getoption("conformance_only") or []
        if not only or asking or self._broken:
            return ""
        return f"--conformance-only {only[0]}: " + (self._passed_by() or f"no backend is configured: {WAYS}")

    def _passed_by(self) -> str:
        """Tell of configured backends that the paths leave out, and how they are checked too."""
        if not self.passed_by:
            return ""
        verb = "is" if len(self.passed_by) == 1 else "are"
        names = ", ".join(self.passed_by)
        return f"{names} {verb} not checked, the paths given leave pyproject.toml out: add it to them"

    def _unknown(self, names: set[str]) -> str:
        for wanted in wanted_backends(self.config):
            if wanted in self.passed_by:
                return f"--conformance-backend {wanted}: {self._passed_by()}"
            if wanted not in names:
                known = f"; this run knows {', '.join(sorted(names))}" if names else f": {WAYS}"
                return f"--conformance-backend {wanted}: no backend of that name{meant(wanted, names, known)}"
        return ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note what is planned."""
        self.plan([item.nodeid for item in session.items])

    def plan_of_worker(self, nodeids: Sequence[str]) -> None:
        """Note what a worker collected, and refuse what it may not refuse itself."""
        self.plan(nodeids)
        self.problem = self.problem or self._nothing(asking=bool(self.planned))
        self._refuse({known.backend for known in self.planned.values()}, list(self.planned))

    def plan(self, nodeids: Sequence[str]) -> None:
        """Note the checks among the tests that are going to run."""
        for nodeid in nodeids:
            found = identity(nodeid)
            if found is not None:
                self.planned[nodeid] = found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the result into the report, and the failure in words."""
        report = yield
        found = identity(item.nodeid)
        if found is None or not item.get_closest_marker("conformance"):
            return report
        result = item.stash.get(_result, None) if call.when == "call" else None
        error = call.excinfo.value if call.excinfo is not None else None
        if call.when == "setup" and report.outcome != "passed":
            skipped = report.outcome == "skipped"
            result = self._failed(*found, f"{type(error).__name__}: {error}", "not-run" if skipped else "error")
            if error is not None and not skipped and not isinstance(error, pytest.FixtureLookupError):
                place = where(error)
                result = replace(result, reason=f"{result.reason} ({place})" if place else result.reason)
                report.longrepr = crash(result)
        # What a report holds goes through pipes and into files that take no lone surrogate.
        report.longrepr = cast("Any", told(report.longrepr, item.nodeid))
        report.sections = [(escaped(name), escaped(text)) for name, text in report.sections]
        if result is None:
            return report
        if isinstance(error, (NotConformant, NotRun)):
            report.longrepr = card(result, item.nodeid) if result.failure else crash(result)
        setattr(report, RESULT, json.dumps(result.to_json()))
        if found.backend in self.entries and found.backend not in self._told:
            self._told.add(found.backend)
            setattr(report, BACKEND, json.dumps(_entry_json(self.entries[found.backend])))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect a result; a test whose worker died comes without one."""
        data: str | None = getattr(report, RESULT, None)
        backend: str | None = getattr(report, BACKEND, None)
        if backend is not None:
            entry = _entry_from(json.loads(backend))
            self.entries.setdefault(entry.name, entry)
        if data is not None:
            self.results.append(Result.from_json(json.loads(data)))
        elif report.when not in ("setup", "call", "teardown"):
            found = identity(report.nodeid)
            if found is not None:
                self.leaks.setdefault(found.backend, []).append("(a worker died before it could clean up)")
                self.results.append(self._failed(*found, f"the worker that ran it died: {report.longreprtext}"))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Collect what a worker could not remove, and which deviations it saw upheld."""
        output: Mapping[str, Any] = getattr(node, "workeroutput", None) or {}
        for name, paths in json.loads(output.get("conformance_leaks", "{}")).items():
            self.leaks.setdefault(name, []).extend(paths)
        self.upheld.update(json.loads(output.get("conformance_upheld", "[]")))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Clean up; where the reports were heard, write the document, judge it, fail where it is not as declared."""
        for opened in self._opened.values():
            opened.close(self)
        if self.worker:
            output: dict[str, Any] = cast("Any", self.config).workeroutput
            output["conformance_leaks"] = json.dumps(self.leaks)
            output["conformance_upheld"] = json.dumps(sorted(self.upheld))
        elif self.planned and not self.problem and not self.config.option.collectonly:
            self.ending = Ending(self)
            self.ending.finish(session)

    def pytest_report_header(self) -> str | None:
        """Tell version, backends, profile and seed, where they are known before collection."""
        if self.passed_by:
            return f"conformance {__version__}: {self._passed_by()}"
        return self._header() if self.backends else None

    def pytest_report_collectionfinish(self) -> str | None:
        """Tell them, where they became known by collection."""
        return self._header() if self.planned else None

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell the verdicts."""
        if self.ending is not None:
            self.ending.tell(terminalreporter)

    def _header(self) -> str:
        declared = sum(entry.backend not in self.declared.carried for entry in self.declared.deviations)
        told = f", {declared} declared deviations in {self.declared.name}" if declared else ""
        return (
            f"conformance {__version__}: {', '.join(self.backends)}; "
            f"profile {self.asked.profile}, seed {self.asked.seed}{told}"
        )


def _entry_json(entry: BackendEntry) -> dict[str, Any]:
    from conformance.results.codec import to_json

    return to_json(entry)


def _entry_from(data: Mapping[str, Any]) -> BackendEntry:
    from conformance.results.codec import from_json

    return from_json(BackendEntry, dict(data), "backend")


def _today(started: str) -> Any:
    from datetime import date

    return date.fromisoformat(started[:10])


def _twice(nodeids: Sequence[str]) -> str:
    seen: dict[Identity, str] = {}
    for nodeid in nodeids:
        known = identity(nodeid)
        if known is None:
            continue
        if known in seen:
            return (
                f"two tests check {known.backend!r}: {seen[known]} and {nodeid}; "
                "give each backend a name of its own, conformance.suite(one=…)"
            )
        seen[known] = nodeid
    return ""
