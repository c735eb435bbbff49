"""Part plans: how an object is cut into parts and in which order they are uploaded.

Parts are of unequal size and begin where nothing else begins, every part has bytes of its own, and the order of upload
is rarely that of the indexes: a store that sorts, counts or joins wrongly shows it. A plan knows no limits; its
contents are worked out for the client at hand, as small as its declared minimum allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hypothesis import strategies as st

from conformance.engine.expect import Violation, same
from conformance.engine.recorder import Recorder
from conformance.storage import Content, Object, Part, StorageError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

LARGE = 64 * 1024
FEW = 3
Order = Literal["scattered", "reversed", "ascending"]


def smallest(store: Recorder) -> int:
    """Return the least size in bytes of a part that is neither empty nor, where that counts, too small."""
    enforced = store.limits.multipart_size_minimum if store.features.part_minimum_enforced else None
    return max(1, enforced or 1)


def piece(store: Recorder, salt: int, surplus: int = 0) -> Content:
    """Return the content of a part that may stand anywhere: the least size, and ``surplus`` bytes."""
    return Content(smallest(store) + surplus, salt)


@dataclass(frozen=True, slots=True)
class PartPlan:
    """Parts by ascending index: ``surplus`` bytes beyond the least size each, uploaded in ``order``."""

    surplus: tuple[int, ...]
    order: Order
    salt: int

    def contents(self, store: Recorder) -> dict[int, Content]:
        """Return the content of each index, in the order of upload; no more than three parts where parts are large."""
        surplus = self.surplus if smallest(store) <= LARGE else self.surplus[-FEW:]
        # The last part alone may be below the minimum, so it is, wherever there is one.
        sizes = [*(smallest(store) + extra for extra in surplus[:-1]), surplus[-1] + 1]
        return {index: Content(sizes[index], 100 * self.salt + index) for index in _ordered(len(sizes), self.order)}


def _ordered(count: int, order: Order) -> list[int]:
    match order:
        case "ascending":
            return list(range(count))
        case "reversed":
            return list(reversed(range(count)))
        case "scattered":
            return [*range(0, count, 2)][::-1] + [*range(1, count, 2)][::-1]


def part_plans(minimum: int = 2) -> SearchStrategy[PartPlan]:
    """Plans of at least ``minimum`` parts (no more than 3): unequal and equal sizes, few and a dozen parts."""
    cuts = ((7, 0, 300), (0, 1), (2, 2, 2), (1000, 0, 5), (0,) * 12, (1, 0, 2, 0, 3), (0, 700))
    return st.builds(
        PartPlan,
        st.sampled_from([cut for cut in cuts if len(cut) >= minimum]),
        st.sampled_from(("scattered", "reversed", "ascending")),
        st.integers(1, 50),
    )


def upload(store: Recorder, o: Object, contents: Mapping[int, Content]) -> list[Part]:
    """Upload the parts in the order of ``contents`` and return them by ascending index."""
    return sorted(store.write_multipart(o, content, index)[1] for index, content in contents.items())


def joined(contents: Mapping[int, Content]) -> bytes:
    """Return the content of the object that the parts make."""
    return b"".join(contents[index].data for index in sorted(contents))


def parts_of(store: Recorder, o: Object) -> list[Part]:
    """Return the parts that the upload lists, by ascending index."""
    return sorted(store.list_multipart(o))


def still_open(store: Recorder, o: Object, parts: Sequence[Part], what: str, *, requirement: str | None = None) -> None:
    """Demand that the upload is open and lists exactly these parts."""
    __tracebackhide__ = True
    try:
        found = parts_of(store, o)
    except StorageError as error:
        raise Violation(
            f"parts of the open upload {what}",
            expected=f"{len(parts)} parts",
            observed=f"{type(error).__name__}: {error}",
            requirement=requirement,
        ) from error
    same(found, sorted(parts), f"parts of the open upload {what}", requirement=requirement)


def ended(store: Recorder, o: Object) -> bool:
    """Whether the upload lists no parts any more: refused, or empty."""
    try:
        return not store.list_multipart(o)
    except StorageError:
        return True


def forged(etag: str) -> str:
    """Return an ETag of the same shape that differs in one character, the last that is no quote."""
    place = len(etag.rstrip('"')) - 1
    return etag[:place] + ("0" if etag[place : place + 1] != "0" else "1") + etag[place + 1 :]
