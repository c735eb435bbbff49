"""What the page shows, worked out before any template is looked at: rows, cards, tables, in their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from conformance.declaration import Cell, Deviation, Exit, Judgement, Standing, Verdict
from conformance.report.words import SIGNS, issue_text, replay_line
from conformance.results import Document, Failure, RequirementText, Result
from conformance.results.document import shown_better
from conformance.storage import operations


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One kind of failure of a requirement on one backend: the one that shows it best, and every check that met it.

    ``number`` is the place of the failure among those of its document, by which ``conformance replay`` knows it.
    ``like`` is the number of an earlier card whose program makes the same operations and ends in the same way: most
    often the same defect, seen from another requirement.
    """

    anchor: str
    number: int
    backend: str
    requirement: str
    text: RequirementText
    state: str
    result: Result
    failure: Failure
    deviation: Deviation | None
    others: tuple[Result, ...]
    replay: str
    issue: str
    like: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Where some backends stand with a requirement, all for the same reason."""

    cells: tuple[Cell, ...]

    @property
    def state(self) -> str:
        """The state of all of them."""
        return self.cells[0].state

    @property
    def standing(self) -> Standing:
        """The exact standing of all of them."""
        return self.cells[0].standing

    @property
    def reason(self) -> str:
        """Why."""
        return self.cells[0].reason

    @property
    def blockers(self) -> tuple[str, ...]:
        """The requirements that kept their checks from coming to the point."""
        return self.cells[0].blockers


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One requirement across all backends; ``checks`` are those of the plan that cover it."""

    id: str
    text: RequirementText
    cells: tuple[Cell, ...]
    checks: tuple[str, ...]

    @property
    def states(self) -> tuple[str, ...]:
        """The states of the row, each once."""
        return tuple(dict.fromkeys(cell.state for cell in self.cells))

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The backends of the row by where they stand and why."""
        found: dict[tuple[Standing, str], list[Cell]] = {}
        for cell in self.cells:
            found.setdefault((cell.standing, cell.reason), []).append(cell)
        return tuple(Fact(cells=tuple(cells)) for cells in found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The requirements of one subject, those on which backends disagree first."""

    subject: str
    rows: tuple[Row, ...]
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """How often an operation was called on each backend; None where the backend does not declare it."""

    name: str
    counts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercised:
    """What the programs did on one backend: calls, operations, pairs of them in a row, and those that never came."""

    backend: str
    calls: int
    operations: tuple[str, ...]
    pairs: Mapping[str, int]
    never: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The whole in one sentence."""
        told = f"programs made {self.calls} calls of {len(self.operations)} operations in {len(self.pairs)} pairs"
        return f"{told}; never exercised: {', '.join(self.never)}" if self.never else told


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The whole page."""

    document: Document
    judgement: Judgement
    title: str
    alarms: tuple[str, ...]
    groups: tuple[Group, ...]
    cards: tuple[Card, ...]
    counts: Mapping[str, int]
    operations: tuple[Operation, ...]
    exercised: tuple[Exercised, ...]
    uncovered: tuple[str, ...]
    anchors: Mapping[tuple[str, str], str]


UNKNOWN = RequirementText(
    subject="other", level="derived", statement="The document does not say what this requirement is.", source="unknown"
)


def view(document: Document, judgement: Judgement) -> View:
    """Return everything the page shows about a document and its judgement."""
    groups = tuple(_groups(document, judgement))
    cards = tuple(_cards(document, judgement))
    counts = Counter(cell.state for found in judgement.verdicts for cell in found.cells.values())
    anchors: dict[tuple[str, str], str] = {}
    for card in cards:
        anchors.setdefault((card.backend, card.requirement), card.anchor)
    return View(
        document=document,
        judgement=judgement,
        title=_title(judgement),
        alarms=tuple(_alarms(document, judgement)),
        groups=groups,
        cards=cards,
        counts={state: counts[state] for state in SIGNS},
        operations=tuple(_operations(document)),
        exercised=tuple(_exercised(document)),
        uncovered=tuple(row.id for group in groups for row in group.rows if not row.checks),
        anchors=anchors,
    )


def tally(verdict: Verdict) -> dict[str, int]:
    """Return how many requirements of a backend are in each of the seven states."""
    counts = Counter(cell.state for cell in verdict.cells.values())
    return {state: counts[state] for state in SIGNS if counts[state]}


def _title(judgement: Judgement) -> str:
    total = len(judgement.verdicts)
    good = sum(found.code == Exit.AS_DECLARED for found in judgement.verdicts)
    if not total:
        return "No backend was run"
    if total == 1:
        return {
            Exit.AS_DECLARED: "Behaves as declared",
            Exit.DIFFERS: "Does not behave as declared" if _declares(judgement) else "Does not conform",
            Exit.NO_VERDICT: "No verdict",
            Exit.OUT_OF_DATE: "The declaration is out of date",
            Exit.INTERRUPTED: "Interrupted",
        }[judgement.code]
    if good == total:
        return f"{_number(total).capitalize()} backends, all as declared"
    return f"{_number(good).capitalize()} of {_number(total)} backends {'is' if good == 1 else 'are'} as declared"


def _declares(judgement: Judgement) -> bool:
    return any(cell.deviations for found in judgement.verdicts for cell in found.cells.values())


def _number(value: int) -> str:
    words = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return words[value] if value < len(words) else str(value)


def _alarms(document: Document, judgement: Judgement) -> Iterable[str]:
    """Yield what takes the meaning out of a whole run, to be read before anything else."""
    if document.footer.interrupted:
        yield "The run was interrupted; what had not been reported by then counts as not run."
    if not any(result.state in ("pass", "fail") for result in document.results):
        yield "Nothing ran: there is no result to judge."
    for verdict in judgement.verdicts:
        if verdict.cells and not any(cell.ran for cell in verdict.cells.values()):
            yield f"Nothing ran on {verdict.backend}."
    if document.header.profile == "smoke":
        yield "Only the smallest profile, smoke, was run: a pass means that nothing obvious is broken."
    broken = Counter(result.backend for result in document.results if result.state in ("error", "not-run"))
    for backend, count in broken.items():
        yield f"{count} {'check' if count == 1 else 'checks'} of {backend} came to no result, for the reasons told."
    yield from (f"{note}." for note in judgement.notes)


def _groups(document: Document, judgement: Judgement) -> Iterable[Group]:
    checks: dict[str, dict[str, None]] = {}
    for entry in document.header.plan:
        for requirement in (entry.requirement, *entry.also):
            checks.setdefault(requirement, {})[entry.check] = None
    texts = document.header.requirements
    ids = dict.fromkeys([*texts, *(key for found in judgement.verdicts for key in found.cells)])
    subjects: dict[str, list[Row]] = {}
    for identifier in ids:
        text = texts.get(identifier, UNKNOWN)
        row = Row(
            id=identifier,
            text=text,
            cells=tuple(found.cells[identifier] for found in judgement.verdicts if identifier in found.cells),
            checks=tuple(checks.get(identifier, ())),
        )
        subjects.setdefault(text.subject, []).append(row)

    def failing(entry: tuple[str, list[Row]]) -> int:
        return -sum(cell.state in ("fail", "error") for row in entry[1] for cell in row.cells)

    for subject, rows in sorted(subjects.items(), key=failing):
        calls = sum(
            result.calls for result in document.results if texts.get(result.requirement, UNKNOWN).subject == subject
        )
        yield Group(subject=subject, rows=tuple(sorted(rows, key=_disagreement)), calls=calls)


def _disagreement(row: Row) -> tuple[int, int]:
    """Sort first the rows on which backends disagree most, then those with most trouble."""
    told = {cell.state for cell in row.cells} - {"not-applicable"}
    trouble = sum(cell.state not in ("pass", "not-applicable") for cell in row.cells)
    return -len(told), -trouble


def _cards(document: Document, judgement: Judgement) -> Iterable[Card]:
    numbers = {result.identifier: number for number, (result, _) in enumerate(document.failures, 1)}
    found: list[Card] = []
    for verdict in judgement.verdicts:
        for cell in verdict.cells.values():
            causes: dict[str, list[tuple[Result, Failure]]] = {}
            for result, failure in cell.blaming:
                causes.setdefault(failure.signature, []).append((result, failure))
            found += [_card(document, cell, seen, numbers) for seen in causes.values()]
    shapes: dict[tuple[object, ...], int] = {}
    told: list[Card] = []
    for card in sorted(found, key=lambda card: (card.state == "deviation", card.number)):
        ops = tuple(step.op for step in card.failure.steps)
        shape = (card.backend, card.state, card.failure.signature.partition(": ")[2], ops)
        first = shapes.setdefault(shape, card.number) if ops else card.number
        told.append(card if first == card.number else replace(card, like=first))
    return told


def _card(document: Document, cell: Cell, seen: list[tuple[Result, Failure]], numbers: Mapping[str, int]) -> Card:
    seen.sort(key=shown_better)
    result, failure = seen[0]
    text = document.header.requirements.get(cell.requirement, UNKNOWN)
    number = numbers[result.identifier]
    replay = replay_line(failure, number)
    deviation = cell.declared(failure)
    return Card(
        anchor=f"failure-{number}",
        number=number,
        backend=cell.backend,
        requirement=cell.requirement,
        text=text,
        state="fail" if deviation is None else "deviation",
        result=result,
        failure=failure,
        deviation=deviation,
        others=tuple(other for other, _ in seen[1:]),
        replay=replay,
        issue=issue_text(cell.backend, failure, document, text.statement, replay),
    )


def _operations(document: Document) -> Iterable[Operation]:
    used: dict[str, Counter[str]] = {backend.name: Counter() for backend in document.header.backends}
    for result in document.results:
        used[result.backend].update(result.operations)
    declared = {backend.name: set(backend.features.get("operations", ())) for backend in document.header.backends}
    names = {op for ops in declared.values() for op in ops} | {op for counts in used.values() for op in counts}
    for name in sorted(names):
        yield Operation(
            name=name,
            counts=tuple(
                used[backend][name] if name in declared[backend] or used[backend][name] else None for backend in used
            ),
        )


def _exercised(document: Document) -> Iterable[Exercised]:
    for backend in document.header.backends:
        calls: Counter[str] = Counter()
        pairs: Counter[str] = Counter()
        for result in document.of(backend.name):
            if result.pairs:
                calls.update(result.operations)
                pairs.update(result.pairs)
        if not pairs:
            continue
        known = operations()
        declared = {op for op in backend.features.get("operations", ()) if op not in known or not known[op].local}
        yield Exercised(
            backend=backend.name,
            calls=calls.total(),
            operations=tuple(sorted(calls)),
            pairs=pairs,
            never=tuple(sorted(declared - set(calls))),
        )
