"""Connection strings of storage layers: ``layer:kind?root=/dir&option=value``.

A layer is a library that offers many storages under one interface. All four that are supported here (fsspec, OpenDAL,
obstore, pyarrow) are written in the same way: the layer, the kind of storage by the layer's own name for it, and
options.

=========================  ==================================================================================
``root``                   the directory, or the prefix of all keys, below which everything happens
``without``                what this kind of storage does not have: ``copy``, ``write.content_type``, with commas
``directories`` and so on  a field of ``Features`` in which it differs from what the adapter declares of its kind
any other                  goes to the layer as it is
=========================  ==================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from conformance.adapters.options import Options, choice, flag, lacking, meant, number, read_options, text
from conformance.storage import ConnectionStringInvalid

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
    name: str
    """The connection string without its options."""

    def typed(self) -> dict[str, Any]:
        """Return the layer's options as Python values: what is JSON is read as such, all else is text.

        ``true``, ``2`` and ``{"a": 1}`` are a flag, a number and a mapping; text that looks like one of them is put in
        double quotes.
        """
        return {name: _read(value) for name, value in self.options.items()}


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def place(spec: str, kinds: Mapping[str, Kind], implements: Mapping[str, frozenset[str]], example: str) -> Place:
    """Return where ``spec`` leads.

    Args:
        spec: the connection string.
        kinds: what is known of kinds of storage by their names; of others nothing is.
        implements: the operations of the adapter, each with its optional arguments.
        example: a connection string of that layer that is right, for the message.

    Raises:
        ConnectionStringInvalid: it names no kind, or an option is given twice or has a value that it cannot have.

    """
    head, _, query = spec.partition("?")
    layer, _, kind = head.partition(":")
    if not kind or "/" in kind:
        raise ConnectionStringInvalid(f"{spec!r} names no kind of storage{meant(kind, kinds)}: write {example}")
    known = kinds.get(kind, Kind())
    ours: Options = {"root": text, "without": lacking(implements, layer), **FEATURE_OPTIONS}
    theirs = {name: text for name, _ in parse_qsl(query, keep_blank_values=True) if name not in ours}
    options = read_options(query, {**ours, **theirs})
    return Place(
        layer=layer,
        kind=kind,
        root=options.get("root", "").rstrip("/"),
        options={name: options[name] for name in theirs},
        declares={**known.declares, **{name: options[name] for name in FEATURE_OPTIONS if name in options}},
        without=(*known.without, *options.get("without", ())),
        name=head,
    )
