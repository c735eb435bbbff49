"""How pytest shows a check that failed: requirement, expected and observed, the sequence, and how to see it again."""

from __future__ import annotations

from textwrap import indent

from _pytest._code.code import ExceptionChainRepr, ReprEntryNative, ReprFileLocation, ReprTraceback

from conformance.problems import escaped, printable
from conformance.requirements import requirement
from conformance.results import Failure, Result


def card(result: Result, nodeid: str) -> ExceptionChainRepr:
    """Return the failure of a check as pytest prints and ships it."""
    assert result.failure is not None
    failure = result.failure
    title = f"{failure.requirement}: expected {failure.expected}, observed {failure.observed}"
    return _shown(text(result, failure), printable(title), nodeid)


def crash(result: Result) -> ExceptionChainRepr:
    """Return the reason why a check came to no result as pytest prints it."""
    reason = printable(result.reason or result.state)
    return _shown(f"{result.identifier} came to no result\n  {reason}\n", reason, result.identifier)


def told(longrepr: object, where: str) -> object:
    """Return what pytest made of any other failure, in a form that can be shipped and printed."""
    text = str(longrepr)
    if isinstance(longrepr, tuple) or escaped(text) == text:
        return longrepr  # type: ignore[reportUnknownVariableType]
    return _shown(text, printable(text.strip().rpartition("\n")[2]), where)


def text(result: Result, failure: Failure) -> str:
    """Return the failure card as plain text."""
    asked = requirement(failure.requirement)
    lines = [
        f"{result.backend} does not live up to {failure.requirement} ({asked.level}; {asked.source})",
        f"  {asked.statement}",
        *([f"  “{asked.quote}”"] if asked.quote else []),
        "",
        printable(failure.what),
        f"  expected  {printable(failure.expected)}",
        f"  observed  {printable(failure.observed)}",
        "",
        f"The smallest sequence that shows it, failed again {failure.reproduced} times:",
        "",
        indent(failure.script.strip("\n"), "    "),
        "",
        f"See it again:  {failure.replay}",
        f"What is asked: conformance explain {failure.requirement}",
    ]
    return "\n".join(lines) + "\n"


def _shown(text: str, title: str, where: str) -> ExceptionChainRepr:
    # Built of pytest's own parts: pytest-xdist ships them whole, and the short summary shows the title.
    entry = ReprEntryNative([escaped(text)])
    traceback = ReprTraceback([entry], None, style="native")
    location = ReprFileLocation(path=where.partition("::")[0], lineno=0, message=title)
    return ExceptionChainRepr([(traceback, location, None)])
