"""The tables. Times are seconds since 1970 in UTC.

The migrations make them; ``tests/upload_controller_service`` proves that both descriptions are the same.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from backends.upload_controller.states import ACTIVE, UploadStatus

metadata = MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

files = Table(
    "files",
    metadata,
    Column("file_id", Text, primary_key=True),
    Column("size", BigInteger),  # null: nobody knows it before the file arrives
    Column("upload_id", String(36), unique=True),  # the latest attempt
    CheckConstraint("size >= 0", name="size"),
)


def _words(statuses: type[UploadStatus]) -> list[str]:
    return [status.value for status in statuses]


_STATUS = Enum(
    UploadStatus,
    name="upload_status",
    native_enum=False,
    create_constraint=True,
    values_callable=_words,
)
_CLOSING = text("upload_status IN ({})".format(", ".join(f"'{status}'" for status in ACTIVE)))

multipart_uploads = Table(
    "multipart_uploads",
    metadata,
    Column("upload_id", String(36), primary_key=True),
    Column("file_id", Text, ForeignKey("files.file_id"), nullable=False),
    Column("upload_status", _STATUS, nullable=False),
    Column("s3_upload_id", Text),  # null until the store has answered
    Column("part_size", BigInteger, nullable=False),
    Column("active_at", Double, nullable=False),  # when a client last asked for something
    Column("completing_since", Double),  # a completion is under way
    Column("parts_digest", String(64)),  # of the parts named by the last completion that went to the store
    Column("to_clear", Boolean, nullable=False),  # the store may hold something that has to go
    Index("one_active_upload", "file_id", unique=True, sqlite_where=_CLOSING, postgresql_where=_CLOSING),
    Index("uploads_to_clear", "to_clear", sqlite_where=text("to_clear"), postgresql_where=text("to_clear")),
)

events = Table(
    "events",
    metadata,
    Column("event_id", Integer, primary_key=True),
    Column("upload_id", String(36), ForeignKey("multipart_uploads.upload_id"), nullable=False, unique=True),
    Column("file_id", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("delivered", Boolean, nullable=False),
)
