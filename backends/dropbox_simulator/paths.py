"""Paths of the API: ``""`` is the root, any other begins with ``/``, or is an id (``id:…``) or a revision (``rev:…``).

Names are compared without regard to case, and kept as they were given. Dropbox documents ``malformed_path`` without its
grammar. The limit of 255 characters to a name is told by its developers (dropbox/dropbox-sdk-java, issue 229); that a
name cannot hold a DEL or a backslash, or end in a blank, is what rclone found (its ``backend/dropbox/dropbox.go``), and
the names of Dropbox's own files are those of its help pages. That the lower case is Python's, and that a NUL, ``.`` and
``..`` are refused, is assumed.
"""

from __future__ import annotations

import re

from backends.dropbox_simulator.refusals import LookupFailed, WriteFailed, tag

NAME_MAXIMUM = 255
"""Characters of one name."""
_FORBIDDEN = re.compile(r"[\x00\x7f\\\ud800-\udfff]")
_OWN = frozenset({"desktop.ini", "thumbs.db", ".ds_store", "icon\r", ".dropbox", ".dropbox.attr"})


def names(path: str) -> tuple[str, ...]:
    """Return the names that ``path`` consists of, none for the root.

    Raises:
        ValueError: it is malformed.

    """
    if not path:
        return ()
    first, *found = path.split("/")
    if first or not all(_is_name(name) for name in found):
        raise ValueError(path)
    return tuple(found)


def _is_name(name: str) -> bool:
    nowhere = name in {"", ".", ".."} or name.endswith(" ")
    return not nowhere and len(name) <= NAME_MAXIMUM and _FORBIDDEN.search(name) is None


def key(path: str) -> str:
    """Return what the paths of one object have in common: the ``path_lower`` of its metadata."""
    return path.lower()


def for_lookup(path: str) -> str:
    """Return the key that a path to be read leads to.

    Raises:
        LookupFailed: the path is malformed.

    """
    try:
        names(path)
    except ValueError:
        raise LookupFailed(tag("malformed_path")) from None
    return key(path)


def for_write(path: str) -> tuple[str, ...]:
    """Return the names of a path to be written.

    Raises:
        WriteFailed: the path is malformed, or Dropbox keeps the name for itself.

    """
    try:
        found = names(path)
    except ValueError:
        raise WriteFailed(tag("malformed_path")) from None
    if not found:
        raise WriteFailed(tag("malformed_path"))
    if not _OWN.isdisjoint(name.lower() for name in found):
        raise WriteFailed(tag("disallowed_name"))
    return found


def numbered(path: str, number: int) -> str:
    """Return the path that autorename tries after ``number`` others: ``document.txt`` is ``document (1).txt``."""
    folder, _, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    return f"{folder}/{stem} ({number}).{extension}" if dot and stem else f"{folder}/{name} ({number})"


def conflicted(path: str, number: int) -> str:
    """Return the path that autorename tries for a write of another revision: ``document (conflicted copy).txt``."""
    return numbered(path, number).replace(f" ({number})", " (conflicted copy)" + f" ({number})" * (number > 1))
