"""The conditions of a request (RFC 9110, section 13): what must hold of an object before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.storage import PreconditionFailed

if TYPE_CHECKING:
    from datetime import datetime

    from conformance.storage import Object


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """``if_match`` and ``if_none_match`` are an ETag, or ``"*"`` for any object; times without a zone are local."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: datetime | None = None
    if_unmodified_since: datetime | None = None

    def check(self, o: Object | None) -> None:
        """Compare with the object as it is, ``None`` when there is none.

        A time is looked at only without the ETag that goes before it: ``if_match`` before ``if_unmodified_since``,
        ``if_none_match`` before ``if_modified_since`` (13.2.2). ``if_match`` compares strongly, so a weak ETag never
        matches, and ``if_none_match`` weakly (13.1). What has no ETag, or no time, matches none.

        Raises:
            PreconditionFailed: a condition does not hold.

        """
        if self.if_match is not None:
            if not _matches(self.if_match, o, strongly=True):
                raise PreconditionFailed(f"if_match {self.if_match} and the object has {_etag(o)}")
        elif self.if_unmodified_since is not None:
            modified = o.last_modified if o is not None else None
            if modified is None or modified > self.if_unmodified_since.astimezone():
                raise PreconditionFailed(f"modified {modified}, after {self.if_unmodified_since}")
        if self.if_none_match is not None:
            if _matches(self.if_none_match, o, strongly=False):
                raise PreconditionFailed(f"if_none_match {self.if_none_match} and the object has {_etag(o)}")
        elif self.if_modified_since is not None:
            modified = o.last_modified if o is not None else None
            if modified is not None and modified <= self.if_modified_since.astimezone():
                raise PreconditionFailed(f"modified {modified}, not after {self.if_modified_since}")


UNCONDITIONAL = Conditions()


def _matches(wanted: str, o: Object | None, *, strongly: bool) -> bool:
    if o is None:
        return False
    if wanted == "*":
        return True
    if strongly:
        return wanted == o.etag and not wanted.startswith("W/")
    return o.etag is not None and wanted.removeprefix("W/") == o.etag.removeprefix("W/")


def _etag(o: Object | None) -> str:
    return "none, as there is no object" if o is None else str(o.etag)
