"""A trace as a Python program that needs nothing but Python: the same requests, with ids of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from conformance.adapters.upload_controller.api import Api
from conformance.adapters.upload_controller.client import Exchange
from conformance.adapters.upload_controller.hooks import HooksFile
from conformance.upload_controller.expect import Broken
from conformance.upload_controller.world import Noted

HEAD = '''\
"""{requirement}: {statement}

Run with:  python {{this file}} [URL of the service]
"""

import json
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SERVICE = sys.argv[1] if len(sys.argv) > 1 else {url!r}
HOOKS = {hooks}


def ask(method, url, body=None):
    """Send a request, show the answer, and return its JSON; of a PUT, its ETag."""
    if url is None:
        return print(method, "of nothing: no URL was told")
    raw = isinstance(body, bytes)
    data = body if raw or body is None else json.dumps(body).encode()
    headers = {{}} if body is None else {{"Content-Type": "application/octet-stream" if raw else "application/json"}}
    try:
        answer = urlopen(Request(url, data, headers, method=method), timeout=60)
    except HTTPError as error:
        answer = error
    except OSError as error:
        print(method, url.partition("?")[0], "-> no answer:", error)
        return None
    text = answer.read()
    print(method, url.partition("?")[0], "->", answer.status, text[:200].decode(errors="replace"))
    if raw:
        return answer.headers.get("ETag")
    try:
        return json.loads(text)
    except ValueError:
        return None


def told(answer, *path):
    """Return what an answer says at a path, or None; a list stands for its first entry."""
    for key in path:
        answer = next(iter(answer), None) if isinstance(answer, list) else answer
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer


def together(*calls):
    """Make calls at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))


'''


_TOLD = (("create", "upload_id", "upload"), ("find_pending", "upload_id", "upload"), ("presign", "url", "url"))
"""Answers that tell what later requests name: the operation, the field, and what its variable is called."""


class _Names:
    """The values that came up so far, and the variables that stand for them."""

    def __init__(self) -> None:
        self.of: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._contents: dict[object, int] = {}

    def byte(self, content: object) -> int:
        """Return a byte that stands for a content: what was sent is random, only what is alike matters."""
        return self._contents.setdefault(content, 65 + len(self._contents) % 190)

    def new(self, kind: str, value: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self.of[value] = f"{kind}{self._counts[kind]}"
        return self.of[value]

    def text(self, text: str) -> str:
        """Return an expression for a text in which known values are variables."""
        marked, used = text.replace("{", "{{").replace("}", "}}"), False
        for value, name in sorted(self.of.items(), key=lambda item: -len(item[0])):
            for form in {value, quote(value, safe="")}:
                if form and form in marked:
                    marked, used = marked.replace(form, "{" + name + "}"), True
        return f"f{marked!r}" if used else repr(text)

    def value(self, value: Any) -> str:
        """Return an expression for a JSON value."""
        match value:
            case str():
                return self.of.get(value) or self.text(value)
            case dict():
                return "{" + ", ".join(f"{self.value(k)}: {self.value(v)}" for k, v in value.items()) + "}"  # type: ignore[reportUnknownVariableType,reportUnknownArgumentType]
            case list():
                return "[" + ", ".join(self.value(v) for v in value) + "]"  # type: ignore[reportUnknownVariableType]
            case _:
                return repr(value)


def script(
    trace: Sequence[Noted],
    broken: Broken,
    *,
    requirement: str,
    statement: str,
    url: str,
    api: Api,
    hooks: HooksFile,
    elsewhere: Mapping[str, str],
) -> str:
    """Return the program; ``elsewhere`` are URLs that stood for the service, by what to write instead."""
    names = _Names()
    hooks_at = repr(hooks.base) if hooks.base else "SERVICE"
    lines = [HEAD.format(requirement=requirement, statement=statement, url=url, hooks=hooks_at)]
    for group, entries in groupby(trace, key=lambda noted: noted.group):
        found = list(entries)
        if group and len(found) > 1:
            calls = [
                f"    lambda: {_call(noted.exchange, names, elsewhere)},"
                for noted in found
                if noted.exchange is not None
            ]
            lines += ["together(", *calls, ")"]
            continue
        for noted in found:
            lines += _lines(noted, names, api, hooks, elsewhere)
    end = {"": broken.what, "expected:": broken.expected, "observed:": broken.observed}
    lines += ["", "print()", *(f"print({' '.join([word, _line(text)]).strip()!r})" for word, text in end.items())]
    return "\n".join(lines) + "\n"


def _lines(noted: Noted, names: _Names, api: Api, hooks: HooksFile, elsewhere: Mapping[str, str]) -> list[str]:
    exchange = noted.exchange
    if exchange is None:
        return [f"# {_line(noted.told)}"]
    if exchange.operation == "register":
        before = names.new("file", str(exchange.values["file_id"]))
        return [f'{before} = f"check-{{uuid.uuid4().hex}}"', _call(exchange, names, elsewhere)]
    call = _call(exchange, names, elsewhere)
    if exchange.answer is None:
        return [f"{call}  # {_line(exchange.error)}"]
    bindings = {**hooks.bindings, **api.operations}
    for operation, field, kind in _TOLD:
        binding = bindings.get(operation)  # type: ignore[call-overload]
        told = exchange.answer.json if exchange.operation == operation else None
        value = binding.found(field, told) if binding else None
        if isinstance(value, str) and value not in names.of:
            path = binding.answer.get(field, field) if binding else field
            at = "".join(f", {key!r}" for key in path.split(".") if key)
            return [f"{names.new(kind, value)} = told({call}{at})"]
    if exchange.operation == "put" and exchange.answer.etag and exchange.answer.etag not in names.of:
        return [f"{names.new('etag', exchange.answer.etag)} = {call}"]
    return [call]


def _call(exchange: Exchange, names: _Names, elsewhere: Mapping[str, str]) -> str:
    base = next((at for at in elsewhere if exchange.url.startswith(f"{at}/")), None)
    if exchange.url in names.of:
        url = names.of[exchange.url]
    elif base is not None:
        url = f"{elsewhere[base]} + {names.text(exchange.url[len(base) :])}"
    else:
        url = names.text(exchange.url)
    return f'ask("{exchange.method}", {url}{_body(exchange, names)})'


def _body(exchange: Exchange, names: _Names) -> str:
    if exchange.operation == "put":
        size = int(str(exchange.values.get("size", 0)))
        content = (exchange.answer.etag if exchange.answer else "") or id(exchange)
        return ", b''" if size == 0 else f", bytes([{names.byte(content)}]) * {size}"
    if exchange.body is None:
        return ""
    try:
        return f", {names.value(json.loads(exchange.body))}"
    except ValueError:
        return f", {exchange.body!r}"


def _line(text: str) -> str:
    return " ".join(text.split())
