"""The suite for upload controllers, run against our reference service: SQLite, moto's server, and a gate before it."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from backends.server import CREDENTIALS
from backends.upload_controller.launcher import embedded_store, start
from conformance.planning import Asked
from conformance.upload_controller.gate import Gate
from conformance.upload_controller.place import Given, placed
from conformance.upload_controller.running import run

if TYPE_CHECKING:
    from conformance.results import Document

VERSION = "the reference service of this project, over SQLite and moto"


def checked() -> Document:
    """Start the service, run everything, end it, and return the document.

    Raises:
        NotInstalled: what starts it is not installed.
        ServerFailed: it does not start.

    """
    os.environ.update(CREDENTIALS)  # the store is looked into with the ordinary AWS credentials
    with (
        embedded_store() as store,
        closing(Gate(store.endpoint)) as gate,
        start(s3=replace(store, endpoint=gate.url)) as service,
    ):
        given = Given(url=service.url, hooks="reference", store=f"s3://{store.bucket}?endpoint={store.endpoint}")
        with placed(given, gate) as place:
            return run(place, Asked(), version=VERSION)
