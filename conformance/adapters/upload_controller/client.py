"""A client of an upload controller that speaks any API: it asks, and tells what was answered, right or wrong.

Nothing is tried again, followed or mended. Every exchange can be watched.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from conformance.adapters.options import endpoint
from conformance.adapters.upload_controller.api import Api, Binding, Hook, Operation
from conformance.storage import ConnectionStringInvalid, Unexpected

try:
    import fcntl
    import termios
except ImportError:  # not everywhere
    fcntl = termios = None

TIMEOUT = 30.0
"""Seconds without a byte, in either direction, after which a request is given up."""
LOOK = 0.01
"""Seconds between two looks at what is still to be sent."""
BODY_SHOWN = 2000
"""Bytes of a body that an exchange keeps."""

Body = bytes | Iterable[bytes] | None


class NoAnswer(Unexpected):
    """A request was sent, or could not be, and no answer came; ``cause`` says why, as the system puts it."""

    def __init__(self, what: str, error: Exception) -> None:
        """Say what was asked; ``error`` is what came of it."""
        super().__init__(f"{what} was not answered: {type(error).__name__}: {error}")
        self.cause = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered; ``headers`` have lower-case names."""

    code: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    @property
    def etag(self) -> str:
        """The ETag as it was sent, or ``""``."""
        return self.headers.get("etag", "")


class NotTold(Unexpected):
    """A question was answered, and not with a success."""

    def __init__(self, what: str, operation: Operation, answer: Answer) -> None:
        """Say what was asked; ``answer`` is what came."""
        super().__init__(f"{what} was answered {answer.code}")
        self.operation: Operation = operation
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request and its answer: ``answer`` is None where none came, ``seconds`` how long it took."""

    operation: str
    values: Mapping[str, object]
    method: str
    url: str
    body: bytes | None
    answer: Answer | None
    error: str = ""
    began: float = 0.0
    seconds: float = 0.0


Watch = Callable[[Exchange], None]


def _nobody(_: Exchange) -> None:
    """Watch nothing."""


class Http:
    """Requests to one place, each on a connection of its own, so that threads share nothing."""

    def __init__(self, base: str, *, timeout: float = TIMEOUT, watch: Watch = _nobody) -> None:
        """Talk to the service at ``base``, a URL; ``watch`` sees all requests.

        After ``timeout`` seconds in which no byte moved a request is given up: a long body may take its time.

        Raises:
            ConnectionStringInvalid: ``base`` is no http or https URL, or holds a password.

        """
        try:
            endpoint(base)
        except ValueError:
            told = "what was given" if "@" in base else repr(base)
            raise ConnectionStringInvalid(f"{told} is no URL of a service such as http://127.0.0.1:8080") from None
        self.base = base.rstrip("/")
        self._timeout = timeout
        self._watch = watch

    def ask(
        self, operation: str, method: str, target: str, body: Any = None, *, values: Mapping[str, object] | None = None
    ) -> Answer:
        """Send one request with a JSON body, or without, and return the answer.

        Raises:
            NoAnswer: there was none.

        """
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        return self.send(operation, method, self.base + target, data, headers=headers, values=values)

    def send(
        self,
        operation: str,
        method: str,
        url: str,
        body: Body = None,
        *,
        headers: Mapping[str, str] | None = None,
        values: Mapping[str, object] | None = None,
    ) -> Answer:
        """Send one request to any URL and return the answer.

        Raises:
            NoAnswer: there was none.

        """
        exchange = Exchange(
            operation=operation,
            values=values or {},
            method=method,
            url=url,
            body=body[:BODY_SHOWN] if isinstance(body, bytes) else None,
            answer=None,
            began=time.monotonic(),
        )
        try:
            answer = self._answer(method, url, body, headers or {})
        except (OSError, HTTPException, ValueError) as error:
            told = f"{type(error).__name__}: {error}"
            self._watch(replace(exchange, error=told, seconds=time.monotonic() - exchange.began))
            raise NoAnswer(f"{method} {url}", error) from None
        self._watch(replace(exchange, answer=answer, seconds=time.monotonic() - exchange.began))
        return answer

    def _answer(self, method: str, url: str, body: Body, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self._timeout)
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body=body, headers=dict(headers))
            if body is not None:
                _drain(connection.sock, self._timeout)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(code=response.status, headers=told, body=response.read())
        finally:
            connection.close()


def _drain(connection: socket.socket, seconds: float) -> None:
    """Wait until the other side has what the system took of a request: it sends on behind our back.

    Raises:
        TimeoutError: for so long not a byte of it went.

    """
    left, since = _unsent(connection), time.monotonic()
    while left:
        time.sleep(LOOK)
        before, left = left, _unsent(connection)
        if left != before:
            since = time.monotonic()
        elif time.monotonic() - since > seconds:
            raise TimeoutError("timed out")


def _unsent(connection: socket.socket) -> int:
    """Return how many bytes the system has taken and the other side has not, 0 where the system does not tell."""
    if fcntl is None or termios is None:
        return 0
    with suppress(OSError):
        return int.from_bytes(fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    return 0


class Controller:
    """An upload controller at a URL, spoken to as its API says. Methods return the answer, whatever it is."""

    def __init__(
        self,
        base: str,
        api: Api,
        *,
        values: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
        watch: Watch = _nobody,
    ) -> None:
        """Talk to the service at ``base``; ``values`` replace those that the API names.

        Raises:
            ConnectionStringInvalid: ``base`` is no URL.

        """
        self.api = api
        self.http = Http(base, timeout=timeout, watch=watch)
        self._values = {**api.values, **(values or {})}

    def ask(self, operation: Operation, **values: object) -> Answer:
        """Ask for an operation.

        Raises:
            KeyError: the API does not have it.
            NoAnswer: there was no answer.

        """
        binding = self.api.operations[operation]
        return _ask(self.http, operation, binding, {**self._values, **values})

    def request(self, operation: Operation, **values: object) -> str:
        """Return the method and the URL with which an operation is asked for."""
        return _request(self.http, self.api.operations[operation], {**self._values, **values})

    def succeeded(self, operation: Operation, answer: Answer) -> bool:
        """Return whether an answer is a success of the operation."""
        return answer.code in self.api.operations[operation].ok

    def found(self, operation: Operation, name: str, answer: Answer) -> Any:
        """Return what an answer says under a name of the design (``upload_id``), or None."""
        return self.api.operations[operation].found(name, answer.json)

    def create(self, file_id: str) -> Answer:
        """Ask for a new upload of a file; a success tells ``upload_id`` and ``part_size`` in bytes."""
        return self.ask("create", file_id=file_id)

    def pending(self, file_id: str) -> str | None:
        """Return the id of the pending upload of a file, or None.

        Raises:
            NoAnswer: there was no answer.
            NotTold: the answer is no success.

        """
        answer = self.ask("find_pending", file_id=file_id)
        if not self.succeeded("find_pending", answer):
            raise NotTold(f"finding the pending upload of {file_id!r}", "find_pending", answer)
        found = self.found("find_pending", "upload_id", answer)
        if found is not None and "state" in self.api.operations and self.state(found) != "pending":
            return None  # this API tells the latest upload, whatever its state
        return None if found is None else str(found)

    def state(self, upload_id: str) -> str | None:
        """Return the state of an upload as the API tells it, or None for a word that it does not have.

        Raises:
            KeyError: the API tells no states.
            NoAnswer: there was no answer.
            NotTold: the answer is no success.

        """
        answer = self.ask("state", upload_id=upload_id)
        if not self.succeeded("state", answer):
            raise NotTold(f"the state of upload {upload_id!r}", "state", answer)
        return self.api.state(self.found("state", "state", answer))

    def presign(self, upload_id: str, part_no: object) -> Answer:
        """Ask for the URL of a part; a success tells ``url``."""
        return self.ask("presign", upload_id=upload_id, part_no=part_no)

    def put(self, url: str, body: Body, size: int, part_no: int = 0) -> Answer:
        """Send the ``size`` bytes of a part to its URL; the answer of the store has the ETag."""
        return self.http.send(
            "put",
            "PUT",
            url,
            body,
            headers={"Content-Length": str(size)},
            values={"part_no": part_no, "size": size},
        )

    def complete(self, upload_id: str, parts: Mapping[int, str]) -> Answer:
        """Say that all parts are there, given as their ETags by number."""
        return self.ask("complete", upload_id=upload_id, parts={str(number): etag for number, etag in parts.items()})

    def cancel(self, upload_id: str) -> Answer:
        """Give an upload up."""
        return self.ask("cancel", upload_id=upload_id)


class Hooks:
    """What the operator of a service lets the kit do to it, besides what clients can; see :class:`Controller`."""

    def __init__(
        self, base: str, bindings: Mapping[Hook, Binding], *, timeout: float = TIMEOUT, watch: Watch = _nobody
    ) -> None:
        """Talk to the hooks below ``base``.

        Raises:
            ConnectionStringInvalid: ``base`` is no URL.

        """
        self.http = Http(base, timeout=timeout, watch=watch)
        self.bindings = bindings

    def has(self, hook: str) -> bool:
        """Return whether the operator gives this hook."""
        return hook in self.bindings

    def ask(self, hook: Hook, **values: object) -> Answer:
        """Use a hook and return its answer, whatever it is.

        Raises:
            KeyError: the operator does not give it.
            NoAnswer: there was no answer.

        """
        return _ask(self.http, hook, self.bindings[hook], values)

    def request(self, hook: Hook, **values: object) -> str:
        """Return the method and the URL with which a hook is used."""
        return _request(self.http, self.bindings[hook], values)

    def succeeded(self, hook: Hook, answer: Answer) -> bool:
        """Return whether an answer is a success of the hook."""
        return answer.code in self.bindings[hook].ok


def _request(http: Http, binding: Binding, values: Mapping[str, object]) -> str:
    return f"{binding.method} {http.base}{binding.target(values)}"


def _ask(http: Http, operation: str, binding: Binding, values: Mapping[str, object]) -> Answer:
    named = {name: value for name, value in values.items() if "{" + name + "}" in f"{binding.request}{binding.body}"}
    return http.ask(operation, binding.method, binding.target(values), binding.filled(values), values=named)
