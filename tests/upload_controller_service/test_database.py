"""The tables: what the migrations make is what the code believes in, and the constraints hold by themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from backends.upload_controller import migrations
from backends.upload_controller.database import Database
from backends.upload_controller.tables import metadata

UPLOAD = (
    "INSERT INTO multipart_uploads (upload_id, file_id, upload_status, part_size, active_at, to_clear) "
    "VALUES (:id, 'f', :status, 1, 0, FALSE)"
)


@pytest.fixture
def tables(database):
    made = Database(database)
    made.migrate()
    with made.write() as connection:
        connection.execute(text("INSERT INTO files (file_id, size) VALUES ('f', :size)"), {"size": 2**62})
    yield made
    made.close()


def test_the_migrations_make_what_the_code_describes(tables):
    with tables.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        for table in metadata.sorted_tables:
            described = {index.name: index.unique for index in table.indexes}
            made = {index["name"]: bool(index["unique"]) for index in inspect(connection).get_indexes(table.name)}
            assert described.items() <= made.items()
            checks = {check["name"] for check in inspect(connection).get_check_constraints(table.name)}
            assert checks == {c.name for c in table.constraints if type(c).__name__ == "CheckConstraint"}


def test_the_migrations_can_be_taken_back(tables):
    with tables.write() as connection:
        config = Config()
        config.set_main_option("script_location", migrations.__path__[0])
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]


def test_processes_that_start_together_migrate_once(database):
    starting = [Database(database) for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(Database.migrate, starting))
    with starting[0].read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).all() == [("0001",)]
    for one in starting:
        one.close()


@pytest.mark.parametrize("second", ["pending", "uploaded", "accepted"])
@pytest.mark.parametrize("first", ["pending", "uploaded", "accepted"])
def test_the_database_keeps_a_file_from_two_active_uploads(tables, first, second):
    with tables.write() as connection:
        connection.execute(text(UPLOAD), {"id": "1", "status": first})
        for number, status in enumerate(("cancelled", "failed", "rejected", "rejected")):
            connection.execute(text(UPLOAD), {"id": f"ended {number}", "status": status})
    with pytest.raises(IntegrityError), tables.write() as connection:
        connection.execute(text(UPLOAD), {"id": "2", "status": second})


@pytest.mark.parametrize(
    "statement",
    [
        UPLOAD.replace("'f'", "'unknown'").replace(":status", "'pending'"),
        UPLOAD.replace(":status", "'canceled'"),
        "INSERT INTO files (file_id, size) VALUES (:id, -1)",
        "INSERT INTO files (file_id, size) VALUES ('f', 1)",
        "INSERT INTO events (upload_id, file_id, payload, delivered) VALUES (:id, 'f', '{}', FALSE)",
    ],
)
def test_the_database_refuses_what_cannot_be(tables, statement):
    with pytest.raises(IntegrityError), tables.write() as connection:
        connection.execute(text(statement), {"id": "1"})


def test_an_upload_is_told_of_once(tables):
    event = "INSERT INTO events (upload_id, file_id, payload, delivered) VALUES ('1', 'f', '{}', FALSE)"
    with tables.write() as connection:
        connection.execute(text(UPLOAD), {"id": "1", "status": "uploaded"})
        connection.execute(text(event))
    with pytest.raises(IntegrityError), tables.write() as connection:
        connection.execute(text(event))


def test_what_raises_is_taken_back(tables):
    with suppress(ZeroDivisionError), tables.write() as connection:
        connection.execute(text(UPLOAD), {"id": "1", "status": "pending"})
        raise ZeroDivisionError
    with tables.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM multipart_uploads")).scalar() == 0
