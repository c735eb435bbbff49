"""The transition table: what may be asked of a file in each state, and what becomes of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Op = Literal["create", "send", "complete", "complete_wrong", "cancel", "accept", "reject", "presign"]
OPS: tuple[Op, ...] = ("create", "send", "complete", "complete_wrong", "cancel", "accept", "reject", "presign")
ACTIVE = frozenset({"pending", "uploaded", "accepted"})


@dataclass(frozen=True, slots=True)
class Step:
    """One request about a file: ``attempt`` counts its uploads, 0 the latest, 1 the one before."""

    op: Op
    attempt: int = 0

    def __str__(self) -> str:
        """Return the step as one word."""
        return self.op + (f" of attempt -{self.attempt}" if self.attempt else "")


@dataclass(frozen=True, slots=True)
class Expected:
    """What the table says of a step: whether it succeeds, the kind of refusal, or that either will do."""

    succeeds: bool
    kind: str = ""
    either: bool = False


@dataclass(slots=True)
class FileModel:
    """The uploads of one file, oldest first, each with its state and whether its part was sent."""

    states: list[str] = field(default_factory=list[str])
    sent: list[bool] = field(default_factory=list[bool])
    events: list[int] = field(default_factory=list[int])

    def possible(self, step: Step) -> bool:
        """Return whether the step can be asked: there is such an attempt."""
        return step.op == "create" or step.attempt < len(self.states)

    def take(self, step: Step) -> Expected:
        """Return what the step has to come to, and change the states accordingly."""
        if step.op == "create":
            return self._create()
        at = len(self.states) - 1 - step.attempt
        state = self.states[at]
        match step.op:
            case "presign" | "send":
                self.sent[at] |= step.op == "send" and state == "pending"
                return Expected(state == "pending", "not_pending")
            case "complete" if state == "pending":
                return self._complete(at)
            case "complete":
                # the same completion once more may be told as a success, also after the decision on it
                return Expected(succeeds=False, kind="not_pending", either=at in self.events)
            case "complete_wrong":
                return Expected(succeeds=False, kind="parts" if state == "pending" else "not_pending")
            case "cancel":
                return self._cancel(at)
            case _:
                return self._decide(at, "accepted" if step.op == "accept" else "rejected")

    def _create(self) -> Expected:
        if any(state in ACTIVE for state in self.states):
            return Expected(succeeds=False, kind="conflict")
        self.states.append("pending")
        self.sent.append(False)
        return Expected(succeeds=True)

    def _complete(self, at: int) -> Expected:
        if not self.sent[at]:
            return Expected(succeeds=False, kind="parts")
        self.states[at] = "uploaded"
        self.events.append(at)
        return Expected(succeeds=True)

    def _cancel(self, at: int) -> Expected:
        if self.states[at] == "pending":
            self.states[at] = "cancelled"
            return Expected(succeeds=True)
        return Expected(succeeds=False, kind="not_pending", either=self.states[at] == "cancelled")

    def _decide(self, at: int, verdict: str) -> Expected:
        if self.states[at] == "uploaded":
            self.states[at] = verdict
            return Expected(succeeds=True)
        return Expected(succeeds=False, kind="not_uploaded", either=True)
