"""What the specification allows a call to come to, and how an outcome differs from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from conformance.storage import StorageError
from conformance.storage.calls import Call, Outcome, describe


def _codes(kind: type[StorageError]) -> Iterator[str]:
    yield kind.code
    for special in kind.__subclasses__():
        yield from _codes(special)


NONE: frozenset[str] = frozenset()
MISSING = frozenset({"ObjectNotExist"})
REFUSED = frozenset({"PreconditionFailed"})
WRONG_MODE = frozenset({"ObjectModeInvalid"})
UNTRUE = frozenset({"ServiceInternal", "RequestThrottled", "PreconditionFailed"})
"""What is never the answer to a caller's mistake: the service did not fail, may not be asked again for that (GSP-127),
and no condition was made."""
CODES = frozenset(_codes(StorageError))
ANY = CODES - UNTRUE
"""Every code of the taxonomy that is true of a refusal: the call must fail, and the specification does not say how."""
ANY_ERROR = "an error of conformance.storage, such as ObjectNotExist or Unexpected"
WHATEVER = ANY | {"Foreign"}
"""For readers that raise: their own error may pass through the storage."""
UNKNOWN = CODES | {"Foreign"}
"""For calls of which the model knows nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an outcome; ``aspect`` is its kind, stable over keys, sizes and seeds."""

    aspect: str
    path: str
    what: str
    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where a storage left the specification, and the requirement to blame."""

    requirement: str
    what: str
    expected: str
    observed: str
    op: str = ""
    aspect: str = ""
    path: str = ""
    step: int = -1
    situation: str = ""

    @property
    def claim(self) -> bool:
        """Whether only an answer told something else than another one: which of them is right, later answers show."""
        return self.aspect.startswith(("answer ", "listed "))

    @property
    def kind(self) -> str:
        """A claim as deviations are declared, by their signature: the requirement and the operation that answered."""
        return f"{self.requirement}: {self.op} answers"

    @property
    def signature(self) -> str:
        """The operation and the kind of the difference, which stay the same while a program is made smaller."""
        return f"{self.op}:{self.aspect}"


def _anything(_: Any) -> Finding | None:
    return None


def _nothing(*_: Any) -> None:
    return None


def _succeeded(outcome: Outcome) -> str:
    """Return a success, where none was expected, in words."""
    if outcome.data is not None:
        return f"success ({describe(outcome.data)})"
    if outcome.value is None:
        return "success"
    if isinstance(outcome.value, int):
        return f"success ({int(outcome.value)} byte{'' if outcome.value == 1 else 's'})"
    return f"success: {outcome.brief()}"


@dataclass(slots=True, kw_only=True)
class Expectation:
    """The allowed outcomes of one call: success that passes ``accepts``, and errors with a code in ``errors``.

    ``situation`` says in two words what made the rule apply (``over existing``); blame depends on it, and on the path
    that the call is ``about`` where that is not its first; ``paths`` are all of them where a call has many. ``then``
    moves the state on once the call is known to have succeeded, ``otherwise`` once it is known to have failed, and
    ``learn`` takes in what it returned; success that ``leads_out`` leaves what the model describes. What a read returns
    is the number that it told together with the bytes.
    """

    call: Call
    path: str
    situation: str = ""
    source: str = ""
    paths: tuple[str, ...] = ()
    about: str = ""
    success: bool = True
    leads_out: bool = False
    errors: frozenset[str] = NONE
    text: str = "success"
    accepts: Callable[[Any], Finding | None] = _anything
    then: Callable[[], None] = _nothing
    otherwise: Callable[[], None] = _nothing
    learn: Callable[[Any], None] = _nothing
    blame: Callable[[Finding], str] = field(default=lambda _: "programs.namespace")
    step: int = -1

    @property
    def expected(self) -> str:
        """The allowed outcomes in words."""
        if not self.errors:
            return self.text
        refusal = ANY_ERROR if self.errors >= ANY else " or ".join(sorted(self.errors))
        return f"{self.text} or {refusal}" if self.success else refusal

    def judge(self, outcome: Outcome) -> Divergence | None:
        """Return how an outcome differs from everything that is allowed, or None."""
        finding = self._finding(outcome)
        if finding is None:
            return None
        return Divergence(
            requirement=self.blame(finding),
            what=finding.what,
            expected=finding.expected,
            observed=finding.observed,
            op=self.call.op,
            aspect=finding.aspect,
            path=finding.path,
            step=self.step,
            situation=self.situation,
        )

    def _finding(self, outcome: Outcome) -> Finding | None:
        what = f"{self.call.op} of {self.path!r}" + (f" ({self.situation})" if self.situation else "")
        about = self.about or self.path
        if outcome.ok:
            if self.success:
                return self.accepts(outcome.value if outcome.data is None else (outcome.value, outcome.data))
            return Finding("success", about, what, self.expected, _succeeded(outcome))
        if outcome.error in self.errors:
            return None
        aspect = "error" if self.success and not self.errors else "code"
        if aspect == "code" and outcome.error == "Foreign":
            aspect = "foreign"
        if aspect == "code" and outcome.error in UNTRUE and "Unexpected" in self.errors:
            aspect = "fault"
        return Finding(aspect, about, what, self.expected, outcome.brief())
