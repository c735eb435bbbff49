"""Files, their multipart uploads, and the events to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_CLOSING = sa.text("upload_status IN ('pending', 'uploaded', 'accepted')")
_TO_CLEAR = sa.text("to_clear")


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "files",
        sa.Column("file_id", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger),
        sa.Column("upload_id", sa.String(36)),
        sa.PrimaryKeyConstraint("file_id", name="pk_files"),
        sa.UniqueConstraint("upload_id", name="uq_files_upload_id"),
        sa.CheckConstraint("size >= 0", name=op.f("ck_files_size")),
    )
    op.create_table(
        "multipart_uploads",
        sa.Column("upload_id", sa.String(36), nullable=False),
        sa.Column("file_id", sa.Text, nullable=False),
        sa.Column("upload_status", sa.String(9), nullable=False),
        sa.Column("s3_upload_id", sa.Text),
        sa.Column("part_size", sa.BigInteger, nullable=False),
        sa.Column("active_at", sa.Double, nullable=False),
        sa.Column("completing_since", sa.Double),
        sa.Column("parts_digest", sa.String(64)),
        sa.Column("to_clear", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("upload_id", name="pk_multipart_uploads"),
        sa.ForeignKeyConstraint(["file_id"], ["files.file_id"], name="fk_multipart_uploads_file_id"),
        sa.CheckConstraint(
            "upload_status IN ('pending', 'cancelled', 'failed', 'uploaded', 'accepted', 'rejected')",
            name=op.f("ck_multipart_uploads_upload_status"),
        ),
    )
    op.create_index(
        "one_active_upload",
        "multipart_uploads",
        ["file_id"],
        unique=True,
        sqlite_where=_CLOSING,
        postgresql_where=_CLOSING,
    )
    op.create_index(
        "uploads_to_clear", "multipart_uploads", ["to_clear"], sqlite_where=_TO_CLEAR, postgresql_where=_TO_CLEAR
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("upload_id", sa.String(36), nullable=False),
        sa.Column("file_id", sa.Text, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("delivered", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_events"),
        sa.ForeignKeyConstraint(["upload_id"], ["multipart_uploads.upload_id"], name="fk_events_upload_id"),
        sa.UniqueConstraint("upload_id", name="uq_events_upload_id"),
    )


def downgrade() -> None:
    """Remove them, and with them everything that is known."""
    for table in ("events", "multipart_uploads", "files"):
        op.drop_table(table)
