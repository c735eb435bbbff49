"""Planted defects: correct storages with one thing wrong, to see what the kit catches and whom it blames.

A defect is a class of a few lines in the module of its family; :mod:`.matrix` runs the kit against every one of them.
"""

from __future__ import annotations

from importlib import import_module

from .base import DEFECTS, Defect, Defective, wrap

__all__ = ["DEFECTS", "FAMILIES", "Defect", "Defective", "wrap"]

FAMILIES = (
    "delete",
    "overwrite",
    "write",
    "read",
    "stat",
    "listing",
    "handles",
    "keys",
    "copy_move",
    "multipart",
    "multipart_complete",
    "object_mode",
    "errors",
    "storage_meta",
    "directories",
    "growing",
    "segments",
    "under_construction",
    "links",
    "fetched",
    "states",
    "outside",
    "sequences",
    "conditional",
    "told",
    "batch",
    "part_copy",
    "headers",
    "windows",
    "clients",
    "interleaved",
    "limits",
    "alike",
)

for _family in FAMILIES:
    import_module(f"{__name__}.{_family}")
