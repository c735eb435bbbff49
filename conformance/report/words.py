"""The words and signs that all reports share, and how text from a backend is made safe to look at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.declaration import Standing
from conformance.results import Document, Failure


@dataclass(frozen=True, slots=True)
class Sign:
    """A state as a reader sees it: never by colour alone."""

    glyph: str
    word: str
    meaning: str


SIGNS: Mapping[str, Sign] = {
    "pass": Sign("✓", "pass", "holds in every example tried"),
    "fail": Sign("✕", "fail", "does not hold, and nobody declared it"),
    "deviation": Sign("≠", "deviation", "does not hold, as the backend declares"),
    "stale": Sign("↻", "stale", "declared as a deviation, but the entry is out of date"),
    "not-applicable": Sign("\N{EN DASH}", "n/a", "the backend does not declare what it needs"),
    "not-run": Sign("○", "not run", "nothing was seen of it in this run"),
    "error": Sign("!", "error", "the kit or the environment failed, nothing is known"),
}
"""The seven states in the order of legends."""

SHORT: Mapping[Standing, str] = {
    "pass": "pass",
    "fail": "fail",
    "deviation": "deviation",
    "stale": "stale",
    "expired": "expired",
    "not-applicable": "n/a",
    "not-run": "not run",
    "error": "error",
    "blocked": "blocked",
    "unplanned": "not planned",
}
"""One or two words for each standing, more exact than its state."""

LEVELS: Mapping[str, str] = {
    "spec-must": "must",
    "spec-should": "should",
    "spec-docs": "documented",
    "derived": "derived",
}

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
"""Characters that do not show, reorder what is shown, or cannot be encoded. Tab and newline are left alone."""

PRINTED = re.compile(r"^print\(\d+, '\w+', (?:told\(|seen\(lambda: )(.*)\)\)$", re.MULTILINE)
"""A call of a failure's program that is printed on the way, by its number."""


def visible(text: str, mark: Callable[[str], str] = str) -> str:
    """Return a text with everything in it that would not show written as an escape; ``mark`` wraps each escape."""
    return UNSEEN.sub(lambda match: mark(_escape(match[0])), text)


def on_one_line(text: str) -> str:
    """Return a text as :func:`visible` does, with tabs and newlines written as escapes too."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def program_name(number: int, requirement: str) -> str:
    """Return the name of the file with the program of a failure; ``number`` is its place among the failures."""
    return f"{number}-{re.sub(r'[^0-9A-Za-z_.]', '_', requirement)}.py"


def heart(script: str) -> str:
    """Return what a failure's program does with the backend, to its last call, without preparations and printing."""
    # a storage is opened, or a file of an upload controller is named
    begin = re.search(r"^((?!open_store)\w+ = .*\bopen_store\(|file1 = )", script, re.MULTILINE)
    told = script[begin.start() :] if begin else script
    end = re.search(r"^(before = |print\((?!\d))", told, re.MULTILINE)
    return PRINTED.sub(r"\1", told[: end.start()] if end else told).rstrip()


def replay_line(failure: Failure, number: int) -> str:
    """Return the command that shows a failure again; ``number`` is its place among the failures of its document."""
    return failure.replay or f"conformance replay {number}"


def issue_text(backend: str, failure: Failure, document: Document, statement: str, replay: str) -> str:
    """Return a failure as Markdown to be pasted into an issue."""
    header = document.header
    parts = [
        f"## {failure.requirement} does not hold on {on_one_line(backend)}",
        *([f"> {statement}"] if statement else []),
        on_one_line(failure.what),
        "\n".join(
            [
                f"- expected: {on_one_line(failure.expected)}",
                f"- observed: {on_one_line(failure.observed)}",
                f"- reproduced: {failure.reproduced or 'not tried again'}",
            ]
        ),
        *([fenced(visible(failure.script), "python")] if failure.script else []),
        f"Replay: `{on_one_line(replay)}`",
        ", ".join(
            [
                f"storage-conformance {header.kit}",
                f"profile {header.profile}",
                f"seed {header.seed}",
                f"Python {header.python}",
                on_one_line(header.platform),
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def fenced(text: str, language: str = "") -> str:
    """Return a Markdown code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
