"""The gate: a whole run against everything declared, one verdict per backend and one exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from conformance.declaration.carried import declared_then, upheld
from conformance.declaration.deviations import Declarations, Deviation
from conformance.declaration.judging import Cell, Replay, stand
from conformance.declaration.verdict import Exit, Verdict, plural, verdict
from conformance.results import Document, Failure, Result

FEW_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdicts of a run, in the order of its backends, and what could not be judged."""

    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()

    @property
    def code(self) -> Exit:
        """The exit code of the whole: the gravest of the backends; nothing ran is no verdict."""
        found = {verdict.code for verdict in self.verdicts}
        order = (Exit.INTERRUPTED, Exit.NO_VERDICT, Exit.DIFFERS, Exit.OUT_OF_DATE, Exit.AS_DECLARED)
        return next((code for code in order if code in found), Exit.NO_VERDICT)

    def of(self, backend: str) -> Verdict:
        """Return the verdict on one backend.

        Raises:
            LookupError: the run had no such backend.

        """
        for found in self.verdicts:
            if found.backend == backend:
                return found
        raise LookupError(f"the run had no backend {backend!r}")


def judge(
    document: Document,
    declarations: Declarations | None = None,
    *,
    replayed: Mapping[str, Replay] | None = None,
    today: date | None = None,
) -> Judgement:
    """Return how a run compares with what is declared.

    ``declarations`` are by default those that the run was judged by, as its document carries them. ``replayed`` tells
    by :attr:`Deviation.key` what came of the stored programs, by default in that run: while one ``diverges``, its
    deviation is not stale even when the search of its check found nothing. ``today`` is the day on which entries
    expire, by default that of the run. So the same document always gets the same verdict.
    """
    declared = declared_then(document) if declarations is None else declarations
    replays = upheld(document) if replayed is None else replayed
    day = today or date.fromisoformat(document.header.started[:10])
    backends = document.header.backends
    theirs = {name for backend in backends for name in (backend.name, backend.spec)}
    here = ", ".join(backend.name for backend in backends)
    return Judgement(
        verdicts=tuple(_backend(document, b.name, declared.of(b.name, b.spec), replays, day) for b in backends),
        notes=tuple(
            f"{declared.name} declares deviations of {name}, which is not part of this run: it has {here}"
            for name in dict.fromkeys(deviation.backend for deviation in declared.deviations)
            if name not in theirs and name not in declared.carried
        ),
    )


def _backend(
    document: Document,
    backend: str,
    declared: tuple[Deviation, ...],
    replayed: Mapping[str, Replay],
    today: date,
) -> Verdict:
    covers = {entry.key: (entry.requirement, *entry.also) for entry in document.header.plan}
    covering: dict[str, list[Result]] = {}
    blaming: dict[str, list[tuple[Result, Failure]]] = {}
    results = document.of(backend)
    for result in results:
        for requirement in covers.get(result.key, (result.requirement,)):
            covering.setdefault(requirement, []).append(result)
        if result.failure is not None:
            blaming.setdefault(result.failure.requirement, []).append((result, result.failure))
    entries: dict[str, list[Deviation]] = {}
    for deviation in declared:
        # Of what was not asked nothing is known, whatever is declared of it.
        if deviation.requirement in covering or deviation.requirement in blaming:
            entries.setdefault(deviation.requirement, []).append(deviation)
    order = dict.fromkeys([*document.header.requirements, *covering, *blaming, *entries])
    cells: dict[str, Cell] = {
        requirement: stand(
            backend,
            requirement,
            covering=covering.get(requirement, []),
            blaming=blaming.get(requirement, []),
            declared=entries.get(requirement, []),
            replayed=replayed,
            today=today,
            partial=requirement in document.header.partial.get(backend, ()),
        )
        for requirement in order
    }
    return verdict(
        backend,
        cells,
        interrupted=document.footer.interrupted,
        chosen=_chosen(document),
        deeper=_deeper(document, backend),
        weak=_weak(document, backend, results),
    )


def _chosen(document: Document) -> bool:
    """Whether whoever ran it asked for some checks only, and so knows that the others were not run."""
    return any(word.partition("=")[0] == "--only" for word in document.header.command)


def _deeper(document: Document, backend: str) -> bool:
    """Whether the profile alone left out what was not planned: pytest has other ways to, as ``-k``."""
    command = document.header.command[1:]
    return (
        command[:1] == ("check",) and "upload-controller" not in command and _profile(document, backend) == "standard"
    )


def _profile(document: Document, backend: str) -> str:
    return next((run.profile for run in document.header.runs if backend in run.backends), document.header.profile)


def _weak(document: Document, backend: str, results: tuple[Result, ...]) -> list[str]:
    """Return what else makes a verdict weak: a small profile, few examples, operations without a call, leaks."""
    told: list[str] = []
    profile = _profile(document, backend)
    calls = sum(result.calls for result in results)
    if profile == "smoke":
        told.append(f"the smallest profile, smoke, was run: {plural(calls, 'backend call')} in all")
    few = [result for result in results if result.state == "pass" and 0 < result.examples < FEW_EXAMPLES]
    if few and profile == "deep":
        told.append(f"{plural(len(few), 'check')} passed on fewer than {FEW_EXAMPLES} examples")
    used: Counter[str] = Counter()
    for result in results:
        used.update(result.operations)
    entry = next(entry for entry in document.header.backends if entry.name == backend)
    idle = sorted(set(entry.features.get("operations", ())) - {op for op, count in used.items() if count} - LOCAL)
    if idle and not _chosen(document):
        told.append(f"declared and never called: {', '.join(idle)}")
    leaks = document.footer.leaks.get(backend, ())
    if leaks:
        told.append(f"{plural(len(leaks), 'path')} left behind after the run, the first {leaks[0]!r}")
    return told


LOCAL = frozenset({"features", "metadata"})
"""Operations that answer from the declaration itself; the recorder asks them once and does not count them."""
