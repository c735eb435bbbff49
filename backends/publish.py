"""``python -m backends.publish [NAME…]``: check backends and write the published reports.

Every backend has a directory below ``reports/`` with its document, ``results.jsonl``, and its page, ``index.html``;
``reports/index.html`` compares all of them. Without names everything is checked: the embedded backends, and every one
of :data:`backends.BACKENDS`, two at a time. With names only those are; ``--render`` checks nothing and writes the pages
of the documents that are there. The exit status is the worst of those of ``conformance check``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from backends import BACKENDS, NotInstalled, ServerFailed
from backends.checking import DEVIATIONS, EMBEDDED, check, held
from conformance.declaration import judge, load, with_embedded
from conformance.report import Run, Section, comparison, page
from conformance.results import dumps, read

HERE = Path(__file__).parent
REPORTS = HERE.parent / "reports"
AT_ONCE = 2
"""How many backends are checked side by side."""
CONTROLLER = "upload-controller"
"""What has a suite of its own: our upload controller."""
EVERYTHING = (*EMBEDDED, *(name for name in BACKENDS if name not in EMBEDDED), CONTROLLER)


def publish(name: str, directory: Path) -> int:
    """Check one backend and write its document below ``directory``; return the exit status of the check.

    Raises:
        NotInstalled: what starts it is not installed.
        ServerFailed: it does not start.

    """
    results = directory / name / "results.jsonl"
    results.parent.mkdir(parents=True, exist_ok=True)
    if name == CONTROLLER:
        from backends.upload_controller_suite import checked  # noqa: PLC0415 - rendering does without its libraries

        document = checked()
        header = replace(document.header, command=("python", "-m", "backends.publish", name))
        results.write_text(dumps(replace(document, header=header)), "utf-8")
        return int(judge(document, load(DEVIATIONS)).code)
    options = ("--results", str(results.resolve()), "--quiet")
    if name in EMBEDDED:
        status, version = check([name], *options), ""
    else:
        with BACKENDS[name]() as started:
            status, version = held([name], [started], *options), started.version
    document = read(results)
    (about,) = document.header.backends
    # a server may tell little of its version: what started it knows
    header = replace(document.header, backends=(replace(about, version=version or about.version),))
    # what is published speaks of the repository, not of where it and the reports lay
    text = dumps(replace(document, header=header)).replace(f"{directory.resolve()}/", f"{REPORTS.name}/")
    results.write_text(text.replace(f"{HERE.parent}/", ""), "utf-8")
    return status


def render(directory: Path) -> None:
    """Write the page of every document below ``directory``, and the page that compares them.

    Only what was upheld is published: the check found every declared deviation again, if need be by running its stored
    program, of which the document does not tell, because another seed may have met it and this one not.
    """
    declared = with_embedded(load(DEVIATIONS))
    replayed = {entry.key: "diverges" for entry in declared.deviations}
    runs: list[Run] = []
    for name in EVERYTHING:
        file = directory / name / "results.jsonl"
        if file.exists():
            document = read(file)
            judgement = judge(document, declared, replayed=replayed)
            (file.parent / "index.html").write_text(page(document, judgement), "utf-8")
            runs.append(Run(document=document, judgement=judgement, href=f"{name}/index.html"))
    sections = [_kill_matrix(json.loads(file.read_text("utf-8"))) for file in directory.glob("kill-matrix.json")]
    title = f"{len(runs)} {'backend' if len(runs) == 1 else 'backends'}, one specification"
    (directory / "index.html").write_text(comparison(runs, title=title, extras=sections), "utf-8")


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
    arguments = argparse.ArgumentParser(prog="python -m backends.publish", description="Check backends and publish.")
    arguments.add_argument("names", nargs="*", metavar="NAME", help="which backends [all]")
    arguments.add_argument("--directory", type=Path, default=REPORTS, help="where the reports lie [reports]")
    arguments.add_argument("--render", action="store_true", help="check nothing, only write the pages again")
    options = arguments.parse_args()
    for name in options.names:
        if name not in EVERYTHING:
            arguments.error(f"there is no backend {name}; there are {', '.join(EVERYTHING)}")
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            names = () if options.render else options.names or EVERYTHING
            statuses = list(pool.map(lambda name: publish(name, options.directory), names))
    except (NotInstalled, ServerFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    render(options.directory)
    return max(statuses, default=0)


if __name__ == "__main__":
    sys.exit(main())
