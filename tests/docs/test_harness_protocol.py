"""The page of the harness protocol tells what the kit does: its examples are read and written by the kit itself."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from conformance.adapters.harness import channel, lines, process, values
from conformance.adapters.harness.hello import hello
from conformance.storage import Object, ObjectMode, operations

PAGE = (Path(__file__).parents[2] / "docs" / "harness-protocol.md").read_text("utf-8")
LINES = [line for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
FIRST = next(line for line in LINES if "protocol" in line)


def test_the_first_line_is_understood():
    told = hello(json.loads(FIRST))
    assert (told.name, told.version, told.concurrent) == ("my store", "2.3", False)
    assert told.features.pairs["write"] == {"content_type"}


@pytest.mark.parametrize("line", [line for line in LINES if '"op"' in line])
def test_a_request_is_what_the_kit_sends(line):
    request = json.loads(line)
    assert list(request) == ["id", "op", "client", "args", "pairs"]
    operation = operations()[request["op"]]
    assert set(request["args"]) == set(operation.params)
    assert set(request["pairs"]) <= set(operation.pairs)


@pytest.mark.parametrize("line", [line for line in LINES if '"op"' not in line and line != FIRST])
def test_an_answer_is_understood(line):
    message = lines.next_message(io.BytesIO(line.encode() + b"\n"))
    assert message.last == (message.kind != "item")
    if message.kind == "error":
        assert str(values.error(message.value)) == "ObjectNotExist: no such key"
    if message.kind == "item":
        o = values.from_json(message.value, Object)
        assert o.mode in {ObjectMode.READ, ObjectMode.DIR}


def test_the_messages_in_the_table_are_those_that_there_are():
    told = set(re.findall(r'`\{"id": \d+, "(\w+)":', PAGE)) - {"result"}
    assert told == {*lines.WITH_BODY, "read", "length", "failed"}
    assert {*lines.WITH_BODY, "read", "item", "result", "error"} == lines.KINDS


def test_the_limits_are_those_of_the_code():
    assert f"at most {lines.LINE_MAXIMUM >> 20} MiB. Bytes" in PAGE
    assert f"at most {lines.BODY_MAXIMUM >> 20} MiB, and nothing" in PAGE
    assert f"is silent for {channel.STARTING_SECONDS:g} seconds" in PAGE
    assert f"is silent for {channel.SILENT_SECONDS:g} seconds during a call" in PAGE
    assert f"After that it has {('no', 'one', 'two')[int(process.ENDING_SECONDS)]} seconds" in PAGE
