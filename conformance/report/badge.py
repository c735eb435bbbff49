"""A badge: the verdict of a run as the endpoint JSON of shields.io (https://shields.io/badges/endpoint-badge)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from conformance.declaration import Exit, Judgement

COLOURS: Mapping[Exit, str] = {
    Exit.AS_DECLARED: "brightgreen",
    Exit.DIFFERS: "red",
    Exit.OUT_OF_DATE: "yellow",
    Exit.NO_VERDICT: "lightgrey",
    Exit.INTERRUPTED: "lightgrey",
}
WORDS: Mapping[Exit, str] = {
    Exit.DIFFERS: "does not conform",
    Exit.OUT_OF_DATE: "declaration out of date",
    Exit.NO_VERDICT: "no verdict",
    Exit.INTERRUPTED: "interrupted",
}


def badge(judgement: Judgement) -> str:
    """Return the gravest verdict of a run as JSON; where all is as declared, how many deviations that are."""
    cells = [cell for verdict in judgement.verdicts for cell in verdict.cells.values()]
    declared = sum(cell.standing == "deviation" for cell in cells)
    good = f"as declared, {declared} deviation{'' if declared == 1 else 's'}" if declared else "conformant"
    return (
        json.dumps(
            {
                "schemaVersion": 1,
                "label": "storage conformance",
                "message": WORDS.get(judgement.code, good),
                "color": COLOURS[judgement.code],
            },
            indent=2,
        )
        + "\n"
    )
