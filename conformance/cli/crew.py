"""The children that check one backend: asks them for checks, survives their death, reports everything planned."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any

from conformance.cli.child import Job, serve
from conformance.cli.interruption import unheard
from conformance.problems import Problem
from conformance.results import BackendEntry, Failure, Planned, Result

DEATHS = 5
OPENING = 90.0
CLEANING = 120.0
_spawn = multiprocessing.get_context("spawn")

Report = Callable[[Result], None]


@dataclass(slots=True, eq=False)
class Child:
    """One process, the check it is at, and when it last gave a sign of life (seconds, monotonic)."""

    process: BaseProcess
    pipe: Pipe
    ready: bool = False
    check: Planned | None = None
    cleaning: bool = False
    seen: float = field(default_factory=time.monotonic)
    root: str = ""
    used: int = 0

    def idle(self) -> bool:
        """Whether it waits to be asked."""
        return self.ready and self.check is None and not self.cleaning


class Crew:
    """One backend with its children: :meth:`open` and :meth:`wait` plan, :meth:`start` and :meth:`turn` run.

    ``programs`` are declared deviations by key; ``diverging`` names those that still show in the end.
    """

    def __init__(self, job: Job, workers: int, programs: Mapping[str, Sequence[Any]]) -> None:
        self.job = job
        self.name = job.name
        self.workers = workers
        self.entry: BackendEntry | None = None
        self.plan: list[Planned] = []
        self.leaks: list[str] = []
        self.programs = programs
        self.diverging: list[str] = []
        self.done = 0
        self.calls = 0
        self.finished = False
        self._children: list[Child] = []
        self._waiting: deque[Planned] = deque()
        self._orphans: list[tuple[str, int]] = []
        self._deaths = 0
        self._swept = False
        self._why = "the backend could not be opened again"

    # planning

    def open(self) -> None:
        """Start the children; the first opens the backend and tells what it is, the others come up meanwhile."""
        for number in range(self.workers):
            self._hire(first=number == 0)

    def wait(self) -> None:
        """Wait until the backend is open and the plan is known.

        Raises:
            Problem: the backend cannot be opened.

        """
        child = self._children[0]
        patience = max(OPENING, 4 * self.job.asked.effort().deadline)
        if not child.pipe.poll(patience):
            raise Problem(f"{self.name} gave no sign of life for {patience:g} seconds while it was being opened")
        try:
            self._hear(child, child.pipe.recv(), _ignore)
        except (EOFError, OSError):
            child.process.join(5)
            raise Problem(
                f"opening {self.name}, or its first write or read, ended the process ({_ended(child)})"
            ) from None
        self._waiting.extend(entry for entry in self.plan if entry.applies)

    # running

    def start(self, report: Report) -> None:
        """Report what does not apply, and let the other children open the backend, as many as there is work for."""
        for entry in self.plan:
            if not entry.applies:
                self.done += 1
                report(_result(entry, "not-applicable", entry.reason))
        for number, child in enumerate(self._children[1:], 1):
            if number < len(self._waiting):
                child.seen = time.monotonic()
                _send(child, ("open",))
            else:
                self._leave(child)

    def pipes(self) -> list[Pipe]:
        """Return where the children speak."""
        return [child.pipe for child in self._children]

    def turn(self, heard: Collection[object], report: Report) -> None:
        """Listen to those who spoke, give work to those who wait, take leave of those who died."""
        for child in list(self._children):
            if child.pipe in heard:
                try:
                    self._hear(child, child.pipe.recv(), report)
                except (EOFError, OSError):
                    child.process.join(5)
                    self._bury(child, f"the backend ended the process ({_ended(child)})", report)
            elif time.monotonic() - child.seen > self._patience(child):
                child.process.kill()
                child.process.join()
                silent = f"the backend gave no sign of life for {self._patience(child):g} seconds"
                self._bury(child, f"{silent} and its process was ended", report)
        for child in self._children:
            if child.idle() and self._waiting:
                self._ask(child, self._waiting.popleft())
        self._end(report)

    def stop(self, seconds: float = 10.0) -> None:
        """End the run: every child cleans what it made, and is killed when that takes longer than ``seconds``."""
        for child in self._children:
            if child.process.is_alive():
                child.process.terminate()
        until = time.monotonic() + seconds
        for child in self._children:
            while child.process.is_alive() and time.monotonic() < until:
                try:
                    if child.pipe.poll(0.1):
                        word, *details = child.pipe.recv()
                        if word == "cleaned":
                            self.leaks += details[0]
                except (EOFError, OSError):
                    child.process.join(max(0.1, until - time.monotonic()))
            if child.process.is_alive():
                child.process.kill()
                self.leaks.append(f"(not cleaned: {child.root or self.name}: it took more than {seconds:g} seconds)")
            child.process.join()
            child.pipe.close()
        self._children.clear()

    @property
    def checking(self) -> str:
        """What is being checked at this moment."""
        return ", ".join(child.check.check for child in self._children if child.check is not None)

    def _hire(self, *, first: bool) -> None:
        ours, theirs = _spawn.Pipe()
        process = _spawn.Process(target=serve, args=(theirs, replace(self.job, first=first)), daemon=True)
        with unheard():
            process.start()
        theirs.close()
        self._children.append(Child(process, ours))

    def _hear(self, child: Child, message: tuple[Any, ...], report: Report) -> None:
        child.seen = time.monotonic()
        match message:
            case ("refused", sentence):
                if self.entry is None:
                    raise Problem(sentence)
                self._why = f"{self._why}: {sentence}"
                self._leave(child)
            case ("ready", entry, plan, root):
                child.ready, child.root = True, root
                if self.entry is None:
                    self.entry, self.plan = entry, plan
            case ("result", data):
                child.check = None
                self._report(Result.from_json(data), report)
            case ("alive", used):
                child.used = used
            case ("replayed", keys):
                self.diverging += keys
            case ("cleaned", leaks):
                self.leaks += leaks
                child.process.join(10)
                self._leave(child)
            case _:
                raise TypeError(f"a child said {message!r}")

    def _ask(self, child: Child, entry: Planned) -> None:
        child.check = entry
        child.seen = time.monotonic()
        _send(child, ("check", entry.check))

    def _bury(self, child: Child, reason: str, report: Report) -> None:
        self._deaths += 1
        if child.root:
            self._orphans.append((child.root, child.used + 1))
        if child.cleaning:
            self.leaks.append(f"(not cleaned: {reason})")
        if child.check is not None:
            self._report(_result(child.check, "error", f"{reason} during {child.check.check}"), report)
        self._leave(child)
        if self._deaths > DEATHS:
            self._why = f"the backend ended its process {self._deaths} times"
        elif self._waiting and not self._children:
            self._hire(first=True)

    def _leave(self, child: Child) -> None:
        if child in self._children:
            self._children.remove(child)
            child.pipe.close()

    def _end(self, report: Report) -> None:
        """Clean up when nothing is left to ask; the first child goes last, it may have made the root of all."""
        if self._waiting and not self._children:
            for entry in self._waiting:
                self._report(_result(entry, "not-run", self._why), report)
            self._waiting.clear()
        if self._waiting or any(child.check is not None or not child.ready for child in self._children):
            return
        if not self._children:
            if self._orphans and not self._swept:
                self._swept = True
                self._hire(first=True)
                return
            self.leaks += [f"(not cleaned: {root})" for root, _ in self._orphans]
            self.finished = True
            return
        for child in self._children[1:] or self._children:
            if child.idle():
                child.cleaning, child.seen = True, time.monotonic()
                first = child is self._children[0]
                _send(child, ("clean", self._orphans, self.programs) if first else ("clean", [], {}))
                if first:
                    self._orphans = []

    def _report(self, result: Result, report: Report) -> None:
        self.done += 1
        self.calls += result.calls
        report(result)

    def _patience(self, child: Child) -> float:
        if not child.ready:
            return max(OPENING, 4 * self.job.asked.effort().deadline)
        if child.check is not None:
            return 4 * self.job.asked.effort().deadline
        return CLEANING if child.cleaning else float("inf")


def numbered(result: Result, replay: str) -> Result:
    """Return a failing result with the command that shows it again."""
    failure: Failure | None = result.failure
    return result if failure is None else replace(result, failure=replace(failure, replay=replay))


def _ignore(result: Result) -> None:
    """No results are expected before the run began."""


def _send(child: Child, message: tuple[object, ...]) -> None:
    try:
        child.pipe.send(message)
    except OSError:
        child.seen = float("-inf")


def _ended(child: Child) -> str:
    code = child.process.exitcode
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _result(entry: Planned, state: str, reason: str | None) -> Result:
    return Result.from_json(
        {
            "backend": entry.backend,
            "check": entry.check,
            "requirement": entry.requirement,
            "state": state,
            "reason": reason,
        }
    )
