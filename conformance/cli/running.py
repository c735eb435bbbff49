"""A run of ``conformance check``: crews side by side, results into the document as they come, an end in any case."""

from __future__ import annotations

import shlex
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Protocol

from conformance.cli.child import Job
from conformance.cli.crew import Crew, numbered
from conformance.cli.interruption import Interruption
from conformance.declaration import Declarations, judged_by
from conformance.planning import Asked, header, now
from conformance.problems import Problem
from conformance.results import Document, Footer, Header, Result, Writer, cover

SIDE_BY_SIDE = 2


class Watcher(Protocol):
    """Who is told how the run goes."""

    def planned(self, crews: Sequence[Crew]) -> None:
        """All backends are open."""
        ...

    def result(self, crew: Crew, result: Result) -> None:
        """A check came to its result."""
        ...

    def turn(self) -> None:
        """Some time has passed."""
        ...

    def finished(self, crew: Crew) -> None:
        """Everything of a backend is reported and cleaned."""
        ...


@dataclass(slots=True)
class Ran:
    """The run so far."""

    crews: list[Crew]
    header: Header
    replay: str = ""
    results: list[Result] = field(default_factory=list[Result])
    interrupted: bool = False


def run(
    backends: Sequence[tuple[str, str]],
    asked: Asked,
    *,
    folder: Path,
    file: Path,
    workers: int,
    allow_non_empty: bool,
    watcher: Watcher,
    replay: str = "",
    declared: Declarations | None = None,
) -> Document:
    """Check backends, given as (name, connection string), and return the document that was written to ``file``.

    It carries the ``declared`` deviations of these backends, and which of their stored programs still show them.

    ``replay`` stands before backend and check in the replay lines: ``FILE#`` where the document is to be kept.

    An interruption (SIGINT, SIGTERM, SIGHUP) ends the run: what was made is cleaned, what did not run says so.

    Raises:
        KeyboardInterrupt: it was interrupted before the backends were open, when there is nothing to be told.
        Problem: a backend cannot be opened.
        OSError: the document cannot be written.

    """
    began, started = time.perf_counter(), now()
    with ExitStack() as stack:
        interruption = stack.enter_context(Interruption())
        scratch = Path(tempfile.mkdtemp(prefix="conformance-run-"))
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        crews: list[Crew] = []
        stack.callback(lambda: [crew.stop() for crew in crews])
        for name, spec in backends:
            theirs = declared.of(name, spec) if declared else ()
            job = Job(
                spec=spec,
                name=name,
                asked=asked,
                folder=folder,
                scratch=scratch,
                allow_non_empty=allow_non_empty,
                known=frozenset(d.signature for d in theirs),
            )
            programs = {d.key: d.calls for d in theirs if d.calls}
            crews.append(Crew(job, workers, programs))
        ran = _planned(crews, asked, started)
        ran.replay = replay
        interruption.raises = False  # no line of the document may be cut in the middle
        writer = stack.enter_context(Writer(file, ran.header))
        watcher.planned(crews)
        _work(crews, ran, writer, watcher, interruption)
        if interruption.heard:
            ran.interrupted = True
            for crew in crews:
                crew.stop()
        return _written(ran, writer, time.perf_counter() - began, declared or Declarations())


def _planned(crews: list[Crew], asked: Asked, started: str) -> Ran:
    for crew in crews:
        crew.open()
    problems: list[str] = []
    for crew in crews:
        try:
            crew.wait()
        except Problem as problem:
            problems.append(str(problem))
    if problems:
        raise Problem("\n".join(problems))
    entries = [crew.entry for crew in crews if crew.entry is not None]
    plan = [entry for crew in crews for entry in crew.plan]
    if not any(entry.applies for entry in plan):
        raise Problem("none of the checks asked for applies: `conformance list checks` shows what each one needs")
    return Ran(crews, header(asked, entries, plan, started))


def _work(crews: list[Crew], ran: Ran, writer: Writer, watcher: Watcher, interruption: Interruption) -> None:
    def report(crew: Crew, result: Result) -> None:
        result = numbered(result, f"conformance replay {shlex.quote(ran.replay + result.identifier)}")
        ran.results.append(result)
        writer.add(result)
        watcher.result(crew, result)

    waiting = list(crews)
    active: list[Crew] = []
    while (waiting or active) and not interruption.heard:
        while waiting and len(active) < SIDE_BY_SIDE:
            crew = waiting.pop(0)
            crew.start(partial(report, crew))
            active.append(crew)
            crew.turn(frozenset(), partial(report, crew))
        heard = frozenset(wait([pipe for crew in active for pipe in crew.pipes()], timeout=0.2))
        for crew in list(active):
            crew.turn(heard, partial(report, crew))
            if crew.finished:
                active.remove(crew)
                watcher.finished(crew)
        watcher.turn()


def _written(ran: Ran, writer: Writer, seconds: float, declared: Declarations) -> Document:
    reason = "the run was interrupted" if ran.interrupted else "the kit lost sight of this check"
    results = cover(ran.header.plan, ran.results, state="not-run", reason=reason)
    known = {result.key for result in ran.results}
    for result in results:
        if result.key not in known:
            writer.add(result)
    footer = Footer(
        finished=now(),
        seconds=round(seconds, 3),
        calls=sum(result.calls for result in results),
        leaks={crew.name: tuple(crew.leaks) for crew in ran.crews if crew.leaks},
        interrupted=ran.interrupted,
    )
    diverging = [key for crew in ran.crews for key in crew.diverging]
    document = judged_by(Document(header=ran.header, results=results, footer=footer), declared, diverging)
    writer.finish(document.footer)
    return document
