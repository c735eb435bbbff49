"""Whom a failure is told of: the requirement of the law, unless an ordinary step failed that fails everywhere.

Every law takes ordinary steps: it begins an upload, sends a part, completes it. Where such a step fails, what the step
is about is only suspected. Its own laws are run: if they do not hold either, the step is broken as such, and that
requirement is to blame; if they hold, the circumstances of the law broke the step, and they are the law's own matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.upload_controller.attempt import attempt
from conformance.upload_controller.checks import Check, checks
from conformance.upload_controller.expect import Broken
from conformance.upload_controller.world import Place


@dataclass(frozen=True, slots=True)
class Suspicions:
    """What was found out in a run about requirements that were suspected."""

    place: Place
    seed: int
    _broken: dict[str, bool] = field(default_factory=dict[str, bool])

    def blamed(self, check: Check, broken: Broken) -> str:
        """Return the requirement to blame for what a law met."""
        own = broken.requirement or check.requirement
        if broken.suspect is None or broken.suspect == own:
            return own
        return broken.suspect if self.is_broken(broken.suspect) else own

    def is_broken(self, requirement: str) -> bool:
        """Return whether one of a requirement's own laws does not hold, and not because of another suspect."""
        if requirement not in self._broken:
            laws = (law for law in checks().values() if law.requirement == requirement)
            self._broken[requirement] = any(self._fails(law) for law in laws if law.missing(self.place.has) is None)
        return self._broken[requirement]

    def _fails(self, law: Check) -> bool:
        _, broken = attempt(self.place, law, self.seed)
        if not isinstance(broken, Broken):
            return False
        return (broken.suspect or broken.requirement or law.requirement) == law.requirement
