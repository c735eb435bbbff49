"""The page about many backends: who keeps which requirement, the requirements on which they disagree first.

Every backend has its own document and its own page; this one puts them beside each other and leads to those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from conformance.declaration import Cell, Exit, Judgement, Standing
from conformance.report.html import Section, template
from conformance.report.view import UNKNOWN, Card, view
from conformance.report.words import SHORT
from conformance.results import Document, RequirementText

BESIDE: frozenset[Standing] = frozenset({"pass", "not-applicable", "unplanned"})
"""Standings of a requirement that holds, or that was not asked for: all others are trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A document about one backend or several, what was judged of it, and the page that shows it, as a link."""

    document: Document
    judgement: Judgement
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One backend."""

    name: str
    href: str
    version: str
    code: Exit
    words: str
    holding: int
    troubles: int
    unverified: int
    calls: int
    date: str

    @property
    def kind(self) -> str:
        """The sign of its verdict."""
        return {Exit.AS_DECLARED: "pass", Exit.DIFFERS: "fail", Exit.OUT_OF_DATE: "stale"}.get(self.code, "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where one backend stands with one requirement; ``href`` leads to the evidence."""

    backend: str
    cell: Cell
    href: str
    version: str
    card: Card | None

    @property
    def word(self) -> str:
        """The standing, in one or two words."""
        return SHORT[self.cell.standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One requirement over all backends, in the order of the columns; None where a backend knows nothing of it."""

    id: str
    text: RequirementText
    spots: tuple[Spot | None, ...]
    troubles: tuple[Spot, ...]
    holding: int

    @property
    def order(self) -> tuple[int, int, str]:
        """Sort first what divides the backends most evenly, then what most of them do not keep."""
        return -min(self.broken, self.holding), -self.broken, self.id

    @property
    def broken(self) -> int:
        """How many backends do not keep it: of others it may only not be verified."""
        return sum(spot.cell.standing != "blocked" for spot in self.troubles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole page: ``divided`` are requirements that do not hold or are not verified somewhere, ``agreed`` hold."""

    columns: tuple[Column, ...]
    divided: tuple[Line, ...]
    agreed: Mapping[str, tuple[Line, ...]] = field(default_factory=dict[str, tuple[Line, ...]])


def comparison(runs: Sequence[Run], *, title: str = "", extras: Sequence[Section] = ()) -> str:
    """Return the page that compares the backends of ``runs``; ``extras`` are further tables at its end.

    The page asks nothing of the network. It does not hold the documents: the pages that it leads to do.
    """
    shown = compared(runs)
    headers = [run.document.header for run in runs]
    return template("comparison.html.j2").render(
        shown=shown,
        title=title or f"{len(shown.columns)} {'backend' if len(shown.columns) == 1 else 'backends'} compared",
        extras=extras,
        kit=", ".join(sorted({header.kit for header in headers})),
        profiles=sorted({header.profile for header in headers}),
        calls=sum(column.calls for column in shown.columns),
    )


def compared(runs: Sequence[Run]) -> Comparison:
    """Return everything that the page shows."""
    texts: dict[str, RequirementText] = {}
    columns: list[Column] = []
    spots: list[dict[str, Spot]] = []
    for run in runs:
        texts.update(run.document.header.requirements)
        seen = view(run.document, run.judgement)
        cards = {(card.backend, card.requirement): card for card in reversed(seen.cards)}
        for verdict in run.judgement.verdicts:
            about = next(each for each in run.document.header.backends if each.name == verdict.backend)
            column = Column(
                name=verdict.backend,
                href=run.href,
                version=about.version or about.spec,
                code=verdict.code,
                words=verdict.words,
                holding=verdict.count("pass"),
                troubles=sum(cell.standing not in {*BESIDE, "blocked"} for cell in verdict.cells.values()),
                unverified=verdict.count("blocked"),
                calls=sum(result.calls for result in run.document.of(verdict.backend)),
                date=run.document.header.started[:10],
            )
            columns.append(column)
            spots.append(
                {
                    identifier: Spot(
                        backend=verdict.backend,
                        cell=cell,
                        href=f"{run.href}#{seen.anchors.get((verdict.backend, identifier)) or f'r-{identifier}'}",
                        version=about.version,
                        card=cards.get((verdict.backend, identifier)),
                    )
                    for identifier, cell in verdict.cells.items()
                }
            )
    lines = [_line(identifier, texts.get(identifier, UNKNOWN), spots) for identifier in _identifiers(texts, spots)]
    agreed: dict[str, list[Line]] = {}
    for line in lines:
        if not line.troubles:
            agreed.setdefault(line.text.subject, []).append(line)
    return Comparison(
        columns=tuple(columns),
        divided=tuple(sorted((line for line in lines if line.troubles), key=lambda line: line.order)),
        agreed={subject: tuple(found) for subject, found in agreed.items()},
    )


def _identifiers(texts: Mapping[str, RequirementText], spots: Sequence[Mapping[str, Spot]]) -> list[str]:
    return list(dict.fromkeys([*texts, *(identifier for one in spots for identifier in one)]))


def _line(identifier: str, text: RequirementText, spots: Sequence[Mapping[str, Spot]]) -> Line:
    found = tuple(one.get(identifier) for one in spots)
    return Line(
        id=identifier,
        text=text,
        spots=found,
        troubles=tuple(spot for spot in found if spot is not None and spot.cell.standing not in BESIDE),
        holding=sum(spot is not None and spot.cell.state == "pass" for spot in found),
    )
