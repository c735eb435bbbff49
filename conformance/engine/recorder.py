"""The recorder: a storage in front of the storage that keeps every call and its outcome as data.

Laws talk to a :class:`Recorder`. Its operations are those of the specification; errors come back as they were raised,
iterators come back as lists, and ``read`` returns the bytes. Arguments that an earlier step returned are recorded as
references, so that the trace is a program (see :mod:`conformance.storage.calls`).
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from conformance.storage import (
    Content,
    Features,
    HTTPRequest,
    ListMode,
    Object,
    ObjectMode,
    Part,
    Restrictions,
    Segment,
    Source,
    Storage,
    Told,
)
from conformance.storage.calls import (
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
    invoke,
    resolve,
)
from conformance.storage.interleaved import Listing, Reading
from conformance.storage.large import Compared

ETAGS = frozenset({"if_match", "if_none_match", "if_source_match", "if_source_none_match"})


class Trace:
    """The steps of one example, shared by all clients that take part in it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._objects: dict[int, tuple[int, Object]] = {}
        self._parts: dict[Part, int] = {}
        self._etags: dict[str, int] = {}
        self._uploads: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self._modified: tuple[int, datetime] | None = None
        self._segments: dict[Segment | str, int] = {}
        self._left: dict[int, int] = {}

    def add(self, call: Call, outcome: Outcome) -> None:
        """Keep one step and remember what it returned."""
        number = len(self.steps)
        self.steps.append(Step(call, outcome))
        value = outcome.value
        told = value.object if isinstance(value, Told) else value
        if isinstance(told, Object):
            if told.etag:
                self._versions.setdefault(told.etag, number)
            if told.last_modified:
                self._modified = number, told.last_modified
        if isinstance(value, Segment):
            # Equal ids of different paths are different segments (Prop-18).
            self._segments[value] = self._segments[value.id] = number
        elif isinstance(value, (Listing, Reading)):
            self._left[id(value)] = number
        elif isinstance(value, Object):
            self._objects[id(value)] = (number, value)
            if value.multipart_id is not None:
                self._uploads.setdefault(value.multipart_id, number)
        elif isinstance(value, tuple) and isinstance(cast("tuple[Any, ...]", value)[-1], Part):
            part = cast("Part", cast("tuple[Any, ...]", value)[-1])
            self._parts.setdefault(part, number)
            self._etags.setdefault(part.etag, number)

    def pair(self, name: str, value: Any) -> Any:
        """Return an optional argument as a term: an upload is named by the step that began it."""
        if name == "multipart_id" and value in self._uploads:
            return IdOf(self._uploads[value])
        if name in ETAGS and value in self._versions:
            return EtagOf(self._versions[value])
        if isinstance(value, datetime) and self._modified is not None:
            step, told = self._modified
            return ModifiedOf(step, (value - told).total_seconds())
        return self.term(value)

    def term(self, argument: Any) -> Any:
        """Return an argument as a term."""
        if isinstance(argument, Object):
            known = self._objects.get(id(argument))
            if known is not None:
                return Handle(known[0])
            if argument.multipart_id in self._uploads:
                return Handle(self._uploads[argument.multipart_id], mode=int(argument.mode), path=argument.path)
            return Fabricated(argument.path, int(argument.mode), argument.multipart_id)
        if isinstance(argument, (Listing, Reading)):
            return RestOf(self._left[id(argument)])
        if isinstance(argument, Segment) and argument.id in self._segments:
            step = self._segments.get(argument, self._segments[argument.id])
            began = self.steps[step].outcome.value
            return SegmentOf(step, path=None if argument.path == began.path else argument.path)
        if isinstance(argument, Part):
            if argument in self._parts:
                return PartOf(self._parts[argument])
            step = self._etags.get(argument.etag)
            return argument if step is None else PartOf(step, argument.index, argument.size)
        if isinstance(argument, Mapping):
            return dict(cast("Mapping[str, str]", argument))
        if isinstance(argument, (list, tuple)) and not isinstance(argument, Segment):
            return [self.term(member) for member in cast("Sequence[Any]", argument)]
        return argument


class Recorder:
    """One recorded client. ``count`` is called before each backend call: budgets and deadlines live there."""

    def __init__(
        self,
        storage: Storage,
        trace: Trace,
        client: int = 0,
        guard: Callable[[str, Callable[[], Outcome]], Outcome] | None = None,
    ) -> None:
        self.storage = storage
        self.trace = trace
        self.client = client
        self._guard = guard
        self.features: Features = storage.features()
        self.limits: Restrictions = storage.metadata().restrictions
        self.calls: Counter[str] = Counter()

    # Operations, in the order of operations.toml

    def create(self, path: str, **pairs: Any) -> Object:
        return self._call("create", [path], pairs)

    def delete(self, path: str, **pairs: Any) -> None:
        self._call("delete", [path], pairs)

    def list(self, path: str = "", *, list_mode: ListMode | None = None, **pairs: Any) -> list[Object]:
        return self._call("list", [path], pairs if list_mode is None else {"list_mode": list_mode, **pairs})

    def read(self, path: str, **pairs: Any) -> bytes:
        """Read and return the bytes delivered; what the storage counted is in the trace."""
        self._call("read", [path], pairs)
        return self.trace.steps[-1].outcome.data or b""

    def stat(self, path: str, *, object_mode: ObjectMode | None = None, **pairs: Any) -> Object:
        return self._call("stat", [path], pairs if object_mode is None else {"object_mode": object_mode, **pairs})

    def write(self, path: str, content: Content | Source | bytes, size: int | None = None, **pairs: Any) -> int:
        """Write a content, a source or plain bytes; ``size`` defaults to what there is."""
        source, size = _sized(content, size)
        return self._call("write", [path, source, size], pairs)

    def create_append(self, path: str, **pairs: Any) -> Object:
        return self._call("create_append", [path], pairs)

    def write_append(self, o: Object, content: Content | Source | bytes, size: int | None = None, **pairs: Any) -> int:
        source, size = _sized(content, size)
        return self._call("write_append", [o, source, size], pairs)

    def commit_append(self, o: Object) -> None:
        self._call("commit_append", [o], {})

    def create_block(self, path: str) -> Object:
        return self._call("create_block", [path], {})

    def write_block(self, o: Object, content: Content | Source | bytes, bid: str, size: int | None = None) -> int:
        source, size = _sized(content, size)
        return self._call("write_block", [o, source, size, bid], {})

    def combine_block(self, o: Object, bids: Sequence[str], **pairs: Any) -> Object | None:
        return self._call("combine_block", [o, list(bids)], pairs)

    def list_block(self, o: Object) -> Sequence[Any]:
        return self._call("list_block", [o], {})

    def copy(self, src: str, dst: str, **pairs: Any) -> Object | None:
        return self._call("copy", [src, dst], pairs)

    def create_dir(self, path: str) -> Object:
        return self._call("create_dir", [path], {})

    def fetch(self, path: str, url: str) -> None:
        self._call("fetch", [path, url], {})

    def create_link(self, path: str, target: str) -> Object:
        return self._call("create_link", [path, target], {})

    def move(self, src: str, dst: str, **pairs: Any) -> Object | None:
        return self._call("move", [src, dst], pairs)

    def create_multipart(self, path: str, **pairs: Any) -> Object:
        return self._call("create_multipart", [path], pairs)

    def write_multipart(
        self,
        o: Object,
        content: Content | Source | bytes,
        index: int,
        size: int | None = None,
        **pairs: Any,
    ) -> tuple[int, Part]:
        source, size = _sized(content, size)
        return self._call("write_multipart", [o, source, size, index], pairs)

    def complete_multipart(self, o: Object, parts: Sequence[Part], **pairs: Any) -> Object | None:
        return self._call("complete_multipart", [o, list(parts)], pairs)

    def list_multipart(self, o: Object) -> Sequence[Part]:
        return self._call("list_multipart", [o], {})

    def copy_multipart(self, o: Object, src: str, index: int, **pairs: Any) -> tuple[int, Part]:
        return self._call("copy_multipart", [o, src, index], pairs)

    def create_page(self, path: str, **pairs: Any) -> Object:
        return self._call("create_page", [path], pairs)

    def write_page(self, o: Object, content: Content | Source | bytes, offset: int, size: int | None = None) -> int:
        source, size = _sized(content, size)
        return self._call("write_page", [o, source, size, offset], {})

    def reach(self, path: str, **pairs: Any) -> HTTPRequest:
        return self._call("reach", [path], pairs)

    def init_segment(self, path: str) -> Segment:
        return self._call("init_segment", [path], {})

    def write_segment(
        self, seg: Segment, content: Content | Source | bytes, size: int | None = None, **pairs: Any
    ) -> int:
        """Upload a piece; ``index`` or ``offset`` is among ``pairs``."""
        source, size = _sized(content, size)
        return self._call("write_segment", [seg, source, size], pairs)

    def complete_segment(self, seg: Segment) -> None:
        self._call("complete_segment", [seg], {})

    def abort_segment(self, seg: Segment) -> None:
        self._call("abort_segment", [seg], {})

    def list_segments(self, path: str = "") -> Sequence[Segment]:
        return self._call("list_segments", [path], {})

    def delete_many(self, paths: Sequence[str]) -> None:
        self._call("delete_many", [list(paths)], {})

    def list_begin(self, path: str, count: int, **pairs: Any) -> Listing:
        """List, and leave it when ``count`` objects were taken, which it has as ``seen``."""
        return self._call("list_begin", [path, count], pairs)

    def list_rest(self, left: Listing) -> Sequence[Object]:
        """Go on with a listing that was left and return the other objects."""
        return self._call("list_rest", [left], {})

    def read_begin(self, path: str, at: int, **pairs: Any) -> Reading:
        """Read, and leave it when ``at`` bytes were delivered."""
        return self._call("read_begin", [path, at], pairs)

    def read_rest(self, left: Reading) -> bytes:
        """Go on with a read that was left and return all of its bytes."""
        self._call("read_rest", [left], {})
        return self.trace.steps[-1].outcome.data or b""

    def write_large(self, path: str, size: int, salt: int) -> int:
        """Write ``size`` bytes drawn from ``salt``, which never are in memory together."""
        return self._call("write_large", [path, size, salt], {})

    def read_large(self, path: str, size: int, salt: int) -> Compared:
        """Read an object and compare it with ``size`` bytes drawn from ``salt``."""
        return self._call("read_large", [path, size, salt], {})

    def close(self) -> None:
        """Close the client, as a call of its own: what it does afterwards is up to ``Features.close_refuses``."""
        self._call("close", [], {})

    def perform(self, call: Call, results: Sequence[Any]) -> Outcome:
        """Make one call of a program; its outcome is returned and nothing is raised for it.

        Raises:
            LookupError: the call needs what an earlier one did not return.

        """
        arguments = [resolve(term, results) for term in call.args]
        pairs = {name: resolve(term, results) for name, term in call.pairs.items()}
        self.calls[call.op] += 1
        return self._made(call.op, arguments, pairs)

    def _made(self, op: str, arguments: list[Any], pairs: dict[str, Any]) -> Outcome:
        def make() -> Outcome:
            return invoke(self.storage, op, arguments, pairs)

        outcome = make() if self._guard is None else self._guard(op, make)
        if outcome.exception is not None:
            # outcomes are kept: what an error was raised among, megabytes that were read perhaps, is not
            traceback.clear_frames(outcome.exception.__traceback__)
        return outcome

    def _call(self, op: str, arguments: list[Any], pairs: dict[str, Any]) -> Any:
        call = Call(
            op,
            tuple(self.trace.term(argument) for argument in arguments),
            {name: self.trace.pair(name, value) for name, value in pairs.items() if name != "io_callback"},
            self.client,
        )
        real = [argument.open() if isinstance(argument, Source) else argument for argument in arguments]
        self.calls[op] += 1
        outcome = self._made(op, real, pairs)
        self.trace.add(call, outcome)
        if outcome.exception is not None:
            raise outcome.exception
        return outcome.value


def _sized(content: Content | Source | bytes, size: int | None) -> tuple[Source, int]:
    if isinstance(content, bytes):
        content = Content.of(content)
    source = content if isinstance(content, Source) else Source(content)
    return source, source.content.size if size is None else size
