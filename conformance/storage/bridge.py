"""An :class:`AsyncStorage` behind the synchronous contract, so that one engine runs both."""

from __future__ import annotations

import asyncio
import inspect
import weakref
from typing import TYPE_CHECKING, Any

from conformance.storage.base import AsyncStorage, Storage
from conformance.storage.definitions import operations
from conformance.storage.errors import Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.storage.features import Features


class _Bridge(Storage):
    """Runs every operation of the asynchronous storage to its end on a loop of its own."""

    def __init__(self, storage: AsyncStorage) -> None:
        self._storage = storage
        self._loop = asyncio.new_event_loop()
        weakref.finalize(self, self._loop.close)  # of a client that nobody closes
        for name, operation in operations().items():
            if name in type(storage).implements:
                setattr(self, name, self._calls(name) if operation.local else self._runs(name))

    def features(self) -> Features:
        return self._storage.features()

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self._loop.run_until_complete(self._storage.close())
        self._loop.close()

    # looked up at each call, as a client may change what it answers when it is closed

    def _calls(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **pairs: Any) -> Any:
            return getattr(self._storage, name)(*arguments, **pairs)

        return call

    def _runs(self, name: str) -> Callable[..., Any]:
        def run(*arguments: Any, **pairs: Any) -> Any:
            if self._loop.is_closed():
                raise Unexpected("this client is closed")
            return self._loop.run_until_complete(self._finish(getattr(self._storage, name)(*arguments, **pairs)))

        return run

    @staticmethod
    async def _finish(pending: Any) -> Any:
        result = await pending if inspect.isawaitable(pending) else pending
        return iter([item async for item in result]) if hasattr(result, "__aiter__") else result


def in_sync(storage: Storage | AsyncStorage) -> Storage:
    """Return ``storage`` as a synchronous :class:`Storage`; a synchronous one comes back unchanged."""
    return _Bridge(storage) if isinstance(storage, AsyncStorage) else storage
