"""What a write may take of its reader (GSP-751): how many bytes come, and whether it can succeed at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from conformance.model.data import EMPTY, Data, digest
from conformance.model.expectation import ANY, NONE, WHATEVER
from conformance.storage import Features, Source
from conformance.storage.calls import Call


@dataclass(frozen=True, slots=True)
class Taken:
    """The data that arrive, whether success is allowed, the errors that are, and the situation in two words."""

    data: Data
    success: bool = True
    errors: frozenset[str] = NONE
    situation: str = ""


def taken(source: Any, size: int, features: Features) -> Taken | None:
    """Return what ``size`` bytes of a source come to, or None for a source that the model does not know."""
    if not isinstance(source, Source):
        return None
    if size < 0:
        return Taken(EMPTY, success=False, errors=ANY, situation="negative size")
    content = source.content
    if source.kind == "none":
        if size:
            return Taken(EMPTY, success=False, errors=ANY, situation="none reader")
        return Taken(EMPTY, errors=NONE if features.write_empty_object else ANY, situation="none reader, empty")
    data = Data.of(content, min(size, content.size))
    if source.kind == "raises":
        if source.at < size:
            return Taken(data, success=False, errors=WHATEVER, situation="failing reader")
        # The reader fails only if it is asked for more than it was said to hold.
        return Taken(data, errors=WHATEVER, situation="failing reader")
    if content.size < size:
        return Taken(data, success=False, errors=ANY, situation="short reader")
    if not size:
        situation = "zero size" if content.size else ""
        return Taken(data, errors=NONE if features.write_empty_object else ANY, situation=situation)
    if content.size > size:
        return Taken(data, situation="long reader")
    return Taken(data, situation="" if source.kind == "plain" else "unusual reader")


def verified(call: Call, took: Taken) -> Taken:
    """Return what is taken where the caller also gives a checksum: nothing, if it is not that of the data."""
    for name in ("content_md5", "content_sha256"):
        if name in call.pairs and call.pairs[name] != digest(name, took.data):
            return replace(took, success=False, errors=took.errors | ANY, situation=took.situation or f"wrong {name}")
    return took
