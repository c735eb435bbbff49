"""Connection strings: what an operator types, and the opener that it stands for (GSP-90).

What each scheme means is said where it is read: :mod:`conformance.adapters.schemes` has the table. What is no scheme is
``pkg.module:open_store``: any opener, imported with the current directory on ``sys.path``. Options follow a ``?``.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import unquote, urlsplit

from conformance.adapters.options import Options, meant, read_options, refuse_userinfo
from conformance.adapters.schemes import EMBEDDED, SCHEMES, WAYS
from conformance.storage import (
    AsyncStorage,
    ConnectionStringInvalid,
    ServiceNotRegistered,
    Storage,
    in_sync,
)

Opener = Callable[[str], Storage]

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
    scheme, colon, _ = spec.partition(":")
    if names_opener(spec):
        return _imported(spec)
    if scheme in SCHEMES:
        return importlib.import_module(SCHEMES[scheme]).connect(spec)
    raise ServiceNotRegistered(
        f"{_shown(spec)} names no backend{meant(scheme if colon else spec, SCHEMES)}; use {WAYS}"
    )


def names_opener(spec: str) -> bool:
    """Tell whether a connection string is the ``module:opener`` of somebody's own code and no scheme of ours.

    ``memory:open_store`` is, ``memory`` and ``memory:?segments=offset`` are not.
    """
    scheme = spec.partition(":")[0]
    return _OPENER.fullmatch(spec) is not None and (scheme not in SCHEMES or scheme in EMBEDDED)


class Root(Protocol):
    """Where a connection leads, as an adapter reaches it: a bucket, a container, a directory."""

    def open(self, work_dir: str) -> Storage:
        """Return a client of ``work_dir``."""
        ...

    def prepare(self) -> None:
        """Make sure that it is there and can be used."""
        ...

    def is_empty(self) -> bool:
        """Tell whether it holds nothing."""
        ...

    def remove(self) -> None:
        """Remove it, if ``prepare`` made it."""
        ...

    def version(self) -> str:
        """Return what the service tells of its version, or ``""``."""
        ...


def leads_to(root: Root, *, spec: str, name: str, describe: str) -> Connection:
    """Return the connection to a root that knows of itself what a connection has to."""
    return Connection(
        spec=spec,
        name=name,
        describe=describe,
        open=root.open,
        prepare=root.prepare,
        is_empty=root.is_empty,
        remove_root=root.remove,
        version=root.version,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A connection string of the form ``scheme://place/prefix?options``, taken apart."""

    place: str
    """What follows ``//``: a bucket, a container, a host with its port."""
    prefix: str
    """The path after it, decoded and without slashes at its ends; ``""`` is the root of the place."""
    options: dict[str, Any]
    """The options, each read as its adapter says."""
    name: str
    """The string without its options."""


def address(spec: str, example: str, known: Options, *, what: str, instead: str = "", user: bool = False) -> Address:
    """Return the parts of a connection string such as ``example``.

    Args:
        spec: the connection string.
        example: one of that scheme that is right, for the message.
        known: what reads each option.
        what: what the place is, for the message: ``"bucket"``.
        instead: the variables of the environment that hold the credentials, for the message.
        user: whether a user may be named before the place; a password never may.

    Raises:
        ConnectionStringInvalid: it names no place, holds a password or a ``#``, or an option is wrong.

    """
    refuse_userinfo(spec.partition("?")[0], instead, user=user)
    try:
        parts = urlsplit(spec)
    except ValueError:  # brackets that do not close, for one
        raise ConnectionStringInvalid(f"{_shown(spec)} names no {what}: write {example}") from None
    if not spec.startswith(f"{parts.scheme}://") or not parts.netloc:
        raise ConnectionStringInvalid(f"{_shown(spec)} names no {what}: write {example}")
    if parts.fragment:
        raise ConnectionStringInvalid(f"{_shown(spec)} holds a #: write %23 for it")
    prefix = unquote(parts.path).strip("/")
    return Address(
        place=parts.netloc,
        prefix=prefix,
        options=read_options(parts.query, known, instead),
        name=f"{parts.scheme}://{parts.netloc}/{prefix}".rstrip("/"),
    )


def _shown(spec: str) -> str:
    """Return ``spec`` for a message, unless there may be a password in it."""
    return "the connection string" if "@" in spec else repr(spec)


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
