"""What a backend declares: operations, optional arguments, and its side of every point that the RFCs leave open."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from conformance.storage.modes import ListMode

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """The declaration of a backend (GSP-837, GSP-87), checked against what it does.

    ``operations`` and ``pairs`` are filled in from the adapter's own methods by :meth:`Storage.features` when they
    are left empty: an operation is declared by implementing it, an optional argument by naming it in the signature.
    """

    operations: frozenset[str] = frozenset()
    """Operations that the adapter implements, by their name in ``operations.toml``."""
    pairs: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Optional arguments that each operation honours."""
    list_modes: ListMode = ListMode.DIR
    """Modes that :meth:`Storage.list` takes as ``list_mode``; none when it has no such argument. The listing without a
    mode needs no declaration: it is one level or every object of the prefix, as the backend likes."""
    directories: Literal["native", "virtual", "none"] = "none"
    """``native``: a directory and a file cannot share a path, and a missing parent matters or is made. ``virtual``:
    a directory is a marker beside the objects, both may share a path. ``none``: keys are flat names."""
    write_empty_object: bool = True
    """Objects of zero bytes exist (GSP-751, GSP-837)."""
    absolute_paths: bool = False
    """A path that begins with ``/`` is taken as absolute, not below ``work_dir`` (GSP-749)."""
    backslash_separates: bool = False
    """``\\`` in a path is taken as ``/`` (GSP-749); where it is not, it is an ordinary character of a name."""
    case_sensitive: bool = True
    """``a`` and ``A`` are two names."""
    unicode_exact: bool = True
    """Names differing only in Unicode normalisation are two names."""
    name_maximum: int | None = 255
    """Longest path segment in bytes of UTF-8; ``None`` when only the whole path is limited."""
    path_maximum: int | None = 1024
    """Longest path in bytes of UTF-8."""
    control_characters: bool = True
    """Names may hold control characters such as a newline."""
    forbidden_characters: str = ""
    """Characters that no name may hold, such as ``?`` and ``*`` where names follow the rules of Windows."""
    trailing_blanks: bool = True
    """Names may end in a blank."""
    metadata_exact: bool = True
    """User metadata come back exactly; over HTTP, as headers, names lose their case and values the blanks around."""
    metadata_identifiers: bool = False
    """Names of user metadata have to be identifiers: ASCII letters, digits and ``_``, no digit first."""
    metadata_value_maximum: int | None = None
    """Longest value of user metadata in bytes; ``None`` when only all of them together are limited."""
    part_etags: bool = True
    """Parts carry ETags and complete_multipart verifies them (AOS-62)."""
    part_order_free: bool = True
    """Parts may be given to complete_multipart in any order; otherwise the caller passes them ascending."""
    part_gaps: bool = True
    """Part indexes of one object need not be contiguous."""
    part_minimum_enforced: bool = False
    """A part below ``multipart_size_minimum`` that is not the last is refused at complete (or at write)."""
    etag: bool | None = None
    """``True``: stat tells an ETag of every object, and it changes with the content. ``False``: there are none.
    ``None``: there need not be any, but those that are told change with the content."""
    md5_etags: bool = False
    """ETags are made as Amazon makes them: of what was written or copied in one piece the MD5, of a part its MD5, and
    of a completed upload the MD5 of the MD5s of its parts, ``-``, and their number."""
    segments: Literal["index", "offset", "none"] = "none"
    """Which kind of segments the storage has (Prop-18): pieces in the order of their index, or at their offset."""
    close_refuses: bool = False
    """Every operation on a closed client is refused; otherwise nothing is promised of a closed client."""
    consistency_window: float = 0.0
    """Seconds after which every client sees a write; 0 is read-after-write."""
    large_objects: bool = False
    """Objects of gigabytes are stored and delivered in constant memory, and ``deep`` may ask for one of five."""
    loose_pairs: bool = False
    """Unsupported optional arguments are ignored instead of refused (GSP-109)."""
