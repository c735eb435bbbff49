"""The service with or without a defect, and the place in which laws see it."""

from __future__ import annotations

import tempfile
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from unittest.mock import patch

from backends.upload_controller.api import create_app
from backends.upload_controller.config import Settings
from backends.upload_controller.launcher import start_here
from conformance.upload_controller.gate import Gate
from conformance.upload_controller.place import Given, placed


@contextmanager
def serving(s3, planted=None, database_url=None, part_minimum=5 * 1024 * 1024):
    """Yield the place of a service of its own, with a gate before the store, which refuses parts below a minimum."""
    own = replace(s3, bucket=f"inbox-{uuid.uuid4().hex[:12]}")
    minimum = planted.part_minimum if planted else part_minimum
    with ExitStack() as stack:
        stack.enter_context(patch("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", minimum))
        gate = Gate(own.endpoint)
        stack.callback(gate.close)
        layer = planted.layer if planted else None
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="upload-controller-"))
        service = stack.enter_context(
            start_here(
                database_url or f"sqlite:///{folder}/uploads.sqlite",
                replace(own, endpoint=gate.url),
                Settings(tidy_interval=0),
                pieces=planted.pieces if planted else None,
                make_app=lambda controller: layer(create_app(controller)) if layer else create_app(controller),
            )
        )
        given = Given(url=service.url, hooks="reference", store=f"s3://{own.bucket}?endpoint={own.endpoint}")
        place = stack.enter_context(placed(given, gate))
        if planted:
            api = replace(place.api, error_fields=planted.fields)
            has = place.has | planted.claims | ({"error_fields"} if planted.fields else set())
            place = replace(place, api=api, has=frozenset(has), timeout=planted.timeout, page=planted.page)
        yield place
