"""Actions on objects, directories and links."""

from __future__ import annotations

from typing import Any

from conformance.engine.programs.author import SHAPES, SIZES, Writer
from conformance.model.data import Data, digest
from conformance.storage import Content, ListMode, ObjectMode, Source
from conformance.storage.calls import READER, Call, EtagOf


class Objects(Writer):
    """Writes, reads, describes, lists, copies, moves and deletes."""

    def write(self, **pairs: Any) -> None:
        """Replace an object: shorter, longer, of the same size, empty, with or without metadata and digest."""
        path = self.key()
        old = self.size_of(path)
        size = self.dice.choose((*SIZES, old, old + 1, max(old - 1, 0), old // 2))
        if not size and not self.features.write_empty_object:
            size = 1
        pairs = {**self.metadata("write"), **pairs}
        if self.dice.once_in(12):
            shape = Content.of(self.dice.choose(SHAPES))
            self.add("write", path, Source(shape), shape.size, **pairs)
            return
        source, declared = self.source(size)
        if self.takes("write", "content_md5") and self.dice.once_in(12) and 0 <= declared <= source.content.size:
            pairs["content_md5"] = digest("content_md5", Data.of(source.content, declared))
        self.add("write", path, source, declared, **pairs)

    def fill(self) -> None:
        """Write every key."""
        for path in self.keys:
            content = self.content(1 + self.dice.below(20))
            self.add("write", path, Source(content), content.size)

    def only_where_none_is(self) -> None:
        """Write on the condition that there is no object."""
        self.write(if_none_match="*")

    def only_this_version(self) -> None:
        """Write, or delete, on the condition that a version is still there: sometimes it was replaced meanwhile."""
        path = self.existing()
        seen = self.add("stat", path)
        if seen is None:
            return
        if self.dice.once_in(3):
            self.write()
        pairs = {"if_match": EtagOf(seen)}
        if self.takes("delete", "if_match") and self.dice.once_in(3):
            self.add("delete", path, **pairs)
        else:
            content = self.content(self.dice.choose((10, 300)))
            self.add("write", path, Source(content), content.size, **pairs)

    def look_conditionally(self) -> None:
        """Read or describe on a condition: the version seen before, or any other."""
        path = self.existing()
        op = self.dice.choose(("read", "stat"))
        name = self.dice.choose(("if_match", "if_none_match"))
        if op in self.features.operations and self.takes(op, name):
            seen = self.add("stat", path)
            if seen is not None:
                if self.dice.once_in(2):
                    self.write()
                self.add(op, path, **{name: EtagOf(seen)})

    def reader(self) -> None:
        """Read, or try to write, as a client that may only read."""
        path = self.existing()
        source = Source(self.content(10))
        calls = (Call("read", (path,)), Call("write", (path, source, 10)), Call("delete", (path,)))
        call = self.dice.choose(calls)
        self.added(Call(call.op, call.args, {}, READER))

    def read(self) -> None:
        """Read an object or a range of it."""
        path = self.existing()
        size = self.size_of(path)
        pairs: dict[str, Any] = {}
        if self.takes("read", "suffix") and self.dice.once_in(5):
            pairs["suffix"] = self.dice.choose((1, size // 2, size, size + 1, 0))
        else:
            if self.takes("read", "offset") and self.dice.once_in(2):
                pairs["offset"] = self.dice.choose((size // 2, 1, max(size - 1, 0), size, size + 1, 0))
            if self.takes("read", "size") and self.dice.once_in(2):
                pairs["size"] = self.dice.choose((size // 2, 1, 0, size, size + 1, max(size - 1, 0)))
        self.add("read", path, **pairs)

    def stat(self) -> None:
        """Describe an object or directory."""
        if self.takes("stat", "object_mode") and "create_dir" in self.features.operations and self.dice.once_in(3):
            self.add("stat", self.dice.choose(self.directories), object_mode=ObjectMode.DIR)
        else:
            self.add("stat", self.existing())

    def list(self) -> None:
        """List a directory, a prefix or everything, in pages and behind a path too."""
        modes = self.features.list_modes
        pairs: dict[str, Any] = {}
        if self.takes("list", "start_after") and self.dice.once_in(5):
            pairs["start_after"] = self.key()
        if self.takes("list", "page_size") and self.dice.once_in(5):
            pairs["page_size"] = self.dice.choose((5, 2, 3)) if len(self.keys) > 6 else 2
        match self.dice.below(4):
            case 0 if ListMode.PREFIX in modes:
                key = self.key()
                self.add("list", self.dice.choose(("", key, key[:1])), list_mode=ListMode.PREFIX, **pairs)
            case 1 if ListMode.DIR in modes:
                self.add("list", self.dice.choose(self.directories), list_mode=ListMode.DIR)
            case 3 if ListMode.DIR in modes:
                self.add("list", "", list_mode=ListMode.DIR, **pairs)
            case _:
                self.add("list", "", **pairs)

    def delete(self) -> None:
        """Delete an object."""
        self.add("delete", self.existing())

    def delete_together(self) -> None:
        """Delete a few objects at once, among them some that are not there."""
        self.add("delete_many", self.dice.shuffled(self.keys)[: 1 + self.dice.below(min(len(self.keys), 4))])

    def copy(self) -> None:
        """Copy an object, sometimes with other metadata."""
        pairs = {name: value for name, value in self.metadata("copy").items() if self.dice.once_in(2)}
        self.add("copy", self.existing(), self.key(), **pairs)

    def move(self) -> None:
        """Move an object."""
        self.add("move", self.existing(), self.key())

    def make_directory(self) -> None:
        """Make a directory, perhaps where something is."""
        self.add("create_dir", self.dice.choose(self.directories))

    def delete_directory(self) -> None:
        """Delete a directory, mostly as one."""
        path = self.dice.choose(self.directories)
        if self.takes("delete", "object_mode") and not self.dice.once_in(4):
            self.add("delete", path, object_mode=ObjectMode.DIR)
        else:
            self.add("delete", path)

    def link(self) -> None:
        """Make a link, perhaps over an object or to nothing."""
        path = self.key()
        if not any(key.startswith(path + "/") for key in self.keys):
            self.add("create_link", path, self.key())
