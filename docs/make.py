# ruff: noqa: INP001 - docs is a folder of pages, and this one file belongs to them
"""``python -m docs.make``: write the pages of ``docs/requirements`` from the registry; ``--check`` only compares.

One page per subject: what is asked, by whom, how it is found out, which planted defects show that it is, and which of
the published backends are known to do otherwise. Everything comes from the registry, so nothing on them can be wrong
that is not wrong there.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from backends.publish import DEVIATIONS
from conformance.declaration import load, with_embedded
from conformance.engine.laws import checks
from conformance.requirements import requirements
from conformance.requirements.left_out import left_out
from tests.defects import DEFECTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.declaration import Deviation
    from conformance.engine.laws import Check
    from conformance.requirements import Requirement
    from tests.defects.base import Defect

PAGES = Path(__file__).parent / "requirements"
COMMAND = "python -m docs.make"
NOTICE = f"<!-- written by `{COMMAND}`: change the registry, not this page -->"
LEVELS = {
    "spec-must": "an RFC says MUST, or states it as what an operation is",
    "spec-should": "an RFC or a definition says SHOULD, or states it plainly",
    "spec-docs": "only the documentation of the specification says so",
    "derived": "no document says so; it follows from what they say, or users of stores depend on it all the same",
}


def pages() -> dict[str, str]:
    """Return the text of every page by its file name."""
    verified, tripped, deviating = _checks(), _defects(), _deviations()
    subjects: defaultdict[str, list[Requirement]] = defaultdict(list)
    for found in requirements().values():
        subjects[found.subject].append(found)
    written = {
        f"{subject}.md": "\n\n".join(
            [
                f"# {subject}",
                NOTICE,
                f"{_counted(len(entries), 'requirement')}; [all subjects](README.md).",
                *(_entry(each, verified[each.id], tripped[each.id], deviating[each.id]) for each in entries),
            ]
        )
        + "\n"
        for subject, entries in subjects.items()
    }
    rows = [
        f"| [{subject}]({subject}.md) | {len(entries)} | {len({c.id for e in entries for c in verified[e.id]})} "
        f"| {len({d.name for e in entries for d in tripped[e.id]})} "
        f"| {', '.join(sorted({d.backend for e in entries for d in deviating[e.id]}))} |"
        for subject, entries in subjects.items()
    ]
    written["README.md"] = _index(rows)
    return written


def _index(rows: list[str]) -> str:
    """Return the page that leads to the others and tells what is left out."""
    levels = [f"| `{level}` | {meaning} |" for level, meaning in LEVELS.items()]
    left = [
        f"- **{_plain(each.statement)}** ({_plain(each.source)}) {_sentence(each.reason)}"
        for each in left_out().values()
    ]
    counts = (
        f"{len(requirements())} requirements, {len(checks())} checks, {len(DEFECTS)} planted defects. "
        "`conformance explain ID` tells the same of one of them, `conformance list` of all."
    )
    return (
        "\n".join(
            [
                "# Requirements",
                "",
                NOTICE,
                "",
                counts,
                "",
                "| subject | requirements | checks | planted defects | backends known to do otherwise |",
                "|---|---|---|---|---|",
                *rows,
                "",
                "| level | meaning |",
                "|---|---|",
                *levels,
                "",
                "## Left out",
                "",
                "What the documents say and no check asks, with the reason (`conformance list --left-out`):",
                "",
                *left,
            ]
        )
        + "\n"
    )


def _entry(asked: Requirement, checks: list[Check], defects: list[Defect], deviations: list[Deviation]) -> str:
    """Return the section of one requirement."""
    lines = [f"## `{asked.id}`", "", _plain(asked.statement), ""]
    lines += [f"> {_plain(asked.quote)}", ""] if asked.quote else []
    lines.append(f"- Level: `{asked.level}`. Source: {_sentence(asked.source)}")
    lines += [f"- Policy: {_sentence(asked.policy)}"] if asked.policy else []
    for check in checks:
        first = (check.function.__doc__ or "").strip().partition("\n")[0]
        lines.append(f"- Check `{check.id}`: {_plain(first)}")
    for planted in defects:
        like = f" As in {_plain(planted.like)}." if planted.like else ""
        lines.append(f"- Planted defect `{planted.name}`: {_plain(planted.sentence)}{like}")
    for backend, reason in dict.fromkeys((each.backend, each.reason) for each in deviations):
        lines.append(f"- **Known to do otherwise:** {_plain(backend)}: {_sentence(reason)}")
    return "\n".join(lines)


def _checks() -> defaultdict[str, list[Check]]:
    found: defaultdict[str, list[Check]] = defaultdict(list)
    for check in checks().values():
        for name in (check.requirement, *check.also):
            found[name].append(check)
    return found


def _defects() -> defaultdict[str, list[Defect]]:
    found: defaultdict[str, list[Defect]] = defaultdict(list)
    for planted in DEFECTS.values():
        for name in planted.trips:
            found[name].append(planted)
    return found


def _deviations() -> defaultdict[str, list[Deviation]]:
    found: defaultdict[str, list[Deviation]] = defaultdict(list)
    for deviation in with_embedded(load(DEVIATIONS)).deviations:
        found[deviation.requirement].append(deviation)
    return found


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _sentence(text: str) -> str:
    return _plain(text if text.endswith((".", "?", "!")) else f"{text}.")


def _plain(text: str) -> str:
    """Return a text without what Markdown would take for something else."""
    return re.sub(r"([<*|\[\]])", r"\\\1", " ".join(text.split()))


def stale(written: dict[str, str]) -> list[str]:
    """Return the names of pages that are missing, differ, or should not be there."""
    there = {file.name: file.read_text("utf-8") for file in PAGES.glob("*.md")}
    return sorted(name for name in {*there, *written} if there.get(name) != written.get(name))


def write(written: dict[str, str], names: Iterable[str]) -> None:
    """Write those pages, and remove those that are pages of nothing."""
    PAGES.mkdir(exist_ok=True)
    for name in names:
        if name in written:
            (PAGES / name).write_text(written[name], "utf-8")
        else:
            (PAGES / name).unlink()


def main() -> int:
    """Run the command; with ``--check``, return 1 where pages are out of date."""
    written = pages()
    changed = stale(written)
    if "--check" in sys.argv[1:]:
        sys.stdout.write("".join(f"out of date: docs/requirements/{name}\n" for name in changed))
        return int(bool(changed))
    write(written, changed)
    sys.stdout.write(f"{len(changed)} of {len(written)} pages written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
