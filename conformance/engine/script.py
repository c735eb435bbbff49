"""A counterexample as a Python file: plain calls that run without the kit's engine and say whether the defect is there.

The file needs the author's opener, ``conformance.storage`` and the standard library. It ends with status 1 and one
sentence when the last call comes to what it came to before, and with 0 when it does not.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from conformance.requirements import requirements
from conformance.storage import Content, ListMode, Object, ObjectMode, Part, Segment, Source, Told
from conformance.storage.calls import (
    LISTED,
    OUTSIDE,
    READER,
    Call,
    EtagOf,
    Fabricated,
    Handle,
    IdOf,
    ModifiedOf,
    Outcome,
    PartOf,
    RestOf,
    SegmentOf,
    Step,
)
from conformance.storage.interleaved import BEGINNINGS, RESTS
from conformance.storage.large import LARGE
from conformance.storage.literals import literal
from conformance.storage.seen import told

LISTS = frozenset(LISTED)
CLIENTS = ("first", "second", "outside", "reader")
VOCABULARY = ("Block", "Content", "ListMode", "Object", "ObjectMode", "Part", "Segment", "Source", "in_sync")

TEMPLATE = '''"""{about}"""

{imports}

{opener}work_dir = f"{work_dir}"

{clients}
{calls}
found = seen(lambda: {last})
before = {before}
print("found:   ", found)
print("before:  ", before)
print("expected:", {expected!r})
if found == before:
    sys.exit({verdict!r})
print("The defect does not show: the last call came to something else than before.")
'''


def script(
    steps: Sequence[Step],
    *,
    opener: str,
    imports: str = "",
    requirement: str,
    expected: str,
    observed: str,
    failing: int | None = None,
) -> str:
    """Return a Python file that makes the calls of ``steps`` up to ``failing`` and looks at the last one.

    Parameters:
        steps: calls with what came of them.
        opener: a Python expression for the opener, ``open(work_dir) -> Storage``.
        imports: the lines that the expression needs.
        requirement: the id of the requirement that is broken.
        expected: what should have come of the failing step, in words.
        observed: what came of it, in words.
        failing: the number of the failing step; the last one when left out.

    """
    made = [
        (number, step)
        for number, step in enumerate(steps[: len(steps) if failing is None else failing + 1])
        if step.outcome.error != "NotMade"
    ]
    used = sorted({step.call.client for _, step in made})
    printer = _Printer(made, several=used != [0])
    last = made[-1][1]
    # OUTSIDE sees the directory that work_dir lies in.
    above = OUTSIDE in used
    places = {OUTSIDE: 'work_dir.rpartition("inside/")[0]'}
    text = TEMPLATE.format(
        about=_about(requirement, expected, observed),
        imports="{imports}",
        opener="" if opener == "open_store" else f"open_store = {opener}\n",
        # As long as those of a run: what goes wrong with the longest paths does so in a place of that length.
        work_dir="/counterexample-{uuid.uuid4().hex" + ("[:6]}/inside/" if above else "[:13]}/"),
        clients="\n".join(
            f"{printer.client(c)} = in_sync(open_store({places.get(c, 'work_dir')})){'.read_only()' * (c == READER)}"
            for c in used
        ),
        calls="\n".join(printer.statement(number, step) for number, step in made[:-1]),
        last=printer.expression(last.call),
        before=literal(_before(last.outcome, last.call)),
        expected=expected,
        verdict=f"{requirement} does not hold: the last call came to the same as before.",
    )
    return text.replace("{imports}", _imports(text, imports), 1)


def _about(requirement: str, expected: str, observed: str) -> str:
    known = requirements().get(requirement)
    statement = f"{requirement}: {known.statement} ({known.source})" if known else requirement
    paragraphs = (statement, f"Expected: {expected}", f"Observed: {observed}")
    text = "\n\n".join(textwrap.fill(paragraph, 110) for paragraph in paragraphs)
    readable = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
    return readable.replace("\\", "\\\\").replace('"""', "'''").rstrip('"')


def _imports(text: str, extra: str) -> str:
    """Return the imports that the text uses, and those of the opener."""

    def uses(name: str) -> bool:
        return re.search(rf"\b{name}\b[.(]", text) is not None

    names = [name for name in VOCABULARY if uses(name)]
    looks = [name for name in ("read", "seen", "told") if re.search(rf"(?<![.\w]){name}\(", text)]
    left = [name for name in (*BEGINNINGS, "rest") if re.search(rf"(?<![.\w]){name}\(", text)]
    large = [name for name in LARGE if re.search(rf"(?<![.\w]){name}\(", text)]
    dates = [name for name in ("datetime", "timedelta") if uses(name)]
    lines = [
        *(["import io"] if "io.BytesIO" in text else []),
        "import sys",
        "import uuid",
        *([f"from datetime import {', '.join(dates)}"] if dates else []),
        *(["from dataclasses import replace"] if uses("replace") and "replace(o" in text else []),
        "",
        f"from conformance.storage import {', '.join(names)}",
        *([f"from conformance.storage.interleaved import {', '.join(left)}"] if left else []),
        *([f"from conformance.storage.large import {', '.join(large)}"] if large else []),
        f"from conformance.storage.seen import {', '.join(looks)}",
        *([extra.strip()] if extra.strip() else []),
    ]
    return "\n".join(lines)


def _before(outcome: Outcome, call: Call) -> str:
    """Return what the script's ``seen`` says of an outcome in a trace."""
    if not outcome.ok:
        return f"{outcome.error} ({outcome.error_type})"
    return told((outcome.value, outcome.data) if call.op in {"read", "read_rest"} else outcome.value)


class _Printer:
    """Prints calls as Python; what they return gets a short name, numbered by their place in the script."""

    def __init__(self, made: Iterable[tuple[int, Step]], *, several: bool) -> None:
        self._names: dict[int, str] = {}
        self._places: dict[int, int] = {}
        for place, (number, step) in enumerate(made, 1):
            self._places[number] = place
            self._names[number] = f"n{place}.object" if isinstance(step.outcome.value, Told) else f"o{place}"
        self._several = several

    def client(self, number: int) -> str:
        """Return the name of a client."""
        return CLIENTS[number] if self._several else "store"

    def statement(self, number: int, step: Step) -> str:
        """Return the line of one call before the last."""
        call, place = step.call, self._places[number]
        expression = self.expression(call)
        if not step.outcome.ok:
            return f"print({place}, {call.op!r}, seen(lambda: {expression}))"
        if call.op in {"read", *LISTS}:
            return f"print({place}, {call.op!r}, told({expression}))"
        if call.op in {"write_multipart", "copy_multipart"}:
            return f"_, part{place} = {expression}"
        if call.op in BEGINNINGS:
            return f"left{place} = {expression}"
        if call.op in LARGE:
            return f"print({place}, {call.op!r}, told({expression}))"
        if isinstance(step.outcome.value, Told):
            return f"n{place} = {expression}"
        if isinstance(step.outcome.value, Segment):
            return f"segment{place} = {expression}"
        if isinstance(step.outcome.value, Object):
            return f"o{place} = {expression}"
        return expression

    def expression(self, call: Call) -> str:
        """Return a call as a Python expression."""
        store = self.client(call.client)
        pairs = [f"{name}={self.term(value)}" for name, value in call.pairs.items()]
        arguments = ", ".join([*(self.term(term) for term in call.args), *pairs])
        if call.op == "read" or call.op in BEGINNINGS or call.op in LARGE:
            return f"{call.op}({store}, {arguments})"
        if call.op in RESTS:
            return f"rest({arguments})"
        made = f"{store}.{call.op}({arguments})"
        return f"list({made})" if call.op in LISTS else made

    def term(self, term: Any) -> str:
        """Return an argument as a Python expression."""
        match term:
            case Source():
                return _reader(term)
            case Content():
                return _content(term)
            case Handle() | IdOf() | PartOf() | EtagOf() | ModifiedOf() | SegmentOf() | RestOf():
                return self._reference(term)
            case datetime():
                return f"datetime.fromisoformat({term.isoformat()!r})"
            case Segment(path=path, id=name):
                return f"Segment({literal(path)}, {literal(name)})"
            case Part(index=index, size=size, etag=etag):
                return f"Part({index}, {size}, {etag!r})"
            case Fabricated(path=path, mode=mode, multipart_id=upload):
                changes = _given(path=path, multipart_id=upload)
                return f"Object({', '.join([*changes, f'mode=ObjectMode({mode})'])})"
            case ObjectMode() | ListMode():
                kind = type(term).__name__
                return f"{kind}.{term.name}" if int(term).bit_count() == 1 else f"{kind}({int(term)})"
            case list():
                return "[" + ", ".join(self.term(member) for member in cast("list[Any]", term)) + "]"
            case str() | bytes():
                return literal(term)
            case _:
                return repr(term)

    def _reference(self, term: Any) -> str:
        """Return a reference to what an earlier call returned."""
        match term:
            case Handle(step=step, mode=mode, path=path, multipart_id=upload):
                made = f"o{self._places[step]}"
                changes = _given(path=path, multipart_id=upload)
                changes += [] if mode is None else [f"mode=ObjectMode({mode})"]
                return f"replace({made}, {', '.join(changes)})" if changes else made
            case IdOf(step=step):
                return f"o{self._places[step]}.multipart_id"
            case RestOf(step=step):
                return f"left{self._places[step]}"
            case EtagOf(step=step):
                return f"{self._names[step]}.etag"
            case ModifiedOf(step=step, seconds=seconds):
                later = f" + timedelta(seconds={seconds!r})" if seconds else ""
                return f"{self._names[step]}.last_modified{later}"
            case SegmentOf(step=step, path=path, id=name):
                changes = _given(path=path, id=name)
                return f"segment{self._places[step]}" + (f"._replace({', '.join(changes)})" if changes else "")
            case PartOf(step=step, index=index, size=size, etag=etag):
                changes = _given(index=index, size=size, etag=etag)
                return f"part{self._places[step]}" + (f"._replace({', '.join(changes)})" if changes else "")
            case _:
                raise TypeError(f"{type(term).__name__} is no reference")


def _given(**changes: Any) -> list[str]:
    return [
        f"{name}={literal(value) if isinstance(value, str) else repr(value)}"
        for name, value in changes.items()
        if value is not None
    ]


def _reader(source: Source) -> str:
    match source:
        case Source(kind="none"):
            return "None"
        case Source(content=content, kind="plain"):
            return f"io.BytesIO({_content(content)})"
        case Source(content=Content(literal=bytes() as made)):
            return f"{source!r}.open()".replace(repr(made), literal(made), 1)
        case _:
            return f"{source!r}.open()"


def _content(content: Content) -> str:
    return f"{content!r}.data" if content.literal is None else literal(content.literal)
