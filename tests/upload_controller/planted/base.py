"""How a defect is planted: a subclass of one piece of the service, or a layer around its application."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from backends.upload_controller.controller import UploadController
from backends.upload_controller.database import Database
from backends.upload_controller.outbox import Outbox
from backends.upload_controller.service import Pieces
from backends.upload_controller.store import Store
from backends.upload_controller.uploads import Uploads

PIECES = {UploadController: "controller", Uploads: "uploads", Store: "store", Outbox: "outbox", Database: "database"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One defect: its name, its sentence, the requirements it trips (one of them has to be blamed), and how it is made.

    ``layer`` wraps the application; ``claims`` are abilities that the place is said to have although it lacks them,
    where the defect is that lack; ``fields`` are those that the API promises of a refusal.
    """

    name: str
    sentence: str
    trips: tuple[str, ...]
    pieces: Pieces
    layer: Callable[[Any], Any] | None = None
    claims: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    timeout: float = 30.0
    page: int = 1000
    """Parts that the store tells at once, which a defect makes fewer: so that fewer have to be sent."""
    part_minimum: int = 5 * 1024 * 1024
    """Bytes below which the store refuses a part that is not the last."""


PLANTED: dict[str, Planted] = {}


def plant(*trips: str, **more: Any) -> Callable[[type], type]:
    """Plant a subclass of a piece of the service; its docstring is the sentence."""

    def register(cls: type) -> type:
        pieces = {name: cls for base, name in PIECES.items() if issubclass(cls, base)}
        pieces |= more.pop("pieces", {})
        assert pieces, cls
        _add(cls, trips, Pieces(**pieces), **more)
        return cls

    return register


def plant_layer(*trips: str, **more: Any) -> Callable[[Any], Any]:
    """Plant a function that wraps the ASGI application; its docstring is the sentence."""

    def register(layer: Any) -> Any:
        _add(layer, trips, Pieces(), layer=layer, **more)
        return layer

    return register


def _add(made: Any, trips: tuple[str, ...], pieces: Pieces, **more: Any) -> None:
    name, sentence = made.__name__, " ".join((made.__doc__ or "").split())
    assert sentence.endswith("."), name
    assert name not in PLANTED, name
    PLANTED[name] = Planted(name=name, sentence=sentence, trips=trips, pieces=pieces, **more)


class Unguarded(Database):
    """A database without the constraint that one upload of a file is active, for services that check by themselves."""

    def migrate(self):
        super().migrate()
        with self.write() as connection:
            connection.execute(text("DROP INDEX IF EXISTS one_active_upload"))


class Checking(Uploads):
    """Looks whether an upload of the file is in one of ``closing``, and inserts: services without constraint do so."""

    closing: tuple[str, ...] = ("pending", "uploaded", "accepted")

    def insert(self, upload):
        if self.of_file(upload.file_id, *self.closing):
            return False
        self.between(upload)
        return super().insert(upload)

    def between(self, upload):
        """Let time pass between looking and inserting."""


async def answer(send: Any, code: int, body: bytes = b"", kind: str = "application/json") -> None:
    """Send an answer instead of the application."""
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive: Any) -> bytes:
    """Return the whole body of a request."""
    found = b""
    while True:
        message = await receive()
        found += message.get("body", b"")
        if not message.get("more_body"):
            return found


def again(body: bytes) -> Any:
    """Return what lets the application receive a body that was read before."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Any:
        return next(messages, {"type": "http.disconnect"})

    return receive


def with_length(scope: Any, body: bytes) -> Any:
    """Return a request's scope whose body is another."""
    kept = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    return {**scope, "headers": [*kept, (b"content-length", str(len(body)).encode())]}


def parsed(body: bytes) -> Any:
    """Return a body as JSON, or None."""
    try:
        return json.loads(body)
    except ValueError:
        return None
