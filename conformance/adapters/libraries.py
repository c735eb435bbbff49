"""What adapters share about the libraries that they call: how one is found, and what becomes of what it raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

from conformance.storage import ConnectionStringInvalid, StorageError

_T = TypeVar("_T")


def library(module: str, extra: str, *, needed_by: str = "", package: str = "") -> Any:
    """Return a module of a library that not everybody has.

    Parameters:
        module: its name, with dots.
        extra: what of this distribution brings it.
        needed_by: what cannot do without it, as people call it; without, the extra's name.
        package: what to install, where it is called otherwise than the module.

    Raises:
        ConnectionStringInvalid: it is not installed.
        ModuleNotFoundError: it is, and something that it needs itself is not.

    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
    raise ConnectionStringInvalid(
        f"{needed_by or extra} needs {package or module}, which is not installed: "
        f"pip install 'storage-conformance[{extra}]'"
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """Calls functions of a library and raises whatever they raise as an error of the taxonomy.

    The library's error is neither cause nor context of ours (AOS-47 rule 2: only its text is kept).

    Attributes:
        translated: the error of the taxonomy for one of the library.

    """

    translated: Callable[[Exception], StorageError]

    def __call__(self, function: Callable[..., _T], *arguments: Any, **parameters: Any) -> _T:
        """Return what ``function`` returns.

        Raises:
            StorageError: what it raised, translated; as it is where it is one already.

        """
        try:
            return function(*arguments, **parameters)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - SDKs raise errors of their own, of their transport, and any other
            failure = self.translated(error)
        raise failure
