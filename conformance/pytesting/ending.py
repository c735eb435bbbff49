"""The end of a pytest session: the document, the verdict, and what was planned and never reported."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.declaration import Exit, Judgement, judge, judged_by
from conformance.engine.laws import checks
from conformance.planning import header, now, own_folder, planned
from conformance.problems import Problem, printable
from conformance.report import page
from conformance.results import BackendEntry, Document, Footer, Planned, Result, cover, dumps

if TYPE_CHECKING:
    from conformance.pytesting.session import ConformanceSession


class Ending:
    """Makes one document of what was planned and heard, and judges it."""

    def __init__(self, session: ConformanceSession) -> None:
        self.session = session
        self.files: list[Path] = []
        self.missing: list[str] = []
        self.problem = ""
        self.document = judged_by(self._document(), session.declared, session.upheld)
        self.judgement: Judgement = judge(self.document, session.declared)

    def finish(self, session: pytest.Session) -> None:
        """Write what was asked for, and let the session fail where it is not as declared."""
        self._write()
        wrong = self.missing and not self._ended_early(session)
        if session.exitstatus != pytest.ExitCode.OK:
            return
        if self.judgement.code is Exit.NO_VERDICT:
            session.exitstatus = int(Exit.NO_VERDICT)  # as the command does; to pytest it means interrupted
        elif wrong or self.problem or self.judgement.code in (Exit.OUT_OF_DATE, Exit.DIFFERS):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def tell(self, terminal: Any) -> None:
        """Print the verdicts."""
        terminal.section("storage conformance")
        for verdict in self.judgement.verdicts:
            good = verdict.code is Exit.AS_DECLARED
            terminal.line(verdict.sentence, green=good, red=verdict.code is Exit.DIFFERS, bold=True)
            for cell in verdict.cells.values():
                if cell.standing in ("stale", "expired"):
                    terminal.line(f"  {cell.requirement}: {cell.reason}", red=True)
        for note in self.judgement.notes:
            terminal.line(note)
        overlooked = (
            "" if self.session.option("declared") else self.session.settings.overlooked("--conformance-declared")
        )
        if overlooked and self.judgement.code is Exit.DIFFERS:
            terminal.line(overlooked)
        for backend, paths in self.document.footer.leaks.items():
            terminal.line(
                f"{backend} still holds what could not be removed: {printable(', '.join(paths[:5]))}", red=True
            )
        if self.judgement.code is Exit.OUT_OF_DATE:
            file = self.session.declared.name
            over = f"FAILED {file} - what it declares is out of date, which no test shows"
            terminal.line(f"{over}: conformance accept --declared {file} --prune removes it", red=True)
        if self.missing:
            told = f"{len(self.missing)} planned checks were not reported, the first {self.missing[0]}"
            terminal.line(told, red=True)
        if self.problem:
            terminal.line(self.problem, red=True)
        for file in self.files:
            terminal.line(f"written: {file}")

    def _document(self) -> Document:
        session = self.session
        heard = {result.key: result for result in session.results}
        plan = [_planned(*found, heard.get((found.backend, found.check))) for found in session.planned.values()]
        self.missing = [f"{e.backend}/{e.check}" for e in plan if e.key not in heard]
        results = cover(plan, session.results, state="not-run", reason="it was planned and not reported")
        names = dict.fromkeys(entry.backend for entry in plan)
        return Document(
            header=header(
                session.asked,
                [session.entries.get(name) or BackendEntry(name=name) for name in names],
                plan,
                session.started,
            ),
            results=results,
            footer=Footer(
                finished=now(),
                seconds=round(time.perf_counter() - session.began, 3),
                calls=sum(result.calls for result in results),
                leaks={name: tuple(paths) for name, paths in session.leaks.items() if paths},
                interrupted=False,
            ),
        )

    def _write(self) -> None:
        """Write the document for ``conformance replay``, and what was asked for; what cannot be written is told."""
        session = self.session
        text = dumps(self.document)
        wanted = {name: session.config.invocation_params.dir / session.option(name) for name in ("results", "report")}
        try:
            (own_folder(session.config.rootpath) / "last.jsonl").write_text(text, "utf-8")
            if session.option("results"):
                wanted["results"].write_text(text, "utf-8")
                self.files.append(wanted["results"])
            if session.option("report"):
                wanted["report"].write_text(page(self.document, self.judgement), "utf-8")
                self.files.append(wanted["report"])
        except OSError as error:
            self.problem = f"{error.filename} cannot be written: {error.strerror or error}"
        except Problem as problem:
            self.problem = str(problem)

    @staticmethod
    def _ended_early(session: pytest.Session) -> bool:
        return bool(session.shouldstop or session.shouldfail)


def _planned(backend: str, check: str, result: Result | None) -> Planned:
    absent = result is not None and result.state == "not-applicable"
    return planned(backend, checks()[check], result.reason if result is not None and absent else None)
