"""Connection strings of storage layers: ``layer:kind?root=/dir&option=value``.

A layer is a library that offers many storages under one interface. All four that are supported here (fsspec, OpenDAL,
obstore, pyarrow) are written in the same way: the layer, the kind of storage by the layer's own name for it, and
options.

=========================  ==================================================================================
``root``                   the directory, or the prefix of all keys, below which everything happens
``without``                what this kind of storage does not have: ``copy``, ``write.content_type``, with commas
``directories`` and so on  a field of ``Features`` in which it differs from what the adapter declares of its kind
any other                  goes to the layer as it is; a password or another secret is ``env:VARIABLE``
=========================  ==================================================================================
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from conformance.adapters.options import (
    OPEN,
    Options,
    choice,
    flag,
    is_secret,
    lacking,
    meant,
    number,
    read_options,
    text,
    unknown,
)
from conformance.storage import ConnectionStringInvalid

NEARLY = 0.86
"""How alike a name has to be to one of our options to be a slip: ``rooot`` is, ``directory`` is not."""
_NOTHING: Mapping[str, Any] = MappingProxyType({})


FEATURE_OPTIONS: Options = {
    "directories": choice("native", "virtual", "none"),
    "name_maximum": number(int, 1, 65536),
    "path_maximum": number(int, 1, 65536),
    "control_characters": flag,
    "backslash_separates": flag,
    "case_sensitive": flag,
    "unicode_exact": flag,
    "metadata_exact": flag,
    "metadata_value_maximum": number(int, 1, 65536),
    "write_empty_object": flag,
}
"""Fields of ``Features`` that a connection string may declare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is known of one kind of storage that its layer does not tell."""

    declares: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """Names and values of :class:`Features` in which it differs from what the adapter declares of all."""
    without: tuple[str, ...] = ()
    """Operations, optional arguments of all operations, or ``operation.argument``, that it does not have."""
    local: bool = False
    """Whether it is the disk of this machine: its root has to be given, and to be there."""
    takes: tuple[str, ...] | None = None
    """The options that it has, where the layer itself ignores others; ``None`` where it refuses them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a connection string leads."""

    layer: str
    kind: str
    """The layer's own name of the kind of storage: ``s3``, ``memory``, ``file``."""
    root: str
    """As it was given, without a slash at its end; ``""`` is the root of the storage."""
    options: Mapping[str, str]
    """What goes to the layer."""
    declares: Mapping[str, Any]
    """Names and values of :class:`Features` in which this storage differs from what the adapter declares."""
    without: tuple[str, ...]
    """What it does not have."""
    local: bool
    """Whether ``root`` is a directory of this machine."""
    name: str
    """The connection string without its options."""

    def typed(self) -> dict[str, Any]:
        """Return the layer's options as Python values: what is JSON is read as such, all else is text.

        ``true``, ``2`` and ``{"a": 1}`` are a flag, a number and a mapping; text that looks like one of them is put in
        double quotes. A secret is text.
        """
        return {name: value if is_secret(name) else _read(value) for name, value in self.options.items()}


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def check_option(name: str, known: Collection[str], *, closed: bool, where: str = "") -> None:
    """Refuse an option that is not ``known``; unless these are all (``closed``) only where it is nearly one of them.

    ``where`` tells what lists them, for the message.

    Raises:
        ConnectionStringInvalid: it is refused.

    """
    if name in known or not (closed or difflib.get_close_matches(name, known, n=1, cutoff=NEARLY)):
        return
    raise unknown(name, known, where)


def _their(name: str) -> Callable[[str], str]:
    """Return what reads an option of the layer; of a secret only a variable of the environment is taken."""

    def secret(value: str) -> str:
        kind, _, variable = value.partition(":")
        if kind != "env" or not variable.isidentifier():
            raise ConnectionStringInvalid(f"{OPEN}: {name} comes from the environment, write {name}=env:VARIABLE")
        if variable not in os.environ:
            raise ConnectionStringInvalid(f"{name} comes from the environment, where there is no {variable}")
        return os.environ[variable]

    return secret if is_secret(name) else text


def place(spec: str, kinds: Mapping[str, Kind], implements: Mapping[str, frozenset[str]], example: str) -> Place:
    """Return where ``spec`` leads.

    Args:
        spec: the connection string.
        kinds: what is known of kinds of storage by their names; of others nothing is.
        implements: the operations of the adapter, each with its optional arguments.
        example: a connection string of that layer that is right, for the message.

    Raises:
        ConnectionStringInvalid: it names no kind, or an option is given twice, has a value that it cannot have, is
            nearly one of ours, or is a secret; or the root of a disk is no absolute path.

    """
    head, _, query = spec.partition("?")
    layer, _, kind = head.partition(":")
    if not kind or "/" in kind:
        raise ConnectionStringInvalid(f"{spec!r} names no kind of storage{meant(kind, kinds)}: write {example}")
    known = kinds.get(kind, Kind())
    ours: Options = {"root": text, "without": lacking(implements, layer), **FEATURE_OPTIONS}
    theirs = {name: _their(name) for name, _ in parse_qsl(query, keep_blank_values=True) if name not in ours}
    for name in theirs:
        check_option(name, [*ours, *(known.takes or ())], closed=known.takes is not None)
    options = read_options(query, {**ours, **theirs})
    if known.local and not options.get("root", "").startswith("/"):
        raise ConnectionStringInvalid(f"{head} names no directory, which root= has to, from /: write {example}")
    return Place(
        layer=layer,
        kind=kind,
        root=options.get("root", "").rstrip("/"),
        options={name: options[name] for name in theirs},
        declares={**known.declares, **{name: options[name] for name in FEATURE_OPTIONS if name in options}},
        without=(*known.without, *options.get("without", ())),
        local=known.local,
        name=head,
    )
