"""The tree behind the memory storage: files, links and directories, and the rules of where one may be put."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from conformance.adapters.streams import content_md5, content_sha256
from conformance.storage import ObjectMode, ObjectModeInvalid, Unexpected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Names = tuple[str, ...]

LINKS_MAXIMUM = 40
"""Links that are followed before a chain counts as leading nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What a caller may say of a content; what is left out is absent, whatever an older object had (GSP-134)."""

    content_type: str | None = None
    content_disposition: str | None = None
    cache_control: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    user_metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def given(cls, *, user_metadata: Mapping[str, str] | None, **fields: str | None) -> Headers:
        """Return the headers as an operation was given them, apart from what the caller does to its mapping later."""
        return cls(user_metadata=MappingProxyType(dict(user_metadata or {})), **fields)


NO_HEADERS = Headers()


@dataclass(frozen=True, slots=True)
class File:
    """A content with its headers; ``mode`` says how it was made and so what else can be done with it."""

    data: bytes
    modified: datetime
    mode: ObjectMode = ObjectMode.READ
    headers: Headers = NO_HEADERS
    appends: int = 0
    md5: str = field(init=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "md5", content_md5(self.data))
        object.__setattr__(self, "sha256", content_sha256(self.data))


@dataclass(frozen=True, slots=True)
class Link:
    """A link to absolute names, which need not exist."""

    target: Names
    modified: datetime


@dataclass(frozen=True, slots=True)
class Directory:
    """The children by name."""

    modified: datetime
    children: dict[str, Node] = field(default_factory=dict[str, "Node"])


Node = File | Link | Directory


class Tree:
    """Nodes under absolute names. Links are objects, never a way into a directory; only :meth:`resolve` follows."""

    def __init__(self) -> None:
        self._clock = datetime.now(UTC)
        self._root = Directory(self._clock)

    def now(self) -> datetime:
        """Return a time that is later than every one before, so that an overwrite is never older."""
        self._clock = max(datetime.now(UTC), self._clock + timedelta(microseconds=1))
        return self._clock

    def find(self, names: Names) -> Node | None:
        """Return the node under ``names``; there is none below a file or a link."""
        node: Node = self._root
        for name in names:
            child = node.children.get(name) if isinstance(node, Directory) else None
            if child is None:
                return None
            node = child
        return node

    def resolve(self, names: Names) -> File | Directory | None:
        """Return what ``names`` lead to through any links; nothing for a dangling link or a circle of links."""
        for _ in range(LINKS_MAXIMUM):
            node = self.find(names)
            if not isinstance(node, Link):
                return node
            names = node.target
        return None

    def mode(self, node: Node) -> ObjectMode:
        """Return what can be done with ``node``: a link reads when its target does (AOS-25)."""
        match node:
            case File():
                return node.mode
            case Directory():
                return ObjectMode.DIR
            case Link():
                readable = isinstance(self.resolve(node.target), File)
                return ObjectMode.LINK | (ObjectMode.READ if readable else ObjectMode(0))

    def check_place(self, names: Names) -> None:
        """Refuse a place that cannot take a file or link: a directory, or anywhere below a file (GSP-134).

        Raises:
            ObjectModeInvalid: as said.

        """
        for depth in range(len(names)):
            above = self.find(names[:depth])
            if above is None:
                return
            if not isinstance(above, Directory):
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=self.mode(above))
        if isinstance(self.find(names), Directory):
            raise ObjectModeInvalid(expected=ObjectMode.READ, actual=ObjectMode.DIR)

    def put(self, names: Names, node: File | Link) -> None:
        """Store ``node`` under ``names`` in place of a file or link; missing directories above are made.

        Raises:
            ObjectModeInvalid: as :meth:`check_place`; nothing was changed.

        """
        self.check_place(names)
        self.make_directory(names[:-1]).children[names[-1]] = node

    def make_directory(self, names: Names) -> Directory:
        """Return the directory under ``names``, made with all above it where missing.

        Raises:
            ObjectModeInvalid: something else is there or above; nothing was changed.

        """
        node: Node = self._root
        for name in names:
            child = node.children.get(name)
            if child is None:
                child = node.children[name] = Directory(self.now())
            if not isinstance(child, Directory):
                raise ObjectModeInvalid(expected=ObjectMode.DIR, actual=self.mode(child))
            node = child
        return node

    def remove(self, names: Names) -> None:
        """Remove the one node under ``names``.

        Raises:
            Unexpected: it is a directory with children.

        """
        above = self.find(names[:-1])
        if isinstance(above, Directory):
            node = above.children.get(names[-1])
            if isinstance(node, Directory) and node.children:
                raise Unexpected("the directory is not empty")
            above.children.pop(names[-1], None)

    def walk(self, names: Names) -> Iterator[tuple[Names, File | Link]]:
        """Yield every file and link below the directory ``names``, with its names; none when there is none."""
        start = self.find(names)
        pending = [(names, start)] if isinstance(start, Directory) else []
        while pending:
            above, directory = pending.pop()
            for name, node in directory.children.items():
                if isinstance(node, Directory):
                    pending.append(((*above, name), node))
                else:
                    yield (*above, name), node
