"""The kill matrix: every planted defect against the whole kit, with what it took to catch it and who was blamed.

``python -m tests.defects.matrix --backends memory fs moto --seeds 5 --json FILE`` measures all of it.
"""

from __future__ import annotations

import argparse
import atexit
import itertools
import json
import os
import statistics
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

from backends import moto_server
from conformance.adapters.connection import Connection, open_backend
from conformance.engine.backend import Backend
from conformance.engine.laws import Check, checks
from conformance.engine.result import CheckResult
from conformance.engine.runner import Runner

from . import DEFECTS, Defect, flat, wrap

Order = Literal["directed", "plan"]
"""``directed`` begins with the checks of the requirements that the defect must trip, ``plan`` keeps the kit's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One defect on one backend with one seed; ``calls`` are those made until it was caught, or in all."""

    defect: str
    family: str
    sentence: str
    like: str
    trips: tuple[str, ...]
    backend: str
    seed: int
    order: Order
    caught: bool
    check: str | None = None
    blamed: str | None = None
    precise: bool = False
    calls: int = 0
    length: int | None = None
    what: str = ""


_servers = ExitStack()
"""Servers started on the way; they end with the process."""
atexit.register(_servers.close)


@cache
def connection(backend: str) -> Connection:
    """Return the correct backend of that name, made once for the process."""
    if backend == "flat":
        return Connection(spec="flat", name="flat", describe="the smallest storage", open=flat.opener())
    if backend == "moto-server":
        started = _servers.enter_context(moto_server.start())
        os.environ.update(started.environment)
        made = open_backend(started.connection)
    else:
        made = open_backend("memory:?segments=offset" if backend == "memory-offset" else backend)
    made.prepare()
    return made


def remove_roots(backends: Iterable[str]) -> None:
    """Remove what lies outside of this process and of the servers that end with it."""
    if "fs" in backends:
        connection("fs").remove_root()


def applies(planted: Defect, backend: str) -> bool:
    """Whether the defect can show on that backend."""
    if backend not in planted.on:
        return False
    return planted.applies(backend, connection(backend).open("/probe/").features())


class Planted(Protocol):
    """What the matrix knows of a defect, wherever it is planted."""

    @property
    def name(self) -> str: ...
    @property
    def family(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def like(self) -> str: ...
    @property
    def trips(self) -> tuple[str, ...]: ...
    @property
    def profile(self) -> Literal["standard", "deep"]: ...


def measure(planted: Defect, backend: str, *, seed: int = 1, order: Order = "directed", small: bool = False) -> Row:
    """Plant a defect in a correct backend and run the kit until it catches it; see :func:`hunt`."""
    opener = wrap(connection(backend).open, planted)
    return hunt(
        planted,
        Backend(name=backend, open=opener),
        seed=seed,
        order=order,
        small=small,
        excused=lambda result: _accuses_the_innocent(backend, result.check, seed),
    )


def hunt(
    planted: Planted,
    backend: Backend,
    *,
    seed: int,
    order: Order,
    small: bool,
    excused: Callable[[CheckResult], bool],
) -> Row:
    """Run the kit until it catches the defect; a check that breaks off with an error counts, but blames nobody.

    Parameters:
        planted: the defect.
        backend: the backend that it is planted in.
        seed: where random examples come from.
        order: in which order the checks are run.
        small: make the counterexample as small as the kit does for people; otherwise it is left as found.
        excused: whether a failure is seen on the correct backend too, so that it catches nothing.

    """
    runner = Runner(backend, profile=planted.profile, seed=seed, stop_on_first=not small)
    row = Row(
        defect=planted.name,
        family=planted.family,
        sentence=planted.sentence,
        like=planted.like,
        trips=planted.trips,
        backend=backend.name,
        seed=seed,
        order=order,
        caught=False,
    )
    calls = 0
    for check in _ordered(planted, order):
        # What only the deep profile shows is shown by the check that is made for it; all others would take minutes.
        if not runner.selects(check) or (planted.profile == "deep" and check.requirement not in planted.trips):
            continue
        result = runner.run(check)
        calls += result.calls
        if result.state == "error" and not excused(result):
            return replace(row, caught=True, check=check.id, calls=calls, what=result.reason or "")
        if result.failure is not None and not excused(result):
            failure = result.failure
            return replace(
                row,
                caught=True,
                check=check.id,
                blamed=failure.requirement,
                precise=failure.requirement in planted.trips,
                calls=calls,
                length=len(failure.steps),
                what=f"{failure.what}: expected {failure.expected}, saw {failure.observed}"[:300],
            )
    return replace(row, calls=calls)


def _ordered(planted: Planted, order: Order) -> list[Check]:
    known = list(checks().values())
    if order == "plan":
        return known
    subjects = {trip.partition(".")[0] for trip in planted.trips}

    def distance(check: Check) -> int:
        if check.requirement in planted.trips:
            return planted.trips.index(check.requirement)
        if set(check.also) & set(planted.trips):
            return 50
        return 100 if check.requirement.partition(".")[0] in subjects else 200

    return sorted(known, key=distance)


@cache
def _accuses_the_innocent(backend: str, check: str, seed: int) -> bool:
    """Whether a check fails on the correct backend too, which would make its kills worthless."""
    correct = Runner(Backend(name=backend, open=connection(backend).open), seed=seed, stop_on_first=True)
    return correct.run(checks()[check]).state in {"fail", "error"}


def summary(rows: Iterable[Row]) -> str:
    """Return what the matrix comes to, in a few lines."""
    lines: list[str] = []
    for (backend, order), group in itertools.groupby(
        sorted(rows, key=lambda row: (row.backend, row.order)), key=lambda row: (row.backend, row.order)
    ):
        members = list(group)
        caught = [row for row in members if row.caught]
        precise = sum(row.precise for row in caught)
        lines.append(
            f"{backend}, {order} order: {len(caught)} of {len(members)} caught, {precise} blamed where planted; "
            f"calls {_spread(row.calls for row in caught)}, "
            f"counterexample {_spread(row.length or 0 for row in caught)} steps"
        )
        lines += [f"  escaped: {row.defect} (seed {row.seed}): {row.sentence}" for row in members if not row.caught]
    return "\n".join(lines)


def _spread(values: Iterable[int]) -> str:
    known = sorted(values)
    if not known:
        return "none"
    return f"median {statistics.median(known):g}, p90 {known[min(len(known) - 1, len(known) * 9 // 10)]}"


def store(rows: Iterable[Row], path: Path) -> None:
    """Write the matrix as JSON, one row a line inside of one list."""
    lines = ",\n".join(json.dumps(asdict(row), ensure_ascii=False) for row in rows)
    path.write_text(f"[\n{lines}\n]\n", "utf-8")


def _jobs(options: argparse.Namespace) -> Iterator[tuple[Any, ...]]:
    for backend in options.backends:
        for planted in DEFECTS.values():
            if applies(planted, backend) and (not options.only or planted.name in options.only):
                for seed in range(1, options.seeds + 1):
                    yield planted.name, backend, seed, options.order, options.small


def _job(job: tuple[Any, ...]) -> Row:
    name, backend, seed, order, small = job
    return measure(DEFECTS[name], backend, seed=seed, order=order, small=small)


def main() -> int:
    """Measure, print and store; 1 when a defect escaped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", nargs="+", default=["memory", "flat"])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--order", choices=["directed", "plan"], default="directed")
    parser.add_argument("--small", action="store_true", help="make every counterexample small")
    parser.add_argument("--only", nargs="+", help="names of defects")
    parser.add_argument("--json", type=Path)
    parser.add_argument("-n", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    unknown = set(options.only or ()) - DEFECTS.keys()
    if unknown:
        parser.error(f"there are no defects {', '.join(sorted(unknown))}")
    jobs = list(_jobs(options))
    with ProcessPoolExecutor(options.n) as pool:
        rows = list(pool.map(_job, jobs, chunksize=4))
    remove_roots(options.backends)
    if options.json:
        store(rows, options.json)
    print(summary(rows))  # noqa: T201 - this is a command
    return 0 if all(row.caught for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
