"""What an upload controller looks like over HTTP, as data: paths, field names, words and codes, one file per API.

The design of which these are the stations is one; its paths and names moved. An API is a TOML file in ``apis/``, or any
file of yours: ``docs/upload-controller.md`` says how to write one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast, get_args
from urllib.parse import quote

from conformance.storage import ConnectionStringInvalid

Operation = Literal["create", "find_pending", "state", "presign", "complete", "cancel"]
Hook = Literal["register", "file", "state", "accept", "reject", "events", "age"]
STATES = ("pending", "cancelled", "failed", "uploaded", "accepted", "rejected")
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One operation over HTTP.

    ``request`` is a method and a path with ``{names}``, each replaced percent-encoded; ``body`` is JSON in which the
    text ``"{name}"`` stands for the value itself; ``ok`` are the codes of success; ``answer`` says by a dotted path
    where in the JSON of the answer a value is found (``""`` is the whole of it). A list in an answer stands for its
    first entry.
    """

    request: str
    body: Any = None
    ok: tuple[int, ...] = (200,)
    answer: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def method(self) -> str:
        """The method of the request."""
        return self.request.partition(" ")[0]

    def target(self, values: Mapping[str, object]) -> str:
        """Return path and query with ``values`` in place of their names."""
        path = self.request.partition(" ")[2]
        for name, value in values.items():
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        return path

    def filled(self, values: Mapping[str, object]) -> Any:
        """Return the body with ``values`` in place of their names."""
        return _filled(self.body, values)

    def found(self, name: str, document: Any) -> Any:
        """Return what the answer says under ``name``, or None where it says nothing."""
        return _found(document, self.answer.get(name, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The whole API of a kind of upload controller.

    ``refusals`` gives for each kind of refusal the codes that this API documents; without an entry any 4xx will do.
    ``words`` are the spellings of states that may appear in answers, by the state.
    """

    name: str
    about: str
    operations: Mapping[Operation, Binding]
    words: Mapping[str, tuple[str, ...]]
    refusals: Mapping[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    parts_are_named: bool = False
    """Whether a completion names the parts with their ETags, so that wrong ones can be given."""
    repeat: tuple[int, ...] = (204, 400, 403, 404, 409)
    """Codes that a second, identical completion may be answered with."""
    part_size: int | None = None
    """The part size that small files get, in bytes, where the API promises one."""
    error_fields: tuple[str, ...] = ()
    """Fields that the JSON body of every refusal has."""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """What else a request may name, such as a storage alias; an operator gives others."""

    def state(self, word: object) -> str | None:
        """Return the state that a word in an answer means, or None when it means none."""
        return next((state for state, spellings in self.words.items() if word in spellings), None)

    def refuses(self, kind: str, code: int) -> bool:
        """Return whether ``code`` is one with which this API refuses for that reason."""
        return code in self.refusals[kind] if kind in self.refusals else 400 <= code < 500


def named_apis() -> Sequence[str]:
    """Return the names of the APIs that come with the kit."""
    folder = files("conformance.adapters.upload_controller").joinpath("apis")
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


@cache
def api(name: str) -> Api:
    """Return an API by its name, or from a file.

    Raises:
        ConnectionStringInvalid: there is neither, or the file does not say what it must.

    """
    if name in named_apis():
        text = files("conformance.adapters.upload_controller").joinpath("apis", f"{name}.toml").read_text("utf-8")
        return read_api(name, text)
    file = Path(name)
    if not name.endswith(".toml"):
        close = get_close_matches(name, named_apis(), n=1)
        hint = f", did you mean {close[0]}?" if close else f"; there are {', '.join(named_apis())}, or a file of yours"
        raise ConnectionStringInvalid(f"no API of an upload controller is called {name!r}{hint}")
    try:
        return read_api(name, file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectionStringInvalid(f"{file} cannot be read: {error}") from None


def read_api(name: str, text: str) -> Api:
    """Return the API that a TOML text describes.

    Raises:
        ConnectionStringInvalid: it does not say what it must; one sentence that names the entry.

    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConnectionStringInvalid(f"{name} is not TOML: {error}") from None
    operations = {key: read_binding(name, key, data.pop(key)) for key in get_args(Operation) if key in data}
    lacking = {"create", "presign", "complete", "cancel"} - set(operations)
    if lacking:
        raise ConnectionStringInvalid(f"{name} does not say how to {', '.join(sorted(lacking))}")
    known = {each.name for each in fields(Api)} - {"name", "operations"}
    for key in data:
        if key not in known:
            raise ConnectionStringInvalid(f"{name}: unknown key {key!r}; an API has {', '.join(sorted(known))}")
    words = data.get("words", {})
    try:
        data["words"] = {state: tuple(words.get(state, (state,))) for state in STATES}
        data["refusals"] = {kind: tuple(codes) for kind, codes in data.get("refusals", {}).items()}
        for key in ("repeat", "error_fields"):
            data |= {key: tuple(data[key])} if key in data else {}
        return Api(name=name, operations=operations, **data)
    except (TypeError, AttributeError) as error:
        raise ConnectionStringInvalid(f"{name}: {error}") from None


def read_binding(name: str, key: str, entry: object) -> Binding:
    """Return the binding of an entry ``key`` in the file ``name``.

    Raises:
        ConnectionStringInvalid: it does not say what it must.

    """
    if not isinstance(entry, dict):
        raise ConnectionStringInvalid(f"{name}: [{key}] is to be a table")
    given = cast("dict[str, Any]", entry)
    known = {each.name for each in fields(Binding)}
    for field_name in given:
        if field_name not in known:
            raise ConnectionStringInvalid(f"{name}: [{key}] has no field {field_name!r}; it has {', '.join(known)}")
    method, _, path = str(given.get("request", "")).partition(" ")
    if method not in METHODS or not path.startswith("/"):
        raise ConnectionStringInvalid(f'{name}: [{key}] needs a request such as "POST /files/{{file_id}}/uploads"')
    codes = given.get("ok", [200])
    if not isinstance(codes, list) or not all(type(code) is int for code in cast("list[object]", codes)):
        raise ConnectionStringInvalid(f"{name}: ok of [{key}] is to be a list of codes such as [200, 201]")
    answer = given.get("answer", {})
    if not isinstance(answer, dict) or not all(isinstance(at, str) for at in cast("dict[str, Any]", answer).values()):
        raise ConnectionStringInvalid(f'{name}: answer of [{key}] is to be a table such as {{ upload_id = "id" }}')
    return Binding(
        request=f"{method} {path}",
        body=given.get("body"),
        ok=tuple(cast("list[int]", codes)),
        answer=cast("dict[str, str]", answer),
    )


def _filled(template: Any, values: Mapping[str, object]) -> Any:
    match template:
        case dict():
            return {key: _filled(value, values) for key, value in cast("dict[str, Any]", template).items()}
        case list():
            return [_filled(value, values) for value in cast("list[Any]", template)]
        case str() if template.startswith("{") and template.endswith("}") and template[1:-1] in values:
            return values[template[1:-1]]
        case _:
            return template


def _found(document: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        if isinstance(document, list):
            document = next(iter(cast("list[Any]", document)), None)
        if not isinstance(document, dict):
            return None
        document = cast("dict[str, Any]", document).get(key)
    return document
