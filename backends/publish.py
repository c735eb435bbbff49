"""``python -m backends.publish [DIRECTORY]``: check every backend and write the published report.

The embedded backends and every server of :data:`backends.BACKENDS` are checked against what ``deviations/``
declares of them; the document goes to ``results.jsonl``, the page to ``index.html``, with the kill matrix as a
section of it where ``kill-matrix.json`` lies in the same directory. The exit status is that of ``conformance check``.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from backends import BACKENDS, NotInstalled, ServerFailed
from backends.checking import DEVIATIONS, EMBEDDED, check
from conformance.declaration import judge, load, with_embedded
from conformance.report import Section, page
from conformance.results import read

HERE = Path(__file__).parent
TITLE = "What storage-conformance says about the backends that it starts itself"


def publish(directory: Path) -> int:
    """Check everything and write the report to a directory; return the exit status."""
    results = directory / "results.jsonl"
    names = [*EMBEDDED, *(name for name in BACKENDS if name not in EMBEDDED)]
    status = check(names, "--results", str(results.resolve()), "--quiet")
    # What is published speaks of the repository, not of where it lay.
    results.write_text(results.read_text("utf-8").replace(f"{HERE.parent}/", ""), "utf-8")
    render(directory, upheld=status == 0)
    return status


def render(directory: Path, *, upheld: bool) -> None:
    """Write the page of the document that lies in a directory.

    ``upheld`` says that the check found every declared deviation again, if need be by running its stored program, of
    which the document does not tell: another seed may have met it, and this one not.
    """
    document = read(directory / "results.jsonl")
    declared = with_embedded(load(DEVIATIONS))
    judgement = judge(document, declared, replayed={e.key: "diverges" for e in declared.deviations if upheld})
    sections = [_kill_matrix(json.loads(file.read_text("utf-8"))) for file in directory.glob("kill-matrix.json")]
    (directory / "index.html").write_text(page(document, judgement, extras=sections, title=TITLE), "utf-8")


def _kill_matrix(rows: list[dict[str, Any]]) -> Section:
    """Return the planted defects with what it took to catch each, the seeds of one defect and backend together."""
    together: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        together[row["defect"], row["backend"]].append(row)
    shown = [
        {
            "defect": defect,
            "what it does": group[0]["sentence"],
            "backend": backend,
            "caught": all(row["caught"] for row in group),
            "seeds": len(group),
            "calls (median)": sorted(row["calls"] for row in group)[len(group) // 2],
            "counterexample": max((row["length"] or 0) for row in group),
            "blamed": ", ".join(sorted({row["blamed"] for row in group if row["blamed"]})),
        }
        for (defect, backend), group in sorted(together.items())
    ]
    caught = sum(row["caught"] is True for row in shown)
    return Section(
        title="Planted defects",
        intro=f"{caught} of {len(shown)} planted defects are caught with every seed. The kit is measured by what it "
        "catches: each defect is one small wrapper around a correct backend, calls are those until it was found.",
        rows=shown,
    )


def main() -> int:
    """Run the command."""
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "reports"
    try:
        return publish(directory)
    except (NotInstalled, ServerFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
