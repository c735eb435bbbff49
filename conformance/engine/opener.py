"""The two promises of an opener, on which every check rests: see ``conformance.engine.backend.Opener``.

A ``work_dir`` is a place of its own, and the clients of one ``work_dir`` look at the same data. Where either is not
so, nearly every check fails, and none says why.
"""

from __future__ import annotations

import io
import time
import uuid
from dataclasses import dataclass

from conformance.engine.workspace import Workspaces
from conformance.storage import Features, ObjectNotExist, Storage

PATH = "promise"


@dataclass(frozen=True, slots=True)
class Promises:
    """What was seen of the promises: kept, broken, or None where it could not be seen."""

    together: bool | None = None
    """Two clients of one ``work_dir`` see the same data."""
    apart: bool | None = None
    """What one ``work_dir`` holds is not in another one."""
    alone: str = ""
    """What a second client failed with while the first, which works, was open; ``""`` where it did not fail."""

    @property
    def broken(self) -> str:
        """Return in one sentence which promise is broken, and the way out; ``""`` when none is known to be."""
        if self.apart is False:
            return (
                "what is written in one work_dir is found in another one (paths.below_work_dir): "
                "open(work_dir) has to put everything below the work_dir that it is given"
            )
        if self.together is False:
            return (
                "what one client writes a second client of the same work_dir does not find (paths.every_client): "
                "keep the data outside of the Storage that open(work_dir) returns, which is called many times, "
                "or declare a consistency_window if it is found later"
            )
        return ""


def promises(spaces: Workspaces, features: Features) -> Promises:
    """Look at both promises, in four calls; what the backend raises on the way is left to the checks."""
    if not {"write", "read"} <= features.operations:
        return Promises()
    data = uuid.uuid4().bytes
    here, elsewhere = spaces.fresh(), spaces.fresh()
    try:
        store = spaces.open(here)
        try:
            store.write(PATH, io.BytesIO(data), len(data))
            spaces.note_path(here, PATH)
            if _read(store) != data:
                return Promises()
            try:
                together = _found(spaces, here, data)
            except Exception as error:  # noqa: BLE001 - a backend under test may fail here in any way
                return Promises(alone=f"{type(error).__name__}: {error}")
            if together is False and features.consistency_window:
                time.sleep(features.consistency_window)
                together = _found(spaces, here, data)
        finally:
            store.close()
        found = _found(spaces, elsewhere, data)
    except Exception:  # noqa: BLE001 - a backend under test may fail here in any way
        return Promises()
    return Promises(together=together, apart=None if found is None else not found)


def _found(spaces: Workspaces, work_dir: str, data: bytes) -> bool | None:
    """Whether a new client of a ``work_dir`` finds the object; None when it finds something else."""
    client = spaces.open(work_dir)
    try:
        return True if _read(client) == data else None
    except ObjectNotExist:
        return False
    finally:
        client.close()


def _read(store: Storage) -> bytes:
    sink = io.BytesIO()
    store.read(PATH, sink)
    return sink.getvalue()
