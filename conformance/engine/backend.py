"""A backend as the engine sees it: a name and an opener, with a few facts for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.storage import AsyncStorage, Storage

Opener = Callable[[str], Storage | AsyncStorage]
"""``open(work_dir) -> Storage``: the whole registration contract. Two calls with one ``work_dir`` are two clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A registered backend.

    ``spec`` is how the command line names it, ``opener`` a Python expression that evaluates to the opener after
    ``imports`` (for counterexamples; empty when the opener lives in a fixture), ``version`` what the service says of
    itself, ``notes`` sentences for the report.
    """

    name: str
    open: Opener
    spec: str = ""
    imports: str = ""
    opener: str = ""
    version: str = ""
    notes: tuple[str, ...] = ()
