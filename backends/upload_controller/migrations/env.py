"""Runs the steps on the connection, and in the transaction, of whoever asks for them."""

from __future__ import annotations

from alembic import context

from backends.upload_controller.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
