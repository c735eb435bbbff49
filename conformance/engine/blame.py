"""Whom to blame when an operation that a law only uses fails by itself."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.laws import Check
from conformance.model.blame import OBSERVERS
from conformance.requirements import requirement, requirements
from conformance.storage.calls import Step

BASE = {
    "write": "write.stores",
    "read": "read.whole",
    "stat": "stat.describes",
    "list": "list.direct_children",
    "delete": "delete.removes",
    "create": "create.local",
    "copy": "copy.content",
    "move": "move.content",
    "fetch": "fetch.content",
    "create_dir": "create_dir.creates",
    "create_link": "create_link.creates",
    "create_multipart": "multipart.create",
    "write_multipart": "multipart.write",
    "complete_multipart": "multipart.complete",
    "list_multipart": "multipart.list",
    "create_append": "append.create",
    "write_append": "append.write",
    "commit_append": "append.commit",
    "create_block": "block.create",
    "write_block": "block.write",
    "combine_block": "block.combine",
    "list_block": "block.list",
    "create_page": "page.create",
    "write_page": "page.write",
    "reach": "reach.read",
    "delete_many": "batch.removes",
    "copy_multipart": "part_copy.content",
    "init_segment": "segments.handle",
    "write_segment": "segments.write",
    "complete_segment": "segments.write",
    "abort_segment": "segments.abort_idempotent",
    "list_segments": "segments.listed",
}


def blamed(check: Check, steps: Sequence[Step]) -> str:
    """Return the requirement that an unexpected error of the last step breaks.

    The law's own, when the operation, or the one before it, or the last change before it, is the subject of the law;
    otherwise the first thing that is asked of the operation, because the law never came to its point.
    """
    op = steps[-1].call.op
    changes = [step.call.op for step in steps[:-1] if step.call.op not in OBSERVERS]
    before = {op, *changes[-1:], *(step.call.op for step in steps[-2:-1])}
    base = BASE.get(op)
    own = requirement(check.requirement).operations[0] in before
    return check.requirement if own or base is None or base not in requirements() else base
