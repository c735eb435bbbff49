"""How a run shows that it goes on: bars on a terminal, a line per finished backend elsewhere, on stderr."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from conformance.cli.crew import Crew
from conformance.cli.running import Watcher
from conformance.cli.streams import nobody_reads
from conformance.declaration.verdict import plural
from conformance.planning import Asked
from conformance.results import Result


class Watching(Watcher, Protocol):
    """A watcher that takes the terminal for a while."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...


def progress(*, quiet: bool, asked: Asked) -> Watching:
    """Return what fits: silence, bars, or lines."""
    console = _Err(stderr=True, highlight=False)
    if quiet:
        return Silence()
    return Bars(console, asked) if console.is_terminal and not console.is_dumb_terminal else Lines(console, asked)


class _Err(Console):
    def on_broken_pipe(self) -> None:
        """Go on in silence, where the console itself would end the process."""
        self.quiet = True
        nobody_reads(sys.stderr)


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def planned(self, crews: Sequence[Crew]) -> None:
        """Show nothing."""

    def result(self, crew: Crew, result: Result) -> None:
        """Show nothing."""

    def turn(self) -> None:
        """Show nothing."""

    def finished(self, crew: Crew) -> None:
        """Show nothing."""


class Lines(Silence):
    """A line when it begins and one per finished backend: for logs."""

    def __init__(self, console: Console, asked: Asked) -> None:
        self.console = console
        self.asked = asked
        self.states: dict[str, Counter[str]] = {}
        self.broken: dict[str, set[str]] = {}

    def planned(self, crews: Sequence[Crew]) -> None:
        """Say what is going to run."""
        self.console.print(Text(_first_line(crews, self.asked)), soft_wrap=True)

    def result(self, crew: Crew, result: Result) -> None:
        """Count."""
        known = result.failure is not None and result.failure.signature in crew.job.known
        self.states.setdefault(crew.name, Counter())["declared" if known else result.state] += 1
        if result.state == "fail" and not known:
            blamed = result.failure.requirement if result.failure else result.requirement
            self.broken.setdefault(crew.name, set()).add(blamed)

    def finished(self, crew: Crew) -> None:
        """Say what came of a backend."""
        states = self.states.get(crew.name, Counter())
        told: list[str] = []
        for state, word in _words.items():
            if states[state]:
                count = f"{states[state]:,}" if told else plural(states[state], "check")
                told.append(f"{count} {word}")
                if state == "fail":
                    told[-1] += f" on {plural(len(self.broken[crew.name]), 'requirement')}"
        line = f"{crew.name}: {', '.join(told)}; {crew.calls:,} backend calls"
        self.console.print(Text(line), soft_wrap=True)


class Bars(Lines):
    """A bar per backend, with the check at which it is."""

    def __init__(self, console: Console, asked: Asked) -> None:
        super().__init__(console, asked)
        self._progress = Progress(
            TextColumn("{task.fields[name]}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[failed]}", style="red", markup=False),
            TextColumn("{task.fields[check]}", style="dim", markup=False),
            console=console,
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._crews: Sequence[Crew] = ()

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def planned(self, crews: Sequence[Crew]) -> None:
        """Draw a bar for every backend."""
        super().planned(crews)
        self._crews = crews
        for crew in crews:
            self._tasks[crew.name] = self._progress.add_task(
                "", total=len(crew.plan), name=crew.name, check="", failed=""
            )

    def turn(self) -> None:
        """Move the bars."""
        for crew in self._crews:
            failed = self.states.get(crew.name, Counter())["fail"]
            self._progress.update(
                self._tasks[crew.name],
                completed=crew.done,
                check=crew.checking,
                failed=f"{failed} failed" if failed else "",
            )


def _first_line(crews: Sequence[Crew], asked: Asked) -> str:
    count = sum(entry.applies for crew in crews for entry in crew.plan)
    return f"{count:,} checks on {', '.join(crew.name for crew in crews)} · profile {asked.profile} · seed {asked.seed}"


_words = {
    "pass": "passed",
    "fail": "failed",
    "declared": "failed as declared",
    "error": "ended in an error",
    "not-run": "did not run",
    "not-applicable": "not applicable",
}
