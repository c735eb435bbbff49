"""Connection strings of the local file system.

=================  ==============================================================
``fs``             in a temporary directory
``fs:/some/dir``   below a directory; ``?create=true`` makes a missing one
=================  ==============================================================
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from conformance.adapters.connection import Connection, Opener
from conformance.adapters.fs.storage import open_fs
from conformance.adapters.options import Options, flag, read_options
from conformance.storage import ConnectionStringInvalid, Storage

OPTIONS: Options = {"create": flag}


def connect(spec: str) -> Connection:
    """Return the connection that ``spec`` names.

    Raises:
        ConnectionStringInvalid: it names no directory, or an option is wrong.

    """
    _, colon, rest = spec.partition(":")
    return _below(spec, rest) if colon else _temporary()


class _Directory:
    """The root of a file system connection: ``path``, or a temporary directory made when it is first needed."""

    def __init__(self, path: Path | None, *, create: bool = False) -> None:
        self._path = path
        self._create = create
        self._made: Path | None = None
        self._opener: Opener | None = None

    def prepare(self) -> None:
        self._root()

    def open(self, work_dir: str) -> Storage:
        if self._opener is None:
            self._opener = open_fs(self._root())
        return self._opener(work_dir)

    def is_empty(self) -> bool:
        return not any(self._root().iterdir())

    def remove(self) -> None:
        if self._made is not None:
            shutil.rmtree(self._made)
            self._made = self._opener = None

    def _root(self) -> Path:
        if self._made is not None:
            return self._made
        if self._path is None:
            self._made = Path(tempfile.mkdtemp(prefix="conformance-"))
            return self._made
        if self._path.is_dir():
            return self._path
        if self._path.exists():
            raise ConnectionStringInvalid(f"{self._path} is not a directory")
        if not self._create:
            raise ConnectionStringInvalid(f"there is no directory {self._path}: make it, or add ?create=true")
        try:
            self._path.mkdir(parents=True)
        except OSError as error:
            raise ConnectionStringInvalid(f"{self._path} cannot be made: {error.strerror}") from None
        self._made = self._path
        return self._made


def _temporary() -> Connection:
    directory = _Directory(None)
    return Connection(
        spec="fs",
        name="fs",
        describe="the local file system in a temporary directory",
        open=directory.open,
        prepare=directory.prepare,
        remove_root=directory.remove,
    )


def _below(spec: str, rest: str) -> Connection:
    name, _, query = rest.partition("?")
    if not name:
        raise ConnectionStringInvalid(f"{spec!r} names no directory: write fs:/some/dir, or fs for a temporary one")
    options = read_options(query, OPTIONS)
    path = Path(name).expanduser().absolute()
    directory = _Directory(path, **options)
    return Connection(
        spec=spec,
        name=f"fs:{name}",
        describe=f"the local file system below {path}",
        open=directory.open,
        prepare=directory.prepare,
        is_empty=directory.is_empty,
        remove_root=directory.remove,
    )
