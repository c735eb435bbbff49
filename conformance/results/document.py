"""The parts of a result document as small frozen types.

A document is JSON Lines: one header that carries the plan, one line per result, one footer. What is written here is
all that reports, gate and badges ever see; they look at no backend and at no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar, Literal, cast

from conformance.results import codec

FORMAT = 1
"""The format of documents; it grows when a reader of the previous one would misread the next."""

State = Literal["pass", "fail", "error", "not-applicable", "not-run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementText:
    """A requirement as it read when the run was made."""

    subject: str
    level: str
    statement: str
    source: str
    quote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendEntry:
    """A backend of the run: its name, how it was opened, and what it declares."""

    name: str
    spec: str = ""
    version: str = ""
    features: Mapping[str, Any] = field(default_factory=dict[str, Any])
    limits: Mapping[str, Any] = field(default_factory=dict[str, Any])
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One check of one backend; ``reason`` says why where it does not apply."""

    backend: str
    check: str
    requirement: str
    also: tuple[str, ...] = ()
    applies: bool = True
    reason: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Backend and check: what a result is found by."""
        return self.backend, self.check

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON-able data."""
        return codec.to_json(self)

    @classmethod
    def from_json(cls, data: Any) -> Planned:
        """Return the entry that :meth:`to_json` wrote."""
        return codec.from_json(cls, data, "plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where the results of some backends came from, kept when several documents are joined."""

    backends: tuple[str, ...]
    kit: str
    started: str
    command: tuple[str, ...]
    python: str
    platform: str
    profile: str
    seed: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """How the run was made, and what it was to do. ``started`` is ISO 8601 with its offset.

    ``partial`` names, by backend, the requirements of which the run left out checks, as one with ``--only`` may: that
    nothing was seen of their deviations does not mean that they are gone.
    """

    kind: ClassVar[str] = "header"
    format: int = FORMAT
    kit: str
    started: str
    command: tuple[str, ...]
    python: str
    platform: str
    profile: str
    seed: int
    requirements: Mapping[str, RequirementText]
    backends: tuple[BackendEntry, ...]
    plan: tuple[Planned, ...]
    partial: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    runs: tuple[Run, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the header as the first line of a document holds it."""
        return {"kind": self.kind, **codec.to_json(self)}

    @classmethod
    def from_json(cls, data: Any) -> Header:
        """Return the header that :meth:`to_json` wrote."""
        found = codec.from_json(cls, data, "header")
        try:
            datetime.fromisoformat(found.started)
        except ValueError:
            raise codec.Unfit("header.started is no time in ISO 8601") from None
        for backend in found.backends:
            named: Any = backend.features.get("operations", [])
            if not isinstance(named, list) or not all(isinstance(name, str) for name in cast("list[Any]", named)):
                raise codec.Unfit(f"header.backends: the operations of {backend.name} are no array of texts")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """One call of a failing example: what was asked, what the backend answered, what was to be expected."""

    n: int
    client: int
    op: str
    arguments: str
    outcome: str
    expected: str | None = None
    seconds: float = 0.0
    diverges: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A requirement that did not hold, with everything needed to see it again.

    ``requirement`` is the one to blame, which may differ from the one that the check verifies. ``reproduced`` reads
    "2 of 3", ``calls`` is the minimal program as data, ``script`` the same as a Python file, ``replay`` a command.
    """

    requirement: str
    what: str
    expected: str
    observed: str
    signature: str
    reproduced: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])
    steps: tuple[TraceStep, ...] = ()
    calls: tuple[Any, ...] = ()
    script: str = ""
    replay: str = ""

    @property
    def flaky(self) -> bool:
        """Whether re-running the same example did not always fail."""
        times, _, of = self.reproduced.partition(" of ")
        return bool(of) and times != of

    def to_json(self) -> dict[str, Any]:
        """Return the failure as JSON-able data."""
        return codec.to_json(self)

    @classmethod
    def from_json(cls, data: Any) -> Failure:
        """Return the failure that :meth:`to_json` wrote."""
        return codec.from_json(cls, data, "failure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check of one backend came to, with its evidence: calls, examples, seconds, operations.

    ``pairs`` counts, for programs, how often one operation came right behind another: ``"write read"``.
    """

    kind: ClassVar[str] = "result"
    backend: str
    check: str
    requirement: str
    state: State
    reason: str | None = None
    calls: int = 0
    examples: int = 0
    seconds: float = 0.0
    operations: Mapping[str, int] = field(default_factory=dict[str, int])
    pairs: Mapping[str, int] = field(default_factory=dict[str, int])
    failure: Failure | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Backend and check: the identity of a result."""
        return self.backend, self.check

    @property
    def identifier(self) -> str:
        """The identity as one word, as anchors and ``conformance replay FILE#ID`` use it."""
        return f"{self.backend}/{self.check}"

    def to_json(self) -> dict[str, Any]:
        """Return the result as its line holds it."""
        return {"kind": self.kind, **codec.to_json(self)}

    @classmethod
    def from_json(cls, data: Any) -> Result:
        """Return the result that :meth:`to_json` wrote."""
        found = codec.from_json(cls, data, "result")
        if (found.state == "fail") != (found.failure is not None):
            raise codec.Unfit(f"result.failure of {found.identifier} does not go with the state {found.state!r}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A deviation that was declared when the run was made, without its stored program.

    ``upheld`` says that the program still showed it, whatever the checks came upon. Dates are ISO 8601.
    """

    backend: str
    requirement: str
    reason: str
    issue: str | None = None
    signature: str = ""
    first_seen: str | None = None
    expires: str | None = None
    flaky: bool = False
    upheld: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """How the run ended, and what it was judged by.

    ``leaks`` are paths that it left behind, by backend; ``declared`` are the deviations of its backends as they were
    declared at that time.
    """

    kind: ClassVar[str] = "footer"
    finished: str
    seconds: float
    calls: int
    leaks: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    declared: tuple[Declared, ...] = ()
    interrupted: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the footer as the last line of a document holds it."""
        return {"kind": self.kind, **codec.to_json(self)}

    @classmethod
    def from_json(cls, data: Any) -> Footer:
        """Return the footer that :meth:`to_json` wrote."""
        found = codec.from_json(cls, data, "footer")
        for day in (day for entry in found.declared for day in (entry.first_seen, entry.expires) if day is not None):
            try:
                date.fromisoformat(day)
            except ValueError:
                raise codec.Unfit(f"footer.declared: {day!r} is no date in ISO 8601") from None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole run: header, one result for every planned check in the order of the plan, footer."""

    header: Header
    results: tuple[Result, ...]
    footer: Footer

    def of(self, backend: str) -> tuple[Result, ...]:
        """Return the results of one backend."""
        return tuple(result for result in self.results if result.backend == backend)

    @property
    def failures(self) -> tuple[tuple[Result, Failure], ...]:
        """Every result that failed, with its failure, in the order in which they are numbered.

        First one for each signature on each backend, which shows it best; of these the most basic requirements first.
        """
        found = [(result, result.failure) for result in self.results if result.failure is not None]
        same: dict[tuple[str, str], list[tuple[Result, Failure]]] = {}
        for pair in found:
            same.setdefault((pair[0].backend, pair[1].signature), []).append(pair)
        backends = list(dict.fromkeys(result.backend for result in self.results))

        def basic(pair: tuple[Result, Failure]) -> tuple[int, bool, int, int]:
            result, failure = pair
            subject = failure.requirement.partition(".")[0]
            rank = BASIC.index(subject) if subject in BASIC else len(BASIC)
            often = len(same[result.backend, failure.signature]) if rank < len(BASIC) else 0
            return backends.index(result.backend), rank == len(BASIC), -often, rank

        best = sorted((min(pairs, key=shown_better) for pairs in same.values()), key=basic)
        first = {result.identifier for result, _ in best}
        return (*best, *(pair for pair in found if pair[0].identifier not in first))


BASIC = ("write", "read", "delete", "list", "stat", "completeness")
"""The subjects on which the others rest."""


def shown_better(pair: tuple[Result, Failure]) -> tuple[bool, int]:
    """Sort failures of one kind: that of the requirement's own check first, and a short program before a long one."""
    result, failure = pair
    return result.requirement != failure.requirement, len(failure.calls)
