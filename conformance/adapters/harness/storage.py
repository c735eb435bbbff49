"""A client of a harness: every operation that it declared is a call to it, and what it answers is passed on.

Nothing is checked here before a harness is asked: whether it refuses an object of the wrong mode (AOS-61) and optional
arguments that it does not have (GSP-87) is its own behaviour.

Translations: a path that is no text, because it holds a lone surrogate, cannot be sent; ``Unexpected`` is raised for
the harness. ``op`` and ``path`` of its errors are filled in (AOS-47 rule 1), as they are for every adapter.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

from conformance.adapters.harness.channel import Channel
from conformance.adapters.harness.hello import Hello
from conformance.adapters.harness.talk import Streams, items, talk
from conformance.adapters.harness.values import ITEMS, to_json
from conformance.storage import Features, Operation, Storage, StorageError, StorageMeta, Told
from conformance.storage import operations as specified
from conformance.storage.base import locate

_OWN = frozenset({"metadata", "read_only"})


class HarnessStorage(Storage):
    """One client that a harness has opened.

    Args:
        channel: the conversation with it.
        hello: what it told of itself.
        client: the number that it gave to this client.

    """

    def __init__(self, channel: Channel, hello: Hello, client: int) -> None:
        self._channel = channel
        self._hello = hello
        self._client = client
        for name in hello.operations - _OWN:
            operation = specified()[name]
            listing = operation.results[0] in ITEMS if operation.results else False
            setattr(self, name, partial(self._listed if listing else self._called, operation))

    def features(self) -> Features:
        """Return what the harness declares."""
        return self._hello.features

    def close(self) -> None:
        """Tell the harness that the client is not used any more."""
        if not self._channel.broken:
            talk(self._channel, "close", {"client": self._client})

    def metadata(self) -> StorageMeta:
        """Return what the harness tells; a harness without ``metadata`` tells nothing."""
        return self._called(specified()["metadata"]) if "metadata" in self._hello.operations else super().metadata()

    def read_only(self) -> HarnessStorage:
        """Return a client of the same data that may only read."""
        if "read_only" not in self._hello.operations:
            self._missing("read_only")
        client = talk(self._channel, "read_only", {"client": self._client}, results=("client",))["client"]
        return HarnessStorage(self._channel, self._hello, client)

    def _called(self, operation: Operation, *arguments: Any, **pairs: Any) -> Any:
        request, streams = self._request(operation, arguments, pairs)
        try:
            told = talk(self._channel, operation.name, request, streams, results=operation.results)
        except StorageError as failure:
            locate(failure, operation, arguments)
            raise
        match operation.results:
            case ("n", "part"):
                return told["n"], told["part"]
            case ("n",):
                return Told(told["n"], told["o"]) if "o" in told else told["n"]
            case (name,):
                return told[name]
            case _:
                return told.get("o")

    def _listed(self, operation: Operation, *arguments: Any, **pairs: Any) -> Generator[Any]:
        request, _ = self._request(operation, arguments, pairs)
        kind = ITEMS[operation.results[0]]
        try:
            yield from items(self._channel, operation.name, request, kind)
        except StorageError as failure:
            locate(failure, operation, arguments)
            raise

    def _request(
        self, operation: Operation, arguments: tuple[Any, ...], pairs: dict[str, Any]
    ) -> tuple[dict[str, Any], Streams]:
        given = dict(zip(operation.params, arguments, strict=False))
        given |= {name: pairs.pop(name) for name in operation.params if name in pairs}
        streams = Streams(given.get("r"), given.pop("w", None), pairs.get("io_callback"))
        if "r" in given:
            given["r"] = given["r"] is not None
        if streams.callback is not None:
            pairs["io_callback"] = True
        return {
            "client": self._client,
            "args": {name: to_json(value) for name, value in given.items()},
            "pairs": {name: to_json(value) for name, value in pairs.items() if value is not None},
        }, streams
