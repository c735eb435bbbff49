"""Our upload controller as a storage: what clients can upload in parts is what can be written."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from backends.moto_server import PART_MINIMUM
from backends.server import CREDENTIALS, NotInstalled, Started

if TYPE_CHECKING:
    from collections.abc import Generator

NEEDED = {"fastapi": "fastapi", "uvicorn": "uvicorn", "sqlalchemy": "sqlalchemy", "alembic": "alembic"}


@contextmanager
def start() -> Generator[Started]:
    """Start the service with SQLite and moto's server, which takes small parts, and yield it.

    Raises:
        NotInstalled: what the service is made of is missing.
        ServerFailed: it did not start.

    """
    lacking = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if lacking:
        raise NotInstalled(f"{', '.join(lacking)} is missing: pip install {' '.join(lacking)}")
    from backends.upload_controller import launcher  # noqa: PLC0415 - what it is made of may be missing

    with launcher.start() as service:
        host = service.url.removeprefix("http://")
        options = f"store={service.s3.endpoint}&bucket={service.s3.bucket}&part_minimum={PART_MINIMUM}"
        yield Started(
            name="upload-controller-storage",
            connection=f"upload-controller://{host}?{options}",
            version=f"the reference service of this project, over SQLite and moto {version('moto')}",
            environment=CREDENTIALS,
            log=service.log,
        )
