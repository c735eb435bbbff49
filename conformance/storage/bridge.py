"""An :class:`AsyncStorage` behind the synchronous contract, so that one engine runs both."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from conformance.storage.base import AsyncStorage, Storage
from conformance.storage.definitions import operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.storage.features import Features


class _Bridge(Storage):
    """Runs every operation of the asynchronous storage to its end on a loop of its own."""

    def __init__(self, storage: AsyncStorage) -> None:
        self._storage = storage
        self._loop = asyncio.new_event_loop()
        for name, operation in operations().items():
            if name in type(storage).implements:
                method = getattr(storage, name)
                setattr(self, name, method if operation.local else self._runs(method))

    def features(self) -> Features:
        return self._storage.features()

    def close(self) -> None:
        self._loop.run_until_complete(self._storage.close())
        self._loop.close()

    def _runs(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **pairs: Any) -> Any:
            return self._loop.run_until_complete(self._finish(method(*arguments, **pairs)))

        return run

    @staticmethod
    async def _finish(pending: Any) -> Any:
        result = await pending if inspect.isawaitable(pending) else pending
        return iter([item async for item in result]) if hasattr(result, "__aiter__") else result


def in_sync(storage: Storage | AsyncStorage) -> Storage:
    """Return ``storage`` as a synchronous :class:`Storage`; a synchronous one comes back unchanged."""
    return _Bridge(storage) if isinstance(storage, AsyncStorage) else storage
