"""One store for all tests, in this process, so that its limits can be set; a service for each."""

from __future__ import annotations

import logging

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from backends.server import CREDENTIALS
from backends.upload_controller.config import S3Settings


@pytest.fixture(scope="session")
def s3():
    """Return where a moto server is."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request, kept by pytest
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    access_key, secret_key = CREDENTIALS.values()
    yield S3Settings(endpoint=f"http://{host}:{port}", access_key=access_key, secret_key=secret_key)
    server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    """Give the side store its credentials."""
    for name, value in {**CREDENTIALS, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
