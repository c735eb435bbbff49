"""Behaviour conformance for storage backends.

>>> import conformance
>>> from mystore import open_store                       # doctest: +SKIP
>>> test_conformance = conformance.suite(open_store)     # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from conformance.engine.backend import Backend
    from conformance.pytesting.suite import suite
    from conformance.registry import backend

__all__ = ["Backend", "__version__", "backend", "suite"]

# Imported when first asked for: this module is part of every pytest run in an environment that has the kit installed.
_homes = {
    "Backend": "conformance.engine.backend",
    "backend": "conformance.registry",
    "suite": "conformance.pytesting.suite",
}


def __getattr__(name: str) -> Any:
    if name in _homes:
        return getattr(import_module(_homes[name]), name)
    raise AttributeError(f"module 'conformance' has no attribute {name!r}")
