"""What became of one check on one backend, in the form of the result document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from conformance.storage import Content, Object, Source
from conformance.storage.calls import (
    Call,
    EtagOf,
    Fabricated,
    Handle,
    IdOf,
    ModifiedOf,
    PartOf,
    RestOf,
    SegmentOf,
    Step,
    bounded,
    shorten,
)
from conformance.storage.literals import literal

State = Literal["pass", "fail", "error", "not-applicable", "not-run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFailure:
    """A requirement seen broken: what was expected and observed, and the smallest sequence that shows it."""

    requirement: str
    what: str
    expected: str
    observed: str
    signature: str
    reproduced: str
    arguments: Mapping[str, str]
    steps: Sequence[Step]
    diverges: int
    script: str

    def to_json(self) -> dict[str, Any]:
        """Return the failure as the result document has it."""
        attributes = attributes_of(f"{self.requirement} {self.what}")
        return {
            "requirement": self.requirement,
            "what": self.what,
            "expected": self.expected,
            "observed": self.observed,
            "signature": self.signature,
            "reproduced": self.reproduced,
            "arguments": dict(self.arguments),
            "steps": [
                {
                    "n": number,
                    "client": step.call.client,
                    "op": step.call.op,
                    "arguments": arguments_text(step.call),
                    "outcome": step.outcome.brief(attributes),
                    "expected": self.expected if number == self.diverges else step.expected,
                    "seconds": round(step.outcome.seconds, 6),
                    "diverges": number == self.diverges,
                }
                for number, step in enumerate(self.steps)
            ],
            "calls": [step.call.to_json() for step in self.steps],
            "script": self.script,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The result of one check; ``calls`` and ``operations`` count what it asked of the backend.

    ``pairs`` counts, for programs, how often one operation came right behind another: ``"write read"``.
    """

    backend: str
    check: str
    requirement: str
    state: State
    reason: str | None = None
    calls: int = 0
    examples: int = 0
    seconds: float = 0.0
    operations: Counter[str] = field(default_factory=Counter[str])
    pairs: Counter[str] = field(default_factory=Counter[str])
    failure: CheckFailure | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the result line of the document."""
        return {
            "kind": "result",
            "backend": self.backend,
            "check": self.check,
            "requirement": self.requirement,
            "state": self.state,
            "reason": self.reason,
            "calls": self.calls,
            "examples": self.examples,
            "seconds": round(self.seconds, 4),
            "operations": dict(sorted(self.operations.items())),
            "pairs": dict(sorted(self.pairs.items())),
            "failure": self.failure.to_json() if self.failure else None,
        }


def attributes_of(words: str) -> tuple[str, ...]:
    """Return the attributes of objects that a failure in these ``words`` is about, so that one sees what was told."""
    meant = {name for word, names in _MEANT.items() if word in words for name in names}
    return tuple(field.name for field in fields(Object) if field.name in meant or field.name in words.split())


_HEADERS = ("content_disposition", "content_encoding", "content_language", "cache_control")
_MEANT: Mapping[str, tuple[str, ...]] = {
    "etag": ("etag",),
    "md5": ("content_md5",),
    "sha256": ("content_sha256",),
    "modif": ("last_modified",),
    "since": ("last_modified",),
    "header": _HEADERS,
    "metadata": _HEADERS,
    "link": ("link_target",),
    "offset": ("append_offset",),
}
"""The words of requirements and failures by which attributes go."""


def arguments_text(call: Call) -> str:
    """Return the arguments of a call in one line; references read as ``#step``."""
    shown = [_text(term) for term in call.args] + [f"{name}={_text(term)}" for name, term in call.pairs.items()]
    return bounded(shorten(", ".join(shown)))


def _text(term: Any) -> str:
    match term:
        case Handle():
            changed = "" if term.mode is None else f" with mode {term.mode}"
            return f"#{term.step}{changed}"
        case PartOf():
            changed = "" if term.index is None else f" with index {term.index}"
            changed += "" if term.etag is None else f" with etag {term.etag!r}"
            return f"part of #{term.step}{changed}"
        case IdOf():
            return f"id of #{term.step}"
        case EtagOf():
            return f"etag of #{term.step}"
        case ModifiedOf():
            return f"time of #{term.step} {term.seconds:+g} s"
        case RestOf():
            return f"rest of #{term.step}"
        case SegmentOf():
            return f"segment of #{term.step}" + (f" with path {term.path!r}" if term.path else "")
        case Fabricated():
            return f"Object({term.path!r}, mode={term.mode}, multipart_id={term.multipart_id!r})"
        case list():
            return "[" + ", ".join(_text(member) for member in term) + "]"  # type: ignore[reportUnknownVariableType]
        case _:
            return _value(term)


def _value(term: Any) -> str:
    """Return a term that refers to no step."""
    match term:
        case Source(content=content, kind=kind):
            readers = {"plain": "", "none": " (no reader)", "raises": f" (reader raises at {term.at})"}
            return _value(content) + readers.get(kind, f" ({kind} reader)")
        case Content(literal=bytes() as made):
            return literal(made)
        case str() | bytes():
            return literal(term)
        case _:
            return repr(term)
