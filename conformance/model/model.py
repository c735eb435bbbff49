"""The reference model: what the specification lets a storage answer, call by call.

The model is pure. It is told the calls of a program in order and says for each what is allowed; where that is more than
one thing, it follows the storage: :meth:`Model.observe` tells it what came of the call, and without it the model takes
the call to have succeeded if it may. What a program will meet is therefore known before it is run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from conformance.model import batch, blame, growing, listings, objects, observing, segments, uploads
from conformance.model.conditions import conditional
from conformance.model.expectation import ANY, NONE, UNKNOWN, Expectation, Finding
from conformance.model.objects import Rule
from conformance.model.state import World
from conformance.storage import Features, Restrictions, operations
from conformance.storage.calls import OUTSIDE, READER, Call, Outcome

RULES: dict[str, Rule] = {
    **objects.RULES,
    **observing.RULES,
    **uploads.RULES,
    **segments.RULES,
    **growing.RULES,
    **listings.RULES,
    **batch.RULES,
}
"""The rule of every operation that the model describes."""

LOCAL = frozenset({"features", "metadata", "read_only", "close"})
"""Calls that change nothing of what is stored."""


LISTINGS = frozenset({"list", "list_segments"})
"""Operations that take the work_dir itself, and directories with a slash at their end."""


@dataclass(frozen=True, slots=True)
class Change:
    """The last call that may have changed anything."""

    op: str
    path: str
    source: str
    situation: str
    client: int
    paths: tuple[str, ...] = ()


def _paths(call: Call) -> Iterator[str]:
    """Yield the paths that a call names."""
    for name, term in zip(operations()[call.op].params, call.args, strict=False):
        if name == "paths":
            yield from term
        elif isinstance(term, str) and name not in {"bid", "url"}:
            yield term


def _asked(call: Call) -> str:
    """Return what a call asks, and who asks it."""
    return repr((call.client, call.op, call.args, call.pairs))


def _changed(op: str, expectation: Expectation) -> Change:
    client = expectation.call.client
    return Change(op, expectation.path, expectation.source, expectation.situation, client, expectation.paths)


def _place(call: Call) -> str:
    """Return the path that a call is about, as far as it names one."""
    return next((term for term in call.args if isinstance(term, str)), "")


class Model:
    """The specification at work on one ``work_dir``.

    Parameters:
        features: what the backend declares, which decides the points that the specification leaves open.
        limits: the restrictions that it publishes.

    """

    def __init__(self, features: Features, limits: Restrictions) -> None:
        self.world = World(features, limits)
        self._change: Change | None = None
        self._last: Expectation | None = None
        self._right: set[str] = set()

    def step(self, number: int, call: Call) -> Expectation:
        """Return what call ``number`` of the program may come to.

        The call before it is taken to have had its expected outcome, unless it was observed.
        """
        if self._last is not None:
            self._settle(self._last, ok=self._last.success)
        expectation = None if self.world.lost else self._rule(number, call)
        if expectation is None:
            self.world.lost = self.world.lost or (call.op not in LOCAL and call.op not in blame.OBSERVERS)
            expectation = Expectation(call=call, path="", errors=UNKNOWN, text="anything")
        expectation.step = number
        expectation.blame = lambda finding: self._blame(expectation, finding)
        self._last = expectation
        return expectation

    def foresee(self, number: int, call: Call) -> Expectation | None:
        """Return :meth:`step` for a call that the model describes; forget any other call and return None."""
        expectation = self.step(number, call)
        if not self.world.lost and not expectation.leads_out:
            return expectation
        self.world.lost = False
        self._last = None
        return None

    def observe(self, outcome: Outcome) -> None:
        """Follow the branch that the storage took in the last call."""
        last = self._last
        if last is not None:
            self._settle(last, ok=outcome.ok)
            if outcome.ok:
                last.learn(outcome.value)
            if last.call.op in blame.OBSERVERS:
                self._right.add(_asked(last.call))

    def skip(self) -> None:
        """Leave the last call out: it was not made, because it needs what an earlier one did not return."""
        self._last = None

    @property
    def lost(self) -> bool:
        """Whether a call went beyond what the model describes, so that everything is allowed from there on."""
        return self.world.lost

    def _settle(self, expectation: Expectation, *, ok: bool) -> None:
        self._last = None
        call = expectation.call
        if call.op in operations() and operations()[call.op].write:
            self.world.space.touch(expectation.path)
        (expectation.then if ok else expectation.otherwise)()
        self.world.lost = self.world.lost or (ok and expectation.leads_out)
        if call.op not in blame.OBSERVERS and call.op not in LOCAL and call.op != "create":
            op = call.op if ok else call.op + "!"
            self._change = _changed(op, expectation)
            self._right.clear()

    def _rule(self, number: int, call: Call) -> Expectation | None:
        world = self.world
        changing = call.op not in blame.OBSERVERS and call.op not in LOCAL
        if call.op == "close":
            again = call.client in world.closed
            errors = NONE if again else UNKNOWN
            situation = "again" if again else ""
            then = partial(world.closed.add, call.client)
            return Expectation(call=call, path="", situation=situation, errors=errors, then=then)
        if call.client in world.closed:
            if world.features.close_refuses:
                return Expectation(call=call, path=_place(call), situation="closed", success=False, errors=ANY)
            return None
        if call.client == READER and changing:
            return Expectation(call=call, path=_place(call), situation="read only", success=False, errors=ANY)
        rule = RULES.get(call.op)
        if rule is None or call.client == OUTSIDE or not self._ordinary(call):
            return None
        world.number = number
        expectation = rule(world, call)
        if expectation is None:
            return None
        if not objects.ordinary(call.pairs.get("user_metadata", {})):
            expectation.errors |= ANY
        return conditional(world, expectation)

    def _ordinary(self, call: Call) -> bool:
        """Whether paths are plain relative names and optional arguments are declared: the model speaks of no others."""
        features = self.world.features
        if call.op not in features.operations:
            return False
        for term in _paths(call):
            path = term.removesuffix("/") if call.op in LISTINGS else term
            if not path and call.op in LISTINGS:
                continue
            if not path or not {"", ".", ".."}.isdisjoint(path.split("/")) or "\0" in path:
                return False
            if any("\ud800" <= character <= "\udfff" for character in path):
                return False
            if (features.backslash_separates and "\\" in path) or self._too_long(path):
                return False
        return call.op == "create" or call.pairs.keys() <= features.pairs.get(call.op, frozenset())

    def _too_long(self, path: str) -> bool:
        features = self.world.features
        longest = max(len(name.encode()) for name in path.split("/"))
        return longest > (features.name_maximum or longest) or len(path.encode()) > (features.path_maximum or 1 << 20)

    def _blame(self, expectation: Expectation, finding: Finding) -> str:
        unrepeatable = blame.REPEATABLE.get(expectation.call.op)
        if unrepeatable is not None and _asked(expectation.call) in self._right:
            return unrepeatable
        change = self._change
        if change is None:
            return blame.requirement(blame.Case(expectation.call.op, finding.aspect, expectation.situation))
        relation = "other"
        if finding.path == change.path or finding.path in change.paths:
            relation = "self"
        elif finding.path == change.source:
            relation = "source"
        elif finding.path.startswith(change.path + "/"):
            relation = "inside"
        return blame.requirement(
            blame.Case(
                op=expectation.call.op,
                aspect=finding.aspect,
                situation=expectation.situation,
                change=change.op,
                change_situation=change.situation,
                relation=relation,
                another_client=change.client != expectation.call.client,
                reader=expectation.call.client == READER,
            )
        )
