"""What is asked of a file protocol: one method for each of its own operations, with errors of the taxonomy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from conformance.storage import ObjectMode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

Names = tuple[str, ...]
"""The names of directories from the root of the connection down to a file; none is the root itself."""

FILE = ObjectMode.READ | ObjectMode.APPEND | ObjectMode.PAGE
"""What can be done with every file."""


@dataclass(frozen=True, slots=True)
class Status:
    """What a server tells of a name."""

    mode: ObjectMode
    """``FILE``, dir, link, or nothing for what is neither."""
    length: int
    modified: datetime | None
    target: str | None = None
    """Where a link leads: the path from the root of the connection, or what the server told if that is elsewhere."""


class OpenFile(Protocol):
    """A file that the server holds open."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, ``b""`` at the end."""
        ...

    def write(self, data: bytes, /) -> object:
        """Write all of ``data``."""
        ...

    def seek(self, offset: int, /) -> object:
        """Go to a byte."""
        ...


class Files(Protocol):
    """The files of one connection, for several threads at a time.

    Each method raises ObjectNotExist where the server says so, PermissionDenied likewise, and Unexpected for anything
    else that fails; ``rename``, where the protocol names no reason, for a place that is taken as well.
    """

    @property
    def service(self) -> str:
        """The protocol."""
        ...

    @property
    def place(self) -> str:
        """The server, and where on it the root is."""
        ...

    def status(self, names: Names) -> Status | None:
        """Return what is told of ``names``, a link not followed, or nothing where there is nothing."""
        ...

    def members(self, names: Names) -> Iterator[tuple[str, Status]]:
        """Yield what is in a directory."""
        ...

    def make_directory(self, names: Names) -> None:
        """Make one directory."""
        ...

    def remove_directory(self, names: Names) -> None:
        """Remove an empty directory."""
        ...

    def remove_file(self, names: Names) -> None:
        """Remove a file, or a link itself."""
        ...

    def rename(self, old: Names, new: Names, *, replace: bool) -> None:
        """Rename a file or link, in place of another where that is asked for, and otherwise only where none is."""
        ...

    def reading(self, names: Names) -> AbstractContextManager[tuple[OpenFile, Status]]:
        """Open a file, links followed, and tell its status, or that of what else is there."""
        ...

    def writing(self, names: Names, where: Literal["new", "end", "within"]) -> AbstractContextManager[OpenFile]:
        """Open a file: one that did not exist, one to be added to at its end, or one to be changed anywhere."""
        ...
