"""Measure other test suites with the kit's planted HTTP defects, and print the table of the documentation.

``python -m tests.peers --python THEIRS --s3-tests CHECKOUT --s3-tests-python THEIRS --opendal CHECKOUT --sample 40``.
An interpreter of theirs has pytest, pytest-timeout and pytest-asyncio with ``zarr s3fs opendal python-dotenv``, or with
the requirements of s3-tests (the two do not go together). The kit's own column is its standard profile with one seed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from backends import moto_server
from tests.defects.http import DEFECTS, HTTPDefect
from tests.defects.http.__main__ import measure
from tests.defects.http.carriers import in_process, planted
from tests.defects.http.messages import Request, Response
from tests.defects.http.proxy import Proxy, upstream

from .peer import Peer, PeerMissing
from .plans import peers

KIT = "this kit, standard"


@dataclass(slots=True)
class Column:
    """What one suite did: its requests on the correct server, its tests there, and the defects that it caught."""

    requests: int
    tests: int
    caught: set[str] = field(default_factory=set[str])


class Bench:
    """A moto server that is emptied before every run, with the number of requests of the last one."""

    def __init__(self, server: str) -> None:
        self._server = server
        self.requests = 0

    @contextmanager
    def serving(self, defect: HTTPDefect | None) -> Generator[str]:
        """Serve the emptied server with a defect planted, or none, and yield the endpoint."""
        urllib.request.urlopen(urllib.request.Request(f"{self._server}/moto-api/reset", method="POST")).close()
        self.requests = 0
        send = planted(defect, upstream(self._server))

        def counted(request: Request) -> Response:
            self.requests += 1
            return send(request)

        upstream(self._server)(Request(method="PUT", bucket="peers"))
        with Proxy(counted) as endpoint:
            yield endpoint


def sample(number: int | None) -> list[HTTPDefect]:
    """Return the defects to measure: all that show at the standard profile, or a fixed choice among them."""
    shown = [defect for defect in DEFECTS.values() if defect.profile == "standard"]
    mixed = sorted(shown, key=lambda defect: hashlib.sha256(defect.name.encode()).hexdigest())
    return mixed if number is None else mixed[:number]


def measured(peer: Peer, bench: Bench, defects: list[HTTPDefect]) -> Column:
    """Run one peer on the correct server, twice, and then on every defect."""
    with bench.serving(None) as endpoint:
        first = peer.run(endpoint)
        requests = first.requests or bench.requests
    with bench.serving(None) as endpoint:
        stable = first.passed & peer.run(endpoint).passed
    column = Column(requests, len(stable))
    _say(f"{peer.name}: {len(stable)} of {len(first.passed | first.failed)} tests pass, {requests} requests")
    for defect in defects:
        with bench.serving(defect) as endpoint:
            outcome = peer.run(endpoint, stable, defect.name)
        if outcome.hung or outcome.failed:
            column.caught.add(defect.name)
        _say(f"  {'caught ' if defect.name in column.caught else 'escaped'} {defect.name}")
    return column


def ours(defects: list[HTTPDefect]) -> Column:
    """Run the kit on every defect, and once on the correct server to count its requests."""
    from conformance.engine.backend import Backend
    from conformance.engine.laws import checks
    from conformance.engine.runner import Runner

    with in_process(None) as carried:
        runner = Runner(Backend(name="s3", open=carried.open), seed=1)
        chosen = [check for check in checks().values() if runner.selects(check)]
        applied = sum(runner.run(check).state != "not-applicable" for check in chosen)
        runner.clean()
        column = Column(carried.requests, applied)
    _say(f"{KIT}: {column.tests} checks, {column.requests} requests with cleaning")
    column.caught = {defect.name for defect in defects if measure(defect).caught}
    return column


def table(columns: dict[str, Column], defects: int) -> str:
    """Return the comparison as a Markdown table."""
    lines = [f"| suite | tests | requests | defects caught, of {defects} |", "|---|--:|--:|--:|"]
    lines += [
        f"| {name} | {column.tests} | {column.requests:,} | {len(column.caught)} ({len(column.caught) / defects:.0%}) |"
        for name, column in columns.items()
    ]
    together: set[str] = set().union(*(column.caught for name, column in columns.items() if name != KIT))
    return "\n".join([*lines, f"| all peers together | | | {len(together)} ({len(together) / defects:.0%}) |"])


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def main() -> int:
    """Measure and print; 2 when a peer cannot be run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--s3-tests", type=Path, help="a checkout of ceph/s3-tests")
    parser.add_argument("--opendal", type=Path, help="a checkout of apache/opendal")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the packages of the peers")
    parser.add_argument("--s3-tests-python", default=sys.executable, help="an interpreter with those of s3-tests")
    parser.add_argument("--only", nargs="+", default=(), help="beginnings of the names of peers")
    parser.add_argument("--sample", type=int, help="how many defects; all when left out")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    defects = sample(options.sample)
    columns: dict[str, Column] = {}
    try:
        if not options.only or KIT.startswith(tuple(options.only)):
            columns[KIT] = ours(defects)
        with moto_server.start() as started:
            bench = Bench(started.connection.partition("endpoint=")[2].partition("&")[0])
            for peer in peers(options.python, options.opendal, options.s3_tests, options.s3_tests_python):
                if not options.only or peer.name.startswith(tuple(options.only)):
                    columns[peer.name] = measured(peer, bench, defects)
    except PeerMissing as missing:
        _say(str(missing))
        return 2
    if options.json:
        rows = {
            name: {"requests": c.requests, "tests": c.tests, "caught": sorted(c.caught)} for name, c in columns.items()
        }
        options.json.write_text(json.dumps({"defects": [d.name for d in defects], "suites": rows}, indent=1), "utf-8")
    print(table(columns, len(defects)))  # noqa: T201 - this is a command
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
