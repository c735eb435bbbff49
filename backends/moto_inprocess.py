"""moto inside this process: nothing to start, the opener is part of the package."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from backends.server import NotInstalled, Started

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def start() -> Generator[Started]:
    """Yield the embedded backend ``moto``.

    Raises:
        NotInstalled: moto is missing.

    """
    try:
        installed = version("moto")
    except PackageNotFoundError:
        raise NotInstalled("moto is not installed: pip install 'moto[s3]'") from None
    yield Started(name="moto", connection="moto", version=f"moto {installed}")
