"""The pieces put together, and what the service does without being asked."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.upload_controller.config import Settings
from backends.upload_controller.controller import UploadController
from backends.upload_controller.database import Database
from backends.upload_controller.errors import StorageUnavailable
from backends.upload_controller.outbox import Outbox
from backends.upload_controller.store import Store
from backends.upload_controller.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from backends.upload_controller.config import S3Settings
    from backends.upload_controller.outbox import Sink

DELIVERY_SECONDS = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """The classes that the service is made of; a subclass of one behaves differently in one point."""

    controller: type[UploadController] = UploadController
    uploads: type[Uploads] = Uploads
    store: type[Store] = Store
    outbox: type[Outbox] = Outbox
    database: type[Database] = Database


def make_controller(
    database_url: str,
    s3: S3Settings,
    settings: Settings | None = None,
    *,
    sink: Sink | None = None,
    pieces: Pieces | None = None,
) -> UploadController:
    """Return a controller with its tables and, if the store answers, its bucket made.

    Args:
        database_url: ``sqlite:////path`` or ``postgresql://user:password@host:port/name``.
        s3: where the bytes go.
        settings: how it behaves.
        sink: who is told of received files; nobody is, unless given, and the events wait.
        pieces: what it is made of.

    Raises:
        DatabaseUnavailable: the database does not answer.

    """
    made_of = pieces or Pieces()
    database = made_of.database(database_url)
    database.migrate()
    store = made_of.store(s3)
    try:
        store.make_bucket()
    except StorageUnavailable as error:  # it may come up later; until then, clients are told
        _log.warning("no bucket: %s", error)
    outbox = made_of.outbox(database, s3.bucket, sink)
    return made_of.controller(made_of.uploads(database, outbox), store, outbox, settings or Settings())


@contextmanager
def running(controller: UploadController) -> Generator[None]:
    """Finish what was interrupted; then, until the block ends, tidy up and deliver events in the background."""
    with ExitStack() as stack:
        stack.callback(controller.uploads.close)
        controller.recover()
        if controller.settings.tidy_interval:
            stack.enter_context(_repeated(controller.tidy, controller.settings.tidy_interval))
        if controller.outbox.delivers:
            stack.enter_context(_repeated(controller.outbox.deliver, DELIVERY_SECONDS))
        yield


@contextmanager
def _repeated(action: Callable[[], object], pause: float) -> Generator[None]:
    """Do something again and again in a thread, with a pause before each time."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(pause):
            try:
                action()
            except Exception:  # noqa: BLE001 - whatever it was, the next time comes
                _log.exception("failed, and is tried again")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
