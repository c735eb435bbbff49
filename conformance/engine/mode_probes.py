"""One probe for each operation that takes an object: how to begin, to try it, and to see whether it had an effect."""

# ruff: noqa: D102 - the methods of every probe are those of Probe, and documented there

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar, cast

from conformance.engine.expect import absent, holds, refused, same
from conformance.engine.part_plans import parts_of, piece, still_open
from conformance.engine.recorder import Recorder
from conformance.engine.watched import Watched
from conformance.storage import Content, Object, ObjectMode, ObjectModeInvalid, Part
from conformance.storage.definitions import operations

ALL = ObjectMode(127)
BEFORE = b"before"
ADDED = Content.of(b"added")
PAGE = 512
"""Bytes: services with pages take whole ones only."""


def telling(mode: ObjectMode) -> tuple[ObjectMode, ...]:
    """Return the masks without ``mode`` that tell most: none, all others together, and each single one."""
    return (ObjectMode(0), ALL ^ mode, *(single for single in ObjectMode if single != mode))


def without(mode: ObjectMode) -> tuple[ObjectMode, ...]:
    """Return all 64 masks that lack ``mode``."""
    return tuple(ObjectMode(mask) for mask in range(128) if not mask & mode)


def beside(mode: ObjectMode) -> tuple[ObjectMode, ...]:
    """Return all 63 masks that hold ``mode`` and something else."""
    return tuple(ObjectMode(mask) for mask in range(128) if mask & mode and mask != mode)


class Probe(ABC):
    """An operation that takes an object, and what its check of the mode has to keep from happening."""

    op: ClassVar[str]
    added: ClassVar[Content] = ADDED
    """What the operation is given to write."""

    @property
    def mode(self) -> ObjectMode:
        """The mode that the operation needs."""
        return operations()[self.op].object_mode or ObjectMode(0)

    @property
    def first(self) -> str:
        """The requirement that the check comes first, reads nothing and changes nothing."""
        return f"object_mode.{self.op}_first"

    @abstractmethod
    def begin(self, store: Recorder, path: str) -> Object:
        """Make an object for the operation, with something in it already."""

    @abstractmethod
    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:
        """Call the operation."""

    @abstractmethod
    def unchanged(self, store: Recorder, o: Object) -> None:
        """Demand that the operation had no effect."""

    @abstractmethod
    def changed(self, store: Recorder, o: Object) -> None:
        """Demand that the operation had its effect."""

    def refuses(self, store: Recorder, masks: Iterable[ObjectMode]) -> None:
        """Demand that the object in each of the modes, and one never made for it, is refused first of all."""
        __tracebackhide__ = True
        o = self.begin(store, "a")
        stranger = store.create("elsewhere")
        source = Watched(self.added)
        for disguise in (*(replace(o, mode=mask) for mask in masks), stranger):
            shown = str(disguise.mode) or "none"
            with refused(ObjectModeInvalid, what=f"{self.op} of an object of mode {shown}") as caught:
                self.attempt(store, disguise, source)
            error = cast("ObjectModeInvalid", caught[0])
            told = f"expected {error.expected}, actual {error.actual or 'none'}"
            same(told, f"expected {self.mode}, actual {shown}", f"modes that the error of {self.op} tells")
        source.untouched(f"the reader given to {self.op} with an object of another mode", requirement=self.first)
        self.unchanged(store, o)
        absent(store, "elsewhere", requirement=self.first, listed_in=None)

    def accepts(self, store: Recorder, masks: Iterable[ObjectMode]) -> None:
        """Demand that the operation works on its object in each of the modes."""
        __tracebackhide__ = True
        for number, mask in enumerate(masks):
            o = self.begin(store, f"a{number}")
            self.attempt(store, replace(o, mode=mask), Watched(self.added))
            self.changed(store, o)


class WriteAppend(Probe):
    """Adds bytes at the tail."""

    op = "write_append"

    def begin(self, store: Recorder, path: str) -> Object:
        o = store.create_append(path)
        store.write_append(o, BEFORE)
        return o

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:
        store.write_append(o, source)

    def unchanged(self, store: Recorder, o: Object) -> None:
        store.commit_append(o)
        holds(store, o.path, BEFORE, requirement=self.first)

    def changed(self, store: Recorder, o: Object) -> None:
        store.commit_append(o)
        holds(store, o.path, BEFORE + ADDED.data)


class CommitAppend(WriteAppend):
    """Makes what was appended readable."""

    op = "commit_append"

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:  # noqa: ARG002 - takes no bytes
        store.commit_append(o)

    def unchanged(self, store: Recorder, o: Object) -> None:
        store.write_append(o, ADDED)
        store.commit_append(o)
        holds(store, o.path, BEFORE + ADDED.data, requirement=self.first)

    def changed(self, store: Recorder, o: Object) -> None:
        holds(store, o.path, BEFORE)


class WriteMultipart(Probe):
    """Uploads the second part of an upload."""

    op = "write_multipart"

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def begin(self, store: Recorder, path: str) -> Object:
        o = store.create_multipart(path)
        self.parts = [store.write_multipart(o, piece(store, 1), 0)[1]]
        return o

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:
        store.write_multipart(o, source, 1)

    def unchanged(self, store: Recorder, o: Object) -> None:
        still_open(store, o, self.parts, f"after {self.op} was refused", requirement=self.first)

    def changed(self, store: Recorder, o: Object) -> None:
        same([part.index for part in parts_of(store, o)], [0, 1], "indexes of the parts listed")


class CopyMultipart(WriteMultipart):
    """Makes the second part of an upload of an object."""

    op = "copy_multipart"

    def begin(self, store: Recorder, path: str) -> Object:
        store.write("source", piece(store, 2))
        return super().begin(store, path)

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:  # noqa: ARG002 - takes no bytes
        store.copy_multipart(o, "source", 1)


class CompleteMultipart(WriteMultipart):
    """Makes an object of an upload of one part."""

    op = "complete_multipart"

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:  # noqa: ARG002 - takes no bytes
        # A wrong mode is refused before anybody looks at the parts, an empty list of them included.
        store.complete_multipart(o, self.parts if ObjectMode.PART in o.mode or o.mode & ObjectMode.READ else [])

    def unchanged(self, store: Recorder, o: Object) -> None:
        super().unchanged(store, o)
        absent(store, o.path, requirement=self.first, listed_in=None)

    def changed(self, store: Recorder, o: Object) -> None:
        holds(store, o.path, piece(store, 1))


class ListMultipart(WriteMultipart):
    """Lists the one part of an upload."""

    op = "list_multipart"

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:  # noqa: ARG002 - takes no bytes
        same(parts_of(store, o), self.parts, "parts listed")

    def changed(self, store: Recorder, o: Object) -> None:
        self.unchanged(store, o)


class WriteBlock(Probe):
    """Writes the second block of a block object."""

    op = "write_block"

    def begin(self, store: Recorder, path: str) -> Object:
        o = store.create_block(path)
        store.write_block(o, BEFORE, "before")
        return o

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:
        store.write_block(o, source, "added")

    def unchanged(self, store: Recorder, o: Object) -> None:
        same(_blocks(store, o), ["before"], f"blocks after {self.op} was refused", requirement=self.first)

    def changed(self, store: Recorder, o: Object) -> None:
        same(_blocks(store, o), ["added", "before"], "blocks listed")


class CombineBlock(WriteBlock):
    """Makes an object of its one block."""

    op = "combine_block"

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:  # noqa: ARG002 - takes no bytes
        store.combine_block(o, ["before"])

    def changed(self, store: Recorder, o: Object) -> None:
        holds(store, o.path, BEFORE)


class ListBlock(WriteBlock):
    """Lists the one block of a block object."""

    op = "list_block"

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:  # noqa: ARG002 - takes no bytes
        same(_blocks(store, o), ["before"], "blocks listed")

    def changed(self, store: Recorder, o: Object) -> None:
        self.unchanged(store, o)


class WritePage(Probe):
    """Writes behind what is there."""

    op = "write_page"
    added = Content(PAGE, 2)
    before = Content(PAGE, 1)

    def begin(self, store: Recorder, path: str) -> Object:
        o = store.create_page(path)
        store.write_page(o, self.before, 0)
        return o

    def attempt(self, store: Recorder, o: Object, source: Watched) -> None:
        store.write_page(o, source, PAGE)

    def unchanged(self, store: Recorder, o: Object) -> None:
        holds(store, o.path, self.before, requirement=self.first)

    def changed(self, store: Recorder, o: Object) -> None:
        holds(store, o.path, self.before.data + self.added.data)


def _blocks(store: Recorder, o: Object) -> list[str]:
    return sorted(block.id for block in store.list_block(o))
