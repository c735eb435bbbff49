"""What all actions share: the calls written so far, the model beside them, and what there is to choose from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from conformance.engine.catalogue import groups
from conformance.engine.programs.dice import Dice
from conformance.engine.programs.themes import Theme
from conformance.model import Model
from conformance.model.state import Entry, above
from conformance.storage import Content, Features, ListMode, Restrictions, Source
from conformance.storage.calls import Call, Handle

TREE = ("a", "a/b", "a/b/c", "ab", "a.b")
MANY = tuple(f"k{number:02}" for number in range(12))
SIZES = (10, 1, 1000, 2, 300, 4096, 4097, 8193, 9000, 0)
FEW: dict[Theme, int] = {"uploads": 3, "growing": 2}
"""How many keys of a group a theme keeps to, so that objects meet those that were made before at their path."""
MOST_READ = 7
"""How many of many keys are read at the end of a program."""
SHAPES = (b"line\r\nline\n", b"\x00\x01\x00", b"\xff\xfe not utf-8 \x80", b"text\n", b"\x1f\x8b\x08\x00gzip-like")
METADATA: dict[str, tuple[Any, ...]] = {
    "content_type": ("text/plain", "application/json", "image/png"),
    "user_metadata": ({"colour": "red"}, {"colour": "blue", "shape": "round"}, {"size": "7"}),
    "content_disposition": ("inline", "attachment"),
    "cache_control": ("no-cache", "max-age=60"),
    "content_language": ("de", "en"),
}


@lru_cache(maxsize=64)
def key_groups(features: Features) -> tuple[tuple[str, ...], ...]:
    """Return the groups of colliding keys that programs are written over."""
    return (*groups(features), TREE, TREE)


class Writer:
    """Writes one program: every method of its heirs is one action and adds the calls that the model describes."""

    def __init__(self, dice: Dice, features: Features, limits: Restrictions, theme: Theme) -> None:
        self.dice = dice
        self.features = features
        self.limits = limits
        self.model = Model(features, limits)
        self.calls: list[Call] = []
        group = MANY if theme == "many keys" else dice.choose(key_groups(features))
        few = FEW.get(theme, len(group))
        self.keys = group[: 1 + dice.below(few) if theme == "growing" else few]
        parents = {parent for key in self.keys for parent in above(key)}
        self.directories = (*sorted(parents), self.keys[0], "dir")
        self._clients = 2 if theme == "second client" else 1
        self._salt = 0

    def add(self, op: str, *args: Any, **pairs: Any) -> int | None:
        """Add a call where the model describes it; return its number when it is taken to succeed."""
        return self.added(Call(op, args, pairs, self.dice.below(2) if self._clients == 2 else 0))

    def added(self, call: Call) -> int | None:
        """Add a call of a certain client; see :meth:`add`."""
        number = len(self.calls)
        expectation = self.model.foresee(number, call)
        if expectation is None:
            return None
        self.calls.append(call)
        return number if expectation.success else None

    def takes(self, op: str, *names: str) -> bool:
        """Whether an operation takes these optional arguments."""
        return self.features.pairs.get(op, frozenset()).issuperset(names)

    def entry(self, path: str) -> Entry | None:
        """Return what the model knows to be at a path."""
        return self.model.world.space.entries.get(path)

    def key(self) -> str:
        """Return one of the keys of the group."""
        return self.dice.choose(self.keys)

    def existing(self) -> str:
        """Return the path of an object, mostly one that is there."""
        there = [path for path in self.keys if self.entry(path) is not None]
        return self.dice.choose(there) if there and not self.dice.once_in(5) else self.key()

    def size_of(self, path: str) -> int:
        """Return the size in bytes of what is at a path."""
        entry = self.entry(path)
        return 0 if entry is None else entry.data.size

    def content(self, size: int) -> Content:
        """Return a content that no other call has, now and then the one before."""
        if not self._salt or not self.dice.once_in(12):
            self._salt += 1
        return Content(size, self._salt)

    def source(self, size: int) -> tuple[Source, int]:
        """Return a source and the size to declare: mostly plain, sometimes hostile."""
        content = self.content(size)
        match self.dice.below(26):
            case 0 if size:
                return Source(content, "raises", at=self.dice.choose((size // 2, 0, size - 1))), size
            case 1:
                return Source(content), size + self.dice.choose((1, 5, 1000))
            case 2 if size > 1:
                return Source(content), size - self.dice.choose((1, size // 2))
            case 3:
                return Source(content, "none"), self.dice.choose((size, 0))
            case 4:
                return Source(content, "one"), size
            case 5:
                return Source(content, "ragged"), size
            case 6:
                return Source(content, "unseekable"), size
            case 7 if self.dice.once_in(4):
                return Source(content), -1
            case _:
                return Source(content), size

    def metadata(self, op: str) -> dict[str, Any]:
        """Return metadata for an operation that takes any, in one of four cases."""
        if not self.dice.once_in(4):
            return {}
        offered = [name for name in METADATA if self.takes(op, name)]
        chosen = [name for name in offered if name in {"content_type", "user_metadata"} or self.dice.once_in(3)]
        return {name: self.dice.choose(METADATA[name]) for name in chosen}

    # The end

    def sweep(self) -> None:
        """Look at everything: list it once, read what nobody has read since it was written, list the open uploads.

        What was read before and damaged since is told by the listing, where that tells lengths and ETags.
        """
        operations = self.features.operations
        if "list" in operations:
            prefix = ListMode.PREFIX in self.features.list_modes
            self.add("list", "", **({"list_mode": ListMode.PREFIX} if prefix else {}))
            if ListMode.DIR in self.features.list_modes:
                for path in self.dice.shuffled(("", *self.directories[:-2][:3]))[: 1 if prefix else 4]:
                    self.add("list", path, list_mode=ListMode.DIR)
        unread = [path for path in self.keys if self._unread(path) or "list" not in operations]
        chosen = self.dice.shuffled(unread)[:MOST_READ]
        for path in self.keys:
            entry = self.entry(path)
            if "read" in operations and path in chosen:
                self.add("read", path)
            odd = entry is not None and (entry.told or entry.former)
            if "stat" in operations and odd and self.dice.once_in(2):
                self.add("stat", path)
        open_ = self.model.world.open_sessions("part")
        if "list_multipart" in operations:
            for upload in open_[:2]:
                self.add("list_multipart", Handle(upload))
        if open_ and "list" in operations and ListMode.PART in self.features.list_modes:
            self.add("list", "", list_mode=ListMode.PART)
        if "list_segments" in operations and self.model.world.open_sessions("segment"):
            self.add("list_segments", "")

    def _unread(self, path: str) -> bool:
        """Whether there is something at a path that no call has read whole."""
        entry = self.entry(path)
        if entry is None:
            return False
        return not any(
            call.op == "read" and not call.pairs and self.model.world.tellers.get(number, ("", None))[1] is entry
            for number, call in enumerate(self.calls)
        )
