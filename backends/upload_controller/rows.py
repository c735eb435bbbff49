"""What the database knows of a file and of an attempt to upload it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backends.upload_controller.states import UploadStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that may be uploaded."""

    file_id: str
    size: int | None
    """Bytes; nothing if nobody knows it before the file arrives."""
    upload_id: str | None
    """The latest attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One attempt to upload a file, as the database knows it."""

    upload_id: str
    """Also the key of its object: so attempts never meet in the store."""
    file_id: str
    status: UploadStatus
    s3_upload_id: str | None
    """What the store calls it; nothing until the store has answered."""
    part_size: int
    """Bytes."""
    active_at: float
    completing_since: float | None = None
    """A completion is under way; the time tells which."""
    parts_digest: str | None = None
    """Of the parts that the last completion sent to the store."""
    to_clear: bool = False
    """The store may hold something of it that has to go."""
