"""What holds for every answer in every trace, whatever the law was about."""

from __future__ import annotations

import json

from conformance.upload_controller.expect import Broken
from conformance.upload_controller.world import World, told

OURS = frozenset({"put"})
"""Exchanges with somebody else: the store."""


def judged(world: World) -> Broken | None:
    """Return the first answer in a trace that no service may give, or None."""
    for noted in world.trace[world.forgiven :]:
        exchange = noted.exchange
        if exchange is None or exchange.answer is None or exchange.operation in OURS:
            continue
        answer = exchange.answer
        asked = f"the answer to {exchange.operation}"
        if answer.code >= 500:
            return Broken(asked, "no error of the service", told(answer), "upload_errors.no_5xx")
        if 400 <= answer.code < 500 and world.api.error_fields:
            body = answer.json
            lacking = [name for name in world.api.error_fields if not isinstance(body, dict) or name not in body]
            if lacking:
                return Broken(
                    asked, f"JSON with {', '.join(world.api.error_fields)}", told(answer), "upload_errors.body"
                )
        word = _state_told(world, exchange.operation, answer.json)
        if word is not None and world.api.state(word) is None:
            return Broken(f"{asked}: the state", "one of the six", json.dumps(word), "upload_states.spelling")
    return None


def _state_told(world: World, operation: str, document: object) -> object:
    bindings = {"state": world.api.operations.get("state")}
    binding = bindings.get(operation)
    return binding.found("state", document) if binding is not None else None
