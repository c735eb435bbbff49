"""Object modes and list modes: the bit maps of AOS-25 and GSP-654."""

from __future__ import annotations

from enum import IntFlag


class ObjectMode(IntFlag):
    """What can be done with an object; bits combine freely, and 0 is an irregular object (AOS-25)."""

    DIR = 1
    READ = 2
    LINK = 4
    PART = 8
    BLOCK = 16
    PAGE = 32
    APPEND = 64

    def __str__(self) -> str:
        """Join the names of the bits set by ``|``, in the order of their declaration (AOS-25)."""
        return "|".join(mode.name.lower() for mode in ObjectMode if mode in self and mode.name)

    @classmethod
    def named(cls, name: str) -> ObjectMode:
        """Return the single mode of that lower-case name, as ``operations.toml`` spells it.

        Raises:
            KeyError: no mode has that name.

        """
        return cls[name.upper()]


class ListMode(IntFlag):
    """How :meth:`Storage.list` walks: one level, every object of a prefix, uploads, block objects (GSP-654)."""

    DIR = 1
    PREFIX = 2
    PART = 4
    BLOCK = 8

    def __str__(self) -> str:
        """Return the names, lower-case, joined by ``|`` (as :class:`ObjectMode`)."""
        return "|".join(mode.name.lower() for mode in ListMode if mode in self and mode.name) or repr(self)
