"""The kill matrix of the defects at the HTTP level.

``python -m tests.defects.http --seeds 3 --family multipart --json FILE`` measures a family; without ``--family``, all.
A defect is caught when a check fails that does not blame the same requirement on the server without it.
"""

from __future__ import annotations

import argparse
import atexit
import itertools
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.result import CheckResult
from conformance.engine.runner import Runner
from tests.defects.matrix import Order, Row, hunt, store, summary

from . import DEFECTS, FAMILIES, HTTPDefect
from .carriers import CARRIERS


@dataclass(frozen=True, slots=True, kw_only=True)
class HTTPRow(Row):
    """One defect with one seed; ``requests`` are those that the kit's client sent until it was caught, or in all."""

    requests: int


def measure(
    planted: HTTPDefect,
    *,
    carrier: str = "process",
    seed: int = 1,
    order: Order = "directed",
    small: bool = False,
) -> HTTPRow:
    """Carry a defect and run the kit until it catches it."""
    with CARRIERS[carrier](planted) as carried:
        row = hunt(
            planted,
            Backend(name=f"s3-{carrier}", open=carried.open),
            seed=seed,
            order=order,
            small=small,
            excused=lambda result: _excused(carrier, seed, result),
        )
        return HTTPRow(**asdict(row), requests=carried.requests)


def applies(planted: HTTPDefect, carrier: str) -> bool:
    """Whether a defect can show with a carrier."""
    return planted.needs <= _offered(carrier)


def _excused(carrier: str, seed: int, result: CheckResult) -> bool:
    return _told(result) == _on_the_correct_server(carrier, seed, result.check)


def _told(result: CheckResult) -> str:
    return result.failure.requirement if result.failure is not None else result.state


@cache
def _correct(carrier: str) -> Backend:
    carried = _servers.enter_context(CARRIERS[carrier](None))
    return Backend(name=f"s3-{carrier}", open=carried.open)


_servers = ExitStack()
atexit.register(_servers.close)


@cache
def _offered(carrier: str) -> frozenset[str]:
    return _correct(carrier).open("/probe/").features().operations


@cache
def _on_the_correct_server(carrier: str, seed: int, check: str) -> str:
    return _told(Runner(_correct(carrier), seed=seed, stop_on_first=True).run(checks()[check]))


def _jobs(options: argparse.Namespace) -> Iterator[tuple[str, str, int, Order, bool]]:
    for planted in DEFECTS.values():
        chosen = planted.family in options.family and (not options.only or planted.name in options.only)
        if chosen and applies(planted, options.carrier):
            for seed in range(1, options.seeds + 1):
                yield planted.name, options.carrier, seed, options.order, options.small


def _job(job: tuple[str, str, int, Order, bool]) -> HTTPRow:
    name, carrier, seed, order, small = job
    return measure(DEFECTS[name], carrier=carrier, seed=seed, order=order, small=small)


def line(row: HTTPRow) -> str:
    """Return one row of the matrix as a line of text."""
    if not row.caught:
        return f"ESCAPED {row.defect} seed {row.seed}: {row.calls} calls, {row.requests} requests: {row.sentence}"
    blame = f"blames {row.blamed}" + ("" if row.precise else f" (planted: {', '.join(row.trips)})")
    length = "" if row.length is None else f", {row.length} steps"
    return (
        f"caught  {row.defect} seed {row.seed}: {row.calls} calls, {row.requests} requests{length}: {blame}: {row.what}"
    )


def families(rows: Iterable[HTTPRow]) -> str:
    """Return how many defects of each family were caught."""
    lines: list[str] = []
    for family, group in itertools.groupby(rows, key=lambda row: row.family):
        members = list(group)
        lines.append(f"{family:14} {sum(row.caught for row in members):4} of {len(members)}")
    return "\n".join(lines)


def main() -> int:
    """Measure, print and store; 1 when a defect escaped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--family", nargs="+", choices=FAMILIES, default=FAMILIES, metavar="FAMILY")
    parser.add_argument("--only", nargs="+", help="names of defects")
    parser.add_argument("--carrier", choices=list(CARRIERS), default="process")
    parser.add_argument("--order", choices=["directed", "plan"], default="directed")
    parser.add_argument("--small", action="store_true", help="make every counterexample small")
    parser.add_argument("--json", type=Path)
    parser.add_argument("-n", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    rows: list[HTTPRow] = []
    with ProcessPoolExecutor(options.n) as pool:
        for row in pool.map(_job, list(_jobs(options))):
            print(line(row), flush=True)  # noqa: T201 - this is a command
            rows.append(row)
    if options.json:
        store(rows, options.json)
    print(families(rows), summary(rows), sep="\n\n")  # noqa: T201 - likewise
    return 0 if all(row.caught for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
