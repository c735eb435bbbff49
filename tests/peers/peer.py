"""One peer: how its tests are run against an S3 endpoint, and what came of them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree import ElementTree as ET

THEIRS = Path(__file__).parent / "theirs"
ROOT = Path(__file__).parents[2]
TEST_SECONDS = 60
"""Seconds after which one of their tests counts as failed."""
SUITE_SECONDS = 1800
"""Seconds after which a whole suite counts as hung."""


class PeerMissing(Exception):
    """The checkout or the packages of a peer are not there; the text says what to install."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run of a suite needs: where pytest starts, on what, and in which environment."""

    directory: Path
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Which tests passed and which did not; ``hung`` when the suite as a whole came to no end."""

    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()
    hung: bool = False
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A test suite: its name, the interpreter that has its packages, and its plan for an endpoint.

    ``plan`` is given the endpoint and an empty directory for what the suite needs to find. With ``inside``, requests
    are answered inside its process: it talks through boto3, and its interpreter has what the kit's tests need too.
    """

    name: str
    python: str
    plan: Callable[[str, Path], Plan]
    inside: bool = False

    def run(self, endpoint: str, only: frozenset[str] | None = None, defect: str = "none") -> Outcome:
        """Run the suite, or those of its tests that are named, until the first of these fails.

        ``defect`` is the one to plant where requests are answered inside; elsewhere the endpoint has it.

        Raises:
            PeerMissing: pytest could not even collect its tests.

        """
        with tempfile.TemporaryDirectory(prefix="peer-") as scratch:
            plan = self.plan(endpoint, Path(scratch))
            report = Path(scratch) / "junit.xml"
            listed = Path(scratch) / "only.txt"
            listed.write_text("\n".join(sorted(only or ())), "utf-8")
            command = (
                *(self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--timeout={TEST_SECONDS}"),
                *(f"--junitxml={report}", "-o", "junit_family=xunit1"),
                *(("-p", "only_these", "-x") if only is not None else ()),
                *(("-p", "in_process") if self.inside else ()),
                *plan.arguments,
            )
            environment = {
                **os.environ,
                **plan.environment,
                "PYTHONPATH": os.pathsep.join([str(THEIRS), *([str(ROOT)] if self.inside else [])]),
                "ONLY_THESE": str(listed),
                "DEFECT": defect,
                "ENDPOINT": endpoint,
                "REQUESTS": str(Path(scratch) / "requests"),
            }
            try:
                done = subprocess.run(
                    command,
                    cwd=plan.directory,
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=SUITE_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return Outcome(hung=True)
            if not report.exists():
                raise PeerMissing(f"{self.name} cannot be run:\n{(done.stdout + done.stderr)[-2000:]}")
            counted = Path(scratch) / "requests"
            return replace(read(report), requests=int(counted.read_text("utf-8")) if counted.exists() else 0)


def read(report: Path) -> Outcome:
    """Return what a JUnit report of pytest says; skipped tests are in neither set."""
    passed: set[str] = set()
    failed: set[str] = set()
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
        elif case.find("skipped") is None:
            passed.add(name)
    return Outcome(passed=frozenset(passed - failed), failed=frozenset(failed))
