"""What operations take and return: objects, parts, blocks, segments, storage metadata with its restrictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Self

from conformance.storage.modes import ObjectMode

_NOTHING: Mapping[str, str] = MappingProxyType({})
_IRREGULAR = ObjectMode(0)


def _nothing() -> Mapping[str, str]:
    return _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One object as a storage describes it; a field that the service does not tell is ``None`` (AOS-40).

    ``path`` is the path as the caller gave it, ``id`` the service's own stable name. Lengths and offsets are bytes,
    ``content_md5`` is base64 of 16 bytes (Prop-14) and ``content_sha256`` of 32, ``etag`` is opaque and comparable only
    within one service.
    """

    path: str
    id: str = ""
    mode: ObjectMode = _IRREGULAR
    content_length: int | None = None
    content_md5: str | None = None
    content_type: str | None = None
    content_disposition: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    cache_control: str | None = None
    content_sha256: str | None = None
    etag: str | None = None
    last_modified: datetime | None = None
    link_target: str | None = None
    multipart_id: str | None = None
    append_offset: int | None = None
    user_metadata: Mapping[str, str] = field(default_factory=_nothing, hash=False)
    system_metadata: Mapping[str, str] = field(default_factory=_nothing, hash=False)


class Told(int):
    """The number of bytes that ``read`` and ``write`` return, with what the answer told of the ``object`` besides.

    A service describes an object in more answers than stat's: a download has headers, an upload is answered with an
    ETag. What an adapter passes on is held against stat. Fields that the answer does not tell are ``None``; the
    ``content_length`` of a ranged read is that of the whole object.
    """

    object: Object

    def __new__(cls, size: int, o: Object) -> Self:
        """Return ``size``, which tells of ``o``."""
        told = super().__new__(cls, size)
        told.object = o
        return told


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One uploaded part (AOS-62): zero-based ``index``, ``size`` in bytes, the service's opaque ``etag``."""

    index: int
    size: int
    etag: str


class Block(NamedTuple):
    """One uncommitted block: the caller's ``id`` and its ``size`` in bytes."""

    id: str
    size: int


class Segment(NamedTuple):
    """A handle of proposal 18: an upload is identified by its path *and* its id; immutable from outside."""

    path: str
    id: str

    def __str__(self) -> str:
        return f"segment {self.id} of {self.path}"


class HTTPRequest(NamedTuple):
    """A signed request (GSP-706): send ``method`` to ``url`` with ``headers`` and it does what was signed."""

    method: str
    url: str
    headers: Mapping[str, str] = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """Limits that a storage publishes (GSP-97); ``None`` is unlimited or unknown. Sizes are bytes."""

    write_size_maximum: int | None = None
    copy_size_maximum: int | None = None
    move_size_maximum: int | None = None
    fetch_size_maximum: int | None = None
    append_number_maximum: int | None = None
    append_size_maximum: int | None = None
    append_total_size_maximum: int | None = None
    multipart_number_maximum: int | None = None
    multipart_size_maximum: int | None = None
    multipart_size_minimum: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageMeta:
    """What a storage says of itself (GSP-76): ``work_dir`` is absolute, restrictions hold for every call."""

    name: str
    work_dir: str
    service: str = ""
    location: str = ""
    restrictions: Restrictions = Restrictions()
