"""Whom to blame when an operation that a law only uses fails by itself."""

from __future__ import annotations

from conformance.engine.laws import Check
from conformance.requirements import requirement, requirements

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
}


def blamed(check: Check, op: str) -> str:
    """Return the requirement that an unexpected error of ``op`` breaks.

    The law's own, when the operation is the subject of the law; otherwise the first thing that is asked of the
    operation, because the law never came to its point.
    """
    subject = requirement(check.requirement).operations[0]
    base = BASE.get(op)
    return check.requirement if op == subject or base is None or base not in requirements() else base
