"""What a run was judged by, as its document carries it: whoever reads the document comes to the same verdict."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from conformance.declaration.deviations import Declarations, Deviation
from conformance.declaration.judging import Replay
from conformance.results import Declared, Document


def judged_by(document: Document, declarations: Declarations, diverging: Collection[str] = ()) -> Document:
    """Return a document that carries what is declared of its backends, by which its run is judged.

    ``diverging`` are the keys of the deviations whose stored program still shows them.
    """
    declared = tuple(
        Declared(
            backend=entry.backend,
            requirement=entry.requirement,
            reason=entry.reason,
            issue=entry.issue,
            signature=entry.signature,
            first_seen=entry.first_seen and entry.first_seen.isoformat(),
            expires=entry.expires and entry.expires.isoformat(),
            flaky=entry.flaky,
            upheld=entry.key in diverging,
        )
        for entry in declarations.deviations
        if any(entry.about(backend.name, backend.spec) for backend in document.header.backends)
    )
    return replace(document, footer=replace(document.footer, declared=declared))


def declared_then(document: Document) -> Declarations:
    """Return what was declared when a run was made; nothing where its document does not tell."""
    entries = tuple(_deviation(entry) for entry in document.footer.declared)
    return Declarations(deviations=entries, carried=frozenset(entry.backend for entry in entries))


def upheld(document: Document) -> dict[str, Replay]:
    """Return the stored programs, by the key of their deviation, that still diverged when the run was made."""
    return {_deviation(entry).key: "diverges" for entry in document.footer.declared if entry.upheld}


def _deviation(entry: Declared) -> Deviation:
    return Deviation(
        backend=entry.backend,
        requirement=entry.requirement,
        reason=entry.reason,
        issue=entry.issue,
        untracked=entry.issue is None,
        signature=entry.signature,
        first_seen=_day(entry.first_seen),
        expires=_day(entry.expires),
        flaky=entry.flaky,
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
