"""``Storage``, the base that every adapter extends, with the checks that AOS-61 asks to be generated.

For every operation that a subclass implements, :meth:`Storage.__init_subclass__` puts the guards in front of it that
``operations.toml`` declares: the mode of the object is checked first, before anything is read, sent or changed
(AOS-61); then optional arguments that the implementation does not take are refused (GSP-87). An error of the taxonomy
leaves with the operation and its path filled in (AOS-47 rule 1); anything else passes through untouched, so that a
leak stays visible.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, Protocol

from conformance.storage.definitions import Operation, operations
from conformance.storage.errors import ObjectModeInvalid, OperationNotSupported, PairUnsupported, StorageError
from conformance.storage.features import Features
from conformance.storage.modes import ListMode, ObjectMode
from conformance.storage.objects import Block, HTTPRequest, Object, Part, Segment, StorageMeta


class Reader(Protocol):
    """Where a write takes its bytes from: ``read(n)`` returns up to ``n`` bytes, ``b""`` at the end."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, or all that is left when ``size`` is negative."""
        ...


class Writer(Protocol):
    """Where a read puts its bytes."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


IoCallback = Callable[[bytes], object]


def guarded(operation: Operation, method: Callable[..., Any], *, loose: bool) -> Callable[..., Any]:
    """Return ``method`` behind the guards of its operation."""
    takes = inspect.signature(method).parameters
    anything = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in takes.values())
    refused: frozenset[str] = frozenset() if anything else frozenset(operation.pairs) - frozenset(takes)
    mode = operation.object_mode

    def check(arguments: tuple[Any, ...], pairs: dict[str, Any]) -> dict[str, Any]:
        if mode is not None:
            actual = (arguments[0] if arguments else pairs["o"]).mode
            if mode not in actual:
                raise ObjectModeInvalid(expected=mode, actual=actual)
        unsupported = refused.intersection(pairs)
        if unsupported:
            if not loose:
                raise PairUnsupported(sorted(unsupported))
            return {name: value for name, value in pairs.items() if name not in unsupported}
        return pairs

    if inspect.iscoroutinefunction(method):

        @functools.wraps(method)
        async def call_async(self: Any, *arguments: Any, **pairs: Any) -> Any:
            try:
                return await method(self, *arguments, **check(arguments, pairs))
            except StorageError as error:
                locate(error, operation, arguments)
                raise

        return call_async

    @functools.wraps(method)
    def call(self: Any, *arguments: Any, **pairs: Any) -> Any:
        try:
            return method(self, *arguments, **check(arguments, pairs))
        except StorageError as error:
            locate(error, operation, arguments)
            raise

    return call


def locate(error: StorageError, operation: Operation, arguments: tuple[Any, ...]) -> None:
    """Fill in the operation of an error and the paths it was about, unless it names them itself (AOS-47 rule 1)."""
    if error.op is None:
        error.op = operation.name
        named = zip(operation.params, arguments, strict=False)
        error.path = tuple(
            str(value.path if isinstance(value, Object) else value)
            for name, value in named
            if name in {"path", "src", "dst", "o"}
        )


def _declare(cls: type[Any], base: type[Any]) -> None:
    """Guard what ``cls`` defines itself and note what it implements, its bases included."""
    loose = cls.declared.loose_pairs
    for name, operation in operations().items():
        method = cls.__dict__.get(name)
        if inspect.isfunction(method) and name != "features":
            setattr(cls, name, guarded(operation, method, loose=loose))
    implemented = {
        name: operation
        for name, operation in operations().items()
        if getattr(cls, name, None) is not getattr(base, name, None) or name in {"create", "features"}
    }
    cls.implements = MappingProxyType(
        {
            name: frozenset(operation.pairs).intersection(inspect.signature(getattr(cls, name)).parameters)
            for name, operation in implemented.items()
        },
    )


class Storage:
    """One storage as one client sees it: extend it with the operations that the service has, and only with those.

    ``declared`` holds the adapter's :class:`Features`. An operation that is not overridden raises
    :class:`OperationNotSupported` and is reported as not applicable. Paths are relative to the ``work_dir`` that the
    opener was given (GSP-749). A client may be called from another thread than the one that opened it.
    """

    declared: ClassVar[Features] = Features()
    implements: ClassVar[Mapping[str, frozenset[str]]] = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _declare(cls, Storage)

    def close(self) -> None:
        """Release what this client holds; the data stay."""

    # local operations

    def features(self) -> Features:
        """Return the declaration; operations and optional arguments are read off the class when not listed.

        Where ``list`` takes no ``list_mode``, there are no list modes to declare.
        """
        pairs = self.declared.pairs or self.implements
        return replace(
            self.declared,
            operations=self.declared.operations or frozenset(self.implements),
            pairs=pairs,
            list_modes=self.declared.list_modes if "list_mode" in pairs.get("list", ()) else ListMode(0),
        )

    def metadata(self) -> StorageMeta:
        """Return name, ``work_dir`` and restrictions without a request (GSP-76).

        Override it to tell the ``work_dir`` and the limits; what is not overridden counts as not implemented.
        """
        return StorageMeta(name=type(self).__name__, work_dir="/")

    def create(self, path: str, *, object_mode: ObjectMode | None = None, multipart_id: str | None = None) -> Object:
        """Return a handle without a request (ops:create, GSP-93): mode ``read`` unless told otherwise."""
        mode = object_mode if object_mode is not None else ObjectMode.PART if multipart_id else ObjectMode.READ
        return Object(path=path, mode=mode, multipart_id=multipart_id)

    def read_only(self) -> Storage:
        """Return a client of the same data that refuses every operation which would change them (derived)."""
        self._missing("read_only")

    # storager

    def delete(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        multipart_id: str | None = None,
        if_match: str | None = None,
    ) -> None:
        """Delete one object; a missing one is no error (GSP-46).

        With ``if_match``, only the object that has this ETag; another one raises PreconditionFailed.
        """
        self._missing("delete")

    def list(
        self,
        path: str,
        *,
        list_mode: ListMode | None = None,
        continuation_token: str | None = None,
        start_after: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[Object]:
        """Iterate over the objects below ``path``, or over its uploads or block objects (GSP-654).

        A directory is an :class:`Object` whose mode has ``dir`` and whose path has no slash at its end. ``list_mode``
        None is the backend's own default: one level, or every object of the prefix. A mode that is not in
        ``Features.list_modes`` raises ListModeInvalid; a ``list`` without this argument has the default only.
        ``start_after`` leaves out every path up to and including that one, in the order of code points of whole paths.
        ``page_size`` is how many entries one request asks for; what is listed does not depend on it.
        """
        self._missing("list")

    def read(
        self,
        path: str,
        w: Writer,
        *,
        offset: int | None = None,
        size: int | None = None,
        suffix: int | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Copy the object, or ``size`` bytes from ``offset``, or its last ``suffix`` bytes, to ``w``.

        Returns the number of bytes, which may be a :class:`Told`. A condition that does not hold raises
        PreconditionFailed, also where HTTP says "not modified" (RFC 9110, section 13).
        """
        self._missing("read")

    def stat(
        self,
        path: str,
        *,
        object_mode: ObjectMode | None = None,
        multipart_id: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_modified_since: datetime | None = None,
        if_unmodified_since: datetime | None = None,
    ) -> Object:
        """Describe one object; ``object_mode`` is a hint (GSP-93). Raises ObjectNotExist when there is none."""
        self._missing("stat")

    def write(
        self,
        path: str,
        r: Reader | None,
        size: int,
        *,
        content_type: str | None = None,
        content_md5: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        content_encoding: str | None = None,
        content_language: str | None = None,
        content_sha256: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Store exactly ``size`` bytes of ``r`` under ``path`` and return ``size`` (GSP-134, GSP-751).

        ``if_match`` writes only over the object that has this ETag, ``if_none_match="*"`` only where there is none;
        otherwise PreconditionFailed is raised and nothing is changed. The size returned may be a :class:`Told`.

        Here and in every operation that takes a reader, what ``r`` itself raises may come through as it is: it is the
        caller's own. A reader that ends early, or None for a ``size`` above 0, is refused by the storage.
        """
        self._missing("write")

    # appender

    def create_append(
        self,
        path: str,
        *,
        content_type: str | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Create an empty append object, whatever was at ``path`` (AOS-44, GSP-134)."""
        self._missing("create_append")

    def write_append(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        *,
        content_md5: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> int:
        """Add ``size`` bytes at the tail of ``o`` (AOS-44)."""
        self._missing("write_append")

    def commit_append(self, o: Object) -> None:
        """Make ``o`` readable (AOS-44)."""
        self._missing("commit_append")

    # blocker

    def create_block(self, path: str) -> Object:
        """Create a block object (GSP-134)."""
        self._missing("create_block")

    def write_block(self, o: Object, r: Reader | None, size: int, bid: str) -> int:
        """Write the block ``bid``, which replaces an earlier one of that name."""
        self._missing("write_block")

    def combine_block(
        self,
        o: Object,
        bids: Iterable[str],
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object | None:
        """Make the object of the blocks named, in that order; may return what the answer tells of it."""
        self._missing("combine_block")

    def list_block(self, o: Object) -> Iterator[Block]:
        """Iterate over the blocks written so far."""
        self._missing("list_block")

    # copier, direr, fetcher, linker, mover

    def copy(
        self,
        src: str,
        dst: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        if_match: str | None = None,
        if_none_match: str | None = None,
        if_source_match: str | None = None,
        if_source_none_match: str | None = None,
    ) -> Object | None:
        """Copy one object with its metadata; an existing ``dst`` is replaced (GSP-134).

        Metadata given here take the place of all that the source has. May return what the answer tells of ``dst``.
        """
        self._missing("copy")

    def create_dir(self, path: str) -> Object:
        """Create a directory; an existing one is no error (AOS-49, GSP-134)."""
        self._missing("create_dir")

    def fetch(self, path: str, url: str) -> None:
        """Store what ``url`` serves under ``path`` (GSP-134)."""
        self._missing("fetch")

    def create_link(self, path: str, target: str) -> Object:
        """Create a link; the target need not exist (GSP-86)."""
        self._missing("create_link")

    def move(
        self,
        src: str,
        dst: str,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object | None:
        """Move one object with its metadata; an existing ``dst`` is replaced (GSP-134)."""
        self._missing("move")

    # multiparter

    def create_multipart(
        self,
        path: str,
        *,
        content_type: str | None = None,
        content_disposition: str | None = None,
        user_metadata: Mapping[str, str] | None = None,
        cache_control: str | None = None,
        content_encoding: str | None = None,
        content_language: str | None = None,
    ) -> Object:
        """Begin an upload and return its handle in mode ``part`` with a ``multipart_id`` (AOS-25)."""
        self._missing("create_multipart")

    def write_multipart(
        self,
        o: Object,
        r: Reader | None,
        size: int,
        index: int,
        *,
        content_md5: str | None = None,
        content_sha256: str | None = None,
        io_callback: IoCallback | None = None,
    ) -> tuple[int, Part]:
        """Upload one part under its zero-based ``index`` and return the size with the part (AOS-62)."""
        self._missing("write_multipart")

    def complete_multipart(
        self,
        o: Object,
        parts: Iterable[Part],
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object | None:
        """Make the object of exactly the parts given (AOS-62); may return what the answer tells of it."""
        self._missing("complete_multipart")

    def list_multipart(self, o: Object) -> Iterator[Part]:
        """Iterate over the parts uploaded so far."""
        self._missing("list_multipart")

    def copy_multipart(
        self,
        o: Object,
        src: str,
        index: int,
        *,
        offset: int | None = None,
        size: int | None = None,
    ) -> tuple[int, Part]:
        """Make a part of the object ``src``, or of ``size`` bytes of it from ``offset``; its size and the part."""
        self._missing("copy_multipart")

    # pager, reacher

    def create_page(
        self,
        path: str,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
    ) -> Object:
        """Create a page object (AOS-25)."""
        self._missing("create_page")

    def write_page(self, o: Object, r: Reader | None, size: int, offset: int) -> int:
        """Write ``size`` bytes at ``offset`` (AOS-25)."""
        self._missing("write_page")

    def reach(
        self,
        path: str,
        *,
        verb: str = "read",
        size: int | None = None,
        expire: float = 3600,
        multipart_id: str | None = None,
        index: int | None = None,
    ) -> HTTPRequest:
        """Sign one HTTP request to the object, valid for ``expire`` seconds (GSP-706, GSP-729, GSP-826).

        ``verb`` is ``read``, ``stat``, ``write`` (of ``size`` bytes), ``delete``, or a step of an upload:
        ``create_multipart``, ``write_multipart`` (``multipart_id``, ``index``, ``size``), ``list_multipart``,
        ``complete_multipart``, and ``delete`` with ``multipart_id``. Another one raises RestrictionDissatisfied.
        """
        self._missing("reach")

    # segmenter

    def init_segment(self, path: str) -> Segment:
        """Begin a segment; its handle names path and id (Prop-18)."""
        self._missing("init_segment")

    def write_segment(
        self,
        seg: Segment,
        r: Reader | None,
        size: int,
        *,
        index: int | None = None,
        offset: int | None = None,
    ) -> int:
        """Upload ``size`` bytes as the piece ``index``, or at ``offset``, as ``Features.segments`` says (Prop-18)."""
        self._missing("write_segment")

    def complete_segment(self, seg: Segment) -> None:
        """Make the object of the pieces (Prop-18)."""
        self._missing("complete_segment")

    def abort_segment(self, seg: Segment) -> None:
        """Give the segment up (Prop-18)."""
        self._missing("abort_segment")

    def list_segments(self, path: str) -> Iterator[Segment]:
        """Iterate over the open segments below ``path``, whoever began them (Prop-18, Prop-21)."""
        self._missing("list_segments")

    # batcher

    def delete_many(self, paths: Iterable[str]) -> None:
        """Delete several objects in as few requests as the service takes; missing ones are no error (derived)."""
        self._missing("delete_many")

    def _missing(self, operation: str) -> NoReturn:
        raise OperationNotSupported(f"{type(self).__name__} does not implement {operation}")


_declare(Storage, Storage)


class AsyncStorage:
    """The same contract for asyncio: implement the operations of :class:`Storage` as ``async def``.

    ``list``, ``list_multipart`` and ``list_block`` may be asynchronous generators or return any iterable; ``create``,
    ``features`` and ``metadata`` are local and stay ordinary methods. :func:`conformance.storage.in_sync` runs it.
    """

    declared: ClassVar[Features] = Features()
    implements: ClassVar[Mapping[str, frozenset[str]]] = MappingProxyType({})

    features = Storage.features
    metadata = Storage.metadata
    create = Storage.create

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _declare(cls, AsyncStorage)

    async def close(self) -> None:
        """Release what this client holds; the data stay."""
