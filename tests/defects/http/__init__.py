"""Planted defects at the HTTP level: an S3 server that is right but for one behaviour.

A defect stands between a client and a real server (moto, by default) and alters, drops, repeats or invents requests and
answers. It is carried in two ways: inside the process (:mod:`.carriers`), fast, for the matrix; and by a proxy on a
socket (:mod:`.proxy`), in front of any server, so that other test suites can be measured with the same defects.

``python -m tests.defects.http`` measures what the kit catches.
"""

from __future__ import annotations

from importlib import import_module

from .base import DEFECTS, HTTPDefect

__all__ = ["DEFECTS", "FAMILIES", "HTTPDefect"]

FAMILIES = (
    "write",
    "overwrite",
    "read",
    "headers",
    "metadata",
    "keys",
    "delete",
    "bulk_delete",
    "listing",
    "paging",
    "copying",
    "multipart",
    "completion",
    "uploads",
    "upload_lists",
    "part_copy",
    "conditional",
    "checksums",
    "errors",
    "state",
    "presigned",
)

for _family in FAMILIES:
    import_module(f"{__name__}.{_family}")
