"""Programs: sequences of calls over one colliding key group, decoded from bytes by the model alone, and run against it.

A program is data before anything runs. It never depends on what a backend answers, so it can be replayed elsewhere,
made smaller by leaving calls out, stored, and printed. The bytes come from Hypothesis (one fixed-length draw, which is
several times cheaper than a draw per argument); every choice takes a byte, and the model says at each place which
objects, uploads and sizes there are to choose from.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from hypothesis import strategies as st

from conformance.engine.catalogue import groups
from conformance.model import Divergence, Model
from conformance.model.state import Session, above
from conformance.storage import Content, Features, ListMode, ObjectMode, Restrictions, Source, Storage
from conformance.storage.calls import Call, Handle, IdOf, Outcome, PartOf, Step, perform

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
Theme = Literal["namespace", "uploads", "second client", "many keys"]

STEPS = 30
BYTES_PER_STEP = 10
HEAVY = 64 * 1024
"""A minimum part size in bytes from which on parts that must keep it are rare."""

TREE = ("a", "a/b", "a/b/c", "ab", "a.b")
MANY = tuple(f"k{number:02}" for number in range(12))
SIZES = (10, 1, 1000, 2, 300, 4096, 4097, 4095, 8193, 0)
SHAPES = (b"line\r\nline\n", b"\x00\x01\x00", b"\xff\xfe not utf-8 \x80", b"text\n", b"\x1f\x8b\x08\x00gzip-like")
USER_METADATA = ({"colour": "red"}, {"colour": "blue", "shape": "round"}, {"size": "7"})
TYPES = ("text/plain", "application/json", "image/png")

WEIGHTS: dict[Theme, dict[str, int]] = {
    "namespace": {
        "write": 7, "read": 3, "stat": 2, "list": 2, "delete": 4, "copy": 3, "move": 3, "make_directory": 2,
        "delete_directory": 1, "link": 1, "whole_upload": 1, "begin": 1, "part": 1, "complete": 1, "append": 1,
        "blocks": 1, "pages": 1,
    },
    "uploads": {
        "write": 2, "read": 2, "stat": 1, "list": 1, "delete": 1, "copy": 1, "move": 1, "begin": 3, "part": 6,
        "complete": 3, "abort": 2, "list_parts": 3, "list_uploads": 2, "resume": 1, "whole_upload": 3, "late": 1,
    },
    "second client": {
        "write": 7, "read": 4, "stat": 3, "list": 3, "delete": 4, "copy": 2, "move": 2, "make_directory": 1,
        "whole_upload": 1, "begin": 2, "part": 3, "complete": 2, "abort": 1, "list_parts": 1, "list_uploads": 1,
        "resume": 2, "append": 1, "blocks": 1,
    },
    "many keys": {"write": 6, "read": 4, "stat": 1, "list": 4, "delete": 2, "copy": 2, "move": 1},
}  # fmt: skip
"""How often each action comes, by theme; an action without its operations is left out."""

NEEDS: dict[str, tuple[str, ...]] = {
    "write": ("write",),
    "read": ("read",),
    "stat": ("stat",),
    "list": ("list",),
    "delete": ("delete",),
    "copy": ("copy",),
    "move": ("move",),
    "make_directory": ("create_dir",),
    "delete_directory": ("create_dir", "delete"),
    "link": ("create_link",),
    "whole_upload": ("create_multipart", "write_multipart", "complete_multipart"),
    "begin": ("create_multipart", "write_multipart"),
    "part": ("create_multipart", "write_multipart"),
    "complete": ("create_multipart", "write_multipart", "complete_multipart"),
    "late": ("create_multipart", "write_multipart", "complete_multipart"),
    "abort": ("create_multipart", "delete"),
    "list_parts": ("create_multipart", "list_multipart"),
    "list_uploads": ("create_multipart", "list"),
    "resume": ("create_multipart", "write_multipart"),
    "append": ("create_append", "write_append", "commit_append"),
    "blocks": ("create_block", "write_block", "combine_block"),
    "pages": ("create_page", "write_page"),
}


def programs(
    features: Features,
    limits: Restrictions,
    steps: int = STEPS,
    theme: Theme = "namespace",
) -> SearchStrategy[tuple[Call, ...]]:
    """Return a strategy of programs of about ``steps`` calls and a sweep at their end."""
    return drawn(steps).map(lambda data: decode(data, features, limits, theme))


def drawn(steps: int = STEPS) -> SearchStrategy[bytes]:
    """Return the strategy of the bytes that programs of about ``steps`` calls are decoded from."""
    size = steps * BYTES_PER_STEP
    return st.binary(min_size=size, max_size=size)


def decode(data: bytes, features: Features, limits: Restrictions, theme: Theme = "namespace") -> tuple[Call, ...]:
    """Return the program that ``data`` stands for: any bytes are a program, also all zeros, and a good one."""
    author = _Author(_Dice(data), features, limits, theme)
    steps = len(data) // BYTES_PER_STEP
    actions = _actions(features, theme)
    if actions:
        if theme == "many keys":
            author.fill()
        tries = 0
        while len(author.calls) < steps and tries < 4 * steps:
            tries += 1
            getattr(author, author.dice.choose(actions))()
        author.sweep()
    return tuple(author.calls)


@lru_cache(maxsize=64)
def _actions(features: Features, theme: Theme) -> tuple[str, ...]:
    usable = {name: weight for name, weight in WEIGHTS[theme].items() if features.operations.issuperset(NEEDS[name])}
    if ListMode.PART not in features.list_modes:
        usable.pop("list_uploads", None)
    return tuple(name for name, weight in usable.items() for _ in range(weight))


@lru_cache(maxsize=64)
def _groups(features: Features) -> tuple[tuple[str, ...], ...]:
    return (*groups(features), TREE, TREE)


@lru_cache(maxsize=8)
def _pad(size: int) -> int:
    return int.from_bytes(random.Random(f"storage {size}").randbytes(size), "big")


class _Dice:
    """Choices taken from bytes. They are masked with a fixed pad, so that no bytes give a poor program."""

    def __init__(self, data: bytes) -> None:
        size = max(len(data), 1)
        self._bytes = (int.from_bytes(data, "big") ^ _pad(size)).to_bytes(size, "big")
        self._at = 0

    def below(self, bound: int) -> int:
        """Return a number from 0 to ``bound`` - 1; ``bound`` is at most 256."""
        round_, at = divmod(self._at, len(self._bytes))
        self._at += 1
        return (self._bytes[at] + 31 * round_) % 256 * bound >> 8

    def once_in(self, times: int) -> bool:
        return self.below(times) == 0

    def choose(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in items]


class _Author:
    """Writes one program: every method is one action and adds the calls that the model describes."""

    def __init__(self, dice: _Dice, features: Features, limits: Restrictions, theme: Theme) -> None:
        self.dice = dice
        self.features = features
        self.limits = limits
        self.model = Model(features, limits)
        self.calls: list[Call] = []
        self.keys = MANY if theme == "many keys" else dice.choose(_groups(features))
        parents = {parent for key in self.keys for parent in above(key)}
        self.directories = (*sorted(parents), self.keys[0], "dir")
        self._clients = 2 if theme == "second client" else 1
        self._salt = 0
        self._heavy_left = 2 if dice.once_in(6) else 0
        enforced = limits.multipart_size_minimum if features.part_minimum_enforced else None
        self._least = enforced or 1

    def add(self, op: str, *args: Any, **pairs: Any) -> int | None:
        """Add a call where the model describes it; return its number when it is taken to succeed."""
        number = len(self.calls)
        call = Call(op, args, pairs, self.dice.below(2) if self._clients == 2 else 0)
        expectation = self.model.foresee(number, call)
        if expectation is None:
            return None
        self.calls.append(call)
        return number if expectation.success else None

    def key(self) -> str:
        return self.dice.choose(self.keys)

    def existing(self) -> str:
        """Return the path of an object, mostly one that is there."""
        there = [path for path in self.keys if path in self.model.world.space.entries]
        return self.dice.choose(there) if there and not self.dice.once_in(5) else self.key()

    def size_of(self, path: str) -> int:
        entry = self.model.world.space.entries.get(path)
        return 0 if entry is None else entry.data.size

    def content(self, size: int) -> Content:
        """Return a content that no other call has, now and then the one before."""
        if not self._salt or not self.dice.once_in(12):
            self._salt += 1
        return Content(size, self._salt)

    def source(self, size: int) -> tuple[Source, int]:
        """Return a source and the size to declare: mostly plain, sometimes hostile."""
        content = self.content(size)
        match self.dice.below(24):
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
            case _:
                return Source(content), size

    def metadata(self, op: str) -> dict[str, Any]:
        offered = self.features.pairs.get(op, frozenset())
        pairs: dict[str, Any] = {}
        if self.dice.once_in(4):
            if "content_type" in offered:
                pairs["content_type"] = self.dice.choose(TYPES)
            if "user_metadata" in offered:
                pairs["user_metadata"] = self.dice.choose(USER_METADATA)
        return pairs

    # Objects

    def write(self) -> None:
        path = self.key()
        old = self.size_of(path)
        size = self.dice.choose((*SIZES, old, old + 1, max(old - 1, 0), old // 2))
        if not size and not self.features.write_empty_object:
            size = 1
        if self.dice.once_in(12):
            shape = Content.of(self.dice.choose(SHAPES))
            self.add("write", path, Source(shape), shape.size, **self.metadata("write"))
            return
        source, declared = self.source(size)
        self.add("write", path, source, declared, **self.metadata("write"))

    def fill(self) -> None:
        """Write every key."""
        for path in self.keys:
            content = self.content(1 + self.dice.below(20))
            self.add("write", path, Source(content), content.size)

    def read(self) -> None:
        path = self.existing()
        size = self.size_of(path)
        pairs: dict[str, Any] = {}
        offered = self.features.pairs.get("read", frozenset())
        if "offset" in offered and self.dice.once_in(2):
            pairs["offset"] = self.dice.choose((size // 2, 1, max(size - 1, 0), size, size + 1, 0))
        if "size" in offered and self.dice.once_in(2):
            pairs["size"] = self.dice.choose((size // 2, 1, 0, size, size + 1, max(size - 1, 0)))
        self.add("read", path, **pairs)

    def stat(self) -> None:
        offered = self.features.pairs.get("stat", frozenset())
        if "object_mode" in offered and "create_dir" in self.features.operations and self.dice.once_in(3):
            self.add("stat", self.dice.choose(self.directories), object_mode=ObjectMode.DIR)
        else:
            self.add("stat", self.existing())

    def list(self) -> None:
        match self.dice.below(4):
            case 0 if ListMode.PREFIX in self.features.list_modes:
                key = self.key()
                self.add("list", self.dice.choose(("", key, key[:1])), list_mode=ListMode.PREFIX)
            case 1 if ListMode.DIR in self.features.list_modes:
                self.add("list", self.dice.choose(self.directories), list_mode=ListMode.DIR)
            case 3 if ListMode.DIR in self.features.list_modes:
                self.add("list", "", list_mode=ListMode.DIR)
            case _:
                self.add("list", "")

    def delete(self) -> None:
        self.add("delete", self.existing())

    def copy(self) -> None:
        self.add("copy", self.existing(), self.key())

    def move(self) -> None:
        self.add("move", self.existing(), self.key())

    def make_directory(self) -> None:
        self.add("create_dir", self.dice.choose(self.directories))

    def delete_directory(self) -> None:
        path = self.dice.choose(self.directories)
        if "object_mode" in self.features.pairs.get("delete", frozenset()) and not self.dice.once_in(4):
            self.add("delete", path, object_mode=ObjectMode.DIR)
        else:
            self.add("delete", path)

    def link(self) -> None:
        path = self.key()
        if not any(key.startswith(path + "/") for key in self.keys):
            self.add("create_link", path, self.key())

    # Uploads

    def uploads(self) -> list[int]:
        return self.model.world.open_sessions("part")

    def begin(self) -> int | None:
        return self.add("create_multipart", self.key(), **self.metadata("create_multipart"))

    def part(self) -> None:
        uploads = self.uploads()
        if not uploads:
            self.begin()
            uploads = self.uploads()
        if uploads:
            self.put_part(self.dice.choose(uploads), self.dice.below(4))

    def put_part(self, upload: int, index: int, *, last: bool = False) -> int | None:
        size = self.dice.choose((10, 1, 2, 100, 1000))
        if not last and self._least > 1:
            if self._least > HEAVY:
                if not self._heavy_left:
                    index = 0
                else:
                    self._heavy_left -= 1
                    size = self._least + self.dice.below(2)
            elif not self.dice.once_in(8):
                size = self._least + self.dice.choose((0, 1, 7))
        source, declared = self.source(size)
        return self.add("write_multipart", self.handle(upload), source, declared, index)

    def handle(self, upload: int) -> Handle:
        again = [n for n, (session, _, _) in self.model.world.handles.items() if session == upload]
        return Handle(self.dice.choose(again) if len(again) > 1 else upload)

    def complete(self) -> None:
        uploads = self.uploads()
        if uploads:
            self.finish(self.dice.choose(uploads))

    def finish(self, upload: int) -> None:
        """Complete an upload: mostly with all its parts, sometimes with some, or with ones that are not right."""
        session: Session = self.model.world.sessions[upload]
        parts = [PartOf(session.parts[index].step) for index in sorted(session.parts)]
        if not self.features.part_gaps:
            parts = [part for at, part in enumerate(parts) if at in session.parts]
        match self.dice.below(12):
            case 0 if len(parts) > 1:
                parts.pop(self.dice.below(len(parts)) if self.features.part_gaps else -1)
            case 1 if len(parts) > 1:
                parts = self.dice.shuffled(parts) if self.features.part_order_free else parts
            case 2 if parts:
                at = self.dice.below(len(parts))
                parts[at] = PartOf(parts[at].step, etag="0" * 32)
            case 3 if parts:
                parts.append(PartOf(parts[-1].step, index=max(session.parts) + 1))
            case 4 if len(parts) > 1:
                first, second = (self.model.world.uploaded[part.step].index for part in parts[:2])
                parts[:2] = [PartOf(parts[1].step, index=first), PartOf(parts[0].step, index=second)]
            case 5 | 6:
                stale = {p.index: n for n, p in self.model.world.uploaded.items() if p.session == upload}
                old = [n for n, p in self.model.world.uploaded.items() if p.session == upload and stale[p.index] != n]
                if old:
                    chosen = self.model.world.uploaded[old[0]]
                    parts = [PartOf(old[0]) if self._index(part) == chosen.index else part for part in parts]
            case 7 if self.dice.once_in(3):
                parts = []
            case _:
                pass
        self.add("complete_multipart", self.handle(upload), parts)

    def _index(self, part: PartOf) -> int:
        return self.model.world.uploaded[part.step].index

    def whole_upload(self) -> None:
        """Live a whole multipart life: parts in any order, sometimes one again, then complete or abort."""
        upload = self.begin()
        if upload is None:
            return
        small = self._least <= HEAVY or self._heavy_left
        count = self.dice.choose((3, 2, 1, 4)) if small else 1
        if self._least > HEAVY:
            count = min(count, 2)
        for index in self.dice.shuffled(range(count)):
            self.put_part(upload, index, last=index == count - 1)
        if self.dice.once_in(3):
            index = self.dice.below(count)
            self.put_part(upload, index, last=index == count - 1)
        if self.dice.once_in(6):
            self.abort()
        else:
            self.finish(upload)

    def late(self) -> None:
        """Use an upload that has come to its end."""
        ended = [n for n, session in self.model.world.sessions.items() if session.kind == "part" and session.ended]
        if not ended:
            return
        upload = self.dice.choose(ended)
        parts = [PartOf(n) for n, part in self.model.world.uploaded.items() if part.session == upload]
        match self.dice.below(3):
            case 0:
                self.put_part(upload, 0)
            case 1:
                self.add("complete_multipart", Handle(upload), parts)
            case _:
                self.add("delete", self.model.world.sessions[upload].path, multipart_id=IdOf(upload))

    def abort(self) -> None:
        uploads = self.uploads()
        if uploads and "multipart_id" in self.features.pairs.get("delete", frozenset()):
            upload = self.dice.choose(uploads)
            self.add("delete", self.model.world.sessions[upload].path, multipart_id=IdOf(upload))

    def list_parts(self) -> None:
        uploads = self.uploads()
        if uploads:
            self.add("list_multipart", self.handle(self.dice.choose(uploads)))

    def list_uploads(self) -> None:
        self.add("list", "", list_mode=ListMode.PART)

    def resume(self) -> None:
        """Make a handle from path and id alone, as another process would."""
        uploads = self.uploads()
        if uploads:
            upload = self.dice.choose(uploads)
            self.add("create", self.model.world.sessions[upload].path, multipart_id=IdOf(upload))

    # Objects that grow

    def append(self) -> None:
        grown = self.add("create_append", self.key(), **self.metadata("create_append"))
        if grown is None:
            return
        for _ in range(1 + self.dice.below(3)):
            source, size = self.source(self.dice.choose((10, 1, 300)))
            self.add("write_append", Handle(grown), source, size)
        if not self.dice.once_in(6):
            self.add("commit_append", Handle(grown))

    def blocks(self) -> None:
        made = self.add("create_block", self.key())
        if made is None:
            return
        names = ("b1", "b2", "b0")[: 1 + self.dice.below(3)]
        for name in self.dice.shuffled(names):
            source, size = self.source(self.dice.choose((10, 1, 300)))
            self.add("write_block", Handle(made), source, size, name)
        if "list_block" in self.features.operations and self.dice.once_in(2):
            self.add("list_block", Handle(made))
        written = list(self.model.world.sessions[made].blocks)
        if written and not self.dice.once_in(6):
            chosen = self.dice.shuffled(written)
            self.add("combine_block", Handle(made), chosen[1:] if len(chosen) > 1 and self.dice.once_in(3) else chosen)

    def pages(self) -> None:
        path = self.key()
        made = self.add("create_page", path)
        if made is None:
            return
        at = 0
        for _ in range(1 + self.dice.below(3)):
            size = 512 * (1 + self.dice.below(2))
            written = self.add("write_page", Handle(made), Source(self.content(size)), size, at)
            at = self.dice.choose((at + size, at)) if written is not None else at
        if "read" in self.features.operations:
            self.add("read", path)

    # The end

    def sweep(self) -> None:
        """Look at everything: read every key, list every directory, list the parts of every open upload."""
        operations = self.features.operations
        for path in self.keys:
            if "read" in operations:
                self.add("read", path)
            entry = self.model.world.space.entries.get(path)
            if "stat" in operations and entry is not None and (entry.told or entry.former or self.dice.once_in(3)):
                self.add("stat", path)
        if "list" in operations:
            if ListMode.DIR in self.features.list_modes:
                for path in ("", *self.directories[:-2][:3]):
                    self.add("list", path, list_mode=ListMode.DIR)
            else:
                self.add("list", "")
            if ListMode.PREFIX in self.features.list_modes and self.dice.once_in(2):
                self.add("list", "", list_mode=ListMode.PREFIX)
        uploads = self.uploads()
        if "list_multipart" in operations:
            for upload in uploads[:3]:
                self.add("list_multipart", Handle(upload))
        if uploads and "list" in operations and ListMode.PART in self.features.list_modes:
            self.add("list", "", list_mode=ListMode.PART)


Perform = Callable[[Call, Sequence[Any]], Outcome]
"""Makes one call, given what the earlier ones returned. Raises LookupError when it needs one that returned nothing."""


@dataclass(frozen=True, slots=True)
class Run:
    """The steps of a program as far as it went, and how it diverged from the model."""

    steps: list[Step]
    divergence: Divergence | None


def clients(open_client: Callable[[], Storage]) -> Perform:
    """Return a performer over clients that are opened when first asked for."""
    opened: dict[int, Storage] = {}

    def make(call: Call, results: Sequence[Any]) -> Outcome:
        if call.client not in opened:
            opened[call.client] = open_client()
        return perform(call, opened[call.client], results)

    return make


def run(program: Sequence[Call], make: Perform, features: Features, limits: Restrictions) -> Run:
    """Run a program call by call against the model and stop at the first divergence.

    A call that refers to what an earlier, rightly refused call did not return is left out.
    """
    model = Model(features, limits)
    results: list[Any] = []
    steps: list[Step] = []
    for number, call in enumerate(program):
        expectation = model.step(number, call)
        try:
            outcome = make(call, results)
        except LookupError as error:
            model.skip()
            results.append(None)
            steps.append(Step(call, Outcome(error="NotMade", error_type="NotMade", message=str(error)), "not made"))
            continue
        divergence = expectation.judge(outcome)
        steps.append(Step(call, outcome, expectation.expected))
        if divergence is not None:
            return Run(steps, divergence)
        model.observe(outcome)
        results.append(outcome.value if outcome.ok else None)
    return Run(steps, None)
