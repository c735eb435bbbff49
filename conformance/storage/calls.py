"""Calls and outcomes as data: the one form in which laws are recorded and programs are written.

A *term* is an argument that survives JSON. Beside plain values it may refer to what an earlier step returned, so that
the same list of calls can be replayed on another backend, shortened, stored, or printed as a Python file.
"""

from __future__ import annotations

import io
import re
import sysconfig
import time
import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from conformance.storage import (
    Block,
    Content,
    ListMode,
    Object,
    ObjectMode,
    Part,
    Segment,
    Source,
    Storage,
    StorageError,
    Told,
)
from conformance.storage.interleaved import BEGINNINGS, RESTS, Listing, Reading
from conformance.storage.large import LARGE
from conformance.storage.literals import agreeing

OUTSIDE, READER = 2, 3
"""Clients 0 and 1 are two opens of a ``work_dir``, ``OUTSIDE`` is one of its parent, ``READER`` may only read."""


@dataclass(frozen=True, slots=True)
class Handle:
    """The object that step ``step`` returned, with some of its fields changed."""

    step: int
    mode: int | None = None
    path: str | None = None
    multipart_id: str | None = None


@dataclass(frozen=True, slots=True)
class PartOf:
    """The part that step ``step`` returned, with some of its fields changed."""

    step: int
    index: int | None = None
    size: int | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class IdOf:
    """The ``multipart_id`` of the object that step ``step`` returned."""

    step: int


@dataclass(frozen=True, slots=True)
class EtagOf:
    """The ETag that step ``step`` told, of an object or of the answer to a write."""

    step: int


@dataclass(frozen=True, slots=True)
class ModifiedOf:
    """The time of modification that step ``step`` told, and ``seconds`` later (or earlier)."""

    step: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SegmentOf:
    """The segment that step ``step`` began, with its path or id changed."""

    step: int
    path: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class RestOf:
    """The listing or the read that step ``step`` left in the middle."""

    step: int


@dataclass(frozen=True, slots=True)
class Fabricated:
    """An object that no step returned: made by hand, to see it refused."""

    path: str
    mode: int
    multipart_id: str | None = None


_KIT = str(Path(__file__).parents[1] / "_")[:-1]
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
type_tags: dict[str, type[Any]] = {
    "handle": Handle,
    "part": PartOf,
    "id": IdOf,
    "etag": EtagOf,
    "modified": ModifiedOf,
    "segment": SegmentOf,
    "rest": RestOf,
    "object": Fabricated,
}
REFERENCES = (Handle, PartOf, IdOf, EtagOf, ModifiedOf, SegmentOf, RestOf)
"""The terms that refer to what an earlier step returned."""
Term = Any


@dataclass(frozen=True, slots=True)
class Call:
    """One operation with its arguments as terms, made by a ``client``: 0, 1, ``OUTSIDE`` or ``READER``."""

    op: str
    args: tuple[Term, ...] = ()
    pairs: dict[str, Term] = field(default_factory=dict[str, Any])
    client: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the call as JSON-able data."""
        return {
            "op": self.op,
            "args": [_term_to_json(term) for term in self.args],
            "pairs": {name: _term_to_json(term) for name, term in self.pairs.items()},
            "client": self.client,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Call:
        """Return the call that :meth:`to_json` wrote."""
        return cls(
            data["op"],
            tuple(_term_from_json(term) for term in data["args"]),
            {name: _term_from_json(term) for name, term in data["pairs"].items()},
            data["client"],
        )

    def steps(self) -> set[int]:
        """Return the steps that the arguments refer to."""
        found: set[int] = set()
        for term in (*self.args, *self.pairs.values()):
            members: list[Any] = cast("list[Any]", term) if isinstance(term, list) else [term]
            found |= {member.step for member in members if isinstance(member, REFERENCES)}
        return found

    def renumbered(self, numbers: dict[int, int]) -> Call:
        """Return the call with its references moved to new step numbers."""

        def move(term: Term) -> Term:
            if isinstance(term, REFERENCES):
                return replace(term, step=numbers[term.step])
            return [move(member) for member in cast("list[Any]", term)] if isinstance(term, list) else term

        return replace(
            self,
            args=tuple(move(term) for term in self.args),
            pairs={name: move(term) for name, term in self.pairs.items()},
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: a value, or an error with its code (``Foreign`` when outside the taxonomy)."""

    value: Any = None
    data: bytes | None = None
    error: str | None = None
    error_type: str = ""
    message: str = ""
    seconds: float = 0.0
    exception: BaseException | None = field(default=None, compare=False, repr=False)

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return self.error is None

    def brief(self, attributes: Collection[str] = ()) -> str:
        """Return the outcome in a few words; of objects also the ``attributes`` on which it hangs, where it told them.

        They are names of fields of :class:`Object`.
        """
        if self.error is not None:
            return bounded(shorten(f"{self.error_type}: {self.message}"), 300)
        told = self.value.object if isinstance(self.value, Told) else self.value
        further = [name for name in attributes if name not in DESCRIBED]
        named = "".join(f", {text}" for text in _shown(told, further)) if isinstance(told, Object) else ""
        if self.data is not None:
            return f"{self.value} reported, {describe(self.data)} delivered{named}"
        if attributes and isinstance(told, list):
            return bounded(shorten(_members(cast("list[Any]", told), attributes)))
        return brief(self.value) + named


@dataclass(frozen=True, slots=True)
class Step:
    """A call, what came of it, and what was expected where somebody said so."""

    call: Call
    outcome: Outcome
    expected: str | None = None


def shorten(text: str) -> str:
    """Return ``text`` with long runs of one character counted instead of shown."""
    return re.sub(r"(.)\1{39,}", lambda run: f"{run[1]}…(x{len(run[0])})", text)


def bounded(text: str, most: int = 2000) -> str:
    """Return ``text``, of which a backend may tell any length, cut to ``most`` characters with its length told."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def parting(expected: str, observed: str) -> tuple[str, str]:
    """Return what two texts go on with from where they differ first, with the place."""
    at = agreeing(expected, observed)
    first, second = (f"from character {at + 1} on: {text[at : at + 40]!r}" for text in (expected, observed))
    return first, second


def apart(expected: str, observed: str, most: int = 600) -> tuple[str, str]:
    """Return two texts cut to ``most`` characters each, with the place where they differ when that is cut away."""
    first, second = bounded(expected, most), bounded(observed, most)
    if expected == observed or expected[:most] != observed[:most]:
        return first, second
    rests = parting(expected, observed)
    return f"{first}, {rests[0]}", f"{second}, {rests[1]}"


def describe(data: bytes) -> str:
    """Return ``data`` in words short enough for one line."""
    return repr(data) if len(data) <= 24 else f"{len(data)} bytes {data[:8].hex()}…{data[-4:].hex()}"


def _members(values: list[Any], attributes: Collection[str] = ()) -> str:
    def shown(value: Any) -> str:
        if not isinstance(value, Object):
            return repr(value)
        named = ["dir"] * (ObjectMode.DIR in value.mode) + _shown(value, attributes)
        return repr(value.path) + (f" ({', '.join(named)})" if named else "")

    return f"[{', '.join(map(shown, values[:12]))}{', …' if len(values) > 12 else ''}]"


def _shown(o: Object, attributes: Collection[str]) -> list[str]:
    """Return those of the attributes that an object tells, with their values."""
    values = {name: getattr(o, name) for name in attributes}
    texts = {
        name: str(value) if isinstance(value, datetime) else repr(value) for name, value in values.items() if value
    }
    return [f"{name}={bounded(text, 100)}" for name, text in texts.items()]


DESCRIBED = frozenset({"path", "mode", "content_length", "content_type", "user_metadata"})
"""What :func:`brief` tells of an object anyhow."""


def brief(value: Any) -> str:
    """Return any result of an operation in a few words."""
    return bounded(shorten(_brief(value)), 600)


def _brief(value: Any) -> str:
    if isinstance(value, Object):
        shown = {
            "mode": str(value.mode) or "none",
            **({"content_length": value.content_length} if value.content_length is not None else {}),
            **({"content_type": value.content_type} if value.content_type else {}),
            **({"user_metadata": dict(value.user_metadata)} if value.user_metadata else {}),
        }
        return f"object {value.path!r} " + ", ".join(f"{name}={item}" for name, item in shown.items())
    if isinstance(value, list):
        return _members(cast("list[Any]", value))
    if isinstance(value, Segment):
        return str(value)
    if isinstance(value, tuple) and not isinstance(value, Part):
        return "(" + ", ".join(brief(member) for member in cast("tuple[Any, ...]", value)) + ")"
    return repr(value) if value is None or isinstance(value, (str, int, Part)) else repr(value)[:200]


class Sink(io.BytesIO):
    """Where reads are collected."""


def where(error: BaseException) -> str:
    """Return where a backend raised an error, ``"mystore.py:12 in read"``; empty where only the kit took part.

    That is the innermost line of the backend's own code: a line of a library only where the backend is one itself.
    """
    places = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    outside = [place for place in places if not place[0].co_filename.startswith(("<", _KIT))]
    own = [place for place in outside if not place[0].co_filename.startswith(_LIBRARIES)]
    return "".join(f"{Path(code.co_filename).name}:{line} in {code.co_name}" for code, line in (own or outside)[-1:])


def resolve(term: Term, results: Sequence[Any]) -> Any:
    """Return the real argument for a term, given what the earlier steps returned.

    Raises:
        LookupError: the step referred to returned no object or part.

    """
    if isinstance(term, Source):
        return term.open()
    if isinstance(term, Content):
        return term.data
    if isinstance(term, Fabricated):
        return Object(path=term.path, mode=ObjectMode(term.mode), multipart_id=term.multipart_id)
    if isinstance(term, REFERENCES):
        return _referred(term, results)
    if isinstance(term, list):
        return [resolve(member, results) for member in cast("list[Any]", term)]
    return term


def _referred(term: Any, results: Sequence[Any]) -> Any:
    """Return what a reference leads to."""
    found = results[term.step]
    match term:
        case Handle() if isinstance(found, Object):
            changes = _given(path=term.path, multipart_id=term.multipart_id)
            return replace(found, **changes, **({} if term.mode is None else {"mode": ObjectMode(term.mode)}))
        case IdOf() if isinstance(found, Object) and found.multipart_id is not None:
            return found.multipart_id
        case EtagOf() | ModifiedOf():
            return _told(term, found)
        case SegmentOf() if isinstance(found, Segment):
            return found._replace(**_given(path=term.path, id=term.id))
        case RestOf() if isinstance(found, (Listing, Reading)):
            return found
        case PartOf() if isinstance(found, tuple) and isinstance(cast("tuple[Any, ...]", found)[-1], Part):
            part = cast("Part", cast("tuple[Any, ...]", found)[-1])
            return replace(part, **_given(index=term.index, size=term.size, etag=term.etag))
        case _:
            raise LookupError(f"step {term.step} returned nothing that {type(term).__name__} could refer to")


def _given(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value is not None}


def _told(term: EtagOf | ModifiedOf, found: Any) -> Any:
    o = found.object if isinstance(found, Told) else found
    if isinstance(o, Object) and isinstance(term, EtagOf) and o.etag:
        return o.etag
    if isinstance(o, Object) and isinstance(term, ModifiedOf) and o.last_modified:
        return o.last_modified + timedelta(seconds=term.seconds)
    raise LookupError(f"step {term.step} told no {'ETag' if isinstance(term, EtagOf) else 'time of modification'}")


def perform(call: Call, storage: Storage, results: Sequence[Any]) -> Outcome:
    """Make one call on a storage and return its outcome; iterators are consumed, reads collected.

    Errors of the storage become outcomes. ``KeyboardInterrupt`` and the like pass through.
    """
    arguments = [resolve(term, results) for term in call.args]
    pairs = {name: resolve(term, results) for name, term in call.pairs.items()}
    return invoke(storage, call.op, arguments, pairs)


def invoke(storage: Storage, op: str, arguments: list[Any], pairs: dict[str, Any]) -> Outcome:
    """Make one call with real arguments; see :func:`perform`."""
    if op in LISTED:
        return _timed(lambda: ([_promised(op, o, LISTED[op]) for o in getattr(storage, op)(*arguments, **pairs)], None))
    if op in BEGINNINGS or op in LARGE:
        return _timed(lambda: ((BEGINNINGS | LARGE)[op](storage, *arguments, **pairs), None))
    if op in RESTS:
        return _timed(arguments[0].rest)
    if op == "read":
        return _timed(lambda: _read(storage, *arguments, **pairs))
    return _timed(lambda: (_typed(op, getattr(storage, op)(*arguments, **pairs)), None))


def _read(storage: Storage, path: str, **pairs: Any) -> tuple[Any, bytes | None]:
    sink = Sink()
    count = storage.read(path, sink, **pairs)
    return count, sink.getvalue()


class NoException(Exception):
    """Stands for what an operation raised that is no ``Exception``, as ``SystemExit``: it must end nothing here."""


class WrongType(TypeError):
    """An operation returned something else than the specification promises."""


LISTED: dict[str, type[Any]] = {"list": Object, "list_multipart": Part, "list_block": Block, "list_segments": Segment}
OBJECTS = frozenset(
    {"stat", "create", "create_append", "create_block", "create_dir", "create_link", "create_multipart"}
)


def _typed(op: str, value: Any) -> Any:
    """Return a result that is of the type its operation promises.

    Raises:
        WrongType: it is not.

    """
    if op in OBJECTS or op == "create_page":
        return _promised(op, value, Object)
    if op == "init_segment":
        return _promised(op, value, Segment)
    if op in {"write_multipart", "copy_multipart"}:
        given = type(value).__name__
        members: tuple[Any, ...] = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else ()
        if len(members) != 2:
            raise WrongType(f"{op} returned {given} where a size and a Part are promised")
        _promised(op, members[1], Part)
        return members
    return value


def _promised(op: str, value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise WrongType(f"{op} returned {type(value).__name__} where {kind.__name__} is promised")
    if isinstance(value, Object) and not (isinstance(value.path, str) and isinstance(value.mode, ObjectMode)):  # type: ignore[reportUnnecessaryIsInstance]
        raise WrongType(f"{op} returned an Object whose path is no str or whose mode is no ObjectMode")
    return value


def _timed(run: Any) -> Outcome:
    began = time.perf_counter()
    try:
        value, data = run()
    except StorageError as error:
        spent = time.perf_counter() - began
        return Outcome(None, None, error.code, type(error).__name__, _message(error), spent, error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a backend raises is its answer, to be judged
        spent = time.perf_counter() - began
        raised = error if isinstance(error, Exception) else NoException(error)
        return Outcome(None, None, "Foreign", type(error).__name__, _located(error), spent, raised)
    return Outcome(value, data, seconds=time.perf_counter() - began)


def _message(error: BaseException) -> str:
    try:
        return bounded(str(error), 5000)
    except Exception as another:  # noqa: BLE001 - an error that cannot even be told
        return f"(its text cannot be had: {type(another).__name__})"


def _located(error: BaseException) -> str:
    message, place = _message(error), where(error)
    return f"{bounded(shorten(message), 200)} ({place})" if place else message


def _term_to_json(term: Term) -> Any:
    for tag, kind in type_tags.items():
        if isinstance(term, kind):
            return {tag: {name: getattr(term, name) for name in term.__slots__ if getattr(term, name) is not None}}
    if isinstance(term, Source):
        return {"source": term.to_json()}
    if isinstance(term, Content):
        return {"content": term.to_json()}
    if isinstance(term, ObjectMode):
        return {"object_mode": int(term)}
    if isinstance(term, ListMode):
        return {"list_mode": int(term)}
    if isinstance(term, datetime):
        return {"datetime": term.isoformat()}
    if isinstance(term, Segment):
        return {"literal_segment": [term.path, term.id]}
    if isinstance(term, Part):
        return {"literal_part": [term.index, term.size, term.etag]}
    if isinstance(term, list):
        return [_term_to_json(member) for member in cast("list[Any]", term)]
    if isinstance(term, dict):
        return {"map": dict(cast("dict[str, str]", term))}
    return term


def _term_from_json(data: Any) -> Term:
    if isinstance(data, list):
        return [_term_from_json(member) for member in cast("list[Any]", data)]
    if not isinstance(data, dict):
        return data
    ((tag, value),) = cast("dict[str, Any]", data).items()
    match tag:
        case "source":
            return Source.from_json(value)
        case "content":
            return Content.from_json(value)
        case "object_mode":
            return ObjectMode(value)
        case "list_mode":
            return ListMode(value)
        case "literal_part":
            return Part(*value)
        case "literal_segment":
            return Segment(*value)
        case "datetime":
            return datetime.fromisoformat(value)
        case "map":
            return value
        case _:
            return type_tags[tag](**value)
