"""Programs: any bytes are one, the model knows them, and the reference store does what they say."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from conformance.adapters.memory.service import MemoryService
from conformance.engine.judge import judge
from conformance.engine.programs import BYTES_PER_STEP, STEPS, WEIGHTS, Theme, clients, decode, run
from conformance.engine.recorder import Trace
from conformance.model import Model
from conformance.storage import Features, ListMode, Restrictions, operations
from conformance.storage.calls import Call, EtagOf

THEMES: list[Theme] = list(WEIGHTS)
SIZE = 25 * BYTES_PER_STEP


@pytest.fixture(name="known")
def known_() -> tuple[Features, Restrictions]:
    store = MemoryService().open("/")
    return store.features(), store.metadata().restrictions


@pytest.mark.parametrize("theme", THEMES)
def test_no_bytes_are_a_good_program(theme: Theme, known: tuple[Features, Restrictions]) -> None:
    program = decode(bytes(SIZE), *known, theme)
    ops = Counter(call.op for call in program)
    assert len(program) >= 25
    assert len(ops) >= 5
    assert program[-1].op in {"list", "list_multipart", "list_segments", "read", "stat"}


@pytest.mark.parametrize("theme", THEMES)
def test_programs_survive_json_and_never_leave_the_model(theme: Theme, known: tuple[Features, Restrictions]) -> None:
    rng = random.Random(1)
    for _ in range(30):
        program = decode(rng.randbytes(SIZE), *known, theme)
        assert [Call.from_json(call.to_json()) for call in program] == list(program)
        model = Model(*known)
        for number, call in enumerate(program):
            model.step(number, call)
        assert not model.lost


@pytest.mark.parametrize("theme", THEMES)
def test_the_reference_does_what_programs_say(theme: Theme, known: tuple[Features, Restrictions]) -> None:
    rng = random.Random(2)
    service = MemoryService()
    for number in range(40):
        program = decode(rng.randbytes(SIZE), *known, theme)
        result = run(program, clients(lambda number=number: service.open(f"/{number}/")), *known)
        assert result.divergence is None


def test_programs_use_only_what_is_there(known: tuple[Features, Restrictions]) -> None:
    features, limits = known
    few = replace(features, operations=frozenset({"write", "read", "delete"}), list_modes=ListMode.DIR)
    rng = random.Random(3)
    used = {call.op for _ in range(20) for call in decode(rng.randbytes(SIZE), few, limits)}
    assert used == {"write", "read", "delete"}


def test_large_parts_are_rare(known: tuple[Features, Restrictions]) -> None:
    features, limits = known
    heavy = replace(limits, multipart_size_minimum=5 << 20, multipart_size_maximum=5 << 30)
    rng = random.Random(4)
    sizes = [
        call.args[2]
        for _ in range(40)
        for call in decode(rng.randbytes(SIZE), features, heavy, "uploads")
        if call.op == "write_multipart"
    ]
    assert sum(size > 1 << 20 for size in sizes) <= 20


def test_a_call_that_needs_what_was_refused_is_left_out(known: tuple[Features, Restrictions]) -> None:
    from conformance.storage import Content, Source
    from conformance.storage.calls import Handle, Outcome

    program = (
        Call("write", ("a/b", Source(Content(1, 1)), 1)),
        Call("delete", ("a/b",)),
        Call("create_multipart", ("a",)),
        Call("list_multipart", (Handle(2),)),
        Call("read", ("a",)),
    )
    store = MemoryService().open("/")
    make = clients(lambda: store)

    def refusing(call: Call, results: object) -> Outcome:
        if call.op == "create_multipart":
            return Outcome(error="ObjectModeInvalid", error_type="ObjectModeInvalid")
        return make(call, results)  # type: ignore[arg-type]

    result = run(program, refusing, *known)
    assert result.divergence is None
    assert [step.outcome.error for step in result.steps] == [
        None,
        None,
        "ObjectModeInvalid",
        "NotMade",
        "ObjectModeInvalid",
    ]


def test_programs_exercise_every_operation_in_many_pairs(known: tuple[Features, Restrictions]) -> None:
    rng = random.Random(5)
    used: Counter[str] = Counter()
    pairs: set[tuple[str, str]] = set()
    for theme in THEMES:
        for _ in range(60):
            made = [call.op for call in decode(rng.randbytes(STEPS[theme] * BYTES_PER_STEP), *known, theme)]
            used.update(made)
            pairs.update(pairwise(made))
    remote = {op for op in known[0].operations if not operations()[op].local} | {"create"}
    assert remote - set(used) == {"fetch"}, "a program cannot serve what is fetched"
    assert len(pairs) > len(used) ** 2 / 3


def test_a_call_that_was_left_out_is_no_answer_of_the_backend():
    service = MemoryService()
    features, limits = service.open("/").features(), Restrictions()
    program = [
        Call("create_dir", ("d",)),
        Call("stat", ("d",)),
        Call("read", ("d",), {"if_none_match": EtagOf(1)}),
        Call("delete", ("gone",)),
    ]
    ran = run(program, clients(lambda: service.open("/w/")), features, limits)
    assert [step.outcome.error for step in ran.steps] == [None, None, "NotMade", None]
    assert ran.divergence is None
    trace = Trace()
    trace.steps.extend(ran.steps)
    assert judge(trace, features, limits) is None
