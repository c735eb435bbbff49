"""What an operator has, as it tells itself: ``Operator.capability()`` in the words of the specification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.storage import ListMode, Restrictions

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEEDS: Mapping[str, str] = {
    "copy": "copy",
    "create_append": "write_can_append",
    "create_dir": "create_dir",
    "delete": "delete",
    "list": "list",
    "list.page_size": "list_with_limit",
    "list.start_after": "list_with_start_after",
    "move": "rename",
    "reach": "presign",
    "read": "read",
    "read.if_match": "read_with_if_match",
    "read.if_modified_since": "read_with_if_modified_since",
    "read.if_none_match": "read_with_if_none_match",
    "read.if_unmodified_since": "read_with_if_unmodified_since",
    "stat": "stat",
    "stat.if_match": "stat_with_if_match",
    "stat.if_modified_since": "stat_with_if_modified_since",
    "stat.if_none_match": "stat_with_if_none_match",
    "stat.if_unmodified_since": "stat_with_if_unmodified_since",
    "write": "write",
    "write.content_disposition": "write_with_content_disposition",
    "write.content_encoding": "write_with_content_encoding",
    "write.content_type": "write_with_content_type",
    "create_append.content_type": "write_with_content_type",
    "write.if_match": "write_with_if_match",
    "write.if_none_match": "write_with_if_not_exists",
    "write.user_metadata": "write_with_user_metadata",
    "write_append": "write_can_append",
    "commit_append": "write_can_append",
}
"""The capability that an operation, or an optional argument of one, needs."""

SIGNED: Mapping[str, str] = {
    "read": "presign_read",
    "stat": "presign_stat",
    "write": "presign_write",
    "delete": "presign_delete",
}
"""The verbs of ``reach``: both the capability and the method of the operator are called so."""


def offered(implements: Mapping[str, frozenset[str]], told: Any, *, signs: bool) -> dict[str, frozenset[str]]:
    """Return what is left of the adapter's operations and optional arguments with this capability.

    Args:
        implements: what the adapter implements.
        told: the ``Capability`` of the operator.
        signs: whether the operator has methods that sign; the blocking one has none.

    """

    def has(name: str) -> bool:
        return name not in _NEEDS or bool(getattr(told, _NEEDS[name], False))

    return {
        op: frozenset(pair for pair in pairs if has(f"{op}.{pair}"))
        for op, pairs in implements.items()
        if has(op) and (op != "reach" or signs)
    }


def list_modes(told: Any) -> ListMode:
    """Return how the operator lists: one level, and with ``list_with_recursive`` every object of a prefix."""
    return ListMode.DIR | (ListMode.PREFIX if told.list_with_recursive else ListMode(0))


def restrictions(told: Any) -> Restrictions:
    """Return the limits that the operator tells."""
    return Restrictions(write_size_maximum=told.write_total_max_size)
