"""``Defective``, the proxy that every planted defect is a small subclass of, and the registry of them all."""

from __future__ import annotations

import functools
import inspect
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from conformance.storage import Features, Object, ObjectMode, Storage, StorageError, StorageMeta, operations
from conformance.storage.base import Reader

Opener = Callable[[str], Storage]
_D = TypeVar("_D", bound="type[Defective]")

EVERYWHERE = ("memory", "fs", "moto")
NATIVE = ("memory", "fs")
"""Backends on which a directory and a file cannot share a path."""
METADATA = ("memory", "moto")
"""Backends that keep metadata and publish limits."""
VIRTUAL = ("moto",)
"""Backends on which a directory is a marker beside the objects."""


class Defective(Storage):
    """A client that passes every operation on to ``inner``; a defect overrides one of them.

    Overriding :meth:`call`, through which all of them go, changes many at once. ``shared`` is kept for all clients of
    one ``work_dir``, so that a defect does not heal when a second client looks.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Put no guards around the defect: those of ``inner`` do the checks, and a defect may be their absence.

        Optional arguments that a defect does not name go past it.
        """
        for op in operations():
            method = cls.__dict__.get(op)
            if inspect.isfunction(method):
                setattr(cls, op, _taking(cls, op, method))

    def __init__(self, opener: Opener, work_dir: str, shared: dict[str, Any]) -> None:
        self.inner = opener(work_dir)
        self.opener = opener
        self.work_dir = work_dir
        self.shared = shared

    def features(self) -> Features:
        return self.inner.features()

    def metadata(self) -> StorageMeta:
        return self.inner.metadata()

    def close(self) -> None:
        self.inner.close()

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        """Pass one operation on."""
        return getattr(self.inner, op)(*arguments, **pairs)

    # What defects look at and tamper with, past all hooks

    def memory(self, name: str) -> dict[Any, Any]:
        """Return the dictionary of that name which all clients share."""
        return self.shared.setdefault(name, {})

    def look(self, path: str, **pairs: Any) -> Object | None:
        """Return what ``inner`` says of ``path``, or None."""
        try:
            return self.inner.stat(path, **pairs)
        except StorageError:
            return None

    def content(self, path: str) -> bytes | None:
        """Return the bytes of the object at ``path``, or None when nothing there can be read."""
        sink = io.BytesIO()
        try:
            self.inner.read(path, sink)
        except StorageError:
            return None
        return sink.getvalue()

    def is_directory(self, path: str) -> bool:
        """Whether a native directory is at ``path``."""
        found = self.look(path) if self.features().directories == "native" else None
        return found is not None and ObjectMode.DIR in found.mode

    def below(self, path: str) -> list[Object]:
        """Return the direct children of a directory; none when it cannot be listed."""
        try:
            return list(self.inner.list(path))
        except StorageError:
            return []

    def put(self, path: str, data: bytes, like: Object | None = None, **pairs: Any) -> None:
        """Store ``data`` with the metadata of ``like``."""
        offered = self.features().pairs["write"]
        kept = {
            name: getattr(like, name)
            for name in ("content_type", "content_disposition", "user_metadata")
            if like is not None and name in offered and getattr(like, name)
        }
        self.inner.write(path, io.BytesIO(data), len(data), **{**kept, **pairs})

    def spoil(self, path: str, alter: Callable[[bytes], bytes]) -> None:
        """Replace the content at ``path`` by what ``alter`` makes of it; its metadata stay."""
        data = self.content(path)
        if data is not None and alter(data) != data:
            self.put(path, alter(data), self.look(path))


def _taking(cls: type[Any], op: str, method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that passes calls with arguments which it does not take on to the class below."""
    takes = inspect.signature(method).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in takes.values()):
        return method

    @functools.wraps(method)
    def call(self: Any, *arguments: Any, **pairs: Any) -> Any:
        if pairs.keys() <= takes.keys():
            return method(self, *arguments, **pairs)
        return getattr(super(cls, self), op)(*arguments, **pairs)

    return call


def _forward(op: str) -> Callable[..., Any]:
    def forward(self: Defective, *arguments: Any, **pairs: Any) -> Any:
        return self.call(op, *arguments, **pairs)

    forward.__name__ = forward.__qualname__ = op
    return forward


for _op in operations():
    if _op not in {"features", "metadata"}:
        setattr(Defective, _op, _forward(_op))


class Tee:
    """A reader that keeps what was read through it and how that went."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.chunks: list[bytes] = []
        self.ended = False
        self.failed = False

    @property
    def data(self) -> bytes:
        """Everything that was read."""
        return b"".join(self.chunks)

    def read(self, size: int = -1, /) -> bytes:
        try:
            chunk = self._reader.read(size)
        except Exception:
            self.failed = True
            raise
        self.ended = not chunk
        self.chunks.append(chunk)
        return chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One planted defect: the requirements of which it must trip one, the real bug it imitates, where it applies."""

    name: str
    family: str
    kind: type[Defective]
    trips: tuple[str, ...]
    like: str
    on: tuple[str, ...]
    needs: frozenset[str]
    profile: Literal["standard", "deep"] = "standard"

    @property
    def sentence(self) -> str:
        """What is wrong, in one sentence."""
        return (self.kind.__doc__ or "").strip()

    def applies(self, backend: str, features: Features) -> bool:
        """Whether the defect can show on that backend."""
        return backend in self.on and self.needs <= features.operations


DEFECTS: dict[str, Defect] = {}
"""Every planted defect by name, in the order of modules and lines."""


def defect(
    *,
    trips: tuple[str, ...],
    like: str = "",
    on: tuple[str, ...] = EVERYWHERE,
    needs: tuple[str, ...] = (),
    profile: Literal["standard", "deep"] = "standard",
) -> Callable[[_D], _D]:
    """Register a defect.

    Parameters:
        trips: ids of requirements; the kit must blame one of them.
        like: the public report of a real bug like it, ``owner/repository#number``.
        on: the backends on which it misbehaves.
        needs: operations without which it cannot show, besides those that it overrides.
        profile: ``deep`` when it takes more objects to show than a backend is asked to hold by ``standard``.

    """

    def register(kind: _D) -> _D:
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
        if name in DEFECTS:
            raise ValueError(f"two defects are called {name}")
        between = kind.__mro__[: kind.__mro__.index(Defective)]
        overridden = {op for op in operations() if any(op in vars(cls) for cls in between)}
        DEFECTS[name] = Defect(
            name=name,
            family=kind.__module__.rpartition(".")[2],
            kind=kind,
            trips=trips,
            like=like,
            on=on,
            needs=frozenset(needs) | overridden,
            profile=profile,
        )
        return kind

    return register


def wrap(opener: Opener, planted: Defect) -> Opener:
    """Return an opener whose clients have the defect; clients of one ``work_dir`` share what it remembers."""
    memories: dict[str, dict[str, Any]] = {}

    def open_defective(work_dir: str) -> Storage:
        return planted.kind(opener, work_dir, memories.setdefault(work_dir.rstrip("/"), {}))

    return open_defective
