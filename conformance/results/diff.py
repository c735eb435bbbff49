"""Compares two runs: what is new, what is gone, what stayed, and what was not looked at this time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from conformance.results.document import Document, Failure

Kind = Literal["new", "changed", "fixed", "still", "unseen"]
TITLES: dict[Kind, str] = {
    "new": "New failures",
    "changed": "Failures of another kind",
    "fixed": "Fixed",
    "still": "Still failing",
    "unseen": "Failed before, not looked at this time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one requirement of one backend."""

    kind: Kind
    backend: str
    requirement: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All changes between two documents, in the order of kind, backend, requirement."""

    changes: tuple[Change, ...]

    @property
    def worse(self) -> bool:
        """Whether something fails that did not, or fails otherwise."""
        return any(change.kind in ("new", "changed") for change in self.changes)

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Return the changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)

    def text(self) -> str:
        """Return the changes as lines to read, headed by kind."""
        lines: list[str] = []
        for kind, title in TITLES.items():
            found = self.of(kind)
            if found:
                lines += [f"{title}: {len(found)}", *(f"  {c.backend}: {c.requirement}: {c.sentence}" for c in found)]
        return "\n".join(lines or ["No failure in either run"]) + "\n"


def diff(old: Document, new: Document) -> Diff:
    """Return how ``new`` differs from ``old``, by the requirement that each failure blames.

    A requirement that no check of the new run covered is ``unseen``, never ``fixed``: removing a failing check or
    running a smaller profile is no improvement, and a check that is gone is no regression.
    """
    before, after = _blamed(old), _blamed(new)
    seen = _passed(new)
    changes: list[Change] = []
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key, {}), after.get(key, {})
        if now and not was:
            kind: Kind = "new"
        elif now and not now.keys() <= was.keys():
            kind = "changed"
        elif now:
            kind = "still"
        else:
            kind = "fixed" if key in seen else "unseen"
        failure = next(iter((now or was).values()))
        sentence = f"{failure.what}: expected {failure.expected}, observed {failure.observed}"
        changes.append(Change(kind=kind, backend=key[0], requirement=key[1], sentence=sentence))
    order = list(TITLES)
    return Diff(changes=tuple(sorted(changes, key=lambda change: order.index(change.kind))))


def _blamed(document: Document) -> dict[tuple[str, str], dict[str, Failure]]:
    found: dict[tuple[str, str], dict[str, Failure]] = {}
    for result, failure in document.failures:
        found.setdefault((result.backend, failure.requirement), {}).setdefault(failure.signature, failure)
    return found


def _passed(document: Document) -> set[tuple[str, str]]:
    covers = {entry.key: (entry.requirement, *entry.also) for entry in document.header.plan}
    return {
        (result.backend, requirement)
        for result in document.results
        if result.state == "pass"
        for requirement in covers.get(result.key, (result.requirement,))
    }
