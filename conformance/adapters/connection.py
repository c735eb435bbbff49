"""Connection strings: what an operator types, and the opener that it stands for (GSP-90).

Options follow a ``?`` and are those of :mod:`conformance.adapters.options`.

===========================================  ==================================================================
``memory``                                   the reference storage in memory; ``memory:?segments=offset`` has the other
                                             kind of segments
``fs``                                       the local file system, in a temporary directory
``fs:/some/dir``                             the local file system below a directory; ``?create=true`` makes it
``moto``                                     S3 through moto in this process; ``moto:?segments=index`` has its uploads
                                             also as segments, as ``segments=index`` does for every S3
``s3://bucket/prefix?endpoint=URL&…``        any S3 server; see ``S3_OPTIONS``
``azblob://container/prefix?endpoint=URL&…`` Azure Blob Storage or Azurite; see ``AZBLOB_OPTIONS``
``pkg.module:open_store``                    any opener, imported with the current directory on ``sys.path``
===========================================  ==================================================================
"""

from __future__ import annotations

import importlib
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from conformance.adapters.azblob_client import ContainerLocation
from conformance.adapters.azblob_container import Container
from conformance.adapters.fs import open_fs
from conformance.adapters.memory import MemoryService
from conformance.adapters.moto import moto_version, open_moto, open_moto_with_segments
from conformance.adapters.options import (
    AZBLOB_OPTIONS,
    FEATURE_OPTIONS,
    FS_OPTIONS,
    MEMORY_OPTIONS,
    S3_OPTIONS,
    meant,
    read_options,
)
from conformance.adapters.s3_bucket import Bucket
from conformance.adapters.s3_client import Location
from conformance.storage import (
    AsyncStorage,
    ConnectionStringInvalid,
    ServiceNotRegistered,
    Storage,
    in_sync,
)

Opener = Callable[[str], Storage]

_WAYS = (
    "memory, fs, fs:/some/dir, moto, s3://bucket/prefix?endpoint=URL, azblob://container/prefix?endpoint=URL, "
    "or package.module:opener"
)
_OPENER = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def _nothing() -> None:
    """Do nothing."""


def _yes() -> bool:
    return True


def _unknown() -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A backend as named by a connection string; making one neither imports its library nor reaches its service."""

    spec: str
    """The connection string."""
    name: str
    """The connection string without its options."""
    describe: str
    """What it is, in words."""
    open: Opener
    """Return a client of an absolute ``work_dir`` that ends in ``/``."""
    prepare: Callable[[], None] = _nothing
    """Make sure, before a run, that the backend can be used; raises StorageError with one sentence."""
    is_empty: Callable[[], bool] = _yes
    """Tell whether the root holds nothing; ``True`` where that cannot be known."""
    sees_root: bool = True
    """Whether ``is_empty`` knows."""
    remove_root: Callable[[], None] = _nothing
    """Remove, after a run, the root that ``prepare`` made; never what was there before."""
    version: Callable[[], str] = _unknown
    """Return what the service tells of its version, or ``""``."""


def open_backend(spec: str) -> Connection:
    """Return the connection that ``spec`` names.

    Raises:
        ServiceNotRegistered: nothing of that name exists.
        ConnectionStringInvalid: the string or an option in it is wrong, or what it names cannot be imported.

    """
    scheme, colon, rest = spec.partition(":")
    if spec == "memory" or spec.startswith("memory:?"):
        return _memory(spec)
    if spec == "moto" or spec.startswith("moto:?"):
        return _moto(spec)
    if scheme == "fs":
        return _file_system(spec, rest) if colon else _temporary()
    if scheme == "s3":
        return _s3(spec)
    if scheme == "azblob":
        return _azblob(spec)
    if _OPENER.fullmatch(spec):
        return _imported(spec)
    known = ("memory", "fs", "moto", "s3", "azblob")
    raise ServiceNotRegistered(f"{spec!r} names no backend{meant(spec, known)}; use {_WAYS}")


# the three that are embedded


def _memory(spec: str) -> Connection:
    service = MemoryService()
    options = read_options(spec.partition("?")[2], MEMORY_OPTIONS)
    if options.get("segments", "index") == "index":
        return Connection(spec=spec, name="memory", describe="the reference storage in memory", open=service.open)
    return Connection(
        spec=spec,
        name=spec,
        describe="the reference storage in memory, with segments by offset",
        open=service.open_by_offset,
    )


def _moto(spec: str) -> Connection:
    options = read_options(spec.partition("?")[2], {"segments": FEATURE_OPTIONS["segments"]})
    return Connection(
        spec=spec,
        name=spec,
        describe="S3 through moto in this process" + (", its uploads also as segments" if options else ""),
        open=open_moto_with_segments if options else open_moto,
        prepare=lambda: open_moto("/").close(),
        version=lambda: f"moto {moto_version()}",
    )


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


def _file_system(spec: str, rest: str) -> Connection:
    name, _, query = rest.partition("?")
    if not name:
        raise ConnectionStringInvalid(f"{spec!r} names no directory: write fs:/some/dir, or fs for a temporary one")
    options = read_options(query, FS_OPTIONS)
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


# S3


def _s3(spec: str) -> Connection:
    parts = urlsplit(spec)
    if not spec.startswith("s3://") or not parts.netloc:
        raise ConnectionStringInvalid(f"{spec!r} names no bucket: write s3://bucket/prefix?endpoint=URL")
    if parts.fragment:
        raise ConnectionStringInvalid(f"{spec!r} holds a #: write %23 for it")
    options = read_options(parts.query, S3_OPTIONS)
    create: bool = options.pop("create", False)
    declares = tuple((name, options.pop(name)) for name in FEATURE_OPTIONS if name in options)
    prefix = unquote(parts.path).strip("/")
    location = Location(bucket=parts.netloc, prefix=prefix, declares=declares, **options)
    bucket = Bucket(location, create=create)
    at = f"at {location.endpoint}" if location.endpoint else "at Amazon, or where the AWS configuration points"
    return Connection(
        spec=spec,
        name=f"s3://{location.bucket}/{prefix}".rstrip("/"),
        describe=f"the S3 bucket {location.bucket}{f' below {prefix}/' if prefix else ''} {at}",
        open=bucket.open,
        prepare=bucket.prepare,
        is_empty=bucket.is_empty,
        remove_root=bucket.remove,
        version=bucket.version,
    )


# Azure


def _azblob(spec: str) -> Connection:
    parts = urlsplit(spec)
    if not spec.startswith("azblob://") or not parts.netloc:
        raise ConnectionStringInvalid(f"{spec!r} names no container: write azblob://container/prefix?endpoint=URL")
    if parts.fragment:
        raise ConnectionStringInvalid(f"{spec!r} holds a #: write %23 for it")
    options = read_options(parts.query, AZBLOB_OPTIONS)
    create: bool = options.pop("create", False)
    prefix = unquote(parts.path).strip("/")
    location = ContainerLocation(container=parts.netloc, prefix=prefix, **options)
    container = Container(location, create=create)
    at = f"at {location.endpoint}" if location.endpoint else "at Azure, or where the environment points"
    return Connection(
        spec=spec,
        name=f"azblob://{location.container}/{prefix}".rstrip("/"),
        describe=f"the Azure container {location.container}{f' below {prefix}/' if prefix else ''} {at}",
        open=container.open,
        prepare=container.prepare,
        is_empty=container.is_empty,
        remove_root=container.remove,
        version=container.version,
    )


# any opener


def _imported(spec: str) -> Connection:
    module_name, _, attribute = spec.partition(":")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        target: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise ConnectionStringInvalid(f"{module_name} needs {error.name}, which is not installed") from None
        raise ConnectionStringInvalid(
            f"there is no module {module_name} in {Path.cwd()} or among the installed packages",
        ) from None
    except Exception as error:  # an import runs the module, which may raise anything
        raise ConnectionStringInvalid(f"importing {module_name} raised {type(error).__name__}: {error}") from error
    for name in attribute.split("."):
        if not hasattr(target, name):
            raise ConnectionStringInvalid(f"{module_name} has no {attribute}{meant(name, dir(target))}")
        target = getattr(target, name)
    if not callable(target):
        raise ConnectionStringInvalid(f"{spec} is no function: an opener takes a work_dir and returns a Storage")

    def opened(work_dir: str) -> Storage:
        storage = cast("Callable[[str], object]", target)(work_dir)
        if not isinstance(storage, (Storage, AsyncStorage)):
            raise ConnectionStringInvalid(f"{spec} returned {type(storage).__name__}, which does not extend Storage")
        return in_sync(storage)

    return Connection(spec=spec, name=spec, describe=f"what {spec} opens", open=opened, sees_root=False)
