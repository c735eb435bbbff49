"""One law, run once."""

from __future__ import annotations

import zlib

from conformance.adapters.upload_controller.client import NoAnswer
from conformance.upload_controller.checks import Check
from conformance.upload_controller.expect import Broken
from conformance.upload_controller.judge import judged
from conformance.upload_controller.world import Place, World


def attempt(place: Place, check: Check, seed: int) -> tuple[World, Exception | None]:
    """Run a law once, in a world of its own; return the world and what went wrong.

    A service that does not answer has broken the law; what else is raised is an error of the environment or the kit.
    """
    world = World(place, zlib.crc32(f"{seed}/{check.id}".encode()))
    broken: Exception | None = None
    try:
        check.function(world)
    except Broken as found:
        broken = found
    except NoAnswer as silent:
        broken = Broken("a request", "an answer", str(silent), "upload_errors.answers")
    except Exception as error:  # noqa: BLE001 - whatever a law meets is told as an error of that law
        broken = error
    # the whole trace is judged, also of a law that came to its end: what broke the law comes first
    return world, broken if isinstance(broken, Broken) else judged(world) or broken
