"""What came of a call, told without what differs from run to run: no times, ids, etags, or messages.

Every counterexample script looks at its calls through these functions.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any, cast

from conformance.storage.base import Storage
from conformance.storage.errors import StorageError
from conformance.storage.objects import Block, Object, Part, Segment

LONGEST = 10_000
"""Characters of an answer that are told."""


def read(store: Storage, path: str, **pairs: Any) -> tuple[int, bytes]:
    """Read an object into memory; return the number of bytes reported and the bytes delivered."""
    w = io.BytesIO()
    return store.read(path, w, **pairs), w.getvalue()


def seen(call: Callable[[], Any]) -> str:
    """Make a call and tell what came of it."""
    try:
        return told(call())
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever is raised is what came of it
        # The libraries of services have codes too, of their own.
        return f"{error.code if isinstance(error, StorageError) else 'Foreign'} ({type(error).__name__})"


def told(value: Any) -> str:
    """Tell what a call returned; of a text of any length the beginning, how long it is, and its digest."""
    text = _told(value)
    if len(text) <= LONGEST:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{text[:LONGEST]}… ({len(text):,} characters, {digest})"


def _told(value: Any) -> str:
    if isinstance(value, bytes):
        return repr(value) if len(value) <= 24 else f"{len(value)} bytes, {hashlib.sha256(value).hexdigest()[:16]}"
    if isinstance(value, Object):
        facts = (f"mode {value.mode!s}", f"length {value.content_length}", f"type {value.content_type}")
        return f"{value.path!r} " + ", ".join(facts) + f", {dict(value.user_metadata)}, target {value.link_target}"
    if isinstance(value, Part):
        return f"part {value.index} of {value.size} bytes"
    if isinstance(value, Block):
        return f"block {value.id} of {value.size} bytes"
    if isinstance(value, Segment):
        return f"a segment of {value.path!r}"
    if isinstance(value, list):
        return "; ".join(sorted(told(member) for member in cast("list[Any]", value))) or "nothing"
    if isinstance(value, tuple):
        return ", ".join(told(member) for member in cast("tuple[Any, ...]", value))
    return repr(value)
