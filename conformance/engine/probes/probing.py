"""What a probe is, the room it works in, and how all of them characterise one store.

A probe looks at one open point and tells what the store does there. It first proves that it could see the effect
that it looks for, its positive control: where that fails, or an unforeseen error comes, the point is *not known*. A
probe never guesses, and what it finds is no verdict, except where it is not what the store declares.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from typing import Any, Literal

from conformance.engine.deadline import CallHung, within
from conformance.engine.recorder import Recorder, Trace
from conformance.engine.workspace import Workspaces
from conformance.storage import Features, ListMode, Object, ObjectMode, ObjectNotExist, Restrictions, StorageError
from conformance.storage.calls import Outcome

FAMILIES = (
    "paths",
    "directories",
    "objects",
    "metadata",
    "reading",
    "listing",
    "links",
    "uploads",
    "growing",
    "refusals",
)
HANGS_ALLOWED = 3
WRITES = frozenset({"write", "create_dir", "create_link", "create_append", "create_page", "fetch"})


class NotKnown(Exception):
    """The positive control of a probe failed: nothing can be said."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found: a few words, and what they contradict: the declaration, or a requirement by its id."""

    text: str
    contradicts: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One open point.

    ``point`` asks the question, ``source`` says which documents leave it open, ``declares`` names the field of Features
    that holds the backend's policy, ``needs`` the operations, and their optional arguments as ``read.offset``, without
    which there is nothing to ask.
    """

    id: str
    point: str
    source: str
    function: Callable[[Room], Finding]
    declares: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A row of the profile: the point, what the store does there, what it declares, and how that was proven."""

    id: str
    point: str
    state: Literal["known", "not-known", "not-applicable"]
    answer: str
    declared: str
    contradicts: str
    control: str
    source: str

    def to_json(self) -> dict[str, str]:
        """Return the row as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call whose outcome is the question: what it returned, or the error it raised."""

    value: Any = None
    error: Exception | None = None

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return self.error is None

    @property
    def word(self) -> str:
        """The outcome in a word: ``success``, or the class of the error."""
        if self.error is None:
            return "success"
        foreign = "" if isinstance(self.error, StorageError) else " (no error of conformance.storage)"
        return f"{type(self.error).__name__}{foreign}"


class Room:
    """Where a probe works: two clients of a fresh ``work_dir``, and what it has proven so far."""

    def __init__(self, workspaces: Workspaces, features: Features, limits: Restrictions, patience: float) -> None:
        self.features = features
        self.limits = limits
        self.inside = workspaces.fresh()
        self.proofs: list[str] = []
        self.hangs = 0
        self._workspaces = workspaces
        self._patience = patience
        self._trace = Trace()
        self._open: list[Recorder] = []
        self.store = self.client()

    def client(self, work_dir: str | None = None) -> Recorder:
        """Open one more client, of the same ``work_dir`` unless another one is named."""
        client = Recorder(self._workspaces.open(work_dir or self.inside), self._trace, len(self._open), self._guard)
        self._open.append(client)
        return client

    def has(self, operation: str, pair: str = "") -> bool:
        """Whether the store declares an operation, and an optional argument of it."""
        return _declared(self.features, f"{operation}.{pair}" if pair else operation)

    def proves(self, condition: object, sentence: str) -> None:
        """Note what the probe can see.

        Raises:
            NotKnown: it cannot.

        """
        if not condition:
            raise NotKnown(f"it could not be shown that {sentence}")
        self.proofs.append(sentence)

    def attempt(self, call: Callable[[], Any]) -> Attempt:
        """Make a call that may be answered in any way."""
        try:
            return Attempt(value=call())
        except Exception as error:  # noqa: BLE001 - whatever the backend raises is the answer
            return Attempt(error=error)

    def put(self, path: str, data: bytes, **pairs: Any) -> None:
        """Write an object, which proves that what is written is read back."""
        self.store.write(path, data, **pairs)
        self.proves(self.store.read(path) == data, f"{path!r} is read back as it was written")

    def get(self, path: str, **pairs: Any) -> bytes | None:
        """Return the bytes at a path, or None where there is no object."""
        try:
            return self.store.read(path, **pairs)
        except ObjectNotExist:
            return None

    def told(self, path: str, mode: ObjectMode | None = None) -> Object | None:
        """Return what stat tells of a path, or None where it tells of nothing."""
        hint = mode if self.has("stat", "object_mode") else None
        try:
            return self.store.stat(path, object_mode=hint)
        except ObjectNotExist:
            return None

    def directory(self, path: str) -> bool:
        """Whether stat or the listing of its parent knows a directory at the path."""
        found = self.attempt(lambda: self.told(path, ObjectMode.DIR))
        if found.ok and found.value is not None and ObjectMode.DIR in found.value.mode:
            return True
        listed = self.attempt(lambda: self.listed(path.rpartition("/")[0]))
        return listed.ok and any(o.path.rstrip("/") == path and ObjectMode.DIR in o.mode for o in listed.value)

    def listed(self, path: str = "") -> list[Object]:
        """Return one level of a listing where there is such a mode, else the listing without a mode."""
        return self.store.list(path, list_mode=ListMode.DIR if ListMode.DIR in self.features.list_modes else None)

    def close(self) -> None:
        """Let the clients go and note what has to be removed at the end."""
        for step in self._trace.steps:
            if step.call.op == "create_multipart" and isinstance(step.outcome.value, Object):
                self._workspaces.note(self.inside, step.outcome.value)
            elif step.outcome.ok and step.call.op in WRITES and isinstance(step.call.args[0], str):
                self._workspaces.note_path(self.inside, step.call.args[0])
        for client in self._open:
            self.attempt(client.storage.close)

    def _guard(self, op: str, run: Callable[[], Outcome]) -> Outcome:
        try:
            return within(self._patience, run)
        except CallHung as hung:
            self.hangs += 1
            return Outcome(error="Hung", error_type="CallHung", message=f"{op}: {hung}", exception=hung)


_PROBES: dict[str, Probe] = {}


def probe(
    identifier: str, point: str, *, source: str, declares: str = "", needs: Iterable[str] = ("write", "read")
) -> Callable[[Callable[[Room], Finding]], Callable[[Room], Finding]]:
    """Register the function below as the probe of a point; see :class:`Probe`."""

    def register(function: Callable[[Room], Finding]) -> Callable[[Room], Finding]:
        _PROBES[identifier] = Probe(
            id=identifier, point=point, source=source, function=function, declares=declares, needs=tuple(needs)
        )
        return function

    return register


@cache
def probes() -> tuple[Probe, ...]:
    """Return every probe, family by family."""
    for family in FAMILIES:
        import_module(f"conformance.engine.probes.{family}")
    return tuple(_PROBES.values())


def characterise(
    workspaces: Workspaces, features: Features, limits: Restrictions, *, patience: float
) -> Generator[Answer]:
    """Yield what a store does on every open point; ``patience`` is how many seconds one call may take."""
    hangs = 0
    for asked in probes():
        lacking = next((need for need in asked.needs if not _declared(features, need)), None)
        if lacking is not None:
            yield _row(asked, features, "not-applicable", f"not applicable: it has no {lacking.replace('.', ' with ')}")
            continue
        if hangs >= HANGS_ALLOWED:
            yield _row(asked, features, "not-known", f"not known: {hangs} calls before gave no answer")
            continue
        room = Room(workspaces, features, limits, patience)
        try:
            found = asked.function(room)
        except NotKnown as unknown:
            yield _row(asked, features, "not-known", f"not known: {unknown}", room)
        except Exception as error:  # noqa: BLE001 - an unforeseen answer on the way to the question
            yield _row(asked, features, "not-known", f"not known: {type(error).__name__}: {error}", room)
        else:
            if not room.proofs:
                raise AssertionError(f"the probe {asked.id} has no positive control")
            yield _row(asked, features, "known", found.text, room, contradicts=found.contradicts)
        finally:
            hangs += room.hangs
            room.close()


def _declared(features: Features, need: str) -> bool:
    operation, _, pair = need.partition(".")
    return operation in features.operations and (not pair or pair in features.pairs.get(operation, ()))


def _row(
    asked: Probe,
    features: Features,
    state: Literal["known", "not-known", "not-applicable"],
    answer: str,
    room: Room | None = None,
    *,
    contradicts: str = "",
) -> Answer:
    declared = "" if not asked.declares else f"{asked.declares} = {plain(getattr(features, asked.declares))}"
    return Answer(
        id=asked.id,
        point=asked.point,
        state=state,
        answer=answer,
        declared=declared,
        contradicts=contradicts,
        control="; ".join(dict.fromkeys(room.proofs)) if room is not None else "",
        source=asked.source,
    )


def plain(value: object) -> str:
    """Return a declared value as a person writes it."""
    return str(value).lower() if isinstance(value, bool) or value is None else str(value)


def by_declaration(text: str, field: str, *, fits: bool, features: Features) -> Finding:
    """Return a finding that either fits the declaration or contradicts it."""
    return Finding(text, "" if fits else f"it declares {field} = {plain(getattr(features, field))}")


def by_requirement(text: str, identifier: str, *, holds: bool) -> Finding:
    """Return a finding that either lies within what a requirement allows or contradicts it."""
    return Finding(text, "" if holds else f"{identifier} asks otherwise")
