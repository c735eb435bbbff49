"""The six states of an upload."""

from __future__ import annotations

from enum import StrEnum


class UploadStatus(StrEnum):
    """What has become of an attempt to upload a file."""

    PENDING = "pending"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UPLOADED = "uploaded"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


ACTIVE = (UploadStatus.PENDING, UploadStatus.UPLOADED, UploadStatus.ACCEPTED)
"""At most one upload of a file is in one of these: they close the file for another attempt."""
