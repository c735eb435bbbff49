"""JUnit XML: a suite per backend, a case per check, flat properties that every consumer understands."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from conformance.declaration import Judgement, Verdict
from conformance.report.words import on_one_line, replay_line, visible
from conformance.results import Document, Failure, Result


def junit(document: Document, judgement: Judgement) -> str:
    """Return a run as JUnit XML.

    A failure that is declared is ``skipped`` with its reason, like a check that does not apply; a check that came to
    no result is an ``error``; a declaration that is out of date is a failing case of its own.
    """
    root = ET.Element("testsuites", name="storage-conformance", time=f"{document.footer.seconds:.3f}")
    numbers = {result.identifier: number for number, (result, _) in enumerate(document.failures, 1)}
    also = {entry.key: entry.also for entry in document.header.plan}
    for verdict in judgement.verdicts:
        suite = ET.SubElement(root, "testsuite", name=on_one_line(verdict.backend))
        properties = ET.SubElement(suite, "properties")
        header = document.header
        for name, value in (
            ("verdict", verdict.words),
            ("kit", header.kit),
            ("profile", header.profile),
            ("seed", str(header.seed)),
            *(("weak", note) for note in verdict.weak),
        ):
            ET.SubElement(properties, "property", name=name, value=on_one_line(value))
        for result in document.of(verdict.backend):
            case = _case(suite, result, also.get(result.key, ()), document)
            _outcome(case, result, verdict, numbers)
        for cell in verdict.cells.values():
            if cell.standing in ("stale", "expired"):
                case = ET.SubElement(
                    suite, "testcase", classname=on_one_line(f"{verdict.backend}.declaration"), name=cell.requirement
                )
                ET.SubElement(case, "failure", message=on_one_line(cell.reason), type=cell.standing)
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))
        suite.set("tests", str(len(suite.findall("testcase"))))
        suite.set("time", f"{sum(result.seconds for result in document.of(verdict.backend)):.3f}")
        suite.set("timestamp", document.header.started)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _case(suite: ET.Element, result: Result, also: tuple[str, ...], document: Document) -> ET.Element:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=on_one_line(f"{result.backend}.{result.requirement.partition('.')[0]}"),
        name=on_one_line(result.check),
        time=f"{result.seconds:.3f}",
    )
    properties = ET.SubElement(case, "properties")
    text = document.header.requirements.get(result.requirement)
    for name, value in (
        ("requirement", result.requirement),
        ("level", text.level if text else ""),
        ("also", ",".join(also)),
        ("state", result.state),
        ("calls", str(result.calls)),
        ("examples", str(result.examples)),
        ("blames", result.failure.requirement if result.failure else ""),
    ):
        if value:
            ET.SubElement(properties, "property", name=name, value=on_one_line(value))
    return case


def _outcome(case: ET.Element, result: Result, verdict: Verdict, numbers: dict[str, int]) -> None:
    reason = on_one_line(result.reason or "no reason given")
    match result.state:
        case "fail" if result.failure is not None:
            failure = result.failure
            entry = verdict.cells[failure.requirement].declared(failure)
            if entry is not None:
                ET.SubElement(case, "skipped", message=on_one_line(f"declared deviation: {entry.reason}"))
                return
            told = ET.SubElement(case, "failure", message=on_one_line(_line(failure)), type=failure.requirement)
            told.text = visible(_story(failure, replay_line(failure, numbers[result.identifier])))
        case "error":
            ET.SubElement(case, "error", message=reason, type="error")
        case "not-run":
            ET.SubElement(case, "error", message=f"not run: {reason}", type="not-run")
        case "not-applicable":
            ET.SubElement(case, "skipped", message=f"not applicable: {reason}")
        case _:
            pass


def _line(failure: Failure) -> str:
    return f"{failure.requirement}: {failure.what}: expected {failure.expected}, observed {failure.observed}"


def _story(failure: Failure, replay: str) -> str:
    return "\n".join(
        [
            failure.what,
            f"expected: {failure.expected}",
            f"observed: {failure.observed}",
            f"reproduced: {failure.reproduced or 'not tried again'}",
            f"replay: {replay}",
            "",
            failure.script,
        ]
    )
