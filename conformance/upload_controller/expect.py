"""How a law says what it expects: every sentence that does not hold is a :class:`Broken`."""

from __future__ import annotations


class Broken(AssertionError):
    """Something was observed that must not be.

    ``requirement`` is the one to blame, if not that of the law. Where an ordinary step failed, ``suspect`` is the
    requirement that the step is about: it is to blame if its own laws do not hold either (see :mod:`.blame`).
    """

    def __init__(
        self, what: str, expected: str, observed: str, requirement: str | None = None, *, suspect: str | None = None
    ) -> None:
        """Say what was looked at, what it should have been, and what it was."""
        super().__init__(f"{what}: expected {expected}, observed {observed}")
        self.what = what
        self.expected = expected
        self.observed = observed
        self.requirement = requirement
        self.suspect = suspect

    def as_before(self, other: Broken) -> bool:
        """Return whether the same is broken, whatever was observed this time."""
        return (self.what, self.requirement, self.suspect) == (other.what, other.requirement, other.suspect)


def demand(
    holds: bool, what: str, expected: str, observed: object, blame: str | None = None, *, suspect: str | None = None
) -> None:
    """Demand a fact; ``blame`` and ``suspect`` are those of :class:`Broken`.

    Raises:
        Broken: it is not so.

    """
    if not holds:
        raise Broken(what, expected, observed if isinstance(observed, str) else repr(observed), blame, suspect=suspect)


def same(observed: object, expected: object, what: str, blame: str | None = None, suspect: str | None = None) -> None:
    """Demand that something is as expected; ``blame`` and ``suspect`` are those of :class:`Broken`.

    Raises:
        Broken: it is not.

    """
    demand(observed == expected, what, repr(expected), observed, blame, suspect=suspect)
