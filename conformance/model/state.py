"""What the model knows of a storage: objects, directories, and the sessions that build objects piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from conformance.model.data import EMPTY, Data
from conformance.storage import Features, ObjectMode, Restrictions

Told = Mapping[str, Any]
NOTHING: Told = MappingProxyType({})


def _nothing() -> Told:
    return NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is at a path.

    A ``file`` holds ``data``; a ``link`` leads to ``target``; a ``pending`` one is under construction by ``session``,
    so that a reader may find nothing or any of ``visible``; of an ``unknown`` one nothing is certain, not even that it
    is there.
    ``told`` is metadata that stat must tell, ``former`` metadata of an older object that it must not tell any more.
    ``seen`` is what answers told that nobody knows beforehand, each with the operation that told it first.
    """

    kind: Literal["file", "link", "pending", "unknown"] = "file"
    data: Data = EMPTY
    told: Told = field(default_factory=_nothing)
    former: Told = field(default_factory=_nothing)
    target: str = ""
    visible: tuple[Data, ...] = ()
    session: int | None = None
    seen: dict[str, tuple[Any, str]] = field(default_factory=dict[str, tuple[Any, str]], compare=False)

    @property
    def certain(self) -> bool:
        """Whether there is something for sure."""
        return self.kind in {"file", "link"}


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One part as uploaded by ``step``; ``etag`` as far as it was seen."""

    session: int
    index: int
    data: Data
    step: int


@dataclass(slots=True)
class Session:
    """An upload, a segment, a block object, an append or a page object, known by the step that created it."""

    kind: Literal["part", "block", "append", "page", "segment"]
    path: str
    told: Told = field(default_factory=_nothing)
    parts: dict[int, Uploaded] = field(default_factory=dict[int, Uploaded])
    blocks: dict[str, Data] = field(default_factory=dict[str, Data])
    appends: int = 0
    pieces: dict[int, Data] = field(default_factory=dict[int, Data])
    ended: Literal["", "completed", "aborted", "replaced"] = ""


def above(path: str) -> Iterator[str]:
    """Yield the paths of the directories that ``path`` lies in, nearest last."""
    at = path.find("/")
    while at >= 0:
        yield path[:at]
        at = path.find("/", at + 1)


class Space:
    """The name space: entries by path, directories that were made, and such as may have been left behind."""

    def __init__(self, kind: Literal["native", "virtual", "none"]) -> None:
        self.native = kind == "native"
        self.entries: dict[str, Entry] = {}
        self.made: set[str] = set()
        self.perhaps: set[str] = set()

    def below(self, path: str) -> bool | None:
        """Whether anything lies in the directory ``path``; None when that is not certain."""
        start = path + "/" if path else ""
        uncertain = False
        for other, entry in self.entries.items():
            if other.startswith(start):
                if entry.certain:
                    return True
                uncertain = True
        if any(other.startswith(start) for other in self.made):
            return True
        uncertain = uncertain or any(other.startswith(start) for other in self.perhaps)
        return None if uncertain else False

    def directory(self, path: str) -> bool | None:
        """Whether ``path`` is a directory; None when that is not certain."""
        if not path or path in self.made:
            return True
        inside = self.below(path)
        if inside is False and path in self.perhaps:
            return None
        return inside

    def place(self, path: str) -> Literal["free", "directory", "below", "perhaps", "linked"]:
        """Return what an object at ``path`` would meet: only native directories are in the way of anything."""
        if not self.native:
            return "free"
        doubt = False
        for parent in above(path):
            entry = self.entries.get(parent)
            if entry is not None:
                if entry.kind == "link":
                    return "linked"
                if entry.kind == "file":
                    return "below"
                doubt = True
        directory = self.directory(path)
        if directory:
            return "directory"
        return "perhaps" if doubt or directory is None else "free"

    def put(self, path: str, entry: Entry) -> None:
        """Put an entry at a path that turned out to take it."""
        self.entries[path] = entry
        if self.native:
            self.perhaps.discard(path)
            self.touch(path)

    def touch(self, path: str) -> None:
        """Note that the directories above ``path`` may exist from now on, whatever becomes of it."""
        if self.native:
            self.perhaps.update(above(path))

    def remove(self, path: str) -> None:
        """Take away the entry at a path; its directories may stay behind."""
        self.entries.pop(path, None)
        self.touch(path)

    def resolve(self, path: str) -> Entry | None:
        """Return the entry that a path leads to through links."""
        entry = self.entries.get(path)
        for _ in range(8):
            if entry is None or entry.kind != "link":
                return entry
            entry = self.entries.get(entry.target)
        return None


class World:
    """All that the model knows of one ``work_dir``: its name space, its sessions, and what their steps returned.

    ``tellers`` are the objects, with their paths, that the answers of steps may tell of; ``closed`` are clients that
    were closed. ``lost`` says that a call went beyond what the model describes: from there on everything is possible.
    ``number`` is that of the call at hand.
    """

    def __init__(self, features: Features, limits: Restrictions) -> None:
        self.features = features
        self.limits = limits
        self.space = Space(features.directories)
        self.sessions: dict[int, Session] = {}
        self.handles: dict[int, tuple[int | None, str, ObjectMode]] = {}
        self.uploaded: dict[int, Uploaded] = {}
        self.ids: dict[int, str] = {}
        self.etags: dict[int, str] = {}
        self.tellers: dict[int, tuple[str, Entry]] = {}
        self.forgotten: dict[str, Entry] = {}
        self.closed: set[int] = set()
        self.lost = False
        self.number = 0

    def open_sessions(self, kind: str, path: str | None = None) -> list[int]:
        """Return the sessions of a kind that were not ended, at a path or anywhere."""
        return [
            number
            for number, session in self.sessions.items()
            if session.kind == kind and not session.ended and (path is None or session.path == path)
        ]

    def overwritten(self, path: str, data: Data, told: Told) -> Told:
        """Return what of the object at ``path``, or of the last one there, must not be told of its successor."""
        old = self.space.entries.get(path) or self.forgotten.get(path)
        if old is None or old.kind != "file":
            return NOTHING
        former = {name: value for name, value in old.told.items() if name not in told}
        if "etag" in old.seen and not old.data.equals(data):
            former["etag"] = old.seen["etag"][0]
        return former

    def fresh(self, path: str, data: Data, told: Told = NOTHING) -> Entry:
        """Return a new object for a path, which knows what it must not keep of the one before."""
        return Entry(data=data, told=told, former=self.overwritten(path, data, told))

    def store(self, path: str, entry: Entry) -> None:
        """Put a new object at a path; objects under construction there have lost their place."""
        self.replace_sessions(path)
        self.space.put(path, entry)

    def remove(self, path: str) -> None:
        """Take the object at a path away and remember it, so that it is noticed when it comes back."""
        old = self.space.entries.get(path)
        if old is not None and old.kind == "file":
            self.forgotten[path] = old
        self.replace_sessions(path)
        self.space.remove(path)

    def replace_sessions(self, path: str) -> None:
        """End the sessions whose object at ``path`` is about to be replaced; uploads stand apart from it."""
        for session in self.sessions.values():
            if session.path == path and session.kind not in {"part", "segment"} and not session.ended:
                session.ended = "replaced"
