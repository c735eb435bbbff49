"""The events that others have to be told: written with the change they tell of, delivered later, never lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from backends.upload_controller.tables import events

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from backends.upload_controller.database import Database
    from backends.upload_controller.rows import Upload

RECEIVED = "upload_received"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A file was received."""

    event_id: int
    """Grows, with gaps; who is told twice knows it by this."""
    upload_id: str
    file_id: str
    payload: Mapping[str, Any]
    """What else is told: its type, where the object is, and its size."""
    delivered: bool

    def told(self) -> Mapping[str, Any]:
        """Return it as others are told it."""
        return {"event_id": self.event_id, "file_id": self.file_id, "upload_id": self.upload_id, **self.payload}


Sink = Callable[[Event], None]
"""Tells others of an event; raises if they could not be told."""


class Outbox:
    """The events of a database."""

    def __init__(self, database: Database, bucket: str, sink: Sink | None = None) -> None:
        self._database = database
        self._bucket = bucket
        self._sink = sink

    @property
    def delivers(self) -> bool:
        """Whether there is somebody to tell."""
        return self._sink is not None

    def record(self, connection: Connection, upload: Upload, size: int | None) -> None:
        """Write the event of an upload in the transaction that makes it uploaded."""
        payload = {"type": RECEIVED, "bucket": self._bucket, "object_key": upload.upload_id, "size": size}
        ids = {"upload_id": upload.upload_id, "file_id": upload.file_id}
        connection.execute(insert(events).values(**ids, payload=payload, delivered=False))

    def read(self, file_id: str | None = None) -> Sequence[Event]:
        """Return all events, or those of a file, in their order."""
        query = select(events).order_by(events.c.event_id)
        if file_id is not None:
            query = query.where(events.c.file_id == file_id)
        with self._database.read() as connection:
            return [Event(**row) for row in connection.execute(query).mappings()]

    def deliver(self) -> None:
        """Give the sink what it has not been given; at least once each, since we may die between the two steps.

        Raises:
            Exception: whatever the sink raises; what it did not take is delivered the next time.

        """
        if self._sink is None:
            return
        for event in self._undelivered():
            self._sink(event)
            self._mark_delivered(event)

    def _undelivered(self) -> Sequence[Event]:
        query = select(events).where(events.c.delivered.is_(False)).order_by(events.c.event_id)
        with self._database.read() as connection:
            return [Event(**row) for row in connection.execute(query).mappings()]

    def _mark_delivered(self, event: Event) -> None:
        change = update(events).where(events.c.event_id == event.event_id).values(delivered=True)
        with self._database.write() as connection:
            connection.execute(change)
