"""A run of the suite against one upload controller: plan, results, document, like any other run of the kit."""

from __future__ import annotations

import shlex
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace

from conformance.planning import Asked, header, now
from conformance.requirements import requirement, requirements
from conformance.results import BackendEntry, Document, Failure, Footer, Planned, Result, TraceStep
from conformance.storage import StorageError
from conformance.upload_controller.attempt import attempt
from conformance.upload_controller.blame import Suspicions
from conformance.upload_controller.checks import Check, checks
from conformance.upload_controller.expect import Broken
from conformance.upload_controller.script import script
from conformance.upload_controller.world import Noted, Place, World, told

NAME = "upload-controller"
REPEATS = 3
"""How often a failing law is run again, with fresh files, before it is told."""
HANGS_ALLOWED = 3
"""After so many laws in which the service let a request wait in vain, nothing more is asked of it."""
STEPS_SHOWN = 200


def run(
    place: Place,
    asked: Asked,
    *,
    name: str = NAME,
    version: str = "",
    reported: Callable[[Result], None] = lambda _: None,
) -> Document:
    """Run every law that applies and return the document; ``reported`` hears each result as it comes.

    An interruption (KeyboardInterrupt) ends the run: what was not run by then says so.
    """
    began, started = time.perf_counter(), now()
    chosen = [check for check in checks().values() if asked.only is None or check.id in asked.only]
    plan = [_planned(name, check, check.missing(place.has)) for check in chosen]
    entry = BackendEntry(
        name=name, spec=place.url, version=version, features={"api": place.api.name, "has": sorted(place.has)}
    )
    results: list[Result] = []
    suspicions = Suspicions(place, asked.seed)
    interrupted, hangs = False, 0
    for check, planned in zip(chosen, plan, strict=True):
        state = "not-applicable" if not planned.applies else "not-run"
        result = Result(backend=name, check=check.id, requirement=check.requirement, state=state, reason=planned.reason)
        try:
            if planned.applies and hangs >= HANGS_ALLOWED:
                result = replace(result, reason=f"{hangs} laws waited in vain for an answer; the run was ended")
            elif planned.applies and not interrupted:
                result = run_check(place, check, asked.seed, name, suspicions)
                hangs += result.failure is not None and any(_hung(place, step) for step in result.failure.steps)
            reported(result)
        except KeyboardInterrupt:
            interrupted = True
        if interrupted and result.state == "not-run":
            result = replace(result, reason="the run was interrupted")
        results.append(result)
    footer = Footer(
        finished=now(),
        seconds=round(time.perf_counter() - began, 3),
        calls=sum(result.calls for result in results),
        leaks={},
        interrupted=interrupted,
    )
    head = header(asked, [entry], plan, started, system="upload-controller", every=checks().values())
    return Document(header=head, results=tuple(results), footer=footer)


def run_check(place: Place, check: Check, seed: int, name: str = NAME, suspicions: Suspicions | None = None) -> Result:
    """Run one law, a failing one three times more (one that hung once), and return its result.

    ``suspicions`` are those of the run.
    """
    began = time.perf_counter()
    world, broken = attempt(place, check, seed)
    failure = None
    if isinstance(broken, Broken):
        repeats = 1 if any(_hung(place, step) for step in _steps(world.trace, broken)) else REPEATS
        again = [attempt(place, check, seed)[1] for _ in range(repeats)]
        times = sum(isinstance(other, Broken) and other.as_before(broken) for other in again)
        blamed = (suspicions or Suspicions(place, seed)).blamed(check, broken)
        failure = _failure(place, check, world, broken, blamed, seed=seed, reproduced=f"{times} of {repeats}")
    used = world.used
    return Result(
        backend=name,
        check=check.id,
        requirement=check.requirement,
        state="pass" if broken is None else "fail" if isinstance(broken, Broken) else "error",
        reason=None if broken is None or isinstance(broken, Broken) else _why(broken),
        calls=used.total(),
        examples=1,
        seconds=time.perf_counter() - began,
        operations=dict(sorted(used.items())),
        failure=failure,
    )


def _planned(name: str, check: Check, reason: str | None) -> Planned:
    return Planned(
        backend=name,
        check=check.id,
        requirement=check.requirement,
        also=check.also,
        applies=reason is None,
        reason=reason,
    )


def _failure(
    place: Place, check: Check, world: World, broken: Broken, blamed: str, *, seed: int, reproduced: str
) -> Failure:
    steps = _steps(world.trace, broken)
    again = [*place.options, "--only", check.id, "--seed", str(seed)]
    return Failure(
        requirement=blamed,
        what=broken.what,
        expected=broken.expected,
        observed=broken.observed,
        signature=f"{blamed}: {broken.what}",
        reproduced=reproduced,
        replay=shlex.join(["conformance", "check", "upload-controller", "--url", place.url, *again]),
        steps=steps,
        script=script(
            world,
            broken,
            requirement=blamed,
            statement=requirement(blamed).statement,
            check=check.id,
            seed=seed,
        ),
    )


def _steps(trace: Sequence[Noted], broken: Broken) -> tuple[TraceStep, ...]:
    shown = list(trace)[-STEPS_SHOWN:]
    last = max((n for n, noted in enumerate(shown) if noted.exchange is not None), default=len(shown) - 1)
    return tuple(
        TraceStep(
            n=n,
            client=noted.group,
            op=noted.exchange.operation if noted.exchange else "seen",
            arguments=_arguments(noted),
            outcome=(told(noted.exchange.answer) if noted.exchange.answer else noted.exchange.error)
            if noted.exchange
            else noted.told,
            expected=broken.expected if n == last else None,
            seconds=round(noted.exchange.seconds, 6) if noted.exchange else 0.0,
            diverges=n == last,
        )
        for n, noted in enumerate(shown)
    )


def _hung(place: Place, step: TraceStep) -> bool:
    """Whether the time that an answer may take passed in this step."""
    return step.seconds >= place.timeout


def _arguments(noted: Noted) -> str:
    if noted.exchange is None:
        return ""
    return ", ".join(f"{name}={value!r}"[:200] for name, value in noted.exchange.values.items())


def _why(error: Exception) -> str:
    if isinstance(error, StorageError):
        return f"{type(error).__name__}: {error}"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})"


def covered() -> bool:
    """Return whether every requirement of the system has a law."""
    verified = {name for check in checks().values() for name in (check.requirement, *check.also)}
    return set(requirements("upload-controller")) <= verified
