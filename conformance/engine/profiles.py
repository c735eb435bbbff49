"""Profiles: how much a run may ask of a backend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProfileName = Literal["smoke", "standard", "deep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The effort of a run: examples per law, and the limits of shrinking and of one answer.

    ``calls`` is the number of backend calls that the profile stays within on a backend with every interface.
    ``allowance`` is how many of them an ordinary law may have made when another example of it begins; laws of a greater
    weight get all their examples.
    ``shrinks`` is how many executions a failing example may cost to be made smaller, ``deadline`` how many seconds one
    call may take.
    """

    name: ProfileName
    examples: int
    calls: int | None
    allowance: int | None = None
    shrinks: int = 60
    deadline: float = 15.0


PROFILES: dict[ProfileName, Profile] = {
    "smoke": Profile(name="smoke", examples=1, calls=500),
    "standard": Profile(name="standard", examples=2, calls=6000, allowance=2),
    "deep": Profile(name="deep", examples=40, calls=None, shrinks=200),
}
