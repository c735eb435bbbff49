"""What a backend says of itself is looked at before anything is built on it; what it raises ends nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conformance.adapters.memory.service import Memory, MemoryService
from conformance.engine.backend import Backend
from conformance.engine.laws import checks
from conformance.engine.runner import Runner
from conformance.problems import Problem
from conformance.storage import Restrictions, StorageMeta


class Odd(BaseException):
    """No Exception."""


def runner(**methods):
    service = MemoryService()
    kind: type[Memory] = type("Strange", (Memory,), methods)
    return Runner(Backend(name="strange", open=lambda work_dir: kind(service, work_dir)))


def altered(**what):
    return lambda self: replace(Memory.features(self), **what)


def meta(restrictions):
    return StorageMeta(name="strange", work_dir="/", restrictions=restrictions)


@pytest.mark.parametrize(
    ("methods", "sentence"),
    [
        ({"features": lambda self: None}, "features() returned None"),
        ({"features": lambda self: {}}, "features() returned a dict"),
        ({"features": altered(consistency_window=float("nan"))}, "consistency_window is nan: give a number"),
        ({"features": altered(path_maximum="12")}, "path_maximum is '12': give a whole number"),
        ({"features": altered(name_maximum=-1)}, "name_maximum is -1"),
        ({"features": altered(operations=["write"])}, "operations is ['write']: give a set of names"),
        ({"features": altered(operations=frozenset({"wriet"}))}, "did you mean write"),
        ({"features": altered(pairs={"list": "list_mode"})}, "give a mapping from names to sets of names"),
        ({"features": altered(directories="maybe")}, "give 'native' or 'virtual' or 'none'"),
        ({"features": altered(etag="yes")}, "etag is 'yes': give True or False or None"),
        ({"features": altered(list_modes=7)}, "list_modes is 7: give a ListMode"),
        ({"features": altered(name_maximum="x" * 10**6)}, "xxx… (a str): give"),
        ({"metadata": lambda self: None}, "metadata() returned None"),
        ({"metadata": lambda self: meta({})}, "restrictions is a dict"),
        ({"metadata": lambda self: meta(Restrictions(write_size_maximum=float("inf")))}, "write_size_maximum is inf"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_declaration_of_wrong_types_is_refused_in_one_sentence(methods, sentence):
    with pytest.raises(Problem) as refused:
        runner(**methods)
    told = str(refused.value)
    assert sentence in told
    assert told.startswith("strange: ")
    assert len(told.splitlines()) == 1
    assert len(told) < 250


@pytest.mark.parametrize("raised", [SystemExit(4), GeneratorExit(), Odd("hm")], ids=lambda error: type(error).__name__)
def test_what_an_operation_raises_is_its_answer_whatever_it_is(raised):
    def delete(self, path, *, object_mode=None, multipart_id=None):
        raise raised

    strange = runner(delete=delete)
    result = strange.run(checks()["delete.deleting_again_gives_the_same_result"])
    assert result.state == "fail"
    assert result.failure.observed.startswith(type(raised).__name__)
    assert type(raised).__name__ in strange.clean()[0]


def test_a_read_that_was_left_may_raise_anything_too():
    def read(self, path, w, *, offset=None, size=None):
        raise Odd("hm")

    result = runner(read=read).run(checks()["interleaved.a_read_goes_on_while_the_object_is_deleted"])
    assert (result.state, result.failure.observed.partition(":")[0]) == ("fail", "Odd")


def test_what_a_backend_tells_at_any_length_is_cut_with_its_length_told():
    long = "".join(map(str, range(170_000)))

    def delete(self, path, *, object_mode=None, multipart_id=None):
        raise OSError(long)

    def stat(self, path, *, object_mode=None, multipart_id=None):
        return replace(Memory.stat(self, path), path=long, content_type=long)

    for strange, check in (
        (runner(delete=delete), "delete.deleting_again_gives_the_same_result"),
        (runner(stat=stat), "stat.stat_describes_an_object"),
    ):
        result = strange.run(checks()[check])
        assert result.state == "fail"
        assert len(json.dumps(result.to_json())) < 40_000
        assert " characters" in result.failure.observed
        assert all(len(path) < 3000 for path in strange.clean())
