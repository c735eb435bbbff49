"""Large objects of PostgreSQL: an empty database of a server that is started for them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from backends import postgresql
from backends.server import Started

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def start() -> Generator[Started]:
    """Start PostgreSQL with an empty database and yield it.

    Raises:
        NotInstalled: PostgreSQL is missing.
        ServerFailed: it did not start.

    """
    with postgresql.start() as url:
        yield Started(
            name="postgres",
            connection=f"{url.replace('postgresql://', 'postgres://')}?create=true",
            version=f"PostgreSQL {postgresql.version().split()[2]}",
        )
