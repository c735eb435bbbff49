"""The runner: one check on one backend, from examples to a verdict with a counterexample.

Every example gets a fresh ``work_dir``. The first failing example is made smaller (within the profile's limit), then
run three times again, so that the verdict says how reliably it fails; the trace of its last run is the counterexample.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.database import ExampleDatabase
from hypothesis.errors import Flaky, UnsatisfiedAssumption

from conformance.engine.backend import Backend
from conformance.engine.blame import blamed
from conformance.engine.database import KeyedDatabase
from conformance.engine.deadline import CallHung, within
from conformance.engine.declared import declared
from conformance.engine.expect import Violation
from conformance.engine.judge import judge, run_program, violation
from conformance.engine.laws import Check
from conformance.engine.minimise import Counterexample, minimise
from conformance.engine.opener import Promises, promises
from conformance.engine.profiles import PROFILES, Profile, ProfileName
from conformance.engine.recorder import Recorder, Trace
from conformance.engine.result import CheckFailure, CheckResult
from conformance.engine.script import script
from conformance.engine.workspace import Workspaces
from conformance.model import Divergence
from conformance.storage import Features, Object, Restrictions, Storage
from conformance.storage.calls import OUTSIDE, READER, Call, Outcome, Step, bounded
from conformance.storage.large import LARGE, PATIENCE

REPEATS = 3
HANGS_ALLOWED = 3
TICK = 2.1
"""Seconds after which every clock has moved on: HTTP tells times in whole seconds, some file systems in two."""
FINE_TICK = 0.25
"""Seconds after which a clock has moved on that tells parts of a second."""
CLEANING = 60.0
"""Seconds that the cleaning at the end may take."""
UNKNOWN_OPENER = """
def your_opener(work_dir):
    sys.exit("The opener of this backend has no import path: put it here, open(work_dir) -> Storage.")

"""


WRITES = frozenset({"write", "copy", "move", "fetch", "create_dir", "create_link", "create_append", "create_page"})
"""Operations that make something at the path that they are given."""


class ExampleFailed(AssertionError):
    """The one failure that Hypothesis sees; what really happened is kept by the runner."""


@dataclass(frozen=True, slots=True)
class Found:
    """One failing example; ``raised`` where an operation failed that should not, and the law never got further."""

    arguments: dict[str, Any]
    violation: Violation
    requirement: str
    trace: Trace
    at: int
    raised: bool = False

    @property
    def signature(self) -> str:
        """What kind of failure this is, stable over keys, sizes and seeds."""
        step = self.trace.steps[self.at] if self.trace.steps else None
        shape = "no call" if step is None else f"{step.call.op} {step.outcome.error_type or 'answers'}"
        return f"{self.requirement}: {shape}"


class Runner:
    """Runs checks on one backend.

    Parameters
    ----------
        backend: what to check.
        profile: how much to ask of it.
        seed: where random examples come from; the same seed gives the same examples.
        database: where failing examples are kept between runs, or None.
        known: signatures of declared deviations; an example that fails with one of them is not made smaller again, and
            answers that differ so fail only the checks of that requirement itself.
        stop_on_first: leave a failing example as it is found (no shrinking, no repeats): for measuring detection.
        on_example: is given the ``work_dir`` and the trace of every example: for measuring the engine's own cost.

    """

    def __init__(
        self,
        backend: Backend,
        *,
        profile: ProfileName | Profile = "standard",
        seed: int = 0,
        database: ExampleDatabase | None = None,
        known: Collection[str] = (),
        stop_on_first: bool = False,
        on_example: Callable[[str, Trace], None] | None = None,
    ) -> None:
        self.backend = backend
        self.profile = PROFILES[profile] if isinstance(profile, str) else profile
        self.seed = seed
        self.known = frozenset(known)
        self.stop_on_first = stop_on_first
        self.on_example = on_example
        self.workspaces = Workspaces(backend)
        self.calls = 0
        self.hangs = 0
        self._database = database
        # As deep as the deepest work_dir: what is left of a limited path depends on it.
        self.features, self.limits = within(self.profile.deadline, self._look)

    def _look(self) -> tuple[Features, Restrictions]:
        probe = self.workspaces.open(f"{self.workspaces.root}99999/")
        try:
            return declared(probe, self.backend.name)
        finally:
            probe.close()

    def selects(self, check: Check) -> bool:
        """Whether the profile runs the check at all."""
        if self.profile.name == "smoke":
            return check.smoke
        return check.weight > 0 or self.profile.name == "deep"

    def run(self, check: Check) -> CheckResult:
        """Run one check and return its result; never raises for anything that the backend does."""
        base = CheckResult(backend=self.backend.name, check=check.id, requirement=check.requirement, state="pass")
        reason = check.missing(self.features)
        if reason is not None:
            return replace(base, state="not-applicable", reason=reason)
        if self.hangs >= HANGS_ALLOWED:
            return replace(base, state="not-run", reason=f"{self.hangs} calls gave no answer; the run was ended")
        run = _Run(self, check)
        began = time.perf_counter()
        try:
            found = run.search()
            failure = None if found is None else run.explain(found)
            if failure is not None and any(step.call.op == "delete_many" for step in failure.steps):
                self.workspaces.one_by_one = True
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a fault of the kit or of the opener is reported, not raised
            return replace(
                base,
                state="error",
                reason=bounded(f"{type(error).__name__}: {error}"),
                calls=sum(run.operations.values()),
                examples=run.examples,
                operations=run.operations,
                pairs=run.pairs,
                seconds=time.perf_counter() - began,
            )
        return replace(
            base,
            state="pass" if failure is None else "fail",
            failure=failure,
            calls=sum(run.operations.values()),
            examples=run.examples,
            operations=run.operations,
            pairs=run.pairs,
            seconds=time.perf_counter() - began,
        )

    def promises(self) -> Promises:
        """Return what is seen of the promises on which every check rests; never raises for what the backend does."""
        try:
            return within(self.profile.deadline, lambda: promises(self.workspaces, self.features))
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - a backend under test may fail here in any way
            return Promises()

    def clean(self, seconds: float = CLEANING) -> list[str]:
        """Remove everything that the run made, as far as ``seconds`` allow; return what could not be removed."""
        try:
            return [bounded(path) for path in within(seconds, self.workspaces.clean)]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a backend under test may fail here in any way
            return [bounded(f"(not cleaned: {self.workspaces.root}: {type(error).__name__}: {error})")]

    def database(self, check: Check) -> ExampleDatabase | None:
        """Return the example database of one check on this backend."""
        return None if self._database is None else KeyedDatabase(self._database, f"{self.backend.name}/{check.id}")


class _Run:
    """One check in progress."""

    def __init__(self, runner: Runner, check: Check) -> None:
        self.runner = runner
        self.check = check
        self.examples = 0
        self.operations: Counter[str] = Counter()
        self.pairs: Counter[str] = Counter()
        self.found: Found | None = None
        self._shrinks = 0
        self._crash: Exception | None = None
        self._declared = {kind for kind in runner.known if not kind.startswith(f"{check.requirement}: ")}

    def search(self) -> Found | None:
        """Run examples until one fails; make that one smaller."""
        profile = self.runner.profile
        if not self.check.strategies:
            self.found = self.once({})
            return self.found
        phases = [Phase.explicit, Phase.reuse, Phase.generate]
        if not self.runner.stop_on_first:
            phases.append(Phase.shrink)

        def example(**arguments: Any) -> None:
            if self.found is not None and arguments == self.found.arguments:
                raise ExampleFailed  # Hypothesis asks again; `explain` does, once it is as small as it gets
            if self._spent() or self.runner.hangs >= HANGS_ALLOWED:
                return
            self._shrinks += self.found is not None
            try:
                found = self.once(arguments)
            except UnsatisfiedAssumption:
                raise
            except Exception as error:
                self._crash = self._crash or error
                raise
            if found is None:
                return
            if self.found is None or found.signature == self.found.signature:
                if found.signature in self.runner.known or self.runner.hangs:  # each further try may take as long
                    self._shrinks = profile.shrinks
                self.found = found
                raise ExampleFailed

        search = hypothesis.settings(
            max_examples=profile.examples if profile.examples == 1 else profile.examples * max(1, self.check.weight),
            phases=phases,
            deadline=None,
            database=self.runner.database(self.check),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
            report_multiple_bugs=False,
            print_blob=False,
        )(
            hypothesis.seed(self.runner.seed ^ zlib.crc32(self.check.id.encode()))(
                hypothesis.given(**self.check.strategies)(example),
            )
        )
        with suppress(ExampleFailed, Flaky):
            search()
        if self.found is None and self._crash is not None:
            # Hypothesis calls an error flaky that does not come again; it has come all the same.
            raise self._crash
        return self.found

    def _spent(self) -> bool:
        if self.found is not None:
            return self._shrinks >= self.runner.profile.shrinks
        allowance = self.runner.profile.allowance
        return self.check.weight == 1 and allowance is not None and sum(self.operations.values()) >= allowance

    def once(self, arguments: dict[str, Any]) -> Found | None:
        """Run the law on one example in a fresh ``work_dir``."""
        self.examples += 1
        trace = Trace()
        clients = _Clients(self, trace)
        found: Found | None = None
        try:
            self.check.function(**{name: clients.provide(name) for name in self.check.provided}, **arguments)
        except Exception as error:
            last = trace.steps[-1] if trace.steps else None
            # First of all whether the backend raised it: what it raises is its answer, whatever its type.
            if last is not None and last.outcome.exception is error:
                broken = Violation(f"{last.call.op}", expected="success", observed=last.outcome.brief())
                found = Found(arguments, broken, blamed(self.check, trace.steps), trace, len(trace.steps) - 1, True)
            elif isinstance(error, Violation):
                blame = error.requirement or self.check.requirement
                found = Found(arguments, error, blame, trace, len(trace.steps) - 1)
            else:
                raise
        finally:
            clients.close()
            if self.runner.on_example is not None:
                self.runner.on_example(clients.work_dir, trace)
        return self._judged(arguments, trace, found)

    def _judged(self, arguments: dict[str, Any], trace: Trace, found: Found | None) -> Found | None:
        """Let the model judge what the law only passed through; an earlier divergence is the cause of a later one."""
        if "run_program" in self.check.provided:
            return found
        divergence = judge(trace, self.runner.features, self.runner.limits, self._declared)
        if divergence is None or (found is not None and (divergence.claim or divergence.step > found.at)):
            return found
        if found is not None and divergence.step == found.at:
            # The model knows what came before; the law knows whether it had come to its point.
            own = not found.raised or found.requirement == self.check.requirement
            return found if own else replace(found, requirement=divergence.requirement)
        return Found(arguments, violation(divergence), divergence.requirement, trace, divergence.step)

    def explain(self, found: Found) -> CheckFailure:
        """Turn a failing example into a failure with the smallest sequence of calls that shows it."""
        seen = 1
        settled = self.runner.stop_on_first or self.runner.hangs or found.signature in self.runner.known
        repeats = 0 if settled else REPEATS
        for _ in range(repeats):
            again = self.once(found.arguments)
            if again is not None and again.signature == found.signature:
                seen += 1
                found = again
        example = Counterexample(
            steps=found.trace.steps[: found.at + 1],
            requirement=found.requirement,
            what=found.violation.what,
            expected=found.violation.expected,
            observed=found.violation.observed,
        )
        if repeats and seen == repeats + 1:
            known = (self.runner.features, self.runner.limits, self._declared)
            by_law = "run_program" not in self.check.provided
            example = minimise(example, self._execute, known, budget=self.runner.profile.shrinks * 10, by_law=by_law)
        expected, observed = bounded(example.expected), bounded(example.observed)
        return CheckFailure(
            requirement=example.requirement,
            what=bounded(example.what),
            expected=expected,
            observed=observed,
            signature=example.signature,
            reproduced=f"{seen - 1} of {repeats}" if repeats else "not repeated",
            arguments={name: repr(value)[:2000] for name, value in found.arguments.items()},
            steps=example.steps,
            diverges=len(example.steps) - 1,
            script=script(
                example.steps,
                opener=self.runner.backend.opener or "your_opener",
                imports=self.runner.backend.imports or UNKNOWN_OPENER,
                requirement=example.requirement,
                expected=expected,
                observed=observed,
            )
            if example.steps
            else "",
        )

    def run_program(self, calls: Sequence[Call], clients: _Clients, trace: Trace) -> Divergence | None:
        """Run calls against the model with the clients of an example."""
        return run_program(
            calls, clients.recorder, trace, self.runner.features, self.runner.limits, declared=self._declared
        )

    def _execute(self, calls: Sequence[Call]) -> tuple[Divergence, list[Step]] | None:
        """Run calls as a program in a fresh ``work_dir``; return how they diverge from the model, or None."""
        trace = Trace()
        clients = _Clients(self, trace)
        try:
            divergence = self.run_program(calls, clients, trace)
        finally:
            clients.close()
        return None if divergence is None else (divergence, trace.steps)

    def guard(self, op: str, run: Callable[[], Outcome]) -> Outcome:
        """Make one backend call: count it and bound its time; a client that gives up waiting by itself hangs too."""
        self.operations[op] += 1
        self.runner.calls += 1
        began, deadline = time.monotonic(), self.runner.profile.deadline
        try:
            outcome = within(deadline * (PATIENCE if op in LARGE else 1), run)
        except CallHung as hung:
            self.runner.hangs += 1
            return Outcome(error="Hung", error_type="CallHung", message=str(hung), exception=hung)
        if isinstance(outcome.exception, TimeoutError) and time.monotonic() - began > deadline / 2:
            self.runner.hangs += 1
        return outcome


class _Clients:
    """What one example is provided with: clients of one fresh ``work_dir``, opened when first asked for."""

    def __init__(self, run: _Run, trace: Trace) -> None:
        self._run = run
        self._trace = trace
        self.work_dir = run.runner.workspaces.fresh()
        self._open: dict[int, tuple[Recorder, Storage]] = {}

    def recorder(self, client: int) -> Recorder:
        """Return client 0 or 1 of the ``work_dir``; ``OUTSIDE`` is one of its parent, ``READER`` may only read."""
        if client not in self._open:
            spaces = self._run.runner.workspaces
            storage = spaces.open(spaces.root if client == OUTSIDE else self.work_dir)
            if client == READER:
                self._run.operations["read_only"] += 1
                storage = storage.read_only()
            self._open[client] = (Recorder(storage, self._trace, client, self._run.guard), storage)
        return self._open[client][0]

    def provide(self, name: str) -> Any:
        """Return one of the parameters that laws are provided with."""
        match name:
            case "store":
                return self.recorder(0)
            case "again":
                return self.recorder(1)
            case "outside":
                return self.recorder(OUTSIDE)
            case "reader":
                return self.recorder(READER)
            case "features":
                return self._run.runner.features
            case "limits":
                return self._run.runner.limits
            case "inside":
                return self.work_dir
            case "tick":
                return _tick
            case "run_program":
                return self._program
            case _:
                raise LookupError(f"laws are not provided with {name!r}")

    def _program(self, calls: Sequence[Call]) -> None:
        divergence = self._run.run_program(calls, self, self._trace)
        made = [step.call.op for step in self._trace.steps if step.outcome.error != "NotMade"]
        self._run.pairs.update(f"{one} {other}" for one, other in pairwise(made))
        if divergence is not None:
            raise violation(divergence)

    def close(self) -> None:
        """Close every client; an error here is the backend's own affair and changes no verdict."""
        for step in self._trace.steps:
            if step.call.op == "create_multipart" and isinstance(step.outcome.value, Object):
                self._run.runner.workspaces.note(self.work_dir, step.outcome.value)
            elif step.outcome.ok and step.call.op in WRITES and step.call.client != OUTSIDE:
                place = step.call.args[1 if step.call.op in {"copy", "move"} else 0]
                self._run.runner.workspaces.note_path(self.work_dir, place)
        for _, storage in self._open.values():
            try:
                storage.close()
            except Exception:  # noqa: BLE001, S112
                continue


def _tick(told: datetime | None = None) -> None:
    """Wait until the clocks of services have moved on, or the one that ``told`` a time."""
    time.sleep(FINE_TICK if told is not None and told.microsecond else TICK)
