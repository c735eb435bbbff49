"""The reference model: what the specification lets a storage answer, call by call.

The model is pure. It is told the calls of a program in order and says for each what is allowed; where that is more than
one thing, it follows the storage: :meth:`Model.observe` tells it what came of the call, and without it the model takes
the call to have succeeded if it may. What a program will meet is therefore known before it is run.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model import blame, growing, listings, objects, uploads
from conformance.model.expectation import WHATEVER, Expectation, Finding
from conformance.model.objects import Rule
from conformance.model.state import World
from conformance.storage import Features, Restrictions, operations
from conformance.storage.calls import Call, Outcome

RULES: dict[str, Rule] = {**objects.RULES, **uploads.RULES, **growing.RULES, **listings.RULES}
"""The rule of every operation that the model describes."""

LOCAL = frozenset({"features", "metadata"})


@dataclass(frozen=True, slots=True)
class Change:
    """The last call that may have changed anything."""

    op: str
    path: str
    source: str
    situation: str
    client: int


def _plain(name: str, value: str) -> bool:
    """Whether user metadata travel as they are everywhere: case of names, outer blanks and non-ASCII do not."""
    return name == name.lower() and value == value.strip() and (name + value).isascii() and (name + value).isprintable()


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

    def step(self, number: int, call: Call) -> Expectation:
        """Return what call ``number`` of the program may come to.

        The call before it is taken to have had its expected outcome, unless it was observed.
        """
        if self._last is not None:
            self._settle(self._last, ok=self._last.success)
        expectation = None if self.world.lost else self._rule(number, call)
        if expectation is None:
            self.world.lost = self.world.lost or call.op not in LOCAL
            expectation = Expectation(call=call, path="", errors=WHATEVER, text="anything")
        expectation.step = number
        expectation.blame = lambda finding: self._blame(expectation, finding)
        self._last = expectation
        return expectation

    def foresee(self, number: int, call: Call) -> Expectation | None:
        """Return :meth:`step` for a call that the model describes; forget any other call and return None."""
        expectation = self.step(number, call)
        if not self.world.lost:
            return expectation
        self.world.lost = False
        self._last = None
        return None

    def observe(self, outcome: Outcome) -> None:
        """Follow the branch that the storage took in the last call."""
        if self._last is not None:
            if outcome.ok:
                self._last.learn(outcome.value)
            self._settle(self._last, ok=outcome.ok)

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
        if operations()[call.op].write:
            self.world.space.touch(expectation.path)
        if ok:
            expectation.then()
        if call.op not in blame.OBSERVERS and call.op not in LOCAL and call.op != "create":
            op = call.op if ok else call.op + "!"
            self._change = Change(op, expectation.path, expectation.source, expectation.situation, call.client)

    def _rule(self, number: int, call: Call) -> Expectation | None:
        rule = RULES.get(call.op)
        if rule is None or call.client > 1 or not self._ordinary(call):
            return None
        self.world.number = number
        return rule(self.world, call)

    def _ordinary(self, call: Call) -> bool:
        """Whether paths are plain relative names and optional arguments are declared: the model speaks of no others."""
        features = self.world.features
        if call.op not in features.operations:
            return False
        for position, term in enumerate(call.args):
            if not isinstance(term, str) or (call.op == "write_block" and position == 3):
                continue
            path = term.removesuffix("/") if call.op == "list" else term
            if not path and call.op == "list":
                continue
            if not path or not {"", ".", ".."}.isdisjoint(path.split("/")) or "\0" in path:
                return False
            if any("\ud800" <= character <= "\udfff" for character in path):
                return False
            if (features.backslash_separates and "\\" in path) or self._too_long(path):
                return False
        if not all(_plain(*item) for item in call.pairs.get("user_metadata", {}).items()):
            return False
        return call.op == "create" or call.pairs.keys() <= features.pairs.get(call.op, frozenset())

    def _too_long(self, path: str) -> bool:
        features = self.world.features
        longest = max(len(name.encode()) for name in path.split("/"))
        return longest > (features.name_maximum or longest) or len(path.encode()) > (features.path_maximum or 1 << 20)

    def _blame(self, expectation: Expectation, finding: Finding) -> str:
        change = self._change
        if change is None:
            return blame.requirement(blame.Case(expectation.call.op, finding.aspect, expectation.situation))
        relation = "other"
        if finding.path == change.path:
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
            )
        )
