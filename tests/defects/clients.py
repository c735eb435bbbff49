"""Defects of clients that may only read, and of clients that were closed."""

from __future__ import annotations

import io
from typing import Any

from conformance.storage import Object, Reader, Storage, StorageError, Unexpected, Writer

from .base import EVERYWHERE, METADATA, NATIVE, Defective, defect
from .generated import plant

GROWING = ("create_append", "write_append", "create_page", "move")
UPLOADING = ("create_multipart", "write_multipart", "complete_multipart")
CHANGING = (
    "write",
    "delete",
    "delete_many",
    "copy",
    "create_dir",
    *UPLOADING,
    *GROWING,
)


class Leaking(Defective):
    """A client that may only read, of which ``writer`` does one operation all the same."""

    def __init__(self, reader: Storage, writer: Storage, leak: str) -> None:
        self.inner = reader
        self.writer = writer
        self.leak = leak

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        return getattr(self.writer if op == self.leak else self.inner, op)(*arguments, **pairs)


def _leaks(op: str) -> None:
    def read_only(self: Defective) -> Storage:
        return Leaking(self.inner.read_only(), self.inner, op)

    plant(
        __name__,
        "ReaderDoes" + "".join(word.capitalize() for word in op.split("_")),
        f"A client that may only read does {op} all the same.",
        {"read_only": read_only, "leak": op},
        trips=("readonly.refuses",),
        on=METADATA if op in UPLOADING else NATIVE if op in GROWING else EVERYWHERE,
    )


for _op in CHANGING:
    _leaks(_op)


class _Silent(Leaking):
    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        try:
            return super().call(op, *arguments, **pairs)
        except StorageError:
            if op == "write":
                return arguments[2]
            raise


@defect(trips=("readonly.refuses",))
class ReaderWritesNothingAndSaysSo(Defective):
    """A write by a client that may only read succeeds and does nothing."""

    def read_only(self) -> Storage:
        return _Silent(self.inner.read_only(), self.inner, "")


class _Remembering(Leaking):
    def read(self, path: str, w: Writer, **pairs: Any) -> int:
        kept: dict[str, bytes] = vars(self).setdefault("kept", {})
        if path not in kept:
            sink = io.BytesIO()
            super().read(path, sink)
            kept[path] = sink.getvalue()
        w.write(kept[path])
        return len(kept[path])


@defect(trips=("readonly.reads",))
class ReaderRemembers(Defective):
    """A client that may only read reads an object once and remembers it."""

    def read_only(self) -> Storage:
        return _Remembering(self.inner.read_only(), self.inner, "")


class _Blind(Leaking):
    def stat(self, path: str, **pairs: Any) -> Object:
        raise Unexpected("not allowed")


@defect(trips=("readonly.reads",))
class ReaderMayNotStat(Defective):
    """A client that may only read is refused stat too."""

    def read_only(self) -> Storage:
        return _Blind(self.inner.read_only(), self.inner, "")


# Closed


@defect(trips=("closed.refuses",))
class CloseDoesNothing(Defective):
    """Closing does nothing: the client goes on."""

    def close(self) -> None:
        return


@defect(trips=("closed.refuses",))
class ClosedClientStillDeletes(Defective):
    """A closed client refuses everything but delete."""

    def delete(self, path: str, **pairs: Any) -> None:
        self.opener(self.work_dir).delete(path, **pairs)


@defect(trips=("closed.refuses",))
class ClosedClientLosesWrites(Defective):
    """A write to a closed client succeeds and is lost."""

    def close(self) -> None:
        vars(self)["closed"] = True
        super().close()

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        return size if "closed" in vars(self) else super().write(path, r, size, **pairs)


@defect(trips=("closed.again",))
class ClosingTwiceFails(Defective):
    """Closing a closed client is an error."""

    def close(self) -> None:
        if "closed" in vars(self):
            raise Unexpected("closed already")
        vars(self)["closed"] = True
        super().close()


@defect(trips=("closed.others",))
class ClosingRemovesObjects(Defective):
    """Closing a client removes what it wrote, like temporary files."""

    def write(self, path: str, r: Reader | None, size: int, **pairs: Any) -> int:
        vars(self).setdefault("written", []).append(path)
        return super().write(path, r, size, **pairs)

    def close(self) -> None:
        for path in vars(self).get("written", ()):
            self.inner.delete(path)
        super().close()


@defect(trips=("closed.others",))
class ClosingClosesAll(Defective):
    """Closing one client closes the connection that all of them share."""

    def close(self) -> None:
        self.memory("closed")["all"] = True
        super().close()

    def call(self, op: str, *arguments: Any, **pairs: Any) -> Any:
        if "all" in self.memory("closed"):
            raise Unexpected("the connection was closed")
        return super().call(op, *arguments, **pairs)
