"""What a backend is told in the end: one sentence, an exit code, and what makes the sentence weaker than it sounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from conformance.declaration.judging import Cell, Standing


class Exit(IntEnum):
    """Exit codes that a CI may rely on."""

    AS_DECLARED = 0
    DIFFERS = 1
    NO_VERDICT = 2
    OUT_OF_DATE = 3
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on one backend: in words, as an exit code, with its cells by requirement.

    ``weak`` are sentences on what the verdict does not rest on: read them before the words are believed.
    """

    backend: str
    code: Exit
    words: str
    weak: tuple[str, ...]
    cells: Mapping[str, Cell]

    @property
    def sentence(self) -> str:
        """The verdict with the name of the backend in front."""
        return f"{self.backend}: {self.words}"

    def count(self, *standings: Standing) -> int:
        """Return how many requirements stand so."""
        return sum(cell.standing in standings for cell in self.cells.values())


def verdict(
    backend: str,
    cells: Mapping[str, Cell],
    *,
    interrupted: bool,
    chosen: bool = False,
    deeper: bool = False,
    weak: Sequence[str] = (),
) -> Verdict:
    """Return the verdict on a backend from where its requirements stand.

    Only some were ``chosen``, or all asked; ``deeper`` says that the largest profile plans what was not planned.
    """
    counts: dict[Standing, int] = dict.fromkeys(_standings, 0)
    for cell in cells.values():
        counts[cell.standing] += 1
    code = _code(counts, any(cell.ran for cell in cells.values()), interrupted)
    return Verdict(
        backend=backend,
        code=code,
        words=_words(code, counts, {name: cell for name, cell in cells.items() if cell.standing == "deviation"}),
        weak=(*_weak(cells, chosen=chosen, deeper=deeper), *weak),
        cells=cells,
    )


_standings: tuple[Standing, ...] = (
    "pass",
    "fail",
    "deviation",
    "stale",
    "expired",
    "not-applicable",
    "not-run",
    "error",
    "blocked",
    "unplanned",
)


def _code(counts: Mapping[Standing, int], ran: bool, interrupted: bool) -> Exit:
    if interrupted:
        return Exit.INTERRUPTED
    if not ran or counts["error"] or counts["not-run"]:
        return Exit.NO_VERDICT
    if counts["fail"]:
        return Exit.DIFFERS
    return Exit.OUT_OF_DATE if counts["stale"] or counts["expired"] else Exit.AS_DECLARED


NAMED = 6
"""How many declared deviations a sentence names."""
FIRST = 5
"""How many requirements a note names."""


def _words(code: Exit, counts: Mapping[Standing, int], declared: Mapping[str, Cell]) -> str:
    deviations = tuple(declared)
    fails, out_of_date = counts["fail"], counts["stale"] + counts["expired"]
    applying = counts["pass"] + counts["deviation"] + counts["fail"] + out_of_date + counts["blocked"]
    share = "all" if fails == applying else f"{fails} of the"
    broken = f"does not conform: {share} {applying} requirements that apply "
    broken = broken if applying > 1 else "does not conform: the one requirement that applies "
    broken += "fails" if fails == 1 else "fail"
    broken += " otherwise than declared" if counts["deviation"] else ""
    old = f"{plural(out_of_date, 'declared deviation')} {'is' if out_of_date == 1 else 'are'} out of date"
    broken += f", and {old}" if out_of_date else ""
    match code:
        case Exit.INTERRUPTED:
            return "no verdict, the run was interrupted" + (f"; so far it {broken}" if fails else "")
        case Exit.NO_VERDICT:
            troubles = [
                *([f"{plural(counts['error'], 'requirement')} ended in an error"] if counts["error"] else []),
                *([f"{plural(counts['not-run'], 'requirement')} had no run"] if counts["not-run"] else []),
            ]
            return f"no verdict, {' and '.join(troubles) or 'nothing ran'}" + (f"; it also {broken}" if fails else "")
        case Exit.DIFFERS:
            return broken
        case Exit.OUT_OF_DATE:
            seen = [name for name, cell in declared.items() if cell.blaming or cell.upheld]
            still = f", and {_named(seen)} {'is' if len(seen) == 1 else 'are'} as declared" if seen else ""
            return f"{'as declared' if deviations else 'conformant'}, but {old}{still}"
        case Exit.AS_DECLARED if deviations or counts["blocked"]:
            verb = "is" if len(deviations) == 1 else "are"
            named = f"({_named(deviations)})"
            hold = "holds" if applying == 1 else "hold"
            told = [
                f"as declared: {counts['pass']} of {plural(applying, 'requirement')} {hold}",
                *([f"{plural(len(deviations), 'deviation')} {verb} declared {named}"] if deviations else []),
                *([f"{counts['blocked']} could not be verified"] if counts["blocked"] else []),
            ]
            return ", ".join(told)
        case _ if applying == 1:
            return f"conformant to the one requirement that applies{' and was planned' if counts['unplanned'] else ''}"
        case _:
            checked = " and were planned" if counts["unplanned"] else ""
            return f"conformant to all {applying} requirements that apply{checked}"


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _weak(cells: Mapping[str, Cell], *, chosen: bool, deeper: bool) -> list[str]:
    told: list[tuple[Standing, str]] = [
        ("error", "ended in an error of the kit or the environment"),
        ("not-run", "planned but had no run"),
        ("blocked", "not verified, because another requirement failed first in every check"),
        *([] if chosen else [("unplanned", "not planned in this run")]),
        ("not-applicable", "not applicable to this backend"),
    ]
    notes: list[str] = []
    for standing, text in told:
        names = [name for name, cell in cells.items() if cell.standing == standing]
        more = f" and {len(names) - FIRST} more" if len(names) > FIRST else ""
        many = standing == "not-applicable" or (standing == "unplanned" and more)
        named = "" if many else f" ({', '.join(names[:FIRST])}{more})"
        way = ": --profile deep plans them" if deeper and standing == "unplanned" else ""
        way = way.replace("them", "it") if len(names) == 1 else way
        notes += [f"{plural(len(names), 'requirement')} {text}{named}{way}"] if names else []
    return notes


def plural(number: int, noun: str) -> str:
    """Return a count with its noun: "1 requirement", "2 requirements"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
