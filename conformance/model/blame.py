"""Whom to blame: the requirement that a divergence breaks, by the situation (:mod:`.blame_rows`).

In the smallest program that shows a divergence, the observation that is wrong and the last change before it are all
there is to say. The first row that fits decides; ``*`` fits everything, ``a|b`` either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from conformance.model.blame_rows import ALONE, CHANGES, OWN, PRIOR

OTHERWISE = "programs.namespace"


@dataclass(frozen=True, slots=True)
class Case:
    """A wrong outcome: the operation that showed it, in which aspect and situation, and the last change before it.

    ``relation`` is that of the path found wrong to the last change: ``self`` (what it wrote or deleted), ``source``,
    ``inside`` (below its path), ``other``; ``change`` ends in ``!`` when the change was refused.
    """

    op: str
    aspect: str
    situation: str
    change: str = ""
    change_situation: str = ""
    relation: str = "other"
    another_client: bool = False
    reader: bool = False


OBSERVERS = frozenset({"read", "stat", "list", "list_multipart", "list_block", "list_segments"})


REPEATABLE = {"read": "read.changes_nothing", "stat": "stat.repeatable", "list": "list.changes_nothing"}
"""Whom to blame where the same question was answered rightly before, and nothing was changed since."""

CONDITIONS = {
    **dict.fromkeys(
        ("write", "move", "complete_multipart", "combine_block", "create_append", "create_page"), "match none_match"
    ),
    "copy": "match none_match source_match source_none_match",
    "delete": "match",
    "read": "match none_match since",
    "stat": "match none_match since",
}
"""The conditions that operations take, as the requirements on them are named."""


@cache
def rows(table: str) -> tuple[tuple[str, ...], ...]:
    """Return the rows of a table as cells."""
    return tuple(tuple(line.split()) for line in table.strip().splitlines() if not line.startswith("#"))


def _fits(pattern: str, text: str) -> bool:
    text = text.replace(" ", "_")
    for choice in pattern.split("|"):
        inner = choice.strip("*")
        first, last = choice.startswith("*"), choice.endswith("*")
        if choice in {"*", text}:
            return True
        if first and last and inner in text:
            return True
        if (first != last) and (text.endswith(inner) if first else text.startswith(inner)):
            return True
    return False


def requirement(case: Case) -> str:
    """Return the id of the requirement that a case breaks."""
    if case.op == "list" and case.aspect == "length" and case.relation == "self":
        case = replace(case, op="stat", aspect="content", situation="")
    told_wrong = case.aspect not in {"code", "foreign"} and case.situation not in {"closed", "read only"}
    if case.another_client and told_wrong and case.relation in {"self", "source"} and case.op in OBSERVERS:
        return "readonly.reads" if case.reader else "paths.every_client"
    if case.another_client and case.op.endswith("_multipart") and case.aspect == "error":
        return "multipart.second_client"
    observed = f"list:{case.situation}" if case.op == "list" else case.op
    refused = condition(case.change.removesuffix("!"), case.change_situation) if case.change.endswith("!") else None
    if case.op in OBSERVERS and refused is not None and case.situation[:3] != "if ":
        return refused
    if case.aspect in {"success", "error", "code"} and condition(case.op, case.situation) is not None:
        return condition(case.op, case.situation) or OTHERWISE
    return (
        _first(PRIOR, observed, case.aspect, case.change, case.change_situation, case.relation)
        or _first(OWN, case.op, case.aspect, case.situation)
        or (_first(CHANGES, observed, case.aspect, case.change, case.change_situation, case.relation))
        or OTHERWISE
    )


def condition(op: str, situation: str) -> str | None:
    """Return the requirement on a conditional call, by its situation (``if match fails``); None for any other."""
    kinds = CONDITIONS.get(op, "").split()
    if not situation.startswith("if ") or not kinds:
        return None
    name = situation.removesuffix(" fails").removesuffix(" holds").removeprefix("if ").replace(" ", "_")
    name = "since" if name in {"modified_since", "unmodified_since"} else name
    if name in kinds:
        return f"conditional.{op}_{name}"
    return "conditional.precedence" if "since" in kinds else f"conditional.{op}_{kinds[0]}"


def alone(op: str, aspect: str, situation: str) -> str | None:
    """Return the requirement that an observation breaks by itself, when the object is known to be right."""
    return _first(ALONE, f"list:{situation}" if op == "list" else op, aspect)


def _first(table: str, *facts: str) -> str | None:
    """Return what the first row that fits the facts blames."""
    for *patterns, blamed in rows(table):
        if all(_fits(pattern, fact) for pattern, fact in zip(patterns, facts, strict=True)):
            return blamed
    return None
