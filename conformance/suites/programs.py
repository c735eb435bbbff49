"""Programs: whole sequences of operations against the model, for what no single law foresaw.

Each example is a program of some thirty operations over one group of colliding keys, and a look at everything at its
end. Where it diverges, its smallest form says which requirement is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.engine.laws import given, verifies
from conformance.engine.programs import GROWING, NEEDS, decode, drawn
from conformance.storage import Features, Restrictions
from conformance.storage.calls import Call

RunProgram = Callable[[Sequence[Call]], None]


@verifies("programs.namespace", needs=("read", "write"), smoke=True, weight=2)
@given(data=drawn("namespace"))
def test_programs_over_one_name_space(
    run_program: RunProgram, features: Features, limits: Restrictions, data: bytes
) -> None:
    """Objects, copies, moves, directories and now and then an upload, on names that collide."""
    run_program(decode(data, features, limits, "namespace"))


@verifies("programs.uploads", smoke=True, weight=2)
@given(data=drawn("uploads"))
def test_programs_over_uploads(run_program: RunProgram, features: Features, limits: Restrictions, data: bytes) -> None:
    """Several uploads to few paths: parts again, left out, stale or wrong, completed, aborted and used too late."""
    run_program(decode(data, features, limits, "uploads"))


@verifies("programs.second_client")
@given(data=drawn("second client"))
def test_programs_with_a_second_client(
    run_program: RunProgram, features: Features, limits: Restrictions, data: bytes
) -> None:
    """Two clients of one work_dir take turns."""
    run_program(decode(data, features, limits, "second client"))


@verifies("programs.many_keys", weight=1)
@given(data=drawn("many keys"))
def test_programs_over_many_keys(
    run_program: RunProgram, features: Features, limits: Restrictions, data: bytes
) -> None:
    """Twelve objects at once, more than a small cache or page holds."""
    run_program(decode(data, features, limits, "many keys"))


def grows(features: Features) -> bool:
    """Whether the backend has objects that are made piece by piece in other ways than multipart uploads."""
    return any(features.operations.issuperset(NEEDS[kind]) for kind in GROWING)


@verifies(
    "programs.growing", weight=3, when=grows, unless="the backend has no append, block or page objects or segments"
)
@given(data=drawn("growing"))
def test_programs_over_objects_that_grow(
    run_program: RunProgram, features: Features, limits: Restrictions, data: bytes
) -> None:
    """Append, block and page objects and segments, on names that collide with each other and with plain objects."""
    run_program(decode(data, features, limits, "growing"))
