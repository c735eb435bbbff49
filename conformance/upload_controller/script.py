"""A trace as a Python program: the same requests, with ids of its own, and whether the requirement still does not hold.

Where the answers one by one show the failure, the program needs nothing but Python: it compares their codes and forms
with those of before. Where something was held, lost, or asked at once, or was seen in the store, it runs the check of
the kit in the end, and says so in its first lines.
"""

from __future__ import annotations

import inspect
import json
import pprint
from collections.abc import Mapping
from itertools import groupby
from typing import Any
from urllib.parse import quote

from conformance.adapters.upload_controller.api import Api
from conformance.adapters.upload_controller.client import Exchange
from conformance.adapters.upload_controller.hooks import HooksFile
from conformance.upload_controller.expect import Broken
from conformance.upload_controller.shape import shape
from conformance.upload_controller.world import Noted, World, told

HEAD = '''\
"""{requirement}: {statement}

{way}

Run with:  python {{this file}} [URL of the service]
It ends with 1 and one sentence where the requirement does not hold, with 0 where it does, with 2 where nobody can say.
"""

from __future__ import annotations

import json
import sys
import uuid
{imports}from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

fresh = uuid.uuid4().hex[:12]  # no file has it in its id
SERVICE = sys.argv[1] if len(sys.argv) > 1 else {url!r}
HOOKS = {hooks}
answers = []
{gate}

def ask(method, url, body=None):
    """Send a request, show the answer, and return its JSON; of a PUT, its ETag."""
    if url is None:
        answers.append("not asked")
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
        answers.append(None)
        return None
    text = answer.read()
    print(method, url.partition("?")[0], "->", answer.status, text[:200].decode(errors="replace"))
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    answers.append([answer.status, document])
    return answer.headers.get("ETag") if raw else document


def path(text):
    """Return a text as a part of a path."""
    return quote(text, safe="")


def told(answer, *keys):
    """Return what an answer says below keys, or None; a list stands for its first entry."""
    for key in keys:
        answer = next(iter(answer), None) if isinstance(answer, list) else answer
        answer = answer.get(key) if isinstance(answer, dict) else None
    return answer


def together(*calls):
    """Make calls at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: call(), calls))

'''
GATE = """
try:
    from conformance.upload_controller.gate import Gate

    gate = Gate({store!r}, {port})  # the service reaches its store through it
except ImportError:
    print("the service reaches its store through the gate of the kit: pip install 'storage-conformance[s3]'")
    sys.exit(2)
except OSError:
    gate = None  # there is one already

"""
COMPARED = """\
before = {before}
names = {{value: name for name, value in list(globals().items()) if name in {names} and isinstance(value, str)}}
found = [[a[0], shape(a[1], names, {kept})] if isinstance(a, list) else a for a in answers]
print()
print({expected!r})
print({observed!r})
if any(now is None and then is not None for now, then in zip(found, before)):
    print("Nobody can say: a request was not answered.")
    sys.exit(2)
if found == before:
    sys.exit({verdict!r})
print("The defect does not show: a request was answered otherwise than before.")
"""
CHECKED = """\
print()
print({expected!r})
print({observed!r})
if importlib.util.find_spec("conformance") is None:
    print("Nobody can say without the kit: pip install 'storage-conformance[s3]'")
    sys.exit(2)
{close}check = [sys.executable, "-m", "conformance.cli", "check", "upload-controller", "--url", SERVICE, "--quiet"]
with tempfile.TemporaryDirectory() as folder:
    code = subprocess.run([*check, *{options}], cwd=folder).returncode
if code == 1:
    sys.exit({verdict!r})
if code == 0:
    print("The defect does not show: the check passes.")
sys.exit(code)
"""
ALONE = "The requests of the story, with nothing but Python; their answers are compared with those of before."
WITH_KIT = """\
The requests show the story. What decides is not in their answers one by one: something was held, lost or asked at
once, was seen in the store, or differs from run to run. So the program runs the check of the kit in the end."""
"""The two ways in which a program comes to its verdict."""


_TOLD = (("create", "upload_id", "upload"), ("find_pending", "upload_id", "upload"), ("presign", "url", "url"))
"""Answers that tell what later requests name: the operation, the field, and what its variable is called."""


class _Names:
    """The values that came up so far, and the variables that stand for them."""

    def __init__(self, fresh: str) -> None:
        self.fresh = fresh
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
                    marked, used = marked.replace(form, "{" + (name if form == value else f"path({name})") + "}"), True
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


def script(world: World, broken: Broken, *, requirement: str, statement: str, check: str, seed: int) -> str:
    """Return the program of what a law met; ``check`` is that law, ``requirement`` whom its failure is told of."""
    place, api, hooks, names = world.place, world.api, world.place.hooks, _Names(world.fresh)
    at = {hooks.base or place.url: "HOOKS", place.url: "SERVICE", place.front.url: "SERVICE"}
    story: list[str] = []
    for group, entries in groupby(world.trace, key=lambda noted: noted.group):
        found = list(entries)
        if group and len(found) > 1:
            calls = [
                f"    lambda: {_call(noted.exchange, names, at)}," for noted in found if noted.exchange is not None
            ]
            story += ["together(", *calls, ")"]
            continue
        for noted in found:
            story += _lines(noted, names, api, hooks, at)
    alone = _shows(world, broken, names)
    end = {
        "expected": f"expected: {_line(broken.expected)}",
        "observed": f"observed: {_line(broken.observed)}",
        "verdict": f"{requirement} does not hold: {_line(broken.what)}",
    }
    gate = GATE.format(store=place.held[0], port=place.held[1]) if place.held else ""
    head = HEAD.format(
        requirement=requirement,
        statement=statement,
        way=ALONE if alone else WITH_KIT,
        imports="" if alone else "import importlib.util\nimport subprocess\nimport tempfile\n",
        url=place.url,
        hooks=repr(hooks.base) if hooks.base else "SERVICE",
        gate=gate,
    )
    if alone:
        kept = _kept(api)
        asked = (noted.exchange.answer for noted in world.trace if noted.exchange is not None)
        before = pprint.pformat(
            [[answer.code, shape(answer.json, names.of, kept)] if answer else None for answer in asked], width=110
        )
        tail = COMPARED.format(before=before, names=sorted(names.of.values()), kept=sorted(kept), **end)
        head += f"\n{inspect.getsource(shape)}\n\n"
    else:
        options = [*place.options, "--only", check, "--seed", str(seed)]
        close = "if gate is not None:\n    gate.close()\n" if gate else ""
        tail = CHECKED.format(options=options, close=close, **end)
        head += "\n"
    return head + "\n".join(story) + "\n\n" + tail


def _shows(world: World, broken: Broken, names: _Names) -> bool:
    """Return whether a failure shows in the answers of the trace, asked for one after the other."""
    if not world.repeatable or world.looked or any(noted.group for noted in world.trace):
        return False
    exchanges = [noted.exchange for noted in world.trace if noted.exchange is not None]
    if not exchanges or not all(_is_ours(exchange, world.fresh) for exchange in exchanges):
        return False
    answers = [exchange.answer for exchange in exchanges if exchange.answer is not None]
    if broken.observed in {text for answer in answers for text in (told(answer), str(answer.code))}:
        return True
    create = world.api.operations["create"]
    sizes = {str(create.found("part_size", answer.json)) for answer in answers}
    words = {"", "None", *names.of, *_kept(world.api), *sizes}
    return all(word.strip("'\" ") in words for word in broken.observed.strip("[]").split(","))


def _is_ours(exchange: Exchange, fresh: str) -> bool:
    """Return whether a request can be made of a file that the program names."""
    if exchange.operation != "register":
        return True
    file_id = str(exchange.values["file_id"])
    return fresh in file_id or file_id.startswith("conformance-")


def _kept(api: Api) -> set[str]:
    """Return what counts in answers besides ids: the words for states, and the part size."""
    spellings = {word for words in api.words.values() for word in words}
    return spellings | {api.operations["create"].answer.get("part_size", "part_size").rpartition(".")[2]}


def _lines(noted: Noted, names: _Names, api: Api, hooks: HooksFile, elsewhere: Mapping[str, str]) -> list[str]:
    exchange = noted.exchange
    if exchange is None:
        return [f"# {_line(noted.told)}"]
    if exchange.operation == "register":
        file_id = str(exchange.values["file_id"])
        known = file_id in names.of  # it is registered again
        named = [] if known else [f"{names.new('file', file_id)} = {_id_like(file_id, names.fresh)}"]
        return [*named, _call(exchange, names, elsewhere)]
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


def _id_like(file_id: str, fresh: str) -> str:
    """Return an expression for an id that no file had before, of the same form where the law chose one."""
    if fresh not in file_id:
        return 'f"check-{uuid.uuid4().hex}"'
    return " + fresh + ".join(map(repr, file_id.split(fresh)))


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
