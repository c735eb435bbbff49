"""Programs: sequences of calls over one colliding key group, decoded from bytes by the model alone, and run against it.

A program is data before anything runs. It never depends on what a backend answers, so it can be replayed elsewhere,
made smaller by leaving calls out, stored, and printed. The bytes come from Hypothesis (one fixed-length draw, which is
several times cheaper than a draw per argument); every choice takes a byte, and the model says at each place which
objects, uploads and sizes there are to choose from.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from conformance.engine.programs.dice import Dice
from conformance.engine.programs.growing import Growing
from conformance.engine.programs.objects import Objects
from conformance.engine.programs.running import Perform, Run, clients, run
from conformance.engine.programs.segments import Segments
from conformance.engine.programs.themes import CORE, GROWING, NEEDS, STEPS, WEIGHTS, Theme
from conformance.engine.programs.uploads import Uploads
from conformance.storage import Features, ListMode, Restrictions
from conformance.storage.calls import Call

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "BYTES_PER_STEP",
    "GROWING",
    "NEEDS",
    "STEPS",
    "WEIGHTS",
    "Perform",
    "Run",
    "Theme",
    "clients",
    "decode",
    "drawn",
    "run",
    "usable",
]

BYTES_PER_STEP = 10


class Author(Objects, Uploads, Segments, Growing):
    """Knows all actions."""


def drawn(theme: Theme) -> SearchStrategy[bytes]:
    """Return the strategy of the bytes that programs of a theme are decoded from."""
    size = STEPS[theme] * BYTES_PER_STEP
    return st.binary(min_size=size, max_size=size)


def decode(data: bytes, features: Features, limits: Restrictions, theme: Theme = "namespace") -> tuple[Call, ...]:
    """Return the program that ``data`` stands for: any bytes are a program, also all zeros, and a good one.

    It has about one call for every ``BYTES_PER_STEP`` bytes, and a sweep behind them.
    """
    author = Author(Dice(data), features, limits, theme)
    steps = len(data) // BYTES_PER_STEP
    actions = _some(author.dice, theme, usable(features, theme))
    if actions:
        if theme == "many keys":
            author.fill()
            steps += len(author.calls)
        tries = 0
        while len(author.calls) < steps and tries < 4 * steps:
            tries += 1
            getattr(author, author.dice.choose(actions))()
        author.sweep()
    return tuple(author.calls)


def _some(dice: Dice, theme: Theme, actions: tuple[str, ...]) -> list[str]:
    """Return the actions but for half the kinds beside the core: what is left comes often enough to meet itself.

    A program over objects that grow keeps to one way of growing.
    """
    names = list(dict.fromkeys(actions))
    beside = [name for name in names if name not in CORE and name not in GROWING]
    left_out = set(dice.shuffled(beside)[: len(beside) // 2])
    if theme in {"growing", "namespace"}:
        left_out |= set(dice.shuffled([name for name in names if name in GROWING])[1:])
    return [name for name in actions if name not in left_out]


@lru_cache(maxsize=64)
def usable(features: Features, theme: Theme) -> tuple[str, ...]:
    """Return the actions of a theme that a backend has the operations for, each as often as its weight."""
    chosen = {name: weight for name, weight in WEIGHTS[theme].items() if features.operations.issuperset(NEEDS[name])}
    if ListMode.PART not in features.list_modes:
        chosen.pop("list_uploads", None)
    if features.etag is False:
        chosen.pop("only_this_version", None)
    if "if_none_match" not in features.pairs.get("write", ()):
        chosen.pop("only_where_none_is", None)
    if "if_match" not in features.pairs.get("write", ()):
        chosen.pop("only_this_version", None)
    return tuple(name for name, weight in chosen.items() for _ in range(weight))
