"""What a backend admits to, and the gate that holds it to exactly that."""

from conformance.declaration.accept import Accepted, accept
from conformance.declaration.carried import judged_by
from conformance.declaration.deviations import DeclarationInvalid, Declarations, Deviation, load, loads
from conformance.declaration.embedded import with_embedded
from conformance.declaration.gate import Judgement, judge
from conformance.declaration.judging import Cell, Replay, Standing
from conformance.declaration.verdict import Exit, Verdict

__all__ = [
    "Accepted",
    "Cell",
    "DeclarationInvalid",
    "Declarations",
    "Deviation",
    "Exit",
    "Judgement",
    "Replay",
    "Standing",
    "Verdict",
    "accept",
    "judge",
    "judged_by",
    "load",
    "loads",
    "with_embedded",
]
